//! The log view: searched, filtered, copied, opened elsewhere, and scrolled through on disk.

use std::os::unix::fs::PermissionsExt;

use crate::common::Workspace;
use crate::driven::Console;

const CONFIG: &str = "dev:
  - name: api
    command: 'i=0; while [ $i -lt 3000 ]; do echo \"line $i of the api\"; i=$((i+1)); done; echo ERROR: the end; exec sleep 1000'
  - name: web
    command: 'echo hello from the web; exec sleep 1000'
";

fn logs() -> Console {
    let mut console = Console::open(CONFIG);
    console.shows("0 of 2 running");
    console.types("S");
    console.shows("2 of 2 running");
    console.types("/logs api\r");
    console.shows("ERROR: the end");
    console
}

#[test]
fn a_search_is_shown_while_it_is_typed_and_goes_on_into_what_lies_on_disk() {
    let mut console = logs();
    console.types("/search line 29[0-9]5");
    console.shows("/line 29[0-9]5");
    console.types("\r");
    console.shows("line 2995 of the api");
    console.types("n");
    console.shows("line 2985 of the api");
    console.types("N");
    console.shows("line 2995 of the api");
    // Far above what was read at first.
    console.types("/search line 7 of\r");
    console.shows("line 7 of the api");
    console.shows("paused");
    console.types("g");
    console.shows("line 0 of the api");
    console.types("G");
    console.shows("ERROR: the end");
    console.shows("following");
}

#[test]
fn level_process_and_expression_hold_at_once() {
    let mut console = logs();
    console.types("/filter\r");
    console.shows("Logs · all processes");
    console.types("/grep line 1..7\r");
    console.until("the lines that match", |screen| {
        screen.contains("line 1997 of the api") && !screen.contains("hello from the web")
    });
    console.types("/level error\r");
    console.shows("no line is let through");
    console.types("/grep\r");
    console.shows("ERROR: the end");
    console.types("/level\r/filter web\r");
    console.until("only the web", |screen| {
        screen.contains("hello from the web") && !screen.contains("ERROR: the end")
    });
}

#[test]
fn lines_are_copied_through_the_terminal_by_key_and_by_mouse() {
    let mut console = logs();
    console.clicks("ERROR: the end");
    console.types("y");
    console.shows("copied 1 line");
    let (column, row) = console.place("ERROR: the end");
    let above = row - 2;
    console.types(&format!(
        "\x1b[<0;{column};{above}M\x1b[<32;{column};{row}M\x1b[<0;{column};{row}m"
    ));
    console.shows("copied 3 lines");
    let copied = console.heard();
    // "ERROR: the end", and two lines before it, as terminals take them.
    assert!(
        copied.contains("\x1b]52;c;RVJST1I6IHRoZSBlbmQ=\x07"),
        "{copied:?}"
    );
    assert!(copied.contains(
        "\x1b]52;c;bGluZSAyOTk4IG9mIHRoZSBhcGkKbGluZSAyOTk5IG9mIHRoZSBhcGkKRVJST1I6IHRoZSBlbmQ="
    ));
}

#[test]
fn the_log_is_opened_in_the_pager_and_in_the_editor_and_the_console_comes_back() {
    let workspace = Workspace::new(CONFIG);
    // Shows how many lines it was given, waits for a line, and ends.
    let program = workspace.path().join("shows");
    let script = "#!/bin/sh\nif [ $# -gt 0 ]; then file=$(cat \"$1\"); else file=$(cat); fi\n\
        echo \"given $(echo \"$file\" | grep -c .) lines\"; read -r answer </dev/tty || read -r answer; exit 0\n";
    std::fs::write(&program, script).expect("a file");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    // Nobody has the test's terminal as its own: it is read from standard error instead.
    let script = script.replace(
        "read -r answer </dev/tty || read -r answer",
        "read -r answer <&2",
    );
    std::fs::write(&program, script).expect("a file");
    let shows = program.to_string_lossy().into_owned();
    let mut console = Console::open_in(workspace, &[("PAGER", &shows), ("VISUAL", &shows)]);
    console.shows("0 of 2 running");
    console.types("S");
    console.shows("2 of 2 running");
    console.types("/logs api\r");
    console.shows("ERROR: the end");
    for key in ["v", "E"] {
        console.types(key);
        console.shows("given 3001 lines");
        console.types("\r");
        console.shows("ERROR: the end");
        console.shows("Logs · api");
    }
}
