//! What follows: first for others, then along the graph. See the crate's theory of operation.

use std::time::Duration;

use super::needs::{self, Hold};
use super::rules::{deadlines, is_forgotten, is_leaving, is_to_go, kept_or_stopped, notice};
use super::spread::Loss;
use super::{Slot, Workspace};
use crate::event::Effect;
use crate::graph::Graph;
use crate::process::{self, Haste, Landing, Out, Rest, State, Want};
use crate::spec::StopOrder;

impl Workspace {
    /// Brings everything to where nothing more follows.
    pub(super) fn settle(&mut self, effects: &mut Vec<Effect>) {
        self.see_what_is_overdue(effects);
        self.spread_news(effects);
        self.forget(effects);
        loop {
            self.bring_down(effects);
            self.adopt_definitions();
            self.let_go(effects);
            if !self.renew_what_has_waited(effects) {
                return;
            }
        }
    }

    fn see_what_is_overdue(&mut self, effects: &mut Vec<Effect>) {
        let mut out = Out::default();
        for slot in &mut self.slots {
            match &slot.process.want {
                Want::Up | Want::RenewLater => {
                    process::overdue(&slot.spec, &mut slot.process, self.now, &mut out);
                }
                Want::Renew | Want::Down(_) => {}
            }
        }
        effects.append(&mut out.effects);
    }

    /// Dependents first: halts what is to go down and whose dependents have gone, and settles what
    /// is down already.
    fn bring_down(&mut self, effects: &mut Vec<Effect>) {
        let mut out = Out::default();
        // Whether something that needs it, directly or not, is still going down.
        let mut awaited = vec![false; self.slots.len()];
        for at in (0..self.graph.order.len()).rev() {
            let place = self.graph.order[at];
            awaited[place] = self.graph.needed_by[place].iter().any(|(dependent, _)| {
                awaited[*dependent] || is_leaving(&self.slots[*dependent].process)
            });
            let ordered = match self.stop_order {
                StopOrder::Dependency => awaited[place],
                StopOrder::Parallel => false,
            };
            self.descend(place, ordered, &mut out);
        }
        effects.append(&mut out.effects);
    }

    /// One process on its way down; `must_wait` while others have to go before it.
    fn descend(&mut self, place: usize, must_wait: bool, out: &mut Out) {
        let (slot, now) = (&mut self.slots[place], self.now);
        let (spec, process) = (&slot.spec, &mut slot.process);
        // What is being ended already goes on being ended.
        let must_wait = must_wait && process.is_up();
        match &process.want {
            Want::Down(down) => {
                let (haste, why) = (down.haste, down.why.clone());
                process::cancel(spec, process, out);
                if !must_wait || haste == Haste::Kill {
                    let landing = kept_or_stopped(process, why);
                    process::halt(spec, process, landing, haste, now, out);
                }
            }
            Want::Renew if must_wait => {}
            Want::Renew => {
                process.want = Want::Up;
                match process.is_alive() {
                    true => {
                        let landing = Landing::Asked(Rest::Again);
                        process::halt(spec, process, landing, Haste::Own, now, out);
                    }
                    false => process.set_rest(Rest::Again),
                }
            }
            Want::RenewLater if !process.is_up() => process.want = Want::Up,
            Want::Up | Want::RenewLater => {}
        }
        // What is left of a run that has ended must be gone before the next one.
        if let State::Ended { rest, .. } = &slot.process.state
            && is_to_go(slot, now.mono)
        {
            let landing = Landing::Kept(rest.clone());
            let (spec, process) = (&slot.spec, &mut slot.process);
            process::halt(spec, process, landing, Haste::Own, now, out);
        }
    }

    /// Removed processes that are down.
    fn forget(&mut self, effects: &mut Vec<Effect>) {
        let before = self.slots.len();
        self.slots.retain(|slot| {
            let forgotten = is_forgotten(&slot.process);
            if forgotten {
                effects.push(Effect::Forget {
                    name: slot.spec.name.clone(),
                });
            }
            !forgotten
        });
        if self.slots.len() < before {
            self.rebuild();
        }
    }

    /// New definitions hold from when nothing lives that was begun under the old one.
    fn adopt_definitions(&mut self) {
        for slot in &mut self.slots {
            if let State::Down(_) = slot.process.state
                && let Some(next) = slot.next.take()
            {
                slot.spec = *next;
                slot.process.definition = slot.process.definition.wrapping_add(1);
            }
        }
    }

    /// Dependencies first: lets go what is down, meant to be up and has what it needs.
    fn let_go(&mut self, effects: &mut Vec<Effect>) {
        for at in 0..self.graph.order.len() {
            let place = self.graph.order[at];
            let needs = needs::all(&self.slots, &self.graph, place, self.now.mono);
            let slot = &mut self.slots[place];
            let was_broken = slot.held == Hold::Broken;
            slot.needs = needs;
            slot.held = Hold::Free;
            if !is_to_go(slot, self.now.mono) {
                continue;
            }
            match (needs, &slot.process.state) {
                (Hold::Free, State::Down(_)) => {
                    let mut out = Out::default();
                    let run = self.runs.next(self.now);
                    process::go(&slot.spec, &mut slot.process, run, &mut out);
                    effects.append(&mut out.effects);
                }
                (hold, _) => {
                    slot.held = hold;
                    if hold == Hold::Broken && !was_broken {
                        let text = format!("not started: {}", self.broken_need(place));
                        notice(&self.slots[place], text, effects);
                    }
                }
            }
        }
    }

    /// Those that were to be renewed once what they need is back. Tells whether there were any.
    fn renew_what_has_waited(&mut self, effects: &mut Vec<Effect>) -> bool {
        let waited =
            |slot: &Slot| slot.process.want == Want::RenewLater && slot.needs == Hold::Free;
        let places: Vec<usize> = (0..self.slots.len())
            .filter(|place| waited(&self.slots[*place]))
            .collect();
        for place in &places {
            self.slots[*place].process.want = Want::Renew;
        }
        for place in &places {
            self.lost(*place, Loss::Renewed, Haste::Own, effects);
        }
        !places.is_empty()
    }

    /// The graph and the index of the present slots.
    pub(super) fn rebuild(&mut self) {
        let names = self.slots.iter().map(|slot| slot.spec.name.clone());
        self.index = names.zip(0..).collect();
        let specs: Vec<_> = self.slots.iter().map(Slot::latest).collect();
        self.graph = Graph::new(&specs, &self.index);
    }

    /// The next moment at which time alone changes something.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let of_slot = |(place, slot): (usize, &Slot)| {
            let heard = self.graph.listened_to[place];
            deadlines(slot, heard)
                .into_iter()
                .flatten()
                .filter(|at| *at > self.now.mono)
                .min()
        };
        self.slots.iter().enumerate().filter_map(of_slot).min()
    }
}
