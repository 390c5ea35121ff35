//! Processes are started and stopped, commands typed, terminals attached, and the console left.

use rustix::process::{Pid, Signal, kill_process};

use crate::driven::Console;

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
