//! Every socket of this machine that waits for others, and whose it is.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use forge_os::process_table::{self, Listed, ProcessTable};
use forge_os::sockets::{Inode, Listener, Protocol, Sockets, sockets_of};

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
    /// The command line of `pid`.
    pub command: Option<String>,
    /// When `pid` started, since 1970.
    pub started_at: Option<Duration>,
    /// When `pid` started, in ticks since the machine started: with the pid, names the process.
    pub start_ticks: Option<u64>,
}

/// All TCP sockets that listen and all UDP sockets that are bound and not connected, by port.
///
/// # Errors
/// When the kernel does not tell which sockets there are.
pub fn table() -> io::Result<Vec<Port>> {
    table_of(|_| true)
}

/// The same of one port.
///
/// # Errors
/// As [`table`].
pub fn holders_of(port: u16) -> io::Result<Vec<Port>> {
    table_of(|listener| listener.port == port)
}

/// Whether a process has this socket open: to be asked again after a process was pinned by a pidfd and
/// before it is sent a signal.
pub fn still_holds(pid: i32, socket: Inode) -> bool {
    let mut holds = false;
    // One that cannot be looked into is not known to hold anything.
    let _ = sockets_of(pid, |inode| holds |= inode == socket);
    holds
}

fn table_of(wanted: impl Fn(&Listener) -> bool) -> io::Result<Vec<Port>> {
    let mut sockets = Sockets::open();
    let mut listeners = Vec::new();
    let mut some = Vec::new();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        sockets.listeners(protocol, &mut some)?;
        listeners.extend(some.iter().copied().filter(&wanted));
    }
    let mut holders = holders(&listeners)?;
    let mut ports: Vec<Port> = listeners
        .into_iter()
        .map(|listener| {
            port(
                listener,
                holders.remove(&listener.inode).unwrap_or_default(),
            )
        })
        .collect();
    ports.sort_by_key(|port| (port.port, port.protocol, port.address, port.pid));
    Ok(ports)
}

/// A process that holds a socket.
#[derive(Debug, Clone)]
struct Holder {
    pid: i32,
    start_ticks: u64,
    short_name: String,
}

fn holders(listeners: &[Listener]) -> io::Result<HashMap<Inode, Vec<Holder>>> {
    let mut holders: HashMap<Inode, Vec<Holder>> = HashMap::new();
    holders.extend(
        listeners
            .iter()
            .map(|listener| (listener.inode, Vec::new())),
    );
    if holders.is_empty() {
        return Ok(holders);
    }
    let mut table = ProcessTable::open()?;
    let mut listing: Vec<Listed> = Vec::new();
    table.list(&mut listing)?;
    for Listed { pid, .. } in listing {
        let mut held = Vec::new();
        let looked = sockets_of(pid, |inode| {
            if holders.contains_key(&inode) && !held.contains(&inode) {
                held.push(inode);
            }
        });
        if looked.is_err() || held.is_empty() {
            continue;
        }
        let Ok(stat) = table.stat(pid) else { continue };
        for inode in held {
            let holder = Holder {
                pid,
                start_ticks: stat.start_ticks,
                short_name: stat.comm.to_text().into_owned(),
            };
            holders.entry(inode).or_default().push(holder);
        }
    }
    for holders in holders.values_mut() {
        holders.sort_by_key(|holder| (holder.start_ticks, holder.pid));
    }
    Ok(holders)
}

fn port(listener: Listener, holders: Vec<Holder>) -> Port {
    let oldest = holders.first();
    let start_ticks = oldest.map(|holder| holder.start_ticks);
    Port {
        protocol: listener.protocol,
        address: listener.address,
        port: listener.port,
        uid: listener.uid,
        socket: listener.inode,
        pid: oldest.map(|holder| holder.pid),
        pids: holders.iter().map(|holder| holder.pid).collect(),
        command: oldest.map(|holder| command_text(holder.pid, &holder.short_name)),
        started_at: start_ticks.map(process_table::started_at),
        start_ticks,
    }
}
