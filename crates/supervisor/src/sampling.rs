//! What processes use, looked at regularly while anything runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use forge_core::event::Event;
use forge_core::spec::{OnExceed, Settings};
use forge_facts::layout::Layout;
use forge_inspect::{History, MachineUsage, Moment, ProcessKey, Root, Sampler, Usage};
use tokio::time::Instant;

use crate::managed::FreshTree;
use crate::own_port::tree_of;
use crate::supervisor::Supervisor;

/// How often the history is written: what a sudden end may cost. Only what is new is written.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// Into how many parts glances divide the time between two samples, on the average. Their distances differ:
/// equal ones would look at a program that works by the clock at the same moment of its beat each time.
const GLANCES: u32 = 5;

/// The golden ratio's fraction: its multiples fill the space between 0 and 1 evenly and repeat nothing.
const UNEVEN: f64 = 0.618_033_988_749_895;

/// How long a limit must be exceeded until something is done about it.
const EXCEEDED_FOR: u32 = 5;

/// From this share of a limit on, memory that several processes share is counted once.
const NEAR: f64 = 0.85;

/// How long such a count is good for: it takes the kernel milliseconds.
const COUNTED_FOR: Duration = Duration::from_secs(4);

/// The sampler and what it has found.
pub(crate) struct Sampling {
    sampler: Option<Sampler>,
    pub(crate) history: History,
    pub(crate) machine: MachineUsage,
    folder: PathBuf,
    every: Duration,
    keep: Duration,
    next: Option<Instant>,
    /// When connections are to be looked at before that.
    glance: Option<Instant>,
    /// How many glances were planned.
    glances: u32,
    saved: Instant,
    exceeded: BTreeMap<String, u32>,
    /// Samples so far.
    pub(crate) looks: u32,
    /// Memory of those that are near their limit, each page counted once, and when it was counted.
    counted: BTreeMap<String, (Instant, u64)>,
}

impl Sampling {
    pub(crate) fn new(layout: &Layout, settings: &Settings) -> Self {
        let folder = layout.state().join("history");
        let (history, damage) = History::load(&folder, settings.history, Moment::now());
        for damage in damage {
            eprintln!("supervisor: {}", damage.message);
        }
        Sampling {
            sampler: None,
            history,
            machine: MachineUsage::default(),
            folder,
            every: settings.sample_interval,
            keep: settings.history,
            next: None,
            glance: None,
            glances: 0,
            saved: Instant::now(),
            exceeded: BTreeMap::new(),
            looks: 0,
            counted: BTreeMap::new(),
        }
    }

    /// Takes over changed settings.
    pub(crate) fn set(&mut self, settings: &Settings) {
        self.every = settings.sample_interval.max(Duration::from_millis(100));
        if self.keep != settings.history {
            self.save();
            self.keep = settings.history;
            self.history = History::load(&self.folder, self.keep, Moment::now()).0;
        }
    }

    /// When the next look is due; never while nothing runs.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.glance.or(self.next)
    }

    /// When the look after this one is due: at the same distances, however late this one is.
    fn plan(&mut self) {
        let now = Instant::now();
        let next = self.next.map_or(now, |last| last + self.every);
        self.next = Some(next.max(now + self.every / 2));
    }

    /// Glances between two samples where they may find something.
    fn plan_glance(&mut self) {
        let wanted = self.sampler.as_ref().is_some_and(Sampler::wants_glances);
        self.glances = self.glances.wrapping_add(1);
        let uneven = 0.5 + (f64::from(self.glances) * UNEVEN).fract();
        let at = Instant::now() + (self.every / GLANCES).mul_f64(uneven);
        self.glance = Some(at).filter(|at| wanted && self.next.is_some_and(|next| *at < next));
    }

    /// Something runs: look soon, and regularly from then on.
    pub(crate) fn wake(&mut self) {
        if self.next.is_none() {
            self.next = Some(Instant::now() + self.every.min(Duration::from_millis(250)));
        }
    }

    /// Writes the history.
    pub(crate) fn save(&mut self) {
        self.saved = Instant::now();
        // Tried again next time; what it costs is a few minutes of figures.
        let _ = self.history.save(&self.folder);
    }

    /// Looks at the machine alone while nothing runs; else the last sample is fresh enough.
    pub(crate) fn look_at_machine(&mut self) {
        if self.next.is_none()
            && let Some(sampler) = self.sampler()
        {
            self.machine = sampler.sample(&[], Moment::now()).machine;
        }
    }

    /// The memory of a process that counts against its limit.
    pub(crate) fn counted_memory(&self, name: &str, usage: &Usage) -> Option<u64> {
        let counted = self.counted.get(name).map(|(_, bytes)| *bytes);
        let resident = usage.memory_bytes?;
        Some(counted.map_or(resident, |bytes| bytes.min(resident)))
    }

    /// Counts the memory of a tree anew where it comes near its limit and has more than one member.
    fn count_memory(&mut self, key: &ProcessKey, usage: &Usage, limit: u64, now: Moment) {
        let resident = usage.memory_bytes.unwrap_or(0);
        let name = key.as_str();
        // What has no such count, as a container, is as it is.
        let shared = usage.pids.len() > 1 && usage.memory_pss_bytes.is_some();
        if (resident as f64) < limit as f64 * NEAR || !shared {
            self.counted.remove(name);
            return;
        }
        let known = self.counted.get(name);
        if known.is_some_and(|(at, _)| at.elapsed() < COUNTED_FOR) {
            return;
        }
        let bytes = self.sampler.as_mut();
        let bytes = bytes.and_then(|sampler| sampler.measure_memory_of(key, now));
        // What the kernel does not tell counts as it is.
        let bytes = bytes.unwrap_or(resident);
        self.counted
            .insert(name.to_string(), (Instant::now(), bytes));
    }

    /// The sampler, opened when it is first needed.
    pub(crate) fn sampler(&mut self) -> Option<&mut Sampler> {
        if self.sampler.is_none() {
            let settings = forge_inspect::Settings::default();
            self.sampler = Sampler::open(settings)
                .inspect_err(|error| eprintln!("supervisor: cannot read /proc: {error}"))
                .ok();
        }
        self.sampler.as_mut()
    }
}

impl Supervisor {
    /// Looks at all that runs.
    pub(crate) fn sample(&mut self) {
        if self.sampling.glance.take().is_some() {
            if let Some(sampler) = self.sampling.sampler() {
                sampler.glance(Moment::now());
            }
            self.sampling.plan_glance();
            return;
        }
        let roots = self.roots();
        if roots.is_empty() {
            self.sampling.next = None;
            self.sampling.save();
            return;
        }
        let now = Moment::now();
        self.sampling.plan();
        let Some(sampler) = self.sampling.sampler() else {
            return;
        };
        let mut sample = sampler.sample(&roots, now);
        for (key, usage) in &mut sample.processes {
            let run = self.managed.get(key.as_str()).and_then(|one| one.present);
            if let Some(run) = run {
                let (containers, inbox) = (&mut self.containers, &self.inbox);
                containers.follow(key.as_str(), run, usage, inbox);
            }
        }
        self.sampling.machine = sample.machine;
        self.sampling.history.record(&sample);
        for (key, usage) in sample.processes {
            self.check_limits(&key, &usage, now);
            if let Some(managed) = self.managed.get_mut(key.as_str()) {
                managed.usage = Some(usage);
                managed.fresh_tree = FreshTree::Sampled;
            }
        }
        self.look_who_waits();
        if self.sampling.saved.elapsed() >= SAVE_EVERY {
            self.sampling.save();
        }
        self.sampling.plan_glance();
        // Figures alone are no change that anybody waits for but those who watch the status.
        self.news.send_modify(|count| *count += 1);
    }

    /// Looks at the trees, and where they listen, of those that became ready since the last sample: who has waited for them asks
    /// at once.
    pub(crate) fn look_at_the_newly_ready(&mut self) {
        for (name, managed) in &mut self.managed {
            if !matches!(managed.fresh_tree, FreshTree::Unseen) || managed.present.is_none() {
                continue;
            }
            let leader = self.core.view(name).and_then(|view| view.pid);
            let mut pids: Vec<i32> = match managed.shim_pid() {
                Some(shim) => tree_of(shim).collect(),
                None => leader.into_iter().flat_map(tree_of).chain(leader).collect(),
            };
            pids.sort_unstable();
            let ports = self.listening.ports_of(&pids);
            managed.fresh_tree = FreshTree::Seen { pids, ports };
        }
    }

    /// The trees of all that lives.
    pub(crate) fn roots(&self) -> Vec<Root> {
        self.managed
            .iter()
            .filter_map(|(name, managed)| {
                let run = managed.present?;
                let key = ProcessKey::from(name.as_str());
                if let Some(adopted) = &managed.adopted {
                    return Some(Root::from_leader(key, adopted.pid));
                }
                Some(Root {
                    key,
                    shim: managed.shim_pid(),
                    leader: self.core.view(name).and_then(|view| view.pid),
                    run_id: Some(run.to_string()),
                })
            })
            .collect()
    }

    fn check_limits(&mut self, key: &ProcessKey, usage: &Usage, now: Moment) {
        let name = key.as_str();
        let Some(limits) = self.core.spec(name).map(|spec| spec.limits.clone()) else {
            return;
        };
        if let Some(limit) = limits.memory_bytes {
            self.sampling.count_memory(key, usage, limit, now);
        }
        let over_memory = limits.memory_bytes.and_then(|limit| {
            let used = self.sampling.counted_memory(name, usage)?;
            (used > limit).then(|| {
                format!(
                    "{} MB of memory, the limit is {} MB",
                    used >> 20,
                    limit >> 20
                )
            })
        });
        let over_cpu = limits.cpu_percent.and_then(|limit| {
            let used = f64::from(usage.cpu_percent?);
            (used > limit).then(|| format!("{used:.0}% of a core, the limit is {limit:.0}%"))
        });
        let Some(what) = over_memory.or(over_cpu) else {
            self.sampling.exceeded.remove(name);
            return;
        };
        let times = self.sampling.exceeded.entry(name.to_string()).or_default();
        *times += 1;
        if *times != EXCEEDED_FOR {
            return;
        }
        match limits.on_exceed {
            // The rules of the warnings tell it, and tell when it is over.
            OnExceed::Warn => return,
            OnExceed::Restart | OnExceed::Stop => {}
        }
        let run = self.managed.get(name).and_then(|managed| managed.present);
        if let Some(run) = run {
            self.tell(Event::Exceeded {
                name: name.to_string(),
                run,
                what,
            });
        }
    }
}
