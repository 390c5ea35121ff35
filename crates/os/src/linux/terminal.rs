//! Pseudo-terminals (pty(7)).

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use super::fd::{check, own};

/// Both ends of a pseudo-terminal.
#[derive(Debug)]
pub struct Terminal {
    /// Ours, non-blocking.
    pub master: OwnedFd,
    /// The process's.
    pub slave: OwnedFd,
}

/// Opens a pseudo-terminal of this size.
pub fn open_terminal(rows: u16, cols: u16) -> io::Result<Terminal> {
    // SAFETY: plain calls on a descriptor that is opened here.
    unsafe {
        let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC | libc::O_NONBLOCK;
        let master = own(libc::posix_openpt(flags))?;
        check(libc::grantpt(master.as_raw_fd()))?;
        check(libc::unlockpt(master.as_raw_fd()))?;
        let slave = reopen_slave(&master)?;
        resize(&master, rows, cols)?;
        Ok(Terminal { master, slave })
    }
}

/// Opens the other end of a master anew.
pub fn reopen_slave(master: impl AsFd) -> io::Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: the request takes flags and returns a new descriptor (Linux 4.13).
    own(unsafe { libc::ioctl(master.as_fd().as_raw_fd(), libc::TIOCGPTPEER, flags) })
}

/// Changes the size; the foreground group gets SIGWINCH.
pub fn resize(master: impl AsFd, rows: u16, cols: u16) -> io::Result<()> {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: cols,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the kernel reads the structure.
    check(unsafe { libc::ioctl(master.as_fd().as_raw_fd(), libc::TIOCSWINSZ, &size) })?;
    Ok(())
}

/// The character that means end of file on this terminal now (mostly Ctrl-D).
pub fn end_of_file_character(master: impl AsFd) -> u8 {
    let mut settings = MaybeUninit::<libc::termios>::uninit();
    // SAFETY: the structure is read only where the kernel has filled it.
    unsafe {
        if libc::tcgetattr(master.as_fd().as_raw_fd(), settings.as_mut_ptr()) == 0 {
            return settings.assume_init().c_cc[libc::VEOF];
        }
    }
    4
}
