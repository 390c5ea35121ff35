//! What happens on a terminal: `attach` and live progress, on a pseudo-terminal.

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{Answer, Scene, Workspace};
use forge_facts::Stream;
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::{Value, json};

const CONFIG: &str = "dev:
  - name: console
    command: irb
    tty: true
";

/// A terminal of 24 lines and 80 columns with the program on it.
struct Terminal {
    master: File,
    slave: OwnedFd,
    child: Child,
    seen: Vec<u8>,
}

impl Terminal {
    fn run(workspace: &Workspace, words: &[&str]) -> Self {
        let terminal = forge_os::open_terminal(24, 80).expect("a terminal");
        let end = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
        let child = workspace
            .command(words)
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("it runs");
        Terminal {
            master: File::from(terminal.master),
            slave: terminal.slave,
            child,
            seen: Vec::new(),
        }
    }

    /// Reads until the output holds this text.
    fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {}", self.text());
            self.read(Duration::from_millis(200));
        }
    }

    fn read(&mut self, patience: Duration) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let patience = Timespec::try_from(patience).expect("short");
        poll(&mut fds, Some(&patience)).expect("it can be waited for");
        let mut room = [0; 4096];
        if let Ok(count) = self.master.read(&mut room) {
            self.seen.extend_from_slice(&room[..count]);
        }
    }

    fn text(&self) -> String {
        format!("{:?}", String::from_utf8_lossy(&self.seen))
    }

    fn end(&mut self) -> (Option<i32>, String) {
        while self.child.try_wait().expect("it is ours").is_none() {
            self.read(Duration::from_millis(20));
        }
        self.read(Duration::from_millis(20));
        let code = self.child.wait().expect("it is ours").code();
        (code, self.text())
    }
}

fn scene(expect: &'static str, answer: Answer) -> Scene {
    Scene { expect, answer }
}

fn status(state: &str) -> Value {
    let pid = (state == "running").then_some(12347);
    let process = json!({"name": "console", "profile": "dev", "groups": [], "status": state,
        "health": {"state": "none", "detail": null, "checked_at": null}, "pid": pid, "pids": [],
        "run_id": null, "port": null, "requested_port": null, "listening": [], "adopted": false,
        "tty": true, "debug": false, "started_at": null, "uptime_ms": null, "restarts": 0,
        "exit_code": 3, "signal": null, "cpu_percent": null, "memory_bytes": null,
        "threads": null, "open_files": null, "disk_read_bytes_per_s": null,
        "disk_write_bytes_per_s": null, "net_rx_bytes_per_s": null, "net_tx_bytes_per_s": null,
        "waiting_for": [], "message": null, "restart_at": null, "description": null, "url": null});
    json!({"workspace": "/w", "profile": "dev", "supervisor": null, "keeper": null,
        "totals": {"running": 1, "cpu_percent": null, "memory_bytes": null},
        "processes": [process], "events": [], "warnings": []})
}

fn log(workspace: &Workspace) -> File {
    let path = workspace.layout().segment("console", Stream::Terminal, 1);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    File::options()
        .append(true)
        .create(true)
        .open(path)
        .expect("a file")
}

#[test]
fn attach_shows_the_terminal_sends_keys_and_gives_the_terminal_back() {
    let workspace = Workspace::new(CONFIG);
    let mut log = log(&workspace);
    log.write_all(b"irb> \x1b[6n").expect("written");
    let player = workspace.play(vec![
        scene("GET /v1/status", Answer::Json(200, status("running"))),
        scene("POST /v1/resize", Answer::Json(200, json!({}))),
        scene(
            "GET /v1/status/stream",
            Answer::Open(vec![("status", status("running"))]),
        ),
        scene(
            "POST /v1/input",
            Answer::Json(200, json!({"names": ["console"]})),
        ),
    ]);
    let mut terminal = Terminal::run(&workspace, &["dev", "attach", "console"]);
    player.wait_for(3);
    terminal.wait_for("irb> ");
    let modes = tcgetattr(&terminal.slave).expect("modes").local_modes;
    assert!(!modes.contains(LocalModes::ICANON));
    terminal.master.write_all(b"1+1\r").expect("typed");
    player.wait_for(4);
    log.write_all(b"1+1\r\n=> \x1b[1m2\x1b[0m\r\n")
        .expect("written");
    terminal.wait_for("=> \u{1b}[1m2");
    terminal.master.write_all(b"\x1d").expect("typed");
    let modes = |terminal: &Terminal| tcgetattr(&terminal.slave).expect("modes").local_modes;
    terminal.wait_for("it runs on");
    assert!(modes(&terminal).contains(LocalModes::ICANON));
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("[6n"), "{text}");
    let told = player.told();
    assert_eq!(
        (&told[1].1["rows"], &told[1].1["cols"]),
        (&json!(24), &json!(80))
    );
    assert_eq!(told[3].1["bytes"], json!(b"1+1\r"));
}

#[test]
fn attach_ends_with_the_process_and_on_a_signal() {
    let workspace = Workspace::new(CONFIG);
    let _log = log(&workspace);
    workspace.play(vec![
        scene("GET /v1/status", Answer::Json(200, status("running"))),
        scene("POST /v1/resize", Answer::Json(200, json!({}))),
        scene(
            "GET /v1/status/stream",
            Answer::Open(vec![("status", status("crashed"))]),
        ),
    ]);
    let (code, text) = Terminal::run(&workspace, &["dev", "attach", "console"]).end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("console has ended: exit code 3"), "{text}");

    let workspace = Workspace::new(CONFIG);
    let player = workspace.play(vec![
        scene("GET /v1/status", Answer::Json(200, status("running"))),
        scene("POST /v1/resize", Answer::Json(200, json!({}))),
        scene("GET /v1/status/stream", Answer::Open(vec![])),
    ]);
    let mut terminal = Terminal::run(&workspace, &["dev", "attach", "console"]);
    player.wait_for(3);
    let pid = rustix::process::Pid::from_child(&terminal.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it lives");
    let (code, text) = terminal.end();
    assert_eq!(code, Some(130), "{text}");
    let modes = tcgetattr(&terminal.slave).expect("modes").local_modes;
    assert!(modes.contains(LocalModes::ICANON));
}

#[test]
fn progress_is_drawn_in_place_and_gives_way_to_the_table() {
    let workspace = Workspace::new(CONFIG);
    let line = |status: &str, outcome: &str| {
        json!({"processes": [{"name": "console", "status": status, "outcome": outcome,
            "detail": "", "port": null, "elapsed_ms": 900}]})
    };
    let done = json!({"ok": true, "exit_code": 0, "started": ["console"], "already": [], "failed": [],
        "conflicts": [], "notes": [], "processes": status("running")["processes"], "urls": []});
    workspace.play(vec![scene(
        "POST /v1/start",
        Answer::Events(vec![
            ("progress", line("starting", "pending")),
            ("progress", line("running", "ready")),
            ("done", done),
        ]),
    )]);
    let (code, text) = Terminal::run(&workspace, &["dev", "start"]).end();
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("starting") && text.contains("\\u{1b}[1A"),
        "{text}"
    );
    assert!(text.contains("forge dev logs -f"), "{text}");
}

#[test]
fn ctrl_c_during_a_start_leaves_the_processes_running_and_says_so() {
    let workspace = Workspace::new(CONFIG);
    let player = workspace.play(vec![scene("POST /v1/start", Answer::Open(vec![]))]);
    let mut terminal = Terminal::run(&workspace, &["dev", "start"]);
    player.wait_for(1);
    let pid = rustix::process::Pid::from_child(&terminal.child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it lives");
    terminal.wait_for("the processes run on");
    assert_eq!(terminal.end().0, Some(130));
}
