//! One look at everything, each second.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use forge_os::process_table::{self, ProcessTable, thread_cpu_time};

use crate::machine::MachineMeter;
use crate::member::{KEPT_DESCRIPTORS, MemberMeter};
use crate::network::Network;
use crate::shared_memory::SHARE;
use crate::tree_meter::{Interval, TreeId, TreeMeter};
use crate::trees::{Root, Trees};
use crate::{Moment, ProcessKey, Sample, Usage};

/// What measuring memory may cost in one look, if one tree alone does not cost more.
const MEASURING: Duration = Duration::from_micros(500);

/// What a [`Sampler`] may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How often the memory of each tree is measured with shared pages divided, sooner where it changes; `None`
    /// for never.
    pub measure_memory_every: Option<Duration>,
    /// How many file descriptors may be kept open to read faster.
    pub kept_descriptors: usize,
    /// Whether connections are listed more rarely where there are so many that it is dear; their bytes are then
    /// told later.
    pub spare_network: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let limit = usize::try_from(process_table::descriptor_limit()).unwrap_or(usize::MAX);
        Settings {
            measure_memory_every: Some(Duration::from_secs(60)),
            kept_descriptors: limit / 2,
            spare_network: true,
        }
    }
}

/// Looks at managed processes and the machine, again and again.
#[derive(Debug)]
pub struct Sampler {
    settings: Settings,
    table: ProcessTable,
    machine: MachineMeter,
    trees: Trees,
    /// One for each root of the last look, in its order.
    meters: Vec<TreeMeter>,
    network: Network,
    own_network: Option<u64>,
    last: Option<Moment>,
    next_measuring: Duration,
    next_id: TreeId,
}

impl Sampler {
    /// Opens what is read each time.
    ///
    /// # Errors
    /// When `/proc` cannot be opened. All else that is missing shows as `None` in the samples.
    pub fn open(settings: Settings) -> io::Result<Self> {
        Ok(Sampler {
            settings,
            table: ProcessTable::open()?,
            machine: MachineMeter::new(),
            trees: Trees::new(),
            meters: Vec::new(),
            network: Network::open(settings.spare_network),
            own_network: process_table::network_namespace(std::process::id() as i32).ok(),
            last: None,
            next_measuring: Duration::ZERO,
            next_id: 0,
        })
    }

    /// Looks at everything. `roots` are all that are managed; one that has no process is fine.
    ///
    /// Rates are over the time since the last call; call it about once a second.
    pub fn sample(&mut self, roots: &[Root], now: Moment) -> Sample {
        let interval = Interval {
            seconds: self.last.and_then(|last| now.seconds_after(last)),
            fresh_since: self.last.map(Moment::start_ticks),
            quiet: !self.follow(roots),
        };
        let mut usages = Vec::with_capacity(self.meters.len());
        for place in 0..self.meters.len() {
            let (usage, gone) = self.meters[place].look(&mut self.table, interval);
            for member in gone {
                self.trees.forget(place, member);
            }
            usages.push(usage);
        }
        self.network.look(now, &mut self.meters);
        for (meter, usage) in self.meters.iter().zip(&mut usages) {
            self.network.report(meter, usage);
        }
        self.measure_memory(now);
        self.last = Some(now);
        let keys = self.meters.iter().map(|meter| meter.key.clone());
        Sample {
            at: now,
            machine: self.machine.read(),
            processes: keys.zip(usages).collect(),
        }
    }

    /// Takes note of connections that were closed; cheap, to be called a few times between two samples
    /// where many short connections are made, so that none is missed.
    pub fn glance(&mut self, now: Moment) {
        self.network.glance(now, &mut self.meters);
    }

    /// Whether glances between two samples may find out whose short connections are.
    pub fn wants_glances(&self) -> bool {
        self.network.wants_glances()
    }

    /// CPU of one process over the last interval in percent of one core, without ended children;
    /// `None` if it belongs to no tree, or was there for only one look.
    pub fn cpu_percent_of(&self, pid: i32) -> Option<f32> {
        let mut members = self.meters.iter().flat_map(|meter| &meter.members);
        members.find(|member| member.member.pid == pid)?.cpu_percent
    }

    /// The tree that a process belonged to at the last look.
    pub fn owner_of(&self, pid: i32) -> Option<&ProcessKey> {
        let holds = |meter: &&TreeMeter| meter.members.iter().any(|m| m.member.pid == pid);
        self.meters.iter().find(holds).map(|meter| &meter.key)
    }

    /// Brings the meters in line with the roots and their trees; returns whether anybody may have come or gone.
    fn follow(&mut self, roots: &[Root]) -> bool {
        let last_pid = self.machine.last_pid();
        let changed = self.trees.update(&mut self.table, roots, last_pid);
        if !changed && self.meters.len() == roots.len() {
            return false;
        }
        let old = std::mem::take(&mut self.meters).into_iter();
        let mut old: HashMap<_, _> = old.map(|meter| (meter.key.clone(), meter)).collect();
        for root in roots {
            let meter = old.remove(&root.key).unwrap_or_else(|| {
                self.next_id = self.next_id.wrapping_add(1);
                TreeMeter::new(self.next_id, root.key.clone())
            });
            self.meters.push(meter);
        }
        for meter in old.into_values() {
            self.network.forget(meter.id);
        }
        self.follow_members(roots);
        true
    }

    fn follow_members(&mut self, roots: &[Root]) {
        let kept: usize = self.meters.iter().map(TreeMeter::kept).sum();
        let spent = kept * KEPT_DESCRIPTORS + roots.len();
        let mut free = self.settings.kept_descriptors.saturating_sub(spent);
        let keep_shims = self.settings.kept_descriptors > roots.len();
        for (place, (meter, root)) in self.meters.iter_mut().zip(roots).enumerate() {
            meter.set_shim(root.shim, &self.table, keep_shims);
            let members = self.trees.members(place);
            // One that is no longer listed is dropped when reading it fails, so that what it did last
            // is settled in the same look.
            for member in members {
                if meter.members.iter().any(|known| known.member == *member) {
                    continue;
                }
                let keep = free >= KEPT_DESCRIPTORS;
                let new = MemberMeter::new(*member, &self.table, keep, self.own_network);
                if new.is_kept() {
                    free -= KEPT_DESCRIPTORS;
                }
                meter.members.push(new);
            }
        }
    }

    /// Measures trees that are due, the most urgent first, for a small part of the time.
    fn measure_memory(&mut self, now: Moment) {
        let Some(every) = self.settings.measure_memory_every else {
            return;
        };
        if now.since_boot < self.next_measuring {
            return;
        }
        let begin = thread_cpu_time();
        loop {
            let due = |meter: &mut TreeMeter| meter.memory_due(now.since_boot, every);
            let due = self.meters.iter_mut().map(|meter| (due(meter), meter));
            let most = due
                .filter(|(due, _)| due.is_some())
                .max_by_key(|(due, _)| *due);
            let Some((_, meter)) = most else {
                return;
            };
            meter.measure_memory(now.since_boot);
            let cost = thread_cpu_time().saturating_sub(begin);
            if cost > MEASURING {
                self.next_measuring = now.since_boot + cost * SHARE;
                return;
            }
        }
    }

    /// What was last found about a tree's shared memory is part of its next sample; this measures it
    /// now. Takes milliseconds for large processes.
    pub fn measure_memory_of(&mut self, key: &ProcessKey, now: Moment) -> Option<u64> {
        let meter = self.meters.iter_mut().find(|meter| meter.key == *key)?;
        meter.measure_memory(now.since_boot);
        meter.measured.and_then(|measured| measured.bytes)
    }

    /// Looks only at the given processes' listening ports, sorted; for every few milliseconds while
    /// one starts.
    ///
    /// # Errors
    /// When the kernel does not tell which sockets listen.
    pub fn listening_ports_of(&mut self, pids: &[i32]) -> io::Result<Vec<(u16, std::net::IpAddr)>> {
        self.network.listening_ports_of(pids)
    }
}

impl Sample {
    /// What was found of one process.
    pub fn of(&self, key: &ProcessKey) -> Option<&Usage> {
        self.processes
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, usage)| usage)
    }
}
