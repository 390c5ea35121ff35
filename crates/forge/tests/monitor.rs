//! What is measured, with real processes: figures against the kernel's and the program's own, warnings
//! that come and go, limits, service statistics, the picture, the live view, and hogs.

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use common::Workspace;
use common::lives::{BETWEEN, Lives, PATIENCE, process, text, warned};
use forge_testkit::free_port;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetattr;
use serde_json::Value;

/// Holds 64 MiB and, as long as a file is there, uses 30% of a core: what it has fallen behind it makes up.
const BURN: &str = r#"
import os, threading, time
held = b'x' * (64 << 20)
rest = threading.Event()
begun, used = time.monotonic(), time.process_time()
while True:
    if not os.path.exists('burn'):
        begun, used = time.monotonic(), time.process_time()
        rest.wait(0.05)
    elif time.process_time() - used < 0.3 * (time.monotonic() - begun):
        sum(range(2000))
    else:
        rest.wait(0.005)
"#;

/// The values of a series, but for the first seconds, in which the program begins.
fn values(process: &Value, metric: &str, skip: usize) -> Vec<f64> {
    let points = process["history"][metric].as_array().expect("a list");
    let values = points
        .iter()
        .skip(skip)
        .map(|point| point[1].as_f64().expect("a number"));
    values.collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn config(name: &str, program: &Path, more: &str) -> String {
    let program = program.display();
    format!("dev:\n  - name: {name}\n    command: [python3, '{program}']\n{more}")
}

/// A folder with the program, and its path.
fn burner() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("burn.py");
    std::fs::write(&program, BURN).expect("a file");
    (folder, program)
}

#[test]
fn cpu_and_memory_are_what_the_program_uses_and_a_warning_comes_and_goes() {
    let (_folder, program) = burner();
    let config = config("burn", &program, "    limits: {cpu: 20%}\n");
    let lives = Lives::start(&config, &[("burn", "")]);

    let is_near = |monitor: &Value| {
        let cpu = values(process(monitor, "burn"), "cpu_percent", 2);
        cpu.len() >= 8 && (mean(&cpu) - 30.0).abs() < 3.0
    };
    let monitor = lives.monitor_until("share of 30%", is_near);
    check_figures(&monitor);

    lives.monitor_until("warning", |monitor| warned(monitor, "burn", "over-limit"));
    let status = lives.json(&["dev", "status", "--json"]);
    assert!(warned(&status, "burn", "over-limit"), "{status}");
    let picture = lives.0.run(&["dev", "monitor", "--once"]).stdout;
    for part in [
        "CPU  ",
        "burn  running",
        "average",
        "1 thread ·",
        "Warnings",
        "the limit of 20%",
    ] {
        assert!(picture.contains(part), "no {part:?} in\n{picture}");
    }
    assert!(!picture.contains('\u{1b}'), "{picture:?}");

    std::fs::remove_file(lives.0.path().join("burn")).expect("it was there");
    lives.monitor_until("end of the warning", |monitor| {
        !warned(monitor, "burn", "over-limit") && !warned(monitor, "burn", "near-limit")
    });
    let mut told = lives.warnings_told("burn");
    // Between over and nothing it may have been near for a look.
    told.retain(|one| one.ends_with("over-limit"));
    assert_eq!(told, ["raised over-limit", "cleared over-limit"]);
}

/// Compares what is told of `burn` with what the kernel says.
fn check_figures(monitor: &Value) {
    let burn = process(monitor, "burn");
    let told = burn["memory_bytes"].as_f64().expect("a number");
    let pid = burn["pid"].as_i64().expect("a pid");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("a line");
    let kilobytes: f64 = resident
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    let truth = kilobytes * 1024.0;
    assert!(
        truth > f64::from(64 << 20) && (told / truth - 1.0).abs() < 0.05,
        "{told} {truth}"
    );
    assert_eq!(burn["threads"], 1);
    assert!(burn["open_files"].as_u64() >= Some(3), "{burn}");
    assert_eq!(burn["service"], serde_json::json!({}));
    for field in [
        "memory_bytes",
        "threads",
        "open_files",
        "net_rx_bytes_per_s",
    ] {
        assert!(!values(burn, field, 0).is_empty(), "{field}");
    }
    let system = &monitor["system"];
    assert!(system["memory_bytes"].as_u64() < system["memory_total_bytes"].as_u64());
    assert!(
        system["cpu_percent"].is_number() && system["load"].is_array(),
        "{system}"
    );
}

#[test]
fn a_process_over_its_memory_limit_is_stopped_where_the_file_says_so() {
    let (_folder, program) = burner();
    let limits = "    limits: {memory: 32MB, on_exceed: stop}\n";
    let lives = Lives::start(&config("hog", &program, limits), &[]);
    let monitor = lives.monitor_until("stop", |monitor| {
        process(monitor, "hog")["status"] == "stopped"
    });
    let message = text(&process(&monitor, "hog")["message"]);
    assert!(message.contains("the limit is 32 MB"), "{message}");
}

#[test]
fn figures_and_errors_of_services_are_told_and_ports_that_nobody_listens_on() {
    let (port, silent) = (free_port(), free_port());
    let config = format!(
        "dev:
  - name: web
    command: python3 -m http.server {port} --bind 127.0.0.1
    port: {port}
    metrics: http://127.0.0.1:${{process.web.port}}/figures
  - name: mute
    command: [sleep, '1000']
    ports: [{silent}]
    metrics: redis://127.0.0.1:{silent}
"
    );
    let page = "# TYPE pool_connections gauge\npool_connections 7\n";
    let lives = Lives::start(&config, &[("figures", page)]);
    let monitor = lives.monitor_until("figures", |monitor| {
        process(monitor, "web")["service"]["pool_connections"] == 7
            && process(monitor, "mute")["service_error"].is_string()
    });
    assert_eq!(process(&monitor, "web")["service_error"], Value::Null);
    let why = text(&process(&monitor, "mute")["service_error"]);
    assert!(
        why.contains(&format!("cannot reach redis://127.0.0.1:{silent}")),
        "{why}"
    );
    let picture = lives.0.run(&["dev", "monitor"]).stdout;
    assert!(picture.contains("pool connections 7"), "{picture}");
    assert!(picture.contains("service: cannot reach"), "{picture}");
    lives.monitor_until("warning", |monitor| warned(monitor, "mute", "silent-port"));
}

#[test]
fn history_goes_on_and_warnings_are_not_told_twice_when_the_supervisor_is_killed() {
    let silent = free_port();
    let config =
        format!("dev:\n  - name: mute\n    command: [sleep, '1000']\n    ports: [{silent}]\n");
    let lives = Lives::start(&config, &[]);
    let before = lives.monitor_until("warning", |monitor| {
        warned(monitor, "mute", "silent-port")
            && values(process(monitor, "mute"), "memory_bytes", 0).len() > 10
    });
    let first = process(&before, "mute")["history"]["memory_bytes"][0].clone();
    let daemon = lives.json(&["daemon", "status", "--json"]);
    let pid = daemon["supervisor"]["pid"].as_i64().expect("a pid");
    let pid = rustix::process::Pid::from_raw(pid as i32).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
    let after = lives.monitor_until("warning again", |monitor| {
        warned(monitor, "mute", "silent-port")
    });
    assert_eq!(process(&after, "mute")["history"]["memory_bytes"][0], first);
    assert_eq!(lives.warnings_told("mute"), ["raised silent-port"]);
}

#[test]
fn hogs_know_whose_a_process_is_and_show_as_many_as_are_asked_for() {
    let (_folder, program) = burner();
    let lives = Lives::start(&config("burn", &program, ""), &[]);
    // It was started, which is not yet to hold what it is about to hold.
    let monitor = lives.monitor_until("memory of 64 MiB", |monitor| {
        process(monitor, "burn")["memory_bytes"].as_u64() > Some(64 << 20)
    });
    let pid = &process(&monitor, "burn")["pid"];
    // All that there is, whatever else this machine is busy with.
    let hogs = lives.json(&["dev", "hogs", "--json", "--limit", "1000000"]);
    let all = hogs["processes"].as_array().expect("a list");
    let burn = all.iter().find(|one| one["pid"] == *pid);
    let burn = burn.unwrap_or_else(|| panic!("not {pid} in {hogs}"));
    assert_eq!(burn["name"], "burn");
    assert_eq!(burn["owner"], "this-workspace");
    let workspace = lives.0.path().to_string_lossy().into_owned();
    assert_eq!(burn["workspace"], workspace.as_str());
    assert!(text(&burn["command"]).contains("burn.py"), "{burn}");
    assert!(burn["cpu_percent"].is_number(), "{burn}");
    assert!(burn["memory_bytes"].as_u64() > Some(64 << 20), "{burn}");
    // Nobody else's process is taken for ours.
    let own = i64::from(std::process::id());
    let stranger = all.iter().find(|one| one["pid"] == own).expect("it runs");
    assert_eq!(stranger["workspace"], Value::Null);
    // One by CPU, one by memory.
    let few = lives.json(&["dev", "hogs", "--json", "-n", "1"]);
    let few = few["processes"].as_array().expect("a list").len();
    assert!((1..=2).contains(&few), "{few}");
}

#[test]
fn without_a_supervisor_the_picture_says_that_nothing_runs_and_unknown_names_are_3() {
    let workspace = Workspace::new("dev:\n  - name: db\n    command: [sleep, '1000']\n");
    let ran = workspace.run(&["dev", "monitor"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("\nnothing runs\n\ndb  stopped\n"),
        "{}",
        ran.stdout
    );
    let monitor = workspace.run(&["dev", "monitor", "--json"]).json();
    assert!(
        monitor["system"]["memory_total_bytes"].as_u64() > Some(0),
        "{monitor}"
    );
    assert_eq!(workspace.run(&["dev", "monitor", "bd"]).code, Some(3));
    assert!(!workspace.layout().api_socket().exists());
}

#[test]
fn the_live_view_gives_the_terminal_back_however_it_ends() {
    let workspace = Workspace::new("dev:\n  - name: db\n    command: [sleep, '1000']\n");
    for (key, code) in [(b"q", 0), (b"\x03", 130)] {
        let terminal = forge_os::open_terminal(24, 80).expect("a terminal");
        let end = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
        let before = tcgetattr(&terminal.slave).expect("a terminal").local_modes;
        let mut child = workspace
            .command(&["dev", "monitor"])
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("it runs");
        let mut master = File::from(terminal.master);
        let mut seen = read_until(&mut master, "nothing runs");
        master.write_all(key).expect("it is open");
        seen.push_str(&read_until(&mut master, "\u{1b}[?1049l"));
        assert_eq!(
            child.wait().expect("it is ours").code(),
            Some(code),
            "{seen:?}"
        );
        assert!(seen.starts_with("\u{1b}[?1049h"), "{seen:?}");
        let after = tcgetattr(&terminal.slave).expect("a terminal").local_modes;
        assert_eq!(after, before);
    }
}

/// What was written up to this text.
fn read_until(master: &mut File, text: &str) -> String {
    let mut seen = Vec::new();
    let mut room = [0; 4096];
    let deadline = Instant::now() + PATIENCE;
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert!(Instant::now() < deadline, "no {text:?} in {seen:?}");
        let mut fds = [PollFd::new(master, PollFlags::IN)];
        let patience = Timespec::try_from(BETWEEN).expect("short");
        poll(&mut fds, Some(&patience)).expect("it can be waited for");
        // Nothing to read is no end yet.
        let count = master.read(&mut room).unwrap_or(0);
        seen.extend_from_slice(&room[..count]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}
