//! A port that somebody else has when a process is about to start: kill, next port, attach, or give up.

use forge_api::OnConflict;
use forge_core::event::{Event, SpawnCause, SpawnFailure};
use forge_core::spec::ProcessSpec;
use forge_facts::RunId;

use crate::launch::failed;
use crate::ports::{self, Taken};
use crate::supervisor::Supervisor;

/// What a taken port has led to.
pub(crate) enum Resolved {
    /// The port is not in the way any more.
    GoOn,
    /// Something else was begun, or nothing is to be begun.
    Elsewhere,
}

impl Supervisor {
    /// Does about a taken port what the client has chosen.
    pub(crate) fn resolve_conflict(
        &mut self,
        name: &str,
        spec: &ProcessSpec,
        run: RunId,
        taken: Taken,
        is_main: bool,
    ) -> Result<Resolved, Box<SpawnFailure>> {
        let conflict = taken.conflict(spec, &self.live());
        let choice = self.managed.get(name).map(|managed| managed.on_conflict);
        if choice != Some(OnConflict::NextPort)
            && let Some(other) = taken.live_owner(spec, &self.live())
        {
            let message = format!(
                "port {} is used by `{other}`, which runs in this workspace; stop that, or give one of them another port",
                taken.port
            );
            return Err(failed(SpawnCause::Sibling, message));
        }
        if choice == Some(OnConflict::Attach)
            && let Some(owner) = taken.other_workspace()
        {
            let message = format!(
                "port {} is used by {owner}, and two Forges must not look after one process; stop it there, or take another port",
                taken.port
            );
            if let Some(managed) = self.managed.get_mut(name) {
                managed.conflict = Some(conflict);
            }
            return Err(failed(SpawnCause::Port, message));
        }
        match choice.unwrap_or_default() {
            OnConflict::Kill => {
                let forges = self.pids_of_forge();
                self.free_port(name, run, taken, forges);
                Ok(Resolved::Elsewhere)
            }
            OnConflict::NextPort if is_main => {
                let next = self.next_port(name, taken.port);
                let Some(next) = next else {
                    return Err(port_taken(name, &conflict));
                };
                if let Some(managed) = self.managed.get_mut(name) {
                    managed.port = Some(next);
                }
                let message = format!("port {} is taken; it goes to port {next}", taken.port);
                self.history.add(Some(name), "warning", message);
                Ok(Resolved::GoOn)
            }
            OnConflict::Attach if is_main && taken.pid.is_some() => {
                self.adopt(name, spec, run, &taken)?;
                Ok(Resolved::Elsewhere)
            }
            OnConflict::Ask | OnConflict::Fail | OnConflict::NextPort | OnConflict::Attach => {
                if let Some(managed) = self.managed.get_mut(name) {
                    managed.conflict = Some(conflict.clone());
                }
                Err(port_taken(name, &conflict))
            }
        }
    }

    fn next_port(&self, name: &str, from: u16) -> Option<u16> {
        let others: Vec<u16> = self
            .managed
            .iter()
            .filter(|(other, _)| other.as_str() != name)
            .filter_map(|(_, managed)| managed.port)
            .collect();
        ports::next_free(from, &self.listening, &others)
    }

    fn adopt(
        &mut self,
        name: &str,
        spec: &ProcessSpec,
        run: RunId,
        taken: &Taken,
    ) -> Result<(), Box<SpawnFailure>> {
        let pid = taken.pid.unwrap_or(0);
        let adopted =
            crate::adopt::Adopted::take(name, run, pid, taken.start_ticks, self.inbox.clone());
        let adopted = adopted.map_err(|error| {
            failed(
                SpawnCause::System,
                format!(
                    "cannot take over pid {pid}, which has port {}: {error}",
                    taken.port
                ),
            )
        })?;
        let Some(managed) = self.managed.get_mut(name) else {
            return Ok(());
        };
        managed.adopted = Some(adopted);
        managed.present = Some(run);
        if spec.port.is_some() {
            managed.port = Some(taken.port);
        }
        let message = format!(
            "took over pid {pid}, which listens on port {}; its output is not seen",
            taken.port
        );
        self.history.add(Some(name), "warning", message);
        self.tell_later(Event::Spawned {
            name: name.to_string(),
            run,
            pid,
            at: crate::clock::unix_ns(),
        });
        Ok(())
    }
}

fn port_taken(name: &str, conflict: &forge_api::Conflict) -> Box<SpawnFailure> {
    let who = match (conflict.pid, &conflict.command) {
        (Some(pid), Some(command)) => format!("pid {pid} (`{command}`)"),
        (Some(pid), None) => format!("pid {pid}"),
        (None, _) => "a process of another user".to_string(),
    };
    let old = if conflict.old_run {
        ", an old run of this workspace"
    } else {
        ""
    };
    Box::new(SpawnFailure {
        message: format!(
            "port {} is taken by {who}{old}; `forge dev start {name} --on-conflict next-port` takes another one, `kill` ends who has it",
            conflict.port
        ),
        exit_code: None,
        cause: SpawnCause::Port,
    })
}
