//! One history: a core that decides, shims that record, and chance that lets things happen and break.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

use forge_core::Workspace;
use forge_core::event::{
    Effect, Event, LastRun, Memory, Now, Outcome, Recall, SpawnCause, SpawnFailure,
};
use forge_core::spec::{ProcessSpec, Settings};
use forge_facts::journal;
use forge_facts::{Entry, RunId};

use crate::chance::Chance;
use crate::shim::{Said, Shim};
use crate::specs;

/// Something that a supervisor tells a shim.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Launch(RunId),
    Stop(RunId),
}

/// A supervisor: what dies with it.
struct Supervisor {
    core: Workspace,
    /// Orders that are on their way to each shim.
    orders: BTreeMap<String, VecDeque<Order>>,
    /// What must be ordered again when a connection was lost, until a fact answers it.
    launching: BTreeMap<String, RunId>,
    halting: BTreeMap<String, RunId>,
    /// The last journal entry that is known of each process.
    known: BTreeMap<String, u64>,
}

/// The whole world of one history.
pub(crate) struct History {
    chance: Chance,
    seed: u64,
    now: Now,
    settings: Settings,
    supervisor: Supervisor,
    shims: BTreeMap<String, Shim>,
    /// What is remembered on disk.
    saved: BTreeMap<String, (ProcessSpec, Memory)>,
    lives: u32,
    /// Runs that were begun since somebody last asked for anything or a clock jumped.
    budget: BTreeMap<String, u32>,
    /// How often each was ordered to begin.
    ordered: BTreeMap<String, u32>,
    told: Option<String>,
    count: usize,
}

impl History {
    pub(crate) fn new(seed: u64, tell: bool) -> Self {
        let mut chance = Chance::new(seed);
        let specs = specs::some(&mut chance);
        let settings = Settings::default();
        let supervisor = Supervisor::new(1, &settings);
        let shims = specs
            .iter()
            .map(|spec| (spec.name.clone(), Shim::default()));
        let mut history = History {
            shims: shims.collect(),
            chance,
            seed,
            now: Now {
                mono: Duration::from_secs(1000),
                unix_ns: 1_700_000_000_000_000_000,
            },
            settings,
            supervisor,
            saved: BTreeMap::new(),
            lives: 1,
            budget: BTreeMap::new(),
            ordered: BTreeMap::new(),
            told: tell.then(String::new),
            count: 0,
        };
        history.asked(Event::Define(specs));
        history
    }

    /// Plays it to its end; how much has happened, for those who compare.
    pub(crate) fn play(mut self) -> (usize, usize) {
        for _ in 0..self.chance.between(20, 160) {
            self.step();
        }
        // Everything is answered: whoever waits is told.
        self.come_to_rest();
        let names = self.names();
        self.asked(Event::Stop {
            names: names.clone(),
            timeout: None,
            force: false,
        });
        self.come_to_rest();
        for name in names {
            assert!(
                !self.shims[&name].lives(),
                "{name} outlives a stop, seed {}",
                self.seed
            );
            assert_eq!(self.supervisor.core.outcome(&name), Outcome::Down, "{name}");
            self.shims[&name].check_journal(&name);
        }
        if let Some(told) = &self.told {
            println!("{told}");
        }
        let written = self.shims.values().map(|shim| shim.journal.len()).sum();
        (self.count, written)
    }

    fn names(&self) -> Vec<String> {
        self.shims.keys().cloned().collect()
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            let _ = writeln!(told, "{}", what());
        }
    }

    fn step(&mut self) {
        self.count += 1;
        let names = self.names();
        let name = names[self.chance.below(names.len())].clone();
        match self.chance.below(100) {
            0..=11 => self.ask_something(&names, name),
            12..=19 => {
                let seconds = [0, 1, 5, 61, 700][self.chance.below(5)];
                self.pass(Duration::from_secs(seconds));
            }
            20..=22 => self.jump(),
            23..=28 => self.kill_supervisor(),
            29..=34 => self.kill_shim(&name),
            35..=36 => self.kill_all(),
            37..=59 => {
                self.deliver_order(&name);
            }
            60..=79 => self.let_happen(&name),
            80..=84 => self.look(&name),
            _ => {
                self.deliver_fact(&name);
            }
        }
    }

    fn ask_something(&mut self, names: &[String], name: String) {
        let event = match self.chance.below(6) {
            0 | 1 => Event::Start(names.to_vec()),
            2 => Event::Start(vec![name]),
            3 => Event::Stop {
                names: vec![name],
                timeout: None,
                force: self.chance.below(2) == 0,
            },
            4 => Event::Restart(vec![name]),
            _ => Event::Stop {
                names: names.to_vec(),
                timeout: None,
                force: false,
            },
        };
        self.asked(event);
    }

    /// Somebody wants something: what they want is on disk before anything comes of it.
    fn asked(&mut self, event: Event) {
        self.budget.clear();
        self.tell(event, true);
    }

    fn pass(&mut self, time: Duration) {
        if time > Duration::from_secs(60) {
            self.budget.clear();
        }
        self.now.mono += time;
        self.now.unix_ns += u64::try_from(time.as_nanos()).expect("short");
        self.tell(Event::Tick, false);
    }

    /// The wall clock is set, a day back or forth; the other one never jumps.
    fn jump(&mut self) {
        const DAY: u64 = 86_400_000_000_000;
        self.budget.clear();
        self.now.unix_ns = match self.chance.below(2) {
            0 => self.now.unix_ns + DAY,
            _ => self.now.unix_ns - DAY,
        };
        self.say(|| "the clock jumps".to_string());
        self.tell(Event::Tick, false);
    }

    /// Tells the core; writes down what it wants, then lets the orders go.
    fn tell(&mut self, event: Event, must_last: bool) {
        self.say(|| format!("{event:?}"));
        let effects = self.supervisor.core.step(event, self.now);
        let ordered = effects
            .iter()
            .any(|effect| matches!(effect, Effect::Launch { .. } | Effect::Halt { .. }));
        // What no order depends on may be written a little later, and so not at all.
        if must_last || ordered || self.chance.below(2) == 0 {
            self.save();
        }
        for effect in effects {
            self.say(|| format!("    {effect:?}"));
            match effect {
                Effect::Launch { name, run } => {
                    *self.ordered.entry(name.clone()).or_default() += 1;
                    self.supervisor.launching.insert(name.clone(), run);
                    self.supervisor.order(&name, Order::Launch(run));
                }
                Effect::Halt { name, run, .. } => {
                    self.supervisor.halting.insert(name.clone(), run);
                    self.supervisor.order(&name, Order::Stop(run));
                }
                Effect::Freeze { .. }
                | Effect::Probe { .. }
                | Effect::Unprobe { .. }
                | Effect::AwaitChange { .. }
                | Effect::Hook { .. }
                | Effect::Notice { .. }
                | Effect::Crashed(_)
                | Effect::Forget { .. } => {}
            }
        }
    }

    fn save(&mut self) {
        let core = &self.supervisor.core;
        let all = core.names().into_iter().map(|name| {
            let spec = core.latest_spec(name).expect("it is named").clone();
            (name.to_string(), (spec, core.memory(name)))
        });
        self.saved = all.collect();
    }

    /// Another supervisor takes over: it knows what was written down, and no more.
    fn kill_supervisor(&mut self) {
        self.say(|| "the supervisor dies".to_string());
        self.lives += 1;
        self.supervisor = Supervisor::new(self.lives, &self.settings);
        for (name, (spec, memory)) in self.saved.clone() {
            let journal = journal::parse(&self.shims[&name].journal);
            let last_run = LastRun::of(&journal);
            self.supervisor
                .known
                .insert(name.clone(), journal.last_seq());
            self.hear(&name, journal.last_seq());
            let recall = Recall {
                spec,
                memory,
                last_run,
            };
            self.tell(Event::Recall(Box::new(recall)), false);
        }
        self.tell(Event::Tick, true);
    }

    /// A shim dies, perhaps in the middle of a record; the keeper, who lives, knows the child's end.
    fn kill_shim(&mut self, name: &str) {
        self.say(|| format!("the shim of {name} dies"));
        let torn = self.chance.below(3) == 0;
        let at = self.now.unix_ns;
        if let Some(shim) = self.shims.get_mut(name) {
            shim.die_and_recover(torn, true, at);
        }
        self.reconnect(name);
    }

    fn kill_all(&mut self) {
        self.say(|| "all die".to_string());
        let at = self.now.unix_ns;
        for name in self.names() {
            // Between them ends may come that nobody sees.
            if self.chance.below(3) == 0 {
                let code = self.chance.below(3) as i32;
                self.shims
                    .get_mut(&name)
                    .expect("there is one")
                    .end_unseen(code);
            }
            let torn = self.chance.below(3) == 0;
            let shim = self.shims.get_mut(&name).expect("there is one");
            shim.die_and_recover(torn, false, at);
        }
        self.kill_supervisor();
    }

    /// A connection to a shim is new: what was on its way is lost, and what is not answered is ordered again.
    fn reconnect(&mut self, name: &str) {
        self.supervisor.orders.remove(name);
        if let Some(run) = self.supervisor.launching.get(name).copied() {
            self.supervisor.order(name, Order::Launch(run));
        }
        if let Some(run) = self.supervisor.halting.get(name).copied() {
            self.supervisor.order(name, Order::Stop(run));
        }
    }

    fn deliver_order(&mut self, name: &str) -> bool {
        let Some(order) = self
            .supervisor
            .orders
            .get_mut(name)
            .and_then(VecDeque::pop_front)
        else {
            return false;
        };
        self.say(|| format!("{name} hears {order:?}"));
        let at = self.now.unix_ns;
        let fails = self.chance.below(12) == 0;
        let shim = self.shims.get_mut(name).expect("there is one");
        match order {
            Order::Launch(run) => {
                if shim.launch(name, run, fails, at) == Said::Begun {
                    self.spend(name);
                }
            }
            Order::Stop(run) => shim.stop(run),
        }
        true
    }

    /// A run was begun: without anybody's asking there are only so many.
    fn spend(&mut self, name: &str) {
        let spent = self.budget.entry(name.to_string()).or_default();
        *spent += 1;
        let spec = self
            .supervisor
            .core
            .latest_spec(name)
            .expect("it is defined");
        // One was on its way when they asked, perhaps, and one more is what they asked for.
        let most = spec.restart.max_restarts + 2;
        let alone = spec.depends_on.is_empty();
        let seed = self.seed;
        assert!(
            !alone || *spent <= most,
            "{name} was begun {spent} times, seed {seed}"
        );
    }

    /// A child ends, or what is left of one.
    fn let_happen(&mut self, name: &str) {
        let at = self.now.unix_ns;
        let code = [0, 1, 1][self.chance.below(3)];
        let shim = self.shims.get_mut(name).expect("there is one");
        shim.proceed(code, at);
    }

    /// A health check has an answer.
    fn look(&mut self, name: &str) {
        let healthy = self.chance.below(4) != 0;
        if let Some(run) = self.shims[name].running() {
            let name = name.to_string();
            let detail = "so".to_string();
            self.tell(
                Event::Probed {
                    name,
                    run,
                    healthy,
                    detail,
                },
                false,
            );
        }
    }

    /// What a supervisor has heard was synced before, and cannot be torn.
    fn hear(&mut self, name: &str, seq: u64) {
        let shim = self.shims.get_mut(name).expect("there is one");
        shim.heard = shim.heard.max(seq);
    }

    /// The next entry of the journal that the supervisor does not know reaches it.
    fn deliver_fact(&mut self, name: &str) -> bool {
        let known = self.supervisor.known.get(name).copied().unwrap_or(0);
        let journal = journal::parse(&self.shims[name].journal);
        let next = journal.entries.into_iter().find(|(seq, _)| *seq > known);
        let Some((seq, entry)) = next else {
            return false;
        };
        self.supervisor.known.insert(name.to_string(), seq);
        self.hear(name, seq);
        let (name, run) = (name.to_string(), entry.run());
        if self.supervisor.launching.get(&name) == Some(&run) {
            self.supervisor.launching.remove(&name);
        }
        let event = match entry {
            Entry::Spawned { identity, at, .. } => Event::Spawned {
                name,
                run,
                pid: identity.pid,
                at,
            },
            Entry::SpawnFailed { .. } => Event::NotSpawned {
                name,
                run,
                failure: SpawnFailure {
                    message: "it could not be".to_string(),
                    exit_code: Some(127),
                    cause: SpawnCause::System,
                },
            },
            Entry::Exited { exit, .. } => Event::Exited {
                name,
                run,
                exit,
                deterministic: false,
            },
            Entry::Gone { .. } => {
                if self.supervisor.halting.get(&name) == Some(&run) {
                    self.supervisor.halting.remove(&name);
                }
                Event::Gone { name, run }
            }
            Entry::Left { pids, .. } => Event::Left { name, run, pids },
            Entry::Recovered { .. } => return true,
        };
        self.tell(event, false);
        true
    }

    /// Lets everything happen that is due, until nothing is.
    fn come_to_rest(&mut self) {
        for _ in 0..3_000 {
            let mut busy = false;
            for name in self.names() {
                while self.deliver_order(&name) || self.deliver_fact(&name) {
                    busy = true;
                }
                let at = self.now.unix_ns;
                let ends = self
                    .supervisor
                    .core
                    .spec(&name)
                    .is_some_and(|spec| spec.oneshot);
                let shim = self.shims.get_mut(&name).expect("there is one");
                busy |= shim.obey(ends, at);
                let checked = self
                    .supervisor
                    .core
                    .view(&name)
                    .is_some_and(|view| view.health == forge_core::event::Health::Checking);
                if let (true, Some(run)) = (checked, self.shims[&name].running()) {
                    let detail = "so".to_string();
                    let name = name.clone();
                    self.tell(
                        Event::Probed {
                            name,
                            run,
                            healthy: true,
                            detail,
                        },
                        false,
                    );
                    busy = true;
                }
            }
            if busy {
                continue;
            }
            match self.supervisor.core.deadline() {
                Some(at) => {
                    let time = at.saturating_sub(self.now.mono);
                    self.pass(time);
                }
                None => return self.check_at_rest(),
            }
        }
        panic!("it never comes to rest, seed {}", self.seed);
    }

    fn check_at_rest(&self) {
        for name in self.names() {
            let outcome = self.supervisor.core.outcome(&name);
            let pending = matches!(outcome, Outcome::Pending(_));
            assert!(
                !pending,
                "{name} waits for ever, seed {}: {outcome:?}",
                self.seed
            );
            let view = self.supervisor.core.view(&name).expect("it is defined");
            let lives = self.shims[&name].lives();
            match outcome {
                Outcome::Ready => assert!(lives, "{name} is told ready, seed {}", self.seed),
                Outcome::Done | Outcome::Down => assert!(!lives, "{name} is told {outcome:?}"),
                // One that never became ready is left alone.
                Outcome::Failed(_) | Outcome::Pending(_) => {}
            }
            let ordered = self.ordered.get(&name).copied().unwrap_or(0);
            let seed = self.seed;
            assert!(
                view.restarts <= ordered,
                "{name}: {} restarts, seed {seed}",
                view.restarts
            );
        }
    }
}

impl Supervisor {
    fn new(seed: u32, settings: &Settings) -> Self {
        Supervisor {
            core: Workspace::new(seed, settings),
            orders: BTreeMap::new(),
            launching: BTreeMap::new(),
            halting: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }

    fn order(&mut self, name: &str, order: Order) {
        self.orders
            .entry(name.to_string())
            .or_default()
            .push_back(order);
    }
}
