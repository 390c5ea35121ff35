//! What uses most CPU and memory on this machine, managed or not.
//!
//! CPU needs two looks with some time between them; who waits in between is the caller.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use forge_os::process_table::{self, Listed, ProcessTable, Stat};

use crate::Moment;
use crate::member::cpu_percent;
use crate::owner::{Claim, Claims, Owner, Viewpoint};
use crate::tree::command_text;

/// All processes of this machine that can be seen, at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    at: Moment,
    processes: HashMap<i32, Stat>,
}

/// A process that uses much.
#[derive(Debug, Clone, PartialEq)]
pub struct Hog {
    /// Process id.
    pub pid: i32,
    /// Its parent.
    pub ppid: i32,
    /// Its command line; see [`command_text`].
    pub command: String,
    /// CPU between the two looks in percent of one core.
    pub cpu_percent: Option<f32>,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// When it started, since 1970.
    pub started_at: Duration,
    /// Whose it is.
    pub owner: Owner,
    /// The workspace, where it is a process of one.
    pub workspace: Option<PathBuf>,
    /// The name of the process there.
    pub name: Option<String>,
}

impl Snapshot {
    /// Looks at all processes.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn take(now: Moment) -> io::Result<Self> {
        let mut table = ProcessTable::open()?;
        let mut listing: Vec<Listed> = Vec::new();
        table.list(&mut listing)?;
        let stats = listing
            .iter()
            .filter_map(|listed| table.stat(listed.pid).ok());
        Ok(Snapshot {
            at: now,
            processes: stats.map(|stat| (stat.pid, stat)).collect(),
        })
    }

    /// Those who used most CPU since an earlier look, and those who have most memory now: up to `count`
    /// of each, the busiest first.
    ///
    /// # Errors
    /// When `/proc` cannot be opened.
    pub fn hogs_since(
        &self,
        earlier: &Snapshot,
        count: usize,
        viewpoint: &Viewpoint<'_>,
    ) -> io::Result<Vec<Hog>> {
        let mut table = ProcessTable::open()?;
        let mut claims = Claims::new(*viewpoint);
        let chosen = self.most_since(earlier, count).into_iter();
        Ok(chosen
            .map(|(stat, cpu)| hog(stat, cpu, claims.claim(&mut table, stat)))
            .collect())
    }

    fn most_since(&self, earlier: &Snapshot, count: usize) -> Vec<(&Stat, Option<f32>)> {
        let live = self
            .processes
            .values()
            .filter(|stat| !stat.state.has_ended());
        let mut all: Vec<(&Stat, Option<f32>)> = live
            .map(|stat| (stat, self.cpu_since(earlier, stat)))
            .collect();
        all.sort_by(|a, b| {
            let cpu = |of: &(&Stat, Option<f32>)| of.1.unwrap_or(-1.0);
            let by_cpu = cpu(b).total_cmp(&cpu(a));
            by_cpu
                .then(b.0.rss_pages.cmp(&a.0.rss_pages))
                .then(a.0.pid.cmp(&b.0.pid))
        });
        // With the pid, so that no two are equal and exactly so many are chosen.
        let size = |stat: &Stat| (stat.rss_pages, stat.pid);
        let mut largest: Vec<_> = all.iter().map(|(stat, _)| size(stat)).collect();
        largest.sort_unstable_by(|a, b| b.cmp(a));
        let large = largest.get(count.saturating_sub(1)).copied();
        let large = large.unwrap_or((0, 0));
        let chosen = all.into_iter().enumerate().filter(|(rank, (stat, cpu))| {
            let busy = *rank < count && cpu.is_some_and(|cpu| cpu > 0.0);
            count > 0 && (busy || (size(stat) >= large && stat.rss_pages > 0))
        });
        chosen.map(|(_, one)| one).collect()
    }

    fn cpu_since(&self, earlier: &Snapshot, stat: &Stat) -> Option<f32> {
        let seconds = self.at.seconds_after(earlier.at)?;
        let before = earlier.processes.get(&stat.pid);
        let before = match before.filter(|before| before.start_ticks == stat.start_ticks) {
            Some(before) => before.own_ticks(),
            None => 0,
        };
        Some(cpu_percent(
            stat.own_ticks().saturating_sub(before),
            seconds,
        ))
    }
}

fn hog(stat: &Stat, cpu_percent: Option<f32>, claim: Claim) -> Hog {
    Hog {
        pid: stat.pid,
        ppid: stat.ppid,
        command: command_text(stat.pid, &stat.comm.to_text()),
        cpu_percent,
        memory_bytes: stat.rss_pages * process_table::page_size(),
        started_at: process_table::started_at(stat.start_ticks),
        owner: claim.owner,
        workspace: claim.workspace,
        name: claim.name,
    }
}
