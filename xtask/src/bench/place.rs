//! A workspace of its own for each measurement, and who runs in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A workspace, stopped and removed at the end.
pub(super) struct Place<'a> {
    forge: &'a Path,
    folder: tempfile::TempDir,
}

impl<'a> Place<'a> {
    pub(super) fn new(forge: &'a Path, config: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let work = folder.path().join("work/.forge");
        fs::create_dir_all(&work)?;
        fs::write(work.join("processes.yml"), config)?;
        Ok(Place { forge, folder })
    }

    /// A path beside the workspace.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of Forge in the workspace.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.forge);
        command
            .args(words)
            .current_dir(self.beside("work"))
            .env("FORGE_STATE_DIR", self.beside("state"))
            .env("FORGE_RUNTIME_DIR", self.beside("run"))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, words: &[&str]) -> Result<Output> {
        Ok(self.command(words).output()?)
    }

    /// Runs a command to its end, which is to be a good one, and says how long it took.
    pub(super) fn time(&self, words: &[&str]) -> Result<Duration> {
        let began = Instant::now();
        let output = self.run(words)?;
        let took = began.elapsed();
        ensure!(
            output.status.success(),
            "forge {}: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(took)
    }

    pub(super) fn json(&self, words: &[&str]) -> Result<Value> {
        let output = self.run(words)?;
        serde_json::from_slice(&output.stdout).context("no JSON")
    }

    /// The pids of all of Forge that runs here.
    pub(super) fn who(&self) -> Result<Who> {
        let who = self.json(&["daemon", "status", "--json"])?;
        let pid = |one: &Value| one["pid"].as_i64().context("a pid");
        let all = |kind: &str| -> Result<Vec<i64>> {
            let list = who[kind].as_object().context("a list")?;
            list.values().map(pid).collect()
        };
        Ok(Who {
            keeper: pid(&who["keeper"])?,
            supervisor: pid(&who["supervisor"])?,
            shims: all("shims")?,
            processes: all("processes")?,
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // What cannot be stopped is told by the next look at it.
        let _ = self.run(&["daemon", "stop"]);
    }
}

/// Pids.
pub(super) struct Who {
    pub(super) keeper: i64,
    pub(super) supervisor: i64,
    pub(super) shims: Vec<i64>,
    pub(super) processes: Vec<i64>,
}

impl Who {
    /// All of Forge's own.
    pub(super) fn forge(&self) -> impl Iterator<Item = i64> {
        [self.keeper, self.supervisor]
            .into_iter()
            .chain(self.shims.iter().copied())
    }
}

/// The CPU time of a process and of its threads that live, in nanoseconds; 0 where it is gone.
pub(super) fn cpu_ns(pid: i64) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let times = tasks.into_iter().flatten().flatten().filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    times.sum()
}

/// Memory with shared pages divided among those who share them, in kB.
pub(super) fn memory_kb(pid: i64) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find(|line| line.starts_with("Pss:"));
    let size = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(size.context("no PSS")?.parse()?)
}
