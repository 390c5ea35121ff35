//! Every socket of this machine that waits for others, and whose it is.
//!
//! Only sockets that *wait* count: a program that is a client of a port does not hold it, and must never be
//! taken for the one in the way.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use forge_os::process_table::{self, Listed, ProcessTable, Stat};
use forge_os::sockets::{Inode, Listener, Protocol, Sockets, sockets_of};

use crate::owner::{Claim, Claims, Owner, Viewpoint};
use crate::tree::command_text;

/// A socket that waits for others. What another user's permissions hide is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    /// Transport.
    pub protocol: Protocol,
    /// Where it waits; unspecified for everywhere.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The user who made the socket.
    pub uid: u32,
    /// The socket's number, by which [`still_holds`] knows it again.
    pub socket: Inode,
    /// The oldest of the processes that hold it: the server rather than its workers.
    pub pid: Option<i32>,
    /// All processes that hold it and can be seen, oldest first.
    pub pids: Vec<i32>,
    /// The kernel's short name of `pid`.
    pub process: Option<String>,
    /// The command line of `pid`.
    pub command: Option<String>,
    /// When `pid` started, since 1970.
    pub started_at: Option<Duration>,
    /// When `pid` started, in ticks since the machine started: with the pid, names the process.
    pub start_ticks: Option<u64>,
    /// Whose it is.
    pub owner: Owner,
    /// The workspace, where it is a process of one.
    pub workspace: Option<PathBuf>,
    /// The name of the process there.
    pub name: Option<String>,
    /// The run that it names.
    pub run_id: Option<String>,
    /// The id of the container that `pid` runs in.
    pub container_id: Option<String>,
}

/// All TCP sockets that listen and all UDP sockets that are bound and not connected, by port.
///
/// # Errors
/// When the kernel does not tell which sockets there are.
pub fn table(viewpoint: &Viewpoint<'_>) -> io::Result<Vec<Port>> {
    table_of(viewpoint, &[Protocol::Tcp, Protocol::Udp], |_| true)
}

/// The same of one port, seen by nobody in particular.
///
/// # Errors
/// As [`table`].
pub fn holders_of(port: u16) -> io::Result<Vec<Port>> {
    let protocols = [Protocol::Tcp, Protocol::Udp];
    holders_seen_by(&Viewpoint::outside(), port, &protocols)
}

/// The same of one port.
///
/// # Errors
/// As [`table`].
pub fn holders_seen_by(
    viewpoint: &Viewpoint<'_>,
    port: u16,
    protocols: &[Protocol],
) -> io::Result<Vec<Port>> {
    table_of(viewpoint, protocols, |listener| listener.port == port)
}

/// Whether nothing waits on a port by TCP, neither by IPv4 nor by IPv6.
///
/// # Errors
/// As [`table`].
pub fn is_free(port: u16) -> io::Result<bool> {
    let mut listeners = Vec::new();
    Sockets::open().listeners(Protocol::Tcp, &mut listeners)?;
    Ok(listeners.iter().all(|listener| listener.port != port))
}

/// Whether a process has this socket open: to be asked again after a process was pinned by a pidfd and
/// before it is sent a signal.
pub fn still_holds(pid: i32, socket: Inode) -> bool {
    let mut holds = false;
    // One that cannot be looked into is not known to hold anything.
    let _ = sockets_of(pid, |inode| holds |= inode == socket);
    holds
}

fn table_of(
    viewpoint: &Viewpoint<'_>,
    protocols: &[Protocol],
    wanted: impl Fn(&Listener) -> bool,
) -> io::Result<Vec<Port>> {
    let mut sockets = Sockets::open();
    let mut listeners = Vec::new();
    let mut some = Vec::new();
    for protocol in protocols {
        sockets.listeners(*protocol, &mut some)?;
        listeners.extend(some.iter().copied().filter(&wanted));
    }
    if listeners.is_empty() {
        return Ok(Vec::new());
    }
    let mut table = ProcessTable::open()?;
    let mut holders = holders(&mut table, &listeners)?;
    let mut people = People {
        table,
        claims: Claims::new(*viewpoint),
        known: HashMap::new(),
    };
    let mut ports: Vec<Port> = listeners
        .into_iter()
        .map(|listener| {
            let holders = holders.remove(&listener.inode).unwrap_or_default();
            people.port(listener, &holders)
        })
        .collect();
    ports.sort_by_key(|port| (port.port, port.protocol, port.address, port.pid));
    Ok(ports)
}

/// A process that holds a socket.
type Holder = Stat;

fn holders(
    table: &mut ProcessTable,
    listeners: &[Listener],
) -> io::Result<HashMap<Inode, Vec<Holder>>> {
    let inodes = listeners.iter().map(|listener| listener.inode);
    let mut holders: HashMap<Inode, Vec<Holder>> = inodes.map(|i| (i, Vec::new())).collect();
    let mut listing: Vec<Listed> = Vec::new();
    table.list(&mut listing)?;
    let mut held = Vec::new();
    for Listed { pid, .. } in listing {
        held.clear();
        let looked = sockets_of(pid, |inode| {
            if holders.contains_key(&inode) && !held.contains(&inode) {
                held.push(inode);
            }
        });
        if looked.is_err() || held.is_empty() {
            continue;
        }
        let Ok(stat) = table.stat(pid) else { continue };
        for inode in &held {
            holders.entry(*inode).or_default().push(stat);
        }
    }
    for holders in holders.values_mut() {
        holders.sort_by_key(|holder| (holder.start_ticks, holder.pid));
    }
    Ok(holders)
}

/// What was found out about holders; many sockets may be of one.
struct People<'a> {
    table: ProcessTable,
    claims: Claims<'a>,
    known: HashMap<i32, (String, Claim)>,
}

impl People<'_> {
    fn port(&mut self, listener: Listener, holders: &[Holder]) -> Port {
        let oldest = holders.first();
        let known = oldest.map(|holder| self.of(holder));
        let claim = known.as_ref().map(|(_, claim)| claim.clone());
        let start_ticks = oldest.map(|holder| holder.start_ticks);
        Port {
            protocol: listener.protocol,
            address: listener.address,
            port: listener.port,
            uid: listener.uid,
            socket: listener.inode,
            pid: oldest.map(|holder| holder.pid),
            pids: holders.iter().map(|holder| holder.pid).collect(),
            process: oldest.map(|holder| holder.comm.to_text().into_owned()),
            command: known.map(|(command, _)| command),
            started_at: start_ticks.map(process_table::started_at),
            start_ticks,
            owner: claim.as_ref().map_or(Owner::Unknown, |claim| claim.owner),
            workspace: claim.as_ref().and_then(|claim| claim.workspace.clone()),
            name: claim.as_ref().and_then(|claim| claim.name.clone()),
            run_id: claim.as_ref().and_then(|claim| claim.run_id.clone()),
            container_id: claim.and_then(|claim| claim.container_id),
        }
    }

    fn of(&mut self, holder: &Holder) -> (String, Claim) {
        if let Some(known) = self.known.get(&holder.pid) {
            return known.clone();
        }
        let command = command_text(holder.pid, &holder.comm.to_text());
        let claim = self.claims.claim(&mut self.table, holder);
        self.known
            .insert(holder.pid, (command.clone(), claim.clone()));
        (command, claim)
    }
}
