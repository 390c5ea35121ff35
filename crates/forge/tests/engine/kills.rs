//! `kill -9` of what Forge consists of: no child dies, no end is lost, nothing runs twice.

use crate::world::{World, has_ended, kill};
use forge_testkit::wait_for;

const TWO: &str = "dev:
  - {name: web, command: 'echo run >> runs; exec sleep 1000'}
  - {name: worker, command: 'while [ ! -e bye ]; do sleep 0.01; done; exit 23', restart: {policy: never}}
";

/// What a kill must leave as it was.
fn survives(strike: impl Fn(&World)) -> World {
    let world = World::new(TWO);
    world.ok(&["dev", "start"]);
    world.wait_lines("runs", 1);
    let before = (world.process("web"), world.pid("worker"));
    strike(&world);
    let after = world.process("web");
    for field in ["pid", "run_id", "started_at", "status", "restarts"] {
        assert_eq!(before.0[field], after[field], "{field}");
    }
    assert_eq!(world.pid("worker"), before.1);
    world
}

fn ends_are_known(world: &World) {
    world.write("bye", "");
    let worker = world.wait_status("worker", "crashed");
    assert_eq!(worker["exit_code"], 23, "{worker}");
    assert_eq!(world.lines("runs").len(), 1, "no second copy");
}

#[test]
fn a_supervisor_that_is_killed_comes_back_and_knows_all() {
    let world = survives(|world| {
        let pid = world.supervisor_pid();
        kill(pid, 9);
        wait_for("another", || (world.supervisor_pid() != pid).then_some(()));
    });
    ends_are_known(&world);
}

#[test]
fn a_keeper_that_is_killed_comes_back_and_knows_all() {
    let world = survives(|world| {
        let pid = world.keeper_pid();
        kill(pid, 9);
        wait_for("another", || (world.keeper_pid() != pid).then_some(()));
    });
    ends_are_known(&world);
}

#[test]
fn a_shim_that_is_killed_comes_back_and_knows_all() {
    let world = survives(|world| {
        let pid = world.shim_pid("worker");
        kill(pid, 9);
        wait_for("another", || {
            (world.shim_pid("worker") != pid).then_some(())
        });
    });
    ends_are_known(&world);
}

#[test]
fn all_at_once_are_brought_back_by_the_next_command() {
    let world = survives(|world| world.kill_all_of_forge(&["web", "worker"]));
    ends_are_known(&world);
}

#[test]
fn an_exit_while_the_supervisor_is_away_is_known() {
    let world = World::new(TWO);
    world.ok(&["dev", "start"]);
    let pid = world.pid("worker");
    let supervisor = world.supervisor_pid();
    // Stopped, it sees nothing; then it is killed.
    kill(supervisor, 19);
    world.write("bye", "");
    wait_for("the end", || has_ended(pid).then_some(()));
    kill(supervisor, 9);
    let worker = world.wait_status("worker", "crashed");
    assert_eq!(worker["exit_code"], 23, "{worker}");
}

#[test]
fn an_end_that_nobody_saw_is_unknown_and_says_so() {
    let world = World::new(TWO);
    world.ok(&["dev", "start"]);
    let pid = world.pid("worker");
    world.kill_all_of_forge(&["web", "worker"]);
    world.write("bye", "");
    wait_for("the end", || has_ended(pid).then_some(()));
    let reaped = !std::path::Path::new(&format!("/proc/{pid}")).exists();
    let worker = world.wait_status("worker", "crashed");
    if !reaped {
        // Nobody has taken note of its end yet: the kernel still knows it.
        assert!(
            worker["exit_code"] == 23 || worker["exit_code"].is_null(),
            "{worker}"
        );
        return;
    }
    assert_eq!(worker["exit_code"], serde_json::Value::Null, "{worker}");
    let message = worker["message"].as_str().unwrap_or_default();
    assert!(message.contains("ended while unsupervised"), "{worker}");
    let warning = world.wait_event("worker", "warning");
    let text = warning["message"].as_str().unwrap_or_default();
    assert!(
        text.contains("between") && text.contains("and"),
        "with the interval: {warning}"
    );
}

#[test]
fn the_death_of_a_supervisor_in_the_middle_of_a_start_ends_in_the_start() {
    let world = World::new(
        "dev:
  - {name: a, command: 'echo a >> runs; touch there; exec sleep 1000', health_check: {command: test -e go, interval: 20ms}}
  - {name: b, command: 'echo b >> runs; exec sleep 1000', depends_on: [a]}
",
    );
    let start = world.spawn(&["dev", "start"]);
    wait_for("a", || world.path().join("there").exists().then_some(()));
    kill(world.supervisor_pid(), 9);
    world.write("go", "");
    let ran = start.end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(world.lines("runs"), ["a", "b"]);
}

#[test]
fn the_death_of_a_supervisor_in_the_middle_of_a_stop_ends_in_the_stop() {
    let world = World::new(
        "dev:
  - {name: a, command: 'trap \"touch asked\" TERM; touch there; while [ ! -e go ]; do sleep 0.01; done'}
",
    );
    world.ok(&["dev", "start"]);
    wait_for("a", || world.path().join("there").exists().then_some(()));
    let pid = world.pid("a");
    let stop = world.spawn(&["dev", "stop"]);
    wait_for("the stop", || {
        world.path().join("asked").exists().then_some(())
    });
    kill(world.supervisor_pid(), 9);
    world.write("go", "");
    let ran = stop.end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(has_ended(pid));
    assert_eq!(world.word("a"), "stopped");
}

#[test]
fn a_restart_that_was_due_while_all_were_away_happens() {
    let world = World::new(
        "dev:
  - {name: web, command: 'echo run >> runs; sleep 0.05; exit 1', restart: {delay: 300ms, max_restarts: 1}}
",
    );
    world.ok(&["dev", "start"]);
    world.wait_status("web", "restarting");
    let (keeper, supervisor) = (world.keeper_pid(), world.supervisor_pid());
    kill(keeper, 19);
    kill(supervisor, 9);
    kill(keeper, 9);
    // The leader of threads may be gone before the last of them lets go of the socket.
    let socket = world.layout().api_socket();
    wait_for("their end", || {
        forge_os::connect_in(&socket).is_err().then_some(())
    });
    // Nothing lives that could have been left alone: looking brings nothing back, a start does.
    assert_eq!(world.status()["supervisor"], serde_json::Value::Null);
    world.ok(&["dev", "start"]);
    world.wait_lines("runs", 2);
}

#[test]
fn what_was_stopped_stays_stopped_after_a_kill_of_everything() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'echo run >> runs; exec sleep 1000'}\n  - {name: db, command: exec sleep 1000}\n",
    );
    world.ok(&["dev", "start"]);
    world.wait_lines("runs", 1);
    world.ok(&["dev", "stop", "web"]);
    world.kill_all_of_forge(&["db"]);
    assert_eq!(world.word("db"), "running");
    assert_eq!(world.word("web"), "stopped");
    assert_eq!(world.lines("runs").len(), 1);
}

/// How many kills of each kind; `FORGE_KILLS=100` for the long form.
fn self_test(kind: &str) {
    let kills = std::env::var("FORGE_KILLS").unwrap_or_else(|_| "12".to_string());
    let world = World::new("dev: []\n");
    let ran = world.run_within(
        &["selftest", "--kind", kind, "--kills", &kills, "--json"],
        std::time::Duration::from_secs(600),
    );
    println!("{kind}: {}", ran.stdout.trim());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.json();
    assert_eq!(report["kills"].to_string(), kills, "{report}");
    for damage in ["lost", "doubled", "torn", "died", "unknown_ends"] {
        assert_eq!(report[damage], 0, "{report}");
    }
    assert!(report["lines"].as_u64() > Some(1_000), "{report}");
}

#[test]
fn kills_of_the_supervisor_lose_nothing() {
    self_test("supervisor");
}

#[test]
fn kills_of_the_keeper_lose_nothing() {
    self_test("keeper");
}

#[test]
fn kills_of_shims_lose_nothing() {
    self_test("shim");
}

#[test]
fn kills_of_all_at_once_lose_nothing() {
    self_test("all");
}
