//! Pipes and FIFOs, and moving their bytes without ever holding them (splice(2)).

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::fd::{check, check_len};

/// pipe2(2), close-on-exec: read end and write end, both blocking.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = io::pipe()?;
    Ok((read.into(), write.into()))
}

/// Makes a new FIFO (0600) at `path`, in place of whatever has that name.
pub fn make_fifo(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the name ends in NUL.
    check(unsafe { libc::mkfifo(name.as_ptr(), 0o600) })?;
    Ok(())
}

/// Opens a FIFO for reading and writing: so it never ends, and never breaks.
///
/// # Errors
///
/// Where there is none, it is no FIFO, or another user's.
pub fn open_fifo(path: &Path, nonblocking: bool) -> io::Result<OwnedFd> {
    let flags = libc::O_NOFOLLOW | if nonblocking { libc::O_NONBLOCK } else { 0 };
    let file = File::options()
        .read(true)
        .write(true)
        .custom_flags(flags)
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.file_type().is_fifo() || meta.uid() != super::own_uid() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} is not a FIFO of this user", path.display()),
        ));
    }
    Ok(file.into())
}

/// Asks for a larger (or smaller) pipe. Users have a limit for all of their pipes together: a refusal
/// costs speed, nothing else.
pub fn set_pipe_size(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    // SAFETY: plain call on an open descriptor.
    check(unsafe {
        libc::fcntl(
            fd.as_fd().as_raw_fd(),
            libc::F_SETPIPE_SZ,
            bytes as libc::c_int,
        )
    })?;
    Ok(())
}

/// How many bytes wait in a pipe or on a terminal.
pub fn pending(fd: impl AsFd) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: the kernel writes one int.
    check(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONREAD, &mut count) })?;
    Ok(count as usize)
}

/// Moves up to `length` bytes from `from` to `to`, one of which is a pipe, without blocking on a
/// pipe. A file is written at its position, which moves on; it must not be open for appending.
/// 0 is the end of `from`.
///
/// # Errors
///
/// `WouldBlock` where nothing can be moved now, `InvalidInput` where the file system cannot do it.
pub fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, length: usize) -> io::Result<usize> {
    // SAFETY: null offsets mean the positions of the open files; no memory is involved.
    check_len(unsafe {
        libc::splice(
            from.as_raw_fd(),
            std::ptr::null_mut(),
            to.as_raw_fd(),
            std::ptr::null_mut(),
            length,
            libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK,
        )
    })
}

/// Copies up to `length` bytes from one pipe to another without taking them out.
pub fn tee(from: BorrowedFd<'_>, to: BorrowedFd<'_>, length: usize) -> io::Result<usize> {
    // SAFETY: no memory is involved.
    check_len(unsafe {
        libc::tee(
            from.as_raw_fd(),
            to.as_raw_fd(),
            length,
            libc::SPLICE_F_NONBLOCK,
        )
    })
}

/// Has the file system set aside room for `length` bytes behind `offset`, so that writing there
/// cannot fail for lack of space. The size of the file does not change.
///
/// # Errors
///
/// `ENOSPC`, `EDQUOT`; `EOPNOTSUPP` where the file system cannot promise it.
pub fn reserve(fd: impl AsFd, offset: u64, length: u64) -> io::Result<()> {
    // SAFETY: plain call on an open descriptor.
    check(unsafe {
        libc::fallocate(
            fd.as_fd().as_raw_fd(),
            libc::FALLOC_FL_KEEP_SIZE,
            offset as libc::off_t,
            length as libc::off_t,
        )
    })?;
    Ok(())
}
