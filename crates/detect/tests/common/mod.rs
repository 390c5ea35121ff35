//! Repositories in temporary folders, for all tests.

#![allow(dead_code)] // Each test file uses its part.

use std::path::Path;

use forge_detect::{Detection, Having, detect};

/// A repository in a temporary folder.
pub(crate) struct Repository(tempfile::TempDir);

impl Repository {
    /// One with these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        Repository(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// What is found on a machine with these programs.
    pub(crate) fn on(&self, programs: &[&str]) -> Detection {
        detect(self.path(), &Having(programs))
    }
}

/// `command @ cwd : port` of each process.
#[track_caller]
pub(crate) fn processes(files: &[(&str, &str)], expected: &[&str]) {
    let found = Repository::new(files).on(&["docker"]);
    let mut lines: Vec<String> = found
        .processes
        .iter()
        .map(|one| match one.port {
            Some(port) => format!("{} @ {} : {port}", one.command, one.cwd),
            None => format!("{} @ {}", one.command, one.cwd),
        })
        .collect();
    let mut expected: Vec<String> = expected.iter().map(|line| line.to_string()).collect();
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected, "{found:#?}");
}

/// `kind : port` of each service.
#[track_caller]
pub(crate) fn services(files: &[(&str, &str)], expected: &[&str]) {
    let found = Repository::new(files).on(&["docker"]);
    let lines: Vec<String> = found
        .services
        .iter()
        .map(|one| format!("{} : {}", one.kind, one.port.expect("a port")))
        .collect();
    assert_eq!(lines, expected, "{found:#?}");
}
