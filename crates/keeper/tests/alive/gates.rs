//! `kill -9` of a shim while it launches: what runs is in the journal, and runs once.

use forge_facts::{Entry, Launch, Order};

use crate::kills::{kills, moment};
use crate::talk::Shim;
use crate::world::{World, kill};
use forge_testkit::Case;

pub(crate) const TESTS: &[Case] = &[
    ("nothing_runs_that_is_in_no_journal", gate),
    (
        "a_launch_that_is_ordered_again_after_a_death_happens_once",
        twice,
    ),
];

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
        let written = journal
            .entries
            .iter()
            .any(|(_, entry)| entry.run() == launch.run);
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
