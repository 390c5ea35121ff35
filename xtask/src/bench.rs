//! `cargo xtask bench`: what Forge costs as a whole program, beside what the shell needs for the same.
//!
//! Figures are medians of several runs of one build on one machine; what counts are the ratios of one
//! call. Nothing here judges: the figures go into `docs/benchmarks.md`, with the machine and the date.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::project;

/// Runs of each figure.
const RUNS: usize = 5;

/// Lines of the log test, 100 bytes each.
const LINES: usize = 5_000_000;

/// Builds the release programs and measures them.
///
/// # Errors
///
/// The build, or one of the commands that are measured, fails.
pub(crate) fn run() -> Result<()> {
    project::run(project::cargo().args(["build", "--release", "--package", "forge"]))?;
    let forge = project::target_folder()?.join("release/forge");
    println!("{:<34} {:>10} {:>10} {:>10}", "", "least", "median", "most");
    for count in [1, 10, 100] {
        start_and_stop(&forge, count)?;
    }
    chain(&forge)?;
    restart(&forge)?;
    idle(&forge)?;
    logs(&forge)
}

/// A workspace of its own, stopped and removed at the end.
struct Bench<'a> {
    forge: &'a Path,
    folder: tempfile::TempDir,
}

impl<'a> Bench<'a> {
    fn new(forge: &'a Path, config: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let work = folder.path().join("work/.forge");
        fs::create_dir_all(&work)?;
        fs::write(work.join("processes.yml"), config)?;
        Ok(Bench { forge, folder })
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.forge);
        command
            .args(words)
            .current_dir(self.folder.path().join("work"))
            .env("FORGE_STATE_DIR", self.folder.path().join("state"))
            .env("FORGE_RUNTIME_DIR", self.folder.path().join("run"))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end and says how long it took.
    fn time(&self, words: &[&str]) -> Result<Duration> {
        let began = Instant::now();
        let output = self.command(words).output()?;
        let took = began.elapsed();
        ensure!(
            output.status.success(),
            "forge {}: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(took)
    }

    fn json(&self, words: &[&str]) -> Result<Value> {
        let output = self.command(words).output()?;
        serde_json::from_slice(&output.stdout).context("no JSON")
    }
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        // What cannot be stopped is told by the next look at it.
        let _ = self.command(&["daemon", "stop"]).output();
    }
}

fn sleepers(count: usize, chain: bool) -> String {
    let mut text = String::from("dev:\n");
    for number in 0..count {
        text.push_str(&format!(
            "  - name: p{number}\n    command: [sleep, '100000']\n"
        ));
        if chain && number > 0 {
            text.push_str(&format!("    depends_on: [p{}]\n", number - 1));
        }
    }
    text
}

fn start_and_stop(forge: &Path, count: usize) -> Result<()> {
    let bench = Bench::new(forge, &sleepers(count, false))?;
    let (mut cold, mut warm, mut stop, mut status) = (vec![], vec![], vec![], vec![]);
    for _ in 0..RUNS {
        cold.push(bench.time(&["dev", "start"])?);
        for _ in 0..3 {
            status.push(bench.time(&["dev", "status"])?);
        }
        stop.push(bench.time(&["dev", "stop"])?);
        warm.push(bench.time(&["dev", "start"])?);
        stop.push(bench.time(&["dev", "stop"])?);
        bench.time(&["daemon", "stop"])?;
    }
    show(&format!("start of {count}, cold"), cold);
    show(&format!("start of {count}, warm"), warm);
    show(&format!("stop of {count}"), stop);
    show(&format!("status of {count}"), status);
    Ok(())
}

fn chain(forge: &Path) -> Result<()> {
    let bench = Bench::new(forge, &sleepers(20, true))?;
    bench.time(&["dev", "start"])?;
    let mut times = vec![];
    for _ in 0..RUNS {
        bench.time(&["dev", "stop"])?;
        times.push(bench.time(&["dev", "start"])?);
    }
    show("chain of 20, warm", times);
    Ok(())
}

/// From a kill to the next child of the same shim.
fn restart(forge: &Path) -> Result<()> {
    let config = "dev:\n  - name: p\n    command: [sleep, '100000']\n    \
                  restart: {delay: 0s, policy: always, max_restarts: 1000}\n";
    let bench = Bench::new(forge, config)?;
    bench.time(&["dev", "start"])?;
    let mut times = vec![];
    for _ in 0..RUNS * 4 {
        let who = bench.json(&["daemon", "status", "--json"])?;
        let pid = |kind: &str| who[kind]["p"]["pid"].as_i64().context("a pid");
        let (child, shim) = (pid("processes")?, pid("shims")?);
        let children = PathBuf::from(format!("/proc/{shim}/task/{shim}/children"));
        let began = Instant::now();
        let kill = Command::new("kill")
            .args(["-9", &child.to_string()])
            .status()?;
        ensure!(kill.success(), "kill failed");
        loop {
            let text = fs::read_to_string(&children)?;
            if text.split_whitespace().any(|one| one != child.to_string()) {
                break;
            }
            ensure!(began.elapsed() < Duration::from_secs(10), "no restart");
        }
        times.push(began.elapsed());
    }
    show("restart after SIGKILL, delay 0", times);
    Ok(())
}

/// CPU and memory while nothing happens.
fn idle(forge: &Path) -> Result<()> {
    const WATCH: Duration = Duration::from_secs(20);
    let bench = Bench::new(forge, &sleepers(100, false))?;
    bench.time(&["dev", "start"])?;
    std::thread::sleep(Duration::from_secs(3));
    let who = bench.json(&["daemon", "status", "--json"])?;
    let supervisor = who["supervisor"]["pid"].as_i64().context("a pid")?;
    let keeper = who["keeper"]["pid"].as_i64().context("a pid")?;
    let before = ticks(supervisor)? + ticks(keeper)?;
    std::thread::sleep(WATCH);
    let used = ticks(supervisor)? + ticks(keeper)? - before;
    // proc_pid_stat(5): clock ticks, 100 a second on Linux.
    let percent = used as f64 / WATCH.as_secs_f64();
    println!("idle with 100: supervisor and keeper {percent:.2} % of a core");
    let shims = who["shims"].as_object().context("shims")?.values();
    let mut sizes: Vec<u64> = shims
        .filter_map(|shim| memory(shim["pid"].as_i64()?).ok())
        .collect();
    sizes.sort_unstable();
    println!(
        "memory (PSS): supervisor {} kB, keeper {} kB, shim {} kB (median)",
        memory(supervisor)?,
        memory(keeper)?,
        sizes.get(sizes.len() / 2).copied().unwrap_or(0)
    );
    Ok(())
}

/// Five million lines through Forge, and through `cat` into a file.
fn logs(forge: &Path) -> Result<()> {
    let writer = format!("yes {} | head -n {LINES}", "x".repeat(99));
    let config = format!(
        "dev:\n  - name: w\n    command: {writer}\n    oneshot: true\n    log: {{max_size: 2GB}}\n"
    );
    let (mut through, mut beside) = (vec![], vec![]);
    for _ in 0..3 {
        let bench = Bench::new(forge, &config)?;
        bench.time(&["dev", "run", "warm", "--", "true"])?;
        through.push(bench.time(&["dev", "start"])?);
        let file = bench.folder.path().join("file");
        let began = Instant::now();
        let line = format!("{writer} | cat > '{}'", file.display());
        ensure!(Command::new("sh").args(["-c", &line]).status()?.success());
        beside.push(began.elapsed());
    }
    let ratio = median(&through).as_secs_f64() / median(&beside).as_secs_f64();
    show("500 MB of lines, kept", through);
    show("500 MB of lines, cat > file", beside);
    println!("ratio of the medians: {ratio:.2}");
    Ok(())
}

fn ticks(pid: i64) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = text.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
}

fn memory(pid: i64) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find(|line| line.starts_with("Pss:"));
    let size = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(size.context("no PSS")?.parse()?)
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

fn show(what: &str, times: Vec<Duration>) {
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let least = times.iter().min().copied().unwrap_or_default();
    let most = times.iter().max().copied().unwrap_or_default();
    println!(
        "{what:<34} {:>10} {:>10} {:>10}",
        ms(least),
        ms(median(&times)),
        ms(most)
    );
}
