//! Profiles side by side, saved, and brought back; trust and the shell's hook; schedules and pauses. Real
//! processes throughout.

#[allow(dead_code)]
#[path = "engine/world.rs"]
mod world;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use forge_facts::{Entry, journal};
use forge_testkit::{free_port, wait_for};
use world::{World, kill};

/// Kills all of Forge and all processes at once.
fn kill_everything(world: &World, names: &[&str]) {
    let pids: Vec<i32> = names.iter().map(|name| world.pid(name)).collect();
    world.kill_all_of_forge(names);
    for pid in pids {
        kill(pid, 9);
        wait_for("its end", || world::has_ended(pid).then_some(()));
    }
}

/// As if the machine had been started anew since: the journals tell of another boot.
fn move_to_another_boot(world: &World, names: &[&str]) {
    for name in names {
        let path = world.layout().journal(name);
        let mut bytes = Vec::new();
        for (seq, entry) in journal::read(&path).expect("a journal").entries {
            let entry = match entry {
                Entry::Spawned {
                    run,
                    mut identity,
                    at,
                } => {
                    identity.boot = "00000000-0000-0000-0000-000000000000".to_string();
                    Entry::Spawned { run, identity, at }
                }
                other => other,
            };
            bytes.extend(entry.to_record(seq).encode());
        }
        std::fs::write(&path, bytes).expect("written");
    }
}

const TWO: &str = "dev:
  - {name: db, command: exec sleep 1000}
  - {name: web, command: exec sleep 1000, depends_on: [db], port: auto, health_check: 'true'}
  - {name: off, command: exec sleep 1000}
";

#[test]
fn after_a_kill_of_everything_a_restore_brings_back_what_ran() {
    let world = World::new(TWO);
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "run", "extra", "--", "sleep", "1000"]);
    world.ok(&["dev", "stop", "off"]);
    let before = world.process("web");
    kill_everything(&world, &["db", "web", "extra"]);
    let told = world.ok(&["dev", "restore", "--json"]).json();
    assert_eq!(told["ok"], true, "{told}");
    for name in ["db", "web", "extra"] {
        assert_eq!(world.word(name), "running", "{told}");
    }
    assert_eq!(world.word("off"), "stopped");
    let after = world.process("web");
    assert_eq!(before["port"], after["port"]);
    assert_ne!(before["run_id"], after["run_id"]);
    let again = world.ok(&["dev", "restore"]);
    assert!(
        again.stderr.contains("everything that is remembered runs"),
        "{again:?}"
    );
}

#[test]
fn after_a_kill_of_everything_a_start_begins_what_is_dead() {
    let world = World::new(TWO);
    world.ok(&["dev", "start", "web"]);
    kill_everything(&world, &["db", "web"]);
    let told = world.ok(&["dev", "start", "web", "--json"]).json();
    assert_eq!(told["started"].as_array().map(Vec::len), Some(2), "{told}");
    assert_eq!(world.word("db"), "running");
    assert_eq!(world.word("web"), "running");
}

#[test]
fn after_a_reboot_nothing_begins_by_itself_and_a_restore_brings_it_back() {
    let world = World::new(TWO);
    world.ok(&["dev", "start", "web"]);
    let before = world.process("web");
    kill_everything(&world, &["db", "web"]);
    move_to_another_boot(&world, &["db", "web"]);
    for name in ["db", "web"] {
        world.wait_status(name, "stopped");
    }
    world.ok(&["dev", "restore"]);
    assert_eq!(world.word("db"), "running");
    assert_eq!(world.word("web"), "running");
    assert_eq!(world.process("web")["port"], before["port"]);
    assert_eq!(world.word("off"), "stopped");
}

#[test]
fn what_comes_back_by_itself_comes_only_from_a_trusted_file() {
    let config = format!("settings: {{auto_restore: true}}\n{TWO}");
    let world = World::new(&config);
    world.ok(&["dev", "start", "db"]);
    kill_everything(&world, &["db"]);
    move_to_another_boot(&world, &["db"]);
    world.wait_status("db", "stopped");
    let text = std::fs::read_to_string(world.layout().events_file()).expect("events");
    assert!(text.contains("not trusted as it is"), "{text}");

    world.ok(&["dev", "restore"]);
    let said = world.ok(&["trust"]);
    assert!(said.stdout.contains("trusted as it is now"), "{said:?}");
    let list = world.base().join("state/trusted.json");
    let mode = list.metadata().expect("a list").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    kill_everything(&world, &["db"]);
    move_to_another_boot(&world, &["db"]);
    world.wait_status("db", "running");
}

#[test]
fn a_save_keeps_the_file_and_adds_what_was_run_beside_it() {
    let port = free_port();
    let world = World::new(
        "# our services
dev:
  # the database
  - name: db
    command: exec sleep 1000 # long
    env: {TOKEN: \"${SECRET:-none}\"}
  - {name: off, command: exec sleep 1000, autostart: false}
test: [{name: t, command: 'true'}]
",
    );
    world.ok(&["dev", "start"]);
    let words = [
        "dev",
        "run",
        "queue",
        "--port",
        &port.to_string(),
        "--env",
        "A=b c",
        "--no-wait",
    ];
    let words = [&words[..], &["--", "sleep", "1000"]].concat();
    world.ok(&words);
    world.ok(&["dev", "save", "mine"]);
    let text = world.read(".forge/processes.yml");
    assert!(
        text.starts_with("# our services\ndev:\n  # the database\n  - name: db\n"),
        "{text}"
    );
    assert!(text.contains("${SECRET:-none}"), "{text}");
    let rows = world.ok(&["dev", "profiles", "--json"]).json();
    let mine = rows["profiles"].as_array().expect("a list").iter();
    let mine = mine
        .clone()
        .find(|row| row["name"] == "mine")
        .expect("the profile");
    assert_eq!(mine["processes"], serde_json::json!(["db", "queue"]));
    world.ok(&["dev", "check"]);
    let ran = world.ends(2, &["dev", "save", "settings"]);
    assert!(ran.stderr.contains("no name of a profile"), "{ran:?}");
    assert_eq!(world.read(".forge/processes.yml"), text);
}

#[test]
fn profiles_run_beside_each_other_where_no_names_clash() {
    let world = World::new(
        "a: [{name: one, command: exec sleep 1000}]
b: [{name: two, command: exec sleep 1000}]
c: [{name: one, command: exec sleep 1001}]
",
    );
    world.ok(&["dev", "start", "-p", "a"]);
    world.ok(&["dev", "start", "-p", "b"]);
    assert_eq!(
        (world.word("one"), world.word("two")),
        ("running".into(), "running".into())
    );
    let rows = world.ok(&["dev", "profiles", "--json"]).json();
    let running = |at: usize| rows["profiles"][at]["running"].clone();
    assert_eq!(running(0), serde_json::json!(["one"]));
    assert_eq!(running(1), serde_json::json!(["two"]));
    let ran = world.ends(2, &["dev", "start", "-p", "c"]);
    assert!(ran.stderr.contains("runs already"), "{ran:?}");
    world.ok(&["dev", "stop"]);
    world.ok(&["dev", "start", "-p", "c"]);
}

#[test]
fn several_profiles_start_at_once_or_none_of_them() {
    let world = World::new(
        "a: [{name: one, command: exec sleep 1000}]
b: [{name: two, command: exec sleep 1000}]
c: [{name: one, command: exec sleep 1001}]
",
    );
    let ran = world.ends(2, &["dev", "start", "-p", "a", "-p", "b", "-p", "c"]);
    assert!(
        ran.stderr.contains("in profile `a` and in profile `c`"),
        "{ran:?}"
    );
    assert_eq!(world.events("two", "started").len(), 0);
    let told = world
        .ok(&["dev", "start", "-p", "a", "-p", "b", "--json"])
        .json();
    assert_eq!(told["started"], serde_json::json!(["one", "two"]), "{told}");
    let ran = world.ends(2, &["dev", "start", "one", "-p", "a", "-p", "b"]);
    assert!(!ran.stderr.is_empty(), "{ran:?}");
}

#[test]
fn every_workspace_is_shown_and_stopped_at_once() {
    let world = World::new("dev: [{name: web, command: exec sleep 1000}]\n");
    world.ok(&["dev", "start"]);
    let all = world.ok(&["dev", "status", "--all", "--json"]).json();
    let list = all["workspaces"].as_array().expect("a list");
    assert_eq!(list.len(), 1, "{all}");
    assert_eq!(list[0]["workspace"], world.path().to_str().expect("text"));
    assert_eq!(list[0]["processes"][0]["status"], "running");
    world.ok(&["daemon", "stop", "--all"]);
    wait_for("the end of all", || world.left().is_empty().then_some(()));
}

#[test]
fn a_hook_tells_and_starts_only_what_is_trusted() {
    let world = World::new("dev: [{name: web, command: exec sleep 1000}]\n");
    let path = world.path();
    let here = path.to_str().expect("text");
    let enter = ["hook", "bash", "--start", "--enter", here];
    let ran = world.ok(&enter);
    assert!(
        ran.stderr.contains("nothing runs") && ran.stderr.contains("not trusted"),
        "{ran:?}"
    );
    assert!(!world.layout().state().join("state.json").exists());
    world.ok(&["trust"]);
    world.ok(&enter);
    world.wait_status("web", "running");
    let ran = world.ok(&["hook", "bash", "--enter", here]);
    assert!(ran.stderr.contains("1 of 1 processes run"), "{ran:?}");
}

#[test]
fn the_last_shell_that_leaves_stops_what_is_trusted() {
    let world = World::new("dev: [{name: web, command: touch up; exec sleep 1000}]\n");
    world.ok(&["trust"]);
    let script = "eval \"$(\"$FORGE\" hook bash --start --stop)\"; cd \"$1/sub\"; _forge_hook
while [ ! -e ../up ]; do sleep 0.01; done; cd /; _forge_hook";
    std::fs::create_dir(world.path().join("sub")).expect("a folder");
    let forge = world.command(&[]);
    let mut shell = Command::new("bash");
    shell
        .args(["--norc", "-c", script, "bash"])
        .arg(world.path());
    shell.env_clear();
    shell.envs(
        forge
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shell
        .env("FORGE", env!("CARGO_BIN_EXE_forge"))
        .current_dir("/");
    let output = shell.output().expect("bash runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(world.events("web", "started").len(), 1, "{output:?}");
    assert_eq!(world.word("web"), "stopped", "{output:?}");
}

#[test]
fn a_scheduled_process_runs_again_and_names_its_next_time_between_runs() {
    let world = World::new(
        "dev:
  - {name: tick, command: 'echo tick >> trace', schedule: {every: 200ms}}
  - {name: nightly, command: 'true', schedule: {cron: '0 3 * * *'}}
",
    );
    world.ok(&["dev", "start"]);
    world.wait_lines("trace", 3);
    let nightly = world.wait_status("nightly", "stopped");
    let message = nightly["message"].as_str().unwrap_or_default().to_string();
    assert!(message.contains("03:00:00"), "{nightly}");
    let tick = world.wait_process("tick", "names its next time", |one| {
        one["status"] == "stopped"
            && one["message"]
                .as_str()
                .is_some_and(|it| it.contains("next at"))
    });
    assert_eq!(tick["exit_code"], 0, "{tick}");
    world.ok(&["dev", "stop"]);
    let count = world.lines("trace").len();
    let stopped = world.process("tick");
    assert!(
        !stopped["message"]
            .as_str()
            .unwrap_or_default()
            .contains("next at"),
        "{stopped}"
    );
    assert!(world.lines("trace").len() <= count + 1);
}

#[test]
fn a_paused_tree_halts_and_goes_on() {
    let world = World::new(
        "dev:
  - name: worker
    command: exec python3 ticks.py
",
    );
    // One process without children: a shell that has just forked cannot be halted on its own.
    world.write(
        "ticks.py",
        "import select
while True:
    open('trace', 'a').write('x\\n')
    select.select([], [], [], 0.01)
",
    );
    world.ok(&["dev", "start"]);
    world.wait_lines("trace", 2);
    world.ok(&["dev", "pause", "worker"]);
    let pid = world.pid("worker");
    assert_eq!(world.word("worker"), "paused");
    let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    wait_for("its halt", || stat().contains(") T ").then_some(()));
    world.ok(&["dev", "resume", "worker"]);
    let count = world.lines("trace").len();
    world.wait_lines("trace", count + 2);
    assert_eq!(world.word("worker"), "running");
}
