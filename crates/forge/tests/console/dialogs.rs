//! What asks: ports that are taken, crashes, kills. Each choice does what it says.

use std::process::{Child, Command, Stdio};

use forge_testkit::{free_port, wait_for};
use serde_json::Value;

use crate::common::Workspace;
use crate::driven::Console;

/// A program outside of Forge that listens.
struct Stranger(Child);

const LISTENS: &str = "import socket, sys\ns = socket.socket()\n\
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
    s.bind(('127.0.0.1', int(sys.argv[1])))\ns.listen()\nwhile True: s.accept()\n";

impl Stranger {
    fn on(port: u16) -> Self {
        let mut command = Command::new("python3");
        command.args(["-S", "-c", LISTENS, &port.to_string()]);
        let child = command.stdout(Stdio::null()).spawn().expect("python3");
        wait_for("the stranger", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Stranger(child)
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it is ours").is_some()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A console whose start has met a taken port.
fn conflict() -> (Console, Stranger, u16) {
    let port = free_port();
    let config =
        format!("dev:\n  - name: web\n    command: [python3, -S, listens.py]\n    port: {port}\n");
    let script = LISTENS.replace("int(sys.argv[1])", "int(__import__('os').environ['PORT'])");
    let workspace = Workspace::new(&config);
    std::fs::write(workspace.path().join("listens.py"), script).expect("a file");
    let stranger = Stranger::on(port);
    let mut console = Console::open_in(workspace, &[]);
    console.shows("0 of 1 running");
    console.types("s");
    console.shows("A port is taken");
    console.shows(&format!("pid {}", stranger.0.id()));
    (console, stranger, port)
}

fn web(console: &Console) -> Value {
    console.workspace.run(&["dev", "status", "--json"]).json()["processes"][0].clone()
}

#[test]
fn a_taken_port_is_freed_by_k() {
    let (mut console, mut stranger, port) = conflict();
    console.types("k");
    console.shows("1 of 1 running");
    assert!(stranger.has_ended());
    assert_eq!(web(&console)["port"], port);
}

#[test]
fn the_next_port_is_taken_by_n() {
    let (mut console, mut stranger, port) = conflict();
    console.types("n");
    console.shows("1 of 1 running");
    assert!(!stranger.has_ended());
    let web = web(&console);
    assert!(
        web["port"] != port && web["requested_port"] == port,
        "{web}"
    );
}

#[test]
fn the_program_that_listens_is_managed_by_a() {
    let (mut console, stranger, _) = conflict();
    console.types("a");
    console.shows("1 of 1 running");
    let web = web(&console);
    assert_eq!(web["adopted"], true, "{web}");
    assert_eq!(web["pid"], stranger.0.id(), "{web}");
}

#[test]
fn a_taken_port_is_left_alone_by_c() {
    let (mut console, mut stranger, _) = conflict();
    console.types("c");
    console.until("no dialog", |screen| !screen.contains("A port is taken"));
    console.shows("0 of 1 running");
    assert!(!stranger.has_ended());
}

#[test]
fn a_command_line_that_meets_a_taken_port_asks_too() {
    let (mut console, mut stranger, port) = conflict();
    console.types("\x1b");
    console.until("no dialog", |screen| !screen.contains("A port is taken"));
    console.types("/dev start web\r");
    console.shows("A port is taken");
    console.types("k");
    console.shows("1 of 1 running");
    assert!(stranger.has_ended());
    assert_eq!(web(&console)["port"], port);
}

#[test]
fn who_listens_on_a_port_is_ended_after_a_question() {
    let (mut console, mut stranger, port) = conflict();
    console.types("c4o");
    console.shows("PROTO");
    console.shows(&format!(" {port} "));
    let row = |console: &Console| {
        console
            .text()
            .lines()
            .position(|line| line.contains(&port.to_string()))
    };
    let first = console
        .text()
        .lines()
        .position(|line| line.contains("PROTO"));
    let down = row(&console).expect("it is shown") - first.expect("a heading") - 1;
    console.types(&"j".repeat(down));
    console.types("x");
    console.shows(&format!("End who listens on port {port}?"));
    console.types("n");
    console.until("no question", |screen| !screen.contains("End who listens"));
    assert!(!stranger.has_ended());
    console.types("x");
    console.shows(&format!("End who listens on port {port}?"));
    console.types("y");
    console.shows(&format!("port {port} is free"));
    assert!(stranger.has_ended());
}

/// A console in which a process has just crashed; its restart is far away.
fn crashed() -> Console {
    let config = "dev:
  - name: api
    command: 'if test -e mended; then exec sleep 1000; fi; echo \"Error: Cannot find module ./users\" >&2; exit 3'
    restart: {delay: 50s, on_deterministic: retry}
";
    let mut console = Console::open(config);
    console.shows("0 of 1 running");
    console.types("S");
    console.shows("api crashed");
    console.shows("restarts in");
    // Keys that were on their way when the card came up do not count, so it is looked at first.
    console.until("a countdown", |screen| {
        (40..49).any(|left| screen.contains(&format!("restarts in {left} s")))
    });
    console
}

#[test]
fn the_card_of_a_crash_counts_down_and_restarts_at_once_by_r() {
    let mut console = crashed();
    console.shows("Cannot find module");
    std::fs::write(console.workspace.path().join("mended"), "").expect("a file");
    console.types("r");
    console.shows("1 of 1 running");
}

#[test]
fn any_other_key_stops_the_countdown_and_k_keeps_it_down() {
    let mut console = crashed();
    console.types("z");
    console.until("no countdown", |screen| {
        screen.contains("api crashed") && !screen.contains("restarts in")
    });
    console.types("k");
    console.until("no card", |screen| !screen.contains("k keep down"));
    assert_eq!(web(&console)["status"], "stopped");
}

#[test]
fn debug_mode_and_the_log_are_one_key_away_from_the_card() {
    let mut console = crashed();
    std::fs::write(console.workspace.path().join("mended"), "").expect("a file");
    console.types("d");
    console.shows("1 of 1 running");
    assert_eq!(web(&console)["debug"], true);
    console.types("C");
    console.shows("l log");
    console.types("l");
    console.shows("Logs · api");
    console.shows("Cannot find module");
}

#[test]
fn everything_is_stopped_only_after_a_question() {
    let config = "dev:\n  - {name: web, command: exec sleep 1000}\n";
    let mut console = Console::open(config);
    console.shows("0 of 1 running");
    console.types("S");
    console.shows("1 of 1 running");
    console.types("X");
    console.shows("Stop everything?");
    console.types("n");
    console.until("no question", |screen| !screen.contains("Stop everything?"));
    console.shows("1 of 1 running");
    console.types("X");
    console.shows("Stop everything?");
    console.types("y");
    console.shows("0 of 1 running");
}
