//! The line of `/proc/PID/stat`.

use std::borrow::Cow;
use std::fmt;

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProcessState {
    /// On a core, or waiting for one.
    Running,
    /// Waiting for something.
    Sleeping,
    /// Waiting for a device; cannot be interrupted.
    Blocked,
    /// Stopped by a signal.
    Stopped,
    /// Stopped by a debugger.
    Traced,
    /// Ended; its parent has not asked how.
    Zombie,
    /// Ended, on its way out of the table.
    Dead,
    /// A kernel thread without work.
    Idle,
    /// A letter that this program does not know.
    Other(u8),
}

impl ProcessState {
    fn from_letter(letter: u8) -> Self {
        match letter {
            b'R' => ProcessState::Running,
            b'S' => ProcessState::Sleeping,
            b'D' => ProcessState::Blocked,
            b'T' => ProcessState::Stopped,
            b't' => ProcessState::Traced,
            b'Z' => ProcessState::Zombie,
            b'X' | b'x' => ProcessState::Dead,
            b'I' => ProcessState::Idle,
            other => ProcessState::Other(other),
        }
    }

    /// The word for people and `--json`.
    pub fn name(self) -> &'static str {
        match self {
            ProcessState::Running => "running",
            ProcessState::Sleeping => "sleeping",
            ProcessState::Blocked => "blocked",
            ProcessState::Stopped => "stopped",
            ProcessState::Traced => "traced",
            ProcessState::Zombie => "zombie",
            ProcessState::Dead => "dead",
            ProcessState::Idle => "idle",
            ProcessState::Other(_) => "unknown",
        }
    }

    /// Whether the process has ended and only its entry is left.
    pub fn has_ended(self) -> bool {
        matches!(self, ProcessState::Zombie | ProcessState::Dead)
    }
}

/// The kernel's short name of a process: any bytes but NUL, chosen by the process itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Comm {
    len: u8,
    bytes: [u8; 64],
}

impl Comm {
    fn new(name: &[u8]) -> Self {
        let len = name.len().min(64);
        let mut bytes = [0; 64];
        bytes[..len].copy_from_slice(&name[..len]);
        Comm {
            len: len as u8,
            bytes,
        }
    }

    /// As the kernel gave it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// As text; bytes that are no UTF-8 are replaced. May hold control characters.
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }
}

impl fmt::Debug for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

/// One reading of `/proc/PID/stat`.
///
/// Times are in clock ticks ([`super::ticks_per_second`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Process id.
    pub pid: i32,
    /// Short name.
    pub comm: Comm,
    /// What it is doing.
    pub state: ProcessState,
    /// Its parent.
    pub ppid: i32,
    /// Its process group.
    pub pgrp: i32,
    /// Its session.
    pub session: i32,
    /// CPU time of all its threads, ended ones included, in its own code.
    pub utime: u64,
    /// The same, in the kernel.
    pub stime: u64,
    /// CPU time of its children that have ended and that it has waited for, and of theirs.
    pub cutime: u64,
    /// The same, in the kernel.
    pub cstime: u64,
    /// How many threads it has.
    pub threads: u32,
    /// When it started, in ticks since the machine started. With the pid, this names a process.
    pub start_ticks: u64,
    /// Resident memory in pages ([`super::page_size`]).
    pub rss_pages: u64,
}

impl Stat {
    /// Reads the text of a `stat` file; `None` where it is none.
    ///
    /// The name stands in parentheses and may hold anything, parentheses, blanks and newlines
    /// included. What follows it holds no parenthesis, so the last one ends the name.
    pub fn parse(text: &[u8]) -> Option<Stat> {
        let open = text.iter().position(|byte| *byte == b'(')?;
        let close = text.iter().rposition(|byte| *byte == b')')?;
        let pid = signed(text.get(..open)?.trim_ascii())?;
        let name = text.get(open + 1..close)?;
        let mut fields = text
            .get(close + 2..)?
            .trim_ascii_end()
            .split(|byte| *byte == b' ');
        let letter = *fields.next()?.first()?;
        let ppid = signed(fields.next()?)?;
        let pgrp = signed(fields.next()?)?;
        let session = signed(fields.next()?)?;
        let mut fields = fields.skip(7);
        let utime = unsigned(fields.next()?)?;
        let stime = unsigned(fields.next()?)?;
        let cutime = unsigned(fields.next()?)?;
        let cstime = unsigned(fields.next()?)?;
        let mut fields = fields.skip(2);
        let threads = unsigned(fields.next()?)?;
        let start_ticks = unsigned(fields.nth(1)?)?;
        let rss_pages = unsigned(fields.nth(1)?)?;
        Some(Stat {
            pid,
            comm: Comm::new(name),
            state: ProcessState::from_letter(letter),
            ppid,
            pgrp,
            session,
            utime,
            stime,
            cutime,
            cstime,
            threads: threads as u32,
            start_ticks,
            rss_pages,
        })
    }

    /// CPU time of the process itself, in ticks.
    pub fn own_ticks(&self) -> u64 {
        self.utime + self.stime
    }

    /// CPU time of its ended children, in ticks.
    pub fn children_ticks(&self) -> u64 {
        self.cutime + self.cstime
    }
}

/// A number without sign; a negative one, which old kernels print where a counter wrapped, is 0.
fn unsigned(text: &[u8]) -> Option<u64> {
    if text.first() == Some(&b'-') {
        return signed(text).map(|_| 0);
    }
    number(text)
}

fn signed(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let value = i32::try_from(number(digits)?).ok()?;
    Some(if negative { -value } else { value })
}

/// Decimal digits and nothing else.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
