//! Folders that belong to this user alone.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Creates the folder (0700, with its parents) or checks the one that is there.
///
/// # Errors
///
/// Names the path: it is no folder, a symbolic link, another user's, or open to group or others; or
/// somebody else could put another one in its place.
pub fn private_folder(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
    {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(|error| named(parent, &error))?;
        refuse_foreign(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(named(path, &error));
        }
        _ => {}
    }
    let meta = std::fs::symlink_metadata(path).map_err(|error| named(path, &error))?;
    let wrong = if meta.file_type().is_symlink() {
        "it is a symbolic link"
    } else if !meta.is_dir() {
        "it is no folder"
    } else if meta.uid() != super::own_uid() {
        "it belongs to another user"
    } else if meta.mode() & 0o077 != 0 {
        "group or others can enter it (chmod 700 it)"
    } else {
        return Ok(());
    };
    Err(refused(path, wrong))
}

/// Whoever owns the folder above may rename what lies in it, and so may everybody where all may write
/// and no sticky bit keeps them apart.
fn refuse_foreign(parent: &Path) -> io::Result<()> {
    let meta = std::fs::metadata(parent).map_err(|error| named(parent, &error))?;
    let wrong = if meta.uid() != super::own_uid() && meta.uid() != 0 {
        "it belongs to another user"
    } else if meta.mode() & 0o1002 == 0o002 {
        "everybody can write there (chmod o-w it)"
    } else {
        return Ok(());
    };
    Err(refused(parent, wrong))
}

/// Opens a folder, not following a symbolic link in its last part.
pub fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let folder = File::options()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(path)
        .map_err(|error| match path.is_symlink() {
            true => refused(path, "it is a symbolic link"),
            false => named(path, &error),
        })?;
    Ok(folder.into())
}

/// A folder to change to: links are followed, and it need not be readable.
///
/// # Errors
///
/// As the kernel gives them, with their number.
pub fn working_folder(path: &Path) -> io::Result<OwnedFd> {
    let folder = File::options()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC)
        .open(path)?;
    Ok(folder.into())
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("refusing to use {}: {why}", path.display()),
    )
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_folder_that_others_can_enter_or_that_is_a_link_is_refused_by_name() {
        let base = std::env::temp_dir().join(format!("forge-folder-{}", std::process::id()));
        let good = base.join("a/b");
        private_folder(&good).expect("create");
        private_folder(&good).expect("check");
        let open = base.join("open");
        std::fs::create_dir(&open).expect("mkdir");
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o755)).expect("chmod");
        let link = base.join("link");
        symlink(&good, &link).expect("symlink");
        let all = base.join("all");
        std::fs::create_dir(&all).expect("mkdir");
        std::fs::set_permissions(&all, PermissionsExt::from_mode(0o777)).expect("chmod");
        private_folder(&all.join("x")).expect_err("others can replace it");
        std::fs::set_permissions(&all, PermissionsExt::from_mode(0o1777)).expect("chmod");
        private_folder(&all.join("x")).expect("the sticky bit keeps others away");
        for path in [open, link] {
            let error = private_folder(&path).expect_err("refused");
            assert!(error.to_string().contains(path.to_str().expect("text")));
        }
        std::fs::remove_dir_all(&base).expect("remove");
    }
}
