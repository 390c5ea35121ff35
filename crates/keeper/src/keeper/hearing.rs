//! What shims say to the keeper, and what becomes of one that has ended.

use std::time::{Duration, Instant};

use forge_facts::{Custody, Fact, Hello, KeeperFact, Order, Record, Spare};
use forge_os::{Event, Interest, Pidfd, signal};

use super::Keeper;
use super::closing::Closing;
use super::shim::{Process, Shim, State};
use crate::open_run;

/// How long it is waited before the next try, by the number of those in a row that did not begin.
const DELAYS_MS: [u64; 6] = [0, 100, 1_000, 4_000, 10_000, 30_000];

/// One that lived less than this died early; many such deaths in a row are a fault of its own.
const EARLY: Duration = Duration::from_secs(1);
const MANY: usize = 50;
const AFTER_MANY: Duration = Duration::from_millis(250);

impl Keeper {
    /// Deals with an event of a shim: its connection, or its end.
    pub(super) fn shim_came(&mut self, token: u64, event: Event) {
        let ended = |shim: &Shim| shim.process().is_some_and(|process| process.token == token);
        if let Some(place) = self.shims.iter().position(ended) {
            self.shim_ended(place);
            return;
        }
        let place = self
            .shims
            .iter_mut()
            .position(|shim| shim.link().is_some_and(|link| link.token() == token));
        let Some(place) = place else {
            return;
        };
        let poller = &self.poller;
        if let Some(link) = self.shims[place].link() {
            if event.writable {
                link.flush(poller);
            }
            if event.readable {
                link.fill();
            }
        }
        self.hear(place);
        self.mind_the_link(place);
    }

    /// Carries out what a shim has said.
    fn hear(&mut self, place: usize) {
        while let Some(record) = self.shims[place].link().and_then(|link| link.next()) {
            if record.kind() == "hold" {
                // Each travels with one descriptor, also one that is not understood.
                let fd = self.shims[place].link().and_then(|link| link.next_fd());
                if let (Ok(Some(Custody::Hold { run, what })), Some(fd)) =
                    (Custody::from_record(&record), fd)
                {
                    self.shims[place].hold(run, what, fd);
                }
            } else if let Ok(Some(Custody::Drop { run, what })) = Custody::from_record(&record) {
                self.shims[place].release(run, what);
            } else if let Ok(hello) = Hello::from_record(&record) {
                self.shim_is_up(place, hello.pid);
            } else {
                self.shim_says(place, &record);
            }
        }
    }

    fn shim_says(&mut self, place: usize, record: &Record) {
        if let Ok(Fact::Refused { order, why, .. }) = Fact::from_record(record) {
            if order == "release" {
                self.call_off_closing();
            } else {
                self.shims[place].why = Some(why);
            }
        }
    }

    fn shim_is_up(&mut self, place: usize, pid: i32) {
        let now = Instant::now();
        let end = self.new_token();
        let shim = &mut self.shims[place];
        let former = std::mem::replace(&mut shim.state, State::Down { start_at: now });
        shim.state = match former {
            State::Coming {
                process: Some(process),
                link,
                ..
            } => State::Up {
                process,
                link,
                since: now,
            },
            State::Coming {
                process: None,
                link,
                ..
            } => match Pidfd::open(pid) {
                Ok(pidfd) if self.poller.add(&pidfd, end, Interest::Read).is_ok() => State::Up {
                    process: Process {
                        pid,
                        pidfd,
                        token: end,
                        ours: false,
                    },
                    link,
                    since: now,
                },
                Ok(_) | Err(_) => {
                    shim.look_first = true;
                    State::Down { start_at: now }
                }
            },
            same @ (State::Up { .. } | State::Down { .. }) => same,
        };
        shim.failures = 0;
        shim.why = None;
        if matches!(self.closing, Closing::Releasing { .. }) {
            shim.send(&Order::Release.to_record(), &self.poller);
        }
        if let Some(fact) = self.shims[place].fact() {
            self.tell(&fact);
        }
    }

    /// A shim that cannot be spoken to any more is replaced.
    fn mind_the_link(&mut self, place: usize) {
        let now = Instant::now();
        let poller = &self.poller;
        let shim = &mut self.shims[place];
        let Some(link) = shim.link() else {
            return;
        };
        if !link.is_broken() {
            return;
        }
        link.silence(poller);
        if shim.process().is_some() {
            shim.kill();
        } else {
            shim.look_first = true;
            shim.state = State::Down { start_at: now };
        }
    }

    /// A shim has ended: another one takes over its run, if it has left one.
    pub(super) fn shim_ended(&mut self, place: usize) {
        if let Some(link) = self.shims[place].link() {
            link.fill_to_end();
        }
        self.hear(place);
        let poller = &self.poller;
        if let Some(link) = self.shims[place].link() {
            link.silence(poller);
        }
        let now = Instant::now();
        let name = self.shims[place].name.clone();
        let former = std::mem::replace(&mut self.shims[place].state, State::Down { start_at: now });
        let open = open_run::of_file(&self.layout.journal(&name)).unwrap_or_else(|error| {
            crate::say(&format!("{name}: journal: {error}"));
            None
        });
        let shim = &mut self.shims[place];
        let run = open.as_ref().map(|open| open.run);
        shim.spares
            .retain(|held| held.what == Spare::Listener || Some(held.run) == run);
        shim.open = open;
        match former {
            State::Up { since, .. } if shim.open.is_some() => {
                shim.start_again(since.elapsed() < EARLY);
            }
            State::Up { .. } if std::mem::take(&mut shim.wanted) => {}
            State::Up { .. } => {
                self.shims.swap_remove(place);
                self.tell(&KeeperFact::ShimGone { process: name });
            }
            State::Coming { process, .. } if process.as_ref().is_some_and(was_killed) => {
                shim.start_again(true);
            }
            State::Coming { .. } | State::Down { .. } => self.shim_failed(place),
        }
    }

    /// A shim has not come to be.
    pub(super) fn shim_failed(&mut self, place: usize) {
        let shim = &mut self.shims[place];
        let why = shim.why.take();
        let delay = DELAYS_MS[shim.failures.min(DELAYS_MS.len() - 1)];
        shim.failures += 1;
        shim.state = State::Down {
            start_at: Instant::now() + Duration::from_millis(delay),
        };
        let name = shim.name.clone();
        if why.is_none() && self.living_holder(&name).is_some() {
            self.shims[place].look_first = true;
            return;
        }
        let shim = &mut self.shims[place];
        if shim.open.is_none() {
            self.shims.swap_remove(place);
        }
        let why = why.unwrap_or_else(|| "it has ended before it was ready".to_string());
        crate::say(&format!("{name}: no shim: {why}"));
        self.tell(&KeeperFact::ShimFailed { process: name, why });
    }
}

impl Shim {
    /// It was killed: that is no fault of its own, unless it happens again and again.
    fn start_again(&mut self, early: bool) {
        self.early_deaths = if early { self.early_deaths + 1 } else { 0 };
        if self.early_deaths > MANY {
            self.state = State::Down {
                start_at: Instant::now() + AFTER_MANY,
            };
        }
    }
}

/// Whether a child that is not yet reaped was ended by SIGKILL.
fn was_killed(process: &Process) -> bool {
    let status = forge_os::zombie_status(process.pid);
    let signal = status.and_then(|status| status.signal());
    process.ours && signal.is_some_and(|(number, _)| number == signal::KILL)
}
