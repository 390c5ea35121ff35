//! Whether a tree listens on its own port: asked every few milliseconds by every process that starts,
//! so one look at the kernel's table serves all of them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use forge_os::sockets::{Inode, Listener, Protocol, Sockets, sockets_of};

/// How long one look is good for.
const FRESH: Duration = Duration::from_millis(5);

/// Listening TCP sockets of this machine, looked at rarely enough.
pub(crate) struct Listening(Mutex<Look>);

struct Look {
    sockets: Sockets,
    listeners: Vec<Listener>,
    at: Option<Instant>,
}

impl Listening {
    pub(crate) fn new() -> Self {
        Listening(Mutex::new(Look {
            sockets: Sockets::open(),
            listeners: Vec::new(),
            at: None,
        }))
    }

    /// Whether anything of the tree below a shim listens on this port.
    pub(crate) fn tree_listens(&self, shim: i32, port: u16) -> bool {
        let sockets = self.on(port);
        !sockets.is_empty() && tree_of(shim).any(|pid| holds(pid, &sockets))
    }

    /// Whether this process or anything below it listens on this port.
    pub(crate) fn process_listens(&self, pid: i32, port: u16) -> bool {
        let sockets = self.on(port);
        !sockets.is_empty()
            && std::iter::once(pid)
                .chain(tree_of(pid))
                .any(|pid| holds(pid, &sockets))
    }

    /// The ports on which these processes listen, sorted.
    pub(crate) fn ports_of(&self, pids: &[i32]) -> Vec<u16> {
        let listeners = {
            let mut look = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            look.refresh();
            look.listeners.clone()
        };
        let mut ports = Vec::new();
        for pid in pids.iter().copied() {
            // One that cannot be looked into is not known to hold anything.
            let _ = sockets_of(pid, |inode| {
                let own = listeners.iter().filter(|one| one.inode == inode);
                ports.extend(own.map(|one| one.port));
            });
        }
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Whether anybody at all listens there, as of now.
    pub(crate) fn anybody(&self, port: u16) -> bool {
        let mut look = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look.at = None;
        look.refresh();
        look.listeners.iter().any(|one| one.port == port)
    }

    fn on(&self, port: u16) -> Vec<Inode> {
        let mut look = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look.refresh();
        let ours = look.listeners.iter().filter(|one| one.port == port);
        ours.map(|one| one.inode).collect()
    }
}

impl Look {
    fn refresh(&mut self) {
        if self.at.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        // A kernel that tells nothing: nobody is seen to listen, and the check says so.
        if self
            .sockets
            .listeners(Protocol::Tcp, &mut self.listeners)
            .is_err()
        {
            self.listeners.clear();
        }
        self.at = Some(Instant::now());
    }
}

/// All that descends from a process.
pub(crate) fn tree_of(pid: i32) -> impl Iterator<Item = i32> {
    let mut next = forge_os::children(pid);
    let mut seen = 0;
    std::iter::from_fn(move || {
        let pid = next.pop()?;
        seen += 1;
        // A tree that grows faster than it is walked must not hold up everything else.
        if seen < 10_000 {
            next.extend(forge_os::children(pid));
        }
        Some(pid)
    })
}

fn holds(pid: i32, sockets: &[Inode]) -> bool {
    let mut found = false;
    // One that cannot be looked into is not known to hold anything.
    let _ = sockets_of(pid, |inode| found |= sockets.contains(&inode));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_port_is_seen_as_ones_own_only_by_who_holds_it() {
        let listening = Listening::new();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let own = std::process::id() as i32;
        assert!(listening.process_listens(own, port));
        // Nothing below this process has it.
        assert!(listening.ports_of(&[own]).contains(&port));
        assert!(!listening.tree_listens(own, port));
        drop(socket);
        assert!(!listening.anybody(port));
    }
}
