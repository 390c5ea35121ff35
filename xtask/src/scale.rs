//! `cargo xtask scale`: many processes, many lines, long chains. Says what it costs; fails where a line
//! is lost or memory grows.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::ground::{Ground, cpu, median, option, usage};

/// How long anything may take that is not measured.
const PATIENCE: Duration = Duration::from_secs(300);

/// `--seconds N` (600), `--processes N` (500), `--lines N` a second of each (200), `--idle N` (1000).
///
/// # Errors
///
/// A command fails, a line is lost, or the supervisor's memory grows.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let seconds = option(words, "--seconds", 600)?;
    let processes = option(words, "--processes", 500)?;
    let lines = option(words, "--lines", 200)?;
    flood(processes, lines, Duration::from_secs(seconds))?;
    idle(option(words, "--idle", 1000)?)?;
    shape("chain of 200", &chain(200))?;
    shape("fan of 500", &fan(500))
}

/// The writer that the flood starts: numbered lines, evenly, until a file is there; then their number.
///
/// # Errors
///
/// Its output cannot be written.
pub(crate) fn write(rate: &str, until: &Path) -> Result<()> {
    let rate: u64 = rate.parse()?;
    let begun = Instant::now();
    let mut out = std::io::stdout().lock();
    let mut count = 0;
    while !until.exists() {
        let due = begun.elapsed().as_millis() as u64 * rate / 1000;
        let mut text = String::new();
        while count < due {
            count += 1;
            text.push_str(&format!("{count} GET /api/orders/{count} 200 in 12 ms, and what else there is to say of it\n"));
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    writeln!(out, "end {count}")?;
    Ok(())
}

fn flood(processes: u64, lines: u64, lasts: Duration) -> Result<()> {
    let own = std::env::current_exe()?;
    let ground = Ground::new("dev: []\n")?;
    let enough = ground.work().join("enough");
    let command = serde_json::json!([own, "scale-writer", lines.to_string(), enough]);
    let mut config = "dev:\n".to_string();
    for number in 0..processes {
        config.push_str(&format!(
            "  - {{name: w{number}, command: {command}, restart: {{policy: never}}, log: {{max_size: 1GB}}}}\n"
        ));
    }
    ground.configure(&config)?;
    let took = ground.time(&["dev", "start", "--timeout", "300s"])?;
    println!(
        "{processes} processes, {lines} lines/s each: started in {:.1} s",
        took.as_secs_f64()
    );
    let supervisor = ground.pid("supervisor")?;
    let (begun, before) = (Instant::now(), cpu(supervisor)?);
    let (mut status, mut memory) = (Vec::new(), Vec::new());
    while begun.elapsed() < lasts {
        std::thread::sleep(Duration::from_secs(2));
        status.push(ground.time(&["dev", "status"])?.as_secs_f64() * 1000.0);
        memory.push(usage(supervisor)?.memory);
    }
    let used = (cpu(supervisor)? - before) / begun.elapsed().as_secs_f64() * 100.0;
    fs::write(&enough, b"")?;
    ground.wait("all to end", PATIENCE, || {
        let answer = ground.json(&["dev", "status", "--json"])?;
        let all = answer["processes"].as_array().context("no processes")?;
        Ok(all.iter().all(|one| one["pid"].is_null()))
    })?;
    let written = count_lines(&ground, processes)?;
    let half = memory.len() / 2;
    let (early, late) = (median(&memory[..half.max(1)]), median(&memory[half..]));
    let (early, late) = early.zip(late).context("it was too short")?;
    println!(
        "status: median {:.1} ms, slowest {:.1} ms of {}; supervisor: {used:.1} % of a core, memory {early} kB in the first half, {late} kB in the second; {written} lines, none lost",
        median(&status).unwrap_or_default(),
        status.iter().copied().fold(0.0, f64::max),
        status.len(),
    );
    ensure!(
        late < early + early / 4 + 8_000,
        "the supervisor's memory grows"
    );
    Ok(())
}

/// Every line of every process is there, in order, once.
fn count_lines(ground: &Ground, processes: u64) -> Result<u64> {
    let paths = ground.json(&["dev", "paths", "--json"])?;
    let logs = paths["logs"].as_str().context("no logs")?;
    let mut all = 0;
    for number in 0..processes {
        let folder = Path::new(logs).join(format!("w{number}"));
        let mut files: Vec<_> = fs::read_dir(&folder)?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.retain(|path| {
            path.to_string_lossy().ends_with(".log") && path.to_string_lossy().contains("stdout.")
        });
        files.sort();
        let mut text = String::new();
        for file in files {
            text.push_str(&fs::read_to_string(file)?);
        }
        let mut wanted = 0;
        let mut end = None;
        for line in text.lines() {
            match line.strip_prefix("end ") {
                Some(count) => end = Some(count.parse::<u64>()?),
                None => {
                    wanted += 1;
                    let found = line.split(' ').next().unwrap_or_default();
                    ensure!(
                        found == wanted.to_string(),
                        "w{number}: line {found} where {wanted} should be"
                    );
                }
            }
        }
        ensure!(end == Some(wanted), "w{number}: {wanted} lines of {end:?}");
        all += wanted;
    }
    Ok(all)
}

fn idle(count: u64) -> Result<()> {
    let mut config = "dev:\n".to_string();
    for number in 0..count {
        config.push_str(&format!(
            "  - {{name: p{number}, command: [sleep, '100000']}}\n"
        ));
    }
    shape(&format!("{count} idle processes"), &config)
}

fn chain(length: usize) -> String {
    let mut config = "dev:\n".to_string();
    for number in 0..length {
        let needs = match number {
            0 => String::new(),
            _ => format!(", depends_on: [p{}]", number - 1),
        };
        config.push_str(&format!(
            "  - {{name: p{number}, command: [sleep, '100000']{needs}}}\n"
        ));
    }
    config
}

/// One that all need, and one that needs all.
fn fan(width: usize) -> String {
    let mut config = "dev:\n  - {name: root, command: [sleep, '100000']}\n".to_string();
    let mut names = Vec::new();
    for number in 0..width {
        config.push_str(&format!(
            "  - {{name: p{number}, command: [sleep, '100000'], depends_on: [root]}}\n"
        ));
        names.push(format!("p{number}"));
    }
    config.push_str(&format!(
        "  - {{name: last, command: [sleep, '100000'], depends_on: [{}]}}\n",
        names.join(", ")
    ));
    config
}

fn shape(what: &str, config: &str) -> Result<()> {
    let ground = Ground::new(config)?;
    let start = ground.time(&["dev", "start", "--timeout", "300s"])?;
    let status = ground.time(&["dev", "status"])?;
    let supervisor = ground.pid("supervisor")?;
    let before = cpu(supervisor)?;
    std::thread::sleep(Duration::from_secs(5));
    let idle = (cpu(supervisor)? - before) / 5.0 * 100.0;
    let memory = usage(supervisor)?.memory;
    let stop = ground.time(&["dev", "stop"])?;
    println!(
        "{what}: start {:.2} s, status {:.1} ms, stop {:.2} s; supervisor {idle:.1} % of a core, {memory} kB",
        start.as_secs_f64(),
        status.as_secs_f64() * 1000.0,
        stop.as_secs_f64(),
    );
    Ok(())
}
