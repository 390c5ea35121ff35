//! Following logs that are being written: nothing twice, nothing dropped, soon and in order.

use std::path::Path;
use std::time::{Duration, Instant};

use forge_facts::{RunId, Stream};
use forge_logs::testing::Writer;
use forge_logs::{Follow, Follower, Item, Line, Logs, Part, Query, Start};

const PATIENCE: Duration = Duration::from_secs(20);

fn follow(root: &Path, start: Start) -> Follower {
    let follow = Follow {
        processes: Vec::new(),
        start,
        parts: true,
    };
    Follower::new(&Logs::new(root), follow).expect("the folder can be followed")
}

/// Waits until so many lines have come.
fn lines(follower: &mut Follower, count: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let until = Instant::now() + PATIENCE;
    while lines.len() < count {
        assert!(
            Instant::now() < until,
            "only {} of {count} lines: {lines:?}",
            lines.len()
        );
        for item in follower.wait(Some(PATIENCE)).expect("it can be read") {
            lines.extend(match item {
                Item::Line(line) => Some(line),
                Item::Gap(_) | Item::Run(_) => None,
            });
        }
    }
    lines
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect()
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("a time after 1970").as_nanos() as u64
}

#[test]
fn lines_come_once_and_all_across_rotation_while_they_are_written() {
    let root = tempfile::tempdir().expect("a folder");
    let mut follower = follow(root.path(), Start::Beginning);
    let dir = root.path().join("web");
    let count = 20_000;
    let writing = std::thread::spawn(move || {
        let mut writer = Writer::new(&dir, Stream::Stdout).expect("a log");
        writer.run(RunId(1), now()).expect("a run");
        let mut block = Vec::new();
        for n in 0..count {
            block.extend_from_slice(format!("line {n} {}\n", "x".repeat(n % 50)).as_bytes());
            if n % 7 == 0 {
                // Torn in the middle of a line, indexed or not.
                let cut = block.len() / 2;
                writer.write(&block[..cut], now()).expect("written");
                writer.write_unindexed(&block[cut..]).expect("written");
                block.clear();
            }
            if n % 1000 == 999 {
                writer.write(&block, now()).expect("written");
                block.clear();
                writer.rotate(now()).expect("rotated");
            }
        }
        writer.write(&block, now()).expect("written");
    });
    let lines = lines(&mut follower, count);
    writing.join().expect("the writer ends");
    let numbers: Vec<usize> = texts(&lines)
        .iter()
        .map(|text| {
            text.split(' ')
                .nth(1)
                .expect("a number")
                .parse()
                .expect("a number")
        })
        .collect();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
    assert!(
        lines
            .iter()
            .all(|line| line.part == Part::Whole && line.run == Some(RunId(1)))
    );
    assert!(lines.is_sorted_by_key(|line| line.seq));
    assert!(follower.flush().expect("it can be read").is_empty());
}

#[test]
fn processes_that_appear_later_are_followed_from_their_beginning() {
    let root = tempfile::tempdir().expect("a folder");
    let place = root.path().join("state/processes");
    let mut follower = follow(&place, Start::End);
    assert!(follower.poll().expect("nothing to read").is_empty());
    let mut web = Writer::new(&place.join("web"), Stream::Stdout).expect("a log");
    web.write("a\n", now()).expect("written");
    assert_eq!(texts(&lines(&mut follower, 1)), ["a"]);
    let mut db = Writer::new(&place.join("db"), Stream::Stderr).expect("a log");
    db.write("b\n", now()).expect("written");
    assert_eq!(texts(&lines(&mut follower, 1)), ["b"]);
    web.write("c\n", now()).expect("written");
    assert_eq!(texts(&lines(&mut follower, 1)), ["c"]);
}

#[test]
fn a_process_whose_folder_is_made_anew_is_followed_again() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("web");
    let mut web = Writer::new(&dir, Stream::Stdout).expect("a log");
    let mut follower = follow(root.path(), Start::End);
    web.write("a long first line\n", now()).expect("written");
    assert_eq!(lines(&mut follower, 1).len(), 1);
    std::fs::remove_dir_all(&dir).expect("removed");
    let mut web = Writer::new(&dir, Stream::Stdout).expect("a log");
    web.write("b\n", now()).expect("written");
    assert_eq!(texts(&lines(&mut follower, 1)), ["b"]);
}

#[test]
fn the_beginning_of_a_line_is_shown_once_and_its_rest_follows() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = Writer::new(&root.path().join("web"), Stream::Terminal).expect("a log");
    let mut follower = follow(root.path(), Start::Beginning);
    web.write("Password: ", now()).expect("written");
    let began = Instant::now();
    let head = lines(&mut follower, 1).remove(0);
    assert_eq!(
        (head.part, texts(std::slice::from_ref(&head))),
        (Part::Head, vec!["Password: ".to_string()])
    );
    assert!(
        began.elapsed() >= Duration::from_millis(250),
        "it was waited for"
    );
    web.write("se", now()).expect("written");
    web.write("cret\r\nnext\n", now()).expect("written");
    let rest = lines(&mut follower, 2);
    assert_eq!(texts(&rest), ["secret", "next"]);
    assert_eq!((rest[0].part, rest[1].part), (Part::Tail, Part::Whole));
    let mut raw = Vec::new();
    for line in [&head, &rest[0], &rest[1]] {
        line.write_raw(&mut raw).expect("memory takes it");
    }
    assert_eq!(raw, b"Password: secret\r\nnext\n");
}

#[test]
fn a_run_that_ends_without_a_newline_does_not_swallow_the_next() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = Writer::new(&root.path().join("web"), Stream::Stdout).expect("a log");
    let mut follower = follow(root.path(), Start::Beginning);
    web.run(RunId(1), now()).expect("a run");
    web.write("last words", now()).expect("written");
    web.run(RunId(2), now()).expect("a run");
    web.write("hello\n", now()).expect("written");
    let lines = lines(&mut follower, 2);
    assert_eq!(texts(&lines), ["last words", "hello"]);
    assert_eq!(
        (lines[0].run, lines[1].run),
        (Some(RunId(1)), Some(RunId(2)))
    );
}

#[test]
fn what_was_written_earlier_comes_first() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = Writer::new(&root.path().join("web"), Stream::Stdout).expect("a log");
    let mut db = Writer::new(&root.path().join("db"), Stream::Stdout).expect("a log");
    let mut follower = follow(root.path(), Start::Beginning);
    let base = now();
    web.write("3\n", base + 30).expect("written");
    db.write("1\n", base + 10).expect("written");
    web.write("4\n", base + 40).expect("written");
    db.write("2\n", base + 20).expect("written");
    assert_eq!(texts(&lines(&mut follower, 4)), ["1", "2", "3", "4"]);
}

#[test]
fn a_line_whose_time_is_late_waits_for_it_but_not_for_long() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = Writer::new(&root.path().join("web"), Stream::Stdout).expect("a log");
    let mut follower = follow(root.path(), Start::Beginning);
    web.write_unindexed("a\n").expect("written");
    assert!(
        follower.poll().expect("it can be read").is_empty(),
        "it waits"
    );
    web.chunk(42).expect("written");
    let line = lines(&mut follower, 1).remove(0);
    assert_eq!((line.time, line.time_exact), (42, true));
    web.write_unindexed("b\n").expect("written");
    let line = lines(&mut follower, 1).remove(0);
    assert!(!line.time_exact);
}

#[test]
fn a_query_hands_over_to_a_follower_without_a_seam() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = Writer::new(&root.path().join("web"), Stream::Stdout).expect("a log");
    web.write("a\nb\nunfini", now()).expect("written");
    let logs = Logs::new(root.path());
    let query = Query {
        tail: Some(1),
        whole_lines: true,
        ..Query::default()
    };
    let items = logs.query(&query).expect("it can be read");
    let start = Start::At(items.ends());
    let shown: Vec<Item> = items.collect::<Result<_, _>>().expect("it can be read");
    let shown: Vec<Line> = shown
        .into_iter()
        .filter_map(|item| item.line().cloned())
        .collect();
    assert_eq!(texts(&shown), ["b"]);
    web.write("shed\nc\n", now()).expect("written");
    let mut follower = follow(root.path(), start);
    assert_eq!(texts(&lines(&mut follower, 2)), ["unfinished", "c"]);
}

#[test]
fn segments_that_were_removed_unread_are_a_gap() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = Writer::new(&root.path().join("web"), Stream::Stdout).expect("a log");
    web.write("a\n", now()).expect("written");
    let mut follower = follow(root.path(), Start::Beginning);
    assert_eq!(texts(&lines(&mut follower, 1)), ["a"]);
    web.rotate(now()).expect("rotated");
    web.write("lost\n", now()).expect("written");
    web.rotate(now()).expect("rotated");
    web.write("b\n", now()).expect("written");
    web.remove(1).expect("removed");
    web.remove(2).expect("removed");
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(follower.wait(Some(PATIENCE)).expect("it can be read"));
    }
    assert!(
        matches!(&seen[0], Item::Gap(gap) if gap.bytes.is_none()),
        "{seen:?}"
    );
    assert!(
        matches!(&seen[1], Item::Line(line) if line.text == b"b"),
        "{seen:?}"
    );
}

#[test]
fn a_file_that_someone_empties_goes_on_from_its_beginning() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("web");
    let mut web = Writer::new(&dir, Stream::Stdout).expect("a log");
    let mut follower = follow(root.path(), Start::Beginning);
    web.write("a long first line\n", now()).expect("written");
    assert_eq!(lines(&mut follower, 1).len(), 1);
    std::fs::write(dir.join("stdout.00000001.log"), "").expect("emptied");
    web.write("b\n", now()).expect("written");
    assert_eq!(texts(&lines(&mut follower, 1)), ["b"]);
}

#[test]
fn a_reader_that_is_far_behind_can_go_on_at_the_last_lines() {
    let root = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::new(&root.path().join("web"), Stream::Stdout).expect("a log");
    let mut small = Writer::new(&root.path().join("api"), Stream::Stdout).expect("a log");
    writer
        .write("first\n".repeat(20_000), now())
        .expect("written");
    writer.rotate(now()).expect("rotated");
    let told = "listening\n";
    let last = format!("{told}{}", "second\n".repeat(8000));
    writer.write(&last, now()).expect("written");
    writer.write_unindexed("last").expect("written");
    small.write("a\n", now()).expect("written");
    let mut follower = follow(root.path(), Start::Beginning);
    let skipped = follower.skip_backlog(100_000).expect("it can be read");
    let [(name, bytes)] = skipped.as_slice() else {
        panic!("{skipped:?}");
    };
    // What is left are whole lines, 64 KiB or a line more.
    let left = 120_000 + last.len() as u64 + 4 - bytes;
    assert_eq!(name, "web");
    assert!((65_536..65_543).contains(&left), "{left}");
    writer.write(" line\n", now()).expect("written");
    let first = left - last.len() as u64 - 4;
    assert_eq!(first % 6, 0, "a line is torn");
    let count = usize::try_from(first / 6).expect("few") + 8000 + 3;
    let come = texts(&lines(&mut follower, count));
    for (text, times) in [
        ("a", 1),
        ("listening", 1),
        ("second", 8000),
        ("last line", 1),
    ] {
        let seen = come.iter().filter(|line| *line == text).count();
        assert_eq!(seen, times, "{text}");
    }
    assert_eq!(follower.skip_backlog(100_000).expect("read"), []);
}

#[test]
fn another_follower_goes_on_where_one_was_with_the_line_that_had_no_end() {
    let root = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::new(&root.path().join("web"), Stream::Stdout).expect("a log");
    let mut first = follow(root.path(), Start::Beginning).without_levels();
    writer.write("an error: one\ntwo", now()).expect("written");
    let seen = lines(&mut first, 1);
    assert_eq!(texts(&seen), ["an error: one"]);
    assert_eq!(seen[0].level, None);
    let places = first.places();
    drop(first);
    let mut second = follow(root.path(), Start::At(places));
    writer.write(" and three\n", now()).expect("written");
    assert_eq!(texts(&lines(&mut second, 1)), ["two and three"]);
}
