//! Which shells are in a workspace: a file for each, named by its pid, with the moment at which it began.

use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use crate::place::Place;

/// A shell is here. One that cannot be noted does not keep anything from being stopped.
pub(super) fn note(place: &Place, pid: i32) {
    let folder = folder(place);
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder);
    if let (Ok(()), Some(began)) = (made, began(pid)) {
        let _ = std::fs::write(folder.join(pid.to_string()), began.to_string());
    }
}

/// A shell has left; whether it was the last one.
pub(super) fn leave(place: &Place, pid: i32) -> bool {
    let folder = folder(place);
    let was_here = std::fs::remove_file(folder.join(pid.to_string())).is_ok();
    let others = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let alive = others.filter(|other| {
        let pid = other
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let noted = std::fs::read_to_string(other.path()).unwrap_or_default();
        let is = pid
            .and_then(began)
            .is_some_and(|began| began.to_string() == noted.trim());
        if !is {
            // It ended without a word, or its pid is another's now.
            let _ = std::fs::remove_file(other.path());
        }
        is
    });
    was_here && alive.count() == 0
}

fn folder(place: &Place) -> PathBuf {
    place.layout.state().join("shells")
}

fn began(pid: i32) -> Option<u64> {
    forge_os::stat(pid).ok().map(|stat| stat.start_ticks)
}
