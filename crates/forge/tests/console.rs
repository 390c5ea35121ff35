//! The full-screen console: the real binary on a pseudo-terminal, its screen read back.

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::Workspace;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

const CONFIG: &str = "dev:
  - name: backend
    command: 'echo hello from the backend; echo ERROR: no disk >&2; exec sleep 1000'
  - name: echo
    command: 'while read -r line; do echo \"heard <$line>\"; done'
    tty: true
  - name: spare
    command: exec sleep 1000
    autostart: false
";

const ROWS: u16 = 24;
const COLUMNS: u16 = 90;

/// A console on a terminal of its own.
struct Console {
    workspace: Workspace,
    master: File,
    slave: OwnedFd,
    child: Child,
    screen: vt100::Parser,
}

impl Console {
    fn open(config: &str) -> Self {
        let workspace = Workspace::new(config);
        let terminal = forge_os::open_terminal(ROWS, COLUMNS).expect("a terminal");
        let end = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
        let child = workspace
            .command(&[])
            .env("TERM", "xterm-256color")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("it runs");
        let size = |length| std::num::NonZeroU16::new(length).expect("not zero");
        Console {
            workspace,
            master: File::from(terminal.master),
            slave: terminal.slave,
            child,
            screen: vt100::Parser::new(size(ROWS), size(COLUMNS), 0),
        }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads until the screen shows this text.
    fn shows(&mut self, text: &str) {
        self.until(&format!("{text:?}"), |screen| screen.contains(text));
    }

    fn until(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(40);
        while !is(&self.text()) {
            assert!(Instant::now() < deadline, "no {what} in\n{}", self.text());
            self.read();
        }
    }

    fn read(&mut self) {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let patience = Timespec::try_from(Duration::from_millis(200)).expect("short");
        if poll(&mut fds, Some(&patience)).expect("it can be waited for") == 0 {
            return;
        }
        let mut room = [0; 16 * 1024];
        if let Ok(count) = self.master.read(&mut room) {
            self.screen.process(&room[..count]);
        }
    }

    fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits for its end; the exit code.
    fn end(&mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().expect("it is ours").is_none() {
            assert!(
                Instant::now() < deadline,
                "it does not end:\n{}",
                self.text()
            );
            self.read();
        }
        for _ in 0..4 {
            self.read();
        }
        self.child.wait().expect("it is ours").code()
    }

    fn gave_the_terminal_back(&self) -> bool {
        let modes = tcgetattr(&self.slave).expect("modes").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
            && !self.screen.screen().alternate_screen()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.workspace.command(&["daemon", "stop"]).output();
    }
}

#[test]
fn processes_are_started_watched_and_stopped_by_keys() {
    let mut console = Console::open(CONFIG);
    console.shows("backend");
    console.shows("0 of 3 running");
    console.types("S");
    console.shows("2 of 3 running");
    console.shows("hello from the backend");
    console.types("x");
    console.until("a stopped backend", |screen| {
        screen
            .lines()
            .any(|line| line.contains("backend") && line.contains("stopped"))
    });
    console.types("q");
    assert_eq!(console.end(), Some(0));
    assert!(console.gave_the_terminal_back());
    let status = console.workspace.run(&["dev", "status", "--json"]).json();
    let echo = status["processes"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["name"] == "echo");
    assert_eq!(echo.expect("it is there")["status"], "running");
}

#[test]
fn commands_are_typed_completed_and_kept_and_the_log_answers_to_them() {
    let mut console = Console::open(CONFIG);
    console.shows("0 of 3 running");
    console.types("/dev sta");
    console.shows("Start processes and wait until all are ready");
    console.types("rt bac\t\r");
    console.shows("1 of 3 running");
    console.types("\x1b");
    console.shows("hello from the backend");
    console.types("/dev logs backend\r");
    console.shows("Logs · backend");
    console.shows("ERROR: no disk");
    console.types("/level loud\r");
    console.shows("`loud` is no level");
    console.types("\x15level error\r");
    console.until("only the error", |screen| {
        screen.contains("ERROR: no disk") && !screen.contains("hello from the backend")
    });
    let file = console.workspace.path().join("saved.txt");
    console.types(&format!("/save {}\r", file.display()));
    console.shows("saved to");
    let saved = std::fs::read_to_string(&file).expect("it is there");
    assert!(
        saved.contains("ERROR: no disk") && !saved.contains('\u{1b}'),
        "{saved}"
    );
    console.types("/quit\r");
    assert_eq!(console.end(), Some(0));
    let history = console.workspace.layout().state().join("console.history");
    let history = std::fs::read_to_string(history).expect("it is there");
    assert!(
        history.contains("dev start backend\n") && history.contains("level error\n"),
        "{history}"
    );
}

#[test]
fn an_attached_terminal_takes_keys_and_is_left_unharmed() {
    let mut console = Console::open(CONFIG);
    console.shows("0 of 3 running");
    console.types("S");
    console.shows("2 of 3 running");
    console.types("/attach echo\r");
    console.shows("attached to echo");
    console.types("one two\r");
    console.shows("heard <one two>");
    console.types("\x1d");
    console.shows("left echo; it runs on");
    console.shows("2 of 3 running");
}

#[test]
fn a_killed_supervisor_comes_back_and_the_console_with_it() {
    let mut console = Console::open(CONFIG);
    console.shows("0 of 3 running");
    console.types("S");
    console.shows("2 of 3 running");
    let daemon = console
        .workspace
        .run(&["daemon", "status", "--json"])
        .json();
    let pid = daemon["supervisor"]["pid"].as_i64().expect("a pid") as i32;
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("it lives");
    console.types("\x1b[Bx");
    console.until("a stopped echo", |screen| {
        screen
            .lines()
            .any(|line| line.contains("echo") && line.contains("stopped"))
    });
    console.shows("1 of 3 running");
}

#[test]
fn the_terminal_is_given_back_on_a_signal() {
    let mut console = Console::open(CONFIG);
    console.shows("0 of 3 running");
    let pid = Pid::from_child(&console.child);
    kill_process(pid, Signal::TERM).expect("it lives");
    console.end();
    assert!(console.gave_the_terminal_back());
}

#[test]
fn mistakes_of_the_file_are_shown_with_their_place() {
    let mut console = Console::open("dev:\n  - name: web\n    comand: sleep 1\n");
    console.shows("The configuration has mistakes");
    console.shows("comand");
    console.types("\x1b");
    console.types("q");
    assert_eq!(console.end(), Some(0));
}
