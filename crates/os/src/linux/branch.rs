//! A copy of this process that goes on as something else: no program is loaded, so it costs what
//! fork(2) costs, and it is never of another version than the one that started it.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;

use super::Pidfd;
use super::fd::{check, close_others};

/// The exit code of a copy that has panicked, as of any program in Rust.
const PANICKED: i32 = 101;

/// Where the kernel keeps the command line of this process, for a copy to write its own there.
#[derive(Debug, Clone, Copy)]
pub struct Title {
    start: usize,
    length: usize,
}

impl Title {
    /// Asks the kernel; `None` where it does not say.
    pub fn find() -> Option<Self> {
        let line = std::fs::read("/proc/self/stat").ok()?;
        let behind_name = line.iter().rposition(|byte| *byte == b')')? + 1;
        let text = std::str::from_utf8(&line[behind_name..]).ok()?;
        // proc_pid_stat(5): fields 48 and 49, and the first one behind the name is the third.
        let mut fields = text.split_ascii_whitespace().skip(48 - 3);
        let start: usize = fields.next()?.parse().ok()?;
        let end: usize = fields.next()?.parse().ok()?;
        let length = end.checked_sub(start).filter(|length| *length > 2)?;
        (start > 0).then_some(Title { start, length })
    }

    /// Shows this text as the command line, as far as there is room.
    ///
    /// A last byte that is no NUL says that the text ends at the first NUL (setproctitle(3)).
    fn show(self, text: &[u8]) {
        let shown = text.len().min(self.length - 2);
        // SAFETY: the kernel has put the words of the command line there when the program was
        // loaded; they are this process's own, can be written to, and nobody holds a reference.
        let room = unsafe { std::slice::from_raw_parts_mut(self.start as *mut u8, self.length) };
        room.fill(0);
        room[..shown].copy_from_slice(&text[..shown]);
        if let Some(last) = room.last_mut() {
            *last = b'.';
        }
    }
}

/// Forks. The copy leads a session of its own, has nothing open but `fds` (as 0, 1, 2, …), shows
/// `title` as its command line, does `work` and ends with its result as the exit code.
///
/// `work` must own no descriptor: those that it could have are closed. Signals stay as they are.
/// To be called by a process that has one thread.
pub fn branch(
    fds: &[BorrowedFd<'_>],
    title: Option<(Title, &[u8])>,
    work: impl FnOnce() -> u8,
) -> io::Result<(i32, Pidfd)> {
    let mut numbers: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    // SAFETY: this process has one thread, so the copy is whole; it never returns from here, so
    // nothing of the original's is dropped twice.
    let pid = unsafe { check(libc::fork())? };
    if pid != 0 {
        return Pidfd::open(pid).map(|pidfd| (pid, pidfd));
    }
    // SAFETY: plain call.
    unsafe { libc::setsid() };
    if place(&mut numbers).is_none() {
        exit(PANICKED);
    }
    if let Some((room, text)) = title {
        room.show(text);
    }
    let end = catch_unwind(AssertUnwindSafe(work));
    exit(end.map_or(PANICKED, i32::from));
}

/// Puts these to 0, 1, 2, … and closes all others.
fn place(numbers: &mut [RawFd]) -> Option<()> {
    let count = RawFd::try_from(numbers.len()).ok()?;
    // First all of them out of the way, so that no target overwrites a later source.
    for number in numbers.iter_mut() {
        // SAFETY: plain call on a descriptor that the caller holds open.
        *number =
            check(unsafe { libc::fcntl(*number, libc::F_DUPFD_CLOEXEC, count.max(3)) }).ok()?;
    }
    for (target, source) in (0..count).zip(numbers.iter()) {
        // SAFETY: plain call; what stood there belongs to objects that are never used again.
        check(unsafe { libc::dup2(*source, target) }).ok()?;
    }
    let kept: Vec<RawFd> = (0..count).collect();
    close_others(&kept);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inherit, pipe, read, reap, write};
    use std::os::fd::AsFd;

    #[test]
    fn a_copy_has_its_own_session_title_and_descriptors() {
        let (reads, writes) = pipe().expect("pipe");
        let (kept, _other) = pipe().expect("pipe");
        let null = crate::null().expect("null");
        let title = Title::find().expect("a command line");
        let fds = [null.as_fd(), null.as_fd(), null.as_fd(), writes.as_fd()];
        let text = b"a copy of \xff";
        let (pid, pidfd) = branch(&fds, Some((title, text)), || {
            let Ok(out) = inherit(3) else { return 1 };
            let more = inherit(4).is_ok();
            // SAFETY: plain call.
            let leads = unsafe { libc::getsid(0) } == std::process::id() as i32;
            let line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
            let _ = write(&out, &[u8::from(more), u8::from(leads)]);
            let _ = write(&out, &line);
            7
        })
        .expect("fork");
        drop((writes, kept));
        assert!(pidfd.wait_for(std::time::Duration::from_secs(20)));
        let mut room = [0; 64];
        let mut said = Vec::new();
        while let Ok(count @ 1..) = read(&reads, &mut room) {
            said.extend_from_slice(&room[..count]);
        }
        assert_eq!(said[..2], [0, 1]);
        let shown: Vec<u8> = said[2..]
            .split(|byte| *byte == 0)
            .flatten()
            .copied()
            .collect();
        assert_eq!(shown, text[..text.len().min(shown.len())]);
        assert!(shown.len() > 3, "{shown:?}");
        let end = reap(pid).expect("reap");
        assert_eq!(end.and_then(crate::Status::code), Some(7));
    }
}
