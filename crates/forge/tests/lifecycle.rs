//! Start, stop and their kin against a played supervisor: what is sent, shown, and the exit code.

mod common;

use common::{Answer, Scene, Workspace};
use serde_json::{Value, json};

const CONFIG: &str = "dev:
  - name: db
    command: sleep 1000
    groups: [data]
  - name: web
    command: [sleep, '1000']
    port: 3000
    depends_on: [db]
";

fn scene(expect: &'static str, answer: Answer) -> Scene {
    Scene { expect, answer }
}

fn process(name: &str, status: &str) -> Value {
    json!({"name": name, "profile": "dev", "groups": [], "status": status,
        "health": {"state": "healthy", "detail": null, "checked_at": null},
        "pid": 12347, "pids": [12347], "run_id": null, "port": 3000, "requested_port": 3000,
        "listening": [], "adopted": false, "debug": false, "started_at": null, "uptime_ms": 2000,
        "restarts": 0, "exit_code": null, "signal": null, "cpu_percent": 2.5, "memory_bytes": 1048576,
        "threads": 1, "open_files": 3, "disk_read_bytes_per_s": 0, "disk_write_bytes_per_s": 0,
        "net_rx_bytes_per_s": 0, "net_tx_bytes_per_s": 0, "waiting_for": [], "message": null,
        "restart_at": null, "description": null, "url": null})
}

fn started() -> Value {
    json!({"ok": true, "exit_code": 0, "started": ["db", "web"], "already": [], "failed": [],
        "conflicts": [], "notes": [], "processes": [process("db", "running"), process("web", "running")],
        "urls": ["http://localhost:3000"]})
}

fn progress(name: &str, status: &str, outcome: &str, detail: &str) -> Value {
    json!({"processes": [{"name": name, "status": status, "outcome": outcome, "detail": detail,
        "port": null, "elapsed_ms": 1500}]})
}

#[test]
fn a_start_without_a_terminal_tells_changes_then_the_table_and_the_url() {
    let workspace = Workspace::new(CONFIG);
    let player = workspace.play(vec![scene(
        "POST /v1/start",
        Answer::Events(vec![
            (
                "progress",
                progress("web", "waiting", "pending", "waiting for db"),
            ),
            (
                "progress",
                progress("web", "waiting", "pending", "waiting for db"),
            ),
            ("progress", progress("web", "running", "ready", "port 3000")),
            ("done", started()),
        ]),
    )]);
    let ran = workspace.run(&["dev", "start", "web", "-p", "dev", "--timeout", "2m"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.stdout, @r"
        web: waiting for db
        web: ready port 3000 (1.5s)
        NAME  STATUS   HEALTH   PORT    PID   CPU  MEMORY  UPTIME
        db    running  healthy  3000  12347  2.5%  1.0 MB      2s
        web   running  healthy  3000  12347  2.5%  1.0 MB      2s

        Your app is ready at http://localhost:3000

          forge dev logs -f  follow the output
          forge dev status   what runs, and how it is
          forge dev stop     stop everything
        ");
    let (_, body) = &player.told()[0];
    assert_eq!(body["targets"], json!(["web"]));
    assert_eq!(body["profile"], "dev");
    assert_eq!(body["timeout_ms"], 120_000);
    assert_eq!(body["wait"], true);
    assert_eq!(body["on_conflict"], "fail");
    assert_eq!(body["environment"]["TZ"], "UTC");
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn a_start_goes_on_when_the_supervisor_dies_in_the_middle() {
    let workspace = Workspace::new(CONFIG);
    let torn = Answer::Torn(vec![(
        "progress",
        progress("web", "starting", "pending", ""),
    )]);
    let player = workspace.play(vec![
        scene("POST /v1/start", torn),
        scene("POST /v1/start", Answer::Events(vec![("done", started())])),
    ]);
    let ran = workspace.run(&["dev", "start", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["urls"][0], "http://localhost:3000");
    assert_eq!(player.told().len(), 2);
}

#[test]
fn a_start_that_fails_shows_why_and_the_last_lines() {
    let workspace = Workspace::new(CONFIG);
    let mut answer = started();
    answer["ok"] = false.into();
    answer["exit_code"] = 1.into();
    answer["failed"] = json!([{"name": "web", "message": "exited with code 1",
        "tail": ["starting", "\u{1b}[31merror\u{1b}[0m: no \u{7}module"]}]);
    workspace.play(vec![scene(
        "POST /v1/start",
        Answer::Events(vec![("done", answer)]),
    )]);
    let ran = workspace.run(&["dev", "start"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    insta::assert_snapshot!(ran.stderr, @r"
        error: web did not start: exited with code 1
          | starting
          | error: no �module
        hint: `forge dev logs web` shows its output, `forge dev why web` explains
        ");
    assert!(!ran.stdout.contains("ready at"));
}

#[test]
fn a_taken_port_exits_4_and_names_who_has_it() {
    let workspace = Workspace::new(CONFIG);
    let mut answer = started();
    answer["ok"] = false.into();
    answer["exit_code"] = 4.into();
    answer["conflicts"] = json!([{"name": "web", "port": 3000, "pid": 77, "command": "node old.js",
        "started_at": "2025-11-20T10:00:00Z", "old_run": true}]);
    workspace.play(vec![scene(
        "POST /v1/start",
        Answer::Events(vec![("done", answer)]),
    )]);
    let ran = workspace.run(&["dev", "start"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    insta::assert_snapshot!(ran.stderr, @r"
        PORT  WANTED BY  PID  STARTED           WHOSE                         COMMAND
        3000  web         77  2025-11-20 10:00  an old run of this workspace  node old.js
        error: port 3000 is taken
        hint: --on-conflict next-port takes another one, kill ends who has it
        ");
}

#[test]
fn problems_go_to_standard_error_with_their_exit_code() {
    let workspace = Workspace::new(CONFIG);
    let problem = json!({"type": "unknown-process", "detail": "no process `wbe`",
        "hint": "did you mean `web`?", "exit_code": 3});
    workspace.play(vec![scene("POST /v1/restart", Answer::Json(404, problem))]);
    let ran = workspace.run(&["dev", "restart", "wbe", "--json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
    assert_eq!(
        ran.stderr,
        "error: no process `wbe`\nhint: did you mean `web`?\n"
    );
}

#[test]
fn a_stop_names_what_is_left() {
    let workspace = Workspace::new(CONFIG);
    let answer = json!({"ok": false, "stopped": ["web"], "already": [], "notes": [],
        "left": [{"name": "db", "pid": 99, "command": "postgres", "why": "uninterruptible sleep"}]});
    let player = workspace.play(vec![scene(
        "POST /v1/stop",
        Answer::Events(vec![("done", answer)]),
    )]);
    let ran = workspace.run(&["dev", "stop", "--force"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stdout, "stopped web\n");
    assert!(
        ran.stderr
            .contains("db: pid 99  postgres  (uninterruptible sleep)"),
        "{ran:?}"
    );
    assert_eq!(player.told()[0].1["force"], true);
}

#[test]
fn what_is_stopped_can_be_stopped_again() {
    let workspace = Workspace::new("dev: [broken");
    let ran = workspace.run(&["dev", "stop"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "nothing was running\n"),
        "{ran:?}"
    );
}

#[test]
fn a_wait_that_is_over_time_fails_with_what_it_waited_for() {
    let workspace = Workspace::new(CONFIG);
    let answer =
        json!({"ok": false, "detail": "it is still starting", "exit_code": null, "line": null});
    let player = workspace.play(vec![scene("POST /v1/wait", Answer::Json(200, answer))]);
    let ran = workspace.run(&[
        "dev",
        "wait",
        "web",
        "--for",
        "log=ready.*",
        "--timeout",
        "1s",
    ]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("web: it is still starting"), "{ran:?}");
    assert_eq!(player.told()[0].1["until"], json!({"log": "ready.*"}));
}

#[test]
fn exec_runs_in_the_folder_and_environment_of_the_process_and_passes_its_exit_code_on() {
    let workspace = Workspace::new(CONFIG);
    let answer = json!({"cwd": "/", "environment": {"GREETING": "hello", "PATH": "/usr/bin:/bin"}});
    workspace.play(vec![
        scene("POST /v1/exec", Answer::Json(200, answer.clone())),
        scene("POST /v1/exec", Answer::Json(200, answer)),
    ]);
    let ran = workspace.run(&[
        "dev",
        "exec",
        "web",
        "--",
        "sh",
        "-c",
        "echo $GREETING; pwd; exit 42",
    ]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(42), "hello\n/\n"),
        "{ran:?}"
    );
    let ran = workspace.run(&["dev", "exec", "web", "--", "no-such-program"]);
    assert_eq!(ran.code, Some(127), "{ran:?}");
}

#[test]
fn input_is_sent_once_also_when_the_connection_breaks() {
    let workspace = Workspace::new(CONFIG);
    let player = workspace.play(vec![scene("POST /v1/input", Answer::Torn(Vec::new()))]);
    let ran = workspace.run(&["dev", "send", "web", "--", "-x"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let told = player.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1["text"], "-x\n");
}
