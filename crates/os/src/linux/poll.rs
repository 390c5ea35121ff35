//! Waiting for many things at once (epoll(7)), and for signals as one of them (signalfd(2)).

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use super::fd::{check, own};

/// What to wait for on a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Nothing but errors and hang-ups, which are always told.
    None,
    /// Something to read.
    Read,
    /// Room to write.
    Write,
    /// Both.
    Both,
}

impl Interest {
    fn flags(self) -> u32 {
        let flags = match self {
            Interest::None => 0,
            Interest::Read => libc::EPOLLIN,
            Interest::Write => libc::EPOLLOUT,
            Interest::Both => libc::EPOLLIN | libc::EPOLLOUT,
        };
        flags as u32
    }
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The token that was given with the descriptor.
    pub token: u64,
    /// There is something to read, or an end, or an error.
    pub readable: bool,
    /// There is room to write, or an error.
    pub writable: bool,
}

/// A set of descriptors to wait for, level triggered.
#[derive(Debug)]
pub struct Poller {
    fd: OwnedFd,
    /// Whether the kernel takes timeouts in nanoseconds (Linux 5.11).
    fine: bool,
}

const MOST: usize = 32;

impl Poller {
    /// An empty set.
    pub fn new() -> io::Result<Self> {
        // SAFETY: plain call; the result is a new descriptor.
        let fd = own(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Poller { fd, fine: true })
    }

    /// Adds a descriptor.
    pub fn add(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd.as_fd(), token, interest)
    }

    /// Changes what a descriptor is waited for.
    pub fn change(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd.as_fd(), token, interest)
    }

    /// Takes a descriptor out. Needed before closing one of which copies live elsewhere: the kernel
    /// goes by the open file, not by the number.
    pub fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd.as_fd(), 0, Interest::None)
    }

    fn control(
        &self,
        operation: libc::c_int,
        fd: BorrowedFd<'_>,
        token: u64,
        interest: Interest,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: interest.flags(),
            u64: token,
        };
        // SAFETY: the structure is valid for the call.
        check(unsafe {
            libc::epoll_ctl(self.fd.as_raw_fd(), operation, fd.as_raw_fd(), &mut event)
        })?;
        Ok(())
    }

    /// Waits for events, at most for `patience` (`None`: for ever), and puts them into `events`.
    pub fn wait(&mut self, events: &mut Vec<Event>, patience: Option<Duration>) -> io::Result<()> {
        events.clear();
        let mut room = [const { MaybeUninit::<libc::epoll_event>::uninit() }; MOST];
        let count = match self.wait_raw(room.as_mut_ptr().cast(), patience) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        for slot in &room[..count] {
            // SAFETY: the kernel has filled the first `count`.
            let event = unsafe { slot.assume_init() };
            let bad = event.events & (libc::EPOLLERR | libc::EPOLLHUP) as u32 != 0;
            events.push(Event {
                token: event.u64,
                readable: bad || event.events & libc::EPOLLIN as u32 != 0,
                writable: bad || event.events & libc::EPOLLOUT as u32 != 0,
            });
        }
        Ok(())
    }

    fn wait_raw(
        &mut self,
        events: *mut libc::epoll_event,
        patience: Option<Duration>,
    ) -> io::Result<usize> {
        if self.fine {
            let time = patience.map(|patience| libc::timespec {
                tv_sec: patience.as_secs() as libc::time_t,
                tv_nsec: libc::c_long::from(patience.subsec_nanos()),
            });
            let pointer = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            // SAFETY: room for MOST events, a timespec or null, and no signal mask.
            let result = unsafe {
                libc::syscall(
                    libc::SYS_epoll_pwait2,
                    self.fd.as_raw_fd(),
                    events,
                    MOST as libc::c_int,
                    pointer,
                    std::ptr::null::<libc::sigset_t>(),
                    0usize,
                )
            };
            match check(result as libc::c_int) {
                Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => self.fine = false,
                result => return result.map(|count| count as usize),
            }
        }
        let ms = patience.map_or(-1, |patience| {
            patience
                .as_nanos()
                .div_ceil(1_000_000)
                .min(i32::MAX as u128) as libc::c_int
        });
        // SAFETY: room for MOST events.
        let result =
            unsafe { libc::epoll_wait(self.fd.as_raw_fd(), events, MOST as libc::c_int, ms) };
        check(result).map(|count| count as usize)
    }
}

/// Signals that are read instead of handled.
#[derive(Debug)]
pub struct Signals(OwnedFd);

impl Signals {
    /// Blocks these signals for this thread, and takes them here from now on.
    pub fn take(signals: &[i32]) -> io::Result<Self> {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset initialises the set before it is used.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in signals {
                libc::sigaddset(set.as_mut_ptr(), *signal);
            }
            check(libc::sigprocmask(
                libc::SIG_BLOCK,
                set.as_ptr(),
                std::ptr::null_mut(),
            ))?;
            let fd = libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            Ok(Signals(own(fd)?))
        }
    }

    /// Takes what has come; the numbers say little, since the kernel merges signals.
    pub fn drain(&self) {
        let mut room = [0u8; 4 * size_of::<libc::signalfd_siginfo>()];
        while super::read(&self.0, &mut room).is_ok_and(|count| count == room.len()) {}
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
