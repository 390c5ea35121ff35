//! From "let it go" to an order for a shim: port, folder, environment, command, in this order, and
//! every reason why a run cannot be.

use std::collections::BTreeMap;
use std::time::Duration;

use forge_core::event::{Event, SpawnCause, SpawnFailure};
use forge_core::spec::{PortSpec, ProcessSpec, StderrMode};
use forge_core::template::Template;
use forge_facts::{KeeperOrder, Launch, LogRules, Order, RunId};

use crate::conflict::Resolved;
use crate::debug::overlay;
use crate::environment::{self, Environment, Surroundings};
use crate::hooks::{Errand, HOOK_MAX, argv};
use crate::input::Input;
use crate::managed::{Launching, Link, Managed, Task};
use crate::ports;
use crate::supervisor::Supervisor;

/// How long a disk that takes nothing may block a process.
const BLOCK_MAX: Duration = Duration::from_secs(5);

impl Supervisor {
    /// Begins a run.
    pub(crate) fn launch(&mut self, name: &str, run: RunId) {
        let Some(spec) = self.core.spec(name).cloned() else {
            return;
        };
        if let Some(managed) = self.managed.get_mut(name) {
            managed.conflict = None;
            managed.leader_gone = None;
            managed.listened = false;
            if std::mem::take(&mut managed.awaits_change) {
                self.watcher.remove(name);
            }
        }
        if let Err(failure) = self.choose_port(name, &spec, run) {
            self.cannot_launch(name, run, *failure);
        }
    }

    /// Sees to the port, then goes on; a port that somebody else has leads elsewhere.
    fn choose_port(
        &mut self,
        name: &str,
        spec: &ProcessSpec,
        run: RunId,
    ) -> Result<(), Box<SpawnFailure>> {
        let chosen = self.wished_port(name, spec);
        let wished = chosen.into_iter().chain(spec.ports.iter().copied());
        for port in wished.collect::<Vec<_>>() {
            let Some(taken) = ports::taken(&self.listening, self.layout.workspace(), port) else {
                continue;
            };
            let is_main = chosen == Some(port);
            match self.resolve_conflict(name, spec, run, taken, is_main)? {
                Resolved::GoOn => {}
                Resolved::Elsewhere => return Ok(()),
            }
        }
        if let Some(managed) = self.managed.get_mut(name)
            && managed.port.is_none()
        {
            managed.port = chosen;
        }
        self.prepare(name, spec, run)
    }

    /// The port that it had, or that the file says, or a free one that stays the same.
    fn wished_port(&mut self, name: &str, spec: &ProcessSpec) -> Option<u16> {
        let had = self.port_of(name);
        match spec.port {
            None => None,
            Some(PortSpec::Fixed(port)) => Some(had.unwrap_or(port)),
            Some(PortSpec::Auto) => {
                let port = match had {
                    Some(port)
                        if ports::taken(&self.listening, self.layout.workspace(), port)
                            .is_none() =>
                    {
                        Some(port)
                    }
                    _ => self.automatic_port(name),
                };
                if let Some(managed) = self.managed.get_mut(name) {
                    managed.port = port;
                }
                port
            }
        }
    }

    /// Chooses the port of a process before it runs, so that others can refer to it.
    pub(crate) fn choose_automatic_port(&mut self, name: &str) {
        if self.port_of(name).is_none() {
            let port = self.automatic_port(name);
            if let Some(managed) = self.managed.get_mut(name) {
                managed.port = port;
            }
        }
    }

    fn automatic_port(&mut self, name: &str) -> Option<u16> {
        let others: Vec<u16> = self
            .managed
            .iter()
            .filter(|(other, _)| other.as_str() != name)
            .filter_map(|(_, managed)| managed.port)
            .collect();
        match ports::automatic(&self.layout, name, &others) {
            Ok(port) => Some(port),
            Err(why) => {
                self.history.add(Some(name), "warning", why);
                None
            }
        }
    }

    /// The port was freed, or could not be.
    pub(crate) fn freed(&mut self, name: &str, run: RunId, result: Result<(), String>) {
        let waits = self
            .managed
            .get(name)
            .and_then(|managed| managed.launching.as_ref())
            .is_some_and(|launching| launching.run() == run);
        let Some(spec) = self.core.spec(name).cloned().filter(|_| waits) else {
            return;
        };
        if let Some(managed) = self.managed.get_mut(name) {
            managed.launching = None;
        }
        let end = match result {
            Ok(()) => self.choose_port(name, &spec, run),
            Err(why) => Err(failed(SpawnCause::Port, why)),
        };
        if let Err(failure) = end {
            self.cannot_launch(name, run, *failure);
        }
        self.tell(Event::Tick);
    }

    /// Folder and `hooks.before_start`.
    fn prepare(
        &mut self,
        name: &str,
        spec: &ProcessSpec,
        run: RunId,
    ) -> Result<(), Box<SpawnFailure>> {
        if !spec.cwd.is_dir() {
            let message = format!("cwd: there is no folder {}", spec.cwd.display());
            return Err(failed(SpawnCause::Folder, message));
        }
        let Some(command) = &spec.hooks.before_start else {
            return self.order_launch(name, spec, run);
        };
        let environment = self.environment_of(name, Some(run)).map_err(setting)?;
        let port_of = |name: &str| self.port_of(name);
        let errand = Errand::new(command, spec.cwd.clone(), environment, &port_of)
            .map_err(|error| setting(error.to_string()))?;
        let (inbox, own) = (self.inbox.clone(), name.to_string());
        let task = Task::spawn(async move {
            let result = errand.run(HOOK_MAX).await;
            let _ = inbox.send(Input::Prepared {
                name: own,
                run,
                result,
            });
        });
        if let Some(managed) = self.managed.get_mut(name) {
            managed.launching = Some(Launching::Preparing(run, task));
        }
        Ok(())
    }

    /// `hooks.before_start` has ended.
    pub(crate) fn prepared(&mut self, name: &str, run: RunId, result: Result<(), String>) {
        let waits = self
            .managed
            .get(name)
            .and_then(|managed| managed.launching.as_ref())
            .is_some_and(|launching| launching.run() == run);
        let Some(spec) = self.core.spec(name).cloned().filter(|_| waits) else {
            return;
        };
        let end = match result {
            Ok(()) => self.order_launch(name, &spec, run),
            Err(why) => {
                let message = format!("hooks.before_start: {why}");
                Err(failed(SpawnCause::Hook, message))
            }
        };
        if let Err(failure) = end {
            self.cannot_launch(name, run, *failure);
        }
        self.tell(Event::Tick);
    }

    fn order_launch(
        &mut self,
        name: &str,
        spec: &ProcessSpec,
        run: RunId,
    ) -> Result<(), Box<SpawnFailure>> {
        let debug = self.debug_of(name, spec);
        if debug.is_some()
            && let Err(error) = crate::debug::write(&crate::debug::folder(self.layout.state()))
        {
            let message = format!("debug mode: cannot write what its runtime loads: {error}");
            self.history.add(Some(name), "warning", message);
        }
        let environment = self.environment_of(name, Some(run)).map_err(setting)?;
        let port_of = |name: &str| self.port_of(name);
        let command = debug
            .as_ref()
            .and_then(|debug| debug.command.as_ref())
            .unwrap_or(&spec.command);
        let argv = argv(command, &port_of).map_err(|error| setting(error.to_string()))?;
        if argv.first().is_none_or(String::is_empty) {
            return Err(setting("command: there is no program to run".to_string()));
        }
        let Some(managed) = self.managed.get_mut(name) else {
            return Ok(());
        };
        let launch = Box::new(Launch {
            run,
            argv: argv.into_iter().map(String::into_bytes).collect(),
            env: environment
                .into_iter()
                .map(|(name, value)| format!("{name}={value}").into_bytes())
                .collect(),
            cwd: spec.cwd.as_os_str().as_encoded_bytes().to_vec(),
            terminal: spec.tty.then_some(managed.terminal),
            merge_stderr: spec.stderr == StderrMode::Merge,
            open_files: spec.limits.open_files,
            log: log_rules(spec),
        });
        managed.order(Order::Launch(launch.clone()));
        managed.launching = Some(Launching::Ordered(launch));
        self.see_to_shim(name);
        Ok(())
    }

    /// Sees to it that a process has a shim, if anything is to be ordered.
    pub(crate) fn see_to_shim(&mut self, name: &str) {
        if let Some(managed) = self.managed.get_mut(name)
            && matches!(managed.link, Link::None)
        {
            managed.link = Link::Asked;
            let process = name.to_string();
            let _ = self.keeper.send(KeeperOrder::Ensure { process });
        }
    }

    pub(crate) fn cannot_launch(&mut self, name: &str, run: RunId, failure: SpawnFailure) {
        if let Some(managed) = self.managed.get_mut(name) {
            managed.launching = None;
        }
        self.could_not_begin(name, run, &failure);
        self.tell_later(Event::NotSpawned {
            name: name.to_string(),
            run,
            failure,
        });
    }

    /// The whole environment of a process; of a run of it, where one is given.
    pub(crate) fn environment_of(
        &self,
        name: &str,
        run: Option<RunId>,
    ) -> Result<Environment, String> {
        let Some((managed, spec)) = self.managed.get(name).zip(self.core.spec(name)) else {
            return Err(format!("there is no process `{name}`"));
        };
        let debug: Option<BTreeMap<String, Option<Template>>> =
            self.debug_of(name, spec).map(|debug| debug.env);
        let notify = self.notify_path(name, spec);
        environment::compose(
            spec,
            &Surroundings {
                client: &managed.environment,
                workspace: self.layout.workspace(),
                run,
                port: managed.port,
                debug: debug.as_ref(),
                notify_socket: notify.as_deref(),
            },
            &|name: &str| self.port_of(name),
        )
    }

    /// What debug mode changes, where it is on.
    pub(crate) fn debug_of(
        &self,
        name: &str,
        spec: &ProcessSpec,
    ) -> Option<forge_core::spec::DebugSpec> {
        let managed = self.managed.get(name).filter(|managed| managed.debug)?;
        let folder = crate::debug::folder(self.layout.state());
        Some(overlay(spec, managed.debug_port, &folder))
    }

    /// Where a debugger can attach to a process at this moment.
    pub(crate) fn debugger_of(&self, managed: &Managed) -> Option<String> {
        let port = managed.debug_port.filter(|_| managed.debug)?;
        let shim = managed.shim_pid()?;
        let waits = self.listening.tree_listens(shim, port);
        waits.then(|| format!("127.0.0.1:{port}"))
    }
}

/// How the output of a process is kept.
pub(crate) fn log_rules(spec: &ProcessSpec) -> LogRules {
    LogRules {
        segment_bytes: spec.log.max_size,
        segments_kept: spec.log.keep,
        block_max_ms: u64::try_from(BLOCK_MAX.as_millis()).unwrap_or(u64::MAX),
    }
}

/// A run that cannot be, and why.
pub(crate) fn failed(cause: SpawnCause, message: String) -> Box<SpawnFailure> {
    Box::new(SpawnFailure {
        message,
        exit_code: None,
        cause,
    })
}

fn setting(message: String) -> Box<SpawnFailure> {
    failed(SpawnCause::Setting, message)
}
