//! What must hold whatever a process writes: nothing lost, nothing twice, and the same lines however
//! they are read. Blocks and windows are tiny in tests, so that all of their edges are met.

use std::path::Path;

use forge_facts::{RunId, Stream};
use proptest::prelude::*;

use crate::line::{Item, Line, Part};
use crate::query::{Logs, Query, RunChoice};
use crate::testing::Writer;
use crate::{Grep, Level};

/// What a shim may do.
#[derive(Debug, Clone)]
enum Deed {
    Write(Vec<u8>),
    WriteUnindexed(Vec<u8>),
    Run,
    Gap(u64),
    Rotate,
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just(b"word ".to_vec()),
        2 => Just(b"ERROR x".to_vec()),
        4 => Just(b"\n".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\x1b[31m".to_vec()),
        1 => Just(vec![0, 0xff, 0xc3]),
        1 => Just(vec![b'y'; 150]),
        1 => Just(b"\tat f (a.js:1)\n".to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        6 => text().prop_map(Deed::Write),
        1 => text().prop_map(Deed::WriteUnindexed),
        1 => Just(Deed::Run),
        1 => (1u64..100).prop_map(Deed::Gap),
        1 => Just(Deed::Rotate),
    ];
    proptest::collection::vec(deed, 0..20)
}

/// Does the deeds; returns the bytes that were written.
fn act(dir: &Path, stream: Stream, deeds: &[Deed], mut time: u64) -> Vec<u8> {
    let mut writer = Writer::new(dir, stream).expect("a log");
    writer.run(RunId(1), time).expect("a run");
    let mut written = Vec::new();
    let mut run = 1;
    for deed in deeds {
        time += 10;
        match deed {
            Deed::Write(bytes) => {
                written.extend_from_slice(bytes);
                writer.write(bytes, time)
            }
            Deed::WriteUnindexed(bytes) => {
                written.extend_from_slice(bytes);
                writer.write_unindexed(bytes)
            }
            Deed::Run => {
                run += 1;
                writer.run(RunId(run), time)
            }
            Deed::Gap(bytes) => writer.gap(*bytes, time - 5, time),
            Deed::Rotate => writer.rotate(time),
        }
        .expect("written");
    }
    written
}

fn items(logs: &Logs, query: &Query) -> Vec<Item> {
    let items = logs.query(query).expect("the logs can be read");
    items
        .collect::<Result<_, _>>()
        .expect("the items can be read")
}

fn lines(logs: &Logs, query: &Query) -> Vec<Line> {
    let items = items(logs, query).into_iter();
    items
        .filter_map(|item| match item {
            Item::Line(line) => Some(line),
            Item::Gap(_) | Item::Run(_) => None,
        })
        .collect()
}

fn raw(lines: &[Line], stream: Stream) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines.iter().filter(|line| line.stream() == stream) {
        line.write_raw(&mut out).expect("memory takes it");
    }
    out
}

fn facts(line: &Line) -> (Stream, u64, u64, u64, Option<RunId>, Option<Level>, Vec<u8>) {
    (
        line.stream(),
        line.seq,
        line.place.number(),
        line.time,
        line.run,
        line.level,
        line.text.clone(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_raw_form_is_what_was_written(out in deeds(), err in deeds()) {
        let dir = tempfile::tempdir().expect("a folder");
        let process = dir.path().join("web");
        let out = act(&process, Stream::Stdout, &out, 1_000);
        let err = act(&process, Stream::Stderr, &err, 1_003);
        let logs = Logs::new(dir.path());
        let lines = lines(&logs, &Query::default());
        prop_assert_eq!(raw(&lines, Stream::Stdout), out);
        prop_assert_eq!(raw(&lines, Stream::Stderr), err);
        for line in &lines {
            prop_assert!(!line.text.contains(&b'\n'));
            prop_assert_eq!(line.part, Part::Whole);
            prop_assert_eq!(line.hidden(), 0);
        }
    }

    #[test]
    fn the_last_lines_are_the_end_of_all_lines(out in deeds(), err in deeds(), count in 0usize..12, warn: bool) {
        let dir = tempfile::tempdir().expect("a folder");
        let process = dir.path().join("web");
        let written = act(&process, Stream::Stdout, &out, 1_000).len()
            + act(&process, Stream::Stderr, &err, 1_003).len();
        // What a level may depend on is looked for that far back only.
        prop_assume!(written < crate::reader::WARM_UP as usize);
        let logs = Logs::new(dir.path());
        let mut query = Query { level: warn.then_some(Level::Warn), ..Query::default() };
        let all = lines(&logs, &query);
        query.tail = Some(count);
        let last = lines(&logs, &query);
        let expected = &all[all.len() - count.min(all.len())..];
        // Bytes without a chunk have the time of their file, which is later than all others: what is
        // in order within its stream only may be more than was asked for.
        let in_order = all.is_sorted_by_key(|line| line.time);
        if in_order {
            prop_assert_eq!(last.iter().map(facts).collect::<Vec<_>>(), expected.iter().map(facts).collect::<Vec<_>>());
        } else {
            prop_assert!(last.len() >= expected.len());
        }
    }

    #[test]
    fn a_cut_sidecar_changes_times_only(texts in proptest::collection::vec(text(), 1..10), cut: prop::sample::Index, junk: bool) {
        let dir = tempfile::tempdir().expect("a folder");
        let process = dir.path().join("web");
        let deeds: Vec<Deed> = texts.into_iter().map(Deed::Write).collect();
        act(&process, Stream::Stdout, &deeds, 1_000);
        let logs = Logs::new(dir.path());
        let before: Vec<Vec<u8>> = lines(&logs, &Query::default()).into_iter().map(|line| line.text).collect();
        let index = process.join("stdout.00000001.idx");
        let mut bytes = std::fs::read(&index).expect("a sidecar");
        let at = cut.index(bytes.len());
        match junk {
            true => bytes[at] ^= 0x40,
            false => bytes.truncate(at),
        }
        std::fs::write(&index, bytes).expect("written");
        let after: Vec<Vec<u8>> = lines(&logs, &Query::default()).into_iter().map(|line| line.text).collect();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn numbers_grow_within_a_process(out in deeds(), err in deeds()) {
        let exact = |deeds: &[Deed]| -> Vec<Deed> {
            deeds.iter().filter(|deed| !matches!(deed, Deed::WriteUnindexed(_))).cloned().collect()
        };
        let dir = tempfile::tempdir().expect("a folder");
        let process = dir.path().join("web");
        act(&process, Stream::Stdout, &exact(&out), 1_000);
        act(&process, Stream::Stderr, &exact(&err), 1_000);
        let logs = Logs::new(dir.path());
        let lines = lines(&logs, &Query::default());
        for pair in lines.windows(2) {
            if pair.iter().all(|line| line.time_exact) {
                prop_assert!(pair[0].seq < pair[1].seq, "{:?} {:?}", facts(&pair[0]), facts(&pair[1]));
            }
        }
    }

    #[test]
    fn searching_by_block_finds_what_searching_by_line_does(out in deeds(), context in 0usize..3, tail in proptest::option::of(0usize..4)) {
        let dir = tempfile::tempdir().expect("a folder");
        act(&dir.path().join("web"), Stream::Stdout, &out, 1_000);
        let logs = Logs::new(dir.path());
        for pattern in ["word", "x$", "^E", "d\\s", "[^y]ERROR", "\\x00"] {
            let by_block = Grep::new(pattern, false).expect("sound");
            // The same expression in a form that is only looked for line by line.
            let by_line = Grep::new(&format!("(?:{pattern})|\\A\\z\\b"), false).expect("sound");
            prop_assert!(by_block.by_block() && !by_line.by_block());
            let found = |grep: Grep| {
                let query = Query { grep: Some(grep), context, tail, ..Query::default() };
                lines(&logs, &query).iter().map(|line| (line.place, line.matched)).collect::<Vec<_>>()
            };
            prop_assert_eq!(found(by_block), found(by_line), "{}", pattern);
        }
    }

    #[test]
    fn searching_by_level_finds_what_levelling_every_line_does(out in deeds(), error: bool) {
        let dir = tempfile::tempdir().expect("a folder");
        act(&dir.path().join("web"), Stream::Stdout, &out, 1_000);
        let logs = Logs::new(dir.path());
        let least = if error { Level::Error } else { Level::Warn };
        let all = lines(&logs, &Query::default());
        let wanted: Vec<_> = all.iter().filter(|line| Level::passes(line.level, least)).map(facts).collect();
        let query = Query { level: Some(least), ..Query::default() };
        let found: Vec<_> = lines(&logs, &query).iter().map(facts).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn the_runs_together_are_all_lines(out in deeds()) {
        let dir = tempfile::tempdir().expect("a folder");
        act(&dir.path().join("web"), Stream::Stdout, &out, 1_000);
        let logs = Logs::new(dir.path());
        let all: Vec<_> = lines(&logs, &Query::default()).iter().map(facts).collect();
        let mut parts = Vec::new();
        for run in logs.runs("web").expect("runs") {
            let query = Query { run: Some(RunChoice::Id(run)), ..Query::default() };
            let part = lines(&logs, &query);
            prop_assert!(part.iter().all(|line| line.run == Some(run)));
            parts.extend(part.iter().map(facts));
        }
        prop_assert_eq!(parts, all);
    }
}
