//! Which process belongs to which managed process.
//!
//! A shim adopts the orphans of its tree, so whatever descends from it at one time descends from it for
//! good. Where a process belongs is decided when it is first seen, from its parent; and it is first seen
//! when the listing of `/proc` shows an entry that was not there before. Only for such entries is anything
//! read. While no pid was given since the last look, not even the listing is.
//!
//! When a shim dies, its tree is adopted from further above. Known members stay members, the leader
//! and its descendants are found by the leader's pid, and an orphan that appears later is known by
//! the mark in its environment.

use std::io;

use forge_os::process_table::{self, Listed, ProcessTable, Stat};

use crate::ProcessKey;

/// From where a tree is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Whose tree it is.
    pub key: ProcessKey,
    /// The shim: its descendants belong to the tree, it does not.
    pub shim: Option<i32>,
    /// The process that was started, or taken over: it and its descendants belong to the tree.
    pub leader: Option<i32>,
    /// The run that orphans name in their environment.
    pub run_id: Option<String>,
}

impl Root {
    /// The tree below a shim.
    pub fn below_shim(key: ProcessKey, shim: i32) -> Self {
        Root {
            key,
            shim: Some(shim),
            leader: None,
            run_id: None,
        }
    }

    /// The tree of a process that has no shim, and that process.
    pub fn from_leader(key: ProcessKey, leader: i32) -> Self {
        Root {
            key,
            shim: None,
            leader: Some(leader),
            run_id: None,
        }
    }
}

/// A process of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Process id.
    pub pid: i32,
    /// When it started, in ticks since the machine started; with the pid, names it.
    pub start_ticks: u64,
}

/// What [`Trees`] needs to know of the process table.
pub trait Table {
    /// Every process there is, sorted by pid.
    ///
    /// # Errors
    /// When there is no listing to be had; the trees then stay as they were.
    fn list(&mut self, out: &mut Vec<Listed>) -> io::Result<()>;

    /// One process; `None` if it is gone.
    fn stat(&mut self, pid: i32) -> Option<Stat>;

    /// The run that a process names in its environment, where that can be read.
    fn run_id(&mut self, pid: i32) -> Option<String>;
}

impl Table for ProcessTable {
    fn list(&mut self, out: &mut Vec<Listed>) -> io::Result<()> {
        ProcessTable::list(self, out)
    }

    fn stat(&mut self, pid: i32) -> Option<Stat> {
        ProcessTable::stat(self, pid).ok()
    }

    fn run_id(&mut self, pid: i32) -> Option<String> {
        let environment = process_table::environment(pid).ok()?;
        let value = environment
            .iter()
            .find_map(|entry| entry.strip_prefix(b"FORGE_RUN_ID="))?;
        String::from_utf8(value.to_vec()).ok()
    }
}

/// Where a process belongs; numbers are places in the list of roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Undecided,
    Outside,
    Tree(usize),
}

#[derive(Debug, Clone, Copy)]
struct Known {
    pid: i32,
    inode: u64,
    start_ticks: u64,
    ppid: i32,
    owner: Owner,
}

/// After so many listings everything is read anew, in case the kernel gave an entry's number twice.
const LISTINGS_UNTIL_RENEWAL: u32 = 60;

/// The trees of all managed processes.
#[derive(Debug, Default)]
pub struct Trees {
    roots: Vec<Root>,
    members: Vec<Vec<Member>>,
    known: Vec<Known>,
    listing: Vec<Listed>,
    keepers: Vec<i32>,
    last_pid: Option<u64>,
    listings: u32,
}

impl Trees {
    /// Trees of nobody.
    pub fn new() -> Self {
        Trees::default()
    }

    /// Brings the trees up to date, and returns whether anybody may have joined or left.
    ///
    /// `last_pid` is the pid that was given last on this machine; `None` if it is not known. A member
    /// that has ended may still be listed until somebody else is started: whoever reads the members
    /// notices, and may say so by [`Trees::forget`].
    pub fn update(
        &mut self,
        table: &mut impl Table,
        roots: &[Root],
        last_pid: Option<u64>,
    ) -> bool {
        let renew = self.listings == 0 || self.roots != roots;
        if !renew && last_pid.is_some() && last_pid == self.last_pid {
            return false;
        }
        let mut listing = std::mem::take(&mut self.listing);
        let listed = table.list(&mut listing);
        if listed.is_ok() {
            self.last_pid = last_pid;
            self.listings = (self.listings + 1) % LISTINGS_UNTIL_RENEWAL;
            if renew {
                self.take_roots(roots);
            }
            self.merge(table, &listing, renew);
            self.decide(table);
            self.collect();
        }
        self.listing = listing;
        listed.is_ok()
    }

    /// The members of the tree of the root at this place, those first seen first: parents before the
    /// children that they had afterwards.
    pub fn members(&self, place: usize) -> &[Member] {
        self.members.get(place).map_or(&[], Vec::as_slice)
    }

    /// Takes a member that has ended out of its tree.
    pub fn forget(&mut self, place: usize, member: Member) {
        if let Some(members) = self.members.get_mut(place) {
            members.retain(|known| *known != member);
        }
        if let Ok(at) = self.known.binary_search_by_key(&member.pid, |k| k.pid)
            && self.known[at].start_ticks == member.start_ticks
        {
            self.known.remove(at);
        }
    }

    /// Members stay with their key, wherever it stands in the list now.
    fn take_roots(&mut self, roots: &[Root]) {
        let moved: Vec<Owner> = self
            .roots
            .iter()
            .map(
                |old| match roots.iter().position(|new| new.key == old.key) {
                    Some(place) => Owner::Tree(place),
                    None => Owner::Undecided,
                },
            )
            .collect();
        for known in &mut self.known {
            known.owner = match known.owner {
                Owner::Tree(place) => moved[place],
                _ => Owner::Undecided,
            };
        }
        let mut members = vec![Vec::new(); roots.len()];
        for (old, owner) in std::mem::take(&mut self.members).into_iter().zip(moved) {
            if let Owner::Tree(place) = owner {
                members[place] = old;
            }
        }
        self.members = members;
        self.roots = roots.to_vec();
    }

    /// Takes over what is known of those who are still there, and reads those who are new.
    fn merge(&mut self, table: &mut impl Table, listing: &[Listed], renew: bool) {
        let mut old = std::mem::take(&mut self.known).into_iter().peekable();
        self.known.reserve(listing.len());
        for listed in listing {
            while old.next_if(|known| known.pid < listed.pid).is_some() {}
            let before = old.next_if(|known| known.pid == listed.pid);
            if let Some(before) = before.filter(|known| !renew && known.inode == listed.inode) {
                self.known.push(before);
                continue;
            }
            // One that vanished since it was listed is simply not there.
            let Some(stat) = table.stat(listed.pid) else {
                continue;
            };
            let same = before.filter(|known| known.start_ticks == stat.start_ticks);
            let owner = match same.map(|known| known.owner) {
                Some(owner @ Owner::Tree(_)) => owner,
                Some(owner) if !renew => owner,
                _ => Owner::Undecided,
            };
            self.known.push(Known {
                pid: listed.pid,
                inode: listed.inode,
                start_ticks: stat.start_ticks,
                ppid: stat.ppid,
                owner,
            });
        }
        if renew {
            let shims = self.roots.iter().filter_map(|root| root.shim);
            self.keepers = shims
                .filter_map(|shim| self.find(shim))
                .map(|k| k.ppid)
                .collect();
            self.keepers.sort_unstable();
            self.keepers.dedup();
        }
    }

    /// Decides for each new process from its parents, up to the first who is decided.
    fn decide(&mut self, table: &mut impl Table) {
        let mut path = Vec::new();
        for place in 0..self.known.len() {
            let mut next = Some(place);
            let mut owner = Owner::Outside;
            while let Some(at) = next {
                let known = self.known[at];
                if known.owner != Owner::Undecided {
                    owner = known.owner;
                    break;
                }
                // Parents were read one after the other, so that a circle is possible, if unlikely.
                if path.len() > self.known.len() {
                    break;
                }
                path.push(at);
                if let Some(found) = self.by_root(&known).or_else(|| self.by_mark(table, &known)) {
                    owner = Owner::Tree(found);
                    break;
                }
                next = self.place_of(known.ppid);
            }
            for at in path.drain(..) {
                self.known[at].owner = owner;
            }
        }
    }

    /// The tree that a process belongs to by what it is, or by who its parent is.
    fn by_root(&self, known: &Known) -> Option<usize> {
        self.roots.iter().position(|root| {
            root.leader == Some(known.pid) || (known.ppid > 0 && root.shim == Some(known.ppid))
        })
    }

    /// The tree that an orphan without its shim names.
    fn by_mark(&self, table: &mut impl Table, known: &Known) -> Option<usize> {
        self.keepers.binary_search(&known.ppid).ok()?;
        if self.roots.iter().any(|root| root.shim == Some(known.pid)) {
            return None;
        }
        let run_id = table.run_id(known.pid)?;
        let named = |root: &Root| root.run_id.as_deref() == Some(run_id.as_str());
        self.roots.iter().position(named)
    }

    /// Puts newcomers behind the members that are there, and takes out those who left.
    fn collect(&mut self) {
        let mut members = std::mem::take(&mut self.members);
        for (place, members) in members.iter_mut().enumerate() {
            members.retain(|member| {
                self.find(member.pid).is_some_and(|known| {
                    known.start_ticks == member.start_ticks && known.owner == Owner::Tree(place)
                })
            });
        }
        let mut newcomers: Vec<(usize, Member)> = Vec::new();
        for known in &self.known {
            if let Owner::Tree(place) = known.owner {
                let member = Member {
                    pid: known.pid,
                    start_ticks: known.start_ticks,
                };
                if !members[place].contains(&member) {
                    newcomers.push((place, member));
                }
            }
        }
        newcomers.sort_by_key(|(_, member)| member.start_ticks);
        for (place, member) in newcomers {
            members[place].push(member);
        }
        self.members = members;
    }

    fn find(&self, pid: i32) -> Option<&Known> {
        self.place_of(pid).map(|place| &self.known[place])
    }

    fn place_of(&self, pid: i32) -> Option<usize> {
        self.known
            .binary_search_by_key(&pid, |known| known.pid)
            .ok()
    }
}

#[cfg(test)]
mod tests;
