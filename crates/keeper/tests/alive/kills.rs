//! `kill -9` of parts of Forge while a child writes numbered lines: nothing may be lost, doubled or
//! torn, nobody may be started twice, and every end is known, or honestly unknown.
//!
//! `FORGE_KILLS` raises the number of kills of each test.

use std::path::PathBuf;
use std::time::Duration;

use forge_facts::{
    Entry, Exit, INDEX_RECORD_LEN, IndexKind, IndexRecord, Launch, Order, RunId, Stream,
    TerminalSize, layout,
};
use forge_os::Pidfd;

use crate::child;
use crate::world::{World, kill, own};
use forge_testkit::Case;
use forge_testkit::wait_for;

pub(crate) const TESTS: &[Case] = &[
    (
        "kills_of_the_shim_lose_nothing_of_a_process_on_pipes",
        || flood(Victim::Shim, false),
    ),
    (
        "kills_of_the_shim_lose_nothing_of_a_process_on_a_terminal",
        || flood(Victim::Shim, true),
    ),
    ("kills_of_the_shim_lose_nothing_across_rotations", rotations),
    ("kills_of_the_keeper_lose_nothing", || {
        flood(Victim::Keeper, false)
    }),
    ("kills_of_the_supervisor_lose_nothing", || {
        flood(Victim::Supervisor, true)
    }),
    ("kills_of_keeper_and_shim_lose_nothing_on_pipes", || {
        flood(Victim::KeeperAndShim, false)
    }),
    (
        "kills_of_any_one_lose_nothing_of_a_process_on_a_terminal",
        || flood(Victim::Any, true),
    ),
    (
        "kills_of_all_at_once_lose_nothing_of_a_process_on_pipes",
        || flood(Victim::All, false),
    ),
    ("an_end_beside_the_death_of_its_shim_is_known", ends_beside),
    (
        "an_end_after_deaths_of_keeper_and_shim_is_known",
        ends_after,
    ),
    (
        "a_process_on_a_terminal_gets_sighup_when_all_are_killed",
        hang_up,
    ),
    (
        "what_a_recovered_leader_leaves_behind_is_found_and_stopped",
        strays,
    ),
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

pub(crate) fn kills() -> usize {
    let number = std::env::var("FORGE_KILLS").ok();
    number.and_then(|number| number.parse().ok()).unwrap_or(20)
}

/// A moment of chance, up to this many milliseconds.
pub(crate) fn moment(up_to_ms: u64) {
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
            for pid in [keeper, shim_pid(world)] {
                kill(pid);
            }
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
    let text = String::from_utf8(log.to_vec())
        .expect("text")
        .replace('\r', "");
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
    let child = Pidfd::open(shim.launch(&launch)).expect("the child");
    let stream = if terminal {
        Stream::Terminal
    } else {
        Stream::Stdout
    };
    wait_for("output", || {
        (!world.log("web", stream).is_empty()).then_some(())
    });
    for _ in 0..kills() {
        moment(30);
        strike(&world, victim);
        assert!(!child.has_ended(), "the child lives");
    }
    std::fs::write(&enough, b"").expect("write");
    let mut shim = world.shim("web");
    assert_eq!(shim.exit(), Exit::Code(42));
    assert!(!shim.gone());
    let count = verify(&world.log("web", stream));
    println!(
        "    {} kills, {count} lines: 0 lost, 0 doubled, 0 torn",
        kills()
    );
}

fn rotations() {
    let world = World::new();
    let mut shim = world.shim("web");
    let (mut launch, enough) = endless(&world, false);
    launch.log.segment_bytes = 20_000;
    launch.log.segments_kept = 100_000;
    shim.launch(&launch);
    for _ in 0..kills() {
        moment(10);
        strike(&world, Victim::Shim);
    }
    std::fs::write(&enough, b"").expect("write");
    let mut shim = world.shim("web");
    loop {
        match shim.entry() {
            Entry::Gone { .. } => break,
            Entry::SpawnFailed { step, .. } if step == "gate" => break,
            _ => {}
        }
    }
    verify(&world.log("web", Stream::Stdout));
    let folder = world.layout.process("web");
    let mut number = 1;
    while let Ok(log) = std::fs::read(world.layout.segment("web", Stream::Stdout, number)) {
        let index = folder.join(layout::index_file(Stream::Stdout, number));
        let index = std::fs::read(index).expect("index");
        check_index(&index, &log, launch.run);
        number += 1;
    }
    let journal = forge_facts::journal::read(&world.layout.journal("web")).expect("journal");
    assert_eq!(journal.damaged, 0);
    for (place, (seq, _)) in journal.entries.iter().enumerate() {
        assert_eq!(*seq, place as u64 + 1);
    }
}

/// The index begins with the run, never goes back, and ends where the segment does.
fn check_index(index: &[u8], log: &[u8], run: RunId) {
    let mut offset = 0;
    let mut first = true;
    for record in index.chunks_exact(INDEX_RECORD_LEN) {
        let record = IndexRecord::decode(record.try_into().expect("exact")).expect("whole");
        if std::mem::take(&mut first) {
            assert_eq!(record.kind, IndexKind::Run(run));
        }
        assert!(record.offset >= offset, "{record:?}");
        offset = record.offset;
    }
    assert_eq!(offset, log.len() as u64);
    assert!(log.is_empty() || log.ends_with(b"\n"));
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
                Some(Entry::Exited { exit, .. }) => break Some(exit),
                // Killed before it had let the child go.
                Some(Entry::SpawnFailed { step, .. }) if step == "gate" => break None,
                Some(_) => {}
            }
        };
        if let Some(exit) = exit {
            assert_eq!(exit, Exit::Code(42));
            while !matches!(shim.entry(), Entry::Gone { .. }) {}
        }
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
    wait_for("ready", || {
        (!world.log("web", Stream::Terminal).is_empty()).then_some(())
    });
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

fn strays() {
    let world = World::new();
    let mut shim = world.shim("web");
    let script = "(setsid sleep 1000 &); setsid sleep 1000 & echo ready; read line; exit 6";
    let launch = world.launch(&["sh", "-c", script]);
    shim.launch(&launch);
    wait_for("ready", || {
        (world.log("web", Stream::Stdout) == b"ready\n").then_some(())
    });
    kill(shim.pid);
    let mut shim = world.connect("web", shim.known);
    // Its standard input was in the keeper's custody.
    let run = launch.run;
    let data = b"go\n".to_vec();
    shim.order(&Order::Input {
        run,
        data,
        eof: false,
    });
    assert_eq!(shim.exit(), Exit::Code(6));
    assert_eq!(world.marked().len(), 2);
    shim.stop(run, 5_000);
    assert!(!shim.gone());
    assert!(world.marked().is_empty());
    shim.launch(&world.launch(&["true"]));
    shim.gone();
}
