//! The loop: one owner of everything that the supervisor knows.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use forge_core::Workspace;
use forge_core::event::{Effect, Event};
use forge_core::spec::Settings;
use forge_facts::layout::Layout;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::clock;
use crate::containers::Containers;
use crate::crash::{Crashes, Healthy};
use crate::daemon::StartKeeper;
use crate::environment::Environment;
use crate::history::History;
use crate::input::{Inbox, Input};
use crate::links::keeper::KeeperWriter;
use crate::log_cap::LogCap;
use crate::managed::Managed;
use crate::output_events::Finder;
use crate::own_port::Listening;
use crate::sampling::Sampling;
use crate::schedule::Schedules;
use crate::statistics::Statistics;
use crate::waiters::Waiter;
use crate::warnings::Alerts;
use crate::watch::{Rules, Watcher, own_folders};

/// Inputs that are taken in before anything else is done about them.
const BATCH: usize = 256;

/// How long news may wait to be written down that no order depends on.
const SAVE_WITHIN: Duration = Duration::from_millis(20);

/// What is given to a supervisor.
pub(crate) struct Surroundings {
    pub(crate) layout: Layout,
    pub(crate) inbox: Inbox,
    pub(crate) keeper: KeeperWriter,
    pub(crate) start_keeper: StartKeeper,
}

/// Everything that a supervisor knows.
pub(crate) struct Supervisor {
    pub(crate) layout: Layout,
    pub(crate) inbox: Inbox,
    pub(crate) keeper: KeeperWriter,
    start_keeper: StartKeeper,
    /// What should happen.
    pub(crate) core: Workspace,
    /// What is held of each process beside.
    pub(crate) managed: BTreeMap<String, Managed>,
    pub(crate) settings: Settings,
    /// Profiles that were started, in that order.
    pub(crate) profiles: Vec<String>,
    pub(crate) history: History,
    pub(crate) watcher: Watcher,
    pub(crate) waiters: Vec<Waiter>,
    pub(crate) sampling: Sampling,
    pub(crate) alerts: Alerts,
    pub(crate) crashes: Crashes,
    pub(crate) healthy: Healthy,
    pub(crate) statistics: Statistics,
    pub(crate) containers: Containers,
    pub(crate) schedules: Schedules,
    /// Looks for events in output.
    pub(crate) finder: Option<Finder>,
    pub(crate) log_cap: LogCap,
    pub(crate) listening: Arc<Listening>,
    /// Counts the changes that a watcher of the status would see.
    pub(crate) news: watch::Sender<u64>,
    /// Nanoseconds since 1970.
    pub(crate) started_at: u64,
    pub(crate) next_connection: u64,
    /// Events that follow from what is being carried out.
    pending: VecDeque<Event>,
    effects: VecDeque<Effect>,
    unsaved: Unsaved,
    changed: bool,
    /// It is to end after this round.
    pub(crate) over: bool,
    /// What could not be saved was told already.
    pub(crate) save_failed: bool,
    /// The state on disk is of a newer version and stays as it is.
    pub(crate) frozen_state: bool,
}

/// Whether what is remembered stands on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsaved {
    Nothing,
    Until(Instant),
    Now,
}

impl Supervisor {
    /// A supervisor that knows nothing yet.
    pub(crate) fn new(around: Surroundings) -> Self {
        let settings = Settings::default();
        let seed = seed();
        Supervisor {
            core: Workspace::new(seed, &settings),
            managed: BTreeMap::new(),
            profiles: Vec::new(),
            history: History::open(&around.layout.events_file()),
            watcher: Watcher::new(&own_folders(&around.layout)),
            waiters: Vec::new(),
            sampling: Sampling::new(&around.layout, &settings),
            alerts: Alerts::new(),
            crashes: Crashes::open(&around.layout, &around.inbox),
            healthy: Healthy::new(),
            statistics: Statistics::default(),
            containers: Containers::default(),
            schedules: Schedules::default(),
            finder: None,
            log_cap: LogCap::default(),
            listening: Arc::new(Listening::new()),
            news: watch::channel(0).0,
            started_at: clock::unix_ns(),
            next_connection: 0,
            pending: VecDeque::new(),
            effects: VecDeque::new(),
            unsaved: Unsaved::Nothing,
            changed: false,
            over: false,
            save_failed: false,
            frozen_state: false,
            settings,
            layout: around.layout,
            inbox: around.inbox,
            keeper: around.keeper,
            start_keeper: around.start_keeper,
        }
    }

    /// Replays what was, then hears whatever comes until it is to end.
    pub(crate) async fn run(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) {
        self.recall();
        while !self.over {
            self.settle();
            let wake = self.wake_at();
            if wake.is_some_and(|at| at <= Instant::now()) {
                // A timer would only wake at its next millisecond: a restart without delay waits for none.
                self.pass_time();
                tokio::task::yield_now().await;
                self.take_what_has_come(&mut inputs);
                continue;
            }
            tokio::select! {
                input = inputs.recv() => {
                    let Some(input) = input else { break };
                    self.take(input);
                    self.take_what_has_come(&mut inputs);
                }
                change = self.watcher.next() => self.files_changed(change),
                () = sleep_until(wake) => self.pass_time(),
            }
        }
        self.settle();
        self.sampling.save();
    }

    fn take_what_has_come(&mut self, inputs: &mut mpsc::UnboundedReceiver<Input>) {
        for _ in 0..BATCH {
            // Who asks one that has no keeper any more is to ask the next one.
            if self.over {
                return;
            }
            let Ok(input) = inputs.try_recv() else { return };
            self.take(input);
        }
    }

    /// Tells the core what has happened, and does what it wants done, and what follows from that.
    pub(crate) fn tell(&mut self, event: Event) {
        self.pending.push_back(event);
        while let Some(event) = self.pending.pop_front() {
            let minor = matches!(event, Event::Tick | Event::Probed { .. });
            let tick = matches!(event, Event::Tick);
            let effects = self.core.step(event, clock::now());
            if !minor || !effects.is_empty() {
                self.remember_soon();
            }
            self.changed |= !tick || !effects.is_empty();
            self.effects.extend(effects);
            while let Some(effect) = self.effects.pop_front() {
                self.carry_out(effect);
            }
        }
    }

    /// What a deed has led to at once: told to the core as soon as it has been heard out.
    pub(crate) fn tell_later(&mut self, event: Event) {
        self.pending.push_back(event);
    }

    /// Something that people see has changed.
    pub(crate) fn changed(&mut self) {
        self.changed = true;
    }

    /// To be written down before any order leaves.
    pub(crate) fn remember_now(&mut self) {
        self.unsaved = Unsaved::Now;
    }

    /// To be written down before long.
    pub(crate) fn remember_soon(&mut self) {
        if self.unsaved == Unsaved::Nothing {
            self.unsaved = Unsaved::Until(Instant::now() + SAVE_WITHIN);
        }
    }

    /// The keeper has died: another one starts another supervisor, which replays. Nothing else of
    /// Forge has to know how to change its parent.
    pub(crate) fn keeper_lost(&mut self) {
        self.remember_now();
        self.over = true;
        if let Some(answer) = self.take_ending() {
            // It was told to end, and has.
            answer.done(&serde_json::json!({"ok": true}));
            return;
        }
        eprintln!("supervisor: the keeper has ended; starting another one");
        if let Err(error) = (self.start_keeper)(&self.layout) {
            eprintln!("supervisor: {error}");
        }
    }

    /// The port that a process has.
    pub(crate) fn port_of(&self, name: &str) -> Option<u16> {
        self.managed.get(name).and_then(|managed| managed.port)
    }

    /// The environment with which something runs that no client has asked for.
    pub(crate) fn bare_environment() -> Arc<Environment> {
        let own = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Arc::new(own.collect())
    }

    /// The workspace's folder.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.layout.workspace().to_path_buf()
    }

    /// Everything that has to be done before it may wait: write before speaking, answer who waits.
    fn settle(&mut self) {
        self.end_leftovers();
        if self.changed {
            self.changed = false;
            self.answer_waiters();
            self.release_shims();
            self.watch_files();
            self.plan_schedules();
            self.follow_services();
            self.alerts.wake(&self.history);
            if self
                .managed
                .values()
                .any(|managed| managed.present.is_some())
            {
                self.sampling.wake();
                self.log_cap.wake();
            }
            self.news.send_modify(|count| *count += 1);
        }
        let due = match self.unsaved {
            Unsaved::Nothing => false,
            Unsaved::Until(at) => Instant::now() >= at,
            Unsaved::Now => true,
        };
        if due {
            self.unsaved = Unsaved::Nothing;
            self.save();
        }
    }

    /// When something is due though nothing comes.
    fn wake_at(&self) -> Option<Instant> {
        let core = self.core.deadline().map(in_tokio);
        let save = match self.unsaved {
            Unsaved::Until(at) => Some(at),
            Unsaved::Nothing | Unsaved::Now => None,
        };
        let waiters = self.waiters.iter().filter_map(Waiter::deadline).min();
        let sample = self.sampling.due();
        let schedule = self.schedules.due().map(in_tokio);
        let release = self.next_release();
        let alerts = self.alerts.due();
        let logs = self.log_cap.due();
        [core, save, waiters, sample, schedule, release, alerts, logs]
            .into_iter()
            .flatten()
            .min()
    }

    fn pass_time(&mut self) {
        if self.core.deadline().is_some_and(|at| clock::mono() >= at) {
            self.tell(Event::Tick);
        }
        let due = self.schedules.take_due(clock::mono());
        for name in due {
            self.tell(Event::Due { name });
        }
        if self.sampling.due().is_some_and(|at| Instant::now() >= at) {
            self.sample();
            self.crashes.kills.look();
        }
        if self.log_cap.due().is_some_and(|at| Instant::now() >= at) {
            self.weigh_logs();
        }
        if self.alerts.due().is_some_and(|at| Instant::now() >= at) {
            self.look_for_trouble();
        }
        let now = Instant::now();
        if self.next_release().is_some_and(|at| now >= at) {
            self.release_shims();
        }
        let late = |waiter: &Waiter| waiter.deadline().is_some_and(|at| now >= at);
        if self.waiters.iter().any(late) {
            self.changed = true;
        }
    }

    fn files_changed(&mut self, change: Result<crate::watch::Change, crate::watch::Trouble>) {
        match change {
            Ok(change) => self.take(Input::FilesChanged(change)),
            Err(trouble) => {
                self.history
                    .add(Some(&trouble.key), "warning", trouble.message);
                self.changed = true;
            }
        }
    }

    /// Keeps the watches of files as the definitions say.
    fn watch_files(&mut self) {
        for (name, managed) in &mut self.managed {
            let Some(spec) = self.core.spec(name) else {
                continue;
            };
            let view = self.core.view(name);
            let up = view.is_some_and(|view| view.pid.is_some());
            let wanted = spec.watch.as_ref().filter(|_| up).map(|watch| Rules {
                paths: watch.paths.clone(),
                ignore: watch.ignore.clone(),
                debounce: watch.debounce,
            });
            if managed.awaits_change || managed.watched == wanted {
                continue;
            }
            match &wanted {
                Some(rules) => {
                    let added = self
                        .watcher
                        .add(name.clone(), spec.cwd.clone(), rules.clone());
                    if let Err(error) = added {
                        self.history
                            .add(Some(name), "warning", format!("watch: {error}"));
                    }
                }
                None => self.watcher.remove(name),
            }
            managed.watched = wanted;
        }
    }
}

/// A moment of the clock that never jumps, as the runtime counts time.
fn in_tokio(at: Duration) -> Instant {
    Instant::now() + at.saturating_sub(clock::mono())
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Tells apart runs that begin in the same millisecond in different workspaces.
pub(crate) fn seed() -> u32 {
    let pid = std::process::id();
    let time = clock::unix_ns();
    (time as u32) ^ (time >> 32) as u32 ^ pid.rotate_left(16)
}
