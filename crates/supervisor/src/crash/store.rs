//! Reports on disk: one file for each, read by anybody, written by the recorder alone.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use forge_api::CrashReport;
use forge_facts::layout::Layout;

/// Reports that are kept, and bytes that they may take together.
const MOST: usize = 1_000;
const LARGEST: u64 = 64 << 20;

/// The reports of a workspace.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Those of the workspace with these places.
    #[must_use]
    pub fn of(layout: &Layout) -> Self {
        Store {
            folder: layout.state().join("crashes"),
        }
    }

    /// All ids, the oldest first.
    #[must_use]
    pub fn ids(&self) -> Vec<u64> {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten();
        let mut ids: Vec<u64> = files
            .flatten()
            .filter_map(|file| id_of(&file.path()))
            .collect();
        ids.sort_unstable();
        ids
    }

    /// One report; `None` where there is none that can be read.
    #[must_use]
    pub fn read(&self, id: u64) -> Option<CrashReport> {
        let text = std::fs::read(self.path(id)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The latest report of a process that is wanted.
    #[must_use]
    pub fn latest(&self, wanted: impl Fn(&str) -> bool) -> Option<CrashReport> {
        self.newest().find(|report| is_of(report, &wanted))
    }

    /// Reports of processes that are wanted, the latest first, without their tails.
    #[must_use]
    pub fn list(&self, wanted: impl Fn(&str) -> bool, limit: Option<usize>) -> Vec<CrashReport> {
        let found = self.newest().filter(|report| is_of(report, &wanted));
        let found = found.take(limit.unwrap_or(usize::MAX));
        found
            .map(|report| CrashReport {
                tail: None,
                ..report
            })
            .collect()
    }

    fn newest(&self) -> impl Iterator<Item = CrashReport> {
        self.ids().into_iter().rev().filter_map(|id| self.read(id))
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// Sets aside a file that cannot be understood, and says where it is now.
    pub(super) fn set_aside(&self, id: u64) -> Option<PathBuf> {
        let path = self.path(id);
        let aside = path.with_extension("damaged");
        std::fs::rename(&path, &aside).ok()?;
        Some(aside)
    }

    /// Writes a report, whole or not at all.
    pub(super) fn write(&self, report: &CrashReport) -> io::Result<()> {
        let Some(id) = report.id else {
            return Err(io::Error::other("a report without an id"));
        };
        private_folder(&self.folder)?;
        let text = serde_json::to_vec(report).map_err(io::Error::other)?;
        crate::memory::write_atomically(&self.path(id), &text)
    }

    /// Lets go of the oldest.
    pub(super) fn prune(&self) {
        let mut ids = self.ids();
        let size = |id: &u64| self.path(*id).metadata().map_or(0, |file| file.len());
        let mut bytes: u64 = ids.iter().map(size).sum();
        ids.reverse();
        while ids.len() > MOST || (bytes > LARGEST && ids.len() > 1) {
            let Some(oldest) = ids.pop() else { return };
            bytes = bytes.saturating_sub(size(&oldest));
            // One that cannot be removed now is tried again after the next crash.
            let _ = std::fs::remove_file(self.path(oldest));
        }
    }
}

/// A folder for its owner alone.
pub(super) fn private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

fn is_of(report: &CrashReport, wanted: impl Fn(&str) -> bool) -> bool {
    report.process.as_deref().is_some_and(wanted)
}

fn id_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".json")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store {
            folder: folder.path().join("crashes"),
        };
        (folder, store)
    }

    fn report(id: u64, process: &str) -> CrashReport {
        CrashReport {
            id: Some(id),
            process: Some(process.into()),
            tail: Some(vec!["last words".into()]),
            ..CrashReport::default()
        }
    }

    #[test]
    fn reports_are_read_newest_first_and_by_process() {
        let (_folder, store) = store();
        for (id, process) in [(1, "api"), (2, "web"), (10, "api"), (9, "web")] {
            store.write(&report(id, process)).unwrap();
        }
        assert_eq!(store.ids(), [1, 2, 9, 10]);
        assert_eq!(store.latest(|_| true).and_then(|one| one.id), Some(10));
        assert_eq!(
            store.latest(|name| name == "web").and_then(|one| one.id),
            Some(9)
        );
        let listed = store.list(|name| name == "api", Some(5));
        let ids: Vec<_> = listed.iter().filter_map(|one| one.id).collect();
        assert_eq!(ids, [10, 1]);
        assert_eq!(listed[0].tail, None);
        assert_eq!(store.latest(|name| name == "db"), None);
    }

    #[test]
    fn a_damaged_report_hides_only_itself() {
        let (_folder, store) = store();
        store.write(&report(1, "api")).unwrap();
        store.write(&report(2, "api")).unwrap();
        std::fs::write(store.path(2), b"{\"id\":").unwrap();
        assert_eq!(store.latest(|_| true).and_then(|one| one.id), Some(1));
        assert!(store.set_aside(2).is_some());
        assert_eq!(store.ids(), [1]);
    }

    #[test]
    fn only_the_newest_thousand_stay() {
        let (_folder, store) = store();
        for id in 1..=MOST as u64 + 3 {
            store.write(&report(id, "api")).unwrap();
        }
        store.prune();
        assert_eq!(store.ids().len(), MOST);
        assert_eq!(store.ids().first(), Some(&4));
    }
}
