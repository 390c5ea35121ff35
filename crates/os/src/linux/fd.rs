//! File descriptors: read, write, flags, inheritance.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// For `custom_flags`: fail where the last part of a path is a symbolic link.
pub const NO_FOLLOW: i32 = libc::O_NOFOLLOW;

/// For `custom_flags`: do not wait where a FIFO stands in a file's place.
pub const NO_BLOCK: i32 = libc::O_NONBLOCK;

/// The kernel's answer, or its error.
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// Like [`check`], for calls that return a length.
pub(crate) fn check_len(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Takes ownership of a descriptor that the kernel has just given.
pub(crate) fn own(result: libc::c_int) -> io::Result<OwnedFd> {
    let fd = check(result)?;
    // SAFETY: the kernel has just opened it for this call; nobody else knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// read(2), once; interrupted calls are repeated.
///
/// # Errors
///
/// `WouldBlock` where a non-blocking descriptor has nothing.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        // SAFETY: the buffer is valid for writes of its length.
        let result = check_len(unsafe {
            libc::read(
                fd.as_fd().as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
            )
        });
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// write(2), once; interrupted calls are repeated. May write less than all.
///
/// # Errors
///
/// `WouldBlock` where a non-blocking descriptor takes nothing.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    loop {
        // SAFETY: the buffer is valid for reads of its length.
        let result = check_len(unsafe {
            libc::write(fd.as_fd().as_raw_fd(), bytes.as_ptr().cast(), bytes.len())
        });
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Sets or clears `O_NONBLOCK` of the open file (shared by all descriptors of it).
pub fn set_nonblocking(fd: impl AsFd, on: bool) -> io::Result<()> {
    let raw = fd.as_fd().as_raw_fd();
    // SAFETY: plain flag calls on a descriptor that the caller holds open.
    unsafe {
        let flags = check(libc::fcntl(raw, libc::F_GETFL))?;
        let wanted = if on {
            flags | libc::O_NONBLOCK
        } else {
            flags & !libc::O_NONBLOCK
        };
        check(libc::fcntl(raw, libc::F_SETFL, wanted))?;
    }
    Ok(())
}

/// Sets close-on-exec.
pub fn set_cloexec(fd: impl AsFd) -> io::Result<()> {
    // SAFETY: plain flag call on a descriptor that the caller holds open.
    check(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(())
}

/// Takes over a descriptor that was inherited under this number, and sets close-on-exec.
///
/// # Errors
///
/// `EBADF` where nothing is open under this number; numbers of the standard streams are refused.
pub fn inherit(number: RawFd) -> io::Result<OwnedFd> {
    if number < 3 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: F_SETFD on any number is harmless: it fails when nothing is open there.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: it is open, and the caller names a number that was handed to this process for it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Closes every descriptor from 3 on that is not among `keep`: what the starter had open by chance.
pub fn close_others(keep: &[RawFd]) {
    let mut keep: Vec<u32> = keep
        .iter()
        .filter_map(|fd| u32::try_from(*fd).ok())
        .collect();
    keep.sort_unstable();
    let mut from = 3u32;
    for fd in keep.into_iter().filter(|fd| *fd >= 3) {
        if fd > from {
            close_range(from, fd - 1);
        }
        from = fd + 1;
    }
    close_range(from, u32::MAX);
}

fn close_range(from: u32, to: u32) {
    // SAFETY: called at start, before any descriptor of ours is open in the range.
    let result = unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) };
    if result < 0 {
        for fd in from..=to.min(65_535) {
            // SAFETY: as above.
            unsafe { libc::close(fd as RawFd) };
        }
    }
}

/// Makes this file standard error.
pub fn replace_stderr(file: impl AsFd) -> io::Result<()> {
    // SAFETY: dup2 replaces number 2 in one step; nobody owns that number.
    check(unsafe { libc::dup2(file.as_fd().as_raw_fd(), 2) })?;
    Ok(())
}

/// `/dev/null`, for reading and writing.
pub fn null() -> io::Result<OwnedFd> {
    let file = File::options().read(true).write(true).open("/dev/null")?;
    Ok(file.into())
}

/// Which file a descriptor or a path is, however it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inode {
    /// Device.
    pub device: u64,
    /// Number on the device.
    pub number: u64,
}

pub(crate) fn fstat(fd: BorrowedFd<'_>) -> io::Result<libc::stat> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the kernel fills the structure when it returns 0.
    unsafe {
        check(libc::fstat(fd.as_raw_fd(), stat.as_mut_ptr()))?;
        Ok(stat.assume_init())
    }
}

/// The inode behind a descriptor.
pub fn inode(fd: impl AsFd) -> io::Result<Inode> {
    let stat = fstat(fd.as_fd())?;
    Ok(Inode {
        device: stat.st_dev,
        number: stat.st_ino,
    })
}

/// How many names the file behind a descriptor has; 0 means that it was removed.
pub fn link_count(fd: impl AsFd) -> io::Result<u64> {
    Ok(fstat(fd.as_fd())?.st_nlink)
}

/// Sets access and modification time of an open file to now.
pub fn touch(fd: impl AsFd) -> io::Result<()> {
    // SAFETY: a null pointer means now (utimensat(2)).
    check(unsafe { libc::futimens(fd.as_fd().as_raw_fd(), std::ptr::null()) })?;
    Ok(())
}

/// Raises the soft limit of open files of this process to the hard one; returns what it was.
pub fn raise_open_files() -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel reads and writes only the structure.
    unsafe {
        check(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit))?;
        let former = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        check(libc::setrlimit(libc::RLIMIT_NOFILE, &limit))?;
        Ok(former)
    }
}
