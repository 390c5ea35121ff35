//! Following logs as they grow.
//!
//! A follower reads each stream from a place on and never goes back, so nothing comes twice; what
//! ends a read is the size of the file, so nothing is dropped. Three times let it show lines in good
//! order and soon:
//!
//! * [`HOLD`]: how long lines wait for the sidecar to say when they were written, and for lines of
//!   other streams that were written before them.
//! * [`QUIET`] and [`PATIENCE`]: when the beginning of a line that has no end yet is shown. Its rest
//!   follows as a part of its own once the end is there.

mod backlog;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use forge_facts::Stream;
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::backward::line_start;
use crate::clock::Clock;
use crate::forward::Forward;
use crate::level::Leveller;
use crate::line::{Item, Place, Source};
use crate::query::Logs;
use crate::reader::gap_of;
use crate::segments::Segments;
use crate::watch::{News, Watch};
use stream::{Tracked, due};

/// How long lines are held back to be put in order.
pub const HOLD: Duration = Duration::from_millis(20);

/// A line without an end is shown when it has not grown for this long,
pub const QUIET: Duration = Duration::from_millis(300);

/// or, growing all the time, has been waiting for this long.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Most items of one stream that are read at once, so that a flood takes bounded memory.
const MOST_AT_ONCE: usize = 10_000;

/// Where following begins, for streams that exist. What appears later is read from its beginning.
#[derive(Debug, Clone)]
pub enum Start {
    /// With the oldest byte that is kept.
    Beginning,
    /// With what is written from now on (and the unfinished last line).
    End,
    /// Where these streams were ([`Items::ends`](crate::Items::ends)); others from their beginning.
    At(Vec<((String, Stream), Place)>),
}

/// What is followed.
#[derive(Debug, Clone)]
pub struct Follow {
    /// Names of processes, which need not exist yet; none means all, also those to come.
    pub processes: Vec<String>,
    /// Where it begins.
    pub start: Start,
    /// Whether the beginning of a line is shown before its end is written; else such a line comes
    /// whole, or with [`Follower::flush`].
    pub parts: bool,
}

/// Yields lines as they are written.
pub struct Follower {
    logs: Logs,
    follow: Follow,
    watch: Watch,
    streams: BTreeMap<(String, Stream), Tracked>,
    clocks: BTreeMap<String, Clock>,
    known: BTreeSet<String>,
    /// Streams that are to be looked at.
    dirty: BTreeSet<(String, Stream)>,
    /// Items that were read and wait for others, and since when the first of them does.
    held: Vec<(u64, Item)>,
    held_since: Option<Instant>,
    levels: bool,
}

impl Follower {
    /// Begins to follow.
    ///
    /// # Errors
    ///
    /// Folders cannot be read or watched. Folders that do not exist are waited for.
    pub fn new(logs: &Logs, follow: Follow) -> io::Result<Self> {
        let mut follower = Follower {
            logs: logs.clone(),
            watch: Watch::new(logs.root())?,
            streams: BTreeMap::new(),
            clocks: BTreeMap::new(),
            known: BTreeSet::new(),
            dirty: BTreeSet::new(),
            held: Vec::new(),
            held_since: None,
            levels: true,
            follow,
        };
        follower.discover()?;
        follower.follow.start = Start::Beginning;
        Ok(follower)
    }

    /// What has come since it was last asked; does not wait.
    ///
    /// To be called when the descriptor ([`AsFd`]) is readable, and at the [`Follower::deadline`].
    ///
    /// # Errors
    ///
    /// Files cannot be read.
    pub fn poll(&mut self) -> io::Result<Vec<Item>> {
        self.learn()?;
        let now = Instant::now();
        self.read(now)?;
        self.release(now)
    }

    /// When [`Follower::poll`] has something to do although the descriptor is not readable.
    pub fn deadline(&self) -> Option<Instant> {
        if self.streams.values().any(|stream| stream.more) {
            return Some(Instant::now());
        }
        let held = self.held_since.map(|since| since + HOLD);
        let streams = self.streams.values().flat_map(|stream| {
            let lag = stream.lag.map(|(_, since)| since + HOLD);
            let open = stream.open.filter(|_| self.follow.parts).map(due);
            [lag, open]
        });
        streams.chain([held]).flatten().min()
    }

    /// Waits for what comes next, at most for `timeout` (without one: for ever). Empty: nothing came.
    ///
    /// # Errors
    ///
    /// Files cannot be read.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Item>> {
        self.wait_or(None, timeout)
    }

    /// The same, but ends when `other` can be read, too.
    ///
    /// # Errors
    ///
    /// Files cannot be read.
    pub fn wait_or(
        &mut self,
        other: Option<BorrowedFd<'_>>,
        timeout: Option<Duration>,
    ) -> io::Result<Vec<Item>> {
        let until = timeout.map(|timeout| Instant::now() + timeout);
        let mut woken = false;
        loop {
            let items = self.poll()?;
            let now = Instant::now();
            if woken || !items.is_empty() || until.is_some_and(|until| now >= until) {
                return Ok(items);
            }
            let wake = self.deadline().into_iter().chain(until).min();
            let wait = wake.map(|wake| {
                let left = wake.saturating_duration_since(now);
                Timespec {
                    tv_sec: left.as_secs() as i64,
                    tv_nsec: i64::from(left.subsec_nanos()),
                }
            });
            let own = PollFd::new(&self.watch, PollFlags::IN);
            let mut fds = [own.clone(), own];
            let count = 1 + usize::from(other.is_some());
            if let Some(other) = other {
                fds[1] = PollFd::from_borrowed_fd(other, PollFlags::IN);
            }
            match rustix::event::poll(&mut fds[..count], wait.as_ref()) {
                Ok(_) => woken = count > 1 && !fds[1].revents().is_empty(),
                Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Everything that is there, without waiting for times or for ends of lines: the last look,
    /// when nothing will be written any more.
    ///
    /// # Errors
    ///
    /// Files cannot be read.
    pub fn flush(&mut self) -> io::Result<Vec<Item>> {
        self.learn()?;
        self.refresh_all()?;
        let mut held = std::mem::take(&mut self.held);
        for stream in self.streams.values_mut() {
            stream.lag = None;
            stream.forward.set_stop(None);
            stream.read_lines(usize::MAX, &mut held)?;
            if stream.forward.take_open(true) {
                stream.take_line(&mut held);
            }
            stream.open = None;
        }
        self.held = held;
        self.dirty.clear();
        self.sorted()
    }

    /// Takes in what the watch tells.
    fn learn(&mut self) -> io::Result<()> {
        for news in self.watch.drain()? {
            match news {
                News::Grown(process, stream) => {
                    let key = (process, stream);
                    if let Some(tracked) = self.streams.get_mut(&key) {
                        tracked.forward.segments.refresh_last()?;
                        self.dirty.insert(key);
                    }
                }
                News::Files(process) => self.list_files(&process)?,
                News::Processes => self.discover()?,
                News::All => {
                    self.discover()?;
                    self.refresh_all()?;
                }
            }
        }
        Ok(())
    }

    /// Looks for processes that are to be followed.
    fn discover(&mut self) -> io::Result<()> {
        let names = match self.follow.processes.is_empty() {
            true => self.logs.processes()?,
            false => self.follow.processes.clone(),
        };
        for name in names {
            // A folder that was removed and made anew needs a new watch, so it is set each time.
            if self.watch.watch_process(&name)? {
                self.known.insert(name.clone());
                self.list_files(&name)?;
            }
        }
        Ok(())
    }

    fn refresh_all(&mut self) -> io::Result<()> {
        let known: Vec<String> = self.known.iter().cloned().collect();
        known.iter().try_for_each(|name| self.list_files(name))
    }

    /// Looks for new segments of a process.
    fn list_files(&mut self, process: &str) -> io::Result<()> {
        for stream in Stream::ALL {
            let key = (process.to_string(), stream);
            if let Some(tracked) = self.streams.get_mut(&key) {
                tracked.forward.segments.refresh()?;
            } else {
                let dir = self.logs.root().join(process);
                let segments = Segments::list(Arc::new(Source::new(process, stream, &dir)))?;
                if segments.all().is_empty() {
                    continue;
                }
                let tracked = self.track(segments)?;
                self.streams.insert(key.clone(), tracked);
            }
            self.dirty.insert(key);
        }
        Ok(())
    }

    fn track(&mut self, mut segments: Segments) -> io::Result<Tracked> {
        let source = segments.source.clone();
        let from = match &self.follow.start {
            Start::Beginning => segments.start(),
            Start::End => {
                let end = segments.end();
                line_start(&mut segments, end)?
            }
            Start::At(places) => places
                .iter()
                .find(|((process, stream), _)| {
                    *process == source.process && *stream == source.stream
                })
                .map_or(segments.start(), |(_, place)| *place),
        };
        let lost = from.segment() < segments.start().segment();
        let start = segments.start();
        let mut forward = Forward::new(segments, from, None);
        if lost {
            let gap = gap_of(&mut forward, start, None);
            self.held.push((gap.time, Item::Gap(gap)));
            self.held_since.get_or_insert_with(Instant::now);
        }
        Ok(Tracked {
            forward,
            leveller: self
                .levels
                .then(|| Leveller::new(self.logs.rules(&source.process))),
            level: None,
            lag: None,
            open: None,
            newest: 0,
            more: false,
        })
    }

    /// Reads streams that have grown, and those that were waited for.
    fn read(&mut self, now: Instant) -> io::Result<()> {
        let dirty = std::mem::take(&mut self.dirty);
        for (key, stream) in &mut self.streams {
            let waited = stream.lag.is_some_and(|(_, since)| now >= since + HOLD);
            let part = self.follow.parts && stream.open.is_some_and(|open| now >= due(open));
            if dirty.contains(key) || waited || stream.more {
                stream.catch_up(now, &mut self.held)?;
            }
            if part && stream.open.is_some_and(|open| now >= due(open)) {
                if stream.forward.take_open(false) {
                    stream.take_line(&mut self.held);
                }
                stream.open = None;
            }
        }
        if !self.held.is_empty() {
            self.held_since.get_or_insert(now);
        }
        Ok(())
    }

    /// Hands out what was read, unless it is worth waiting for what belongs before it.
    fn release(&mut self, now: Instant) -> io::Result<Vec<Item>> {
        let Some(since) = self.held_since else {
            return Ok(Vec::new());
        };
        let waiting = self.streams.values().any(|stream| stream.lag.is_some());
        let flood = self.streams.values().any(|stream| stream.more);
        if waiting && !flood && now < since + HOLD {
            return Ok(Vec::new());
        }
        self.sorted()
    }

    fn sorted(&mut self) -> io::Result<Vec<Item>> {
        self.held_since = None;
        for stream in self.streams.values_mut() {
            stream.newest = 0;
        }
        let mut held = std::mem::take(&mut self.held);
        held.sort_by(|(one, a), (other, b)| {
            let key = |item: &Item| {
                let source = item.source();
                (source.process.clone(), source.stream)
            };
            one.cmp(other).then_with(|| key(a).cmp(&key(b)))
        });
        let mut items: Vec<Item> = held.into_iter().map(|(_, item)| item).collect();
        self.number(&mut items)?;
        Ok(items)
    }

    fn number(&mut self, items: &mut [Item]) -> io::Result<()> {
        let mut fresh: BTreeSet<String> = BTreeSet::new();
        for item in items {
            let Item::Line(line) = item else { continue };
            let process = &line.source.process;
            if !self.clocks.contains_key(process) {
                self.clocks
                    .insert(process.clone(), Clock::new(process, &line.source.dir)?);
            }
            if let Some(clock) = self.clocks.get_mut(process) {
                if !fresh.contains(process) {
                    fresh.insert(process.clone());
                    clock.refresh()?;
                }
                line.seq = clock.number(line);
            }
        }
        Ok(())
    }
}

impl AsFd for Follower {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}
