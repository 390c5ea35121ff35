//! How fast logs are searched, levelled and understood, beside `rg` on the same files where it is
//! installed. One run measures both, so that the ratio means something on any machine.
//!
//! ```text
//! cargo run --release -p forge-logs --example speed -- [MEGABYTES] [FOLDER]
//! ```
//!
//! The folder is filled once and used again; without one, a temporary folder is used. Times are the
//! best of five, with the files in the page cache.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use forge_facts::{RunId, Stream};
use forge_logs::testing::Writer;
use forge_logs::{EventDetector, FieldIs, Grep, Level, Leveller, Logs, Query};

const BEGIN: u64 = 1_763_735_415_000_000_000;
const SEGMENT: usize = 64 << 20;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let megabytes: usize = arguments
        .next()
        .and_then(|it| it.parse().ok())
        .unwrap_or(1024);
    let folder = arguments.next().map(PathBuf::from);
    let temporary = folder.is_none().then(tempfile::tempdir).transpose()?;
    let folder = match (folder, &temporary) {
        (Some(folder), _) => folder,
        (None, Some(temporary)) => temporary.path().to_path_buf(),
        (None, None) => return Ok(()),
    };
    if megabytes == 0 {
        understanding();
        return Ok(());
    }
    if !folder.join("api").is_dir() {
        fill(&folder, megabytes)?;
    }
    understanding();
    let logs = Logs::new(&folder);
    println!(
        "\n{:<28} {:>9} {:>9} {:>7} {:>8}",
        "search", "here", "rg", "ratio", "lines"
    );
    let grep = |pattern: &str, ignore_case| Grep::new(pattern, ignore_case).ok();
    let asks = [
        (
            "rare literal",
            "order-000777777",
            grep("order-000777777", false),
            None,
            None,
            1.2,
        ),
        (
            "regex",
            r"status=5\d\d took=\d{3}ms",
            grep(r"status=5\d\d took=\d{3}ms", false),
            None,
            None,
            1.5,
        ),
        (
            "regex, any case",
            "(?i)TIMED out AFTER",
            grep("TIMED out AFTER", true),
            None,
            None,
            1.5,
        ),
        (
            "--level error",
            "ERROR",
            None,
            Some(Level::Error),
            None,
            4.0,
        ),
        (
            "--level error, literal",
            "order-000777777",
            grep("order-000777777", false),
            Some(Level::Error),
            None,
            4.0,
        ),
        (
            "--field user=u4242",
            "\"user\":\"u4242\"",
            None,
            None,
            "user=u4242".parse::<FieldIs>().ok(),
            4.0,
        ),
    ];
    // A third argument chooses what is asked.
    let chosen = std::env::args().nth(3).unwrap_or_default();
    for (name, pattern, grep, level, field, bar) in asks {
        if !name.contains(&chosen) {
            continue;
        }
        let query = Query {
            grep,
            level,
            fields: field.into_iter().collect(),
            ..Query::default()
        };
        let mut lines = 0;
        let here = best(|| lines = count(&logs, &query));
        let there = rg(&folder, pattern);
        let ratio = there.map_or("–".into(), |it| {
            format!("{:.2}", here.as_secs_f64() / it.as_secs_f64())
        });
        let there = there.map_or("–".into(), |it| {
            format!("{:.0} ms", it.as_secs_f64() * 1e3)
        });
        let here = format!("{:.0} ms", here.as_secs_f64() * 1e3);
        println!("{name:<28} {here:>9} {there:>9} {ratio:>7} {lines:>8}  (at most {bar})");
    }
    let first = |query: Query| best(|| assert!(count(&logs, &query) > 0));
    let tail = first(Query {
        tail: Some(100),
        ..Query::default()
    });
    println!(
        "-n 100                       {:>9.2} ms  (at most 20)",
        tail.as_secs_f64() * 1e3
    );
    let since = last_moment(&logs).saturating_sub(5_000_000);
    let since = first(Query {
        since: Some(since),
        ..Query::default()
    });
    println!(
        "--since the last 5 ms        {:>9.2} ms",
        since.as_secs_f64() * 1e3
    );
    Ok(())
}

/// How much output can be understood in a second, by one core.
fn understanding() {
    let text: Vec<u8> = (0..200_000)
        .flat_map(|number| line(number).into_bytes())
        .collect();
    let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    let rate = |time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
    let mut leveller = Leveller::default();
    let levels = best(|| {
        for line in &lines {
            std::hint::black_box(leveller.next(line));
        }
    });
    let mut detector = EventDetector::default();
    let mut events = 0;
    let detection = best(|| {
        events = lines.iter().filter_map(|line| detector.next(line)).count();
    });
    println!("levels  {:>6.0} MB/s on one core", rate(levels));
    println!(
        "events  {:>6.0} MB/s on one core ({events} events in {} lines)",
        rate(detection),
        lines.len()
    );
    let both = levels + detection;
    println!(
        "both    {:>6.0} MB/s on one core (at least 200)",
        rate(both)
    );
}

fn count(logs: &Logs, query: &Query) -> u64 {
    logs.query(query)
        .ok()
        .and_then(|items| items.count_matches().ok())
        .unwrap_or(0)
}

fn last_moment(logs: &Logs) -> u64 {
    let query = Query {
        tail: Some(1),
        ..Query::default()
    };
    let items = logs.query(&query).ok().into_iter().flatten();
    items
        .filter_map(Result::ok)
        .map(|item| item.time())
        .last()
        .unwrap_or(BEGIN)
}

fn best(mut work: impl FnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begin = Instant::now();
        work();
        best = best.min(begin.elapsed());
    }
    best
}

/// The same count by `rg`, over the plain files; `None` where it is not installed.
fn rg(folder: &Path, pattern: &str) -> Option<Duration> {
    let run = || {
        let mut command = Command::new("rg");
        command.args([
            "--no-config",
            "--no-ignore",
            "-a",
            "-c",
            "-g",
            "*.log",
            "-e",
            pattern,
        ]);
        command
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    };
    run().ok()?;
    Some(best(|| drop(run())))
}

/// Half of it text, half JSON, some accesses; few errors, some traces.
fn line(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    let user = mixed % 100_000;
    let took = mixed % 900 + 100;
    match number % 20 {
        0 if number.is_multiple_of(1000) => format!(
            "2025-11-21T14:30:15.123Z ERROR shop::orders: order-{number:09} could not be paid: timed out after {took} ms\n    at pay (/srv/shop/src/orders.rs:45:12)\n    at main (/srv/shop/src/main.rs:7:3)\n"
        ),
        0 => format!(
            "2025-11-21T14:30:15.123Z  WARN shop::pool: {user} connections waiting, longest for {took} ms\n"
        ),
        1..=8 => format!(
            "{{\"level\":\"info\",\"time\":\"2025-11-21T14:30:15.123Z\",\"user\":\"u{user}\",\"msg\":\"order-{number:09} saved\",\"took\":{took}}}\n"
        ),
        9..=12 => format!(
            "10.0.{}.{} - - [21/Nov/2025:14:30:15 +0000] \"GET /api/orders/{number} HTTP/1.1\" 200 {took} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n",
            mixed % 255,
            user % 255
        ),
        _ => format!(
            "2025-11-21T14:30:15.123Z  INFO shop::http: GET /api/users/{user} status={} took={}ms id={number:09}\n",
            if mixed.is_multiple_of(5000) { 503 } else { 200 },
            took % 400
        ),
    }
}

fn fill(folder: &Path, megabytes: usize) -> io::Result<()> {
    println!("writing {megabytes} MB to {}", folder.display());
    let mut writer = Writer::new(&folder.join("api"), Stream::Stdout)?;
    writer.run(RunId(1), BEGIN)?;
    let (mut written, mut segment, mut number, mut time) = (0, 0, 0, BEGIN);
    while written < megabytes << 20 {
        let mut chunk = String::new();
        while chunk.len() < 32 * 1024 {
            number += 1;
            chunk.push_str(&line(number));
        }
        time += 1_000_000;
        writer.write(&chunk, time)?;
        written += chunk.len();
        segment += chunk.len();
        if segment >= SEGMENT {
            writer.rotate(time)?;
            segment = 0;
        }
    }
    Ok(())
}
