//! Whether a process has what it needs: the answer to each edge of the graph.

use std::time::Duration;

use super::Slot;
use crate::graph::{Graph, Target};
use crate::process::{Ended, Landing, Live, Pace, Past, Phase, Rest, State, Want, Wellness};
use crate::spec::{Condition, Pattern};

/// How a need stands. Ordered: the worst of several counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// Met.
    Free,
    /// Not yet met; something is under way that will decide it.
    Waiting,
    /// Not met, and nothing is under way.
    Broken,
}

/// How all needs of a process stand together.
pub(super) fn all(slots: &[Slot], graph: &Graph, place: usize, mono: Duration) -> Hold {
    let edges = 0..graph.needs[place].len();
    let holds = edges.map(|edge| one(slots, graph, place, edge, mono));
    holds.max().unwrap_or(Hold::Free)
}

/// How one need stands. The needs of the target must have been worked out before.
pub(super) fn one(
    slots: &[Slot],
    graph: &Graph,
    place: usize,
    edge: usize,
    mono: Duration,
) -> Hold {
    let Target::Known(target) = graph.needs[place][edge] else {
        return Hold::Broken;
    };
    let condition = &slots[place].latest().depends_on[edge].condition;
    standing(&slots[target], condition, mono)
}

fn standing(target: &Slot, condition: &Condition, mono: Duration) -> Hold {
    let process = &target.process;
    if let Condition::Exited = condition
        && let Some((_, Ended::Ran(_))) = process.past.ended
    {
        return Hold::Free;
    }
    match (&process.want, target.needs) {
        // About to be renewed: who began now would only lose it again.
        (Want::Renew, _) | (Want::RenewLater, Hold::Free | Hold::Waiting) => return Hold::Waiting,
        (Want::RenewLater, Hold::Broken) | (Want::Up | Want::Down(_), _) => {}
    }
    match &process.state {
        State::Down(rest) | State::Ended { rest, .. } => resting(target, rest, condition),
        State::Launching { .. } => under_way(target),
        State::Live(live) => match &process.want {
            Want::Down(_) => Hold::Broken,
            Want::Up | Want::Renew | Want::RenewLater => {
                living(&process.past, live, condition, mono)
            }
        },
        State::Halting(halting) => match &halting.landing {
            Landing::Kept(rest) => resting(target, rest, condition),
            Landing::Asked(_) | Landing::Fault(_) => under_way(target),
        },
        State::Stuck { .. } => Hold::Broken,
    }
}

/// It will be up before long, if it is meant to.
fn under_way(target: &Slot) -> Hold {
    match &target.process.want {
        Want::Up | Want::Renew | Want::RenewLater => Hold::Waiting,
        Want::Down(_) => Hold::Broken,
    }
}

fn resting(target: &Slot, rest: &Rest, condition: &Condition) -> Hold {
    match rest {
        Rest::Exited { .. } => match condition {
            // What it needed itself is needed still, if it is on its way back: after a restart of
            // both a database and a server, a migration between them that is done must not let the
            // server go too early.
            Condition::Started | Condition::Completed | Condition::Exited => {
                match (&target.process.want, target.needs) {
                    (Want::Up | Want::RenewLater, Hold::Waiting) => Hold::Waiting,
                    (Want::Up | Want::RenewLater, Hold::Free | Hold::Broken)
                    | (Want::Renew | Want::Down(_), _) => Hold::Free,
                }
            }
            Condition::Log(pattern) => matched(&target.process.past, pattern, Hold::Broken),
            Condition::Healthy => Hold::Broken,
        },
        Rest::Crashed { .. } => Hold::Broken,
        Rest::Stopped { .. } if target.spec.schedule.is_some() => Hold::Broken,
        Rest::Stopped { .. } | Rest::Due | Rest::Again | Rest::Delay { .. } => under_way(target)
            .max(match target.needs {
                Hold::Free | Hold::Waiting => Hold::Waiting,
                Hold::Broken => Hold::Broken,
            }),
    }
}

fn living(past: &Past, live: &Live, condition: &Condition, mono: Duration) -> Hold {
    match (condition, live.pace) {
        (Condition::Started, _) => return Hold::Free,
        (Condition::Healthy | Condition::Log(_), Pace::Frozen(_)) => return Hold::Broken,
        (Condition::Healthy | Condition::Log(_), Pace::Going) => {}
        (Condition::Completed | Condition::Exited, _) => return Hold::Waiting,
    }
    match condition {
        Condition::Healthy => match &live.phase {
            Phase::Starting { .. } => Hold::Waiting,
            Phase::Overdue { .. } | Phase::Ready(Wellness::Unwell) => Hold::Broken,
            Phase::Ready(Wellness::Unchecked | Wellness::Well | Wellness::Failing(_)) => Hold::Free,
        },
        Condition::Log(pattern) if mono >= live.patience => matched(past, pattern, Hold::Broken),
        Condition::Log(pattern) => matched(past, pattern, Hold::Waiting),
        Condition::Started | Condition::Completed | Condition::Exited => Hold::Free,
    }
}

fn matched(past: &Past, pattern: &Pattern, otherwise: Hold) -> Hold {
    match past.matched.contains(pattern) {
        true => Hold::Free,
        false => otherwise,
    }
}
