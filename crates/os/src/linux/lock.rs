//! Locks that the kernel releases when their holder dies (flock(2)), with the holder's pid inside.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// A lock that is held as long as this lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`, trying for as long as `patience` says (a killed holder's child may
    /// hold it for a moment, until it calls exec). `None`: another process holds it.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened or locked.
    pub fn take(path: &Path, patience: Duration) -> io::Result<Option<Self>> {
        let mut file = open(path)?;
        let until = Instant::now() + patience;
        while !try_lock(&file)? {
            if Instant::now() >= until {
                return Ok(None);
            }
            super::pause(Duration::from_millis(5));
        }
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        // The pid is for those who look; a full disk must not cost the lock.
        let _ = file.write_all(format!("{}\n", std::process::id()).as_bytes());
        Ok(Some(Lock { _file: file }))
    }
}

/// Who holds the lock at `path`: `None` where nobody does (or there is no such file), `Some(0)` where
/// its pid is not known.
pub fn holder(path: &Path) -> io::Result<Option<i32>> {
    let mut file = match File::options()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // A shared lock does not disturb a second one who only looks.
    // SAFETY: plain call on an open descriptor; closing it releases the lock.
    let result = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_SH | libc::LOCK_NB) };
    if result == 0 {
        return Ok(None);
    }
    let error = io::Error::last_os_error();
    if error.kind() != io::ErrorKind::WouldBlock {
        return Err(error);
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(Some(text.trim().parse().unwrap_or(0)))
}

fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

fn try_lock(file: &File) -> io::Result<bool> {
    // SAFETY: plain call on an open descriptor.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(false),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_names_its_holder() {
        let path = std::env::temp_dir().join(format!("forge-lock-{}", std::process::id()));
        assert_eq!(holder(&path).expect("look"), None);
        let lock = Lock::take(&path, Duration::ZERO)
            .expect("open")
            .expect("free");
        assert!(Lock::take(&path, Duration::ZERO).expect("open").is_none());
        assert_eq!(
            holder(&path).expect("look"),
            Some(std::process::id() as i32)
        );
        drop(lock);
        assert_eq!(holder(&path).expect("look"), None);
        std::fs::remove_file(&path).expect("remove");
    }
}
