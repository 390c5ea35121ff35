//! What a process settles for itself when it begins: its session, its signals, whose parent it becomes.

use std::io;

use super::fd::check;

/// Ignores these signals in this process.
pub fn ignore_signals(signals: &[i32]) {
    for signal in signals {
        // SAFETY: ignoring has no handler that could be wrong.
        unsafe { libc::signal(*signal, libc::SIG_IGN) };
    }
}

/// Makes this process the parent of its descendants' orphans (PR_SET_CHILD_SUBREAPER).
pub fn become_root_of_orphans() -> io::Result<()> {
    // SAFETY: plain call.
    check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) })?;
    Ok(())
}

/// A session of its own for this process, if it does not lead one.
pub fn detach_session() {
    // SAFETY: plain call; it fails only for one who leads a group.
    unsafe { libc::setsid() };
}
