//! `kill -9` of parts of Forge while a child writes numbered lines: nothing may be lost, doubled or
//! torn, nobody may be started twice, and every end is known, or honestly unknown.
//!
//! `FORGE_KILLS` raises the number of kills of each test.

use std::path::PathBuf;
use std::time::Duration;

use forge_facts::{Entry, Exit, Launch, Order, Stream, TerminalSize};

use crate::child;
use crate::harness::Test;
use crate::world::{Shim, World, kill, own, wait_for};

pub(crate) const TESTS: &[Test] = &[
    ("kills_of_the_shim_lose_nothing_of_a_process_on_pipes", || flood(Victim::Shim, false)),
    ("kills_of_the_shim_lose_nothing_of_a_process_on_a_terminal", || flood(Victim::Shim, true)),
    ("kills_of_the_keeper_lose_nothing", || flood(Victim::Keeper, false)),
    ("kills_of_the_supervisor_lose_nothing", || flood(Victim::Supervisor, true)),
    ("kills_of_keeper_and_shim_lose_nothing_on_pipes", || flood(Victim::KeeperAndShim, false)),
    ("kills_of_any_one_lose_nothing_of_a_process_on_a_terminal", || flood(Victim::Any, true)),
    ("kills_of_all_at_once_lose_nothing_of_a_process_on_pipes", || flood(Victim::All, false)),
    ("an_end_beside_the_death_of_its_shim_is_known", ends_beside),
    ("an_end_after_deaths_of_keeper_and_shim_is_known", ends_after),
    ("a_process_on_a_terminal_gets_sighup_when_all_are_killed", hang_up),
    ("nothing_runs_that_is_in_no_journal", gate),
    ("a_launch_that_is_ordered_again_after_a_death_happens_once", twice),
    ("what_a_recovered_leader_leaves_behind_is_found_and_stopped", strays),
];

#[derive(Clone, Copy, PartialEq)]
enum Victim {
    Shim,
    Keeper,
    Supervisor,
    KeeperAndShim,
    Any,
    All,
}

fn kills() -> usize {
    let number = std::env::var("FORGE_KILLS").ok();
    number.and_then(|number| number.parse().ok()).unwrap_or(20)
}

/// A moment of chance, up to this many milliseconds.
fn moment(up_to_ms: u64) {
    let chance = forge_os::now().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    forge_os::pause(Duration::from_micros(chance % (up_to_ms * 1000)));
}

fn shim_pid(world: &World) -> i32 {
    wait_for("a shim", || world.shim_pids().first().copied())
}

fn strike(world: &World, victim: Victim) {
    match victim {
        Victim::Shim => kill(shim_pid(world)),
        Victim::Keeper => {
            // Without a supervisor nobody would notice until the next command.
            world.supervisor_of(world.keeper_pid());
            kill(world.keeper_pid());
        }
        Victim::Supervisor => kill(world.supervisor_pid()),
        Victim::KeeperAndShim => {
            let keeper = world.keeper_pid();
            world.supervisor_of(keeper);
            [keeper, shim_pid(world)].map(kill);
        }
        Victim::Any => {
            let victims = [Victim::Shim, Victim::Keeper, Victim::Supervisor];
            strike(world, victims[(forge_os::now() / 1000 % 3) as usize]);
            // One at a time: the next only when all are back and hold what they must.
            let keeper = world.keeper_pid();
            world.supervisor_of(keeper);
            wait_for("the shim to be held", || {
                let shim = world.shim("web");
                (shim.pid > 1 && world.keeper_pid() == keeper).then_some(())
            });
        }
        Victim::All => {
            world.revive(false);
            let mut pids = vec![world.keeper_pid(), world.supervisor_pid()];
            pids.extend(world.shim_pids());
            pids.into_iter().for_each(kill);
            moment(20);
            world.revive(true);
            assert!(world.start_keeper());
        }
    }
}

fn verify(log: &[u8]) -> u64 {
    let text = String::from_utf8(log.to_vec()).expect("text").replace('\r', "");
    let mut count = 0;
    for line in text.split_inclusive('\n') {
        assert_eq!(line, child::line(count));
        count += 1;
    }
    count
}

fn endless(world: &World, terminal: bool) -> (Launch, PathBuf) {
    let enough = world.folder.join("enough");
    let path = enough.to_str().expect("text");
    let mut launch = world.launch(&[&own(), "child", "lines", path]);
    if terminal {
        launch.terminal = Some(TerminalSize { rows: 24, cols: 80 });
    }
    (launch, enough)
}

fn flood(victim: Victim, terminal: bool) {
    let world = World::new();
    let mut shim = world.shim("web");
    let (launch, enough) = endless(&world, terminal);
    let pid = shim.launch(&launch);
    for _ in 0..kills() {
        moment(30);
        strike(&world, victim);
        assert!(forge_os::stat(pid).is_ok(), "the child lives");
    }
    std::fs::write(&enough, b"").expect("write");
    let mut shim = world.shim("web");
    assert_eq!(shim.exit(), Exit::Code(42));
    assert!(!shim.gone());
    let stream = if terminal { Stream::Terminal } else { Stream::Stdout };
    let count = verify(&world.log("web", stream));
    println!("    {} kills, {count} lines: 0 lost, 0 doubled, 0 torn", kills());
}

fn ends_beside() {
    let world = World::new();
    for _ in 0..kills() {
        let mut shim = world.shim("web");
        shim.entries.clear();
        shim.launch(&world.launch(&[&own(), "child", "soon", "6"]));
        let pid = shim.pid;
        moment(8);
        kill(pid);
        let mut shim = world.connect("web", shim.known);
        let exit = loop {
            match shim.try_entry() {
                None => shim = world.shim("web"),
                Some(Entry::Exited { exit, .. }) => break exit,
                Some(_) => {}
            }
        };
        assert_eq!(exit, Exit::Code(42));
        while !matches!(shim.entry(), Entry::Gone { .. }) {}
    }
}

fn ends_after() {
    let world = World::new();
    for _ in 0..3 {
        let mut shim = world.shim("web");
        shim.entries.clear();
        let (launch, enough) = endless(&world, false);
        shim.launch(&launch);
        world.supervisor_of(world.keeper_pid());
        kill(world.keeper_pid());
        world.supervisor_of(world.keeper_pid());
        // The new keeper is nobody's parent here.
        let mut shim = world.shim("web");
        kill(shim.pid);
        shim = world.connect("web", shim.known);
        std::fs::write(&enough, b"").expect("write");
        assert_eq!(shim.exit(), Exit::Code(42));
        shim.gone();
        std::fs::remove_file(&enough).expect("remove");
    }
}

fn hang_up() {
    let world = World::new();
    let mut shim = world.shim("web");
    let mut launch = world.launch(&["sh", "-c", "echo ready; sleep 1000"]);
    launch.terminal = Some(TerminalSize { rows: 24, cols: 80 });
    let pid = shim.launch(&launch);
    wait_for("ready", || (!world.log("web", Stream::Terminal).is_empty()).then_some(()));
    strike(&world, Victim::All);
    let mut shim = world.connect("web", shim.known);
    assert!(matches!(shim.entry(), Entry::Recovered { .. }));
    let hang_up = Exit::Signal {
        signal: forge_os::signal::HANG_UP,
        core: false,
    };
    // Known where the first process has not yet taken it from the table.
    let exit = shim.exit();
    assert!(exit == hang_up || exit == Exit::Unknown, "{exit:?}");
    shim.gone();
    assert!(forge_os::stat(pid).is_err() || world.marked().is_empty());
}

fn gate() {
    let world = World::new();
    for _ in 0..kills() {
        let mut shim = world.shim("web");
        let launch = world.launch(&["sleep", "1000"]);
        shim.order(&Order::Launch(Box::new(launch.clone())));
        moment(4);
        kill(shim.pid);
        let mark = format!("FORGE_RUN_ID={}", launch.run);
        let runs = !forge_os::marked(mark.as_bytes()).is_empty();
        let journal = forge_facts::journal::read(&world.layout.journal("web")).expect("journal");
        let written = journal.entries.iter().any(|(_, entry)| entry.run() == launch.run);
        assert!(written || !runs, "{} runs and is in no journal", launch.run);
        end(&world, &launch);
    }
}

/// Ends a run of which it is not known how far it came.
fn end(world: &World, launch: &Launch) {
    loop {
        let mut shim = world.shim("web");
        shim.stop(launch.run, 5_000);
        loop {
            if !shim.refused.is_empty() {
                return;
            }
            match shim.entries.pop_front() {
                Some(Entry::Gone { run, .. } | Entry::SpawnFailed { run, .. })
                    if run == launch.run =>
                {
                    return;
                }
                Some(_) => {}
                None if shim.hear().is_none() => break,
                None => {}
            }
        }
    }
}

fn twice() {
    let world = World::new();
    let started = world.folder.join("started");
    let script = format!("echo $FORGE_RUN_ID >> {}; sleep 1000", started.display());
    let mut runs = Vec::new();
    for _ in 0..kills() {
        let launch = world.launch(&["sh", "-c", &script]);
        let mut shim = world.shim("web");
        shim.order(&Order::Launch(Box::new(launch.clone())));
        moment(4);
        kill(shim.pid);
        let mut shim = world.shim("web");
        shim.order(&Order::Launch(Box::new(launch.clone())));
        let begun = begun(&mut shim, &launch);
        end(&world, &launch);
        runs.push((launch.run.to_string(), begun));
    }
    let started = std::fs::read_to_string(&started).unwrap_or_default();
    for (run, begun) in runs {
        let count = started.lines().filter(|line| *line == run).count();
        assert!(count <= usize::from(begun), "{run}: {count}");
    }
}

/// Whether the run came to be.
fn begun(shim: &mut Shim, launch: &Launch) -> bool {
    loop {
        match shim.entry() {
            Entry::SpawnFailed { run, .. } if run == launch.run => return false,
            Entry::Spawned { run, .. } if run == launch.run => return true,
            _ => {}
        }
    }
}

fn strays() {
    let world = World::new();
    let mut shim = world.shim("web");
    let script = "(setsid sleep 1000 &); setsid sleep 1000 & echo ready; read line; exit 6";
    let launch = world.launch(&["sh", "-c", script]);
    shim.launch(&launch);
    wait_for("ready", || (world.log("web", Stream::Stdout) == b"ready\n").then_some(()));
    kill(shim.pid);
    let mut shim = world.connect("web", shim.known);
    // Its standard input was in the keeper's custody.
    let run = launch.run;
    let data = b"go\n".to_vec();
    shim.order(&Order::Input { run, data, eof: false });
    assert_eq!(shim.exit(), Exit::Code(6));
    assert_eq!(world.marked().len(), 2);
    shim.stop(run, 5_000);
    assert!(!shim.gone());
    assert!(world.marked().is_empty());
    shim.launch(&world.launch(&["true"]));
    shim.gone();
}
