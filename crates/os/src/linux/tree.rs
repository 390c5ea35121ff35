//! Trees of processes: who belongs to a run, and how to end all of them.
//!
//! A parent that is a subreaper finds its tree by walking down `/proc/PID/task/*/children`: no fork,
//! new session or new group leads out of it. One who has taken over a run from a dead parent knows
//! the members by a mark in their environment, and by walking down from those.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use super::proc_fs::read_at_once;
use super::{Pidfd, ProcessState, stat};

/// A process of a tree, pinned.
#[derive(Debug)]
pub struct Member {
    /// Its pid, while it is not reaped.
    pub pid: i32,
    /// The process itself.
    pub pidfd: Pidfd,
}

/// How the members of a tree are found.
#[derive(Debug)]
enum Roots {
    /// All that descends from this process (which is a subreaper), without itself.
    Below(i32),
    /// All whose environment holds this `NAME=value`, what descends from them, and what was found
    /// to belong once.
    Marked { mark: Vec<u8>, known: Vec<Member> },
}

/// A tree of processes.
#[derive(Debug)]
pub struct Tree(Roots);

/// How many looks in a row must find nobody new before a frozen tree counts as complete.
const CLEAN_PASSES: u32 = 3;

impl Tree {
    /// All that descends from this process.
    pub fn below(pid: i32) -> Self {
        Tree(Roots::Below(pid))
    }

    /// All that bear `mark` (`NAME=value`) in their environment, with these who are known to belong.
    pub fn marked(mark: &[u8], known: Vec<Member>) -> Self {
        Tree(Roots::Marked {
            mark: mark.to_vec(),
            known,
        })
    }

    /// The members that live (zombies do not count), pinned.
    pub fn members(&mut self) -> Vec<Member> {
        let pids = self.look();
        let mut members = Vec::with_capacity(pids.len());
        for pid in &pids {
            let Ok(pidfd) = Pidfd::open(*pid) else {
                continue;
            };
            // Looked at again after it is pinned: the pid may have changed hands in between.
            let now = stat(*pid).ok();
            let alive = now.filter(|stat| stat.state != ProcessState::Zombie);
            if alive.is_some_and(|stat| self.holds(*pid, stat.parent, &pids)) {
                members.push(Member { pid: *pid, pidfd });
            }
        }
        members
    }

    /// Pids of the members that live.
    pub fn pids(&mut self) -> Vec<i32> {
        self.members()
            .into_iter()
            .map(|member| member.pid)
            .collect()
    }

    /// Sends these signals to every member, one after the other.
    pub fn signal(&mut self, signals: &[i32]) {
        for member in self.members() {
            for signal in signals {
                // It may have ended, or belong to another user: both are seen by who is left.
                let _ = member.pidfd.signal(*signal);
            }
        }
    }

    /// Stops every member (SIGSTOP) until nobody new is found, then kills all of them, so that none
    /// can fork away. Gives up waiting for the tree to stand still after `patience`, and kills what
    /// it has.
    pub fn freeze_and_kill(&mut self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut frozen: Vec<Member> = Vec::new();
        let mut clean = 0;
        while clean < CLEAN_PASSES && Instant::now() < until {
            let mut news = false;
            for member in self.members() {
                if frozen
                    .iter()
                    .any(|old| old.pid == member.pid && !old.pidfd.has_ended())
                {
                    continue;
                }
                let _ = member.pidfd.signal(libc::SIGSTOP);
                frozen.push(member);
                news = true;
            }
            clean = if news { 0 } else { clean + 1 };
        }
        for member in &frozen {
            let _ = member.pidfd.signal(libc::SIGKILL);
        }
    }

    /// Keeps a marked tree's members in mind, so that they are found again after they have changed
    /// their environment.
    pub fn remember(&mut self) {
        let members = self.members();
        if let Roots::Marked { known, .. } = &mut self.0 {
            *known = members;
        }
    }

    /// Those kept in mind by [`Tree::remember`].
    pub fn known(&self) -> &[Member] {
        match &self.0 {
            Roots::Below(_) => &[],
            Roots::Marked { known, .. } => known,
        }
    }

    fn look(&self) -> BTreeSet<i32> {
        let me = std::process::id() as i32;
        let mut found = BTreeSet::new();
        let mut next: Vec<i32> = match &self.0 {
            Roots::Below(root) => children(*root),
            Roots::Marked { mark, known } => known
                .iter()
                .filter(|member| !member.pidfd.has_ended())
                .map(|member| member.pid)
                .chain(marked(mark))
                .collect(),
        };
        while let Some(pid) = next.pop() {
            if pid > 1 && pid != me && found.insert(pid) {
                next.extend(children(pid));
            }
        }
        found
    }

    /// Whether this pid, as it is now, belongs: its line of parents leads to the root or into `all`.
    fn holds(&self, pid: i32, parent: i32, all: &BTreeSet<i32>) -> bool {
        match &self.0 {
            Roots::Below(root) => parent == *root || all.contains(&parent),
            Roots::Marked { mark, known } => {
                known.iter().any(|m| m.pid == pid && !m.pidfd.has_ended())
                    || bears(pid, mark)
                    || all.contains(&parent)
            }
        }
    }
}

fn parent(pid: i32) -> Option<i32> {
    stat(pid).ok().map(|stat| stat.parent)
}

/// The children of a process, of all of its threads.
pub fn children(pid: i32) -> Vec<i32> {
    match listed_children(pid) {
        Ok(children) => children,
        Err(_) if can_list() => Vec::new(),
        Err(_) => all_pids()
            .filter(|child| parent(*child) == Some(pid))
            .collect(),
    }
}

/// Whether the kernel lists children (CONFIG_PROC_CHILDREN).
pub(crate) fn can_list() -> bool {
    let me = std::process::id();
    std::fs::exists(format!("/proc/{me}/task/{me}/children")).unwrap_or(false)
}

fn listed_children(pid: i32) -> io::Result<Vec<i32>> {
    let mut children = Vec::new();
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let thread = thread?.file_name();
        let path = format!("/proc/{pid}/task/{}/children", thread.display());
        match read_at_once(&path) {
            Ok(text) => children.extend(
                String::from_utf8_lossy(&text)
                    .split_ascii_whitespace()
                    .filter_map(|pid| pid.parse::<i32>().ok()),
            ),
            // A thread that has just ended has none; a kernel without the file has other ways.
            Err(error) if error.kind() == io::ErrorKind::NotFound && can_list() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(children)
}

fn all_pids() -> impl Iterator<Item = i32> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// All processes whose environment, as it was when they began, holds this `NAME=value`.
pub fn marked(mark: &[u8]) -> Vec<i32> {
    all_pids().filter(|pid| bears(*pid, mark)).collect()
}

fn bears(pid: i32, mark: &[u8]) -> bool {
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environ| environ.split(|b| *b == 0).any(|variable| variable == mark))
}
