//! Ports, orphans and hogs of this machine, as the API tells them. Needs no supervisor: what is known by looking
//! is known here, and a supervisor adds what it manages.

use std::io;
use std::path::Path;
use std::time::Duration;

use forge_api as api;
use forge_inspect::hogs::Hog;
use forge_inspect::kill_port::{Plan, Verdict};
use forge_inspect::orphans::{self, Former, Live, Orphan};
use forge_inspect::ports::{self, Port};
use forge_inspect::{Owner, Viewpoint};
use forge_os::sockets::Protocol;
use forge_services::containers::{Container, Engine};

use crate::clock;

pub use forge_inspect::kill_port::look;

/// The name of the owner of what belongs to a container.
const CONTAINER: &str = "container";
/// How long an engine may take to tell the names of its containers.
const ENGINE_PATIENCE: Duration = Duration::from_secs(2);

/// How long a process may take to end by itself, and then to be gone.
pub(crate) fn patience(force: bool) -> forge_inspect::Patience {
    forge_inspect::Patience {
        term: if force {
            Duration::ZERO
        } else {
            Duration::from_secs(5)
        },
        kill: Duration::from_secs(2),
    }
}

/// All sockets that wait for others; without `all` those of this workspace.
///
/// # Errors
/// When the kernel does not tell which sockets there are.
pub fn all_ports(viewpoint: &Viewpoint<'_>, all: bool) -> io::Result<api::PortsAnswer> {
    let ports = ports::table(viewpoint)?;
    let wanted = ports
        .iter()
        .filter(|port| all || port.owner == Owner::ThisWorkspace);
    Ok(api::PortsAnswer {
        ports: wanted.map(row).collect(),
    })
}

/// Gives the sockets of containers, whose holder is the engine's servant, the names of the containers.
pub async fn name_containers(answer: &mut api::PortsAnswer) {
    let unnamed = |row: &api::PortRow| row.owner == CONTAINER && row.name.is_none();
    if !answer.ports.iter().any(unnamed) {
        return;
    }
    let Some(engine) = Engine::find(&|name| std::env::var_os(name)) else {
        return;
    };
    // An engine that does not tell leaves them without.
    let Ok(containers) = engine.containers(ENGINE_PATIENCE).await else {
        return;
    };
    for row in answer.ports.iter_mut().filter(|row| unnamed(row)) {
        let leads_here = |one: &&Container| {
            let mut published = one.published.iter();
            published.any(|port| port.host == row.port && port.udp == (row.protocol == "udp"))
        };
        let found = containers.iter().find(leads_here);
        row.name = found.map(|container| container.name.clone());
    }
}

/// Who listens on one port.
///
/// # Errors
/// As [`all_ports`].
pub fn on_port(viewpoint: &Viewpoint<'_>, port: u16) -> io::Result<Vec<api::PortRow>> {
    let found = ports::holders_seen_by(viewpoint, port, &[Protocol::Tcp, Protocol::Udp])?;
    Ok(found.iter().map(row).collect())
}

/// Frees a port as far as its holders are nobody's processes; blocks for seconds.
///
/// # Errors
/// As [`all_ports`].
pub fn free_port(plan: &Plan, force: bool) -> io::Result<api::KillPortAnswer> {
    let refused = plan.refused().map(|holder| api::Refused {
        pid: holder.pid,
        why: refusal(&holder.verdict).to_string(),
    });
    let refused: Vec<api::Refused> = refused.collect();
    let outcome = plan.carry_out(patience(force))?;
    let changed = outcome.changed_hands.iter().map(|pid| api::Refused {
        pid: Some(*pid),
        why: "it does not hold the port any more".to_string(),
    });
    let left = outcome.ending.left.iter().map(|left| api::Refused {
        pid: Some(left.pid),
        why: left.why.clone(),
    });
    Ok(api::KillPortAnswer {
        ok: outcome.is_free(),
        port: plan.port,
        stopped: Vec::new(),
        refused: refused.into_iter().chain(changed).chain(left).collect(),
        ended: outcome.ending.ended,
        killed: outcome.ending.killed,
    })
}

/// Why a holder of a port is not ended.
pub fn refusal(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::End => "it may be ended",
        Verdict::Managed => "it is a process of this workspace: `forge dev stop` stops it",
        Verdict::ManagedElsewhere => {
            "it is a process of another workspace: `forge dev stop` there stops it"
        }
        Verdict::Container => "it belongs to a container: stop that instead",
        Verdict::Init => "nobody may end process 1",
        Verdict::OwnLine => "it is this program, or one that started it",
        Verdict::Forge => "it is a part of Forge",
        Verdict::Hidden => "it is another user's: its owner or root can end it",
    }
}

/// What was left behind in a workspace.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn find_orphans(
    workspace: &Path,
    live: &Live,
    former: &[Former],
) -> io::Result<Vec<(Orphan, api::OrphanRow)>> {
    let found = orphans::find(workspace, live, former)?;
    Ok(found
        .into_iter()
        .map(|orphan| {
            let row = orphan_row(&orphan);
            (orphan, row)
        })
        .collect())
}

/// Ends what was left behind, whole trees; blocks for seconds.
pub fn end_orphans(found: Vec<(Orphan, api::OrphanRow)>, live: &Live) -> api::OrphansAnswer {
    let ended = found.into_iter().map(|(orphan, mut row)| {
        let end = orphans::end(&orphan, live, patience(false));
        row.ended = Some(end.is_ok_and(|ending| ending.left.is_empty()));
        row
    });
    api::OrphansAnswer {
        orphans: ended.collect(),
    }
}

fn orphan_row(orphan: &Orphan) -> api::OrphanRow {
    api::OrphanRow {
        pid: orphan.pid,
        pids: orphan.pids(),
        command: orphan.command.clone(),
        cwd: orphan
            .cwd
            .as_ref()
            .map(|cwd| cwd.to_string_lossy().into_owned()),
        ports: orphan.ports.clone(),
        memory_bytes: orphan.memory_bytes,
        started_at: since_1970(orphan.started_at),
        reason: orphan.reason.text(),
        ended: None,
    }
}

fn row(port: &Port) -> api::PortRow {
    api::PortRow {
        protocol: port.protocol.name().to_string(),
        address: port.address.to_string(),
        port: port.port,
        pid: port.pid,
        process: port.process.clone(),
        command: port.command.clone(),
        started_at: port.started_at.and_then(since_1970),
        owner: port.owner.name().to_string(),
        name: port.name.clone(),
        container: None,
        workspace: port
            .workspace
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned()),
        uid: port.uid,
    }
}

fn since_1970(time: Duration) -> Option<String> {
    let nanos = u64::try_from(time.as_nanos()).ok()?;
    Some(crate::clock::rfc3339(nanos))
}

/// One of those that use most, as it is told.
pub fn hog(hog: Hog) -> api::Hog {
    api::Hog {
        pid: hog.pid,
        ppid: hog.ppid,
        command: hog.command,
        cpu_percent: hog
            .cpu_percent
            .map(|cpu| (f64::from(cpu) * 10.0).round() / 10.0),
        memory_bytes: hog.memory_bytes,
        started_at: u64::try_from(hog.started_at.as_nanos())
            .ok()
            .map(clock::rfc3339),
        owner: hog.owner.name().to_string(),
        workspace: hog
            .workspace
            .map(|path| path.to_string_lossy().into_owned()),
        name: hog.name,
    }
}
