//! Profiles of users and sessions as one transaction changes them.
use cognobserve_model::profile::{Profile, ProfilePart};
use cognobserve_model::stamp::Arrival;

/// A user or session whose profile is new or may have changed.
pub struct Staged {
    pub external_id: Box<str>,
    pub created: i64,
    pub profile: Profile,
    pub is_new: bool,
    /// A fact or only its time has changed: the row must be written.
    pub changed: bool,
    /// Something that a reader sees has changed.
    pub visible: bool,
    /// The key that brought the last change.
    pub by: Box<str>,
}

impl Staged {
    pub fn stored(external_id: String, created: i64, profile: Profile) -> Staged {
        Staged {
            external_id: external_id.into(),
            created,
            profile,
            is_new: false,
            changed: false,
            visible: false,
            by: "".into(),
        }
    }

    pub fn fresh(external_id: &str, created: i64, by: &str) -> Staged {
        Staged {
            external_id: external_id.into(),
            created,
            profile: Profile::default(),
            is_new: true,
            changed: false,
            visible: false,
            by: by.into(),
        }
    }

    pub fn merge(&mut self, part: &ProfilePart, now: Arrival, by: &str) {
        let before = self.profile.clone();
        let visible = self.profile.merge(part, now);
        self.changed |= self.profile != before;
        if visible {
            self.visible = true;
            self.by = by.into();
        }
    }
}
