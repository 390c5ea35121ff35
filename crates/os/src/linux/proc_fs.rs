//! What `/proc` says of one process (proc_pid_stat(5)).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;

use super::Status;

/// What a process does, as the kernel shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessState {
    /// Running or ready to run.
    Running,
    /// Waiting; a signal wakes it.
    Sleeping,
    /// Waiting for a device; nothing wakes it (D).
    Uninterruptible,
    /// Stopped by a signal or a debugger.
    Stopped,
    /// Ended, not yet reaped.
    Zombie,
    /// Any other: idle kernel threads, a state of a later kernel.
    Other,
}

/// The fields of `/proc/PID/stat` that are needed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Field 3.
    pub state: ProcessState,
    /// Field 4.
    pub parent: i32,
    /// Field 22: ticks after boot at which it was started.
    pub start_ticks: u64,
    /// Field 52: the wait status of a zombie, 0 for those who may not know.
    exit_code: i32,
}

/// Reads `/proc/PID/stat`.
///
/// # Errors
///
/// `NotFound` where there is no such process.
pub fn stat(pid: i32) -> io::Result<Stat> {
    let text = read_at_once(&format!("/proc/{pid}/stat"))?;
    parse(&text).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

/// Reads a file of `/proc`, whose size nobody knows before: with room for what most of them hold, so
/// that one call takes it.
pub(crate) fn read_at_once(path: &str) -> io::Result<Vec<u8>> {
    const ROOM: usize = 1024;
    let mut text = Vec::with_capacity(ROOM);
    // Taken from through a limit that is none: a file itself would be asked for its size first.
    File::open(path)?.take(u64::MAX).read_to_end(&mut text)?;
    Ok(text)
}

fn parse(text: &[u8]) -> Option<Stat> {
    // The name may hold spaces and parentheses: the fields begin behind the last one.
    let behind = text.iter().rposition(|b| *b == b')')? + 1;
    let text = std::str::from_utf8(&text[behind..]).ok()?;
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    Some(Stat {
        state: match field(3)? {
            "R" => ProcessState::Running,
            "S" => ProcessState::Sleeping,
            "D" => ProcessState::Uninterruptible,
            "T" | "t" => ProcessState::Stopped,
            "Z" | "X" => ProcessState::Zombie,
            _ => ProcessState::Other,
        },
        parent: field(4)?.parse().ok()?,
        start_ticks: field(22)?.parse().ok()?,
        exit_code: field(52).and_then(|code| code.parse().ok()).unwrap_or(0),
    })
}

/// How a zombie has ended, for those who are not its parent; `None` where it is no zombie (any
/// longer) or the kernel would not tell the truth because it belongs to another user.
pub fn zombie_status(pid: i32) -> Option<Status> {
    let owner = std::fs::metadata(format!("/proc/{pid}")).ok()?.uid();
    let me = super::own_uid();
    if owner != me && me != 0 {
        return None;
    }
    let stat = stat(pid).ok()?;
    (stat.state == ProcessState::Zombie).then_some(Status(stat.exit_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let mut line = b"7 (a) b (c) T 5".to_vec();
        for number in 5..=52 {
            line.extend(format!(" {number}").bytes());
        }
        let stat = parse(&line).expect("readable");
        assert_eq!(stat.state, ProcessState::Stopped);
        assert_eq!((stat.parent, stat.start_ticks, stat.exit_code), (5, 22, 52));
    }
}
