//! Ports of processes: whose they are, how they are freed, and which one is free.

use std::path::Path;

use forge_api::Conflict;
use forge_core::spec::ProcessSpec;
use forge_facts::RunId;
use forge_facts::layout::Layout;
use forge_inspect::auto_port::stable_port;
use forge_inspect::conflict::{Expected, Relation, relation};
use forge_inspect::orphans::Live;
use forge_inspect::ports::{Port, holders_seen_by};
use forge_inspect::{Owner, Viewpoint, kill_port};
use forge_os::sockets::Protocol;

use crate::input::Input;
use crate::managed::{Launching, Task};
use crate::own_port::Listening;
use crate::supervisor::Supervisor;
use crate::{clock, machine};

/// A port that somebody listens on.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) port: u16,
    pub(crate) pid: Option<i32>,
    pub(crate) start_ticks: Option<u64>,
    holder: Option<Port>,
}

/// Who listens on this TCP port, as of now.
pub(crate) fn taken(listening: &Listening, workspace: &Path, port: u16) -> Option<Taken> {
    if !listening.anybody(port) {
        return None;
    }
    let viewpoint = Viewpoint::of_workspace(workspace);
    let holders = holders_seen_by(&viewpoint, port, &[Protocol::Tcp]).unwrap_or_default();
    // Whoever can be seen says more than who cannot.
    let holder = holders.into_iter().max_by_key(|one| one.pid.is_some());
    Some(Taken {
        port,
        pid: holder.as_ref().and_then(|one| one.pid),
        start_ticks: holder.as_ref().and_then(|one| one.start_ticks),
        holder,
    })
}

impl Taken {
    /// The process of another workspace that has the port, in words.
    pub(crate) fn other_workspace(&self) -> Option<String> {
        let holder = self.holder.as_ref()?;
        match holder.owner {
            Owner::OtherWorkspace => {}
            Owner::ThisWorkspace | Owner::Outside | Owner::Container | Owner::Unknown => {
                return None;
            }
        }
        let workspace = holder.workspace.as_ref();
        let place = workspace.map_or("another workspace".into(), |path| {
            path.display().to_string()
        });
        Some(match &holder.name {
            Some(name) => format!("`{name}` of {place}"),
            None => format!("a process of {place}"),
        })
    }

    /// The process of this workspace that has the port in a run that goes on.
    pub(crate) fn live_owner(&self, spec: &ProcessSpec, live: &Live) -> Option<String> {
        let command = crate::debug::text_of(&spec.command);
        let expected = Expected {
            cwd: &spec.cwd,
            command: &command,
            live,
        };
        match relation(self.holder.as_ref()?, &expected) {
            Relation::Live { process } => Some(process),
            Relation::OldRun { .. }
            | Relation::SameCommand
            | Relation::OtherWorkspace
            | Relation::Container
            | Relation::Hidden
            | Relation::Stranger => None,
        }
    }

    /// The same for people and scripts.
    pub(crate) fn conflict(&self, spec: &ProcessSpec, live: &Live) -> Conflict {
        let holder = self.holder.as_ref();
        let started = holder.and_then(|one| one.started_at);
        Conflict {
            name: spec.name.clone(),
            port: self.port,
            pid: self.pid,
            command: holder.and_then(|one| one.command.clone()),
            started_at: started
                .and_then(|at| u64::try_from(at.as_nanos()).ok())
                .map(clock::rfc3339),
            old_run: holder.is_some_and(|one| is_old_run(one, spec, live)),
        }
    }
}

/// Whether a process is left of an earlier time of this workspace, by mark or by what it does where.
fn is_old_run(holder: &Port, spec: &ProcessSpec, live: &Live) -> bool {
    let command = crate::debug::text_of(&spec.command);
    let expected = Expected {
        cwd: &spec.cwd,
        command: &command,
        live,
    };
    match relation(holder, &expected) {
        Relation::OldRun { .. } | Relation::SameCommand => true,
        Relation::Live { .. }
        | Relation::OtherWorkspace
        | Relation::Container
        | Relation::Hidden
        | Relation::Stranger => false,
    }
}

/// A port that nobody has, the same one each time for the same process of the same folder.
pub(crate) fn automatic(layout: &Layout, name: &str, others: &[u16]) -> Result<u16, String> {
    // Shared by all workspaces of this user: the folder in which their folders lie.
    let shared = layout.state().parent().and_then(Path::parent);
    let shared = shared.unwrap_or(layout.state());
    let choice = stable_port(shared, layout.workspace(), name, others)
        .map_err(|error| format!("cannot choose a port: {error}"))?;
    if let Some(aside) = choice.damaged {
        eprintln!(
            "supervisor: the registry of ports was damaged and is now {}",
            aside.display()
        );
    }
    Ok(choice.port)
}

/// The next port above this one that nobody has.
pub(crate) fn next_free(from: u16, listening: &Listening, others: &[u16]) -> Option<u16> {
    (from.checked_add(1)?..=u16::MAX)
        .take(1_000)
        .find(|port| !others.contains(port) && !listening.anybody(*port))
}

impl Supervisor {
    /// Ends who has a port, beside the loop; [`Input::Freed`] tells of it.
    pub(crate) fn free_port(&mut self, name: &str, run: RunId, taken: Taken, forges: Vec<i32>) {
        let (inbox, own) = (self.inbox.clone(), name.to_string());
        let workspace = self.workspace();
        let work = move || free(taken.port, &workspace, &forges);
        let task = Task::spawn(async move {
            let result = tokio::task::spawn_blocking(work)
                .await
                .unwrap_or_else(|error| Err(error.to_string()));
            let _ = inbox.send(Input::Freed {
                name: own,
                run,
                result,
            });
        });
        if let Some(managed) = self.managed.get_mut(name) {
            managed.launching = Some(Launching::Preparing(run, task));
        }
    }

    /// All that is Forge here and must never be killed.
    pub(crate) fn pids_of_forge(&self) -> Vec<i32> {
        let own = i32::try_from(std::process::id()).unwrap_or(0);
        let shims = self.managed.values().filter_map(|one| one.shim_pid());
        shims.chain([own, 1]).chain(self.keeper_pid()).collect()
    }

    /// The keeper is the parent of the supervisor.
    pub(crate) fn keeper_pid(&self) -> Option<i32> {
        forge_os::holder(&self.layout.keeper_lock()).ok().flatten()
    }
}

/// Ends the holders of a port, each only while it still holds that very socket.
fn free(port: u16, workspace: &Path, forges: &[i32]) -> Result<(), String> {
    let io = |error: std::io::Error| format!("cannot look who has port {port}: {error}");
    let viewpoint = Viewpoint::of_workspace(workspace);
    let plan = kill_port::look(port, &[Protocol::Tcp], &viewpoint, forges).map_err(io)?;
    // What bears this workspace's mark and has this port is an old run: its process is down.
    let plan = plan.with_managed();
    if let Some(holder) = plan.refused().next() {
        let who = holder
            .pid
            .map_or("somebody".to_string(), |pid| format!("pid {pid}"));
        let why = machine::refusal(&holder.verdict);
        return Err(format!("port {port} is held by {who}: {why}"));
    }
    let outcome = plan.carry_out(machine::patience(false)).map_err(io)?;
    match outcome.is_free() {
        true => Ok(()),
        false => Err(format!(
            "port {port} is still taken after its holder was killed"
        )),
    }
}
