//! Every state against everything that can happen: one table, to be read by eye when it changes.
//!
//! `FORGE_UPDATE_TABLE=1 cargo test -p forge-core table` writes it anew.

use std::fmt::Write;

use crate::script::World;

/// A process in each of its states, and how it got there.
const STATES: [(&str, &str); 22] = [
    ("stopped", ""),
    ("waiting", "W start web"),
    ("launching", "start web"),
    ("not ready", "start web; spawned web"),
    ("overdue", "start web; spawned web; wait 60s"),
    ("ready", "start web; spawned web; healthy web"),
    (
        "unhealthy",
        "start web; spawned web; healthy web; sick web; sick web; sick web",
    ),
    ("paused", "start web; spawned web; healthy web; pause web"),
    ("crashed, leftovers", "start web; spawned web; exit web 1"),
    ("delayed", "start web; spawned web; exit web 1; gone web"),
    (
        "delayed, ending leftovers",
        "start web; spawned web; exit web 1; wait 5s",
    ),
    ("exited, leftovers", "start web; spawned web; exit web 0"),
    ("exited", "start web; spawned web; exit web 0; gone web"),
    (
        "waits for change",
        "start web; spawned web; syntax-error web 1; gone web",
    ),
    ("conflict", "start web; unspawned web port 1 is taken"),
    ("stopping", "start web; spawned web; stop web"),
    (
        "stopping, leader dead",
        "start web; spawned web; stop web; exit web 0",
    ),
    ("stopping, unborn", "start web; stop web"),
    (
        "stopping, wanted again",
        "start web; spawned web; stop web; start web",
    ),
    ("restarting by hand", "start web; spawned web; restart web"),
    (
        "failed start, ending",
        "start web; spawned web; bad-line web no",
    ),
    (
        "could not be ended",
        "start web; spawned web; stop web; left web 7",
    ),
];

const EVENTS: [&str; 25] = [
    "start web",
    "stop web",
    "kill web",
    "restart web",
    "remove web",
    "pause web",
    "resume web",
    "define web log=ready cwd=/new",
    "spawned web",
    "unspawned web not found",
    "unspawned web too many processes",
    "exit web 0",
    "exit web 1",
    "exit web killed",
    "syntax-error web 1",
    "gone web",
    "left web 7",
    "healthy web",
    "sick web",
    "line web ready",
    "bad-line web no",
    "exceeds web 1 GB",
    "edited web main.go",
    "due web",
    "wait 10m",
];

fn in_state(script: &str) -> World {
    let (processes, script) = match script.strip_prefix("W ") {
        Some(script) => ("db check | web log=ready needs=db", script),
        None => ("web log=ready", script),
    };
    let mut world = World::new(processes);
    for event in script.split("; ").filter(|event| !event.is_empty()) {
        world.event(event);
    }
    world
}

fn table() -> String {
    let mut text = String::new();
    for (state, script) in STATES {
        let shown = in_state(script).shown("web");
        let _ = writeln!(text, "{state} [{shown}]");
        for event in EVENTS {
            let mut world = in_state(script);
            world.event(event);
            let (after, effects) = (world.shown("web"), world.shown_effects());
            if after == shown && effects.is_empty() {
                continue;
            }
            let arrow = if effects.is_empty() { "" } else { " => " };
            let _ = writeln!(text, "    {event}{arrow}{effects} [{after}]");
        }
    }
    text
}

#[test]
fn every_state_answers_every_event_as_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/table.txt");
    let table = table();
    if std::env::var_os("FORGE_UPDATE_TABLE").is_some() {
        std::fs::write(path, &table).expect("the table can be written");
    }
    let expected = std::fs::read_to_string(path).expect("the table is there");
    for (line, (now, then)) in table.lines().zip(expected.lines()).enumerate() {
        assert_eq!(now, then, "line {} of table.txt", line + 1);
    }
    assert_eq!(table.len(), expected.len(), "the table has other lines");
}

#[test]
fn an_event_of_another_run_changes_nothing_in_any_state() {
    for (state, script) in STATES {
        for event in EVENTS.iter().filter(|event| event.contains(" web")) {
            let (verb, rest) = event.split_once(" web").expect("it names web");
            let of_a_run = [
                "unspawned",
                "exit",
                "gone",
                "left",
                "healthy",
                "sick",
                "line",
                "bad-line",
                "exceeds",
                "syntax-error",
            ];
            if !of_a_run.contains(&verb) {
                continue;
            }
            let mut world = in_state(script);
            let before = world.shown("web");
            world.event(&format!("{verb} web-stranger{rest}"));
            assert_eq!(world.shown_effects(), "", "{state}: {event}");
            assert_eq!(world.shown("web"), before, "{state}: {event}");
        }
    }
}
