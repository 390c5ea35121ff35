//! When the output of a run is moved, and when it is told that there is some.

use std::time::{Duration, Instant};

use forge_facts::{Fact, Stream};
use forge_os::{Event, Interest, Poller};

use super::pump::{Channel, Moved};
use super::run::Outlet;
use super::{Shim, token};

/// How soon the index follows the last bytes of a burst: followers wait for the times of lines.
const CATCH_UP: Duration = Duration::from_millis(1);

/// How much is moved before the end of the process is told, at most: what it said last is then
/// mostly in the log already.
const LAST_WORDS: u32 = 64;

impl Outlet {
    pub(super) fn new(channel: Channel) -> Self {
        let token = match channel.stream() {
            Stream::Stdout | Stream::Terminal => token::STDOUT,
            Stream::Stderr => token::STDERR,
        };
        Outlet {
            channel,
            token,
            interest: Interest::None,
            catch_up_at: None,
        }
    }

    /// Begins to wait for output.
    pub(super) fn watch(&mut self, poller: &Poller) -> std::io::Result<()> {
        poller.add(self.channel.waits_on(), self.token, Interest::Read)?;
        self.interest = Interest::Read;
        Ok(())
    }

    fn pump(&mut self, facts: &mut Vec<Fact>) -> usize {
        match self.channel.pump(facts) {
            Moved::Some(count) => count,
            Moved::Nothing | Moved::Stuck => 0,
        }
    }

    /// Waits for what is of use now. `typing`: something is to be written to the terminal.
    pub(super) fn settle(&mut self, typing: bool, poller: &Poller) {
        let wanted = match (self.channel.wants_events(), typing) {
            (true, true) => Interest::Both,
            (true, false) => Interest::Read,
            (false, true) => Interest::Write,
            (false, false) => Interest::None,
        };
        if wanted != self.interest
            && poller
                .change(self.channel.waits_on(), self.token, wanted)
                .is_ok()
        {
            self.interest = wanted;
        }
        self.catch_up_at = if self.channel.log_mut().is_behind() {
            self.catch_up_at.or(Some(Instant::now() + CATCH_UP))
        } else {
            None
        };
    }
}

impl Shim {
    /// Moves what has come; says how much it was.
    pub(super) fn output_came(&mut self, event: Event) -> usize {
        if event.writable {
            self.feed();
        }
        let Some(run) = &mut self.run else {
            return 0;
        };
        let typing = run.input.types();
        let Some(outlet) = run.outlet(event.token) else {
            return 0;
        };
        let mut facts = Vec::new();
        let moved = if event.readable {
            outlet.pump(&mut facts)
        } else {
            0
        };
        outlet.settle(typing, &self.poller);
        self.tell_all(&facts);
        self.tell_news();
        moved
    }

    /// Moves and writes what is due by the clock.
    pub(super) fn retry_output(&mut self, now: Instant) {
        let Some(run) = &mut self.run else {
            return;
        };
        let typing = run.input.types();
        let mut facts = Vec::new();
        for outlet in &mut run.outlets {
            if outlet.channel.retry_at().is_some_and(|at| now >= at) {
                outlet.pump(&mut facts);
                outlet.settle(typing, &self.poller);
            }
            if outlet.catch_up_at.is_some_and(|at| now >= at) {
                outlet.channel.log_mut().catch_up();
                outlet.catch_up_at = None;
            }
        }
        self.tell_all(&facts);
        self.tell_news();
    }

    /// Moves what waits, before the end of the process is told.
    pub(super) fn move_last_words(&mut self) {
        let Some(run) = &mut self.run else {
            return;
        };
        let mut facts = Vec::new();
        for outlet in &mut run.outlets {
            let mut rounds = 0;
            while rounds < LAST_WORDS && outlet.pump(&mut facts) > 0 {
                rounds += 1;
            }
            outlet.channel.log_mut().catch_up();
        }
        self.tell_all(&facts);
        self.tell_news();
    }

    /// Moves all that is left when no process is; `false` while a disk does not take it.
    pub(super) fn drain_output(&mut self) -> bool {
        let Some(run) = &mut self.run else {
            return true;
        };
        let mut facts = Vec::new();
        let mut dry = true;
        for outlet in &mut run.outlets {
            dry &= outlet.channel.drain(&mut facts);
            outlet.settle(false, &self.poller);
        }
        self.tell_all(&facts);
        self.tell_news();
        dry
    }

    /// Somebody wants to hear of the next output, or of what it has missed.
    pub(super) fn watch(&mut self) {
        self.watched = true;
        self.tell_news();
    }

    /// A new supervisor has heard nothing yet.
    pub(super) fn tell_disk_again(&mut self) {
        let mut facts = Vec::new();
        for outlet in self.run.iter_mut().flat_map(|run| &mut run.outlets) {
            outlet.channel.forget_told();
            facts.extend(outlet.channel.trouble());
        }
        self.tell_all(&facts);
    }

    fn tell_news(&mut self) {
        if !self.watched {
            return;
        }
        let mut facts = Vec::new();
        for outlet in self.run.iter_mut().flat_map(|run| &mut run.outlets) {
            facts.extend(outlet.channel.news());
        }
        if !facts.is_empty() {
            self.watched = false;
            self.tell_all(&facts);
        }
    }
}
