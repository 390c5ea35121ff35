//! `restore`: what ran before a reboot, or before everything was killed, runs again: the same processes
//! with the same ports and debug modes. And what `save` needs to know of what runs.

use std::time::Duration;

use forge_api::{OnConflict, Problem, RestoreRequest, RunningAnswer};
use forge_core::event::Event;
use forge_core::spec::{PortSpec, ProcessSpec};

use super::begun::Begun;
use crate::input::Sink;
use crate::supervisor::Supervisor;
use crate::trust;

/// How long a restore that nobody asked for is watched.
const UNASKED: Duration = Duration::from_secs(120);

impl Supervisor {
    pub(crate) fn restore(&mut self, request: &RestoreRequest, sink: Sink) {
        let begun = self.begin_restore();
        self.follow_start(begun, request.wait, request.timeout_ms, sink);
    }

    fn begin_restore(&mut self) -> Begun {
        let names = self.to_be_restored();
        for name in &names {
            if let Some(managed) = self.managed.get_mut(name) {
                managed.on_conflict = OnConflict::Fail;
                managed.conflict = None;
            }
        }
        let up = self.up().into_iter().map(|spec| spec.name);
        let running: Vec<String> = up.filter(|name| !names.contains(name)).collect();
        let mut begun = self.begun(names.clone());
        begun.already.clear();
        begun.started.clone_from(&names);
        if names.is_empty() {
            begun.notes.push(match running.is_empty() {
                true => "nothing is remembered that could be restored".to_string(),
                false => "everything that is remembered runs".to_string(),
            });
        }
        begun.already.extend(running);
        // Of some the end has still to be written down; the others are down already.
        let present = |name: &String| {
            let managed = self.managed.get(name);
            managed.is_some_and(|managed| managed.present.is_some())
        };
        let (ending, down): (Vec<String>, Vec<String>) = names.into_iter().partition(present);
        self.note_former(&mut begun, &ending);
        if !ending.is_empty() {
            self.tell(Event::Restart(ending));
            self.remember_now();
        }
        if !down.is_empty() {
            // Those that others need come first, as at every start.
            self.tell(Event::Start(down));
            self.remember_now();
        }
        begun
    }

    /// What ran and of which no leader lives though nobody has stopped it. A supervisor that has just
    /// begun may not have heard of an end yet: the journal says whom to look for.
    fn to_be_restored(&self) -> Vec<String> {
        let names = self.core.names().into_iter();
        let is = |name: &&str| {
            let Some(managed) = self.managed.get(*name) else {
                return false;
            };
            let view = self.core.view(name);
            let spec = self.core.latest_spec(name);
            let rests = spec.is_some_and(|spec| spec.schedule.is_some());
            let done = view
                .as_ref()
                .is_some_and(|view| view.status.name() == "exited");
            let wanted = view.is_some_and(|view| view.wanted) && !rests && !done;
            let down = managed.present.is_none() && managed.launching.is_none();
            (down || self.is_dead(name)) && (managed.to_restore || wanted)
        };
        names.filter(is).map(str::to_string).collect()
    }

    /// `settings.auto_restore`: only from a file that its user trusts as it is.
    pub(crate) fn restore_by_itself(&mut self) {
        let down = self.managed.values().any(|managed| managed.to_restore);
        if !down || !self.settings.auto_restore {
            return;
        }
        let workspace = self.workspace();
        if !trust::is_trusted(&trust::store_of(self.layout.state()), &workspace) {
            let message =
                "settings.auto_restore brings nothing back: the file is not trusted as it \
                           is; `forge trust` does that, `forge dev restore` restores once"
                    .to_string();
            self.history.add(None, "warning", message);
            return;
        }
        let begun = self.begin_restore();
        let names = begun.started.join(", ");
        self.history
            .add(None, "started", format!("restored what ran: {names}"));
        let (sink, _) = Sink::new();
        let timeout = u64::try_from(UNASKED.as_millis()).ok();
        self.follow_start(begun, false, timeout, sink);
    }

    /// Definitions of what runs.
    pub(crate) fn running(&self) -> Result<RunningAnswer, Problem> {
        let specs = self.up().into_iter();
        let processes: Result<_, _> = specs.map(serde_json::to_value).collect();
        let processes = processes
            .map_err(|error| Problem::failed(format!("cannot write what runs: {error}")))?;
        Ok(RunningAnswer { processes })
    }

    fn up(&self) -> Vec<ProcessSpec> {
        let names = self.core.names().into_iter();
        let specs = names.filter_map(|name| {
            let managed = self.managed.get(name)?;
            let mut spec = self.core.latest_spec(name)?.clone();
            let wanted = self.core.view(name).is_some_and(|view| view.wanted);
            if managed.present.is_none() && !wanted {
                return None;
            }
            if let (Some(PortSpec::Fixed(_)), Some(port)) = (spec.port, managed.port) {
                spec.port = Some(PortSpec::Fixed(port));
            }
            Some(spec)
        });
        specs.collect()
    }
}
