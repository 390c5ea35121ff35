//! After a stop nothing is alive, however it tried to stay.

use crate::world::{World, has_ended};
use forge_testkit::{free_port, wait_for};

#[test]
fn a_stop_takes_down_dependents_first() {
    let world = World::new(
        "dev:
  - name: db
    command: trap 'echo db >> order; exit 0' TERM; touch db; while :; do sleep 0.01; done
  - name: api
    command: trap 'sleep 0.1; echo api >> order; exit 0' TERM; touch api; while :; do sleep 0.01; done
    depends_on: [db]
  - name: web
    command: trap 'sleep 0.1; echo web >> order; exit 0' TERM; touch web; while :; do sleep 0.01; done
    depends_on: [api]
",
    );
    world.ok(&["dev", "start"]);
    let there = |name: &&str| world.path().join(name).exists();
    wait_for("traps", || {
        ["db", "api", "web"].iter().all(there).then_some(())
    });
    world.ok(&["dev", "stop"]);
    assert_eq!(world.lines("order"), ["web", "api", "db"]);
}

#[test]
fn no_descendant_survives_a_stop_whatever_it_did_to_get_away() {
    let world = World::new(
        "dev:
  - name: web
    command: |
      trap '' TERM
      (trap '' TERM INT HUP; setsid sh -c 'trap \"\" TERM; echo $$ >> pids; (sleep 1000 & echo $! >> pids); sleep 1000' & ) &
      setsid -f sh -c 'trap \"\" TERM; echo $$ >> pids; exec sleep 1000'
      env -i setsid -f sh -c 'echo $$ >> pids; exec sleep 1000'
      echo $$ >> pids
      while :; do sleep 0.05; done
",
    );
    world.ok(&["dev", "start"]);
    let pids = world.wait_lines("pids", 5);
    world.ok(&["dev", "stop", "--timeout", "300ms"]);
    for pid in pids {
        assert!(has_ended(pid.parse().expect("a pid")), "{pid} lives");
    }
    assert_eq!(world.word("web"), "stopped");
}

#[test]
fn a_stop_that_goes_well_costs_no_wait_and_frees_the_port() {
    let port = free_port();
    let world = World::new(&format!(
        "dev:
  - {{name: web, command: [python3, -S, puppet.py, listen, '{port}'], port: {port}, stop: {{timeout: 60s}}}}
"
    ));
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let begun = std::time::Instant::now();
    world.ok(&["dev", "stop"]);
    assert!(has_ended(pid));
    assert!(begun.elapsed().as_secs() < 20);
    drop(std::net::TcpListener::bind(("127.0.0.1", port)).expect("the port is free"));
}

#[test]
fn a_stop_twice_is_harmless() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.ok(&["dev", "stop"]);
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "stop"]);
    let ran = world.ok(&["dev", "stop"]);
    assert!(
        ran.stdout.contains("not running")
            || ran.stdout.contains("already")
            || ran.stdout.contains("nothing"),
        "{ran:?}"
    );
    let answer = world.ok(&["dev", "stop", "web", "--json"]).json();
    assert_eq!(answer["already"][0], "web", "{answer}");
    let ran = world.ends(3, &["dev", "stop", "nobody"]);
    assert!(ran.stderr.contains("nobody"), "{ran:?}");
}

#[test]
fn a_stop_in_the_middle_of_a_start_ends_both() {
    let world = World::new(
        "dev:
  - {name: db, command: touch db; exec sleep 1000, health_check: {command: 'false', interval: 20ms}}
  - {name: api, command: touch api; exec sleep 1000, depends_on: [db]}
",
    );
    let start = world.spawn(&["dev", "start"]);
    wait_for("db", || world.path().join("db").exists().then_some(()));
    world.ok(&["dev", "stop"]);
    let ran = start.end();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(!world.path().join("api").exists());
    assert_eq!(world.word("db"), "stopped");
    assert_eq!(world.word("api"), "stopped");
    // And it can be started again.
    world.ok(&["dev", "start", "--no-wait"]);
    world.wait_status("db", "starting");
}

#[test]
fn a_stopped_process_starts_again_with_a_new_run() {
    let world = World::new("dev:\n  - {name: web, command: echo run >> runs; exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    let first = world.process("web")["run_id"].clone();
    world.wait_lines("runs", 1);
    world.ok(&["dev", "stop", "web"]);
    world.ok(&["dev", "start", "web"]);
    world.wait_lines("runs", 2);
    assert_ne!(world.process("web")["run_id"], first);
    assert_eq!(world.process("web")["restarts"], 0);
}

#[test]
fn a_dependency_that_is_stopped_leaves_its_dependents_and_says_so() {
    let world = World::new(
        "dev:
  - {name: db, command: exec sleep 1000}
  - {name: api, command: exec sleep 1000, depends_on: [db]}
  - {name: follower, command: exec sleep 1000, depends_on: {db: {condition: started, on_down: stop}}}
",
    );
    world.ok(&["dev", "start"]);
    let pid = world.pid("api");
    let ran = world.ok(&["dev", "stop", "db"]);
    assert!(
        format!("{}{}", ran.stdout, ran.stderr).contains("api"),
        "{ran:?}"
    );
    assert_eq!(world.pid("api"), pid);
    world.wait_status("follower", "stopped");
}

#[test]
fn on_down_restart_follows_a_restarted_dependency() {
    let world = World::new(
        "dev:
  - {name: db, command: exec sleep 1000}
  - {name: api, command: exec sleep 1000, depends_on: {db: {condition: started, on_down: restart}}}
  - {name: web, command: exec sleep 1000, depends_on: {db: {condition: started}}}
",
    );
    world.ok(&["dev", "start"]);
    let (api, web) = (world.pid("api"), world.pid("web"));
    world.ok(&["dev", "restart", "db"]);
    world.wait_process("api", "restarted", |one| {
        one["status"] == "running" && one["pid"] != api
    });
    assert_eq!(world.pid("web"), web);
}

#[test]
fn the_stop_signal_scope_and_command_are_as_the_file_says() {
    let world = World::new(
        "dev:
  - name: leader
    command: |
      trap 'echo leader-usr1 >> trace; exit 0' USR1
      sh -c 'trap \"echo child-usr1 >> trace\" USR1; touch child; while :; do sleep 0.01; done' &
      touch leader
      while :; do sleep 0.01; done
    stop: {signal: SIGUSR1, scope: leader, timeout: 300ms}
  - name: polite
    command: touch polite; while [ ! -e bye ]; do sleep 0.01; done; echo said-bye >> trace2
    stop: {command: touch bye, timeout: 20s, signal: SIGCONT}
",
    );
    world.ok(&["dev", "start"]);
    let there = |name: &&str| world.path().join(name).exists();
    wait_for("traps", || {
        ["leader", "child", "polite"]
            .iter()
            .all(there)
            .then_some(())
    });
    world.ok(&["dev", "stop"]);
    let trace = world.lines("trace");
    assert!(trace.contains(&"leader-usr1".to_string()), "{trace:?}");
    assert!(!trace.contains(&"child-usr1".to_string()), "{trace:?}");
    assert_eq!(world.lines("trace2"), ["said-bye"]);
}

#[test]
fn force_kills_at_once() {
    let world = World::new(
        "dev:
  - {name: web, command: 'trap \"\" TERM; touch there; while :; do sleep 0.05; done', stop: {timeout: 600s}}
",
    );
    world.ok(&["dev", "start"]);
    wait_for("the trap", || {
        world.path().join("there").exists().then_some(())
    });
    world.ok(&["dev", "stop", "--force"]);
    assert_eq!(world.word("web"), "stopped");
}

#[test]
fn a_stop_works_while_the_file_is_broken_or_gone() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    world.configure("dev: [broken");
    world.ends(2, &["dev", "start"]);
    assert_eq!(
        world.pid("web"),
        pid,
        "a broken file leaves alone what runs"
    );
    world.ok(&["dev", "stop", "web"]);
    assert!(has_ended(pid));
    world.configure("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    std::fs::remove_file(world.path().join(".forge/processes.yml")).expect("it is there");
    world.ok(&["dev", "stop"]);
}

#[test]
fn daemon_stop_stops_the_processes_first() {
    let world = World::new(
        "dev:
  - {name: web, command: 'trap \"echo bye >> trace; exit 0\" TERM; touch there; while :; do sleep 0.01; done'}
",
    );
    world.ok(&["dev", "start"]);
    wait_for("the trap", || {
        world.path().join("there").exists().then_some(())
    });
    world.ok(&["daemon", "stop"]);
    assert_eq!(world.lines("trace"), ["bye"]);
    assert!(world.left().is_empty(), "{:?}", world.left());
    world.ok(&["daemon", "stop"]);
}

#[test]
fn children_of_a_crashed_run_are_gone_before_the_next_begins() {
    let world = World::new(
        "dev:
  - name: web
    command: |
      touch pids runs
      for pid in $(cat pids); do kill -0 $pid 2>/dev/null && echo alive >> overlap; done
      setsid -f sh -c 'trap \"\" TERM HUP; echo $$ >> pids; exec sleep 1000'
      while [ ! -s pids ] || [ $(wc -l < pids) -le $(wc -l < runs) ]; do sleep 0.01; done
      echo run >> runs
      if [ $(wc -l < runs) -lt 3 ]; then exit 1; fi
      exec sleep 1000
    stop: {timeout: 200ms}
    restart: {delay: 0s}
",
    );
    // Who waits gives up on a process that ends again and again.
    world.ok(&["dev", "start", "--no-wait"]);
    world.wait_lines("runs", 3);
    assert_eq!(world.read("overlap"), "");
    world.wait_process("web", "two restarts", |web| web["restarts"] == 2);
}

#[test]
fn a_stop_of_another_profile_that_never_ran_is_harmless() {
    let world = World::new(
        "dev:
  - {name: web, command: exec sleep 1000}
test:
  - {name: db, command: exec sleep 1000}
",
    );
    world.ok(&["dev", "start"]);
    let answer = world.ok(&["dev", "stop", "db", "--json"]).json();
    assert_eq!(answer["already"][0], "db", "{answer}");
    assert_eq!(world.word("web"), "running");
    world.ends(3, &["dev", "stop", "nobody"]);
}
