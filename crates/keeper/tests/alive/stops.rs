//! Ending a tree, however it tries to stay.

use std::time::{Duration, Instant};

use forge_facts::{Entry, Exit, Order, Scope, Stream};
use forge_os::signal;

use crate::world::{World, own};
use forge_testkit::Case;
use forge_testkit::wait_for;

pub(crate) const TESTS: &[Case] = &[
    ("one_that_ends_on_the_signal_is_gone_at_once", quick),
    (
        "one_that_ignores_the_signal_is_killed_at_the_timeout",
        ignoring,
    ),
    (
        "grandchildren_in_sessions_of_their_own_are_stopped_too",
        strays,
    ),
    ("respawners_are_stopped", respawners),
    (
        "what_a_leader_leaves_behind_is_told_and_can_be_stopped",
        leftovers,
    ),
    ("a_second_stop_shortens_the_wait", shorter),
    ("a_timeout_of_zero_kills_without_a_signal_first", at_once),
    ("a_stop_of_the_leader_alone_signals_only_the_leader", leader),
    ("a_stopped_tree_can_be_ended", paused),
];

fn quick() {
    let world = World::new();
    let mut shim = world.shim("web");
    let begun = Instant::now();
    for _ in 0..100 {
        let launch = world.launch(&["sleep", "1000"]);
        shim.launch(&launch);
        shim.stop(launch.run, 60_000);
        assert!(!shim.gone());
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

/// Launches a shell that says `ready` when it has set up everything.
fn ready(world: &World, script: &str) -> (crate::talk::Shim, forge_facts::RunId) {
    let mut shim = world.shim("web");
    let launch = world.launch(&["sh", "-c", script]);
    shim.launch(&launch);
    wait_for("ready", || {
        world
            .log("web", Stream::Stdout)
            .ends_with(b"ready\n")
            .then_some(())
    });
    (shim, launch.run)
}

fn ignoring() {
    let world = World::new();
    let (mut shim, run) = ready(&world, "trap '' TERM; sleep 1000 & echo ready; sleep 1000");
    let begun = Instant::now();
    shim.stop(run, 300);
    let kill = Exit::Signal {
        signal: signal::KILL,
        core: false,
    };
    assert_eq!(shim.exit(), kill);
    assert!(shim.gone());
    let took = begun.elapsed().as_millis();
    assert!((300..1_500).contains(&took), "{took}");
    assert!(world.marked().is_empty());
}

fn strays() {
    let world = World::new();
    let script = "(setsid sh -c 'trap \"\" TERM HUP; (setsid sleep 1000 &) ; sleep 1000' &) ; \
                  env -i setsid sleep 1000 & echo ready; wait";
    let (mut shim, run) = ready(&world, script);
    shim.stop(run, 200);
    shim.gone();
    assert!(world.marked().is_empty());
}

fn respawners() {
    let world = World::new();
    let mut shim = world.shim("web");
    for count in 1..4 {
        let launch = world.launch(&[&own(), "child", "respawn", "8"]);
        shim.launch(&launch);
        wait_for("ready", || {
            (world.log("web", Stream::Stdout) == b"ready\n".repeat(count)).then_some(())
        });
        shim.stop(launch.run, 50);
        assert!(shim.gone());
        assert!(world.marked().is_empty());
    }
}

fn leftovers() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&["sh", "-c", "sleep 1000 & (sleep 0.1; echo late) & exit 3"]);
    shim.launch(&launch);
    assert_eq!(shim.exit(), Exit::Code(3));
    wait_for("late output", || {
        (world.log("web", Stream::Stdout) == b"late\n").then_some(())
    });
    let next = world.launch(&["true"]);
    shim.order(&Order::Launch(Box::new(next.clone())));
    assert!(shim.refusal().contains("is not over"));
    shim.stop(launch.run, 5_000);
    assert!(!shim.gone());
    shim.launch(&next);
    shim.gone();
}

fn shorter() {
    let world = World::new();
    let (mut shim, run) = ready(
        &world,
        "trap '' TERM; echo ready; while :; do sleep 1000; done",
    );
    let begun = Instant::now();
    shim.stop(run, 3_600_000);
    shim.stop(run, 200);
    shim.stop(run, 3_600_000);
    assert!(shim.gone());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

fn at_once() {
    let world = World::new();
    let (mut shim, run) = ready(&world, "trap 'echo signalled' TERM; echo ready; sleep 1000");
    shim.stop(run, 0);
    assert!(shim.gone());
    assert_eq!(world.log("web", Stream::Stdout), b"ready\n");
}

fn leader() {
    let world = World::new();
    let script = "(trap 'echo signalled' TERM; while :; do sleep 0.01; done) & \
                  trap 'exit 4' TERM; echo ready; while :; do sleep 0.01; done";
    let (mut shim, run) = ready(&world, script);
    shim.order(&Order::Stop {
        run,
        signal: signal::TERMINATE,
        scope: Scope::Leader,
        timeout_ms: 300,
    });
    assert_eq!(shim.exit(), Exit::Code(4));
    assert!(shim.gone());
    assert_eq!(world.log("web", Stream::Stdout), b"ready\n");
}

fn paused() {
    let world = World::new();
    let (mut shim, run) = ready(
        &world,
        "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done",
    );
    let scope = Scope::Tree;
    let signal = signal::STOP;
    shim.order(&Order::Signal { run, signal, scope });
    shim.stop(run, 10_000);
    match shim.entry() {
        Entry::Exited { exit, .. } => assert_eq!(exit, Exit::Code(5)),
        other => panic!("{other:?}"),
    }
    shim.gone();
}
