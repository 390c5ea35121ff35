//! What is answered without a supervisor: nothing is started, exit codes are those of the contract.

mod common;

use common::{Answer, Scene, Workspace};
use serde_json::json;

const CONFIG: &str = "dev:
  - name: db
    command: sleep 1000
    groups: [data]
  - name: web
    command: [sleep, '1000']
    port: 3000
    depends_on: [db]
    description: the shop
test:
  - name: runner
    command: 'true'
    oneshot: true
";

#[test]
fn status_shows_everything_stopped_and_starts_nothing() {
    let workspace = Workspace::new(CONFIG);
    let ran = workspace.run(&["dev", "status", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let status = ran.json();
    assert_eq!(status["supervisor"], json!(null));
    assert_eq!(status["workspace"], json!(workspace.path()));
    assert_eq!(status["processes"][1]["name"], "web");
    assert_eq!(status["processes"][1]["status"], "stopped");
    assert_eq!(status["processes"][1]["requested_port"], 3000);
    assert!(!workspace.layout().state().exists());
    assert!(!workspace.layout().runtime().exists());
    let ran = workspace.run(&["dev", "status", "data"]);
    insta::assert_snapshot!(ran.stdout.replace(&*workspace.path().to_string_lossy(), "SHOP").replace("~/shop", "SHOP"), @r"
        SHOP · nothing runs

        NAME  STATUS
        db    stopped
        ");
}

#[test]
fn exit_codes_tell_configuration_process_and_workspace_apart() {
    let workspace = Workspace::new(CONFIG);
    let code = |words: &[&str]| {
        let ran = workspace.run(words);
        assert!(ran.code == Some(0) || ran.stdout.is_empty(), "{ran:?}");
        ran.code
    };
    assert_eq!(code(&["dev", "status", "wbe", "--json"]), Some(3));
    assert_eq!(code(&["dev", "start", "wbe"]), Some(3));
    assert_eq!(code(&["dev", "start", "-p", "prod"]), Some(2));
    assert_eq!(code(&["dev", "start", "--nonsense"]), Some(2));
    assert_eq!(code(&["dev", "stop", "wbe"]), Some(3));
    assert_eq!(code(&["dev", "logs", "wbe"]), Some(3));
    assert_eq!(code(&["dev", "why", "wbe"]), Some(3));
    assert_eq!(code(&["dev", "signal", "wbe", "HUP"]), Some(3));
    assert_eq!(code(&["dev", "signal", "web", "HUP"]), Some(1));
    assert_eq!(code(&["--workspace", "/nowhere", "dev", "status"]), Some(2));
    assert_eq!(code(&["--workspace", "/", "dev", "status"]), Some(2));
    assert_eq!(code(&["dev", "wait", "web", "--timeout", "50ms"]), Some(1));
}

#[test]
fn a_broken_configuration_is_shown_with_its_place_before_anything_is_started() {
    let workspace = Workspace::new("dev:\n  - name: web\n    comand: x\n");
    for words in [
        &["dev", "check"][..],
        &["dev", "start"],
        &["dev", "status"],
        &["dev", "up"],
    ] {
        let ran = workspace.run(words);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains("processes.yml:3"), "{ran:?}");
        assert!(ran.stderr.contains("command"), "{ran:?}");
    }
    let ran = workspace.run(&["dev", "check", "--json"]);
    assert_eq!(
        (ran.code, ran.json()["ok"].clone()),
        (Some(2), json!(false))
    );
    assert!(!workspace.layout().runtime().exists());
}

#[test]
fn check_counts_what_is_there() {
    let workspace = Workspace::new(CONFIG);
    let ran = workspace.run(&["dev", "check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.ends_with("(2 profiles, 3 processes)\n"),
        "{ran:?}"
    );
}

#[test]
fn profiles_graph_and_paths_come_from_the_file() {
    let workspace = Workspace::new(CONFIG);
    let profiles = workspace.run(&["dev", "profiles", "--json"]).json();
    assert_eq!(
        profiles["profiles"][0],
        json!({"name": "dev", "default": true, "processes": ["db", "web"], "running": []})
    );
    let graph = workspace.run(&["dev", "graph"]);
    assert_eq!(
        graph.stdout,
        "db     stopped\n  web  stopped     ← db (healthy)\n"
    );
    let paths = workspace.run(&["dev", "paths", "--json"]).json();
    assert_eq!(paths["logs"], json!(workspace.layout().processes()));
    assert_eq!(paths["socket"], json!(workspace.layout().api_socket()));
}

#[test]
fn why_tells_where_settings_come_from() {
    let workspace = Workspace::new(CONFIG);
    let why = workspace.run(&["dev", "why", "web", "--json"]).json();
    assert_eq!(why["status"], "stopped");
    let settings = why["settings"].as_array().expect("a list");
    let port = settings
        .iter()
        .find(|one| one["key"] == "port")
        .expect("there");
    assert_eq!(port["from"], ".forge/processes.yml:7");
}

#[test]
fn slash_commands_are_read_line_by_line() {
    let workspace = Workspace::new(CONFIG);
    let lines = "# first\n/dev profiles --json\ndev graph\n/dev nonsense\n/dev logs wbe\n/dev graph\n/quit\n/dev check\n";
    let ran = workspace.run_with_input(&[], lines);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stdout.starts_with("{\"profiles\""), "{ran:?}");
    assert!(ran.stdout.contains("← db (healthy)"), "{ran:?}");
    assert!(
        ran.stderr.contains("nonsense") && ran.stderr.contains("wbe"),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("profiles, "), "{ran:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let workspace = Workspace::new(CONFIG);
    let full = std::fs::File::options().write(true).open("/dev/full");
    let ran = workspace
        .command(&["dev", "status"])
        .stdout(full.expect("it is there"))
        .output()
        .expect("it runs");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("cannot write to standard output"));
    let mut child = workspace
        .command(&["dev", "status"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn colours_come_when_they_are_asked_for() {
    let workspace = Workspace::new(CONFIG);
    assert!(!workspace.run(&["dev", "status"]).stdout.contains('\u{1b}'));
    let always = workspace.run(&["dev", "status", "--color", "always"]);
    assert!(always.stdout.contains('\u{1b}'));
}

#[test]
fn all_workspaces_are_listed_with_those_that_run() {
    let workspace = Workspace::new(CONFIG);
    let layout = workspace.layout();
    std::fs::create_dir_all(layout.state()).expect("a folder");
    let path = workspace.path();
    std::fs::write(layout.workspace_file(), path.to_string_lossy().as_bytes()).expect("a file");
    let all = workspace.run(&["dev", "status", "--all", "--json"]).json();
    assert_eq!(all["workspaces"][0]["workspace"], json!(path));
    let daemon = workspace.run(&["daemon", "status", "--json"]).json();
    assert_eq!(
        daemon,
        json!({"keeper": null, "supervisor": null, "shims": {}, "processes": {}, "version": null})
    );
}

#[test]
fn events_are_read_from_disk() {
    let workspace = Workspace::new(CONFIG);
    let layout = workspace.layout();
    std::fs::create_dir_all(layout.state()).expect("a folder");
    std::fs::write(
        layout.events_file(),
        "{\"time\":\"2025-11-21T14:30:15Z\",\"process\":\"web\",\"kind\":\"started\",\"message\":\"a\\u001b[2J\"}\n\
         {\"time\":\"2025-11-21T14:31:15Z\",\"process\":null,\"kind\":\"warning\",\"message\":\"b\",\"ms\":7}\n{\"torn",
    )
    .expect("a file");
    let ran = workspace.run(&["dev", "events"]);
    assert_eq!(
        ran.stdout,
        "2025-11-21 14:30  web           started     a\n2025-11-21 14:31  -             warning     b\n"
    );
    let ran = workspace.run(&["dev", "events", "--json", "--since", "2025-11-21T14:31:00"]);
    assert_eq!(ran.json()["ms"], 7);
}

#[test]
fn names_are_completed_from_the_file() {
    let workspace = Workspace::new(CONFIG);
    let complete = |words: &[&str]| {
        let mut line = vec!["--"];
        line.extend(words);
        let output = workspace
            .command(&line)
            .env("FORGE_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
            .env("_CLAP_IFS", "\n")
            .output()
            .expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(complete(&["forge", "dev", "restart", "w"]), "web");
    assert_eq!(complete(&["forge", "dev", "logs", "da"]), "data");
    assert_eq!(complete(&["forge", "dev", "start", "-p", "te"]), "test");
    let script = workspace.run(&["completions", "bash"]);
    assert!(script.stdout.contains("FORGE_COMPLETE"), "{script:?}");
    let fixed = workspace.run(&["completions", "bash", "--static"]);
    assert!(fixed.stdout.contains("_forge()"), "{fixed:?}");
}

#[test]
fn a_status_is_passed_on_as_it_is() {
    let workspace = Workspace::new(CONFIG);
    let document = json!({"workspace": "/w", "profile": "dev",
        "supervisor": {"pid": 41, "version": "0.1.0", "started_at": "2025-11-21T14:30:15Z"},
        "keeper": {"pid": 40}, "totals": {"running": 0, "cpu_percent": null, "memory_bytes": null},
        "processes": [], "events": [], "warnings": []});
    workspace.play(vec![Scene {
        expect: "GET /v1/status",
        answer: Answer::Json(200, document.clone()),
    }]);
    assert_eq!(workspace.run(&["dev", "status", "--json"]).json(), document);
}

#[test]
fn manual_pages_and_schema_are_printed() {
    let workspace = Workspace::new(CONFIG);
    let page = workspace.run(&["man"]);
    assert!(page.stdout.contains(".TH forge 1"), "{page:?}");
    let page = workspace.run(&["man", "dev", "start"]);
    assert!(page.stdout.contains("on\\-conflict"), "{page:?}");
    assert_eq!(workspace.run(&["man", "nonsense"]).code, Some(2));
    let schema = workspace.run(&["schema"]).json();
    assert!(schema["$schema"].as_str().is_some());
}
