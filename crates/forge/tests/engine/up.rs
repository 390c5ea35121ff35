//! The foreground form: follows, stops on Ctrl-C, and ends with the code of what failed.

use std::process::Stdio;

use crate::world::{Beside, World, has_ended};
use forge_testkit::wait_for;

#[test]
fn up_follows_the_logs_and_ctrl_c_stops_everything() {
    let world = World::new(
        "dev:
  - {name: web, command: echo hello from web; touch there; exec sleep 1000}
  - {name: db, command: exec sleep 1000}
",
    );
    let up = world.spawn(&["dev", "up"]);
    world.wait_status("web", "running");
    world.wait_status("db", "running");
    let pid = world.pid("web");
    up.signal(2);
    let ran = up.end();
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(ran.stdout.contains("hello from web"), "{ran:?}");
    assert!(has_ended(pid));
    assert_eq!(world.word("db"), "stopped");
}

#[test]
fn a_closed_terminal_ends_up_and_what_it_started() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    let terminal = forge_os::open_terminal(24, 80).expect("a terminal");
    let end = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
    let mut command = std::process::Command::new("setsid");
    command.args(["-c", env!("CARGO_BIN_EXE_forge"), "dev", "up"]);
    command.current_dir(world.path()).env_clear();
    for (name, value) in world.command(&[]).get_envs() {
        command.env(name, value.expect("set"));
    }
    command.stdin(end()).stdout(end()).stderr(end());
    let up = Beside::of(command.spawn().expect("it runs"));
    drop(command);
    world.wait_status("web", "running");
    let pid = world.pid("web");
    drop((terminal.master, terminal.slave));
    let ran = up.end();
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(has_ended(pid));
}

#[test]
fn up_ends_with_the_code_of_the_first_that_failed() {
    let world = World::new(
        "dev:
  - {name: server, command: exec sleep 1000}
  - {name: tests, command: sleep 0.2; exit 3, oneshot: true, on_exit: stop-all}
",
    );
    let ran = world.run(&["dev", "up"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(world.word("server"), "stopped");

    world.configure(
        "dev:
  - {name: server, command: exec sleep 1000}
  - {name: tests, command: sleep 0.2; exit 0, oneshot: true, on_exit: stop-all}
",
    );
    let ran = world.run(&["dev", "up"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(world.word("server"), "stopped");
}

#[test]
fn stop_all_on_failure_stops_the_rest_only_then() {
    let world = World::new(
        "dev:
  - {name: good, command: 'true', oneshot: true, on_exit: stop-all-on-failure}
  - {name: server, command: 'while [ ! -e die ]; do sleep 0.01; done; exit 9', on_exit: stop-all-on-failure, restart: {policy: never}}
  - {name: other, command: exec sleep 1000}
",
    );
    let up = world.spawn(&["dev", "up"]);
    world.wait_status("other", "running");
    world.wait_status("good", "exited");
    world.write("die", "");
    let ran = up.end();
    assert_eq!(ran.code, Some(9), "{ran:?}");
    assert_eq!(world.word("other"), "stopped");
}

#[test]
fn up_ends_when_all_has_ended() {
    let world = World::new(
        "dev:
  - {name: a, command: echo one, oneshot: true}
  - {name: b, command: echo two, oneshot: true, depends_on: [a]}
",
    );
    let ran = world.run(&["dev", "up"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("one") && ran.stdout.contains("two"),
        "{ran:?}"
    );
}

#[test]
fn up_leaves_alone_what_ran_before_unless_it_is_everything() {
    let world = World::new(
        "dev:
  - {name: db, command: exec sleep 1000}
  - {name: web, command: exec sleep 1000, depends_on: [db]}
",
    );
    world.ok(&["dev", "start", "db"]);
    let db = world.pid("db");
    let up = world.spawn(&["dev", "up", "web"]);
    world.wait_status("web", "running");
    up.signal(2);
    assert_eq!(up.end().code, Some(130));
    assert_eq!(world.word("web"), "stopped");
    assert_eq!(world.pid("db"), db);
}

#[test]
fn a_death_of_the_supervisor_does_not_end_up() {
    let world = World::new(
        "dev:
  - {name: web, command: 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done'}
",
    );
    let up = world.spawn(&["dev", "up"]);
    world.wait_output("web", "line 5\n");
    let pid = world.pid("web");
    crate::world::kill(world.supervisor_pid(), 9);
    let count = world.output("web").lines().count();
    world.wait_output("web", &format!("line {}\n", count + 10));
    assert_eq!(world.pid("web"), pid);
    up.signal(2);
    let ran = up.end();
    assert_eq!(ran.code, Some(130), "{ran:?}");
    wait_for("its end", || has_ended(pid).then_some(()));
    let lines: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("line "))
        .collect();
    for (at, line) in lines.iter().enumerate() {
        assert!(
            line.ends_with(&format!("line {}", at + 1)),
            "{line} at {at}"
        );
    }
}
