//! What clients get to see of logs on disk.

use std::time::Duration;

use axum::body::Bytes;
use forge_api::{LogLine, LogsAnswer, LogsQuery};
use forge_facts::{RunId, Stream};
use forge_logs::testing::Writer;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{LogPlace, follow, page};

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_763_735_415 * SECOND;

struct World {
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        World {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn writer(&self, process: &str, stream: Stream) -> Writer {
        let mut writer = Writer::new(&self.dir.path().join(process), stream).unwrap();
        writer.run(RunId::new(START / 1_000_000, 7), START).unwrap();
        writer
    }

    fn place(&self, names: &[&str]) -> LogPlace {
        LogPlace {
            root: self.dir.path().to_path_buf(),
            names: match names {
                [] => Err(forge_api::Problem::unknown("no such process")),
                names => Ok(names.iter().map(ToString::to_string).collect()),
            },
            rules: Vec::new(),
        }
    }

    fn ask(&self, query: &LogsQuery) -> LogsAnswer {
        page(self.place(&["api", "db"]), query).unwrap()
    }

    async fn follow(&self, query: LogsQuery) -> Following {
        // The receiver lives on: a supervisor that does not end.
        let (inbox, inputs) = mpsc::unbounded_channel();
        Box::leak(Box::new(inputs));
        let pieces = follow(self.place(&["api", "db"]), query, inbox);
        Following {
            pieces: pieces.await.unwrap(),
            text: String::new(),
            id: None,
        }
    }
}

struct Following {
    pieces: mpsc::Receiver<Bytes>,
    text: String,
    id: Option<String>,
}

impl Following {
    /// The next line, and with it the place that a reader knows by then.
    async fn line(&mut self) -> LogLine {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_string(), rest.to_string());
                self.text = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                if let Some(id) = field("id: ") {
                    self.id = Some(id.to_string());
                }
                if let Some(data) = field("data: ") {
                    return serde_json::from_str(data).unwrap();
                }
                continue;
            }
            let piece = tokio::time::timeout(Duration::from_secs(10), self.pieces.recv());
            let piece = piece.await.expect("a line in time").expect("no end");
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    async fn messages(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(self.line().await.message);
        }
        all
    }
}

fn messages(answer: &LogsAnswer) -> Vec<&str> {
    let lines = answer.lines.iter();
    lines.map(|line| line.message.as_str()).collect()
}

fn tail(count: usize) -> LogsQuery {
    LogsQuery {
        tail: Some(count),
        ..LogsQuery::default()
    }
}

#[test]
fn pages_backwards_hold_every_line_once_also_where_many_have_one_time() {
    let world = World::new();
    let mut api = world.writer("api", Stream::Stdout);
    let mut db = world.writer("db", Stream::Stderr);
    for chunk in 0..4 {
        let lines: String = (0..25).map(|n| format!("a{chunk}.{n}\n")).collect();
        api.write(&lines, START + chunk * SECOND).unwrap();
        let lines: String = (0..5).map(|n| format!("d{chunk}.{n}\n")).collect();
        db.write(&lines, START + chunk * SECOND).unwrap();
    }
    let whole = world.ask(&tail(1000));
    assert_eq!(whole.lines.len(), 120);
    assert!(!whole.more);
    let mut pages: Vec<LogLine> = Vec::new();
    let mut query = tail(7);
    loop {
        let answer = world.ask(&query);
        query.before = Some(answer.cursor.clone());
        if let Some(before) = answer.lines.first() {
            // The first page's cursor leads on; lines before it are before its first line.
            query.before = Some(before.cursor.clone());
        }
        let more = answer.more;
        pages.splice(0..0, answer.lines);
        if !more {
            break;
        }
    }
    assert_eq!(pages, whole.lines);
}

#[test]
fn what_came_since_the_last_look_is_told_once() {
    let world = World::new();
    let mut api = world.writer("api", Stream::Stdout);
    api.write("one\ntwo\nunfin", START).unwrap();
    let first = world.ask(&tail(10));
    assert_eq!(messages(&first), ["one", "two", "unfin"]);
    assert!(first.lines[2].partial && !first.lines[1].partial);

    let again = |cursor: &str, count| {
        world.ask(&LogsQuery {
            after: Some(cursor.to_string()),
            ..tail(count)
        })
    };
    let none = again(&first.cursor, 10);
    assert_eq!(messages(&none), [""; 0]);
    api.write("ished\nthree\nfour\n", START + SECOND).unwrap();
    let mut db = world.writer("db", Stream::Stdout);
    db.write("hello\n", START + 2 * SECOND).unwrap();
    let some = again(&none.cursor, 2);
    assert_eq!(messages(&some), ["unfinished", "three"]);
    assert!(some.more);
    let rest = again(&some.cursor, 10);
    assert_eq!(messages(&rest), ["four", "hello"]);
    assert!(!rest.more);
    // The place of a line serves as well.
    let behind = again(&some.lines[0].cursor, 10);
    assert_eq!(messages(&behind), ["three", "four", "hello"]);
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_cut_off() {
    let world = World::new();
    let mut api = world.writer("api", Stream::Stdout);
    let mut db = world.writer("db", Stream::Stderr);
    api.write("old\na1\na2\n", START).unwrap();
    db.write("d1\n", START + 1).unwrap();
    let mut stream = world.follow(tail(3)).await;
    assert_eq!(stream.messages(2).await, ["a1", "a2"]);
    let cut = stream.id.clone();
    drop(stream);
    api.write("a3\n", START + SECOND).unwrap();
    let mut stream = world
        .follow(LogsQuery {
            after: cut,
            ..LogsQuery::default()
        })
        .await;
    assert_eq!(stream.messages(2).await, ["d1", "a3"]);
    api.rotate(START + 2 * SECOND).unwrap();
    api.write("a4\n", START + 2 * SECOND).unwrap();
    assert_eq!(stream.messages(1).await, ["a4"]);
    let cut = stream.id.clone();
    drop(stream);
    db.write("d2\n", START + 3 * SECOND).unwrap();
    let again = world.ask(&LogsQuery {
        after: cut,
        ..LogsQuery::default()
    });
    assert_eq!(messages(&again), ["d2"]);
}

#[tokio::test]
async fn a_line_without_an_end_is_told_and_then_told_whole() {
    let world = World::new();
    let mut api = world.writer("api", Stream::Terminal);
    let mut stream = world
        .follow(LogsQuery {
            partial: true,
            styled: true,
            ..LogsQuery::default()
        })
        .await;
    api.write("\x1b[32mname\x1b[2J? ", START).unwrap();
    let head = stream.line().await;
    assert!(head.partial);
    assert_eq!(head.message, "name? ");
    assert_eq!(head.styled.as_deref(), Some("\x1b[32mname? \x1b[0m"));
    api.write("bob\n", START + SECOND).unwrap();
    let whole = stream.line().await;
    assert!(!whole.partial);
    assert_eq!((whole.message.as_str(), whole.seq), ("name? bob", head.seq));
}

#[tokio::test]
async fn a_filter_lets_its_lines_through_and_the_place_goes_on() {
    let world = World::new();
    let mut api = world.writer("api", Stream::Stdout);
    let query = LogsQuery {
        grep: Some("E[0-9]".into()),
        level: Some("warn".into()),
        ..LogsQuery::default()
    };
    let mut stream = world.follow(query.clone()).await;
    api.write("INFO E1\nERROR E2\nERROR none\nWARN E3\n", START)
        .unwrap();
    assert_eq!(stream.messages(2).await, ["ERROR E2", "WARN E3"]);
    assert_eq!(messages(&world.ask(&query)), ["ERROR E2", "WARN E3"]);
}

#[test]
fn processes_that_the_file_no_longer_names_are_found_on_disk() {
    let world = World::new();
    world
        .writer("gone", Stream::Stdout)
        .write("x\n", START)
        .unwrap();
    let ask = |targets: &str| {
        page(
            world.place(&[]),
            &LogsQuery {
                targets: Some(targets.into()),
                ..LogsQuery::default()
            },
        )
    };
    assert_eq!(messages(&ask("gone").unwrap()), ["x"]);
    assert_eq!(messages(&ask("go*").unwrap()), ["x"]);
    assert_eq!(ask("other").unwrap_err().exit_code, 3);
    assert_eq!(ask("../../etc").unwrap_err().exit_code, 3);
}

#[test]
fn bad_questions_are_errors() {
    let world = World::new();
    let bad = [
        LogsQuery {
            grep: Some("(".into()),
            ..LogsQuery::default()
        },
        LogsQuery {
            level: Some("loud".into()),
            ..LogsQuery::default()
        },
        LogsQuery {
            since: Some("soon".into()),
            ..LogsQuery::default()
        },
        LogsQuery {
            after: Some("x".into()),
            ..LogsQuery::default()
        },
        LogsQuery {
            run: Some("r".into()),
            ..LogsQuery::default()
        },
    ];
    for query in bad {
        let problem = page(world.place(&["api"]), &query).unwrap_err();
        assert_eq!(problem.exit_code, 2, "{query:?}: {problem}");
    }
}

#[test]
fn a_page_of_the_newest_lines_ends_where_its_cursor_goes_on_while_others_are_written() {
    let world = World::new();
    let mut api = world.writer("api", Stream::Stdout);
    let mut db = world.writer("db", Stream::Stdout);
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        let mut number = 0;
        while stopped.try_recv().is_err() {
            let lines: String = (0..1000).map(|n| format!("{}\n", number + n)).collect();
            number += 1000;
            api.write(&lines, START + number).unwrap();
        }
        START + number
    });
    for _ in 0..5 {
        let answer = world.ask(&tail(50));
        let numbers: Vec<u64> = answer
            .lines
            .iter()
            .filter_map(|line| line.message.parse().ok())
            .collect();
        let next = world.ask(&LogsQuery {
            after: Some(answer.cursor.clone()),
            tail: Some(1),
            ..LogsQuery::default()
        });
        let next = next.lines.first();
        let next: Option<u64> = next.and_then(|line| line.message.parse().ok());
        match (numbers.last(), next) {
            (Some(last), Some(next)) => assert_eq!(last + 1, next),
            (None, Some(next)) => assert_eq!(next, 0_u64),
            (_, None) => {}
        }
    }
    stop.send(()).unwrap();
    let end = writer.join().unwrap();
    db.write("your name: ", end + SECOND).unwrap();
    let answer = world.ask(&tail(2));
    let last = answer
        .lines
        .last()
        .map(|line| (line.message.as_str(), line.partial));
    assert_eq!(last, Some(("your name: ", true)));
    assert_eq!(answer.lines.len(), 2);
}
