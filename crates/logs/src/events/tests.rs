//! What events are found in lines of many programs, and what is none.

use serde_json::Value;

use super::*;

/// Lines as programs write them, each with its event (or `none`) and the fields that it states.
const CASES: &str = include_str!("../../tests/data/events.jsonl");

const FIELDS: [&str; 12] = [
    "url", "port", "ms", "files", "asset", "size", "gzip", "errors", "warnings", "passed",
    "failed", "package",
];

fn kind_of(line: &str) -> &'static str {
    event_of(line.as_bytes()).map_or("none", |event| event.kind.name())
}

#[test]
fn each_case_has_its_event_and_fields() {
    let mut wrong = Vec::new();
    for case in CASES.lines() {
        let case: Value = serde_json::from_str(case).unwrap();
        let line = case["line"].as_str().unwrap();
        let found = event_of(line.as_bytes());
        let kind = found.as_ref().map_or("none", |event| event.kind.name());
        let accepted = match case["accept_event"].as_array() {
            Some(kinds) => kinds.iter().any(|it| it == kind),
            None => case["event"] == kind,
        };
        let fields = found.map_or_else(Map::new, |event| event.fields.to_map());
        let differs = FIELDS.iter().any(|name| {
            let Some(wanted) = case.get(*name) else {
                return false;
            };
            match (wanted.as_f64(), fields.get(*name).and_then(Value::as_f64)) {
                (Some(wanted), Some(found)) => (wanted - found).abs() > 0.001,
                _ => fields.get(*name) != Some(wanted),
            }
        });
        if !accepted || differs && kind != "none" {
            wrong.push(format!("{kind} {fields:?}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_expression_is_valid_and_every_rule_has_words() {
    let rules = EventRules::built_in();
    assert!(rules::RULES.len() <= 128, "one bit each");
    for rule in rules::RULES {
        assert!(!rule.words.is_empty(), "{}", rule.pattern);
        assert!(
            rule.words.iter().all(|word| *word == word.to_lowercase()),
            "{:?}",
            rule.words
        );
    }
    rules.tables().compile_all();
    // What is not in the table is compiled when a line asks for it.
    for line in [
        "listening on :80 in 3ms",
        "slow query took 3ms",
        "GET / 200 3ms",
        "1 passed",
    ] {
        event_of(line.as_bytes());
    }
}

#[test]
fn colours_in_the_middle_of_words_and_addresses_change_nothing() {
    let line = "  \x1b[32m➜\x1b[39m  \x1b[1mLocal\x1b[22m:   \x1b[36mhttp://localhost:\x1b[1m5173\x1b[22m/\x1b[39m";
    let event = event_of(line.as_bytes()).unwrap();
    assert_eq!(event.kind, EventKind::Ready);
    assert_eq!(event.fields.url.as_deref(), Some("http://localhost:5173/"));
    assert_eq!(event.message, "Ready at http://localhost:5173/");
}

#[test]
fn the_second_build_of_a_run_is_a_rebuild() {
    let mut detector = EventDetector::default();
    let mut kinds = |line: &str| detector.next(line.as_bytes()).map(|event| event.kind);
    assert_eq!(kinds("Failed to compile."), Some(EventKind::Compiled));
    assert_eq!(kinds("✓ Compiled in 300ms"), Some(EventKind::Compiled));
    assert_eq!(kinds("✓ Compiled in 5ms"), Some(EventKind::Rebuild));
    detector.reset();
    let again = detector.next("✓ Compiled in 300ms".as_bytes());
    assert_eq!(again.map(|event| event.kind), Some(EventKind::Compiled));
}

#[test]
fn people_are_told_what_was_reloaded() {
    let event = event_of(b"hot reload: user.go modified").unwrap();
    assert_eq!(event.message, "Hot reload: user.go modified");
    assert_eq!(event.fields.files, ["user.go"]);
    let event = event_of(b"Slow query (812ms): SELECT * FROM orders").unwrap();
    assert_eq!(event.message, "Slow query (812ms): SELECT * FROM orders");
}

#[test]
fn fields_that_are_not_stated_are_not_there() {
    let event = event_of(b"Listening on 3000").unwrap();
    assert_eq!(
        Value::Object(event.fields.to_map()),
        serde_json::json!({"port": 3000})
    );
}

#[test]
fn a_rule_of_a_user_comes_first_and_sets_fields_by_its_groups() {
    let rule = EventRule {
        pattern: r"job (?P<job>\w+) took (?P<ms>\d+)".into(),
        kind: "slow".into(),
        message: Some("job ${job}: ${ms} ms".into()),
    };
    let mut detector = EventDetector::new(Arc::new(EventRules::new(&[rule]).unwrap()));
    let event = detector.next(b"\x1b[1mjob\x1b[0m mail took 12 ms").unwrap();
    assert_eq!(event.kind, EventKind::Slow);
    assert_eq!(event.message, "job mail: 12 ms");
    assert_eq!(event.fields.ms, Some(12.0));
    assert_eq!(event.fields.more["job"], "mail");
    assert_eq!(detector.next(b"nothing"), None);
    let built_in = detector.next(b"Listening on 3000").unwrap();
    assert_eq!(built_in.kind, EventKind::Listening);
}

#[test]
fn a_rule_that_cannot_be_used_says_why() {
    let rule = |pattern: &str, kind: &str| {
        let rule = EventRule {
            pattern: pattern.into(),
            kind: kind.into(),
            message: None,
        };
        EventRules::new(&[rule]).unwrap_err().to_string()
    };
    assert!(rule("a(", "slow").contains("a("));
    assert!(rule("a", "sloow").contains("`sloow` is not a kind of event"));
    assert!(rule("a", "crashed").contains("is not a kind"));
}

#[test]
fn a_server_that_failed_to_start_is_not_ready() {
    for line in [
        "[ERROR] could not start: listening on 0.0.0.0:3000 was refused",
        "{\"level\":\"error\",\"msg\":\"server listening\",\"port\":80}",
        "E1123 02:54:46.034729 3760 main.go:67] serving on :8080",
    ] {
        assert_eq!(kind_of(line), "none", "{line}");
    }
}

#[test]
fn lines_of_any_bytes_and_any_length_are_looked_at_in_bounds() {
    let mut long = vec![b'x'; 1 << 20];
    long.extend_from_slice(b" listening on port 3000");
    assert_eq!(event_of(&long), None);
    for line in [
        &b"\xff\xfelistening on :80\0"[..],
        b"\x1b]0;ready\x07",
        b"{\"msg\":\"ready",
        b"=",
        "Listening on port 300\u{202e}0".as_bytes(),
    ] {
        event_of(line);
    }
    let line = format!("deprecated: {}", "y".repeat(1000));
    let message = event_of(line.as_bytes()).unwrap().message;
    assert_eq!(message.chars().count(), MESSAGE + 1);
}

#[test]
fn kinds_have_names_that_are_read_back() {
    for kind in EventKind::ALL {
        assert_eq!(kind.name().parse::<EventKind>(), Ok(kind));
    }
}

proptest::proptest! {
    #[test]
    fn no_line_makes_the_detector_fail(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        event_of(&line);
    }

    #[test]
    fn no_sentence_makes_the_detector_fail(words in proptest::collection::vec(
        proptest::sample::select(&["listening", "on", ":80", "ready", "http://", "[::]", "in", "3ms", "slow", "é│", "port", "(", "=", "{", "}", "GET /", "1 passed", "kB", "\x1b[1m", "\r"][..]), 0..12)) {
        let line = words.join(" ");
        event_of(line.as_bytes());
    }
}
