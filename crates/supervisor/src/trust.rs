//! What a user has said he trusts: files of workspaces, as they were then.
//!
//! A file is trusted by its path and by what it holds; an edit ends that. The list lies in the user's
//! own state, where no repository can write.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The files of a workspace of which something may run by itself.
pub const FILES: [&str; 2] = [".forge/processes.yml", ".forge/processes.local.yml"];

#[derive(Default, Serialize, Deserialize)]
struct Trusted {
    /// From a file's path to the hash of what it held.
    files: BTreeMap<PathBuf, String>,
}

/// Where the list lies, seen from the state of a workspace.
pub fn store_of(state: &Path) -> PathBuf {
    let base = state.parent().and_then(Path::parent).unwrap_or(state);
    store(base)
}

/// Where the list lies below the folder for state.
pub fn store(base: &Path) -> PathBuf {
    base.join("trusted.json")
}

/// Whether every file of a workspace is trusted as it is now.
pub fn is_trusted(store: &Path, workspace: &Path) -> bool {
    let Ok(trusted) = read(store) else {
        return false;
    };
    let [main, local] = FILES.map(|file| workspace.join(file));
    let has = |file: &Path| match hash(file) {
        Ok(hash) => trusted.files.get(&real(file)) == Some(&hash),
        Err(_) => false,
    };
    has(&main) && (!local.exists() || has(&local))
}

/// Trusts a file as it is now.
///
/// # Errors
///
/// It cannot be read, or the list cannot be written.
pub fn trust(store: &Path, file: &Path) -> io::Result<()> {
    let mut trusted = read(store)?;
    trusted.files.insert(real(file), hash(file)?);
    let text = serde_json::to_vec_pretty(&trusted).map_err(io::Error::other)?;
    crate::memory::write_atomically(store, &text)
}

fn read(store: &Path) -> io::Result<Trusted> {
    let text = match std::fs::read(store) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Trusted::default()),
        Err(error) => return Err(error),
    };
    // A damaged list trusts nobody; it is written anew at the next time.
    Ok(serde_json::from_slice(&text).unwrap_or_default())
}

fn hash(file: &Path) -> io::Result<String> {
    let digest = Sha256::digest(std::fs::read(file)?);
    let text = digest
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    Ok(format!("sha256:{text}"))
}

fn real(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn trust_ends_with_an_edit_and_asks_for_the_local_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let list = store(folder.path());
        let [main, local] = FILES.map(|file| folder.path().join(file));
        std::fs::create_dir(folder.path().join(".forge")).unwrap();
        assert!(!is_trusted(&list, folder.path()));
        std::fs::write(&main, "dev:").unwrap();
        trust(&list, &main).unwrap();
        assert!(is_trusted(&list, folder.path()));
        assert_eq!(list.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&local, "dev:").unwrap();
        assert!(!is_trusted(&list, folder.path()));
        trust(&list, &local).unwrap();
        assert!(is_trusted(&list, folder.path()));
        std::fs::write(&main, "dev: ").unwrap();
        assert!(!is_trusted(&list, folder.path()));
        std::fs::write(&list, "{").unwrap();
        trust(&list, &main).unwrap();
        trust(&list, &local).unwrap();
        assert!(is_trusted(&list, folder.path()));
    }
}
