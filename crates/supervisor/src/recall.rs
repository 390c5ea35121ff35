//! Beginning where another supervisor left off, and writing down what a later one has to know.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use forge_core::Workspace;
use forge_core::event::{Event, LastRun, Memory, Recall};
use forge_core::spec::{CommandSpec, ProcessSpec};
use forge_core::template::Template;
use forge_facts::journal::{self, Journal};
use forge_facts::{Entry, RunId, TerminalSize, mark};
use forge_os::process_table;

use crate::adopt::Adopted;
use crate::environment::Environment;
use crate::managed::Managed;
use crate::memory::{self, Environments, Loaded, Remembered, RememberedAdopted, State};
use crate::supervisor::Supervisor;

impl Supervisor {
    /// Takes up everything that is remembered and everything that the journals tell.
    pub(crate) fn recall(&mut self) {
        let state = self.load();
        if let Some(settings) = &state.settings {
            self.settings = settings.clone();
            self.core = Workspace::new(crate::supervisor::seed(), settings);
            self.sampling.set(settings);
        }
        self.profiles = state.profiles;
        let environments: Vec<Arc<Environment>> =
            state.environments.into_iter().map(Arc::new).collect();
        let bare = Supervisor::bare_environment();
        for remembered in state.processes {
            let environment = environments
                .get(remembered.environment)
                .unwrap_or(&bare)
                .clone();
            self.recall_one(remembered, environment);
        }
        for (name, journal) in self.strangers() {
            self.recall_stranger(&name, &journal, &bare);
        }
        self.tell(Event::Tick);
        self.plan_schedules();
        self.look_for_events();
        let live: Vec<String> = self.managed.keys().cloned().collect();
        for name in live {
            self.see_to_shim_if_needed(&name);
            // A shim that has nothing to do any more is told so.
            let shim = self.layout.shim_lock(&name);
            if forge_os::holder(&shim).is_ok_and(|holder| holder.is_some()) {
                self.see_to_shim(&name);
            }
            if let Some(run) = self.managed.get(&name).and_then(|managed| managed.present) {
                self.look_for_output(&name, run);
            }
        }
        self.restore_by_itself();
    }

    fn load(&mut self) -> State {
        let path = self.layout.state_file();
        let warning = match memory::load(&path) {
            Ok(Loaded::State(state)) => return *state,
            Ok(Loaded::SetAside(aside)) => format!(
                "{} was damaged and is now {}; what runs is known from the journals",
                path.display(),
                aside.display()
            ),
            Ok(Loaded::Newer(version)) => {
                self.frozen_state = true;
                format!(
                    "{} is of version {version}, which is newer than this program: it is left alone",
                    path.display()
                )
            }
            Err(error) => format!("cannot read {}: {error}", path.display()),
        };
        eprintln!("supervisor: {warning}");
        self.history.add(None, "warning", warning);
        State::default()
    }

    fn recall_one(&mut self, mut remembered: Remembered, environment: Arc<Environment>) {
        let name = remembered.spec.name.clone();
        let journal = self.journal_of(&name);
        let mut managed = Managed::new(environment);
        managed.ad_hoc = remembered.ad_hoc;
        managed.debug = remembered.debug;
        managed.debug_port = remembered.debug_port;
        managed.port = remembered.port;
        if let Some((rows, cols)) = remembered.terminal {
            managed.terminal = TerminalSize { rows, cols };
        }
        managed.to_restore = remembered.to_restore;
        if remembered.memory.wanted && of_another_boot(&journal) {
            // The machine was started anew. That is no crash, and nothing begins by itself.
            managed.to_restore = true;
            let memory = &mut remembered.memory;
            (memory.wanted, memory.renew, memory.due) = (false, None, false);
        }
        let mut last_run = LastRun::of(&journal);
        managed.known = journal.last_seq();
        if let Some(run) = last_run
            .as_ref()
            .filter(|last| !last.gone && last.pid.is_some())
        {
            managed.present = Some(run.run);
            managed.leader_gone = run.exit.is_some().then_some(run.run);
        }
        if let Some(adopted) = remembered.adopted {
            let taken = self.adopt_again(&name, &adopted);
            let run = adopted.run.parse().unwrap_or(RunId(0));
            last_run = Some(LastRun {
                run,
                pid: Some(adopted.pid),
                started_unix_ns: run.unix_ms().saturating_mul(1_000_000),
                exit: taken
                    .is_none()
                    .then(|| (forge_facts::Exit::Unknown, crate::clock::unix_ns())),
                gone: taken.is_none(),
            });
            managed.present = taken.as_ref().map(|adopted| adopted.run);
            managed.adopted = taken;
        }
        self.managed.insert(name, managed);
        self.tell(Event::Recall(Box::new(Recall {
            spec: remembered.spec,
            memory: remembered.memory,
            last_run,
        })));
    }

    fn adopt_again(&self, name: &str, adopted: &RememberedAdopted) -> Option<Adopted> {
        let run = adopted.run.parse().ok()?;
        let ticks = Some(adopted.start_ticks);
        Adopted::take(name, run, adopted.pid, ticks, self.inbox.clone()).ok()
    }

    fn journal_of(&mut self, name: &str) -> Journal {
        match journal::read(&self.layout.journal(name)) {
            Ok(journal) => {
                if journal.damaged > 0 {
                    let count = journal.damaged;
                    let message = format!("{count} entries of its journal were damaged");
                    self.history.add(Some(name), "warning", message);
                }
                journal
            }
            Err(error) => {
                let message = format!("cannot read its journal: {error}");
                self.history.add(Some(name), "warning", message);
                Journal::default()
            }
        }
    }

    /// Processes that live by their journal and that nobody remembers: the state was lost.
    fn strangers(&mut self) -> Vec<(String, Journal)> {
        let Ok(folders) = std::fs::read_dir(self.layout.processes()) else {
            return Vec::new();
        };
        let names = folders
            .flatten()
            .filter_map(|folder| folder.file_name().into_string().ok())
            .filter(|name| !self.managed.contains_key(name));
        let names: Vec<String> = names.collect();
        let journals = names.into_iter().map(|name| {
            let journal = self.journal_of(&name);
            (name, journal)
        });
        journals
            .filter(|(_, journal)| {
                LastRun::of(journal).is_some_and(|last| last.pid.is_some() && !last.gone)
            })
            .collect()
    }

    fn recall_stranger(&mut self, name: &str, journal: &Journal, bare: &Arc<Environment>) {
        let Some(last) = LastRun::of(journal) else {
            return;
        };
        let pid = last.pid.unwrap_or(0);
        let spec = stranger(name, pid, last.run, self.layout.workspace());
        let message = "nothing is remembered of it, but it runs; taken up from its journal";
        self.history.add(Some(name), "warning", message.to_string());
        let mut managed = Managed::new(bare.clone());
        managed.known = journal.last_seq();
        managed.present = Some(last.run);
        managed.leader_gone = last.exit.is_some().then_some(last.run);
        self.managed.insert(name.to_string(), managed);
        let profile = spec.profile.clone();
        if !profile.is_empty() && !self.profiles.contains(&profile) {
            self.profiles.push(profile);
        }
        self.tell(Event::Recall(Box::new(Recall {
            spec,
            memory: Memory {
                wanted: true,
                ready_run: Some(last.run),
                ..Memory::default()
            },
            last_run: Some(last),
        })));
    }

    /// Writes down what a later supervisor has to know.
    pub(crate) fn save(&mut self) {
        if self.frozen_state {
            return;
        }
        let mut environments = Environments::default();
        let processes = self
            .core
            .names()
            .into_iter()
            .filter_map(|name| {
                let managed = self.managed.get(name)?;
                let spec = self.core.latest_spec(name)?.clone();
                let terminal = managed.terminal;
                Some(Remembered {
                    environment: environments.number(&managed.environment),
                    ad_hoc: managed.ad_hoc,
                    debug: managed.debug,
                    debug_port: managed.debug_port,
                    to_restore: managed.to_restore,
                    port: managed.port,
                    terminal: spec.tty.then_some((terminal.rows, terminal.cols)),
                    memory: self.core.memory(name),
                    adopted: managed.adopted.as_ref().map(|adopted| RememberedAdopted {
                        pid: adopted.pid,
                        start_ticks: adopted.start_ticks,
                        run: adopted.run.to_string(),
                    }),
                    spec,
                })
            })
            .collect();
        let mut state = State {
            profiles: self.profiles.clone(),
            settings: Some(self.settings.clone()),
            environments: environments.into_list(),
            processes,
            ..State::default()
        };
        match memory::save(&self.layout.state_file(), &mut state) {
            Ok(()) => {
                self.save_failed = false;
                self.acknowledge();
            }
            Err(error) => self.could_not_save(&error),
        }
    }

    /// Everything up to here need not be told again; told to a shim only when it has gathered, since
    /// all that it does with it is to keep its journal small.
    fn acknowledge(&mut self) {
        const MANY: u64 = 32;
        for managed in self.managed.values_mut() {
            if managed.acknowledged + MANY <= managed.known {
                managed.acknowledged = managed.known;
                managed.order(forge_facts::Order::Known(managed.known));
            }
        }
    }

    fn could_not_save(&mut self, error: &std::io::Error) {
        self.remember_soon();
        if std::mem::replace(&mut self.save_failed, true) {
            return;
        }
        let path = self.layout.state_file();
        let message = format!(
            "cannot write {}: {error}; what runs would be known only from the journals",
            path.display()
        );
        eprintln!("supervisor: {message}");
        self.history.add(None, "warning", message);
    }
}

/// Whether its last run began before the machine was started anew, and no end of it is known.
fn of_another_boot(journal: &Journal) -> bool {
    let Ok(boot) = forge_os::boot_id() else {
        return false;
    };
    let spawned = journal
        .entries
        .iter()
        .rev()
        .find_map(|(_, entry)| match entry {
            Entry::Spawned { identity, .. } => Some(identity.boot != boot),
            Entry::SpawnFailed { .. }
            | Entry::Exited { .. }
            | Entry::Gone { .. }
            | Entry::Left { .. }
            | Entry::Recovered { .. } => None,
        });
    spawned.unwrap_or(false)
}

/// A process as it can be told from itself.
fn stranger(name: &str, pid: i32, run: RunId, workspace: &Path) -> ProcessSpec {
    let marks: BTreeMap<String, String> = process_table::environment(pid)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|entry| {
            let text = String::from_utf8(entry).ok()?;
            let (name, value) = text.split_once('=')?;
            Some((name.to_string(), value.to_string()))
        })
        .collect();
    // The pid may be another's by now; its environment tells.
    let ours = marks.get(mark::RUN_ID) == Some(&run.to_string());
    let words = match ours {
        true => process_table::command_line(pid).unwrap_or_default(),
        false => Vec::new(),
    };
    let words: Vec<Template> = words
        .iter()
        .map(|word| Template::text(word.to_string_lossy()))
        .collect();
    let cwd = process_table::cwd(pid).ok().filter(|_| ours);
    ProcessSpec::new(
        marks.get(mark::PROFILE).map_or("", String::as_str),
        name,
        CommandSpec::Argv(words),
        cwd.unwrap_or_else(|| workspace.to_path_buf()),
    )
}
