//! What a journal that was left behind leads to: never to a wrong process, never to a guess.

use std::process::{Child, Command};

use forge_facts::{Entry, Exit, Identity, RunId};
use forge_os::Pidfd;

use crate::world::World;
use forge_testkit::Case;

pub(crate) const TESTS: &[Case] = &[
    (
        "a_pid_that_was_given_to_another_process_is_let_alone",
        reused,
    ),
    ("a_run_of_another_boot_has_ended_with_it", reboot),
    (
        "garbage_in_a_journal_is_set_aside_and_the_rest_counts",
        garbage,
    ),
    ("a_torn_journal_loses_at_most_its_last_entry", torn),
];

struct Bystander(Child);

impl Bystander {
    fn new() -> Self {
        Bystander(Command::new("sleep").arg("1000").spawn().expect("spawn"))
    }

    fn identity(&self) -> Identity {
        let pid = self.0.id() as i32;
        Identity {
            pid,
            boot: forge_os::boot_id().expect("boot"),
            start_ticks: forge_os::stat(pid).expect("stat").start_ticks,
            pidfd_inode: Pidfd::open(pid)
                .and_then(|pidfd| pidfd.inode())
                .expect("inode"),
        }
    }

    fn lives(&mut self) -> bool {
        self.0.try_wait().expect("wait").is_none()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A workspace whose journal says that this was spawned, and no more.
fn left_behind(identity: Identity) -> (World, RunId) {
    let world = World::without_keeper(&std::env::temp_dir());
    forge_os::private_folder(world.layout.state()).expect("state");
    forge_os::private_folder(&world.layout.process("web")).expect("process");
    let run = RunId::new(forge_os::now() / 1_000_000, 1);
    let at = forge_os::now();
    let entry = Entry::Spawned { run, identity, at };
    std::fs::write(world.layout.journal("web"), entry.to_record(1).encode()).expect("write");
    (world, run)
}

/// The run is told to have ended unseen, within an interval.
fn ended_unseen(world: &World, run: RunId) {
    let mut shim = world.shim("web");
    assert!(matches!(shim.entry(), Entry::Spawned { .. }));
    assert!(matches!(shim.entry(), Entry::Recovered { .. }));
    let Entry::Exited {
        exit: Exit::Unknown,
        at,
        since,
        ..
    } = shim.entry()
    else {
        panic!("not unknown");
    };
    assert!(since <= at);
    assert!(matches!(shim.entry(), Entry::Gone { run: is, killed: false, .. } if is == run));
}

fn reused() {
    let mut bystander = Bystander::new();
    let who = bystander.identity();
    // The same pid, but another start, and another pidfd.
    for (ticks, inode) in [(1, 0), (0, 1)] {
        let identity = Identity {
            start_ticks: who.start_ticks - ticks,
            pidfd_inode: who.pidfd_inode - inode,
            ..who.clone()
        };
        let (world, run) = left_behind(identity);
        world.start_keeper();
        ended_unseen(&world, run);
        assert!(bystander.lives());
    }
}

fn reboot() {
    let mut bystander = Bystander::new();
    let identity = Identity {
        boot: "another".to_string(),
        ..bystander.identity()
    };
    let (world, run) = left_behind(identity);
    world.start_keeper();
    ended_unseen(&world, run);
    assert!(bystander.lives());
    let mut shim = world.shim("web");
    shim.entries.clear();
    shim.launch(&world.launch(&["true"]));
    shim.gone();
}

fn garbage() {
    let bystander = Bystander::new();
    let identity = Identity {
        boot: "another".to_string(),
        ..bystander.identity()
    };
    let (world, run) = left_behind(identity);
    let path = world.layout.journal("web");
    let mut bytes = b"garbage\n\0\xff\n".to_vec();
    bytes.extend(std::fs::read(&path).expect("read"));
    std::fs::write(&path, &bytes).expect("write");
    world.start_keeper();
    ended_unseen(&world, run);
    let aside = std::fs::read(path.with_extension("damaged")).expect("set aside");
    assert_eq!(aside, bytes);
}

fn torn() {
    let bystander = Bystander::new();
    let identity = Identity {
        boot: "another".to_string(),
        ..bystander.identity()
    };
    let (world, _) = left_behind(identity);
    let path = world.layout.journal("web");
    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("cut");
    world.start_keeper();
    let mut shim = world.shim("web");
    assert!(shim.entries.is_empty());
    shim.launch(&world.launch(&["true"]));
    shim.gone();
}
