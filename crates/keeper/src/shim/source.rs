//! Where the output of a process comes out.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The most that is taken from a terminal at once: what a pipe holds.
const STAGE: usize = 64 << 10;

/// Where output comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A FIFO, open for reading and writing.
    Pipe(OwnedFd),
    /// A terminal's master, and the pipe between it and the log: splice(2) needs one.
    Terminal {
        master: OwnedFd,
        read: OwnedFd,
        write: OwnedFd,
    },
}

impl Source {
    /// What becomes readable when there is output.
    pub(super) fn waits_on(&self) -> BorrowedFd<'_> {
        match self {
            Source::Pipe(pipe) => pipe.as_fd(),
            Source::Terminal { master, .. } => master.as_fd(),
        }
    }

    /// The pipe that bytes are taken from.
    pub(super) fn pipe(&self) -> BorrowedFd<'_> {
        match self {
            Source::Pipe(pipe) => pipe.as_fd(),
            Source::Terminal { read, .. } => read.as_fd(),
        }
    }

    /// Moves what a terminal says into the pipe; says how much it was.
    pub(super) fn stage(&self) -> usize {
        match self {
            Source::Pipe(_) => 0,
            // An error is that nobody has the terminal open any more, or has nothing to say now.
            Source::Terminal { master, write, .. } => {
                forge_os::splice(master.as_fd(), write.as_fd(), STAGE).unwrap_or_default()
            }
        }
    }
}
