//! The thread that looks at all output.
//!
//! Its share of the machine is bounded: after each look it rests several times as long as the look took,
//! which also gathers what would wake it line by line. What has grown too far meanwhile is left out, up
//! to its last lines, and that is said once for each run.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use forge_facts::layout::Layout;
use forge_facts::{RunId, Stream};
use forge_logs::{EventDetector, EventRules, Follow, Follower, Item, Line, Logs, Start};
use rustix::event::{PollFd, PollFlags, Timespec};

use super::allowance::Allowance;
use super::cursor::Cursor;
use crate::input::{Inbox, Input};

/// It rests so many times as long as it has worked,
const REST: u32 = 4;

/// at least this long,
const LEAST_REST: Duration = Duration::from_millis(20);

/// and no longer than this.
const MOST_REST: Duration = Duration::from_secs(2);

/// A stream that is further behind, in bytes, is looked at in samples.
const MOST_BEHIND: u64 = 8 << 20;

/// How long it rests after an error.
const AGAIN: Duration = Duration::from_secs(5);

/// How often it is written down how far output was looked at, where nothing was found.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// Looks for events until it is dropped.
pub(crate) struct Finder {
    orders: Sender<Arc<EventRules>>,
    wake: UnixStream,
}

impl Finder {
    /// Begins where the last one was; `built` names processes that have been built before.
    ///
    /// # Errors
    ///
    /// There can be no further thread or descriptor.
    pub(super) fn start(
        layout: &Layout,
        rules: Arc<EventRules>,
        built: Vec<String>,
        inbox: Inbox,
    ) -> io::Result<Self> {
        let (orders, given) = channel();
        let (wake, woken) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        let state = layout.state().to_path_buf();
        let logs = Logs::new(&layout.processes());
        let look = move || {
            let (mut rules, mut built) = (rules, built);
            loop {
                let begun = Look::begin(&logs, Cursor::of(&state), rules.clone(), built, &inbox);
                match begun.and_then(|mut look| look.run(&given, &woken)) {
                    Ok(()) => return,
                    // Too many open files, as an instance: that passes.
                    Err(error) => eprintln!("supervisor: cannot look for events: {error}"),
                }
                match given.recv_timeout(AGAIN) {
                    Ok(others) => rules = others,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                built = Vec::new();
            }
        };
        std::thread::Builder::new()
            .name("events".to_string())
            .stack_size(1 << 20)
            .spawn(look)?;
        Ok(Finder { orders, wake })
    }

    /// Goes on with other rules.
    pub(super) fn set_rules(&self, rules: Arc<EventRules>) {
        let _ = self.orders.send(rules);
        // A full socket has woken it already.
        let _ = (&self.wake).write(&[0]);
    }
}

/// What is known of a process's output.
struct Seen {
    detectors: BTreeMap<Stream, EventDetector>,
    allowance: Allowance,
    run: Option<RunId>,
    /// Whether it was said of this run that samples are looked at.
    sampled: bool,
}

struct Look {
    follower: Follower,
    cursor: Cursor,
    rules: Arc<EventRules>,
    built: BTreeSet<String>,
    seen: BTreeMap<String, Seen>,
    /// Since when there is something to be written down.
    unsaved: Option<Instant>,
    inbox: Inbox,
}

/// What is to be told of a line.
type Found = (String, Option<RunId>, forge_logs::LogEvent);

impl Look {
    fn begin(
        logs: &Logs,
        cursor: Cursor,
        rules: Arc<EventRules>,
        built: Vec<String>,
        inbox: &Inbox,
    ) -> io::Result<Self> {
        let start = cursor.start();
        let is_first = matches!(start, Start::End);
        let follow = Follow {
            processes: Vec::new(),
            start,
            parts: false,
        };
        let look = Look {
            follower: Follower::new(logs, follow)?.without_levels(),
            cursor,
            rules,
            built: built.into_iter().collect(),
            seen: BTreeMap::new(),
            unsaved: None,
            inbox: inbox.clone(),
        };
        if is_first {
            // The next one goes on from here, whatever comes.
            look.cursor.save(look.follower.places())?;
        }
        Ok(look)
    }

    /// Looks until nobody wants to know any more.
    fn run(&mut self, orders: &Receiver<Arc<EventRules>>, woken: &UnixStream) -> io::Result<()> {
        loop {
            loop {
                match orders.try_recv() {
                    Ok(rules) => self.set_rules(rules),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return self.save(),
                }
            }
            let begun = Instant::now();
            let found = self.look(begun)?;
            if self
                .unsaved
                .is_some_and(|since| begun - since >= SAVE_EVERY)
                || !found.is_empty()
            {
                // Before it is told: rather nothing than the same a second time.
                self.save()?;
            }
            for (name, run, event) in found {
                let _ = self.inbox.send(Input::Output { name, run, event });
            }
            let rest = (begun.elapsed() * REST).clamp(LEAST_REST, MOST_REST);
            match orders.recv_timeout(rest) {
                Ok(rules) => self.set_rules(rules),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.save(),
            }
            self.wait(woken)?;
        }
    }

    /// Takes in what has been written since the last look.
    fn look(&mut self, now: Instant) -> io::Result<Vec<Found>> {
        let items = self.follower.poll()?;
        if !items.is_empty() {
            self.unsaved.get_or_insert(now);
        }
        let mut found = Vec::new();
        for item in &items {
            match item {
                Item::Line(line) => found.extend(self.line(line, now)),
                Item::Run(run) => {
                    let name = &run.source.process;
                    if self.seen_of(name, now).run != Some(run.run) {
                        self.built.remove(name);
                    }
                    self.begins(name, run.run, now);
                }
                Item::Gap(_) => {}
            }
        }
        for (name, bytes) in self.follower.skip_backlog(MOST_BEHIND)? {
            self.unsaved.get_or_insert(now);
            let seen = self.seen_of(&name, now);
            if !std::mem::replace(&mut seen.sampled, true) {
                let mega = bytes >> 20;
                let message = format!(
                    "it writes faster than events can be looked for: {mega} MB were left out, and \
                     samples are looked at; the log has everything"
                );
                let kind = "warning";
                let _ = self.inbox.send(Input::Remark {
                    name,
                    kind,
                    message,
                });
            }
        }
        Ok(found)
    }

    fn seen_of(&mut self, name: &str, now: Instant) -> &mut Seen {
        self.seen.entry(name.to_string()).or_insert_with(|| Seen {
            detectors: BTreeMap::new(),
            allowance: Allowance::new(now),
            run: None,
            sampled: false,
        })
    }

    fn line(&mut self, line: &Line, now: Instant) -> Option<Found> {
        let name = &line.source.process;
        let known = self.seen.get(name).and_then(|seen| seen.run);
        if let Some(run) = line.run.filter(|run| known != Some(*run)) {
            // Its beginning was left out, or lies before what is looked at.
            self.begins(name, run, now);
        }
        let built = self.built.contains(name);
        let rules = self.rules.clone();
        let seen = self.seen_of(name, now);
        let detector = seen.detectors.entry(line.source.stream).or_insert_with(|| {
            let mut detector = EventDetector::new(rules);
            if built {
                detector.has_built();
            }
            detector
        });
        let mut event = detector.next(&line.text)?;
        let omitted = seen.allowance.take(now)?;
        if omitted > 0 {
            let more = &mut event.fields.more;
            more.insert("omitted".to_string(), omitted.to_string());
        }
        Some((name.clone(), seen.run, event))
    }

    /// A run has begun, or is seen for the first time. A mark that says what is known already changes
    /// nothing: each segment repeats the one of its run.
    fn begins(&mut self, name: &str, run: RunId, now: Instant) {
        let seen = self.seen_of(name, now);
        let Some(before) = seen.run.replace(run) else {
            return;
        };
        if before != run {
            seen.sampled = false;
            seen.detectors.values_mut().for_each(EventDetector::reset);
            self.built.remove(name);
        }
    }

    fn set_rules(&mut self, rules: Arc<EventRules>) {
        let detectors = self
            .seen
            .values_mut()
            .flat_map(|one| one.detectors.values_mut());
        detectors.for_each(|one| one.set_rules(rules.clone()));
        self.rules = rules;
    }

    fn save(&mut self) -> io::Result<()> {
        self.unsaved = None;
        // A full disk ends neither this nor the processes; the next one looks at some lines twice.
        let _ = self.cursor.save(self.follower.places());
        Ok(())
    }

    /// Waits for output, for somebody, or for the time to write something down.
    fn wait(&self, woken: &UnixStream) -> io::Result<()> {
        let now = Instant::now();
        let save = self.unsaved.map(|since| since + SAVE_EVERY);
        let until = self.follower.deadline().into_iter().chain(save).min();
        let limit = until.map(|until| {
            let left = until.saturating_duration_since(now);
            Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            }
        });
        let mut fds = [
            PollFd::new(&self.follower, PollFlags::IN),
            PollFd::new(woken, PollFlags::IN),
        ];
        match rustix::event::poll(&mut fds, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut bytes = [0; 64];
        // How many there are does not matter; an end is seen by the orders' end.
        let _ = (&*woken).read(&mut bytes);
        Ok(())
    }
}
