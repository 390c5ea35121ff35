//! A pretended keeper: which runs there really are, and what they have done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use forge_core::Workspace;
use forge_core::event::{Effect, Event, LastRun, Now, Recall, SpawnCause, SpawnFailure};
use forge_core::spec::{Condition, Pattern, Probe, ProcessSpec, Settings, StopOrder};
use forge_facts::{Exit, RunId};

/// A workspace, the keeper that carries out its wishes, and a clock.
pub(crate) struct World {
    pub(crate) workspace: Workspace,
    pub(crate) keeper: Keeper,
    pub(crate) now: Now,
    order: StopOrder,
    trace: Option<String>,
}

/// All runs there ever were, by process, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keeper {
    runs: BTreeMap<String, Vec<Run>>,
}

#[derive(Debug, Clone)]
struct Run {
    id: RunId,
    stage: Stage,
    started: u64,
    exit: Option<(Exit, u64)>,
    halted: bool,
    left: bool,
    frozen: bool,
    /// Whether a line of its output is its health check.
    checked_by_line: bool,
    was_healthy: bool,
    failures: u32,
    matched: Vec<Pattern>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ordered,
    Alive,
    Ended,
    Gone,
    NeverBegan,
}

impl World {
    pub(crate) fn new(specs: &[ProcessSpec], settings: &Settings) -> Self {
        let mut world = World {
            workspace: Workspace::new(3, settings),
            keeper: Keeper::default(),
            now: Now {
                mono: Duration::from_secs(5000),
                unix_ns: 1_700_000_000_000_000_000,
            },
            order: settings.stop_order,
            trace: None,
        };
        world.tell(Event::Define(specs.to_vec()));
        world
    }

    /// The same keeper with a new supervisor, which knows nothing yet. Orders that nobody has
    /// carried out are lost.
    pub(crate) fn taken_over(&self, settings: &Settings) -> Self {
        let mut keeper = self.keeper.clone();
        for run in keeper.runs.values_mut().flatten() {
            if run.stage == Stage::Ordered {
                run.stage = Stage::NeverBegan;
            }
        }
        World {
            workspace: Workspace::new(4, settings),
            keeper,
            now: self.now,
            order: self.order,
            trace: None,
        }
    }

    /// Tells what the former supervisor remembered, and what the journals say.
    pub(crate) fn recall(&mut self, former: &Workspace) {
        for name in former.names() {
            let recall = Recall {
                spec: former.latest_spec(name).expect("it is named").clone(),
                memory: former.memory(name),
                last_run: self.keeper.journal(name),
            };
            self.tell(Event::Recall(Box::new(recall)));
        }
        self.tell(Event::Tick);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.workspace.names();
        names.into_iter().map(str::to_string).collect()
    }

    pub(crate) fn wanted(&self) -> BTreeSet<String> {
        let wanted = |name: &String| self.workspace.view(name).is_some_and(|view| view.wanted);
        self.names().into_iter().filter(wanted).collect()
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.unix_ns += time.as_nanos() as u64;
        self.tell(Event::Tick);
    }

    /// Tells something, and checks what is to be done.
    pub(crate) fn tell(&mut self, event: Event) {
        let told = self.trace.as_ref().map(|_| format!("{event:?}"));
        if let (Some(trace), Some(told)) = (&mut self.trace, &told) {
            let _ = writeln!(trace, "{told}");
        }
        let effects = self.workspace.step(event, self.now);
        if let Some(trace) = &mut self.trace {
            for effect in &effects {
                let _ = writeln!(trace, "    {effect:?}");
            }
            // The life that is shown is one that breaks a rule; it is not to break it again.
            for effect in effects {
                self.keeper
                    .carry_out(effect, |name| self.workspace.spec(name));
            }
            return;
        }
        for effect in effects {
            match effect {
                Effect::Launch { name, run } => self.launch(&name, run),
                Effect::Halt { name, run, timeout } => self.halt(&name, run, timeout),
                Effect::Freeze { name, run, stop } => {
                    if let Some(run) = self.keeper.run_mut(&name, run) {
                        run.frozen = stop;
                    }
                }
                Effect::Forget { name } => {
                    assert!(!self.keeper.lives(&name), "{name} is forgotten and lives");
                }
                Effect::Probe { .. }
                | Effect::Unprobe { .. }
                | Effect::AwaitChange { .. }
                | Effect::Hook { .. }
                | Effect::Notice { .. }
                | Effect::Crashed(_) => {}
            }
        }
        // Whoever looks at it never brings it down.
        for name in self.names() {
            self.workspace.view(&name).expect("it is named");
            self.workspace.why(&name, self.now.mono);
            self.workspace.memory(&name);
        }
    }

    fn launch(&mut self, name: &str, run: RunId) {
        assert!(!self.keeper.lives(name), "{name}: a second run");
        let spec = self.workspace.latest_spec(name).expect("it is launched");
        assert_eq!(self.workspace.spec(name), Some(spec), "{name}: newest spec");
        for need in &spec.depends_on {
            let met = self.is_met(&need.on, &need.condition);
            assert!(met, "{name} is launched without {need:?}");
        }
        let all = self.keeper.runs.values().flatten();
        assert!(all.into_iter().all(|old| old.id != run), "{name}: a new id");
        let newer = self.keeper.present(name).is_none_or(|old| old.id < run);
        assert!(newer, "{name}: ids grow");
        self.keeper.order(name, run, is_checked_by_line(spec));
    }

    /// From now on, write down what is told and what follows, and check nothing.
    pub(crate) fn keep_trace(&mut self) {
        self.trace = Some(String::new());
    }

    pub(crate) fn trace(&self) -> &str {
        self.trace.as_deref().unwrap_or_default()
    }

    /// Whether a need is met, from what the keeper knows alone.
    fn is_met(&self, on: &str, condition: &Condition) -> bool {
        let Some(runs) = self.keeper.runs.get(on) else {
            return false;
        };
        let (Some(last), Some(spec)) = (runs.last(), self.workspace.spec(on)) else {
            return false;
        };
        let is_alive = last.stage == Stage::Alive && !last.halted;
        let ended_well = last.exit.is_some_and(|(exit, _)| exit == Exit::Code(0));
        match condition {
            Condition::Started => is_alive || ended_well,
            Condition::Healthy => {
                let checked = spec.readiness().is_none() || last.was_healthy && last.failures < 2;
                is_alive && !last.frozen && checked
            }
            Condition::Completed => ended_well,
            Condition::Exited => runs.iter().any(|run| run.exit.is_some()),
            Condition::Log(pattern) => last.matched.contains(pattern),
        }
    }

    fn halt(&mut self, name: &str, run: RunId, timeout: Duration) {
        let first = match self.keeper.run_mut(name, run) {
            Some(run) => {
                // What could not be ended before, or has ended by itself, waits for nobody.
                let free = std::mem::replace(&mut run.left, false) || run.exit.is_some();
                !std::mem::replace(&mut run.halted, true) && !free
            }
            None => return,
        };
        let wanted = |name: &str| self.workspace.view(name).is_some_and(|view| view.wanted);
        if !first || timeout.is_zero() || wanted(name) || self.order == StopOrder::Parallel {
            return;
        }
        for dependent in self.dependents_of(name) {
            let stays = wanted(&dependent) || !self.keeper.lives(&dependent);
            let stuck = self.keeper.present(&dependent).is_some_and(|run| run.left);
            assert!(stays || stuck, "{name} goes down before {dependent}");
        }
    }

    /// All that need it, directly or not.
    fn dependents_of(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![name.to_string()];
        while let Some(on) = open.pop() {
            for other in self.names() {
                let spec = self.workspace.latest_spec(&other).expect("it is named");
                let needs = spec.depends_on.iter().any(|need| need.on == on);
                if needs && found.insert(other.clone()) {
                    open.push(other);
                }
            }
        }
        found
    }

    /// Answers all that is asked, in the best way, until nothing is asked any more.
    pub(crate) fn answer_everything(&mut self) {
        for _ in 0..2_000 {
            let resumed = Event::Resume(self.names());
            self.tell(resumed);
            let mut told = 0;
            let names: Vec<String> = self.keeper.runs.keys().cloned().collect();
            for name in names {
                while let Some(event) = self.best_answer(&name) {
                    self.tell(event);
                    told += 1;
                    assert!(told < 10_000, "{name} asks for ever");
                }
            }
            if told > 0 {
                continue;
            }
            match self.workspace.deadline() {
                Some(at) => self.pass(at.saturating_sub(self.now.mono)),
                None => return,
            }
        }
        panic!("it never comes to rest");
    }

    fn best_answer(&mut self, name: &str) -> Option<Event> {
        let unix_ns = self.now.unix_ns;
        let spec = self.workspace.spec(name).cloned();
        let run = self.keeper.runs.get_mut(name)?.last_mut()?;
        let ends_by_itself = spec
            .as_ref()
            .is_some_and(|spec| spec.oneshot || spec.schedule.is_some());
        let listening = Pattern("listening".to_string());
        match run.stage {
            Stage::Ordered => Some(run.spawned(name, unix_ns)),
            Stage::Alive if run.left => Some(run.gone(name)),
            Stage::Alive if run.halted => Some(run.exited(name, Exit::Code(0), unix_ns)),
            Stage::Alive if !run.matched.contains(&listening) => Some(run.line(name, listening)),
            Stage::Alive
                if spec.is_some_and(|spec| spec.readiness().is_some())
                    && (!run.was_healthy || run.failures > 0) =>
            {
                Some(run.probed(name, true))
            }
            Stage::Alive if ends_by_itself => Some(run.exited(name, Exit::Code(0), unix_ns)),
            Stage::Ended => Some(run.gone(name)),
            Stage::Alive | Stage::Gone | Stage::NeverBegan => None,
        }
    }
}

impl Keeper {
    /// Names of the processes of which something lives.
    pub(crate) fn alive(&self) -> BTreeSet<String> {
        let names = self.runs.keys();
        names.filter(|name| self.lives(name)).cloned().collect()
    }

    fn present(&self, name: &str) -> Option<&Run> {
        self.runs.get(name)?.last()
    }

    fn lives(&self, name: &str) -> bool {
        self.present(name).is_some_and(|run| match run.stage {
            Stage::Ordered | Stage::Alive | Stage::Ended => true,
            Stage::Gone | Stage::NeverBegan => false,
        })
    }

    fn run_mut(&mut self, name: &str, id: RunId) -> Option<&mut Run> {
        self.runs.get_mut(name)?.iter_mut().find(|run| run.id == id)
    }

    fn journal(&self, name: &str) -> Option<LastRun> {
        let run = self.present(name)?;
        let spawned = run.stage != Stage::NeverBegan;
        Some(LastRun {
            run: run.id,
            pid: spawned.then_some(42),
            started_unix_ns: run.started,
            exit: run.exit,
            gone: match run.stage {
                Stage::Gone | Stage::NeverBegan => true,
                Stage::Ordered | Stage::Alive | Stage::Ended => false,
            },
        })
    }

    fn order(&mut self, name: &str, run: RunId, checked_by_line: bool) {
        let runs = self.runs.entry(name.to_string()).or_default();
        runs.push(Run {
            id: run,
            stage: Stage::Ordered,
            started: 0,
            exit: None,
            halted: false,
            left: false,
            frozen: false,
            checked_by_line,
            was_healthy: false,
            failures: 0,
            matched: Vec::new(),
        });
    }

    fn carry_out<'s>(&mut self, effect: Effect, spec: impl Fn(&str) -> Option<&'s ProcessSpec>) {
        match effect {
            Effect::Launch { name, run } => {
                let checked_by_line = spec(&name).is_some_and(is_checked_by_line);
                self.order(&name, run, checked_by_line);
            }
            Effect::Halt { name, run, .. } => {
                if let Some(run) = self.run_mut(&name, run) {
                    run.left = false;
                    run.halted = true;
                }
            }
            Effect::Freeze { name, run, stop } => {
                if let Some(run) = self.run_mut(&name, run) {
                    run.frozen = stop;
                }
            }
            Effect::Forget { .. }
            | Effect::Probe { .. }
            | Effect::Unprobe { .. }
            | Effect::AwaitChange { .. }
            | Effect::Hook { .. }
            | Effect::Notice { .. }
            | Effect::Crashed(_) => {}
        }
    }

    /// Something that may happen to a run at any time.
    pub(crate) fn accident(&mut self, name: &str, how: u8, unix_ns: u64) -> Option<Event> {
        let run = self.runs.get_mut(name)?.last_mut()?;
        let exit = match how >> 4 {
            0..=5 => Exit::Code(0),
            6..=11 => Exit::Code(1),
            12 | 13 => Exit::Signal {
                signal: 9,
                core: false,
            },
            _ => Exit::Unknown,
        };
        Some(match (run.stage, how % 16) {
            (Stage::Ordered, 0..=2) => run.not_spawned(name, how),
            (Stage::Ordered, _) => run.spawned(name, unix_ns),
            (Stage::Alive, 0..=4) if run.halted => run.exited(name, exit, unix_ns),
            (Stage::Alive | Stage::Ended, 5) if run.halted => run.left_over(name),
            (Stage::Alive, 6) if run.halted => run.gone(name),
            (Stage::Alive, 0..=6) => run.exited(name, exit, unix_ns),
            (Stage::Alive, 7..=8) => run.probed(name, true),
            (Stage::Alive, 9..=11) => run.probed(name, false),
            (Stage::Alive, 12) => run.line(name, Pattern("ready".to_string())),
            (Stage::Alive, 13) => run.line(name, Pattern("listening".to_string())),
            (Stage::Alive, 14) => Event::StartFailed {
                name: name.to_string(),
                run: run.id,
                line: "no".to_string(),
            },
            (Stage::Alive, _) => Event::Exceeded {
                name: name.to_string(),
                run: run.id,
                what: "much".to_string(),
            },
            (Stage::Ended, _) => run.gone(name),
            (Stage::Gone | Stage::NeverBegan, _) => return None,
        })
    }

    /// Carries out an order that nobody has carried out.
    pub(crate) fn spawn_one(&mut self, unix_ns: u64) -> Option<Event> {
        let mut last = self
            .runs
            .iter_mut()
            .filter_map(|(name, runs)| Some((name, runs.last_mut()?)));
        let (name, run) = last.find(|(_, run)| run.stage == Stage::Ordered)?;
        Some(run.spawned(name, unix_ns))
    }

    /// A run ends, or what is left of it, and nobody is told.
    pub(crate) fn end_one(&mut self, (what, whom, how): (u8, u8, u8), unix_ns: u64) {
        let count = self.runs.len().max(1);
        let chosen = self.runs.iter_mut().nth(usize::from(whom) % count);
        let Some((name, Some(run))) = chosen.map(|(name, runs)| (name, runs.last_mut())) else {
            return;
        };
        match run.stage {
            Stage::Alive => {
                run.exited(name, Exit::Code(i32::from(how % 2)), unix_ns);
            }
            Stage::Ended if what % 2 == 0 => {
                run.gone(name);
            }
            Stage::Ordered | Stage::Ended | Stage::Gone | Stage::NeverBegan => {}
        }
    }
}

fn is_checked_by_line(spec: &ProcessSpec) -> bool {
    match spec.readiness().map(|check| check.probe) {
        Some(Probe::Log(_)) => true,
        Some(
            Probe::Http { .. }
            | Probe::Tcp { .. }
            | Probe::Command(_)
            | Probe::Notify
            | Probe::OwnPort,
        )
        | None => false,
    }
}

impl Run {
    fn spawned(&mut self, name: &str, unix_ns: u64) -> Event {
        self.stage = Stage::Alive;
        self.started = unix_ns;
        Event::Spawned {
            name: name.to_string(),
            run: self.id,
            pid: 42,
            at: unix_ns,
        }
    }

    fn not_spawned(&mut self, name: &str, how: u8) -> Event {
        self.stage = Stage::NeverBegan;
        Event::NotSpawned {
            name: name.to_string(),
            run: self.id,
            failure: SpawnFailure {
                message: "it could not be".to_string(),
                exit_code: (how & 16 != 0).then_some(127),
                cause: match (how & 32 != 0, how & 64 != 0) {
                    (_, true) => SpawnCause::Port,
                    (true, false) => SpawnCause::Program,
                    (false, false) => SpawnCause::System,
                },
            },
        }
    }

    fn exited(&mut self, name: &str, exit: Exit, unix_ns: u64) -> Event {
        self.stage = Stage::Ended;
        self.exit = Some((exit, unix_ns));
        Event::Exited {
            name: name.to_string(),
            run: self.id,
            exit,
            deterministic: false,
        }
    }

    fn gone(&mut self, name: &str) -> Event {
        self.stage = Stage::Gone;
        if self.exit.is_none() {
            self.exit = Some((Exit::Unknown, 0));
        }
        Event::Gone {
            name: name.to_string(),
            run: self.id,
        }
    }

    fn left_over(&mut self, name: &str) -> Event {
        self.halted = false;
        self.left = true;
        Event::Left {
            name: name.to_string(),
            run: self.id,
            pids: vec![7],
        }
    }

    fn probed(&mut self, name: &str, healthy: bool) -> Event {
        match healthy {
            true => {
                self.was_healthy = true;
                self.failures = 0;
            }
            false if self.was_healthy && !self.frozen => self.failures += 1,
            false => {}
        }
        Event::Probed {
            name: name.to_string(),
            run: self.id,
            healthy,
            detail: "so".to_string(),
        }
    }

    fn line(&mut self, name: &str, pattern: Pattern) -> Event {
        if pattern.0 == "ready" && self.checked_by_line {
            self.was_healthy = true;
            self.failures = 0;
        }
        self.matched.push(pattern.clone());
        Event::LogMatched {
            name: name.to_string(),
            run: self.id,
            pattern,
        }
    }
}
