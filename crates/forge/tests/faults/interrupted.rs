//! Commands that are cut off in the middle, and several that begin at once.

use crate::harness::{Chance, times};
use forge_testkit::Case;
use forge_testkit::wait_for;

use crate::world::{Beside, World};

pub(crate) const FAULTS: &[Case] = &[
    (
        "a_command_that_is_interrupted_at_any_moment_leaves_no_half_state",
        interrupted,
    ),
    (
        "ten_starts_at_once_make_one_keeper_one_supervisor_and_one_copy",
        ten_starts,
    ),
    (
        "a_supervisor_that_cannot_begin_is_waited_for_no_longer_than_a_while",
        cannot_begin,
    ),
    (
        "output_that_nobody_reads_any_more_ends_a_command_quietly",
        no_reader,
    ),
];

fn interrupted() {
    let mut chance = Chance::new();
    let world = World::new(
        "dev:\n  - {name: web, command: 'exec flock -n lock sleep 1000 || echo double >> doubled'}\n",
    );
    for turn in 0..times(24) {
        let words: &[&str] = match turn % 4 {
            0 => &["dev", "start"],
            1 => &["dev", "restart"],
            2 => &["dev", "status"],
            _ => &["dev", "stop"],
        };
        let command = world.spawn(words);
        chance.moment(50);
        command.signal(if turn % 2 == 0 { 2 } else { 15 });
        let ran = command.end();
        assert!(!ran.stderr.contains("panicked"), "{words:?}: {ran:?}");
        let ran = world.run(&["dev", "status", "--json"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    world.ok(&["dev", "start"]);
    assert_eq!(world.word("web"), "running");
    assert_eq!(world.read("doubled"), "");
}

fn ten_starts() {
    let world = World::new("dev:\n  - {name: web, command: echo run >> runs; exec sleep 1000}\n");
    let starts: Vec<Beside> = (0..10).map(|_| world.spawn(&["dev", "start"])).collect();
    for start in starts {
        let ran = start.end();
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    assert_eq!(world.wait_lines("runs", 1).len(), 1);
    for part in ["forge-keeper keeper", "daemon run"] {
        wait_for("one of each", || {
            let left = world.left().into_iter();
            (left.filter(|(_, words)| words.contains(part)).count() == 1).then_some(())
        });
    }
}

fn cannot_begin() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    world.ok(&["daemon", "stop"]);
    let lock = world.layout().supervisor_lock();
    std::fs::remove_file(&lock).expect("ours");
    std::fs::create_dir(&lock).expect("ours");
    let ran = world.run(&["dev", "start"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("has not answered"), "{ran:?}");
    std::fs::remove_dir(&lock).expect("ours");
    world.ok(&["dev", "start"]);
}

fn no_reader() {
    let world = World::new("dev:\n  - {name: web, command: 'seq 1 100000; exec sleep 1000'}\n");
    world.ok(&["dev", "start"]);
    world.wait_output("web", "\n100000\n");
    for words in [
        &["dev", "logs", "-f"][..],
        &["dev", "logs", "--json", "-n", "100000"],
    ] {
        let (read, write) = forge_os::pipe().expect("a pipe");
        let mut command = world.command(words);
        command.stdout(std::process::Stdio::from(write));
        command.stderr(std::process::Stdio::piped());
        let child = command.spawn().expect("it runs");
        drop(command);
        let mut first = [0];
        forge_os::read(&read, &mut first).expect("a byte");
        drop(read);
        let ran = Beside::of(child).end();
        assert_eq!(ran.stderr, "", "{words:?}: {ran:?}");
    }
}
