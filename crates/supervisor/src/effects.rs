//! What the core wants done, done: one effect, one deed. What comes of it is another input.

use std::time::Duration;

use forge_core::event::{Effect, Hook, NoticeKind};
use forge_facts::{Order, RunId, Scope};
use serde_json::{Map, Value};

use crate::hooks::{Errand, HOOK_MAX};
use crate::input::Input;
use crate::managed::{FreshTree, Halting, Task};
use crate::supervisor::Supervisor;

const SIGSTOP: i32 = 19;
const SIGCONT: i32 = 18;

impl Supervisor {
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Launch { name, run } => {
                self.remember_now();
                self.launch(&name, run);
            }
            Effect::Halt { name, run, timeout } => {
                self.remember_now();
                self.halt(&name, run, timeout);
            }
            Effect::Freeze { name, run, stop } => self.freeze(&name, run, stop),
            Effect::Probe { name, run } => self.probe(&name, run),
            Effect::Unprobe { name } => self.unprobe(&name),
            Effect::AwaitChange { name } => self.await_change(&name),
            Effect::Hook { name, hook } => self.run_hook(&name, hook),
            Effect::Notice {
                name,
                kind,
                message,
            } => self.notice(&name, kind, message),
            Effect::Crashed(crash) => self.crashed(&crash),
            Effect::Forget { name } => self.forget(&name),
        }
    }

    /// Ends a run: `stop.command` and `stop.keys` first, then the signal.
    pub(crate) fn halt(&mut self, name: &str, run: RunId, timeout: Duration) {
        let Some(spec) = self.core.spec(name).cloned() else {
            return;
        };
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let errand = match (&spec.stop.command, timeout.is_zero()) {
            (Some(command), false) => self.errand(name, command),
            _ => None,
        };
        let inbox = self.inbox.clone();
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        if let Some(launching) = &managed.launching
            && launching.run() == run
            && matches!(launching, crate::managed::Launching::Preparing(..))
        {
            // Nothing exists yet: its preparation is given up.
            managed.launching = None;
            self.tell_later(forge_core::event::Event::Gone {
                name: name.to_string(),
                run,
            });
            return;
        }
        let again = managed
            .halting
            .as_ref()
            .is_some_and(|halting| halting.run == run);
        if let (Some(keys), false, false) = (&spec.stop.keys, again, timeout.is_zero()) {
            managed.order(Order::Input {
                run,
                data: keys.clone().into_bytes(),
                eof: false,
            });
        }
        let name = name.to_string();
        let command = errand.filter(|_| !again).map(|errand| {
            Task::spawn(async move {
                let end = errand.run(timeout).await;
                if let Err(message) = end {
                    let _ = inbox.send(Input::Remark {
                        name: name.clone(),
                        kind: "warning",
                        message: format!("stop.command: {message}"),
                    });
                }
                let _ = inbox.send(Input::StopCommandDone { name, run });
            })
        });
        let halting = Halting {
            run,
            signal: spec.stop.signal,
            scope: spec.stop.scope,
            timeout_ms,
            command,
        };
        if let Some(adopted) = &managed.adopted
            && adopted.run == run
        {
            adopted.halt(halting.signal, Duration::from_millis(timeout_ms));
        } else if halting.command.is_none() {
            managed.order(halting.order());
        }
        managed.halting = Some(halting);
    }

    /// Ends what a run has left behind whose leader has ended by itself.
    pub(crate) fn halt_without_ceremony(&mut self, name: &str, run: RunId, timeout: Duration) {
        let Some((spec, managed)) = self.core.spec(name).zip(self.managed.get_mut(name)) else {
            return;
        };
        let halting = Halting {
            run,
            signal: spec.stop.signal,
            scope: Scope::Tree,
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            command: None,
        };
        managed.order(halting.order());
        managed.halting = Some(halting);
    }

    /// `stop.command` has ended.
    pub(crate) fn stop_command_done(&mut self, name: &str, run: RunId) {
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        if let Some(halting) = &mut managed.halting
            && halting.run == run
        {
            halting.command = None;
            let order = halting.order();
            managed.order(order);
        }
    }

    fn freeze(&mut self, name: &str, run: RunId, stop: bool) {
        let Some(managed) = self.managed.get(name) else {
            return;
        };
        let signal = if stop { SIGSTOP } else { SIGCONT };
        match &managed.adopted {
            Some(adopted) if adopted.run == run => adopted.signal(signal, Scope::Tree),
            _ => managed.order(Order::Signal {
                run,
                signal,
                scope: Scope::Tree,
            }),
        }
    }

    /// Waits for a change below the folder of a process that would only crash again.
    fn await_change(&mut self, name: &str) {
        let Some(spec) = self.core.spec(name) else {
            return;
        };
        let rules = crate::watch::Rules {
            paths: Vec::new(),
            ignore: vec![".forge".into(), "*.log".into(), "*.pyc".into()],
            debounce: Duration::from_millis(300),
        };
        let added = self.watcher.add(name.to_string(), spec.cwd.clone(), rules);
        if let Err(error) = added {
            self.history.add(
                Some(name),
                "warning",
                format!("cannot wait for a change: {error}"),
            );
        }
        if let Some(managed) = self.managed.get_mut(name) {
            managed.awaits_change = true;
            managed.watched = None;
        }
    }

    fn run_hook(&mut self, name: &str, hook: Hook) {
        let Some(spec) = self.core.spec(name) else {
            return;
        };
        let (word, command) = match hook {
            Hook::AfterReady => ("after_ready", spec.hooks.after_ready.clone()),
            Hook::AfterStop => ("after_stop", spec.hooks.after_stop.clone()),
            Hook::OnCrash => ("on_crash", spec.hooks.on_crash.clone()),
        };
        let Some(errand) = command.and_then(|command| self.errand(name, &command)) else {
            return;
        };
        let (inbox, name) = (self.inbox.clone(), name.to_string());
        // Nothing waits for it, so it is bounded by its own time alone.
        tokio::spawn(async move {
            if let Err(message) = errand.run(HOOK_MAX).await {
                let _ = inbox.send(Input::Remark {
                    name,
                    kind: "warning",
                    message: format!("hooks.{word}: {message}"),
                });
            }
        });
    }

    /// A command of a process beside its runs, in its folder and environment.
    pub(crate) fn errand(
        &mut self,
        name: &str,
        command: &forge_core::spec::CommandSpec,
    ) -> Option<Errand> {
        let made = self.environment_of(name, None).and_then(|environment| {
            let cwd = self.core.spec(name).map(|spec| spec.cwd.clone());
            let port_of = |name: &str| self.port_of(name);
            Errand::new(command, cwd.unwrap_or_default(), environment, &port_of)
                .map_err(|error| error.to_string())
        });
        match made {
            Ok(errand) => Some(errand),
            Err(message) => {
                self.history.add(Some(name), "warning", message);
                None
            }
        }
    }

    fn notice(&mut self, name: &str, kind: NoticeKind, message: String) {
        let word = match kind {
            NoticeKind::Started => "started",
            NoticeKind::Ready => "ready",
            NoticeKind::Stopped => "stopped",
            NoticeKind::Crashed => "crashed",
            NoticeKind::Restarted => "restarted",
            NoticeKind::Healthy => "healthy",
            NoticeKind::Unhealthy => "unhealthy",
            NoticeKind::Reload => "reload",
            NoticeKind::Warning => "warning",
        };
        let mut fields = Map::new();
        if let (NoticeKind::Ready, Some(port)) = (kind, self.port_of(name)) {
            fields.insert("port".into(), Value::from(port));
        }
        if kind == NoticeKind::Crashed
            && let Some(managed) = self.managed.get_mut(name)
        {
            fields = std::mem::take(&mut managed.told);
        }
        self.history.add_with(Some(name), word, message, fields);
        if kind == NoticeKind::Ready {
            if let Some(managed) = self.managed.get_mut(name) {
                managed.fresh_tree = FreshTree::Unseen;
            }
            self.find_out_whether_it_speaks_http(name);
            self.remember_healthy(name);
        }
    }

    fn forget(&mut self, name: &str) {
        self.watcher.remove(name);
        self.schedules.remove(name);
        if let Some(managed) = self.managed.remove(name) {
            managed.order(Order::Release);
        }
    }
}
