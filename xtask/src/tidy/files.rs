//! The files that rules are about: what people wrote, not what tools made of it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that hold nothing written by hand.
const SKIPPED_FOLDERS: [&str; 4] = ["target", ".git", "node_modules", ".data"];
/// Files that tools write.
const SKIPPED_FILES: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// A text file.
pub(crate) struct File {
    /// Path from the top of the repository.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// All text files below `root`, in order of their paths.
///
/// # Errors
///
/// A folder or file cannot be read.
pub(crate) fn all(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    let unreadable = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().with_context(unreadable)?;
        if kind.is_dir() && !SKIPPED_FOLDERS.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && !SKIPPED_FILES.contains(&name.as_str()) {
            let bytes = fs::read(entry.path()).with_context(|| format!("cannot read {path}"))?;
            // What is not text was not written by hand, or is a test's hostile input.
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path, text });
            }
        }
    }
    Ok(())
}
