//! Ports of processes: whose they are, how they are freed, and which one is free.

use std::path::Path;
use std::time::Duration;

use forge_api::Conflict;
use forge_inspect::ports::{Port, holders_of, still_holds};
use forge_os::Pidfd;
use forge_os::process_table;
use forge_os::sockets::Protocol;

use crate::clock;
use crate::input::Input;
use crate::managed::{Launching, Task};
use crate::own_port::Listening;
use crate::supervisor::Supervisor;
use forge_facts::{RunId, mark};

const SIGTERM: i32 = 15;
const SIGKILL: i32 = 9;

/// How long the holder of a port may take to end by itself, and then to be gone.
const TERM_PATIENCE: Duration = Duration::from_secs(5);
const KILL_PATIENCE: Duration = Duration::from_secs(2);

/// Below the range that Linux gives to outgoing connections (`ip_local_port_range`, 32768 on).
const AUTOMATIC: std::ops::Range<u16> = 20_000..30_000;

/// A port that somebody listens on.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) port: u16,
    pub(crate) pid: Option<i32>,
    pub(crate) start_ticks: Option<u64>,
    holder: Option<Port>,
}

/// Who listens on this TCP port, as of now.
pub(crate) fn taken(listening: &Listening, port: u16) -> Option<Taken> {
    if !listening.anybody(port) {
        return None;
    }
    let holders = holders_of(port).unwrap_or_default();
    let tcp = |one: &Port| one.protocol == Protocol::Tcp;
    // Whoever can be seen says more than who cannot.
    let holder = holders
        .iter()
        .filter(|one| tcp(one))
        .max_by_key(|one| one.pid.is_some())
        .cloned();
    Some(Taken {
        port,
        pid: holder.as_ref().and_then(|one| one.pid),
        start_ticks: holder.as_ref().and_then(|one| one.start_ticks),
        holder,
    })
}

impl Taken {
    /// The same for people and scripts.
    pub(crate) fn conflict(&self, name: &str, workspace: &Path) -> Conflict {
        let holder = self.holder.as_ref();
        let started = holder.and_then(|one| one.started_at);
        Conflict {
            name: name.to_string(),
            port: self.port,
            pid: self.pid,
            command: holder.and_then(|one| one.command.clone()),
            started_at: started
                .and_then(|at| u64::try_from(at.as_nanos()).ok())
                .map(clock::rfc3339),
            old_run: self.pid.is_some_and(|pid| is_old_run(pid, workspace)),
        }
    }
}

/// Whether a process is left of an earlier time of this workspace: it bears the workspace's mark, or it
/// runs in its folder and has no parent any more.
fn is_old_run(pid: i32, workspace: &Path) -> bool {
    let mark = format!("{}={}", mark::WORKSPACE, workspace.display());
    let marked = process_table::environment(pid)
        .is_ok_and(|all| all.iter().any(|entry| entry == mark.as_bytes()));
    let below = || process_table::cwd(pid).is_ok_and(|cwd| cwd.starts_with(workspace));
    let orphan = || forge_os::stat(pid).is_ok_and(|stat| stat.parent == 1);
    marked || (below() && orphan())
}

/// A port that nobody has, the same one each time for the same process of the same folder.
pub(crate) fn automatic(
    workspace: &Path,
    name: &str,
    listening: &Listening,
    others: &[u16],
) -> Option<u16> {
    let size = u64::from(AUTOMATIC.end - AUTOMATIC.start);
    let key = format!("{}\0{name}", workspace.display());
    // FNV-1a: the same in every version.
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (0..size)
        .map(|step| AUTOMATIC.start + ((hash.wrapping_add(step)) % size) as u16)
        .find(|port| !others.contains(port) && !listening.anybody(*port))
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
        let listening = self.listening.clone();
        let work = move || free(&taken, &forges, &listening);
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

/// Ends the holder of a port: TERM, then KILL, each only while it still holds that very socket.
fn free(taken: &Taken, forges: &[i32], listening: &Listening) -> Result<(), String> {
    let port = taken.port;
    let (Some(pid), Some(holder)) = (taken.pid, &taken.holder) else {
        return Err(format!(
            "port {port} is held by a process that cannot be seen; its owner or root can end it"
        ));
    };
    if pid <= 1 || forges.contains(&pid) {
        return Err(format!("port {port} is held by pid {pid}, which must live"));
    }
    for (signal, patience) in [(SIGTERM, TERM_PATIENCE), (SIGKILL, KILL_PATIENCE)] {
        let pinned: Vec<Pidfd> = holder
            .pids
            .iter()
            .filter(|pid| !forges.contains(pid))
            .filter_map(|pid| Some((*pid, Pidfd::open(*pid).ok()?)))
            // Asked again now that it is pinned: the pid may have changed hands.
            .filter(|(pid, _)| still_holds(*pid, holder.socket))
            .map(|(_, pidfd)| pidfd)
            .collect();
        for pidfd in &pinned {
            pidfd
                .signal(signal)
                .map_err(|error| format!("cannot end pid {pid}, which has port {port}: {error}"))?;
        }
        for pidfd in &pinned {
            pidfd.wait_for(patience);
        }
        if !listening.anybody(port) {
            return Ok(());
        }
    }
    Err(format!("port {port} is still taken after pid {pid} was killed"))
}
