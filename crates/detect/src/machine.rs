//! What exists on this machine, asked through a trait so that tests decide it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What a suggestion may count on.
pub trait Machine {
    /// Whether a program can be run by its name.
    fn has(&self, program: &str) -> bool;

    /// Whether what is started would run as root, which some servers refuse.
    fn is_root(&self) -> bool {
        false
    }

    /// Where a program lies that is not found by its name alone, such as a server of PostgreSQL in
    /// a folder of its version.
    fn elsewhere(&self, _program: &str) -> Option<PathBuf> {
        None
    }
}

/// The machine that this program runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

/// Folders that distributions keep servers in without putting them into `PATH`; the newest
/// version, which sorts last, is taken.
const VERSIONED: [(&str, &str); 2] = [("/usr/lib/postgresql", "bin"), ("/usr/pgsql", "bin")];
const FURTHER: [&str; 4] = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/libexec",
    "/opt/homebrew/bin",
];

impl Machine for ThisMachine {
    fn has(&self, program: &str) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| runs(&folder.join(program)))
    }

    fn is_root(&self) -> bool {
        std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
    }

    fn elsewhere(&self, program: &str) -> Option<PathBuf> {
        let further = FURTHER.iter().map(|folder| Path::new(folder).join(program));
        let versioned = VERSIONED.iter().filter_map(|(top, inner)| {
            let mut found: Vec<PathBuf> = std::fs::read_dir(top)
                .ok()?
                .flatten()
                .map(|entry| entry.path().join(inner).join(program))
                .filter(|path| runs(path))
                .collect();
            found.sort();
            found.pop()
        });
        further.chain(versioned).find(|path| runs(path))
    }
}

fn runs(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// A machine that has exactly these programs.
#[derive(Debug, Clone, Copy)]
pub struct Having<'a>(pub &'a [&'a str]);

impl Machine for Having<'_> {
    fn has(&self, program: &str) -> bool {
        self.0.contains(&program)
    }
}
