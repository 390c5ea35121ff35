//! The mouse selects, scrolls and presses, and is passed on to programs that ask for it.

use crate::driven::Console;

#[test]
fn tabs_rows_and_hints_are_pressed_and_the_wheel_scrolls() {
    let config = "dev:
  - name: web
    command: 'i=0; while [ $i -lt 200 ]; do echo \"web line $i.\"; i=$((i+1)); done; exec sleep 1000'
  - {name: worker, command: 'echo from the worker; exec sleep 1000'}
";
    let mut console = Console::open(config);
    console.shows("0 of 2 running");
    console.types("S");
    console.shows("2 of 2 running");
    console.clicks("worker");
    console.shows("from the worker");
    console.clicks("2 Logs");
    console.shows("web line 199.");
    console.types("\x1b[<64;10;10M\x1b[<64;10;10M");
    console.shows("paused");
    console.until("earlier lines", |screen| !screen.contains("web line 199."));
    console.types("\x1b[<65;10;10M\x1b[<65;10;10M\x1b[<65;10;10M");
    console.shows("web line 199.");
    console.shows("? help");
    console.clicks("? help");
    console.shows("Keys and commands");
    console.shows("Esc closes");
    console.clicks("Esc closes");
    console.until("no help", |screen| !screen.contains("Keys and commands"));
    console.clicks("1 Processes");
    console.shows("NAME");
    console.shows("x stop");
    console.clicks("x stop");
    console.until("a stopped worker", |screen| {
        screen
            .lines()
            .any(|line| line.contains("worker") && line.contains("stopped"))
    });
}

#[test]
fn an_attached_program_hears_of_the_mouse_where_it_asks_for_it() {
    // Asks for presses in SGR form, and shows what it is sent.
    let config = "dev:
  - name: game
    command: \"stty raw -echo; printf 'ready\\\\033[?1000h\\\\033[?1006h'; dd bs=1 count=9 2>/dev/null | od -An -c; exec sleep 1000\"
    tty: true
";
    let mut console = Console::open(config);
    console.shows("0 of 1 running");
    console.types("s");
    console.shows("1 of 1 running");
    console.types("a");
    console.shows("attached to game");
    console.shows("ready");
    console.types("\x1b[<0;5;3M");
    console.shows("[   <   0   ;   5   ;   3   M");
    console.types("\x1d");
    console.shows("left game; it runs on");
}

#[test]
fn who_waits_for_input_is_marked() {
    let config = "dev:
  - {name: asks, command: 'printf \"your name: \"; read -r name; echo \"hello $name\"; exec sleep 1000'}
  - {name: works, command: exec sleep 1000}
";
    let mut console = Console::open(config);
    console.shows("0 of 2 running");
    console.types("S");
    console.shows("2 of 2 running");
    if std::fs::read_to_string("/proc/self/wchan").is_err() {
        eprintln!("skipped: this kernel does not tell where processes sleep");
        return;
    }
    console.shows("? running");
    let marked = |screen: &str, name: &str| {
        screen
            .lines()
            .any(|line| line.contains(name) && line.contains("? running"))
    };
    assert!(!marked(&console.text(), "works"), "{}", console.text());
    assert!(marked(&console.text(), "asks"), "{}", console.text());
    console.types("a");
    console.shows("Ctrl-] leaves");
    console.types("forge\r");
    console.shows("hello forge");
    console.types("\x1d");
    console.until("no mark", |screen| {
        screen.contains("2 of 2") && !screen.contains("? running")
    });
}
