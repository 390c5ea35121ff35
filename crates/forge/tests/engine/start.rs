//! What comes up, in which order, and what a start does where something cannot.

use crate::world::{World, make_executable};
use forge_testkit::{free_port, wait_for};

#[test]
fn dependencies_come_first_and_independent_ones_at_once() {
    let world = World::new(
        "dev:
  - name: web
    command: echo web >> trace; exec sleep 1000
    depends_on: [api, cache]
  - name: api
    command: echo api >> trace; exec sleep 1000
    depends_on: [db, migrate]
  - name: migrate
    command: echo migrate >> trace
    oneshot: true
    depends_on: [db]
  - name: db
    command: echo db >> trace; exec sleep 1000
    health_check: {command: test -e db.up, interval: 20ms}
  - name: cache
    command: echo cache >> trace; touch db.up; exec sleep 1000
",
    );
    // The cache must not wait for the database: it is what makes it healthy.
    world.ok(&["dev", "start"]);
    let trace = world.lines("trace");
    let at = |name: &str| trace.iter().position(|line| line == name).expect(name);
    assert!(at("db") < at("migrate") && at("migrate") < at("api") && at("api") < at("web"));
    assert_eq!(trace.len(), 5);
    assert_eq!(world.word("migrate"), "exited");
    assert_eq!(world.process("migrate")["exit_code"], 0);
    for name in ["db", "api", "web", "cache"] {
        assert_eq!(world.word(name), "running");
    }
}

#[test]
fn every_condition_of_a_dependency_is_waited_for() {
    let world = World::new(
        "dev:
  - name: slow
    command: while [ ! -e go ]; do sleep 0.01; done; echo now it is open; exec sleep 1000
    health_check: {command: test -e healthy, interval: 20ms}
  - name: failing
    command: while [ ! -e fail ]; do sleep 0.01; done; exit 3
    oneshot: true
  - name: after-started
    command: touch after-started; exec sleep 1000
    depends_on: {slow: {condition: started}}
  - name: after-log
    command: touch after-log; exec sleep 1000
    depends_on: {slow: {log: 'it is o.en'}}
  - name: after-healthy
    command: touch after-healthy; exec sleep 1000
    depends_on: {slow: {condition: healthy}}
  - name: after-exited
    command: touch after-exited; exec sleep 1000
    depends_on: {failing: {condition: exited}}
",
    );
    world.ok(&["dev", "start", "--no-wait"]);
    let exists = |name: &str| world.path().join(name).exists();
    wait_for("after-started", || exists("after-started").then_some(()));
    assert!(!exists("after-log") && !exists("after-healthy") && !exists("after-exited"));
    let waits = world.wait_status("after-log", "waiting");
    assert_eq!(waits["waiting_for"][0], "slow", "{waits}");

    world.write("go", "");
    wait_for("after-log", || exists("after-log").then_some(()));
    assert!(!exists("after-healthy"));
    world.write("healthy", "");
    wait_for("after-healthy", || exists("after-healthy").then_some(()));
    assert!(!exists("after-exited"));
    world.write("fail", "");
    wait_for("after-exited", || exists("after-exited").then_some(()));
}

#[test]
fn a_dependency_that_fails_fails_its_dependents_by_name() {
    let world = World::new(
        "dev:
  - name: migrate
    command: echo no such table >&2; exit 4
    oneshot: true
  - name: api
    command: touch api; exec sleep 1000
    depends_on: [migrate]
  - name: other
    command: exec sleep 1000
",
    );
    let ran = world.ends(1, &["dev", "start"]);
    assert!(ran.stderr.contains("migrate"), "{ran:?}");
    assert!(ran.stderr.contains("no such table"), "{ran:?}");
    let api = ran
        .stderr
        .lines()
        .find(|line| line.contains("api did not start"));
    assert!(api.is_some_and(|line| line.contains("migrate")), "{ran:?}");
    assert!(!world.path().join("api").exists());
    assert_eq!(world.word("migrate"), "crashed");
    assert_eq!(world.process("migrate")["exit_code"], 4);
    // The others are unharmed.
    assert_eq!(world.word("other"), "running");
}

#[test]
fn targets_are_names_groups_and_globs_and_bring_what_they_need() {
    let world = World::new(
        "dev:
  - {name: db, command: exec sleep 1000}
  - {name: api-a, command: exec sleep 1000, group: api, depends_on: [db]}
  - {name: api-b, command: exec sleep 1000, groups: [api, extra]}
  - {name: web, command: exec sleep 1000}
  - {name: tool, command: exec sleep 1000, autostart: false}
",
    );
    let running = || -> Vec<String> {
        let status = world.status();
        let all = status["processes"].as_array().expect("a list").iter();
        all.filter(|one| one["status"] == "running")
            .map(|one| one["name"].as_str().expect("text").to_string())
            .collect()
    };
    world.ok(&["dev", "start", "api-a"]);
    assert_eq!(running(), ["db", "api-a"]);
    world.ok(&["dev", "start", "extra"]);
    assert_eq!(running(), ["db", "api-a", "api-b"]);
    world.ok(&["dev", "stop", "api-*"]);
    assert_eq!(running(), ["db"]);
    world.ok(&["dev", "start"]);
    assert_eq!(running(), ["db", "api-a", "api-b", "web"]);
    world.ok(&["dev", "start", "tool"]);
    assert_eq!(running().len(), 5);
    let ran = world.ends(3, &["dev", "start", "wbe"]);
    assert!(
        ran.stderr.contains("wbe") && ran.stderr.contains("web"),
        "{ran:?}"
    );
}

#[test]
fn a_start_twice_says_so_and_changes_nothing() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    let before = world.process("web");
    let ran = world.ok(&["dev", "start"]);
    assert!(ran.stdout.contains("already"), "{ran:?}");
    let answer = world.ok(&["dev", "start", "--json"]).json();
    assert_eq!(answer["already"][0], "web");
    let after = world.process("web");
    assert_eq!(before["run_id"], after["run_id"]);
    assert_eq!(after["restarts"], 0);
}

#[test]
fn profiles_run_by_name_and_unknown_ones_are_2() {
    let world = World::new(
        "settings: {default_profile: two}
one:
  - {name: a, command: exec sleep 1000}
two:
  - {name: b, command: exec sleep 1000}
",
    );
    world.ok(&["dev", "start"]);
    assert_eq!(world.status()["profile"], "two");
    assert_eq!(world.word("b"), "running");
    world.ok(&["dev", "stop"]);
    world.ok(&["dev", "start", "-p", "one"]);
    assert_eq!(world.word("a"), "running");
    let ran = world.ends(2, &["dev", "start", "-p", "three"]);
    assert!(
        ran.stderr.contains("three") && ran.stderr.contains("one"),
        "{ran:?}"
    );
    let marks = world.ok(&["dev", "exec", "a", "--", "sh", "-c", "echo $FORGE_PROFILE"]);
    assert_eq!(marks.stdout, "one\n");
}

#[test]
fn replicas_are_numbered_and_each_knows_its_number() {
    let world = World::new(
        "dev:
  - name: worker
    command: echo $FORGE_REPLICA $FORGE_PROCESS >> numbers; exec sleep 1000
    replicas: 3
  - name: after
    command: exec sleep 1000
    depends_on: [worker]
",
    );
    world.ok(&["dev", "start"]);
    let mut numbers = world.wait_lines("numbers", 3);
    numbers.sort();
    assert_eq!(numbers, ["1 worker-1", "2 worker-2", "3 worker-3"]);
    assert_eq!(world.word("worker-2"), "running");
    world.ok(&["dev", "stop", "worker-2"]);
    assert_eq!(world.word("worker-2"), "stopped");
    assert_eq!(world.word("worker-3"), "running");
}

#[test]
fn commands_that_cannot_run_end_as_a_shell_says_it() {
    let world = World::new(
        "dev:
  - {name: none, command: [no-such-program-here]}
  - {name: plain, command: [./plain.txt]}
  - {name: shell-none, command: no-such-program-here}
  - {name: nowhere, command: exec sleep 1000, cwd: ./missing}
  - {name: fine, command: exec sleep 1000}
",
    );
    world.write("plain.txt", "hello\n");
    let ran = world.ends(1, &["dev", "start"]);
    assert!(ran.stderr.contains("no-such-program-here"), "{ran:?}");
    assert!(ran.stderr.contains("missing"), "{ran:?}");
    assert_eq!(world.process("none")["exit_code"], 127);
    assert_eq!(world.process("plain")["exit_code"], 126);
    assert_eq!(world.process("shell-none")["exit_code"], 127);
    for name in ["none", "plain", "shell-none", "nowhere"] {
        assert_eq!(world.word(name), "crashed", "{name}");
    }
    assert_eq!(world.word("fine"), "running");

    // Mended, it starts.
    world.write("plain.txt", "#!/bin/sh\nexec sleep 1000\n");
    make_executable(&world.path().join("plain.txt"));
    world.ok(&["dev", "start", "plain"]);
    assert_eq!(world.word("plain"), "running");
}

#[test]
fn a_process_that_never_becomes_ready_ends_the_wait_not_the_process() {
    let world = World::new(
        "dev:
  - {name: deaf, command: exec sleep 1000, health_check: {command: 'false', interval: 50ms}}
",
    );
    let ran = world.ends(1, &["dev", "start", "--timeout", "300ms"]);
    assert!(ran.stderr.contains("deaf"), "{ran:?}");
    assert_eq!(world.word("deaf"), "starting");
}

#[test]
fn a_start_that_dies_at_once_shows_its_last_words() {
    let world = World::new(
        "dev:
  - name: web
    command: echo booting; echo no config file >&2; exit 9
    restart: {policy: never}
    health_check: {command: 'false'}
",
    );
    let ran = world.ends(1, &["dev", "start"]);
    assert!(ran.stderr.contains("no config file"), "{ran:?}");
    assert!(ran.stderr.contains('9'), "{ran:?}");
}

#[test]
fn a_broken_file_starts_nothing_and_tells_all_mistakes() {
    let world = World::new(
        "dev:
  - {name: web, comand: sleep 1}
  - {name: api, command: sleep 1, depends_on: [dbb]}
",
    );
    let ran = world.ends(2, &["dev", "start"]);
    assert!(
        ran.stderr.contains("comand") && ran.stderr.contains("dbb"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("processes.yml:2"), "{ran:?}");
    assert!(ran.stderr.contains("processes.yml:3"), "{ran:?}");
    assert!(world.left().is_empty(), "nothing is started");
}

#[test]
fn a_folder_without_a_workspace_is_2() {
    let world = World::new("dev: []\n");
    let mut command = world.command(&["dev", "start"]);
    command.current_dir(world.base());
    let ran = crate::world::Beside::spawn(command).end();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("processes.yml"), "{ran:?}");
}

#[test]
fn a_start_in_a_command_substitution_returns() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    let script = format!(
        "x=$({} dev start 2>&1); echo \"ended $?\"",
        env!("CARGO_BIN_EXE_forge")
    );
    let mut command = world.command(&[]);
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &script])
        .current_dir(world.path())
        .env_clear();
    for (name, value) in command.env("X", "1").get_envs() {
        shell.env(name, value.expect("set"));
    }
    let ran = crate::world::Beside::spawn(shell).end();
    assert_eq!(ran.stdout, "ended 0\n", "{ran:?}");
    assert_eq!(world.word("web"), "running");
}

#[test]
fn ctrl_c_in_a_start_ends_the_watching_and_nothing_else() {
    let world = World::new(
        "dev:
  - {name: web, command: touch there; exec sleep 1000, health_check: {command: test -e go, interval: 20ms}}
",
    );
    let start = world.spawn(&["dev", "start"]);
    wait_for("the process", || {
        world.path().join("there").exists().then_some(())
    });
    let pid = world.pid("web");
    start.signal(2);
    assert_eq!(start.end().code, Some(130));
    world.write("go", "");
    world.ok(&["dev", "wait", "web"]);
    assert_eq!(world.pid("web"), pid);
}

#[test]
fn hooks_run_around_the_life_of_a_process() {
    let world = World::new(
        "dev:
  - name: web
    command: echo run >> trace; exec sleep 1000
    hooks:
      before_start: echo before $FORGE_PROCESS >> trace
      after_ready: echo ready >> trace
      after_stop: echo stopped >> trace
      on_crash: echo crashed >> trace
    restart: {policy: never}
  - name: guarded
    command: touch guarded; exec sleep 1000
    restart: {policy: never}
    hooks: {before_start: echo not today >&2; exit 1}
",
    );
    world.ok(&["dev", "start", "web"]);
    // Without a check it is ready as soon as it is there: which of the two writes first is chance.
    let mut trace = world.wait_lines("trace", 3);
    trace[1..].sort();
    assert_eq!(trace, ["before web", "ready", "run"]);
    world.ok(&["dev", "stop", "web"]);
    assert_eq!(world.wait_lines("trace", 4)[3], "stopped");
    world.ok(&["dev", "start", "web"]);
    world.wait_lines("trace", 7);
    crate::world::kill(world.pid("web"), 9);
    let trace = world.wait_lines("trace", 8);
    assert!(trace[7..].contains(&"crashed".to_string()), "{trace:?}");

    let ran = world.ends(1, &["dev", "start", "guarded"]);
    assert!(ran.stderr.contains("not today"), "{ran:?}");
    assert!(!world.path().join("guarded").exists());
}

#[test]
fn a_schedule_runs_each_time_and_says_when_next() {
    let world = World::new(
        "dev:
  - {name: tick, command: echo tick >> ticks, schedule: {every: 100ms}}
  - {name: rare, command: echo rare >> rares, schedule: {cron: '0 0 1 1 *'}}
",
    );
    world.ok(&["dev", "start"]);
    world.wait_lines("ticks", 3);
    let rare = world.process("rare");
    assert_eq!(rare["status"], "stopped", "{rare}");
    assert!(
        rare["message"]
            .as_str()
            .is_some_and(|text| text.contains("01-01")),
        "{rare}"
    );
    world.ok(&["dev", "stop", "tick"]);
    let count = world.lines("ticks").len();
    assert_eq!(world.word("tick"), "stopped");
    world.ok(&["dev", "start", "rare"]);
    assert_eq!(
        world.lines("ticks").len(),
        count,
        "a stopped schedule is over"
    );
    assert_eq!(world.read("rares"), "");
}

#[test]
fn ports_and_names_are_checked_before_anything_starts() {
    let port = free_port();
    let world = World::new(&format!(
        "dev:
  - {{name: a, command: exec sleep 1000, port: {port}}}
  - {{name: b, command: exec sleep 1000, port: {port}}}
"
    ));
    let ran = world.ends(2, &["dev", "start"]);
    assert!(ran.stderr.contains(&port.to_string()), "{ran:?}");
    assert!(world.left().is_empty());
}

#[test]
fn a_command_that_ends_at_once_fails_the_start_though_nothing_checks_it() {
    let world = World::new(
        "dev:
  - {name: shell-none, command: no-such-program-here}
  - {name: ends, command: echo sorry >&2; exit 7}
  - {name: fine, command: sleep 1000}
",
    );
    let ran = world.ends(1, &["dev", "start", "shell-none"]);
    assert!(ran.stderr.contains("no-such-program-here"), "{ran:?}");
    world.configure("dev:\n  - {name: ends, command: echo sorry >&2; exit 7, restart: {delay: 600s}}\n  - {name: fine, command: sleep 1000}\n");
    let ran = world.ends(1, &["dev", "start"]);
    assert!(
        ran.stderr.contains("sorry") && ran.stderr.contains("restarts in"),
        "{ran:?}"
    );
    assert_eq!(world.word("ends"), "restarting", "it goes on");
    assert_eq!(world.word("fine"), "running");
}

#[test]
fn a_start_from_another_shell_changes_nothing_of_what_runs() {
    let world = World::new(
        "dev:
  - {name: web, command: exec sleep 1000, env: {PATH: './bin:${PATH}', WHO: '${WHO:-nobody}'}}
",
    );
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let ran = world.run_with(&["dev", "start"], &[("WHO", "another")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(world.pid("web"), pid);
    // A restart is a start by this client.
    let ran = world.run_with(&["dev", "restart"], &[("WHO", "another")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_ne!(world.pid("web"), pid);
    let ran = world.ok(&["dev", "exec", "web", "--", "sh", "-c", "echo $WHO"]);
    assert_eq!(ran.stdout, "another\n");
}
