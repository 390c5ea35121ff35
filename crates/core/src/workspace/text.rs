//! Sentences about processes: what one is doing, and what another lacks because of it.

use std::time::Duration;

use super::needs::{self, Hold};
use super::{Slot, Workspace};
use crate::graph::Target;
use crate::process::{Halting, Landing, Leader, Live, Pace, Phase, Rest, State, Want, Wellness};
use crate::spec::{Condition, Dependency};
use crate::words::{self, exit_words, list, remaining, span};

impl Workspace {
    /// What a process is doing, to follow its name or `which`: `crashed: exit code 1`. With `mono`
    /// it tells the time that is left of a wait.
    pub(super) fn clause(&self, place: usize, mono: Option<Duration>) -> String {
        let slot = &self.slots[place];
        match &slot.process.state {
            State::Down(rest) | State::Ended { rest, .. } => self.rest_clause(place, rest, mono),
            State::Launching { .. } => match &slot.process.want {
                Want::Down(_) => "is being stopped".to_string(),
                Want::Up | Want::Renew | Want::RenewLater => "is starting".to_string(),
            },
            State::Live(live) => live_clause(slot, live),
            State::Halting(halting) => self.halting_clause(place, halting, mono),
            State::Stuck { pids, .. } => format!("could not be ended ({})", words::pids(pids)),
        }
    }

    fn halting_clause(&self, place: usize, halting: &Halting, mono: Option<Duration>) -> String {
        match (&halting.landing, self.slots[place].process.is_wanted()) {
            (_, false) => "is being stopped".to_string(),
            (Landing::Asked(_) | Landing::Fault(_), true) => "is being restarted".to_string(),
            (Landing::Kept(rest), true) => {
                let text = self.rest_clause(place, rest, mono);
                format!("{text}; what is left of its last run is being ended")
            }
        }
    }

    fn rest_clause(&self, place: usize, rest: &Rest, mono: Option<Duration>) -> String {
        let slot = &self.slots[place];
        match rest {
            Rest::Stopped { why } if !slot.process.is_wanted() => match why {
                Some(why) => format!("is stopped: {why}"),
                None => "is stopped".to_string(),
            },
            Rest::Stopped { why } if slot.spec.schedule.is_some() => match why {
                Some(why) => format!("runs by its schedule: {why}"),
                None => "runs by its schedule".to_string(),
            },
            Rest::Stopped { .. } | Rest::Due | Rest::Again => self.held_clause(place),
            Rest::Delay { until, message } => match mono {
                Some(mono) if *until > mono => {
                    let left = remaining(until.saturating_sub(mono));
                    format!("is restarting: {message}, next try in {left}")
                }
                Some(_) if slot.held != Hold::Free => self.held_clause(place),
                Some(_) | None => format!("is restarting: {message}"),
            },
            Rest::Exited { .. } => {
                let ended = slot.process.past.ended;
                match ended.and_then(|(_, ended)| ended.exit()) {
                    Some(exit) => format!("has exited ({})", exit_words(exit)),
                    None => "has exited".to_string(),
                }
            }
            Rest::Crashed { message, .. } => format!("crashed: {message}"),
        }
    }

    fn held_clause(&self, place: usize) -> String {
        match self.slots[place].held {
            Hold::Free => "is about to start".to_string(),
            Hold::Waiting => format!("waits for {}", list(&self.unmet_with_conditions(place))),
            Hold::Broken => format!("is not started: it {}", self.broken_need(place)),
        }
    }

    /// The names of the dependencies that a process lacks.
    pub(super) fn unmet(&self, place: usize) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for edge in self.unmet_edges(place) {
            let on = &self.slots[place].latest().depends_on[edge].on;
            if !names.contains(on) {
                names.push(on.clone());
            }
        }
        names
    }

    pub(super) fn unmet_edges(&self, place: usize) -> Vec<usize> {
        let count = self.graph.needs[place].len();
        (0..count)
            .filter(|edge| self.hold_of(place, *edge) != Hold::Free)
            .collect()
    }

    fn hold_of(&self, place: usize, edge: usize) -> Hold {
        needs::one(&self.slots, &self.graph, place, edge, self.now.mono)
    }

    fn unmet_with_conditions(&self, place: usize) -> Vec<String> {
        let needs = &self.slots[place].latest().depends_on;
        let unmet = self.unmet_edges(place).into_iter();
        unmet.map(|edge| with_condition(&needs[edge])).collect()
    }

    /// Which need of a process will not be met, and why: ``needs `db`, which crashed: exit code 1``.
    pub(super) fn broken_need(&self, place: usize) -> String {
        let edges = 0..self.graph.needs[place].len();
        let broken = edges
            .into_iter()
            .find(|edge| self.hold_of(place, *edge) == Hold::Broken);
        let Some(edge) = broken else {
            return "what it needs is not there".to_string();
        };
        let need = &self.slots[place].latest().depends_on[edge];
        let on = &need.on;
        match self.graph.needs[place][edge] {
            Target::Missing => format!("needs `{on}`, which is not defined"),
            Target::Loop => format!("needs `{on}`, which needs it in turn"),
            Target::Known(target) => {
                format!("needs `{on}`, which {}", self.lack(target, need))
            }
        }
    }

    /// Why a target does not meet a condition for good.
    fn lack(&self, target: usize, need: &Dependency) -> String {
        let clause = self.clause(target, None);
        let Condition::Log(pattern) = &need.condition else {
            return clause;
        };
        let slot = &self.slots[target];
        match &slot.process.state {
            State::Live(live) if live.pace == Pace::Going && slot.process.is_wanted() => {
                let check = slot.spec.readiness();
                let within = check.map_or(Duration::from_secs(60), |check| check.start_period);
                format!(
                    "has printed no line that matches `{}` within {}",
                    pattern.0,
                    span(within)
                )
            }
            State::Down(Rest::Exited { .. })
            | State::Ended {
                rest: Rest::Exited { .. },
                ..
            } => {
                format!("{clause} without a line that matches `{}`", pattern.0)
            }
            State::Down(_)
            | State::Live(_)
            | State::Launching { .. }
            | State::Ended { .. }
            | State::Halting(_)
            | State::Stuck { .. } => clause,
        }
    }
}

fn live_clause(slot: &Slot, live: &Live) -> String {
    match (&slot.process.want, live.pace) {
        (Want::Down(_), _) => return "is being stopped".to_string(),
        (Want::Renew, _) => return "is being restarted".to_string(),
        (Want::Up | Want::RenewLater, Pace::Frozen(_)) => return "is paused".to_string(),
        (Want::Up | Want::RenewLater, Pace::Going) => {}
    }
    let detail = live.verdict.as_ref().map(|(detail, _)| detail.as_str());
    match (&live.phase, detail) {
        (Phase::Starting { .. }, Some(detail)) => format!("is not ready yet: {detail}"),
        (Phase::Starting { .. }, None) => "is not ready yet".to_string(),
        (Phase::Overdue { message }, _) => format!("was {message}"),
        (Phase::Ready(Wellness::Unwell), Some(detail)) => format!("is unhealthy: {detail}"),
        (Phase::Ready(Wellness::Unwell), None) => "is unhealthy".to_string(),
        (Phase::Ready(Wellness::Unchecked | Wellness::Well | Wellness::Failing(_)), _) => {
            format!("is running (pid {})", live.pid)
        }
    }
}

/// `postgres (healthy)`.
pub(super) fn with_condition(need: &Dependency) -> String {
    let condition = match &need.condition {
        Condition::Started => "started".to_string(),
        Condition::Healthy => "healthy".to_string(),
        Condition::Completed => "completed".to_string(),
        Condition::Exited => "exited".to_string(),
        Condition::Log(pattern) => format!("a line that matches `{}`", pattern.0),
    };
    format!("{} ({condition})", need.on)
}

/// The pid of a leader that lives.
pub(super) fn pid(leader: Leader) -> Option<i32> {
    match leader {
        Leader::Alive { pid, .. } => Some(pid),
        Leader::Unborn | Leader::Dead => None,
    }
}
