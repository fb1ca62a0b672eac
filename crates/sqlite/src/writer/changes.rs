//! What a transaction changes in the shared directory, applied after its commit.
use crate::directory::{Directory, Sums, TotalsDelta};
use crate::rollups::Totals;
use cognobserve_model::profile::Profile;

enum Change {
    Put {
        project_no: i64,
        no: i64,
        external_id: Box<str>,
        created: i64,
        profile: Profile,
    },
    Totals {
        project_no: i64,
        no: i64,
        first: Option<i64>,
        last: Option<i64>,
        sessions: i64,
        sums: Sums,
    },
    AddTotals {
        project_no: i64,
        no: i64,
        delta: TotalsDelta,
    },
    Bury {
        project_no: i64,
        no: i64,
        external_hash: Box<str>,
        suppress: bool,
    },
    Lift {
        project_no: i64,
        external_hash: Box<str>,
    },
}

#[derive(Default)]
pub(crate) struct Changes(Vec<Change>);

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Somebody new, or a changed profile.
    pub fn put(
        &mut self,
        project_no: i64,
        no: i64,
        external_id: &str,
        created: i64,
        profile: Profile,
    ) {
        let external_id = external_id.into();
        self.0.push(Change::Put {
            project_no,
            no,
            external_id,
            created,
            profile,
        });
    }

    pub fn set_totals(&mut self, project_no: i64, no: i64, totals: &Totals) {
        let Totals {
            first,
            last,
            sessions,
            ..
        } = *totals;
        let sums = Sums::from(&totals.measures);
        self.0.push(Change::Totals {
            project_no,
            no,
            first,
            last,
            sessions,
            sums,
        });
    }

    pub fn add_totals(&mut self, project_no: i64, no: i64, delta: &Totals) {
        let delta = TotalsDelta {
            first: delta.first,
            last: delta.last,
            sessions: delta.sessions,
            sums: Sums::from(&delta.measures),
        };
        self.0.push(Change::AddTotals {
            project_no,
            no,
            delta,
        });
    }

    /// A deleted user; `suppress`: later data of the external id is not to make one.
    pub fn bury(&mut self, project_no: i64, no: i64, external_hash: &str, suppress: bool) {
        let external_hash = external_hash.into();
        self.0.push(Change::Bury {
            project_no,
            no,
            external_hash,
            suppress,
        });
    }

    pub fn lift(&mut self, project_no: i64, external_hash: &str) {
        self.0.push(Change::Lift {
            project_no,
            external_hash: external_hash.into(),
        });
    }

    pub fn apply(self, directory: &mut Directory) {
        for change in self.0 {
            match change {
                Change::Put {
                    project_no,
                    no,
                    external_id,
                    created,
                    profile,
                } => {
                    directory
                        .people_mut(project_no)
                        .put(no, &external_id, created, &profile);
                }
                Change::Totals {
                    project_no,
                    no,
                    first,
                    last,
                    sessions,
                    sums,
                } => {
                    directory
                        .people_mut(project_no)
                        .set_totals(no, first, last, sessions, sums);
                }
                Change::AddTotals {
                    project_no,
                    no,
                    delta,
                } => {
                    directory.people_mut(project_no).add_totals(no, &delta);
                }
                Change::Bury {
                    project_no,
                    no,
                    external_hash,
                    suppress,
                } => {
                    let people = directory.people_mut(project_no);
                    people.remove(no);
                    if suppress {
                        people.suppressed.insert(external_hash.clone(), no);
                    }
                    people.dead.insert(no, external_hash);
                }
                Change::Lift {
                    project_no,
                    external_hash,
                } => {
                    directory
                        .people_mut(project_no)
                        .suppressed
                        .remove(&external_hash);
                }
            }
        }
    }
}
