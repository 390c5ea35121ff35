//! The keeper: the root of a workspace's processes. Starts the supervisor and the shims again when
//! they die, holds what must not be closed meanwhile, and sees the ends that nobody else can see.

mod begin;
mod closing;
mod guests;
mod hearing;
mod orphans;
mod shim;
mod shims;
mod supervisor;

use std::os::unix::net::UnixListener;
use std::time::Instant;

use forge_facts::layout::Layout;
use forge_facts::{KeeperFact, KeeperOrder};
use forge_os::{Event, Lock, Poller, Signals, Title};

use crate::link::Link;
use crate::options::Options;
use closing::Closing;
use shim::Shim;
use supervisor::Supervisor;

/// What a wake was for.
mod token {
    pub(super) const SIGNALS: u64 = 0;
    pub(super) const LISTENER: u64 = 1;
    pub(super) const FORMER: u64 = 2;
    /// Connections and shims have this one and greater ones.
    pub(super) const FIRST_FREE: u64 = 16;
}

/// The keeper of a workspace.
pub(crate) struct Keeper {
    layout: Layout,
    /// Where a shim writes what it is called.
    title: Option<Title>,
    /// The id of the present boot.
    boot: String,
    /// The soft limit of open files that children get.
    open_files: Option<u64>,
    poller: Poller,
    signals: Signals,
    api: UnixListener,
    listener: UnixListener,
    supervisor: Supervisor,
    shims: Vec<Shim>,
    guests: Vec<Link>,
    closing: Closing,
    next_token: u64,
    /// When it is looked for children that were stopped.
    look_at: Option<Instant>,
    _lock: Lock,
}

/// Who gave an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Supervisor,
    /// A guest, by its token.
    Guest(u64),
}

/// Becomes the keeper that the options describe.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    match Keeper::begin(options)? {
        Some(mut keeper) => keeper.work(),
        None => Ok(()),
    }
}

impl Keeper {
    fn work(&mut self) -> Result<(), String> {
        let mut events = Vec::new();
        loop {
            self.look_at_clock();
            if self.is_over() {
                break;
            }
            let now = Instant::now();
            let patience = self.deadline().map(|at| at.saturating_duration_since(now));
            self.poller
                .wait(&mut events, patience)
                .map_err(|error| format!("cannot wait for events: {error}"))?;
            for event in &events {
                self.handle(*event);
            }
            self.drop_broken_guests();
        }
        for path in [self.layout.api_socket(), self.layout.keeper_socket()] {
            let _ = std::fs::remove_file(path);
        }
        Ok(())
    }

    fn handle(&mut self, event: Event) {
        match event.token {
            token::SIGNALS => {
                self.signals.drain();
                self.children_ended();
            }
            token::LISTENER => self.accept(),
            token::FORMER => self.former_supervisor_ended(),
            other => {
                if !(self.supervisor_came(other, event) || self.guest_came(other, event)) {
                    self.shim_came(other, event);
                }
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let shims = self.shims.iter().filter_map(Shim::deadline);
        [
            self.supervisor.deadline(),
            self.closing.deadline(),
            self.look_at,
        ]
        .into_iter()
        .flatten()
        .chain(shims)
        .min()
    }

    fn look_at_clock(&mut self) {
        let now = Instant::now();
        self.pursue_supervisor(now);
        self.pursue_shims(now);
        self.pursue_closing(now);
        if self.look_at.is_some_and(|at| now >= at) {
            self.look_at = None;
            self.look_for_stopped(now);
        }
    }

    fn obey(&mut self, from: From, order: KeeperOrder) {
        match order {
            KeeperOrder::Ensure { process } => self.ensure(process),
            KeeperOrder::Ping => self.answer(from, &KeeperFact::Pong),
            KeeperOrder::Pong => {}
            KeeperOrder::Shutdown => self.closing = Closing::Asked,
            KeeperOrder::Replace { program } => self.replace_supervisor(&program),
        }
    }

    /// Tells the supervisor, and whoever else listens.
    fn tell(&mut self, fact: &KeeperFact) {
        self.answer(From::Supervisor, fact);
        for guest in &mut self.guests {
            guest.send(&fact.to_record(), &self.poller);
        }
    }

    fn answer(&mut self, to: From, fact: &KeeperFact) {
        let link = match to {
            From::Supervisor => self.supervisor.link(),
            From::Guest(token) => self.guests.iter_mut().find(|link| link.token() == token),
        };
        if let Some(link) = link {
            link.send(&fact.to_record(), &self.poller);
        }
    }

    fn new_token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }
}
