//! Questions to logs on disk.

mod support;

use forge_facts::{RunId, Stream};
use forge_logs::{Grep, Item, LINE_CAP, Level, LineEnd, Logs, Query, RunChoice, Sieve};
use support::{SECOND, items, lines, texts, writer};

#[test]
fn the_last_lines_are_those_of_the_merged_order() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    let mut db = writer(root.path(), "db", Stream::Stderr);
    for n in 0..50 {
        web.write(format!("web {n}\n"), n * 10).expect("written");
        db.write(format!("db {n}\n"), n * 10 + if n < 48 { 1 } else { 100 })
            .expect("written");
    }
    let query = Query {
        tail: Some(4),
        ..Query::default()
    };
    assert_eq!(
        texts(root.path(), &query),
        ["web 48", "web 49", "db 48", "db 49"]
    );
    let query = Query {
        processes: vec!["db".to_string(), "none".to_string()],
        tail: Some(1),
        ..Query::default()
    };
    assert_eq!(texts(root.path(), &query), ["db 49"]);
    let query = Query {
        tail: Some(0),
        ..Query::default()
    };
    assert!(items(root.path(), &query).is_empty());
}

#[test]
fn since_and_until_hold_across_segments() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    for n in 0..30 {
        web.write(format!("{n}\n"), n * SECOND).expect("written");
        if n % 10 == 9 {
            web.rotate(n * SECOND).expect("rotated");
        }
    }
    let query = Query {
        since: Some(18 * SECOND),
        until: Some(21 * SECOND),
        ..Query::default()
    };
    assert_eq!(texts(root.path(), &query), ["18", "19", "20", "21"]);
}

#[test]
fn the_last_run_is_the_one_before_this() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    for run in 1..=3 {
        web.run(RunId(run), run * 10).expect("a run");
        web.write(format!("of {run}\nend of {run}"), run * 10 + 1)
            .expect("written");
    }
    let of = |run| {
        texts(
            root.path(),
            &Query {
                run: Some(run),
                ..Query::default()
            },
        )
    };
    assert_eq!(of(RunChoice::Last), ["of 2", "end of 2"]);
    assert_eq!(of(RunChoice::Id(RunId(1))), ["of 1", "end of 1"]);
    let query = Query {
        run: Some(RunChoice::Id(RunId(9))),
        ..Query::default()
    };
    let error = Logs::new(root.path())
        .query(&query)
        .err()
        .expect("no such run");
    assert!(error.to_string().contains(&RunId(3).to_string()), "{error}");
}

#[test]
fn a_gap_is_shown_where_it_happened() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    web.write("a\nb", 10).expect("written");
    web.gap(500, 11, 20).expect("a gap");
    web.write("c\n", 30).expect("written");
    web.gap(7, 31, 40).expect("a gap");
    let shown: Vec<String> = items(root.path(), &Query::default())
        .iter()
        .map(|item| match item {
            Item::Line(line) => String::from_utf8_lossy(&line.text).into_owned(),
            Item::Gap(gap) => format!("gap of {:?} from {} to {}", gap.bytes, gap.since, gap.time),
            Item::Run(run) => format!("run {}", run.run),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a",
            "b",
            "gap of Some(500) from 11 to 20",
            "c",
            "gap of Some(7) from 31 to 40"
        ]
    );
}

#[test]
fn a_huge_line_is_held_in_part_and_written_raw_as_a_whole() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    let half = vec![b'x'; 5_000_000];
    web.write(&half, 1).expect("written");
    web.rotate(2).expect("rotated");
    web.write(&half, 3).expect("written");
    web.write("\r\nnext\n", 4).expect("written");
    let lines = lines(root.path(), &Query::default());
    assert_eq!((lines.len(), lines[0].text.len()), (2, LINE_CAP));
    assert_eq!((lines[0].size, lines[0].end), (10_000_002, LineEnd::CrLf));
    let mut raw = Vec::new();
    lines[0].write_raw(&mut raw).expect("memory takes it");
    assert_eq!(raw.len(), 10_000_002);
    assert!(raw.ends_with(b"xx\r\n"));
    let query = Query {
        tail: Some(2),
        ..Query::default()
    };
    assert_eq!(self::lines(root.path(), &query)[0].place, lines[0].place);
}

#[test]
fn segments_that_vanish_while_they_are_read_are_a_gap() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    for n in 1..=4 {
        web.write(format!("{n}\n"), n).expect("written");
        web.rotate(n).expect("rotated");
    }
    let mut read = Logs::new(root.path())
        .query(&Query::default())
        .expect("it can be read");
    let first = read.next().expect("an item").expect("a line");
    web.remove(2).expect("removed");
    web.remove(3).expect("removed");
    let rest: Vec<Item> = read.collect::<Result<_, _>>().expect("it can be read");
    assert_eq!(first.line().expect("a line").text, b"1");
    let gaps = rest
        .iter()
        .filter(|item| matches!(item, Item::Gap(_)))
        .count();
    let last = rest.iter().filter_map(Item::line).next_back();
    assert_eq!(
        (gaps > 0, last.map(|line| line.text.clone())),
        (true, Some(b"4".to_vec()))
    );
}

#[test]
fn level_and_text_are_asked_for_together_and_traces_belong_to_their_record() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    let text = "INFO one\nERROR two\n\tat f (a.js:1:2)\nplain\n\x1b[33mWARN\x1b[0m three\n";
    web.write(text, 1).expect("written");
    let query = Query {
        level: Some(Level::Error),
        ..Query::default()
    };
    assert_eq!(
        texts(root.path(), &query),
        ["ERROR two", "\tat f (a.js:1:2)"]
    );
    let grep = |pattern| Some(Grep::new(pattern, true).expect("sound"));
    let query = Query {
        level: Some(Level::Warn),
        grep: grep("T(WO|HREE)$"),
        ..Query::default()
    };
    assert_eq!(
        texts(root.path(), &query),
        ["ERROR two", "\x1b[33mWARN\x1b[0m three"]
    );
    let query = Query {
        grep: grep("a\\.js"),
        ..Query::default()
    };
    assert_eq!(lines(root.path(), &query)[0].level, Some(Level::Error));
    let query = Query {
        grep: grep("warn three"),
        ..Query::default()
    };
    assert_eq!(
        lines(root.path(), &query).len(),
        1,
        "colours do not hide it"
    );
    let query = Query {
        level: Some(Level::Info),
        ..Query::default()
    };
    assert_eq!(
        texts(root.path(), &query).len(),
        5,
        "what states no level counts as info"
    );
}

#[test]
fn lines_around_a_match_are_shown_once() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    for n in 0..20 {
        web.write(format!("line {n}\n"), n).expect("written");
    }
    let query = Query {
        grep: Some(Grep::new("line (5|7|19)$", false).expect("sound")),
        context: 1,
        ..Query::default()
    };
    let expected = [
        "line 4", "line 5", "line 6", "line 7", "line 8", "line 18", "line 19",
    ];
    assert_eq!(texts(root.path(), &query), expected);
    let last = Query {
        tail: Some(2),
        ..query.clone()
    };
    assert_eq!(
        texts(root.path(), &last),
        ["line 6", "line 7", "line 8", "line 18", "line 19"]
    );
    let mut sieve = Sieve::new(&query);
    let sifted: Vec<Item> = items(root.path(), &Query::default())
        .into_iter()
        .flat_map(|item| sieve.push(item))
        .collect();
    assert_eq!(sifted.len(), expected.len());
    let count = Logs::new(root.path())
        .query(&query)
        .expect("it can be read")
        .count_matches();
    assert_eq!(count.expect("it can be read"), 3);
}

#[test]
fn without_a_sidecar_the_lines_are_the_same_and_times_are_those_of_the_file() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    web.write(b"a\0\xff\r\nb", 1).expect("written");
    std::fs::remove_file(root.path().join("web/stdout.00000001.idx")).expect("removed");
    let lines = lines(root.path(), &Query::default());
    assert_eq!(lines.len(), 2);
    assert!(
        lines
            .iter()
            .all(|line| !line.time_exact && line.time > SECOND && line.run.is_none())
    );
    assert_eq!((lines[0].end, lines[1].end), (LineEnd::CrLf, LineEnd::None));
}

#[test]
fn logs_that_do_not_exist_are_empty() {
    let root = tempfile::tempdir().expect("a folder");
    assert!(items(&root.path().join("nowhere"), &Query::default()).is_empty());
    let query = Query {
        processes: vec!["web".to_string()],
        tail: Some(5),
        ..Query::default()
    };
    assert!(items(root.path(), &query).is_empty());
}

#[test]
fn lines_are_chosen_by_their_fields() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    let text = "{\"level\":\"info\",\"user\":{\"id\":7},\"msg\":\"a\"}\nuser id=7\nlevel=warn id=7 msg=b\nid=8 level=warn\n";
    web.write(text, SECOND).expect("written");
    let query = |fields: &[&str]| Query {
        fields: fields
            .iter()
            .map(|it| it.parse().expect("KEY=VALUE"))
            .collect(),
        ..Query::default()
    };
    let all: Vec<&str> = text.lines().collect();
    assert_eq!(texts(root.path(), &query(&["id=7"])), all[..3]);
    assert_eq!(texts(root.path(), &query(&["user.id=7"])), all[..1]);
    let both = query(&["id=7", "level=warn"]);
    assert_eq!(texts(root.path(), &both), all[2..3]);
    let sieve = &mut Sieve::new(&both);
    let passed = items(root.path(), &Query::default());
    let passed = passed.into_iter().flat_map(|item| sieve.push(item));
    assert_eq!(passed.filter(|item| item.line().is_some()).count(), 1);
}

#[test]
fn a_large_log_is_searched_in_pieces_and_answers_in_order() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    let filler = "2025-11-21T14:30:15Z INFO nothing to see here, move along\n".repeat(2000);
    let mut expected = Vec::new();
    for n in 0..400u64 {
        web.write(&filler, n * SECOND).expect("written");
        let error = format!("2025-11-21T14:30:15Z ERROR number {n}\n    at f (x.js:1:2)\n");
        web.write(&error, n * SECOND).expect("written");
        expected.extend(error.lines().map(str::to_string));
        if n % 150 == 149 {
            web.rotate(n * SECOND).expect("rotated");
        }
    }
    let level = Query {
        level: Some(Level::Error),
        ..Query::default()
    };
    assert_eq!(texts(root.path(), &level), expected);
    let grep = Query {
        grep: Grep::new("number [0-9]*7$", false).ok(),
        ..Query::default()
    };
    let found = lines(root.path(), &grep);
    assert_eq!(found.len(), 40);
    assert!(found.windows(2).all(|two| two[0].seq < two[1].seq));
    assert!(found.iter().all(|line| line.level == Some(Level::Error)));
    // Who stops asking stops the search, and nothing waits for it.
    let mut first = Logs::new(root.path()).query(&level).expect("an answer");
    assert!(first.next().is_some_and(|item| item.is_ok()));
}

#[test]
fn a_trace_is_found_by_its_text_with_the_level_of_its_record() {
    let root = tempfile::tempdir().expect("a folder");
    let mut web = writer(root.path(), "web", Stream::Stdout);
    let text = "12:00:00 INFO a\n".repeat(50) + "12:00:01 ERROR b\n    at pay (x.js:1:2)\n";
    web.write(text, SECOND).expect("written");
    let query = Query {
        grep: Grep::new("pay", false).ok(),
        level: Some(Level::Error),
        ..Query::default()
    };
    assert_eq!(texts(root.path(), &query), ["    at pay (x.js:1:2)"]);
}
