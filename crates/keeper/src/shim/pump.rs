//! From pipe to log without a copy in between: a byte is in the one or in the other, and no kill
//! can find it anywhere else. Here also: what happens when the disk does not take it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use forge_facts::{Fact, Stream};

use super::segment::Log;
use super::source::Source;

/// The most that is moved at once.
const MOST: usize = 1 << 20;

/// How far ahead is looked for the end of a line when a segment is full.
const LOOK_AHEAD: usize = 64 << 10;

/// How often a disk that takes nothing is tried while the process waits for it, and after that.
const RETRY_BLOCKED: Duration = Duration::from_millis(100);
const RETRY_DISCARDING: Duration = Duration::from_millis(500);

/// How often the size of a growing gap is told.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Whether bytes reach the disk.
#[derive(Debug)]
enum Flow {
    Open,
    /// The disk takes nothing; bytes stay in the pipe, and the process may have to wait.
    Blocked {
        since: Instant,
        since_unix: u64,
        errno: i32,
    },
    /// The process has waited long enough: bytes are thrown away and counted.
    Discarding {
        since_unix: u64,
        bytes: u64,
        errno: i32,
        told: Instant,
    },
}

/// One stream on its way to the log.
#[derive(Debug)]
pub(crate) struct Channel {
    stream: Stream,
    source: Source,
    log: Log,
    flow: Flow,
    retry_at: Option<Instant>,
    block_max: Duration,
    /// Where the file system cannot splice: bytes that were read and are not yet written.
    copied: Option<Vec<u8>>,
    /// Segment and length as last told by the fact `wrote`.
    told: Option<(u64, u64)>,
}

/// What one round of moving has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// So many bytes; there may be more.
    Some(usize),
    /// Nothing was there.
    Nothing,
    /// The disk takes nothing; come back at [`Channel::retry_at`].
    Stuck,
}

impl Channel {
    pub(crate) fn new(stream: Stream, source: Source, log: Log, block_max: Duration) -> Self {
        Channel {
            stream,
            source,
            log,
            flow: Flow::Open,
            retry_at: None,
            block_max,
            copied: None,
            told: None,
        }
    }

    pub(crate) fn stream(&self) -> Stream {
        self.stream
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    pub(crate) fn set_block_max(&mut self, block_max: Duration) {
        self.block_max = block_max;
    }

    /// What to wait for.
    pub(crate) fn waits_on(&self) -> BorrowedFd<'_> {
        self.source.waits_on()
    }

    /// When to try again though nothing has come.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// The fact `wrote`, if there is more than was told last.
    pub(crate) fn news(&mut self) -> Option<Fact> {
        let now = (self.log.number(), self.log.length());
        if self.told == Some(now) || (self.told.is_none() && now == (1, 0)) {
            return None;
        }
        self.told = Some(now);
        Some(Fact::Wrote {
            stream: self.stream,
            segment: now.0,
            length: now.1,
        })
    }

    /// The fact `disk`, while the disk takes nothing.
    pub(crate) fn trouble(&self) -> Option<Fact> {
        match self.flow {
            Flow::Open => None,
            Flow::Blocked { errno, .. } => Some(Fact::Disk { errno, bytes: 0 }),
            Flow::Discarding { errno, bytes, .. } => Some(Fact::Disk { errno, bytes }),
        }
    }

    /// A new listener knows nothing.
    pub(crate) fn forget_told(&mut self) {
        self.told = None;
    }

    /// Moves what is there, once. What is to be told about the disk is put into `facts`.
    pub(crate) fn pump(&mut self, facts: &mut Vec<Fact>) -> Moved {
        if matches!(self.flow, Flow::Discarding { .. })
            && self.retry_at.is_some_and(|at| Instant::now() < at)
        {
            return self.discard(facts);
        }
        self.retry_at = None;
        loop {
            match self.move_once(facts) {
                Ok(count) => return Moved::Some(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.try_dry(facts);
                    return Moved::Nothing;
                }
                Err(error) if cannot_splice(&error) && self.copied.is_none() => {
                    let stream = self.stream;
                    eprintln!("{stream}: this file system cannot splice: copying instead");
                    self.copied = Some(Vec::new());
                }
                Err(error) if is_full(&error) && self.log.free_oldest() => {}
                Err(error) => return self.refused(&error, facts),
            }
        }
    }

    /// Moves all that is there at the end of a run, as far as the disk takes it.
    pub(crate) fn drain(&mut self, facts: &mut Vec<Fact>) -> bool {
        loop {
            match self.pump(facts) {
                Moved::Some(_) => {}
                Moved::Nothing => break,
                Moved::Stuck => return false,
            }
        }
        if let Flow::Discarding {
            since_unix, bytes, ..
        } = self.flow
        {
            self.log.gap(bytes, since_unix);
            self.flow = Flow::Open;
        }
        self.log.catch_up();
        true
    }

    fn move_once(&mut self, facts: &mut Vec<Fact>) -> io::Result<usize> {
        let came = self.source.stage();
        let (length, then_rotate) = self.next_piece()?;
        let moved = match self.transfer(length) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && came > 0 => return Ok(came),
            result => result?,
        };
        self.recovered(facts);
        self.log.advance(moved as u64);
        if self.log.room() == 0
            && (then_rotate && moved == length || self.log.at_line_end() || self.log.is_overfull())
        {
            // A segment that cannot be begun now (no room for a new file) is begun later.
            let _ = self.log.rotate();
        }
        Ok(moved)
    }

    /// How much may be moved so that a segment ends where a line does.
    fn next_piece(&mut self) -> io::Result<(usize, bool)> {
        if !self.log.is_ours() {
            self.log.rotate()?;
        }
        let room = self.log.room();
        if room > 0 {
            return Ok((room.min(MOST as u64) as usize, false));
        }
        if self.log.at_line_end() || self.log.is_overfull() {
            let _ = self.log.rotate();
            return Ok((self.log.room().clamp(1, MOST as u64) as usize, false));
        }
        let (length, ends) = self.look_ahead()?;
        let most = self.log.hard_room().clamp(1, MOST as u64) as usize;
        Ok((length.min(most), ends && length <= most))
    }

    /// Where the next line ends in what waits in the pipe, looked at without taking it out.
    fn look_ahead(&self) -> io::Result<(usize, bool)> {
        if let Some(copied) = &self.copied
            && !copied.is_empty()
        {
            let end = copied.iter().position(|b| *b == b'\n');
            return Ok((end.map_or(copied.len(), |at| at + 1), end.is_some()));
        }
        let (read, write) = forge_os::pipe()?;
        let count = forge_os::tee(self.source.pipe(), write.as_fd(), LOOK_AHEAD)?;
        let mut ahead = vec![0; count.max(1)];
        let count = forge_os::read(&read, &mut ahead)?;
        let end = ahead[..count].iter().position(|b| *b == b'\n');
        Ok((end.map_or(count.max(1), |at| at + 1), end.is_some()))
    }

    fn transfer(&mut self, length: usize) -> io::Result<usize> {
        let Some(mut copied) = self.copied.take() else {
            return forge_os::splice(self.source.pipe(), self.log.file(), length);
        };
        let mut result = Ok(());
        if copied.is_empty() {
            copied.resize(length.min(LOOK_AHEAD), 0);
            result =
                forge_os::read(self.source.pipe(), &mut copied).map(|count| copied.truncate(count));
            if result.is_err() {
                copied.clear();
            }
        }
        let moved = result.and_then(|()| {
            let length = length.min(copied.len());
            forge_os::write(self.log.file(), &copied[..length])
        });
        if let Ok(count) = moved {
            copied.drain(..count);
        }
        self.copied = Some(copied);
        moved
    }

    /// The disk has not taken it: wait, or, when the process has waited long enough, throw away.
    fn refused(&mut self, error: &io::Error, facts: &mut Vec<Fact>) -> Moved {
        let errno = error.raw_os_error().unwrap_or(0);
        let now = Instant::now();
        match self.flow {
            Flow::Open => {
                self.flow = Flow::Blocked {
                    since: now,
                    since_unix: forge_os::now(),
                    errno,
                };
                facts.push(Fact::Disk { errno, bytes: 0 });
            }
            Flow::Blocked {
                since, since_unix, ..
            } if since.elapsed() >= self.block_max => {
                self.flow = Flow::Discarding {
                    since_unix,
                    bytes: 0,
                    errno,
                    told: now,
                };
            }
            Flow::Blocked { .. } => {}
            Flow::Discarding { .. } => {
                self.retry_at = Some(now + RETRY_DISCARDING);
                return self.discard(facts);
            }
        }
        self.retry_at = Some(now + RETRY_BLOCKED.min(self.block_max));
        Moved::Stuck
    }

    fn discard(&mut self, facts: &mut Vec<Fact>) -> Moved {
        let held = self.copied.as_mut().map_or(0, |copied| {
            let held = copied.len();
            copied.clear();
            held
        });
        self.source.stage();
        let gone = forge_os::null()
            .and_then(|null| forge_os::splice(self.source.pipe(), null.as_fd(), MOST))
            .unwrap_or(0);
        let lost = held + gone;
        if let Flow::Discarding {
            bytes, errno, told, ..
        } = &mut self.flow
        {
            let first = *bytes == 0 && lost > 0;
            *bytes += lost as u64;
            if first || (lost > 0 && told.elapsed() >= TELL_EVERY) {
                *told = Instant::now();
                facts.push(Fact::Disk {
                    errno: *errno,
                    bytes: *bytes,
                });
            }
        }
        if lost == 0 {
            Moved::Nothing
        } else {
            Moved::Some(lost)
        }
    }

    /// The disk takes bytes again.
    fn recovered(&mut self, facts: &mut Vec<Fact>) {
        let (bytes, since) = match self.flow {
            Flow::Open => return,
            Flow::Blocked { since_unix, .. } => (0, since_unix),
            Flow::Discarding {
                bytes, since_unix, ..
            } => (bytes, since_unix),
        };
        if bytes > 0 {
            self.log.gap(bytes, since);
        }
        self.flow = Flow::Open;
        self.retry_at = None;
        facts.push(Fact::Disk { errno: 0, bytes });
    }

    /// Nothing to write: finds out in another way whether the disk would take it.
    fn try_dry(&mut self, facts: &mut Vec<Fact>) {
        if matches!(self.flow, Flow::Open) {
            return;
        }
        match forge_os::reserve(self.log.file(), self.log.length(), 4096) {
            Ok(()) => self.recovered(facts),
            Err(_) => self.retry_at = Some(Instant::now() + RETRY_DISCARDING),
        }
    }

    /// Whether events of the source are of use now: a stuck disk would make them come without end.
    pub(crate) fn wants_events(&self) -> bool {
        !matches!(self.flow, Flow::Blocked { .. })
    }

    #[cfg(test)]
    pub(super) fn copy_instead(&mut self) {
        self.copied = Some(Vec::new());
    }
}

fn cannot_splice(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
    )
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

#[cfg(test)]
mod tests;
