//! Reading all processes of one tree and adding up what they use.

use std::time::Duration;

use forge_os::process_table::{self, KeptFiles, ProcessTable};

use crate::ledger::{Ledger, Reading};
use crate::member::{Look, MemberMeter, cpu_percent};
use crate::shared_memory::Measured;
use crate::trees::Member;
use crate::{ProcessKey, Usage};

/// Names a tree among those of one sampler; unlike its place in the list it does not change.
pub(crate) type TreeId = u32;

/// The time between this look and the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    /// Its length in seconds; `None` at the first look.
    pub(crate) seconds: Option<f64>,
    /// A process that started at this tick or later was not there at the last look.
    pub(crate) fresh_since: Option<u64>,
    /// Whether nothing was started on the whole machine in between.
    pub(crate) quiet: bool,
}

/// One tree.
#[derive(Debug)]
pub(crate) struct TreeMeter {
    pub(crate) id: TreeId,
    pub(crate) key: ProcessKey,
    pub(crate) members: Vec<MemberMeter>,
    /// What was found when memory was last measured in full.
    pub(crate) measured: Option<Measured>,
    /// Resident bytes at the last look.
    resident: u64,
    shim: Option<Shim>,
    /// Whether a member was gone at the last look: the shim may have inherited what it used.
    lost: bool,
    cpu: Ledger<1>,
    storage: Ledger<2>,
}

#[derive(Debug)]
struct Shim {
    pid: i32,
    files: Option<KeptFiles>,
    last: Option<Reading<1>>,
}

impl TreeMeter {
    pub(crate) fn new(id: TreeId, key: ProcessKey) -> Self {
        TreeMeter {
            id,
            key,
            members: Vec::new(),
            measured: None,
            resident: 0,
            shim: None,
            lost: false,
            cpu: Ledger::default(),
            storage: Ledger::default(),
        }
    }

    /// How many of its members have their files kept open.
    pub(crate) fn kept(&self) -> usize {
        self.members
            .iter()
            .filter(|member| member.is_kept())
            .count()
    }

    /// Takes note of the shim, which inherits the times of the tree's orphans and of its leader.
    pub(crate) fn set_shim(&mut self, pid: Option<i32>, table: &ProcessTable, keep: bool) {
        if self.shim.as_ref().map(|shim| shim.pid) != pid {
            self.shim = pid.map(|pid| Shim {
                pid,
                files: keep.then(|| table.keep_stat(pid).ok()).flatten(),
                last: None,
            });
        }
    }

    /// Reads all members, drops those that are gone, which are returned, and adds up the others.
    pub(crate) fn look(
        &mut self,
        table: &mut ProcessTable,
        interval: Interval,
    ) -> (Usage, Vec<Member>) {
        // The shim first, then parents before children: see `ledger`.
        let mut times: Vec<Reading<1>> = self.shim_reading(table, interval).into_iter().collect();
        let mut storage = Vec::with_capacity(self.members.len());
        let mut sum = Sum::default();
        let mut gone = Vec::new();
        self.members.retain_mut(|member| {
            let look = member.look(table, interval.fresh_since, interval.seconds);
            let Ok(look) = look else {
                gone.push(member.member);
                return false;
            };
            let fresh = interval
                .fresh_since
                .is_some_and(|since| look.stat.start_ticks >= since);
            let reading = Reading {
                pid: look.stat.pid,
                start: look.stat.start_ticks,
                fresh,
                own: [look.stat.own_ticks()],
                inherited: [look.stat.children_ticks()],
            };
            times.push(reading);
            storage.extend(look.io.map(|io| Reading {
                pid: reading.pid,
                start: reading.start,
                fresh,
                own: [0, 0],
                // The kernel adds a child's counters to its parent's own, so all may be inherited.
                inherited: [io.read_bytes, io.write_bytes],
            }));
            sum.add(&look);
            true
        });
        self.lost = !gone.is_empty();
        if self.members.is_empty() {
            self.measured = None;
        }
        (self.usage(sum, &times, &storage, interval), gone)
    }

    fn usage(
        &mut self,
        sum: Sum,
        times: &[Reading<1>],
        storage: &[Reading<2>],
        interval: Interval,
    ) -> Usage {
        let ticks = self.cpu.settle(times).filter(|_| !times.is_empty());
        let bytes = self.storage.settle(storage).filter(|_| !storage.is_empty());
        let rate = |kind: usize| {
            let (bytes, seconds) = bytes.zip(interval.seconds)?;
            Some((bytes[kind] as f64 / seconds).round() as u64)
        };
        self.resident = sum.pages * process_table::page_size();
        let resident = (!sum.pids.is_empty()).then_some(self.resident);
        let measured = self.measured.filter(|measured| measured.members > 0);
        Usage {
            cpu_percent: ticks
                .zip(interval.seconds)
                .map(|([ticks], seconds)| cpu_percent(ticks, seconds)),
            memory_bytes: resident,
            // Measured a while ago: what has been given back since then does not count.
            memory_pss_bytes: resident
                .zip(measured.and_then(|measured| measured.bytes))
                .map(|(resident, bytes)| bytes.min(resident)),
            threads: (!sum.pids.is_empty()).then_some(sum.threads),
            open_files: sum.open_files,
            open_files_most: sum.open_files_most.map(|(count, _)| count),
            open_files_most_pid: sum.open_files_most.map(|(_, pid)| pid),
            disk_read_bytes_per_s: rate(0),
            disk_write_bytes_per_s: rate(1),
            net_rx_bytes_per_s: None,
            net_tx_bytes_per_s: None,
            listening: None,
            pids: sum.pids,
        }
    }

    /// What the shim inherited. That grows only when it has reaped somebody: a member, which is then gone, or one who
    /// came and went unseen, for which something had to be started. So while there was neither, what it was is
    /// what it is; and who is found gone in this look is settled in the next one, as the ledger allows.
    fn shim_reading(&mut self, table: &mut ProcessTable, interval: Interval) -> Option<Reading<1>> {
        let shim = self.shim.as_mut()?;
        if interval.quiet && !self.lost && shim.last.is_some() {
            return shim.last;
        }
        let stat = match &shim.files {
            Some(files) => table.kept_stat(files),
            None => table.stat(shim.pid),
        };
        shim.last = stat.ok().map(|stat| Reading {
            pid: stat.pid,
            start: stat.start_ticks,
            fresh: interval
                .fresh_since
                .is_some_and(|since| stat.start_ticks >= since),
            own: [0],
            inherited: [stat.children_ticks()],
        });
        shim.last
    }

    /// Measures the memory of all members with shared pages divided. Dear: see
    /// [`process_table::proportional_memory`].
    pub(crate) fn measure_memory(&mut self, now: Duration) {
        let measure = |member: &MemberMeter| process_table::proportional_memory(member.member.pid);
        let bytes = self.members.iter().filter_map(|m| measure(m).ok());
        let sum = bytes.fold(None, |sum: Option<u64>, bytes| {
            Some(sum.unwrap_or(0) + bytes)
        });
        self.measured = Some(Measured {
            at: now,
            bytes: sum,
            resident: self.resident,
            members: self.members.len(),
        });
    }

    /// How urgent it is to measure its memory again, `every` so often in any case; `None`: not yet.
    pub(crate) fn memory_due(&self, now: Duration, every: Duration) -> Option<Duration> {
        if self.members.is_empty() {
            return None;
        }
        let Some(measured) = self.measured else {
            return Some(Duration::MAX);
        };
        let changed = measured.has_changed(self.resident, self.members.len());
        measured.due(now, every, changed)
    }
}

/// What the live members use together.
#[derive(Debug, Default)]
struct Sum {
    pids: Vec<i32>,
    pages: u64,
    threads: u32,
    open_files: Option<u32>,
    /// Of one process, and which.
    open_files_most: Option<(u32, i32)>,
}

impl Sum {
    fn add(&mut self, look: &Look) {
        if look.stat.state.has_ended() {
            return;
        }
        self.pids.push(look.stat.pid);
        self.pages += look.stat.rss_pages;
        self.threads += look.stat.threads;
        if let Some(count) = look.open_files {
            self.open_files = Some(self.open_files.unwrap_or(0) + count);
            self.open_files_most = self.open_files_most.max(Some((count, look.stat.pid)));
        }
    }
}
