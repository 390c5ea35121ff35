//! Why a process is, or is not, up: the chain of reasons.

use std::time::Duration;

use forge_facts::Exit;

use super::Workspace;
use super::text::with_condition;
use crate::graph::Target;
use crate::process::{Ended, State, Want};
use crate::words::{exit_words, list, restarts};

/// One link of a chain of reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// For people: `backend waits for postgres (healthy)`.
    pub text: String,
    /// The process that it is about.
    pub process: String,
}

impl Workspace {
    /// First the process itself, then all that it lacks, each once, nearest first.
    pub(super) fn reasons(&self, place: usize, mono: Duration) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let mut seen = vec![false; self.slots.len()];
        let mut queue = std::collections::VecDeque::from([place]);
        seen[place] = true;
        while let Some(place) = queue.pop_front() {
            self.explain(place, mono, &mut reasons);
            if !self.is_to_be_explained_further(place) {
                continue;
            }
            for edge in self.unmet_edges(place) {
                match self.graph.needs[place][edge] {
                    Target::Known(target) if !std::mem::replace(&mut seen[target], true) => {
                        queue.push_back(target);
                    }
                    Target::Known(_) | Target::Missing | Target::Loop => {}
                }
            }
        }
        reasons
    }

    /// Whether what it lacks has to do with how it is.
    fn is_to_be_explained_further(&self, place: usize) -> bool {
        let slot = &self.slots[place];
        match (&slot.process.state, &slot.process.want) {
            (_, Want::RenewLater) => true,
            (State::Down(_) | State::Ended { .. }, Want::Up) => {
                slot.held != super::Hold::Free || slot.needs == super::Hold::Waiting
            }
            (
                State::Launching { .. } | State::Live(_) | State::Halting(_) | State::Stuck { .. },
                Want::Up,
            )
            | (_, Want::Renew | Want::Down(_)) => false,
        }
    }

    fn explain(&self, place: usize, mono: Duration, reasons: &mut Vec<Reason>) {
        let slot = &self.slots[place];
        let name = &slot.spec.name;
        let mut say = |text: String| {
            reasons.push(Reason {
                text: format!("{name} {text}"),
                process: name.clone(),
            });
        };
        match (&slot.process.state, slot.held) {
            (State::Down(_) | State::Ended { .. }, super::Hold::Waiting | super::Hold::Broken) => {
                for edge in self.unmet_edges(place) {
                    let need = &slot.latest().depends_on[edge];
                    let missing = match self.graph.needs[place][edge] {
                        Target::Missing => ", which is not defined",
                        Target::Loop => ", which needs it in turn",
                        Target::Known(_) => "",
                    };
                    say(format!("waits for {}{missing}", with_condition(need)));
                }
            }
            (
                State::Down(_)
                | State::Ended { .. }
                | State::Launching { .. }
                | State::Live(_)
                | State::Halting(_)
                | State::Stuck { .. },
                _,
            ) => say(self.clause(place, Some(mono))),
        }
        if let Some(others) = self.goes_down_before(place) {
            say(format!("goes down after {others}"));
        }
        if let Want::RenewLater = slot.process.want {
            say("restarts once what it needs is back".to_string());
        }
        let past = &slot.process.past;
        if past.restarts == 0 {
            return;
        }
        let again = restarts(past.restarts);
        match past.ended {
            Some((_, Ended::Ran(Exit::Unknown)) | (_, Ended::NeverBegan(_))) | None => {
                say(format!("has had {again}"));
            }
            Some((run, Ended::Ran(exit))) if past.run != Some(run) => {
                let exit = exit_words(exit);
                say(format!("has had {again}; its last run ended: {exit}"));
            }
            Some((_, Ended::Ran(_))) => say(format!("has had {again}")),
        }
    }

    /// The dependents that have to go before a process that is to go down.
    fn goes_down_before(&self, place: usize) -> Option<String> {
        let process = &self.slots[place].process;
        match &process.want {
            Want::Down(_) | Want::Renew if process.is_up() => {}
            Want::Down(_) | Want::Renew | Want::Up | Want::RenewLater => return None,
        }
        let mut names: Vec<String> = Vec::new();
        for (dependent, _) in &self.graph.needed_by[place] {
            let slot = &self.slots[*dependent];
            if super::rules::is_leaving(&slot.process) && !names.contains(&slot.spec.name) {
                names.push(slot.spec.name.clone());
            }
        }
        (!names.is_empty()).then(|| list(&names))
    }
}
