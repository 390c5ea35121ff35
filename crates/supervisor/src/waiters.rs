//! Clients that wait: for a start, for a stop, for something to happen. Looked at after every round in
//! which anything has changed.

mod start;
mod stop;
mod wait;

use std::time::Duration;

use tokio::time::Instant;

use crate::input::Sink;
use crate::supervisor::Supervisor;

pub(crate) use start::{Seen, Start};
pub(crate) use stop::Stop;
pub(crate) use wait::{Until, Wait};

/// Somebody who waits.
pub(crate) struct Waiter {
    kind: Kind,
    /// When the time is over that the client gives.
    deadline: Option<Instant>,
    /// When it is to be looked at again though nothing has changed.
    again: Option<Instant>,
}

enum Kind {
    Start(Start),
    Stop(Stop),
    Wait(Wait),
    /// `daemon stop`: first the processes, then Forge itself.
    Ending {
        stop: Stop,
        asked: bool,
    },
}

impl Waiter {
    pub(crate) fn start(start: Start, timeout: Option<u64>) -> Self {
        Waiter {
            kind: Kind::Start(start),
            deadline: timeout.map(after),
            again: None,
        }
    }

    pub(crate) fn stop(stop: Stop) -> Self {
        Waiter {
            kind: Kind::Stop(stop),
            deadline: None,
            again: None,
        }
    }

    pub(crate) fn wait(wait: Wait, timeout: Option<u64>) -> Self {
        Waiter {
            kind: Kind::Wait(wait),
            deadline: timeout.map(after),
            again: None,
        }
    }

    pub(crate) fn ending(stop: Stop) -> Self {
        Waiter {
            kind: Kind::Ending { stop, asked: false },
            deadline: None,
            again: None,
        }
    }

    /// When it is to be looked at though nothing has changed.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.into_iter().chain(self.again).min()
    }
}

fn after(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms.min(u64::from(u32::MAX)))
}

impl Supervisor {
    /// Answers everybody who need not wait any longer.
    pub(crate) fn answer_waiters(&mut self) {
        let waiters = std::mem::take(&mut self.waiters);
        for mut waiter in waiters {
            let late = waiter.deadline.is_some_and(|at| Instant::now() >= at);
            waiter.again = None;
            let left = match waiter.kind {
                Kind::Start(start) => self.look_at_start(start, late, &mut waiter.again),
                Kind::Stop(stop) => self.look_at_stop(stop).map(Kind::Stop),
                Kind::Wait(wait) => self.look_at_wait(wait, late).map(Kind::Wait),
                Kind::Ending { stop, asked } => self.look_at_ending(stop, asked),
            };
            if let Some(kind) = left {
                self.waiters.push(Waiter {
                    kind,
                    deadline: waiter.deadline,
                    again: waiter.again,
                });
            }
        }
    }

    /// Whether everything is about to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.waiters.iter().any(|waiter| match waiter.kind {
            Kind::Ending { .. } => true,
            Kind::Start(_) | Kind::Stop(_) | Kind::Wait(_) => false,
        })
    }

    /// Whoever waits for the end of everything.
    pub(crate) fn take_ending(&mut self) -> Option<Sink> {
        let waiters = std::mem::take(&mut self.waiters);
        let mut ending = None;
        for waiter in waiters {
            match waiter.kind {
                Kind::Ending { stop, .. } => ending = Some(stop.sink),
                kind @ (Kind::Start(_) | Kind::Stop(_) | Kind::Wait(_)) => {
                    self.waiters.push(Waiter {
                        kind,
                        deadline: waiter.deadline,
                        again: waiter.again,
                    });
                }
            }
        }
        ending
    }
}
