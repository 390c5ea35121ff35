//! Children that have ended: look first, reap later (waitid(2)).

use std::io;

use super::fd::check;

/// How a process has ended, as wait(2) says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub i32);

impl Status {
    /// The exit code, if it ended by itself.
    pub fn code(self) -> Option<i32> {
        libc::WIFEXITED(self.0).then(|| libc::WEXITSTATUS(self.0))
    }

    /// The signal that ended it, and whether it dumped core.
    pub fn signal(self) -> Option<(i32, bool)> {
        libc::WIFSIGNALED(self.0).then(|| (libc::WTERMSIG(self.0), libc::WCOREDUMP(self.0)))
    }
}

/// A child that has ended, left as it is.
///
/// # Errors
///
/// `ECHILD` where there is no child at all.
pub fn peek_child() -> io::Result<Option<(i32, Status)>> {
    // SAFETY: an all-zero siginfo is valid, and stays so when no child has ended.
    let (info, result) = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        let result = libc::waitid(libc::P_ALL, 0, &mut info, flags);
        (info, result)
    };
    check(result)?;
    // SAFETY: for waitid the child's fields are the valid ones.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    if pid == 0 {
        return Ok(None);
    }
    let status = match info.si_code {
        libc::CLD_EXITED => (status & 0xff) << 8,
        libc::CLD_DUMPED => status | 0x80,
        _ => status,
    };
    Ok(Some((pid, Status(status))))
}

/// What [`peek_children`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Children {
    /// There is no child at all.
    None,
    /// There are, and none has ended.
    Alive,
    /// This one has ended so, and is left as it is.
    Ended(i32, Status),
}

/// Looks at this process's children.
pub fn peek_children() -> io::Result<Children> {
    match peek_child() {
        Ok(Some((pid, status))) => Ok(Children::Ended(pid, status)),
        Ok(None) => Ok(Children::Alive),
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(Children::None),
        Err(error) => Err(error),
    }
}

/// Whether a child was stopped by a signal since this was last asked.
pub fn any_child_stopped() -> bool {
    let mut any = false;
    loop {
        // SAFETY: an all-zero siginfo is valid, and stays so when there is nothing to tell.
        let (info, result) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let result = libc::waitid(libc::P_ALL, 0, &mut info, libc::WSTOPPED | libc::WNOHANG);
            (info, result)
        };
        // SAFETY: for waitid the child's fields are the valid ones.
        if result < 0 || unsafe { info.si_pid() } == 0 {
            return any;
        }
        any = true;
    }
}

/// Reaps this child if it has ended.
pub fn reap(pid: i32) -> io::Result<Option<Status>> {
    let mut status = 0;
    // SAFETY: the kernel writes one int.
    let result = check(unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG | libc::__WALL) })?;
    Ok((result == pid && pid > 0).then_some(Status(status)))
}
