//! One process: what is wanted of it, what is true of it, and what is remembered of its past.
//!
//! Each variant carries exactly what is true in it. The intent ([`Want`]) is set by people and by
//! the graph; the state is moved by [`step()`] (what has happened) and by [`go`] and [`halt`] (what
//! the graph decides). Nothing in here looks at another process.

mod deeds;
mod end;
mod judge;
mod past;
mod signs;
mod step;

use std::time::Duration;

use forge_facts::RunId;

use crate::event::Effect;
use crate::spec::StopSpec;

pub(crate) use deeds::{cancel, freeze, go, halt, overdue};
pub(crate) use past::{Ended, Failure, Past, Since};
pub(crate) use step::{Happening, begin, live, step};

/// One process without its specification.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Process {
    pub(crate) want: Want,
    pub(crate) state: State,
    pub(crate) past: Past,
    /// How often it has been defined anew: a oneshot that succeeded under an older definition is
    /// not done.
    pub(crate) definition: u32,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Want {
    /// Up. A process that is done or has failed for good may be wanted up and be down.
    Up,
    /// Down.
    Down(Down),
    /// Down first, and then up: becomes `Up` once it is being brought down.
    Renew,
    /// Up; and renewed as soon as all that it needs is back.
    RenewLater,
}

/// How and why it is to be down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Down {
    pub(crate) haste: Haste,
    /// For people, where it was not themselves who asked.
    pub(crate) why: Option<String>,
    pub(crate) after: After,
}

/// How long a stop may take until SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// As the process itself says.
    Own,
    /// This long.
    Within(Duration),
    /// SIGKILL at once, and in no order.
    Kill,
}

/// What comes when it is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    /// It was removed.
    Forget,
}

/// What is true.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// Nothing of it lives.
    Down(Rest),
    /// A run was ordered and nobody has answered yet.
    Launching { run: RunId, start: Start },
    /// The leader lives and nobody is ending it.
    Live(Live),
    /// The leader has ended, and descendants may be left; it will rest so when they are gone.
    Ended { run: RunId, rest: Rest },
    /// It is being brought down.
    Halting(Halting),
    /// It was to be brought down, and these live on.
    Stuck {
        run: RunId,
        pids: Vec<i32>,
        rest: Rest,
    },
}

/// Why a run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Fresh,
    Again,
}

/// How a process is down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rest {
    /// Goes when it is wanted, unless a schedule tells when.
    Stopped {
        /// Why, where it was not a person who stopped it.
        why: Option<String>,
    },
    /// Goes: its schedule says so.
    Due,
    /// Goes: as a restart.
    Again,
    /// Goes at `until`: as a restart.
    Delay { until: Duration, message: String },
    /// Has ended well.
    Exited {
        /// The definition under which it ran.
        definition: u32,
    },
    /// Has failed for good.
    Crashed { message: String, then: Then },
}

/// What may end a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Only a person.
    Stay,
    /// A change of a file below its folder.
    Change,
}

/// A run whose leader lives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Live {
    pub(crate) run: RunId,
    pub(crate) pid: i32,
    pub(crate) since: Since,
    pub(crate) phase: Phase,
    pub(crate) pace: Pace,
    /// Until when a line that somebody waits for may take to come.
    pub(crate) patience: Duration,
    /// The last answer of the health check and when it came (nanoseconds since 1970).
    pub(crate) verdict: Option<(String, u64)>,
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    /// Not healthy yet, and has until then.
    Starting { until: Duration },
    /// Not healthy when it should have been.
    Overdue { message: String },
    /// Is or was ready.
    Ready(Wellness),
}

/// How well a ready run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wellness {
    /// Nobody checks.
    Unchecked,
    Well,
    /// So many checks in a row have failed, too few to count.
    Failing(u32),
    Unwell,
}

/// Whether its tree is stopped by SIGSTOP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Going,
    /// Since then; the start period does not run meanwhile.
    Frozen(Duration),
}

/// A run that is being brought down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Halting {
    pub(crate) run: RunId,
    pub(crate) leader: Leader,
    /// When all that is left gets SIGKILL.
    pub(crate) kill_at: Duration,
    pub(crate) landing: Landing,
}

/// The leader of a run that is being brought down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leader {
    /// The launch is not answered yet.
    Unborn,
    Alive {
        pid: i32,
        since: Since,
    },
    Dead,
}

/// What a run that is being brought down leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Landing {
    /// Somebody asked for it.
    Asked(Rest),
    /// Forge found fault with it: its end is a failure.
    Fault(Fault),
    /// It had ended by itself and was judged; what is left of it is being ended.
    Kept(Rest),
}

/// Why Forge brings down a run by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its output said that the start has failed.
    StartFailed { line: String },
    /// Its health check says so, and it asks to be restarted then.
    Unhealthy { message: String },
    /// It uses more than it may.
    Exceeded { what: String },
}

/// What a step leads to beyond the process itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// It has ended and nobody had asked for it.
    Ended {
        ending: Ending,
        /// As a shell would give it.
        code: i32,
        /// In words.
        words: String,
    },
    /// It is about to be renewed.
    Renewed,
    /// It is to go down, and no person has asked for it.
    Stopped,
}

/// Whether an end that nobody asked for is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Well,
    Badly,
}

/// What a step wants done, and what others must hear.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) effects: Vec<Effect>,
    pub(crate) news: Vec<News>,
}

impl Process {
    /// Defined, and nothing more.
    pub(crate) fn new() -> Self {
        Process {
            want: Want::Down(Down::asked()),
            state: State::Down(Rest::stopped()),
            past: Past::default(),
            definition: 0,
        }
    }

    /// Whether anything of it lives, as far as can still be decided: what could not be ended is
    /// not waited for.
    pub(crate) fn is_alive(&self) -> bool {
        match &self.state {
            State::Launching { .. } | State::Live(_) | State::Ended { .. } | State::Halting(_) => {
                true
            }
            State::Down(_) | State::Stuck { .. } => false,
        }
    }

    /// Whether it runs, or is about to, and nobody is ending it.
    pub(crate) fn is_up(&self) -> bool {
        match &self.state {
            State::Launching { .. } | State::Live(_) => true,
            State::Ended { .. } | State::Halting(_) | State::Down(_) | State::Stuck { .. } => false,
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        match &self.want {
            Want::Up | Want::Renew | Want::RenewLater => true,
            Want::Down(_) => false,
        }
    }

    /// How it is down, or will be once nothing is left of it.
    pub(crate) fn rest(&self) -> Option<&Rest> {
        match &self.state {
            State::Down(rest) | State::Ended { rest, .. } => Some(rest),
            State::Launching { .. } | State::Live(_) | State::Halting(_) | State::Stuck { .. } => {
                None
            }
        }
    }

    /// The same, to be changed. What is being ended lands there too.
    pub(crate) fn rest_mut(&mut self) -> Option<&mut Rest> {
        match &mut self.state {
            State::Down(rest) | State::Ended { rest, .. } | State::Stuck { rest, .. } => Some(rest),
            State::Halting(halting) => match &mut halting.landing {
                Landing::Asked(rest) | Landing::Kept(rest) => Some(rest),
                Landing::Fault(_) => None,
            },
            State::Launching { .. } | State::Live(_) => None,
        }
    }

    /// Changes how it is down; what lives is left alone.
    pub(crate) fn set_rest(&mut self, new: Rest) {
        if let Some(rest) = self.rest_mut() {
            *rest = new;
        }
    }

    /// The run that lives or is about to.
    pub(crate) fn live_run(&self) -> Option<RunId> {
        match &self.state {
            State::Launching { run, .. } | State::Ended { run, .. } | State::Stuck { run, .. } => {
                Some(*run)
            }
            State::Live(live) => Some(live.run),
            State::Halting(halting) => Some(halting.run),
            State::Down(_) => None,
        }
    }

    /// A user has taken it in hand: what has failed before does not count.
    pub(crate) fn forgive(&mut self) {
        self.past.failures.clear();
    }

    /// A user has started it, rather than restarted it.
    pub(crate) fn begin_anew(&mut self) {
        self.forgive();
        self.past.restarts = 0;
        self.past.ended = None;
    }
}

impl Fault {
    /// For people.
    pub(crate) fn message(&self) -> String {
        match self {
            Fault::StartFailed { line } => format!("the start has failed: {line}"),
            Fault::Unhealthy { message } => message.clone(),
            Fault::Exceeded { what } => format!("uses more than it may: {what}"),
        }
    }
}

impl Rest {
    /// Stopped, and nothing to say about it.
    pub(crate) fn stopped() -> Self {
        Rest::Stopped { why: None }
    }
}

impl Down {
    /// Somebody asked.
    pub(crate) fn asked() -> Self {
        Down {
            haste: Haste::Own,
            why: None,
            after: After::Keep,
        }
    }

    /// Something else went down.
    pub(crate) fn because(why: String, haste: Haste) -> Self {
        Down {
            haste,
            why: Some(why),
            after: After::Keep,
        }
    }
}

impl Haste {
    /// How long until SIGKILL.
    pub(crate) fn timeout(self, stop: &StopSpec) -> Duration {
        match self {
            Haste::Own => stop.timeout,
            Haste::Within(timeout) => timeout,
            Haste::Kill => Duration::ZERO,
        }
    }
}
