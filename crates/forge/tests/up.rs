//! `up` and `logs` against files on disk and a played supervisor.

mod common;

use std::process::{Child, Stdio};

use common::{Answer, Scene, Workspace};
use forge_facts::Stream;
use serde_json::{Value, json};

const CONFIG: &str = "dev:
  - name: db
    command: sleep 1000
  - name: web
    command: sleep 1000
";

fn scene(expect: &'static str, answer: Answer) -> Scene {
    Scene { expect, answer }
}

fn process(name: &str, status: &str, exit_code: Option<i32>) -> Value {
    let pid = (status == "running").then_some(12347);
    json!({"name": name, "profile": "dev", "groups": [], "status": status,
        "health": {"state": "none", "detail": null, "checked_at": null}, "pid": pid, "pids": [],
        "run_id": null, "port": null, "requested_port": null, "listening": [], "adopted": false,
        "debug": false, "started_at": null, "uptime_ms": null, "restarts": 0,
        "exit_code": exit_code, "signal": null, "cpu_percent": null, "memory_bytes": null,
        "threads": null, "open_files": null, "disk_read_bytes_per_s": null,
        "disk_write_bytes_per_s": null, "net_rx_bytes_per_s": null, "net_tx_bytes_per_s": null,
        "waiting_for": [], "message": null, "restart_at": null, "description": null, "url": null})
}

fn status(processes: Vec<Value>) -> Value {
    json!({"workspace": "/w", "profile": "dev", "supervisor": null, "keeper": null,
        "totals": {"running": 0, "cpu_percent": null, "memory_bytes": null},
        "processes": processes, "events": [], "warnings": []})
}

fn started(names: &[&str]) -> Answer {
    let lines: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({"name": name, "status": "running", "outcome": "ready", "detail": "",
                "port": null, "elapsed_ms": 5})
        })
        .collect();
    let processes: Vec<Value> = names
        .iter()
        .map(|name| process(name, "running", None))
        .collect();
    Answer::Events(vec![
        ("progress", json!({ "processes": lines })),
        (
            "done",
            json!({"ok": true, "exit_code": 0, "started": names, "already": [], "failed": [],
                "conflicts": [], "notes": [], "processes": processes, "urls": []}),
        ),
    ])
}

fn write_log(workspace: &Workspace, name: &str, text: &str) {
    let path = workspace.layout().segment(name, Stream::Stdout, 1);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

fn spawn(workspace: &Workspace, words: &[&str]) -> Child {
    workspace
        .command(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs")
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    rustix::process::kill_process(pid.expect("a pid"), signal).expect("it lives");
}

#[test]
fn up_ends_with_the_code_of_the_first_process_that_failed() {
    let workspace = Workspace::new(CONFIG);
    write_log(&workspace, "web", "from before\n");
    let all_down = vec![
        process("db", "exited", Some(0)),
        process("web", "crashed", Some(7)),
    ];
    workspace.play(vec![
        scene("GET /v1/status", Answer::Json(200, status(vec![]))),
        scene("POST /v1/start", started(&["db", "web"])),
        scene(
            "GET /v1/status/stream",
            Answer::Open(vec![("status", status(all_down))]),
        ),
    ]);
    let ran = workspace.run(&["dev", "up"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(7), ""), "{ran:?}");
    assert!(ran.stderr.contains("web: ready"), "{ran:?}");
}

#[test]
fn a_signal_to_up_stops_what_it_has_started_and_leaves_the_rest() {
    for (number, code) in [
        (rustix::process::Signal::INT, 130),
        (rustix::process::Signal::HUP, 130),
    ] {
        let workspace = Workspace::new(CONFIG);
        let up = vec![
            process("db", "running", None),
            process("web", "running", None),
        ];
        let stopped =
            json!({"ok": true, "stopped": ["web"], "already": [], "left": [], "notes": []});
        let before = status(vec![process("db", "running", None)]);
        let player = workspace.play(vec![
            scene("GET /v1/status", Answer::Json(200, before)),
            scene("POST /v1/start", started(&["db", "web"])),
            scene(
                "GET /v1/status/stream",
                Answer::Open(vec![("status", status(up))]),
            ),
            scene("POST /v1/stop", Answer::Events(vec![("done", stopped)])),
        ]);
        let child = spawn(&workspace, &["dev", "up", "web"]);
        player.wait_for(3);
        signal(&child, number);
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert_eq!(player.told()[3].1["targets"], json!(["web"]));
        assert!(stderr.contains("db runs on"), "{stderr}");
    }
}

#[test]
fn without_targets_a_signal_stops_everything_and_a_second_one_kills() {
    let workspace = Workspace::new(CONFIG);
    let before = status(vec![process("db", "running", None)]);
    let stopped =
        json!({"ok": true, "stopped": ["db", "web"], "already": [], "left": [], "notes": []});
    let player = workspace.play(vec![
        scene("GET /v1/status", Answer::Json(200, before)),
        scene("POST /v1/start", started(&["db", "web"])),
        scene("GET /v1/status/stream", Answer::Open(vec![])),
        scene("POST /v1/stop", Answer::Open(vec![])),
        scene("POST /v1/stop", Answer::Events(vec![("done", stopped)])),
    ]);
    let child = spawn(&workspace, &["dev", "up"]);
    player.wait_for(3);
    signal(&child, rustix::process::Signal::INT);
    player.wait_for(4);
    signal(&child, rustix::process::Signal::INT);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let told = player.told();
    assert_eq!(told[3].1["targets"], json!(["db", "web"]));
    assert_eq!(
        (&told[3].1["force"], &told[4].1["force"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn logs_are_read_from_disk_in_all_forms() {
    let workspace = Workspace::new(CONFIG);
    write_log(
        &workspace,
        "web",
        "one\n\u{1b}[31mtwo\u{1b}[0m\u{1b}[2J\nERROR three\nno end",
    );
    let run = |words: &[&str]| {
        let mut all = vec!["dev", "logs", "web"];
        all.extend(words);
        let ran = workspace.run(&all);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout
    };
    let text = run(&[]);
    let messages: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(" | ").nth(1))
        .collect();
    assert_eq!(messages, ["one", "two", "ERROR three", "no end"]);
    assert!(text.starts_with("[web] 20"), "{text}");
    assert_eq!(
        run(&["--raw", "-n", "3"]),
        "\u{1b}[31mtwo\u{1b}[0m\u{1b}[2J\nERROR three\nno end"
    );
    let json: Value =
        serde_json::from_str(run(&["--json", "--level", "error"]).trim()).expect("one");
    assert_eq!(
        (&json["message"], &json["stream"]),
        (&json!("ERROR three"), &json!("stdout"))
    );
    assert_eq!(run(&["--grep", "T[WH]", "-i"]).lines().count(), 2);
    let coloured = run(&["--color", "always", "-n", "3"]);
    assert!(
        coloured.contains("\u{1b}[31mtwo") && !coloured.contains("[2J"),
        "{coloured:?}"
    );
    let file = workspace.path().join("out.txt");
    run(&["--export", "out.txt", "--raw", "-n", "1"]);
    assert_eq!(std::fs::read_to_string(file).expect("written"), "no end");
}

#[test]
fn a_search_begins_with_the_number_of_hits() {
    let workspace = Workspace::new(CONFIG);
    write_log(&workspace, "web", "a\nb\nab\n");
    write_log(&workspace, "db", "xa\n");
    let ran = workspace.run(&["dev", "search", "a"]);
    assert!(ran.stdout.starts_with("3 lines\n"), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 4);
    let ran = workspace.run(&["dev", "search", "(", "web"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let ran = workspace.run(&["dev", "logs", "--run", "0123456789abc"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
}

#[test]
fn following_ends_when_nobody_reads() {
    let workspace = Workspace::new(CONFIG);
    write_log(&workspace, "web", "one\n");
    let mut child = spawn(&workspace, &["dev", "logs", "-f", "--raw"]);
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut first = [0; 4];
    std::io::Read::read_exact(&mut stdout, &mut first).expect("a line");
    assert_eq!(&first, b"one\n");
    let path = workspace.layout().segment("web", Stream::Stdout, 1);
    let mut log = std::fs::File::options()
        .append(true)
        .open(path)
        .expect("there");
    std::io::Write::write_all(&mut log, b"two\n").expect("written");
    std::io::Read::read_exact(&mut stdout, &mut first).expect("a line");
    assert_eq!(&first, b"two\n");
    drop(stdout);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
