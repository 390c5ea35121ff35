//! What Forge says of itself and of what runs, to scripts.

use serde_json::Value;

use crate::world::World;
use forge_testkit::free_port;

#[test]
fn the_status_has_all_its_fields() {
    let port = free_port();
    let world = World::new(&format!(
        "dev:
  - {{name: web, command: exec python3 -S puppet.py http {port}, port: {port}, group: api, health_check: 'http://127.0.0.1:{port}/'}}
"
    ));
    world.ok(&["dev", "start"]);
    let web = world.wait_process("web", "is measured", |one| {
        one["memory_bytes"].is_u64() && one["listening"][0] == port
    });
    let status = world.status();
    assert_eq!(status["workspace"], world.path().to_str().expect("text"));
    assert_eq!(status["profile"], "dev");
    assert_eq!(status["supervisor"]["pid"], world.supervisor_pid());
    assert_eq!(status["keeper"]["pid"], world.keeper_pid());
    assert!(status["supervisor"]["version"].is_string());
    assert!(status["supervisor"]["started_at"].is_string());
    assert_eq!(status["totals"]["running"], 1);
    for field in ["cpu_percent", "memory_bytes"] {
        assert!(status["totals"].get(field).is_some(), "{field}");
    }
    for field in [
        "name",
        "groups",
        "status",
        "health",
        "pid",
        "pids",
        "run_id",
        "port",
        "requested_port",
        "listening",
        "adopted",
        "debug",
        "started_at",
        "uptime_ms",
        "restarts",
        "exit_code",
        "signal",
        "cpu_percent",
        "memory_bytes",
        "threads",
        "open_files",
        "disk_read_bytes_per_s",
        "disk_write_bytes_per_s",
        "net_rx_bytes_per_s",
        "net_tx_bytes_per_s",
    ] {
        assert!(web.get(field).is_some(), "{field} of {web}");
    }
    assert_eq!(web["groups"], serde_json::json!(["api"]));
    assert_eq!(web["requested_port"], port);
    assert_eq!(web["restarts"], 0);
    assert_eq!(web["adopted"], false);
    let event = &status["events"][0];
    for field in ["time", "process", "kind", "message"] {
        assert!(event.get(field).is_some(), "{field} of {event}");
    }
    let time = event["time"].as_str().expect("text");
    assert_eq!(time.len(), "2025-11-21T14:30:15.123456789Z".len(), "{time}");
    assert!(status["warnings"].is_array());
}

#[test]
fn every_process_of_forge_is_named() {
    let world = World::new(
        "dev:\n  - {name: web, command: exec sleep 1000}\n  - {name: db, command: exec sleep 1000}\n",
    );
    let before = world.daemons();
    assert_eq!(
        before["keeper"],
        Value::Null,
        "looking starts nothing: {before}"
    );
    world.ok(&["dev", "start"]);
    let daemons = world.daemons();
    assert_eq!(daemons["keeper"]["pid"], world.keeper_pid());
    assert_eq!(daemons["supervisor"]["pid"], world.supervisor_pid());
    for name in ["web", "db"] {
        assert_eq!(daemons["shims"][name]["pid"], world.shim_pid(name));
        assert_eq!(daemons["processes"][name]["pid"], world.pid(name));
    }
    world.ok(&["dev", "stop", "web"]);
    assert_eq!(world.daemons()["processes"]["web"], Value::Null);
}

#[test]
fn reasons_graphs_trees_profiles_and_paths_are_told() {
    let world = World::new(
        "dev:
  - {name: db, command: exec sleep 1000, health_check: {command: test -e go, interval: 20ms}}
  - {name: api, command: exec sleep 1000, depends_on: [db], env: {API_TOKEN: s3cret}}
other:
  - {name: x, command: exec sleep 1000}
",
    );
    world.ok(&["dev", "start", "--no-wait"]);
    let why = world.ok(&["dev", "why", "api", "--json"]).json();
    assert_eq!(why["name"], "api");
    assert_eq!(why["status"], "waiting");
    let because = why["because"].as_array().expect("a list");
    assert!(because.iter().any(|one| one["process"] == "db"), "{why}");
    assert!(!why.to_string().contains("s3cret"), "{why}");
    world.write("go", "");
    world.ok(&["dev", "wait", "api"]);
    let ran = world.ok(&["dev", "graph"]);
    assert!(
        ran.stdout.contains("api") && ran.stdout.contains("db"),
        "{ran:?}"
    );
    let ran = world.ok(&["dev", "ps", "db"]);
    assert!(ran.stdout.contains(&world.pid("db").to_string()), "{ran:?}");
    let profiles = world.ok(&["dev", "profiles", "--json"]).json();
    assert_eq!(
        profiles["profiles"][0]["running"],
        serde_json::json!(["db", "api"])
    );
    assert_eq!(
        profiles["profiles"][1]["processes"],
        serde_json::json!(["x"])
    );
    let paths = world.ok(&["dev", "paths", "--json"]).json();
    assert_eq!(
        paths["socket"],
        world.layout().api_socket().to_str().expect("text")
    );
    world.ends(3, &["dev", "why", "nobody"]);
}

#[test]
fn a_status_without_anything_running_starts_nothing() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    let status = world.status();
    assert_eq!(status["supervisor"], Value::Null);
    assert_eq!(status["processes"][0]["status"], "stopped");
    assert!(world.left().is_empty());
}

#[test]
fn events_are_told_as_lines_and_followed() {
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "stop"]);
    let ran = world.ok(&["dev", "events", "--json"]);
    let kinds: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|event| event["kind"].as_str().expect("text").to_string())
        .collect();
    assert_eq!(kinds, ["started", "ready", "stopped"]);
}

#[test]
fn folders_and_sockets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new("dev:\n  - {name: web, command: echo hello; exec sleep 1000}\n");
    world.ok(&["dev", "start"]);
    world.wait_output("web", "hello\n");
    let mode = |path: &std::path::Path| {
        let data = std::fs::symlink_metadata(path).expect("it is there");
        data.permissions().mode() & 0o777
    };
    let layout = world.layout();
    for folder in [layout.state(), layout.runtime(), &layout.process("web")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let log = layout.segment("web", forge_facts::Stream::Stdout, 1);
    for file in [
        layout.api_socket(),
        layout.state_file(),
        layout.events_file(),
        log,
    ] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn what_was_never_started_is_shown_as_stopped_whether_a_supervisor_runs_or_not() {
    let world = World::new(
        "dev:
  - {name: web, command: exec sleep 1000}
  - {name: job, command: exec sleep 1000}
test:
  - {name: db, command: exec sleep 1000}
",
    );
    let look = |targets: &[&str]| {
        let words = [&["dev", "status", "--json"], targets].concat();
        let status = world.ok(&words).json();
        let all = status["processes"].as_array().expect("processes").clone();
        let word = |one: &Value| format!("{} {}", one["name"], one["status"]);
        all.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    let both = r#""web" "stopped", "job" "stopped""#;
    assert_eq!(look(&[]), both);
    assert_eq!(look(&["db"]), r#""db" "stopped""#);
    world.ok(&["dev", "run", "once", "--", "true"]);
    world.wait_status("once", "exited");
    assert_eq!(look(&["db"]), r#""db" "stopped""#);
    assert_eq!(look(&[]), format!(r#""once" "exited", {both}"#));
    assert_eq!(world.ok(&["dev", "logs", "db"]).stdout, "");
    let refused = world.ends(1, &["dev", "signal", "db", "TERM"]);
    let hint = "forge dev start db -p test";
    assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    world.ends(3, &["dev", "status", "nobody"]);
    world.ends(3, &["dev", "logs", "nobody"]);
}
