//! One shim, as the keeper knows it.

use std::os::fd::OwnedFd;
use std::time::Instant;

use forge_facts::{KeeperFact, Record, RunId, Spare};
use forge_os::{Pidfd, Poller, signal};

use crate::link::Link;
use crate::open_run::OpenRun;

/// A shim, or the place for one.
#[derive(Debug)]
pub(crate) struct Shim {
    pub(super) name: String,
    pub(super) state: State,
    /// What is held for it.
    pub(super) spares: Vec<Held>,
    /// A run that outlived a shim: its leader may be our child.
    pub(super) open: Option<OpenRun>,
    /// Deaths in a row that came before it was ready, and soon after.
    pub(super) failures: usize,
    pub(super) early_deaths: usize,
    /// Since when it was seen to be stopped.
    pub(super) stopped_since: Option<Instant>,
    /// Another one may live that is not known here: its lock is looked at before one is started.
    pub(super) look_first: bool,
    /// It was asked for while it was ending: another one follows.
    pub(super) wanted: bool,
    /// Why it could not begin, in its own words.
    pub(super) why: Option<String>,
}

/// A descriptor in custody.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) run: RunId,
    pub(super) what: Spare,
    pub(super) fd: OwnedFd,
}

#[derive(Debug)]
pub(crate) enum State {
    /// To be started at this time.
    Down { start_at: Instant },
    /// Has not yet said that it is ready.
    Coming {
        /// Where it is known: one of a former keeper says its pid with its greeting.
        process: Option<Process>,
        link: Link,
        until: Instant,
    },
    /// Ready.
    Up {
        process: Process,
        link: Link,
        since: Instant,
    },
}

/// Its process, pinned.
#[derive(Debug)]
pub(crate) struct Process {
    pub(super) pid: i32,
    pub(super) pidfd: Pidfd,
    /// The token of its end.
    pub(super) token: u64,
    /// Whether it is our child.
    pub(super) ours: bool,
}

impl Shim {
    pub(super) fn new(name: String) -> Self {
        Shim {
            name,
            state: State::Down {
                start_at: Instant::now(),
            },
            spares: Vec::new(),
            open: None,
            failures: 0,
            early_deaths: 0,
            stopped_since: None,
            look_first: false,
            wanted: false,
            why: None,
        }
    }

    pub(super) fn process(&self) -> Option<&Process> {
        match &self.state {
            State::Down { .. } => None,
            State::Coming { process, .. } => process.as_ref(),
            State::Up { process, .. } => Some(process),
        }
    }

    pub(super) fn link(&mut self) -> Option<&mut Link> {
        match &mut self.state {
            State::Down { .. } => None,
            State::Coming { link, .. } | State::Up { link, .. } => Some(link),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Down { start_at } => Some(*start_at),
            State::Coming { until, .. } => Some(*until),
            State::Up { .. } => None,
        }
    }

    /// What there is to tell of it.
    pub(super) fn fact(&self) -> Option<KeeperFact> {
        match &self.state {
            State::Up { process, .. } => Some(KeeperFact::Shim {
                process: self.name.clone(),
                pid: process.pid,
            }),
            State::Down { .. } | State::Coming { .. } => None,
        }
    }

    pub(super) fn send(&mut self, record: &Record, poller: &Poller) {
        if let Some(link) = self.link() {
            link.send(record, poller);
        }
    }

    /// Takes a descriptor into custody, in place of the former of its kind.
    pub(super) fn hold(&mut self, run: RunId, what: Spare, fd: OwnedFd) {
        // Those of a former run are of no use any more.
        self.spares.retain(|held| {
            let listener = held.what == Spare::Listener || what == Spare::Listener;
            held.what != what && (listener || held.run == run)
        });
        self.spares.push(Held { run, what, fd });
    }

    /// Closes what is held for a run, or one of it.
    pub(super) fn release(&mut self, run: RunId, what: Option<Spare>) {
        self.spares.retain(|held| {
            held.run != run
                || held.what == Spare::Listener
                || what.is_some_and(|what| what != held.what)
        });
        if what.is_none() {
            self.open.take_if(|open| open.run == run);
        }
    }

    /// Ends it at once. Nothing is lost by that: another one takes over.
    pub(super) fn kill(&self) {
        if let Some(process) = self.process() {
            let _ = process.pidfd.signal(signal::KILL);
        }
    }
}
