//! Which sockets there are, whose they are, and how many bytes went through them.
//!
//! The kernel answers by two ways. `NETLINK_SOCK_DIAG` gives exactly the sockets that are asked for, in
//! binary, needs no right, and knows the bytes of each TCP connection; `/proc/net` formats all sockets
//! as text. [`Sockets`] uses the first and falls back to the second where a kernel or a sandbox has no
//! such netlink family; byte counts are then unknown, which is an error and never 0.
//!
//! Neither names a process. A socket has an inode number, and the processes that hold it have
//! `/proc/PID/fd/N -> socket:[INODE]` ([`sockets_of`]); for other users' processes that is hidden.
//!
//! All of this sees one network namespace: that of the calling thread.

mod diag;
mod holders;
mod text;

use std::io;
use std::net::IpAddr;

use diag::{Diag, Question};

pub use diag::{ClosedConnections, Connection};
pub use holders::{Inode, sockets_of};

/// The transport of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The name used in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

/// A socket that waits for others: a TCP socket that listens, or a UDP socket that is bound and not
/// connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listener {
    /// Transport.
    pub protocol: Protocol,
    /// Where it listens; unspecified for everywhere. `::` also takes IPv4 unless the program forbade it.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// By which its holders are found.
    pub inode: Inode,
    /// Who made it.
    pub uid: u32,
}

/// A way to ask the kernel about sockets, with what it needs kept open.
#[derive(Debug)]
pub struct Sockets {
    diag: Option<Diag>,
}

impl Default for Sockets {
    fn default() -> Self {
        Self::open()
    }
}

impl Sockets {
    /// Opens the better way, or prepares the other where the kernel refuses it.
    pub fn open() -> Self {
        Sockets {
            diag: Diag::open().ok(),
        }
    }

    /// Only the text files, as where the kernel refuses netlink.
    #[cfg(test)]
    fn by_text() -> Self {
        Sockets { diag: None }
    }

    /// Puts the sockets of a protocol that wait for others, IPv4 and IPv6, into `out`.
    ///
    /// # Errors
    /// When neither netlink nor `/proc/net` can be read; `out` is then incomplete.
    pub fn listeners(&mut self, protocol: Protocol, out: &mut Vec<Listener>) -> io::Result<()> {
        out.clear();
        if let Some(diag) = &mut self.diag {
            if diag.listeners(protocol, out).is_ok() {
                return Ok(());
            }
            out.clear();
        }
        text::listeners(protocol, out)
    }

    /// Calls `visit` for each TCP connection with its byte counts; those that were never established
    /// and those that only wait out their time are left out.
    ///
    /// # Errors
    /// When the kernel has no `NETLINK_SOCK_DIAG`: nothing else knows the counts.
    pub fn connections(&mut self, mut visit: impl FnMut(Connection)) -> io::Result<()> {
        let diag = self.diag.as_mut().ok_or(io::ErrorKind::Unsupported)?;
        diag.ask(Question::connections(), |answer| {
            if let Some(connection) = answer.connection() {
                visit(connection);
            }
        })
    }

    /// Where the given processes listen by TCP: port and address, sorted, each once.
    ///
    /// Made to be asked every few milliseconds while a process starts: lists only listening sockets
    /// and looks only into these processes. A process that is gone or hidden has no ports.
    ///
    /// # Errors
    /// As [`Sockets::listeners`].
    pub fn listening_ports_of(&mut self, pids: &[i32]) -> io::Result<Vec<(u16, IpAddr)>> {
        let mut listeners = Vec::new();
        self.listeners(Protocol::Tcp, &mut listeners)?;
        listeners.sort_unstable_by_key(|listener| listener.inode);
        let mut ports = Vec::new();
        for pid in pids {
            if listeners.is_empty() {
                break;
            }
            // A process that cannot be looked into adds nothing; the others still count.
            let _ = sockets_of(*pid, |inode| {
                if let Ok(place) = listeners.binary_search_by_key(&inode, |l| l.inode) {
                    ports.push((listeners[place].port, listeners[place].address));
                }
            });
        }
        ports.sort_unstable();
        ports.dedup();
        Ok(ports)
    }
}

#[cfg(test)]
mod tests;
