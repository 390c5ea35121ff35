//! Processes by descriptor: the only way to signal that never hits another process.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use super::Status;
use super::fd::{check, fstat, own};

/// A process, pinned: also when its pid is given to another one, this means the former.
#[derive(Debug)]
pub struct Pidfd(OwnedFd);

/// `struct pidfd_info`, first version (linux/pidfd.h).
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroup: u64,
    pids_and_owners: [u32; 11],
    exit_code: i32,
}

const PIDFD_GET_INFO: libc::c_ulong = 0xc040_ff0b;
const PIDFD_INFO_EXIT: u64 = 1 << 3;

impl Pidfd {
    /// pidfd_open(2). A zombie can be opened, too.
    ///
    /// # Errors
    ///
    /// `ESRCH` where there is no such process. Pids up to 1 are refused: they mean groups, everybody
    /// or init.
    pub fn open(pid: i32) -> io::Result<Self> {
        if pid <= 1 {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        // SAFETY: plain call; the result is a new descriptor (close-on-exec by definition).
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        Ok(Pidfd(own(fd as libc::c_int)?))
    }

    /// A second descriptor of the same process.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Pidfd(self.0.try_clone()?))
    }

    /// pidfd_send_signal(2).
    ///
    /// # Errors
    ///
    /// `ESRCH` when the process has been reaped, `EPERM` when it is another user's.
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        // SAFETY: plain call; a null siginfo means the default one.
        let result = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                signal,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        check(result as libc::c_int)?;
        Ok(())
    }

    /// The inode of the pidfd: unique for a boot since Linux 6.9, before that the same for all.
    pub fn inode(&self) -> io::Result<u64> {
        Ok(fstat(self.0.as_fd())?.st_ino)
    }

    /// Whether it has ended (reaped or not).
    pub fn has_ended(&self) -> bool {
        self.wait_for(Duration::ZERO)
    }

    /// Waits until it has ended, or for this long.
    pub fn wait_for(&self, patience: Duration) -> bool {
        let mut poll = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let ms = patience.as_millis().min(i32::MAX as u128) as libc::c_int;
        // SAFETY: one valid structure.
        unsafe { libc::poll(&mut poll, 1, ms) > 0 }
    }

    /// How it ended, where the kernel says so to those who are not its parent: Linux 6.15 and later,
    /// after somebody has reaped it.
    pub fn exit_status(&self) -> Option<Status> {
        let mut info = Info {
            mask: PIDFD_INFO_EXIT,
            ..Info::default()
        };
        // SAFETY: the structure has the size that is part of the request's number.
        let result = unsafe { libc::ioctl(self.0.as_raw_fd(), PIDFD_GET_INFO, &mut info) };
        (result == 0 && info.mask & PIDFD_INFO_EXIT != 0).then_some(Status(info.exit_code))
    }
}

impl From<OwnedFd> for Pidfd {
    /// Takes over a descriptor that is known to be one of a process.
    fn from(fd: OwnedFd) -> Self {
        Pidfd(fd)
    }
}

impl From<Pidfd> for OwnedFd {
    fn from(pidfd: Pidfd) -> Self {
        pidfd.0
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
