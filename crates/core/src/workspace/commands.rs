//! What people ask for: define, start, stop, restart, remove, pause, resume. Each only sets what
//! is wanted; the rest follows by itself.

use std::time::Duration;

use super::needs::Hold;
use super::rules::notice;
use super::spread::Loss;
use super::{Slot, Workspace};
use crate::event::Effect;
use crate::graph::Target;
use crate::process::{self, After, Down, Haste, Out, Process, Rest, State, Want};
use crate::spec::{Condition, ProcessSpec};
use crate::words::list;

/// How long a stop may take, as it was asked for.
pub(super) fn haste(timeout: Option<Duration>, force: bool) -> Haste {
    match (force, timeout) {
        (true, _) => Haste::Kill,
        (false, Some(timeout)) => Haste::Within(timeout),
        (false, None) => Haste::Own,
    }
}

impl Workspace {
    pub(super) fn define(&mut self, specs: Vec<ProcessSpec>) {
        for spec in specs {
            match self.place(&spec.name) {
                Some(place) => redefine(&mut self.slots[place], spec),
                None => {
                    self.index.insert(spec.name.clone(), self.slots.len());
                    self.slots.push(Slot::new(spec));
                }
            }
        }
        self.rebuild();
    }

    /// Wants these up, and what they need.
    ///
    /// A oneshot that has succeeded runs again when it is named and something that needs it has to
    /// be started, or when only oneshots are named; one that is merely needed runs again when its
    /// definition has changed since and something that needs it has to be started. So a start of
    /// what runs changes nothing.
    pub(super) fn start(&mut self, names: &[String]) {
        self.exit_code = None;
        let listed = self.marked(names);
        let closure = self.with_needs(&listed);
        let only_oneshots = (0..self.slots.len())
            .filter(|place| listed[*place])
            .all(|place| self.slots[place].spec.oneshot);
        let begins: Vec<bool> = (0..self.slots.len())
            .map(|place| closure[place] && has_to_begin(&self.slots[place]))
            .collect();
        let needed = self.needed_by_some(&closure, &begins);
        for place in 0..self.slots.len() {
            if !closure[place] {
                continue;
            }
            let again = match (self.slots[place].spec.oneshot, listed[place]) {
                (true, true) => only_oneshots || needed[place],
                (true, false) => needed[place] && is_outdated(&self.slots[place]),
                (false, true) => true,
                (false, false) => self.is_needed_alive(place, &closure),
            };
            raise(&mut self.slots[place], again);
        }
    }

    pub(super) fn restart(&mut self, names: &[String], effects: &mut Vec<Effect>) {
        self.exit_code = None;
        let listed = self.marked(names);
        let closure = self.with_needs(&listed);
        let needed = self.needed_by_some(&closure, &listed);
        for place in 0..self.slots.len() {
            if listed[place] {
                renew(&mut self.slots[place]);
            } else if closure[place] {
                let again = match self.slots[place].spec.oneshot {
                    true => needed[place] && is_outdated(&self.slots[place]),
                    false => self.is_needed_alive(place, &closure),
                };
                raise(&mut self.slots[place], again);
            }
        }
        for place in (0..self.slots.len()).filter(|place| listed[*place]) {
            self.lost(place, Loss::Renewed, Haste::Own, effects);
        }
    }

    pub(super) fn stop(&mut self, names: &[String], haste: Haste, effects: &mut Vec<Effect>) {
        self.take_down(names, haste, After::Keep, effects);
    }

    pub(super) fn remove(&mut self, names: &[String], effects: &mut Vec<Effect>) {
        self.take_down(names, Haste::Own, After::Forget, effects);
    }

    fn take_down(
        &mut self,
        names: &[String],
        haste: Haste,
        after: After,
        effects: &mut Vec<Effect>,
    ) {
        let listed = self.marked(names);
        let places: Vec<usize> = (0..self.slots.len()).filter(|p| listed[*p]).collect();
        let mut fell = Vec::new();
        for place in places {
            let slot = &mut self.slots[place];
            if slot.process.is_up() && slot.process.is_wanted() {
                fell.push(place);
            }
            lower(slot, haste, after);
        }
        for place in &fell {
            self.lost(*place, Loss::Down, haste, effects);
        }
        for place in fell {
            self.tell_who_stays(place, effects);
        }
    }

    /// Dependents of a process that goes down go on running; people should know.
    fn tell_who_stays(&self, place: usize, effects: &mut Vec<Effect>) {
        let mut names: Vec<String> = Vec::new();
        for (dependent, edge) in &self.graph.needed_by[place] {
            let slot = &self.slots[*dependent];
            let lives_by_it = match slot.latest().depends_on[*edge].condition {
                Condition::Started | Condition::Healthy | Condition::Log(_) => true,
                Condition::Completed | Condition::Exited => false,
            };
            let name = format!("`{}`", slot.spec.name);
            let stays = slot.process.is_up() && slot.process.is_wanted();
            if lives_by_it && stays && !names.contains(&name) {
                names.push(name);
            }
        }
        let verbs = match names.len() {
            0 => return,
            1 => "depends on it and goes on running",
            _ => "depend on it and go on running",
        };
        let text = format!("it is stopped; {} {verbs}", list(&names));
        notice(&self.slots[place], text, effects);
    }

    pub(super) fn freeze(&mut self, names: &[String], stop: bool, effects: &mut Vec<Effect>) {
        let now = self.now;
        let mut out = Out::default();
        let listed = self.marked(names);
        for (slot, listed) in self.slots.iter_mut().zip(listed) {
            if listed {
                process::freeze(&slot.spec, &mut slot.process, stop, now, &mut out);
            }
        }
        effects.append(&mut out.effects);
    }

    /// Which slots are named.
    fn marked(&self, names: &[String]) -> Vec<bool> {
        let mut marked = vec![false; self.slots.len()];
        for place in names.iter().filter_map(|name| self.place(name)) {
            marked[place] = true;
        }
        marked
    }

    /// These and all that they need, directly or not.
    fn with_needs(&self, listed: &[bool]) -> Vec<bool> {
        let mut closure = listed.to_vec();
        for place in self.graph.order.iter().rev() {
            if !closure[*place] {
                continue;
            }
            for target in &self.graph.needs[*place] {
                match target {
                    Target::Known(target) => closure[*target] = true,
                    Target::Missing | Target::Loop => {}
                }
            }
        }
        closure
    }

    /// Which of these are needed, directly or not, by one of them that begins.
    fn needed_by_some(&self, closure: &[bool], begins: &[bool]) -> Vec<bool> {
        let mut needed = vec![false; self.slots.len()];
        for place in self.graph.order.iter().rev() {
            needed[*place] = self.graph.needed_by[*place]
                .iter()
                .any(|(by, _)| closure[*by] && (begins[*by] || needed[*by]));
        }
        needed
    }

    /// Whether one of these needs it to be alive, rather than to have ended.
    fn is_needed_alive(&self, place: usize, closure: &[bool]) -> bool {
        let edges = self.graph.needed_by[place].iter();
        edges.filter(|(by, _)| closure[*by]).any(|(by, edge)| {
            match self.slots[*by].latest().depends_on[*edge].condition {
                Condition::Healthy | Condition::Log(_) => true,
                Condition::Started | Condition::Completed | Condition::Exited => false,
            }
        })
    }
}

impl Slot {
    pub(super) fn new(spec: ProcessSpec) -> Self {
        Slot {
            spec,
            next: None,
            process: Process::new(),
            needs: Hold::Free,
            held: Hold::Free,
        }
    }
}

fn redefine(slot: &mut Slot, spec: ProcessSpec) {
    if let Want::Down(down) = &mut slot.process.want {
        down.after = After::Keep;
    }
    slot.next = match spec == slot.spec {
        true => None,
        false => Some(Box::new(spec)),
    };
}

/// Whether a start has to begin a run of it.
fn has_to_begin(slot: &Slot) -> bool {
    match (&slot.process.state, &slot.process.want) {
        (State::Live(_) | State::Launching { .. }, Want::Down(_)) => false,
        (State::Live(_) | State::Launching { .. }, Want::Up | Want::Renew | Want::RenewLater) => {
            false
        }
        (State::Down(rest) | State::Ended { rest, .. }, _) => match rest {
            Rest::Exited { .. } => !slot.spec.oneshot,
            Rest::Stopped { .. } => slot.spec.schedule.is_none(),
            Rest::Due | Rest::Again | Rest::Delay { .. } | Rest::Crashed { .. } => true,
        },
        (State::Halting(_) | State::Stuck { .. }, _) => true,
    }
}

/// Whether a oneshot has succeeded, but under an older definition.
fn is_outdated(slot: &Slot) -> bool {
    match slot.process.rest() {
        Some(Rest::Exited { definition }) => *definition != slot.process.definition,
        Some(
            Rest::Stopped { .. }
            | Rest::Due
            | Rest::Again
            | Rest::Delay { .. }
            | Rest::Crashed { .. },
        )
        | None => false,
    }
}

/// Wants it up; `again` even if it has ended well.
fn raise(slot: &mut Slot, again: bool) {
    let process = &mut slot.process;
    let was_down = !process.is_wanted();
    if was_down {
        process.want = Want::Up;
    }
    let Some(rest) = process.rest_mut() else {
        return;
    };
    match rest {
        Rest::Stopped { .. } if !was_down => return,
        Rest::Exited { .. } if !again => return,
        Rest::Due | Rest::Again => return,
        Rest::Delay { .. } => {
            *rest = Rest::Again;
            process.forgive();
            return;
        }
        Rest::Stopped { .. } | Rest::Exited { .. } | Rest::Crashed { .. } => {}
    }
    *rest = Rest::stopped();
    process.begin_anew();
}

/// Wants it down and then up again; one that is down is only wanted up.
fn renew(slot: &mut Slot) {
    let process = &mut slot.process;
    let was_down = !process.is_wanted();
    match &mut process.state {
        State::Launching { .. } | State::Live(_) | State::Ended { .. } | State::Halting(_) => {
            process.want = Want::Renew;
            return;
        }
        State::Stuck { run, .. } => {
            let (run, rest) = (*run, Rest::Again);
            process.state = State::Ended { run, rest };
            process.want = Want::Renew;
            return;
        }
        State::Down(_) => process.want = Want::Up,
    }
    match process.rest() {
        Some(Rest::Stopped { .. }) if was_down => process.begin_anew(),
        Some(Rest::Exited { .. } | Rest::Crashed { .. } | Rest::Delay { .. }) => {
            process.set_rest(Rest::Again);
            process.forgive();
        }
        Some(Rest::Stopped { .. } | Rest::Due | Rest::Again) | None => {}
    }
}

/// Wants it down. What has ended, well or not, is no longer shown as that.
fn lower(slot: &mut Slot, haste: Haste, after: After) {
    let stop = &slot.spec.stop;
    let process = &mut slot.process;
    let haste = match &process.want {
        Want::Down(down) if process.is_alive() => {
            match down.haste.timeout(stop) < haste.timeout(stop) {
                true => down.haste,
                false => haste,
            }
        }
        Want::Down(_) | Want::Up | Want::Renew | Want::RenewLater => haste,
    };
    process.want = Want::Down(Down {
        haste,
        why: None,
        after,
    });
    if let State::Stuck { run, .. } = &process.state {
        let (run, rest) = (*run, Rest::stopped());
        process.state = State::Ended { run, rest };
    }
    match process.rest_mut() {
        Some(rest @ (Rest::Exited { .. } | Rest::Crashed { .. } | Rest::Stopped { .. })) => {
            *rest = Rest::stopped();
        }
        Some(Rest::Due | Rest::Again | Rest::Delay { .. }) | None => {}
    }
}
