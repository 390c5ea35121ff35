//! To which tree the bytes of each TCP connection belong; decides only, reads nothing.
//!
//! A connection belongs to the tree that holds its socket. Finding holders is dear, so a connection that
//! came in on a port where a tree listens is that tree's without looking; and until the holder of any other
//! is known, its bytes wait. A connection that is gone before anybody could look is given to the
//! only tree that is known to talk to that other end, or to nobody.

use std::collections::HashMap;
use std::net::IpAddr;

use forge_os::sockets::{Connection, Inode};

use crate::tree_meter::TreeId;

/// After so many vain searches a socket is taken for somebody else's.
const SEARCHES: u8 = 2;
/// A connection that is no longer listed is remembered for so many looks: its last news may be late.
const LOOKS_REMEMBERED: u32 = 2;
/// So many other ends are remembered at most.
const ENDS: usize = 4096;

/// Bytes received and sent.
pub(crate) type Bytes = [u64; 2];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Searched for so many times.
    Unknown(u8),
    /// No tree's.
    Foreign,
    Tree(TreeId),
}

#[derive(Debug)]
struct Flow {
    owner: Owner,
    inode: Inode,
    remote: (IpAddr, u16),
    counted: Bytes,
    /// Counted while the owner was not known.
    waiting: Bytes,
    look: u32,
    /// The last look in which a process held it. The kernel lists it without a socket when its holder has
    /// closed it and the other end has not.
    held: Option<u32>,
    /// In how many looks a process held it.
    looks: u32,
}

/// All connections of this machine, as far as they can be seen.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    flows: HashMap<u64, Flow>,
    sockets: HashMap<Inode, (Owner, u32)>,
    served: Vec<(u16, IpAddr, TreeId)>,
    /// Who talks to another end; `None` for several.
    ends: HashMap<(IpAddr, u16), Option<TreeId>>,
    grown: HashMap<TreeId, Bytes>,
    look: u32,
    strays: bool,
}

impl Flows {
    /// Where trees listen, from now on.
    pub(crate) fn set_served(&mut self, served: Vec<(u16, IpAddr, TreeId)>) {
        self.served = served;
    }

    /// The tree that holds a socket, if that is known. Notes an unknown one, to be searched for.
    pub(crate) fn tree_of_socket(&mut self, inode: Inode) -> Option<TreeId> {
        let look = self.look;
        let (owner, seen) = self
            .sockets
            .entry(inode)
            .or_insert((Owner::Unknown(0), look));
        *seen = look;
        match *owner {
            Owner::Tree(tree) => Some(tree),
            _ => None,
        }
    }

    /// Whether a socket's holder is worth searching.
    pub(crate) fn is_unknown(&self, inode: Inode) -> bool {
        let owner = self.sockets.get(&inode).map(|(owner, _)| *owner);
        matches!(owner, Some(Owner::Unknown(_)))
    }

    /// Whether there is a socket whose holder is worth searching.
    pub(crate) fn wants_search(&self) -> bool {
        let mut owners = self.sockets.values();
        owners.any(|(owner, _)| matches!(owner, Owner::Unknown(_)))
    }

    /// Whether any socket is known that no tree holds: a newcomer might have inherited it.
    pub(crate) fn has_unowned(&self) -> bool {
        let mut owners = self.sockets.values();
        owners.any(|(owner, _)| !matches!(owner, Owner::Tree(_)))
    }

    /// A process of a tree holds this socket.
    pub(crate) fn holds(&mut self, tree: TreeId, inode: Inode) {
        if let Some((owner, _)) = self.sockets.get_mut(&inode)
            && !matches!(owner, Owner::Tree(_))
        {
            *owner = Owner::Tree(tree);
        }
    }

    /// All members of all trees were searched: what was not found has one chance less.
    pub(crate) fn searched(&mut self) {
        for (owner, _) in self.sockets.values_mut() {
            if let Owner::Unknown(times) = owner {
                *owner = match *times + 1 {
                    SEARCHES => Owner::Foreign,
                    times => Owner::Unknown(times),
                };
            }
        }
    }

    /// A connection that is listed now.
    pub(crate) fn listed(&mut self, connection: &Connection) {
        let owner = self.owner_of(connection);
        let now = [connection.received, connection.sent];
        let first_look = self.look == 0;
        let flow = self.flows.entry(connection.cookie).or_insert(Flow {
            owner,
            inode: connection.inode,
            remote: canonical(connection.remote),
            // What was carried before anybody looked is no news.
            counted: if first_look { now } else { [0, 0] },
            waiting: [0, 0],
            look: 0,
            held: None,
            looks: 0,
        });
        flow.look = self.look;
        if connection.inode != 0 {
            flow.held = Some(self.look);
            flow.looks += 1;
            flow.inode = connection.inode;
        }
        let grown = growth(now, flow.counted);
        flow.counted = now;
        match flow.owner {
            Owner::Tree(tree) => add(self.grown.entry(tree).or_default(), grown),
            Owner::Unknown(_) => add(&mut flow.waiting, grown),
            Owner::Foreign => {}
        }
    }

    /// All that is listed was told: decides what became known, and forgets what is gone.
    pub(crate) fn end_look(&mut self) {
        for flow in self.flows.values_mut() {
            if flow.inode == 0 || matches!(flow.owner, Owner::Tree(_)) {
                continue;
            }
            let owner = self.sockets.get(&flow.inode).map(|(owner, _)| *owner);
            match owner {
                Some(Owner::Tree(tree)) => {
                    flow.owner = Owner::Tree(tree);
                    add(self.grown.entry(tree).or_default(), flow.waiting);
                    flow.waiting = [0, 0];
                    learn(&mut self.ends, flow.remote, Some(tree));
                }
                Some(Owner::Foreign) if flow.owner != Owner::Foreign => {
                    flow.owner = Owner::Foreign;
                    flow.waiting = [0, 0];
                    // One that was over before its holder was looked for proves nothing about who talks there.
                    if flow.held == Some(self.look) && flow.looks > 1 {
                        learn(&mut self.ends, flow.remote, None);
                    }
                }
                _ => {}
            }
        }
        let oldest = self.look.saturating_sub(LOOKS_REMEMBERED);
        self.flows.retain(|_, flow| flow.look >= oldest);
        self.sockets.retain(|_, (_, seen)| *seen >= oldest);
        self.look += 1;
    }

    /// A connection that is over, with its final counts.
    pub(crate) fn closed(&mut self, connection: &Connection) {
        let now = [connection.received, connection.sent];
        let (owner, grown) = match self.flows.remove(&connection.cookie) {
            Some(flow) => {
                let mut grown = growth(now, flow.counted);
                add(&mut grown, flow.waiting);
                (flow.owner, grown)
            }
            // One from before the first look; what it carried since then is not known.
            None if self.look == 0 => return,
            None => (self.owner_of(connection), now),
        };
        let owner = match owner {
            Owner::Unknown(_) => self.only_user_of(connection.remote),
            Owner::Tree(tree) => Some(tree),
            Owner::Foreign => return,
        };
        match owner {
            Some(tree) => add(self.grown.entry(tree).or_default(), grown),
            None => self.strays = true,
        }
    }

    /// Whether connections were closed since the last call that nobody could be found for.
    pub(crate) fn take_strays(&mut self) -> bool {
        std::mem::take(&mut self.strays)
    }

    /// What a tree's connections carried since the last call.
    pub(crate) fn take(&mut self, tree: TreeId) -> Bytes {
        self.grown.remove(&tree).unwrap_or_default()
    }

    /// A tree is no more.
    pub(crate) fn forget(&mut self, tree: TreeId) {
        self.grown.remove(&tree);
        self.ends.retain(|_, user| *user != Some(tree));
        let owners = self.sockets.values_mut().map(|(owner, _)| owner);
        for owner in owners.chain(self.flows.values_mut().map(|flow| &mut flow.owner)) {
            if *owner == Owner::Tree(tree) {
                *owner = Owner::Foreign;
            }
        }
    }

    fn owner_of(&mut self, connection: &Connection) -> Owner {
        if let Some(tree) = self.server_of(connection.local) {
            return Owner::Tree(tree);
        }
        if connection.inode == 0 {
            return Owner::Unknown(0);
        }
        match self.tree_of_socket(connection.inode) {
            Some(tree) => Owner::Tree(tree),
            None => self.sockets[&connection.inode].0,
        }
    }

    fn server_of(&self, local: (IpAddr, u16)) -> Option<TreeId> {
        let (address, port) = canonical(local);
        let serves = |at: &&(u16, IpAddr, TreeId)| {
            at.0 == port && (at.1.is_unspecified() || at.1.to_canonical() == address)
        };
        self.served.iter().find(serves).map(|(_, _, tree)| *tree)
    }

    fn only_user_of(&self, remote: (IpAddr, u16)) -> Option<TreeId> {
        *self.ends.get(&canonical(remote))?
    }
}

fn learn(
    ends: &mut HashMap<(IpAddr, u16), Option<TreeId>>,
    end: (IpAddr, u16),
    user: Option<TreeId>,
) {
    if ends.len() >= ENDS {
        ends.clear();
    }
    let known = ends.entry(end).or_insert(user);
    if *known != user {
        *known = None;
    }
}

/// An IPv4 address that came through an IPv6 socket, as IPv4.
fn canonical((address, port): (IpAddr, u16)) -> (IpAddr, u16) {
    (address.to_canonical(), port)
}

fn growth(now: Bytes, before: Bytes) -> Bytes {
    std::array::from_fn(|kind| now[kind].saturating_sub(before[kind]))
}

fn add(to: &mut Bytes, more: Bytes) {
    to[0] += more[0];
    to[1] += more[1];
}

#[cfg(test)]
mod tests;
