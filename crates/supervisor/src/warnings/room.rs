//! How much room there is where the workspace and Forge's state lie.

use std::path::{Path, PathBuf};

use forge_inspect::warnings::Room as Facts;

/// Room on a storage.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    folder: PathBuf,
    id: u64,
    total: u64,
    available: u64,
}

impl Room {
    /// That of the storage on which a folder lies.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        let stat = rustix::fs::stat(folder).ok()?;
        let room = rustix::fs::statvfs(folder).ok()?;
        Some(Room {
            folder: folder.to_path_buf(),
            id: stat.st_dev,
            total: room.f_blocks.saturating_mul(room.f_frsize),
            available: room.f_bavail.saturating_mul(room.f_frsize),
        })
    }

    /// As the rules are told it.
    pub(super) fn facts(&self) -> Option<Facts<'_>> {
        Some(Facts {
            folder: self.folder.to_str()?,
            id: self.id,
            total: self.total,
            available: self.available,
        })
    }
}
