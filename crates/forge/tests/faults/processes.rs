//! Processes that behave badly: how they begin, end, multiply and refuse.

use std::collections::BTreeMap;

use crate::harness::times;
use forge_testkit::Case;
use forge_testkit::wait_for;

use crate::world::{World, has_ended, kill, make_executable};

pub(crate) const FAULTS: &[Case] = &[
    ("all_256_exit_codes_are_told_as_they_were", exit_codes),
    ("every_deadly_signal_is_told_by_its_name", signals),
    ("what_cannot_be_executed_says_what_and_why", unexecutable),
    ("a_folder_that_is_missing_is_named", no_folder),
    (
        "a_crash_loop_gives_up_and_costs_no_descriptors_or_memory",
        crash_loop,
    ),
    ("a_hundred_that_crash_at_once_are_all_back", storm),
    ("starts_and_stops_at_once_end_in_one_copy_or_none", contrary),
    ("a_storm_of_forks_is_ended_by_a_stop", forks),
    ("children_that_are_never_reaped_trouble_nobody", zombies),
    ("a_grandchild_that_holds_the_output_hides_no_exit", holder),
    (
        "a_process_that_ignores_sigterm_is_killed_after_its_time",
        stubborn,
    ),
    ("a_halted_process_can_be_stopped", halted),
    (
        "a_health_check_that_never_ends_is_ended_with_its_tree",
        endless_check,
    ),
];

fn exit_codes() {
    let mut config = "dev:\n".to_string();
    for code in 0..256 {
        config.push_str(&format!(
            "  - {{name: e{code}, command: exit {code}, oneshot: true}}\n"
        ));
    }
    let world = World::new(&config);
    world.ends(1, &["dev", "start"]);
    for process in world.status()["processes"].as_array().expect("a list") {
        let name = process["name"].as_str().expect("text");
        let told = format!("e{}", process["exit_code"]);
        assert_eq!(told, name, "{process}");
        assert!(process["signal"].is_null(), "{process}");
        let word = if name == "e0" { "exited" } else { "crashed" };
        assert_eq!(process["status"], word, "{process}");
    }
}

fn signals() {
    let names = BTreeMap::from([
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (6, "SIGABRT"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
    ]);
    let mut config = "dev:\n".to_string();
    for number in names.keys() {
        config.push_str(&format!(
            "  - {{name: s{number}, command: 'kill -{number} $$; sleep 1000', restart: {{policy: never}}}}\n"
        ));
    }
    let world = World::new(&config);
    world.run(&["dev", "start"]);
    for (number, name) in names {
        let process = world.wait_status(&format!("s{number}"), "crashed");
        assert_eq!(process["signal"], name, "{process}");
        assert!(process["exit_code"].is_null(), "{process}");
    }
}

fn unexecutable() {
    let world = World::new(&format!(
        "dev:
  - {{name: missing, command: [no-such-program]}}
  - {{name: plain, command: [./plain]}}
  - {{name: folder, command: [./sub]}}
  - {{name: shebang, command: [./shebang]}}
  - {{name: garbage, command: [./garbage]}}
  - {{name: long, command: [echo, '{}']}}
",
        "x".repeat(200_000)
    ));
    world.write("plain", "not executable");
    world.write("sub/x", "");
    world.write("shebang", "#!/no/such/interpreter\n");
    world.write("garbage", "\u{1}\u{2}\u{3}");
    for name in ["shebang", "garbage"] {
        make_executable(&world.path().join(name));
    }
    let ran = world.ends(1, &["dev", "start"]);
    for (name, code, said) in [
        ("missing", 127, "no-such-program"),
        ("plain", 126, "plain"),
        ("folder", 126, "sub"),
        ("shebang", 127, "shebang"),
        ("garbage", 126, "garbage"),
        ("long", 126, "too long"),
    ] {
        let process = world.process(name);
        let message = process["message"].as_str().unwrap_or_default();
        assert_eq!(process["status"], "crashed", "{process}");
        assert_eq!(process["exit_code"], code, "{process}");
        assert!(
            message.to_lowercase().contains(said),
            "{name}: {process} {ran:?}"
        );
        assert_eq!(
            process["restarts"], 0,
            "it would only fail again: {process}"
        );
    }
}

fn no_folder() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000, cwd: ./nowhere}\n");
    let ran = world.run(&["dev", "start"]);
    assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
    assert!(ran.stderr.contains("nowhere"), "{ran:?}");
}

fn figures(pid: i32) -> (usize, u64) {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("ours")
        .count();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("ours");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    (open, kilobytes.expect("a number"))
}

fn crash_loop() {
    let restarts = times(150);
    let world = World::new(&format!(
        "dev:
  - {{name: calm, command: exec sleep 1000}}
  - {{name: web, command: exit 9, restart: {{policy: always, delay: 1ms, backoff: 1, max_restarts: {restarts}, on_deterministic: retry}}}}
"
    ));
    world.ok(&["dev", "start", "calm"]);
    let (supervisor, keeper) = (world.supervisor_pid(), world.keeper_pid());
    let before = (figures(supervisor), figures(keeper));
    world.ends(1, &["dev", "start", "--timeout", "100s"]);
    let web = world.wait_status("web", "crashed");
    assert_eq!(web["restarts"], restarts, "{web}");
    let message = web["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty(), "{web}");
    for ((open, memory), pid) in [(before.0, supervisor), (before.1, keeper)] {
        wait_for("descriptors to be given back", || {
            (figures(pid).0 <= open + 12).then_some(())
        });
        let now = figures(pid).1;
        assert!(now < memory + 40_000, "{pid}: {memory} kB, then {now} kB");
    }
}

fn storm() {
    let mut config = "dev:\n".to_string();
    for number in 0..100 {
        config.push_str(&format!(
            "  - {{name: p{number}, command: exec sleep 1000, restart: {{delay: 10ms}}}}\n"
        ));
    }
    let world = World::new(&config);
    let ran = world.run_within(&["dev", "start"], 3 * forge_testkit::PATIENCE);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let pids = |world: &World| -> Vec<i64> {
        let status = world.status();
        let all = status["processes"].as_array().expect("a list");
        all.iter().filter_map(|one| one["pid"].as_i64()).collect()
    };
    let first = pids(&world);
    assert_eq!(first.len(), 100);
    for pid in &first {
        kill(*pid as i32, 9);
    }
    wait_for("all to be back", || {
        let now = pids(&world);
        (now.len() == 100 && now.iter().all(|pid| !first.contains(pid))).then_some(())
    });
    for process in world.status()["processes"].as_array().expect("a list") {
        assert_eq!(process["restarts"], 1, "{process}");
    }
}

fn contrary() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'exec flock -n lock sleep 1000 || echo double >> doubled', restart: {policy: never}}\n",
    );
    for turn in 0..times(15) {
        let orders = match turn % 3 {
            0 => ["start", "stop"],
            1 => ["stop", "start"],
            _ => ["restart", "start"],
        };
        let both = orders.map(|order| world.spawn(&["dev", order]));
        for one in both {
            let ran = one.end();
            assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
        }
        assert_eq!(world.read("doubled"), "");
    }
    world.ok(&["dev", "start"]);
    assert_eq!(world.word("web"), "running");
    world.ok(&["dev", "stop"]);
    assert_eq!(world.word("web"), "stopped");
}

fn forks() {
    let world = World::new(
        "dev:
  - name: web
    command: 'i=0; while [ $i -lt 300 ]; do i=$((i+1)); setsid sleep 1000 & done; touch there; wait'
    stop: {timeout: 500ms}
",
    );
    world.ok(&["dev", "start"]);
    wait_for("the storm", || {
        world.path().join("there").exists().then_some(())
    });
    world.wait_process("web", "has many", |one| {
        one["pids"].as_array().is_some_and(|pids| pids.len() >= 300)
    });
    world.ok(&["dev", "stop"]);
    let left = world.left().into_iter();
    let left: Vec<_> = left
        .filter(|(_, words)| words.contains("sleep 1000"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn zombies() {
    let world = World::new(
        "dev:
  - name: web
    command: |
      exec python3 -S -c '
      import os, time
      for _ in range(200):
          if os.fork() == 0: os._exit(0)
      open(\"there\", \"w\").close()
      time.sleep(1000)'
",
    );
    world.ok(&["dev", "start"]);
    wait_for("the children", || {
        world.path().join("there").exists().then_some(())
    });
    let web = world.process("web");
    assert_eq!(web["status"], "running", "{web}");
    let pid = world.pid("web");
    world.ok(&["dev", "stop"]);
    assert!(has_ended(pid));
}

fn holder() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'setsid sleep 1000 & echo done; exit 3', restart: {policy: never}}\n",
    );
    world.run(&["dev", "start"]);
    let web = world.wait_status("web", "crashed");
    assert_eq!(web["exit_code"], 3, "{web}");
    world.wait_output("web", "done\n");
    world.ok(&["dev", "stop"]);
}

fn stubborn() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'trap \"\" TERM; touch there; while :; do sleep 0.05; done', stop: {timeout: 300ms}}\n",
    );
    world.ok(&["dev", "start"]);
    wait_for("the trap", || {
        world.path().join("there").exists().then_some(())
    });
    let pid = world.pid("web");
    world.ok(&["dev", "stop"]);
    assert!(has_ended(pid));
    assert_eq!(world.word("web"), "stopped");
}

fn halted() {
    let world =
        World::new("dev:\n  - {name: web, command: exec sleep 1000, stop: {timeout: 2s}}\n");
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    kill(pid, 19);
    world.ok(&["dev", "stop"]);
    assert!(has_ended(pid));
}

fn endless_check() {
    let world = World::new(
        "dev:
  - name: web
    command: exec sleep 1000
    health_check: {command: 'echo x >> asked; sleep 4242 & sleep 4242', timeout: 100ms, interval: 20ms, start_period: 3s}
    restart: {policy: never}
",
    );
    world.ends(1, &["dev", "start"]);
    assert!(world.lines("asked").len() > 3);
    world.ok(&["dev", "stop"]);
    let left = world.left().into_iter();
    let left: Vec<_> = left.filter(|(_, words)| words.contains("4242")).collect();
    assert!(left.is_empty(), "{left:?}");
}
