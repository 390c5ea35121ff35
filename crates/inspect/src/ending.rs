//! Ending processes that Forge is not the parent of, without ever hitting another one.
//!
//! A process is known by its pid and the tick at which it started. It is pinned by a pidfd, and looked at once
//! more behind that; from then on the signal goes to that process or to none.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use forge_os::Pidfd;
use forge_os::process_table::{Listed, ProcessTable, Stat};

use crate::Member;
use crate::tree::command_text;

/// The numbers are the same on all architectures of Linux.
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
const SIGCONT: i32 = 18;
const SIGSTOP: i32 = 19;

/// How long to wait for processes to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// After SIGTERM; zero kills at once.
    pub term: Duration,
    /// After SIGKILL.
    pub kill: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            term: Duration::from_secs(5),
            kill: Duration::from_secs(3),
        }
    }
}

/// A process that could not be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Process id.
    pub pid: i32,
    /// Its command line.
    pub command: String,
    /// Why.
    pub why: String,
}

/// What became of processes that were to end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ending {
    /// Those that have ended, sorted.
    pub ended: Vec<i32>,
    /// Of these, those that had to be killed.
    pub killed: Vec<i32>,
    /// Those that have not.
    pub left: Vec<Left>,
}

/// A process that cannot be mistaken for another any more.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) pid: i32,
    pidfd: Pidfd,
}

/// Pins a process, if it is still there.
///
/// # Errors
/// When the kernel refuses for another reason than that it is gone.
pub(crate) fn pin(table: &mut ProcessTable, member: Member) -> io::Result<Option<Pinned>> {
    let pidfd = match Pidfd::open(member.pid) {
        Ok(pidfd) => pidfd,
        Err(error) if forge_os::process_table::is_gone(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    // Behind the pidfd: if the pid still means the same process now, so does the pidfd.
    let same = table
        .stat(member.pid)
        .is_ok_and(|stat| stat.start_ticks == member.start_ticks && !stat.state.has_ended());
    Ok(same.then_some(Pinned {
        pid: member.pid,
        pidfd,
    }))
}

/// Ends pinned processes: TERM, then KILL to what is left. `spared` are never signalled; `more` finds those
/// that belong to them too and were started meanwhile.
pub(crate) fn end(
    processes: Vec<Pinned>,
    patience: Patience,
    mut more: impl FnMut(&[Pinned]) -> Vec<Pinned>,
) -> Ending {
    let mut all = processes;
    let mut errors = Vec::new();
    if !patience.term.is_zero() {
        for process in &all {
            send(process, SIGTERM, &mut errors);
            // One that is stopped would never see it.
            send(process, SIGCONT, &mut errors);
        }
        wait(&all, patience.term);
    }
    all.extend(more(&all));
    let mut killed = Vec::new();
    // Stopped before they are killed, until nobody new turns up: none can fork away.
    let until = Instant::now() + patience.kill;
    loop {
        for process in all.iter().filter(|process| !process.pidfd.has_ended()) {
            send(process, SIGSTOP, &mut errors);
        }
        let news = more(&all);
        if news.is_empty() || Instant::now() >= until {
            break;
        }
        all.extend(news);
    }
    for process in all.iter().filter(|process| !process.pidfd.has_ended()) {
        send(process, SIGKILL, &mut errors);
        killed.push(process.pid);
    }
    wait(&all, patience.kill);
    let mut ending = Ending::default();
    for process in &all {
        if process.pidfd.has_ended() {
            ending.ended.push(process.pid);
            continue;
        }
        let why = errors.iter().find(|(pid, _)| *pid == process.pid);
        ending.left.push(Left {
            pid: process.pid,
            command: command_text(process.pid, "?"),
            why: why.map_or_else(
                || "it did not end after SIGKILL (it may wait for a device)".to_string(),
                |(_, error)| format!("it could not be signalled: {error}"),
            ),
        });
    }
    killed.retain(|pid| ending.ended.contains(pid));
    ending.killed = killed;
    ending.ended.sort_unstable();
    ending
}

fn send(process: &Pinned, signal: i32, errors: &mut Vec<(i32, io::Error)>) {
    if let Err(error) = process.pidfd.signal(signal)
        && !forge_os::process_table::is_gone(&error)
    {
        errors.push((process.pid, error));
    }
}

fn wait(processes: &[Pinned], patience: Duration) {
    let until = Instant::now() + patience;
    for process in processes {
        process
            .pidfd
            .wait_for(until.saturating_duration_since(Instant::now()));
    }
}

/// All processes, as they are now.
///
/// # Errors
/// When `/proc` cannot be read.
pub(crate) fn everybody(table: &mut ProcessTable) -> io::Result<Vec<Stat>> {
    let mut listing: Vec<Listed> = Vec::new();
    table.list(&mut listing)?;
    let live = listing
        .into_iter()
        .filter_map(|listed| table.stat(listed.pid).ok());
    Ok(live.filter(|stat| !stat.state.has_ended()).collect())
}

/// The parents of a process, itself first.
pub(crate) fn line_of(stats: &[Stat], pid: i32) -> Vec<i32> {
    let mut line = vec![pid];
    let mut pid = pid;
    while let Some(stat) = stats.iter().find(|stat| stat.pid == pid) {
        pid = stat.ppid;
        if pid <= 0 || line.contains(&pid) {
            break;
        }
        line.push(pid);
    }
    line
}

/// What descends from some processes, without these, and without what `spared` holds and its descendants.
pub(crate) fn below(stats: &[Stat], roots: &[i32], spared: &HashSet<i32>) -> Vec<Member> {
    let mut found: Vec<Member> = Vec::new();
    let mut seen: HashSet<i32> = roots.iter().copied().collect();
    let mut next: Vec<i32> = roots.to_vec();
    while let Some(parent) = next.pop() {
        for stat in stats.iter().filter(|stat| stat.ppid == parent) {
            if !spared.contains(&stat.pid) && seen.insert(stat.pid) {
                next.push(stat.pid);
                found.push(Member {
                    pid: stat.pid,
                    start_ticks: stat.start_ticks,
                });
            }
        }
    }
    found
}
