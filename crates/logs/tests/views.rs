//! What is handed out of logs for those who look at them: repetitions folded, and a bound for those who
//! cannot wait.

mod support;

use forge_facts::Stream;
use forge_logs::{Fold, Item, Line, Part, Query};
use support::{SECOND, items, texts, writer};

#[test]
fn within_a_bound_a_giant_line_comes_without_its_beginning() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    web.write("early\n", SECOND).expect("written");
    let giant = format!("begin {}end\n", "x".repeat(3_000_000));
    web.write(&giant, SECOND).expect("written");
    web.write("panic\nframe\n", 2 * SECOND).expect("written");
    let query = |tail, within| Query {
        tail,
        within: Some(within),
        ..Query::default()
    };
    let seen = items(root.path(), &query(Some(200), 1000));
    let lines: Vec<&Line> = seen.iter().filter_map(Item::line).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((lines[0].part, lines[0].size), (Part::Tail, 1000 - 12));
    assert!(lines[0].text.starts_with(b"xxx") && lines[0].text.ends_with(b"xend"));
    assert_eq!(lines[1].text, b"panic");
    assert_eq!((lines[1].part, lines[2].part), (Part::Whole, Part::Whole));
    for (tail, within, expected) in [
        (Some(2), 1000, vec!["panic", "frame"]),
        (Some(9), 12, vec!["panic", "frame"]),
        (None, 8, vec!["c", "frame"]),
        (None, 6, vec!["frame"]),
    ] {
        assert_eq!(
            texts(root.path(), &query(tail, within)),
            expected,
            "{within}"
        );
    }
    // More than there is.
    let all = items(root.path(), &query(Some(200), 1 << 30));
    assert_eq!(all.iter().filter_map(Item::line).count(), 4);
    // Without any end of a line.
    let mut api = writer(root.path(), "api", Stream::Stdout);
    api.write(&giant[..2_000_000], SECOND).expect("written");
    let query = Query {
        processes: vec!["api".to_string()],
        ..query(Some(200), 100_000)
    };
    let seen = items(root.path(), &query);
    let line = seen.iter().find_map(Item::line).expect("a line");
    assert_eq!((line.part, line.size), (Part::Tail, 100_000));
    assert!(line.hidden() > 0);
}

#[test]
fn repeated_lines_are_folded() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    web.write("a\nb\nb\n\x1b[1mb\x1b[0m\nb\na\n", 1)
        .expect("written");
    let folded: Vec<(Vec<u8>, u64)> = Fold::iter(items(root.path(), &Query::default()).into_iter())
        .map(|(item, count)| (item.line().expect("a line").text.clone(), count))
        .collect();
    let counts: Vec<u64> = folded.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [1, 4, 1], "colours make no other line");
}

#[test]
fn live_a_line_is_shown_at_once_and_its_repetitions_are_counted() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    web.write("a\na\na\nb\n", 1).expect("written");
    let mut fold = Fold::live();
    let mut shown = Vec::new();
    for item in items(root.path(), &Query::default()) {
        let now = fold.push(item);
        shown.push(now.map(|(_, count)| count).collect::<Vec<u64>>());
    }
    assert_eq!(shown, [vec![1], vec![], vec![], vec![2, 1]]);
    assert!(!fold.holds_back() && fold.flush().is_none());
}
