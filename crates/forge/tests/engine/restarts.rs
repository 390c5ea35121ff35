//! What happens after an exit: restarts, giving up, and what a restart keeps.

use crate::world::{World, kill};
use forge_testkit::wait_for;

#[test]
fn a_crash_is_restarted_and_counted_until_it_gives_up() {
    let world = World::new(
        "dev:
  - name: web
    command: echo run >> runs; exit 7
    restart: {delay: 1ms, backoff: 1.0, max_restarts: 3}
",
    );
    let ran = world.ends(1, &["dev", "start"]);
    assert!(ran.stderr.contains('7'), "{ran:?}");
    world.wait_status("web", "crashed");
    assert_eq!(world.lines("runs").len(), 4, "one start and three restarts");
    let web = world.process("web");
    assert_eq!(web["restarts"], 3);
    assert_eq!(web["exit_code"], 7);
    assert!(
        web["message"]
            .as_str()
            .is_some_and(|text| text.contains("gave up")),
        "{web}"
    );
    assert_eq!(world.events("web", "crashed").len(), 4);
    // A person who starts it again is no restart, and it has all its tries again.
    world.ends(1, &["dev", "start"]);
    world.wait_process("web", "crashed again", |one| {
        one["status"] == "crashed" && one["restarts"] == 3
    });
    assert_eq!(world.lines("runs").len(), 8);
}

#[test]
fn a_start_does_not_wait_for_what_hangs_on_a_process_that_crashes_again_and_again() {
    let world = World::new(
        "dev:
  - name: db
    command: exit 125
    health_check: {log: never}
    restart: {delay: 10ms, backoff: 1.0, max_restarts: 100000, window: 1s}
  - {name: api, command: sleep 600, depends_on: [db]}
  - {name: web, command: sleep 600, depends_on: [api]}
",
    );
    let ran = world.ends(1, &["dev", "start", "--timeout", "600s"]);
    assert!(ran.stderr.contains("waiting for `db`"), "{ran:?}");
    assert!(ran.stderr.contains("waiting for `api`"), "{ran:?}");
    // It was not given up, though: only the start has said how it stands.
    assert_eq!(world.word("web"), "waiting");
}

#[test]
fn the_delay_grows_and_is_shown_and_a_stop_ends_it() {
    let world = World::new(
        "dev:
  - name: web
    command: echo run >> runs; sleep 0.1; exit 1
    restart: {delay: 600s, backoff: 2.0}
",
    );
    world.ok(&["dev", "start"]);
    let web = world.wait_status("web", "restarting");
    assert!(web["restart_at"].is_string(), "{web}");
    assert!(web["pid"].is_null(), "{web}");
    let ran = world.ok(&["dev", "stop"]);
    assert!(ran.stdout.contains("web"), "{ran:?}");
    assert_eq!(world.word("web"), "stopped");
    // A start does not wait for the rest of the delay.
    world.ok(&["dev", "start"]);
    world.wait_lines("runs", 2);
}

#[test]
fn policies_success_codes_and_always_hold() {
    let world = World::new(
        "dev:
  - {name: never, command: echo x >> never; exit 1, restart: {policy: never, delay: 1ms}}
  - {name: ok, command: echo x >> ok; exit 0, restart: {delay: 1ms}}
  - {name: three, command: echo x >> three; exit 3, restart: {success_codes: [0, 3], delay: 1ms}}
  - {name: always, command: echo x >> always; exit 0, restart: {policy: always, delay: 1ms, backoff: 1.0, max_restarts: 2}}
  - {name: off, command: echo x >> off; exit 1, auto_restart: false}
",
    );
    world.run(&["dev", "start"]);
    world.wait_lines("always", 3);
    world.wait_status("always", "crashed");
    world.wait_status("never", "crashed");
    world.wait_status("off", "crashed");
    world.wait_status("ok", "exited");
    world.wait_status("three", "exited");
    for name in ["never", "ok", "three", "off"] {
        assert_eq!(world.lines(name).len(), 1, "{name}");
    }
    assert_eq!(world.lines("always").len(), 3);
}

#[test]
fn a_crash_by_a_signal_names_it() {
    let world = World::new(
        "dev:
  - {name: web, command: exec sleep 1000, restart: {policy: never}}
",
    );
    world.ok(&["dev", "start"]);
    kill(world.pid("web"), 11);
    let web = world.wait_status("web", "crashed");
    assert_eq!(web["signal"], "SIGSEGV");
    assert!(web["exit_code"].is_null());
    let crash = world.wait_event("web", "crashed");
    assert_eq!(crash["signal"], "SIGSEGV", "{crash}");
    assert_eq!(crash["count_in_window"], 1, "{crash}");
}

#[test]
fn a_missing_command_waits_for_a_change_and_then_starts_by_itself() {
    let world = World::new(
        "dev:
  - {name: web, command: ./server, restart: {delay: 1ms}}
",
    );
    let ran = world.ends(1, &["dev", "start"]);
    assert!(ran.stderr.contains("change"), "{ran:?}");
    world.write("server.tmp", "#!/bin/sh\nexec sleep 1000\n");
    let path = world.path();
    crate::world::make_executable(&path.join("server.tmp"));
    std::fs::rename(path.join("server.tmp"), path.join("server")).expect("ours");
    world.wait_status("web", "running");
}

#[test]
fn a_restart_keeps_port_logs_and_counts_once() {
    let world = World::new(
        "dev:
  - name: web
    command: echo port $PORT run; exec python3 -S puppet.py listen $PORT
    port: auto
  - {name: db, command: exec sleep 1000}
",
    );
    world.ok(&["dev", "start"]);
    let before = world.process("web");
    let db = world.pid("db");
    world.ok(&["dev", "restart", "web"]);
    let after = world.process("web");
    assert_eq!(after["status"], "running");
    assert_eq!(after["port"], before["port"]);
    assert_eq!(after["restarts"], 1);
    assert_ne!(after["pid"], before["pid"]);
    assert_ne!(after["run_id"], before["run_id"]);
    assert_eq!(world.pid("db"), db);
    let port = before["port"].as_u64().expect("a port");
    let logs = world.ok(&["dev", "logs", "web", "--json"]);
    let runs: Vec<serde_json::Value> = logs
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &serde_json::Value| line["message"] == format!("port {port} run"))
        .collect();
    assert_eq!(runs.len(), 2, "{logs:?}");
    assert_eq!(runs[0]["run_id"], before["run_id"]);
    assert_eq!(runs[1]["run_id"], after["run_id"]);
    let last = world.ok(&["dev", "logs", "web", "--run", "last"]);
    assert_eq!(last.stdout.matches(" run").count(), 1, "{last:?}");
}

#[test]
fn a_restart_of_what_is_stopped_starts_it() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "stop"]);
    world.ok(&["dev", "restart", "web"]);
    assert_eq!(world.word("web"), "running");
    world.ends(3, &["dev", "restart", "wbe"]);
}

#[test]
fn a_oneshot_that_fails_stays_down_and_a_start_tries_it_again() {
    let world = World::new(
        "dev:
  - {name: job, command: echo x >> tries; test -e ready, oneshot: true, restart: {delay: 1ms}}
",
    );
    world.ends(1, &["dev", "start"]);
    assert_eq!(world.word("job"), "crashed");
    assert_eq!(world.lines("tries").len(), 1);
    world.write("ready", "");
    world.ok(&["dev", "start"]);
    assert_eq!(world.word("job"), "exited");
    assert_eq!(world.lines("tries").len(), 2);
}

#[test]
fn files_that_change_restart_a_process_and_ignored_ones_do_not() {
    let world = World::new(
        "dev:
  - name: web
    command: echo run >> .runs; exec sleep 1000
    watch: {paths: ['src/**/*.rs'], ignore: ['**/generated.rs'], debounce: 20ms}
",
    );
    world.write("src/deep/a.rs", "1");
    world.write(".gitignore", "/src/ignored/\n");
    world.write("src/ignored/b.rs", "1");
    world.ok(&["dev", "start"]);
    world.wait_lines(".runs", 1);
    // What must not matter comes first: a restart by it would come first, too.
    world.write("src/deep/generated.rs", "2");
    world.write("src/deep/readme.md", "2");
    world.write("src/ignored/b.rs", "2");
    world.write("src/deep/a.rs", "2");
    world.wait_lines(".runs", 2);
    let reload = world.wait_event("web", "reload");
    assert!(
        reload["message"]
            .as_str()
            .is_some_and(|text| text.contains("a.rs")),
        "{reload}"
    );
    wait_for("the restart", || {
        (world.word("web") == "running").then_some(())
    });
    assert_eq!(world.process("web")["restarts"], 1);
}

#[test]
fn pause_halts_the_tree_and_resume_lets_it_go_on() {
    let world = World::new(
        "dev:
  - name: web
    command: 'sh -c \"while :; do echo x >> beat; sleep 0.01; done\" & while :; do sleep 0.05; done'
",
    );
    world.ok(&["dev", "start"]);
    world.wait_lines("beat", 3);
    let pid = world.pid("web");
    world.ok(&["dev", "pause", "web"]);
    assert_eq!(world.word("web"), "paused");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    assert!(stat.contains(") T "), "{stat}");
    let count = world.lines("beat").len();
    world.ok(&["dev", "resume", "web"]);
    world.wait_lines("beat", count + 3);
    assert_eq!(world.pid("web"), pid);
    assert_eq!(world.word("web"), "running");
    world.ok(&["dev", "pause"]);
    world.ok(&["dev", "stop"]);
    assert_eq!(world.word("web"), "stopped");
}
