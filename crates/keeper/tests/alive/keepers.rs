//! What the keeper keeps: one supervisor, one shim for each process, the sockets; and how it ends.

use std::time::{Duration, Instant};

use forge_facts::{Exit, KeeperFact, KeeperOrder, Stream};
use forge_os::{Pidfd, signal};

use crate::talk::Talk;
use crate::world::{World, kill, own, start_keeper};
use forge_testkit::Case;
use forge_testkit::wait_for;

pub(crate) const TESTS: &[Case] = &[
    (
        "a_killed_supervisor_is_replaced_and_clients_wait_for_it",
        replaced,
    ),
    ("a_second_keeper_ends_without_a_word", second),
    (
        "what_stands_in_the_way_of_a_socket_is_left_alone_and_named",
        in_the_way,
    ),
    ("a_shutdown_ends_everything_when_nothing_runs", shutdown),
    ("a_shutdown_beside_a_living_run_is_called_off", called_off),
    ("a_stopped_supervisor_is_replaced", stopped_supervisor),
    (
        "a_stopped_shim_is_replaced_and_nothing_is_lost",
        stopped_shim,
    ),
    (
        "a_stopped_shim_of_a_former_keeper_is_replaced",
        stopped_stranger,
    ),
    ("a_name_that_is_no_name_is_refused", bad_name),
    ("another_program_takes_over_when_told", other_program),
    ("marks_of_a_managed_process_are_shed", marks),
    ("an_emptied_runtime_folder_is_filled_again", emptied),
    (
        "a_run_whose_shim_died_with_all_others_is_taken_up_at_the_start",
        taken_up,
    ),
    (
        "an_idle_shim_that_dies_is_told_and_comes_back_when_asked",
        idle_shim,
    ),
];

fn ask(talk: &mut Talk, order: &KeeperOrder) {
    talk.send(&order.to_record());
}

fn hear(talk: &mut Talk) -> KeeperFact {
    KeeperFact::from_record(&talk.try_next().expect("the keeper lives")).expect("a fact")
}

fn replaced() {
    let world = World::new();
    let first = world.ask_api().expect("an answer");
    kill(first);
    // Asked while nobody is there: answered by the next one.
    let second = world.ask_api().expect("an answer");
    assert_ne!(first, second);
    let begun = Instant::now();
    kill(second);
    world.ask_api().expect("an answer");
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

fn second() {
    let world = World::new();
    let first = world.keeper_pid();
    assert!(!world.start_keeper());
    assert_eq!(world.keeper_pid(), first);
    world.ask_api().expect("an answer");
}

fn in_the_way() {
    let world = World::without_keeper(&std::env::temp_dir());
    forge_os::private_folder(world.layout.runtime()).expect("mkdir");
    let socket = world.layout.api_socket();
    std::fs::write(&socket, b"mine").expect("write");
    assert!(!world.start_keeper());
    assert_eq!(std::fs::read(&socket).expect("read"), b"mine");
    let log = std::fs::read_to_string(world.layout.supervisor_log()).expect("log");
    assert!(log.contains("api.sock is in the way"), "{log}");
}

fn shutdown() {
    let world = World::new();
    let mut shim = world.shim("web");
    shim.launch(&world.launch(&["true"]));
    shim.gone();
    let supervisor = world.supervisor_pid();
    let keeper = Pidfd::open(world.keeper_pid()).expect("keeper");
    let mut guest = world.keeper();
    ask(&mut guest, &KeeperOrder::Shutdown);
    ask(&mut guest, &KeeperOrder::Ping);
    while hear(&mut guest) != KeeperFact::Pong {}
    kill(supervisor);
    assert!(keeper.wait_for(Duration::from_secs(10)));
    assert_eq!(shim.hear(), None);
    assert!(!world.layout.api_socket().exists());
    assert!(world.shim_pids().is_empty());
    assert!(world.start_keeper());
    world.ask_api().expect("an answer");
}

fn called_off() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&["sleep", "1000"]);
    shim.launch(&launch);
    let keeper = world.keeper_pid();
    let mut guest = world.keeper();
    ask(&mut guest, &KeeperOrder::Shutdown);
    ask(&mut guest, &KeeperOrder::Ping);
    while hear(&mut guest) != KeeperFact::Pong {}
    kill(world.supervisor_pid());
    world.ask_api().expect("an answer");
    assert_eq!(world.keeper_pid(), keeper);
    shim.stop(launch.run, 5_000);
    shim.gone();
}

fn stopped_supervisor() {
    let world = World::new();
    let first = world.ask_api().expect("an answer");
    let pidfd = Pidfd::open(first).expect("supervisor");
    pidfd.signal(signal::STOP).expect("stop");
    assert!(pidfd.wait_for(Duration::from_secs(10)));
    assert_ne!(world.ask_api().expect("an answer"), first);
}

fn stopped_shim() {
    let world = World::new();
    stop_shim_in(&world);
}

fn stopped_stranger() {
    let world = World::new();
    world.shim("web");
    let supervisor = world.supervisor_of(world.keeper_pid());
    kill(world.keeper_pid());
    wait_for("another supervisor", || {
        (world.ask_api()? != supervisor).then_some(())
    });
    stop_shim_in(&world);
}

fn stop_shim_in(world: &World) {
    let mut shim = world.shim("web");
    let script = "read line; seq 1 20000; read line; exit 9";
    let launch = world.launch(&["sh", "-c", script]);
    shim.launch(&launch);
    let pidfd = Pidfd::open(shim.pid).expect("shim");
    let go = forge_facts::Order::Input {
        run: launch.run,
        data: b"go\n".to_vec(),
        eof: false,
    };
    shim.order(&go);
    wait_for("output", || {
        (!world.log("web", Stream::Stdout).is_empty()).then_some(())
    });
    pidfd.signal(signal::STOP).expect("stop");
    assert!(pidfd.wait_for(Duration::from_secs(15)));
    let mut shim = world.connect("web", shim.known);
    shim.order(&go);
    assert_eq!(shim.exit(), Exit::Code(9));
    shim.gone();
    let wanted: String = (1..=20_000).map(|number| format!("{number}\n")).collect();
    assert!(world.log("web", Stream::Stdout) == wanted.as_bytes());
}

fn bad_name() {
    let world = World::new();
    let mut guest = world.keeper();
    for name in ["../x", "a/b", "", ".", "-rf", "a b", &"x".repeat(300)] {
        let process = name.to_string();
        ask(&mut guest, &KeeperOrder::Ensure { process });
        match hear(&mut guest) {
            KeeperFact::ShimFailed { process, .. } => assert_eq!(process, name),
            other => panic!("{other:?}"),
        }
    }
    assert!(std::fs::read_dir(world.layout.processes()).is_err());
}

fn other_program() {
    let world = World::new();
    let link = world.folder.join("other-program");
    std::os::unix::fs::symlink(own(), &link).expect("symlink");
    let mut guest = world.keeper();
    let program = link.as_os_str().as_encoded_bytes().to_vec();
    ask(&mut guest, &KeeperOrder::Replace { program });
    ask(&mut guest, &KeeperOrder::Ping);
    while hear(&mut guest) != KeeperFact::Pong {}
    kill(world.ask_api().expect("an answer"));
    let pid = world.ask_api().expect("an answer");
    let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("cmdline");
    assert!(line.starts_with(link.to_str().expect("text")), "{line}");
}

fn marks() {
    let world = World::without_keeper(&std::env::temp_dir());
    let env = ["FORGE_RUN_ID=1", "FORGE_PROCESS=outer", "KEPT=1"];
    assert!(start_keeper(&world.layout, Some(&env)));
    for pid in [world.keeper_pid(), world.ask_api().expect("an answer")] {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).expect("environ");
        assert_eq!(environ, b"KEPT=1\0");
    }
}

fn emptied() {
    let world = World::new();
    let mut shim = world.shim("web");
    let script = "echo before; read line; echo after; read line";
    let launch = world.launch(&["sh", "-c", script]);
    let pid = shim.launch(&launch);
    wait_for("output", || {
        (world.log("web", Stream::Stdout) == b"before\n").then_some(())
    });
    let mut guest = world.keeper();
    std::fs::remove_dir_all(world.layout.runtime()).expect("remove");
    let process = "web".to_string();
    ask(&mut guest, &KeeperOrder::Ensure { process });
    while !matches!(hear(&mut guest), KeeperFact::Shim { .. }) {}
    kill(world.supervisor_pid());
    wait_for("the API", || world.ask_api());
    let mut shim = world.connect("web", 0);
    assert_eq!(shim.entry().run(), launch.run);
    assert!(!Pidfd::open(pid).expect("the child").has_ended());
    shim.order(&forge_facts::Order::Input {
        run: launch.run,
        data: b"go\n".to_vec(),
        eof: false,
    });
    wait_for("output", || {
        world
            .log("web", Stream::Stdout)
            .ends_with(b"after\n")
            .then_some(())
    });
    shim.stop(launch.run, 5_000);
    shim.gone();
}

fn taken_up() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&[
        "sh",
        "-c",
        "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done",
    ]);
    shim.launch(&launch);
    wait_for("ready", || {
        (!world.log("web", Stream::Stdout).is_empty()).then_some(())
    });
    world.revive(false);
    for pid in [world.keeper_pid(), world.supervisor_pid(), shim.pid] {
        kill(pid);
    }
    assert!(world.start_keeper());
    wait_for("a shim", || world.shim_pids().first().copied());
    let mut shim = world.connect("web", shim.known);
    shim.stop(launch.run, 5_000);
    assert_eq!(shim.exit(), Exit::Code(5));
    shim.gone();
}

fn idle_shim() {
    let world = World::new();
    let shim = world.shim("web");
    let mut guest = world.keeper();
    kill(shim.pid);
    while !matches!(hear(&mut guest), KeeperFact::ShimGone { .. }) {}
    let again = world.shim("web");
    assert_ne!(again.pid, shim.pid);
}
