//! Any text is read as a log: no workspace, no supervisor, nothing is left behind.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const TEXT: &[u8] = b"2026-11-23T02:54:46Z ERROR boom\n    at f (a.js:1:2)\n\
    {\"level\":\"info\",\"msg\":\"server listening\",\"port\":8080}\n\
    slow query (812ms)\n\x1b]0;title\x07\x1b[31mred\x1b[0m\0\xff";

/// Runs `forge dev` in an empty folder, with the text as standard input.
fn forge(folder: &Path, words: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_forge"))
        .arg("dev")
        .args(words)
        .current_dir(folder)
        .env("FORGE_STATE_DIR", folder.join("state"))
        .env("FORGE_RUNTIME_DIR", folder.join("runtime"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("forge runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may end without having read all of it.
    let _ = stdin.write_all(TEXT);
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn records(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("JSON is UTF-8");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("one object a line"))
        .collect()
}

#[test]
fn each_physical_line_of_a_text_has_a_record_with_its_level() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("app.log"), TEXT).expect("written");
    let from_stdin = forge(folder.path(), &["logs", "--file", "-", "--json"]);
    let from_file = forge(folder.path(), &["logs", "--file", "app.log", "--json"]);
    assert_eq!(from_stdin.stdout, from_file.stdout);
    let levels: Vec<Value> = records(&from_file)
        .iter()
        .map(|record| record["level"].clone())
        .collect();
    let expected = [
        json!("error"),
        json!("error"),
        json!("info"),
        json!(null),
        json!(null),
    ];
    assert_eq!(levels, expected);
    assert_eq!(records(&from_file)[2]["fields"]["port"], "8080");
    assert!(!folder.path().join("state").exists());
    assert!(!folder.path().join("runtime").exists());
}

#[test]
fn each_physical_line_of_a_text_has_a_record_with_its_event_or_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = records(&forge(folder.path(), &["events", "--file", "-", "--json"]));
    let kinds: Vec<&Value> = found.iter().map(|record| &record["kind"]).collect();
    let expected = [
        json!(null),
        json!(null),
        json!("listening"),
        json!("slow"),
        json!(null),
    ];
    assert_eq!(kinds, expected.iter().collect::<Vec<_>>());
    assert_eq!(found[2]["port"], 8080);
    assert_eq!(found[3]["ms"], 812.0);
}

#[test]
fn the_lines_of_a_text_are_chosen_as_those_of_a_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = |words: &[&str]| {
        let words = [&["logs", "--file", "-"], words].concat();
        let output = forge(folder.path(), &words);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(
        lines(&["--level", "error", "-n", "1"]),
        "    at f (a.js:1:2)\n"
    );
    assert!(lines(&["--field", "port=8080"]).contains("server listening"));
    assert_eq!(lines(&["--grep", "QUERY", "-i"]), "slow query (812ms)\n");
    assert_eq!(lines(&["--grep", "^red"]), "red␀\u{fffd}\n");
    assert_eq!(lines(&["--grep", "slow", "-C", "1"]).lines().count(), 3);
}

#[test]
fn raw_is_byte_for_byte_and_an_export_is_what_its_name_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = forge(folder.path(), &["logs", "--file", "-", "--raw"]);
    assert_eq!(raw.stdout, TEXT);
    let words = ["logs", "--file", "-", "--export", "out.jsonl.gz"];
    assert_eq!(forge(folder.path(), &words).status.code(), Some(0));
    let packed = std::fs::read(folder.path().join("out.jsonl.gz")).expect("a file");
    assert_eq!(packed[..2], [0x1f, 0x8b]);
    let words = ["logs", "--file", "-", "--export", "out.json"];
    assert_eq!(forge(folder.path(), &words).status.code(), Some(0));
    let text = std::fs::read_to_string(folder.path().join("out.json")).expect("a file");
    assert_eq!(text.lines().count(), 5);
    assert!(text.starts_with('{'));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    for what in ["logs", "events"] {
        let output = forge(folder.path(), &[what, "--file", "missing.log"]);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("missing.log"), "{error}");
    }
}
