//! Finding a program as execvp(3) does, but by the child's own `PATH` and folder.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The path of a program: as it is where it holds a `/`, else the first executable file of that name
/// in the folders of `path` (as the variable `PATH` lists them), relative ones below `folder`.
///
/// # Errors
///
/// `ENOENT`, or `EACCES` where there is only one that may not be executed.
pub fn find_program(name: &OsStr, path: Option<&OsStr>, folder: &Path) -> io::Result<PathBuf> {
    if name.is_empty() {
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    if name.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(name));
    }
    let mut error = libc::ENOENT;
    let path = path.unwrap_or_else(|| OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    for place in path.as_bytes().split(|b| *b == b':') {
        let place = if place.is_empty() { b"." } else { place };
        let candidate = Path::new(OsStr::from_bytes(place)).join(name);
        let absolute = folder.join(&candidate);
        if !absolute.is_file() {
            continue;
        }
        let text = CString::new(absolute.as_os_str().as_bytes())?;
        // SAFETY: the text ends in NUL.
        if unsafe { libc::access(text.as_ptr(), libc::X_OK) } == 0 {
            return Ok(absolute);
        }
        error = libc::EACCES;
    }
    Err(io::Error::from_raw_os_error(error))
}
