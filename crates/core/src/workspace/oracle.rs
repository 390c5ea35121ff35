//! What must be true after every step, worked out from scratch. Only in debug builds.

use super::needs::{self, Hold};
use super::rules::{is_leaving, is_to_go};
use super::{Slot, Workspace};
use crate::process::{Haste, Landing, State, Want};
use crate::spec::StopOrder;

/// Panics, naming the process, where something is not as it must be.
pub(super) fn check(workspace: &Workspace) {
    for (place, slot) in workspace.slots.iter().enumerate() {
        let name = &slot.spec.name;
        assert_eq!(workspace.place(name), Some(place), "{name} is indexed");
        check_held(workspace, place, slot);
        check_descent(workspace, place, slot);
        if let State::Down(_) = slot.process.state {
            assert!(slot.next.is_none(), "{name}: its newest definition holds");
        }
    }
    assert!(workspace.news.is_empty(), "all news has been spread");
}

/// Whatever is down, wanted and has what it needs has gone; what is held is held for a reason.
fn check_held(workspace: &Workspace, place: usize, slot: &Slot) {
    let (slots, graph) = (&workspace.slots, &workspace.graph);
    let needs = needs::all(slots, graph, place, workspace.now.mono);
    let name = &slot.spec.name;
    assert_eq!(slot.needs, needs, "{name}: its needs are as remembered");
    match (&slot.process.state, is_to_go(slot, workspace.now.mono)) {
        (State::Down(_), true) => {
            assert_ne!(needs, Hold::Free, "{name} could go");
            assert_eq!(slot.held, needs, "{name} is held by its needs");
        }
        (State::Ended { .. }, true) => panic!("{name}: its leftovers should be ended"),
        (_, _) => assert_eq!(slot.held, Hold::Free, "{name} is not held"),
    }
}

/// Whatever is to go down goes down, unless somebody has to go before it.
fn check_descent(workspace: &Workspace, place: usize, slot: &Slot) {
    let name = &slot.spec.name;
    let process = &slot.process;
    match &process.want {
        Want::Down(down) => match &process.state {
            State::Launching { .. } | State::Live(_) => {
                assert!(down.haste != Haste::Kill, "{name} should be killed");
                assert!(waits_for_others(workspace, place), "{name} should go down");
            }
            State::Ended { .. } => panic!("{name}: its leftovers should be ended"),
            State::Halting(halting) => assert!(
                !matches!(halting.landing, Landing::Fault(_)),
                "{name} was asked to go down"
            ),
            State::Down(_) | State::Stuck { .. } => {}
        },
        Want::Renew => {
            assert!(process.is_up(), "{name} is to be renewed and is not up");
            assert!(waits_for_others(workspace, place), "{name} should go down");
        }
        Want::RenewLater => {
            assert!(process.is_up(), "{name} is to be renewed and is not up");
            assert_ne!(slot.needs, Hold::Free, "{name} should be renewed");
        }
        Want::Up => {}
    }
}

fn waits_for_others(workspace: &Workspace, place: usize) -> bool {
    if workspace.stop_order == StopOrder::Parallel {
        return false;
    }
    let mut seen = vec![false; workspace.slots.len()];
    let mut stack = vec![place];
    while let Some(place) = stack.pop() {
        for (dependent, _) in &workspace.graph.needed_by[place] {
            if is_leaving(&workspace.slots[*dependent].process) {
                return true;
            }
            if !std::mem::replace(&mut seen[*dependent], true) {
                stack.push(*dependent);
            }
        }
    }
    false
}
