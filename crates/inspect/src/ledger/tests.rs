//! Scenarios of processes that come and go: all work is counted, and none twice.

use proptest::prelude::*;

use super::*;

fn old(pid: i32, own: u64, inherited: u64) -> Reading<1> {
    Reading {
        pid,
        start: 1,
        fresh: false,
        own: [own],
        inherited: [inherited],
    }
}

fn fresh(pid: i32, own: u64, inherited: u64) -> Reading<1> {
    Reading {
        fresh: true,
        ..old(pid, own, inherited)
    }
}

/// What the ledger says at each of several looks.
fn looks(looks: &[&[Reading<1>]]) -> Vec<Option<u64>> {
    let mut ledger = Ledger::default();
    let say = |look: &&[Reading<1>]| ledger.settle(look).map(|[grown]| grown);
    looks.iter().map(say).collect()
}

#[test]
fn growth_of_all_members_is_added_up() {
    let said = looks(&[
        &[old(1, 100, 7), old(2, 50, 0)],
        &[old(1, 110, 7), old(2, 55, 0)],
    ]);
    assert_eq!(said, [None, Some(15)]);
}

#[test]
fn a_tree_that_was_started_since_the_last_look_is_known_at_once() {
    assert_eq!(looks(&[&[fresh(1, 30, 2)]]), [Some(32)]);
    assert_eq!(looks(&[&[fresh(1, 30, 0), old(2, 9, 9)]]), [None]);
}

#[test]
fn a_child_that_ended_counts_only_with_what_it_did_since_the_last_look() {
    let said = looks(&[
        &[old(1, 10, 0), old(2, 1000, 0)],
        &[old(1, 11, 1004)],
        &[old(1, 12, 1004)],
    ]);
    assert_eq!(said, [None, Some(5), Some(1)]);
}

#[test]
fn a_child_that_lived_between_two_looks_counts_whole() {
    assert_eq!(
        looks(&[&[old(1, 10, 0)], &[old(1, 10, 25)]]),
        [None, Some(25)]
    );
}

#[test]
fn a_child_that_ends_while_we_look_is_counted_once() {
    let said = looks(&[
        &[old(1, 10, 0), old(2, 1000, 0)],
        &[old(1, 10, 0)],
        &[old(1, 10, 1003)],
        &[old(1, 10, 1010)],
    ]);
    assert_eq!(said, [None, Some(0), Some(3), Some(7)]);
}

#[test]
fn a_child_inherited_by_nobody_makes_nothing_negative_and_its_debt_lapses() {
    let said = looks(&[
        &[old(1, 10, 0), old(2, 1000, 0)],
        &[old(1, 20, 0)],
        &[old(1, 30, 0)],
        &[old(1, 40, 5)],
    ]);
    assert_eq!(said, [None, Some(10), Some(10), Some(15)]);
}

#[test]
fn a_chain_of_parents_that_end_together_is_counted_once() {
    let shim = |inherited| old(9, 0, inherited);
    let said = looks(&[
        &[shim(0), old(1, 10, 5), old(2, 20, 0), old(3, 30, 0)],
        &[shim(66)],
        &[shim(66)],
    ]);
    assert_eq!(said, [None, Some(1), Some(0)]);
}

#[test]
fn a_new_process_with_an_old_pid_is_another_process() {
    let mut again = fresh(2, 4, 0);
    again.start = 77;
    let said = looks(&[&[old(1, 0, 0), old(2, 1000, 0)], &[old(1, 0, 1001), again]]);
    assert_eq!(said, [None, Some(5)]);
}

#[test]
fn an_old_process_that_joins_brings_only_its_growth() {
    let said = looks(&[
        &[old(1, 0, 0)],
        &[old(1, 0, 0), old(2, 500, 0)],
        &[old(1, 0, 0), old(2, 503, 0)],
    ]);
    assert_eq!(said, [None, Some(0), Some(3)]);
}

/// What may happen in a tree of up to six processes; numbers are taken modulo what there is.
#[derive(Debug, Clone, Copy)]
enum Event {
    Start(usize),
    Work(usize, u64),
    End(usize),
    Look,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..6usize).prop_map(Event::Start),
        (0..6usize, 1..1000u64).prop_map(|(who, ticks)| Event::Work(who, ticks)),
        (1..6usize).prop_map(Event::End),
        Just(Event::Look),
    ]
}

#[derive(Debug)]
struct Simulated {
    reading: Reading<1>,
    parent: i32,
}

/// A tree whose processes all wait for their children, as real ones do; the first is the shim, which adopts.
fn simulate(events: &[Event]) -> (u64, u64) {
    let mut tree = vec![Simulated {
        reading: old(1, 0, 0),
        parent: 0,
    }];
    let mut ledger = Ledger::default();
    let (mut truth, mut said, mut next) = (0, 0, 2);
    ledger.settle(&[tree[0].reading]);
    for event in events.iter().chain([&Event::Look]) {
        let len = tree.len();
        match *event {
            Event::Start(who) if len < 6 => {
                let parent = tree[who % len].reading.pid;
                let reading = fresh(next, 0, 0);
                tree.push(Simulated { reading, parent });
                next += 1;
            }
            Event::Work(who, ticks) => {
                tree[who % len].reading.own[0] += ticks;
                truth += ticks;
            }
            Event::End(who) if who % len > 0 => {
                let gone = tree.remove(who % len);
                for orphan in tree.iter_mut().filter(|p| p.parent == gone.reading.pid) {
                    orphan.parent = 1;
                }
                let parent = tree.iter_mut().find(|p| p.reading.pid == gone.parent);
                let inherited = gone.reading.own[0] + gone.reading.inherited[0];
                parent.expect("orphans are adopted").reading.inherited[0] += inherited;
            }
            Event::Look => {
                let readings: Vec<_> = tree.iter().map(|process| process.reading).collect();
                said += ledger.settle(&readings).expect("was begun")[0];
                tree.iter_mut()
                    .for_each(|process| process.reading.fresh = false);
            }
            _ => {}
        }
    }
    (truth, said)
}

proptest! {
    #[test]
    fn all_work_is_counted_and_none_twice(events in prop::collection::vec(event(), 0..80)) {
        let (truth, said) = simulate(&events);
        prop_assert_eq!(truth, said);
    }

    #[test]
    fn any_readings_whatever_do_not_overflow(
        looks in prop::collection::vec(
            prop::collection::vec((1..4i32, any::<u32>(), any::<u32>(), any::<bool>()), 0..4), 0..6),
    ) {
        let mut ledger = Ledger::default();
        for look in looks {
            let reading = |(pid, own, inherited, is_fresh)| Reading {
                fresh: is_fresh,
                ..old(pid, u64::from(own), u64::from(inherited))
            };
            let readings: Vec<Reading<1>> = look.into_iter().map(reading).collect();
            ledger.settle(&readings);
        }
    }
}
