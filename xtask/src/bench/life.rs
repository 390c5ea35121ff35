//! Start, stop, status, restart, and the way back after a kill.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::figures::{ratio, show};
use super::place::Place;

/// Runs of each figure.
const RUNS: usize = 7;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Processes that do nothing; in a chain each needs the one before.
pub(super) fn sleepers(count: usize, chain: bool) -> String {
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

pub(super) fn start_and_stop(forge: &Path, count: usize) -> Result<()> {
    let place = Place::new(forge, &sleepers(count, false))?;
    let (mut cold, mut warm, mut stop, mut status) = (vec![], vec![], vec![], vec![]);
    for _ in 0..RUNS {
        cold.push(place.time(&["dev", "start"])?);
        for _ in 0..3 {
            status.push(place.time(&["dev", "status"])?);
        }
        stop.push(place.time(&["dev", "stop"])?);
        warm.push(place.time(&["dev", "start"])?);
        stop.push(place.time(&["dev", "stop"])?);
        place.time(&["daemon", "stop"])?;
    }
    let shell: Vec<Duration> = (0..RUNS)
        .map(|_| shell_start(count))
        .collect::<Result<_>>()?;
    show(&format!("start of {count}, no supervisor yet"), &cold);
    show(&format!("start of {count}, supervisor runs"), &warm);
    show(&format!("start of {count} by sh, until all run"), &shell);
    ratio("start with a supervisor, by that of sh", &warm, &shell);
    show(&format!("stop of {count}"), &stop);
    show(&format!("status of {count}"), &status);
    Ok(())
}

/// The same processes by a shell: from its start until each has become its program.
fn shell_start(count: usize) -> Result<Duration> {
    // The pids are printed when all are forked; that they run is asked of the kernel.
    let line = format!(
        "i=0; while [ $i -lt {count} ]; do sleep 100000 & echo $!; i=$((i+1)); done; exec 1>&-; wait"
    );
    let began = Instant::now();
    let mut shell = Command::new("sh")
        .args(["-c", &line])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut pids = Vec::new();
    let lines = std::io::BufReader::new(shell.stdout.take().context("a pipe")?);
    for pid in std::io::BufRead::lines(lines).take(count) {
        pids.push(pid?);
    }
    let runs = |pid: &String| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name.trim() == "sleep")
    };
    while !pids.iter().all(runs) {
        ensure!(began.elapsed() < PATIENCE, "sh does not start them");
    }
    let took = began.elapsed();
    ensure!(Command::new("kill").args(&pids).status()?.success());
    shell.wait()?;
    Ok(took)
}

pub(super) fn chain(forge: &Path) -> Result<()> {
    let place = Place::new(forge, &sleepers(20, true))?;
    place.time(&["dev", "start"])?;
    let mut times = vec![];
    for _ in 0..RUNS {
        place.time(&["dev", "stop"])?;
        times.push(place.time(&["dev", "start"])?);
    }
    show("chain of 20, supervisor runs", &times);
    Ok(())
}

/// From a kill to the program of the next run.
pub(super) fn restart(forge: &Path) -> Result<()> {
    let config = "dev:\n  - name: p\n    command: [sleep, '100000']\n    \
                  restart: {delay: 0s, policy: always, max_restarts: 1000}\n";
    let place = Place::new(forge, config)?;
    place.time(&["dev", "start"])?;
    let mut times = vec![];
    for _ in 0..RUNS * 4 {
        let who = place.who()?;
        let (Some(child), Some(shim)) = (who.processes.first(), who.shims.first()) else {
            anyhow::bail!("no process");
        };
        let children = format!("/proc/{shim}/task/{shim}/children");
        let began = Instant::now();
        kill(&[*child])?;
        let next = || -> Option<bool> {
            let text = fs::read_to_string(&children).ok()?;
            let next = text
                .split_whitespace()
                .find(|one| **one != child.to_string())?;
            let name = fs::read_to_string(format!("/proc/{next}/comm")).ok()?;
            Some(name.trim() == "sleep")
        };
        while next() != Some(true) {
            ensure!(began.elapsed() < PATIENCE, "no restart");
        }
        times.push(began.elapsed());
    }
    show("restart after SIGKILL, delay 0 (with kill(1))", &times);
    Ok(())
}

/// From a kill of Forge's own to the first status that shows the process running again.
pub(super) fn back_after_kills(forge: &Path) -> Result<()> {
    let place = Place::new(forge, &sleepers(1, false))?;
    place.time(&["dev", "start"])?;
    for what in ["supervisor", "keeper", "all at once"] {
        let mut times = vec![];
        for _ in 0..RUNS {
            let who = place.who()?;
            let pids: Vec<i64> = match what {
                "supervisor" => vec![who.supervisor],
                "keeper" => vec![who.keeper],
                _ => who.forge().collect(),
            };
            let began = Instant::now();
            kill(&pids)?;
            loop {
                let back = place
                    .json(&["dev", "status", "--json"])
                    .is_ok_and(|status| {
                        let pid = status["supervisor"]["pid"].as_i64();
                        let new = pid.is_some_and(|pid| pid != who.supervisor);
                        new && status["processes"][0]["status"] == "running"
                    });
                if back {
                    break;
                }
                ensure!(began.elapsed() < PATIENCE, "it does not come back");
            }
            times.push(began.elapsed());
        }
        show(&format!("back after a kill of: {what}"), &times);
    }
    Ok(())
}

fn kill(pids: &[i64]) -> Result<()> {
    let pids = pids.iter().map(ToString::to_string);
    let status = Command::new("kill").arg("-9").args(pids).status()?;
    ensure!(status.success(), "kill failed");
    Ok(())
}
