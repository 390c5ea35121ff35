//! Numbers of the signals that Forge itself sends or waits for.

/// A child has ended or was stopped.
pub const CHILD: i32 = libc::SIGCHLD;
/// Goes on after a stop.
pub const CONTINUE: i32 = libc::SIGCONT;
/// The terminal is gone.
pub const HANG_UP: i32 = libc::SIGHUP;
/// Ctrl-C.
pub const INTERRUPT: i32 = libc::SIGINT;
/// Ends at once; cannot be caught.
pub const KILL: i32 = libc::SIGKILL;
/// Writing to nobody.
pub const PIPE: i32 = libc::SIGPIPE;
/// Halts; cannot be caught.
pub const STOP: i32 = libc::SIGSTOP;
/// Please end.
pub const TERMINATE: i32 = libc::SIGTERM;
/// The largest number that there is.
pub const LAST: i32 = 64;
