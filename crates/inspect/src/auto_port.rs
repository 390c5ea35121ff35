//! Ports that Forge chooses: the same one each time for a process in a folder, and never one that another
//! workspace of this machine has.
//!
//! Where to begin is computed from folder and name, so that even without the registry the answer is nearly always
//! the same. The registry, one file for the whole machine and user under a lock, settles what the computation cannot:
//! two folders that begin at the same place, and a port that a stranger holds today.

mod registry;

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;

use forge_os::process_table;
use forge_os::sockets::{Protocol, Sockets};

use registry::Registry;

/// Ports are chosen from here on: above what frameworks like, below what the kernel gives to clients.
const FIRST: u16 = 20_011;
/// So many; a prime, so that every stride visits all of them.
const COUNT: u16 = 9_973;

/// A port that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The port; nobody listens on it, and nobody else was promised it.
    pub port: u16,
    /// The port that this process has otherwise, which somebody holds at the moment.
    pub instead_of: Option<u16>,
    /// A registry that could not be read was set aside under this name.
    pub damaged: Option<std::path::PathBuf>,
}

/// The port of a process whose port is `auto`. `state` is the folder that all workspaces of this user share;
/// `process` names the process within the folder `workspace`; `taken` are ports that the workspace has
/// given out otherwise.
///
/// # Errors
/// When the registry cannot be locked, read or written, or no port is free.
pub fn stable_port(
    state: &Path,
    workspace: &Path,
    process: &str,
    taken: &[u16],
) -> io::Result<Choice> {
    let mut registry = Registry::open(state)?;
    let listening = listening()?;
    let free = |port: u16| !taken.contains(&port) && !listening.contains(&port) && can_bind(port);
    let own = registry.port_of(workspace, process);
    if let Some(own) = own.filter(|port| free(*port)) {
        return Ok(Choice {
            port: own,
            instead_of: None,
            damaged: registry.damaged(),
        });
    }
    let before = registry.stand_in_of(workspace, process);
    let promised = registry.promised_to_others(workspace, process);
    let found = before
        .into_iter()
        .chain(candidates(workspace, process))
        .find(|port| Some(*port) != own && !promised.contains(port) && free(*port));
    let Some(port) = found else {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("no port from {FIRST} on is free for {process}; set `port` to a number"),
        ));
    };
    registry.promise(workspace, process, port, own.is_some())?;
    Ok(Choice {
        port,
        instead_of: own,
        damaged: registry.damaged(),
    })
}

/// Forgets the ports of a workspace, or of one of its processes.
///
/// # Errors
/// As [`stable_port`].
pub fn forget(state: &Path, workspace: &Path, process: Option<&str>) -> io::Result<()> {
    Registry::open(state)?.forget(workspace, process)
}

/// The ports that a process may get, in the order of preference; each once. None of them is given to clients by the
/// kernel, unless that takes nearly all.
pub fn candidates(workspace: &Path, process: &str) -> impl Iterator<Item = u16> {
    let hash = hash(workspace, process);
    let begin = (hash % u64::from(COUNT)) as u32;
    let stride = 1 + ((hash >> 32) % u64::from(COUNT - 1)) as u32;
    let ephemeral = process_table::ephemeral_ports().filter(|range| {
        // A machine may give out everything; then there is nothing better to be had.
        !(*range.start() <= FIRST && *range.end() >= FIRST + COUNT - 1)
    });
    (0..u32::from(COUNT))
        .map(move |step| FIRST + ((begin + step * stride) % u32::from(COUNT)) as u16)
        .filter(move |port| !ephemeral.as_ref().is_some_and(|range| range.contains(port)))
}

/// Whether both protocols would give the port to a program now.
pub fn is_free(port: u16) -> io::Result<bool> {
    Ok(!listening()?.contains(&port) && can_bind(port))
}

fn listening() -> io::Result<HashSet<u16>> {
    let mut listeners = Vec::new();
    Sockets::open().listeners(Protocol::Tcp, &mut listeners)?;
    Ok(listeners.iter().map(|listener| listener.port).collect())
}

/// Tells of what no list of listeners shows: a socket that is bound and does not listen yet, or a port
/// that this user may not have.
fn can_bind(port: u16) -> bool {
    let v4 = TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).map(drop);
    let v6 = TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).map(drop);
    let refused = |result: io::Result<()>| {
        result.is_err_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
            )
        })
    };
    // A machine without IPv6 refuses that for another reason, and then nobody can be in the way there.
    !refused(v4) && !refused(v6)
}

/// FNV-1a, finished so that near names lie far apart; never to change, or all ports would.
fn hash(workspace: &Path, process: &str) -> u64 {
    let path = workspace.as_os_str().as_encoded_bytes();
    let bytes = path.iter().chain(&[0]).chain(process.as_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests;
