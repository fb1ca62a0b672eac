//! How far an import of a file into a project has come, so that a broken one goes on.
//! Invariant: never ahead of what is committed. A lost note costs time, not correctness: what is
//! imported twice counts once.
use anyhow::Context;
use cognobserve_model::account::Project;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = "imports";

pub struct Progress {
    path: PathBuf,
    done: u64,
    saved: u64,
}

impl Progress {
    pub fn open(data_dir: &Path, hash: &str, project: &Project) -> anyhow::Result<Progress> {
        let dir = data_dir.join(DIRECTORY);
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let path = dir.join(format!("{hash}-{}", project.id));
        let noted = std::fs::read_to_string(&path).ok();
        let done = noted.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Ok(Progress {
            path,
            done,
            saved: done,
        })
    }

    /// Records up to this number were committed by an earlier run.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Notes that records up to `number` are committed.
    pub fn save(&mut self, number: u64) -> anyhow::Result<()> {
        if number <= self.saved {
            return Ok(());
        }
        let unfinished = self.path.with_extension("new");
        std::fs::write(&unfinished, number.to_string())?;
        std::fs::rename(&unfinished, &self.path)?;
        self.saved = number;
        Ok(())
    }

    /// The whole file is committed: a later import looks at all of it again.
    pub fn finish(self) -> anyhow::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::account::ProjectSettings;
    use cognobserve_model::id::{DeveloperId, ProjectId};
    use cognobserve_model::time::Micros;

    #[test]
    fn a_broken_import_goes_on_and_a_whole_one_starts_over() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project {
            id: ProjectId::new("prj_1"),
            workspace: "w".into(),
            name: "p".into(),
            developer: DeveloperId::new("dev_1"),
            settings: ProjectSettings::default(),
            created: Micros(0),
        };
        let open = || Progress::open(dir.path(), "abc", &project).unwrap();
        let mut progress = open();
        assert_eq!(progress.done(), 0);
        progress.save(0).unwrap();
        progress.save(7).unwrap();
        assert_eq!(open().done(), 7);
        progress.finish().unwrap();
        assert_eq!(open().done(), 0);
        open().finish().unwrap();
    }
}
