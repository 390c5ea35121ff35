//! How the console behaves towards its terminal: any size at any moment, suspended and resumed, keys
//! from a file, given back in every case.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::common::Workspace;
use crate::driven::{COLUMNS, Console, ROWS};

const CONFIG: &str = "dev:\n  - {name: web, command: 'echo hello; exec sleep 1000'}\n";

#[test]
fn the_terminal_may_have_any_size_at_any_moment() {
    let mut console = Console::open(CONFIG);
    console.shows("0 of 1 running");
    console.types("S");
    console.shows("1 of 1 running");
    for (rows, columns) in [
        (1, 1),
        (2, 200),
        (15, 60),
        (1, 1),
        (60, 200),
        (ROWS, COLUMNS),
    ] {
        for key in ["1", "2", "3", "4", "5", "6", "?", "\x1b", "/"] {
            console.types(key);
        }
        console.resize(rows, columns);
        console.types("\x1b\x1b1");
    }
    console.shows("1 of 1 running");
    console.types("q");
    assert_eq!(console.end(), Some(0));
    assert!(console.gave_the_terminal_back());
}

#[test]
fn it_is_suspended_and_resumed() {
    let mut console = Console::open(CONFIG);
    console.shows("0 of 1 running");
    let pid = Pid::from_child(&console.child);
    console.types("\x1a");
    loop {
        console.read();
        let ended = waitpid(Some(pid), WaitOptions::UNTRACED | WaitOptions::NOHANG).expect("ours");
        if ended.is_some_and(|(_, status)| status.stopped()) {
            break;
        }
    }
    console.read();
    assert!(console.gave_the_terminal_back());
    kill_process(pid, Signal::CONT).expect("it lives");
    console.until("the console again", |screen| {
        screen.contains("0 of 1 running")
    });
    console.types("?");
    console.shows("Keys and commands");
    console.types("\x1bq");
    assert_eq!(console.end(), Some(0));
    assert!(console.gave_the_terminal_back());
}

#[test]
fn keys_and_theme_come_from_a_file_and_its_mistakes_are_told() {
    let workspace = Workspace::new(CONFIG);
    let folder = workspace.path().join("config/forge");
    std::fs::create_dir_all(&folder).expect("a folder");
    let own = "theme = \"light\"\n[keys]\nstart-all = \"f5\"\nstrat = \"y\"\n";
    std::fs::write(folder.join("console.toml"), own).expect("a file");
    let config = workspace
        .path()
        .join("config")
        .to_string_lossy()
        .into_owned();
    let mut console = Console::open_in(workspace, &[("XDG_CONFIG_HOME", &config)]);
    console.shows("`strat` is no action");
    console.types("\x1b[15~");
    console.shows("1 of 1 running");
}

#[test]
fn without_colours_no_colour_is_written() {
    let mut console = Console::open_in(Workspace::new(CONFIG), &[("NO_COLOR", "1")]);
    console.shows("0 of 1 running");
    console.types("S");
    console.shows("1 of 1 running");
    let screen = console.screen.screen();
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let cell = screen.cell(row, column).expect("a cell");
            let colours = (cell.fgcolor(), cell.bgcolor());
            assert_eq!(colours, (vt100::Color::Default, vt100::Color::Default));
        }
    }
}
