//! How fast logs are read: writes a log (1 GiB, or as many MiB as the first argument says) into a
//! temporary folder and times questions to it.
//!
//! `cargo run --release -p forge-logs --example scan -- 1024`

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use forge_facts::{RunId, Stream};
use forge_logs::testing::Writer;
use forge_logs::{Grep, Level, Logs, Query};

fn main() -> Result<(), Box<dyn Error>> {
    let mebibytes: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(1024), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("forge-logs-scan-{}", std::process::id()));
    let result = measure(&folder, mebibytes << 20);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &Path, size: u64) -> Result<(), Box<dyn Error>> {
    let lines = write(&folder.join("web"), size)?;
    println!("{lines} lines, {} MiB", size >> 20);
    let logs = Logs::new(folder);
    let grep = |pattern: &str| Grep::new(pattern, false).map(Some);
    let all = Query::default();
    let questions = [
        (
            "rare literal",
            Query {
                grep: grep("needle 77777 ")?,
                ..all.clone()
            },
        ),
        (
            "rare, any case",
            Query {
                grep: Some(Grep::new("NEEDLE 77777 ", true)?),
                ..all.clone()
            },
        ),
        (
            "expression",
            Query {
                grep: grep(r"status=5\d\d took=9\d\dms")?,
                ..all.clone()
            },
        ),
        (
            "rare, 3 around",
            Query {
                grep: grep("needle 77777 ")?,
                context: 3,
                ..all.clone()
            },
        ),
        (
            "one line in ten",
            Query {
                grep: grep("user=7")?,
                ..all.clone()
            },
        ),
        (
            "last 10",
            Query {
                tail: Some(10),
                ..all.clone()
            },
        ),
        (
            "last 10 errors",
            Query {
                tail: Some(10),
                level: Some(Level::Error),
                ..all.clone()
            },
        ),
        (
            "errors",
            Query {
                level: Some(Level::Error),
                ..all.clone()
            },
        ),
        ("every line", all),
    ];
    for (name, query) in questions {
        let began = Instant::now();
        let count = logs.query(&query)?.count_matches()?;
        let took = began.elapsed();
        let speed = size as f64 / took.as_secs_f64() / 1e9;
        println!(
            "{name:16} {count:>9} lines {:>8.1} ms {speed:6.2} GB/s",
            took.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn write(dir: &Path, size: u64) -> Result<u64, Box<dyn Error>> {
    let mut writer = Writer::new(dir, Stream::Stdout)?;
    let mut time = 1_763_735_415_000_000_000;
    writer.run(RunId::new(time / 1_000_000, 1), time)?;
    let (mut written, mut in_segment, mut line) = (0u64, 0u64, 0u64);
    let mut block = Vec::new();
    while written < size {
        block.clear();
        while block.len() < 16 * 1024 {
            let level = if line % 1000 == 0 { "ERROR" } else { "INFO" };
            let text = format!(
                "2025-11-21T14:30:15.123Z {level} request id={line} user={} status={} took={}ms needle {} x\n",
                line % 10,
                200 + line % 400,
                line % 1000,
                line % 100_003,
            );
            block.extend_from_slice(text.as_bytes());
            line += 1;
        }
        time += 1_000_000;
        writer.write(&block, time)?;
        written += block.len() as u64;
        in_segment += block.len() as u64;
        if in_segment > 64 << 20 {
            writer.rotate(time)?;
            in_segment = 0;
        }
    }
    Ok(line)
}
