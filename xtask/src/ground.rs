//! A workspace of its own for what is measured, and figures of processes as the kernel tells them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::project;

/// A workspace in a temporary folder; what runs in it is stopped at the end.
pub(crate) struct Ground {
    forge: PathBuf,
    folder: tempfile::TempDir,
}

impl Ground {
    /// With the release build, which is built first.
    ///
    /// # Errors
    ///
    /// The build fails, or the folder cannot be made.
    pub(crate) fn new(config: &str) -> Result<Self> {
        project::run(project::cargo().args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "forge",
        ]))?;
        let forge = project::target_folder()?.join("release/forge");
        let folder = tempfile::Builder::new().prefix("forge-").tempdir()?;
        fs::create_dir_all(folder.path().join("work/.forge"))?;
        let ground = Ground { forge, folder };
        ground.configure(config)?;
        Ok(ground)
    }

    /// Writes the file of the workspace.
    ///
    /// # Errors
    ///
    /// As the file system has it.
    pub(crate) fn configure(&self, config: &str) -> Result<()> {
        Ok(fs::write(self.work().join(".forge/processes.yml"), config)?)
    }

    /// The workspace.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Where its state lies.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The program with these words, in the workspace.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.forge);
        command
            .args(words)
            .current_dir(self.work())
            .env("FORGE_STATE_DIR", self.state())
            .env("FORGE_RUNTIME_DIR", self.folder.path().join("run"))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command that must succeed, and says how long it took.
    ///
    /// # Errors
    ///
    /// It fails.
    pub(crate) fn time(&self, words: &[&str]) -> Result<Duration> {
        let began = Instant::now();
        let output = self.command(words).output()?;
        let took = began.elapsed();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "forge {}: {said}", words.join(" "));
        Ok(took)
    }

    /// Runs a command whose answer is JSON.
    ///
    /// # Errors
    ///
    /// It fails, or answers something else.
    pub(crate) fn json(&self, words: &[&str]) -> Result<Value> {
        let output = self.command(words).output()?;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("forge {}: no JSON", words.join(" ")))
    }

    /// The pid of Forge's own process of this kind: `supervisor` or `keeper`.
    ///
    /// # Errors
    ///
    /// It does not run.
    pub(crate) fn pid(&self, kind: &str) -> Result<i64> {
        let who = self.json(&["daemon", "status", "--json"])?;
        who[kind]["pid"]
            .as_i64()
            .with_context(|| format!("no {kind}"))
    }

    /// Waits until a condition holds.
    ///
    /// # Errors
    ///
    /// It does not in time.
    pub(crate) fn wait(
        &self,
        what: &str,
        patience: Duration,
        mut holds: impl FnMut() -> Result<bool>,
    ) -> Result<()> {
        let deadline = Instant::now() + patience;
        while !holds()? {
            if Instant::now() >= deadline {
                bail!("waited in vain for {what}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // What cannot be stopped is told by the next look at it.
        let _ = self.command(&["daemon", "stop"]).output();
    }
}

/// What a process uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Resident memory, kB.
    pub(crate) memory: u64,
    /// Open descriptors.
    pub(crate) open: u64,
    /// Threads.
    pub(crate) threads: u64,
}

/// What a process of ours uses now.
///
/// # Errors
///
/// It is gone.
pub(crate) fn usage(pid: i64) -> Result<Usage> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.with_context(|| format!("no {name}"))
    };
    Ok(Usage {
        memory: number("VmRSS:")?,
        threads: number("Threads:")?,
        open: fs::read_dir(format!("/proc/{pid}/fd"))?.count() as u64,
    })
}

/// CPU time of a process and its threads, in seconds.
///
/// # Errors
///
/// It is gone.
pub(crate) fn cpu(pid: i64) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let field = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<f64>().ok())
            .context("no stat")
    };
    // proc_pid_stat(5): clock ticks, 100 a second on Linux.
    Ok((field(11)? + field(12)?) / 100.0)
}

/// Bytes in all files below a folder.
pub(crate) fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => size(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// The middle one.
pub(crate) fn median<T: Copy + PartialOrd>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    sorted.get(sorted.len() / 2).copied()
}

/// `--name N` among words; `usual` without it.
///
/// # Errors
///
/// It is no number.
pub(crate) fn option(words: &[String], name: &str, usual: u64) -> Result<u64> {
    let Some(at) = words.iter().position(|word| word == name) else {
        return Ok(usual);
    };
    let value = words
        .get(at + 1)
        .with_context(|| format!("{name} wants a number"))?;
    value
        .parse()
        .with_context(|| format!("{name}: `{value}` is no number"))
}
