//! Freeing a port: who holds it, who of them may be ended, ending them, and looking whether it is free.
//!
//! [`look`] shows and decides; [`Plan::carry_out`] does it, after somebody has agreed. In between time passes, so
//! each process is pinned and must then still hold that very socket.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use forge_os::process_table::{ProcessTable, Stat};
use forge_os::sockets::{Inode, Protocol};

use crate::ending::{self, Ending, Patience, Pinned};
use crate::orphans::is_forge;
use crate::ports::{self, Port};
use crate::{Member, Owner, Viewpoint};

/// What is to be done about one process that holds the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be ended.
    End,
    /// It is a process of this workspace and is to be stopped as such, so that it does not come back.
    Managed,
    /// It is a process of another workspace and is to be stopped there.
    ManagedElsewhere,
    /// It passes connections on to a container, or runs in one: that is to be stopped instead.
    Container,
    /// The kernel allows nobody to end process 1.
    Init,
    /// It is this program, or one that started it.
    OwnLine,
    /// It is a part of Forge.
    Forge,
    /// Another user's process, which cannot be seen.
    Hidden,
}

/// One process that holds the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Process id; `None` if it is hidden.
    pub pid: Option<i32>,
    /// When it started, in ticks since the machine started.
    pub start_ticks: Option<u64>,
    /// What is to be done about it.
    pub verdict: Verdict,
    sockets: Vec<Inode>,
}

/// What is to be done about a port.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The port.
    pub port: u16,
    /// Its sockets, to be shown.
    pub sockets: Vec<Port>,
    /// Every process that holds one of them.
    pub holders: Vec<Holder>,
    protocols: Vec<Protocol>,
    forge: HashSet<i32>,
}

/// What became of a port.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What became of the processes.
    pub ending: Ending,
    /// Holders that were not the same any more, and were left alone.
    pub changed_hands: Vec<i32>,
    /// Who holds the port now; empty if it is free.
    pub still_held: Vec<Port>,
}

impl Outcome {
    /// Whether nobody holds the port any more.
    pub fn is_free(&self) -> bool {
        self.still_held.is_empty()
    }
}

/// Looks who holds a port and decides about each. `forge` are the pids of Forge itself: keepers, shims and
/// supervisors of all workspaces; others are known by their program's name.
///
/// # Errors
/// When the kernel does not tell which sockets or processes there are.
pub fn look(
    port: u16,
    protocols: &[Protocol],
    viewpoint: &Viewpoint<'_>,
    forge: &[i32],
) -> io::Result<Plan> {
    let sockets = ports::holders_seen_by(viewpoint, port, protocols)?;
    let mut table = ProcessTable::open()?;
    let stats = ending::everybody(&mut table)?;
    let forge: HashSet<i32> = forge.iter().copied().collect();
    let own_line = ending::line_of(&stats, std::process::id() as i32);
    let mut holders: Vec<Holder> = Vec::new();
    for socket in &sockets {
        if socket.pids.is_empty() {
            holders.push(Holder {
                pid: None,
                start_ticks: None,
                verdict: Verdict::Hidden,
                sockets: vec![socket.socket],
            });
        }
        for pid in &socket.pids {
            if let Some(known) = holders.iter_mut().find(|known| known.pid == Some(*pid)) {
                known.sockets.push(socket.socket);
                continue;
            }
            let stat = stats.iter().find(|stat| stat.pid == *pid);
            let of_forge = forge.contains(pid) || stat.is_some_and(is_forge);
            holders.push(Holder {
                pid: Some(*pid),
                start_ticks: stat.map(|stat| stat.start_ticks),
                verdict: verdict(*pid, socket.owner, &own_line, of_forge),
                sockets: vec![socket.socket],
            });
        }
    }
    Ok(Plan {
        port,
        sockets,
        holders,
        protocols: protocols.to_vec(),
        forge,
    })
}

fn verdict(pid: i32, owner: Owner, own_line: &[i32], of_forge: bool) -> Verdict {
    if pid <= 1 {
        return Verdict::Init;
    }
    if of_forge {
        return Verdict::Forge;
    }
    if own_line.contains(&pid) {
        return Verdict::OwnLine;
    }
    match owner {
        Owner::ThisWorkspace => Verdict::Managed,
        Owner::OtherWorkspace => Verdict::ManagedElsewhere,
        Owner::Container => Verdict::Container,
        // That it cannot be looked into does not keep root from ending it; anybody else is told so.
        Owner::Outside | Owner::Unknown => Verdict::End,
    }
}

impl Plan {
    /// The same plan for whoever knows that what bears this workspace's mark is left of a run that is over.
    pub fn with_managed(mut self) -> Self {
        for holder in &mut self.holders {
            if holder.verdict == Verdict::Managed {
                holder.verdict = Verdict::End;
            }
        }
        self
    }

    /// Whether nobody holds the port.
    pub fn is_free(&self) -> bool {
        self.holders.is_empty()
    }

    /// Whether every holder may be ended.
    pub fn can_free(&self) -> bool {
        self.refused().next().is_none()
    }

    /// The holders that will not be ended.
    pub fn refused(&self) -> impl Iterator<Item = &Holder> {
        self.holders
            .iter()
            .filter(|holder| holder.verdict != Verdict::End)
    }

    /// Ends the holders that may be ended, and those of their descendants that they leave behind; then looks
    /// whether the port is free. Blocks for as long as `patience` allows.
    ///
    /// # Errors
    /// When the kernel does not tell which sockets or processes there are.
    pub fn carry_out(&self, patience: Patience) -> io::Result<Outcome> {
        let mut table = ProcessTable::open()?;
        let stats = ending::everybody(&mut table)?;
        let mut pinned = Vec::new();
        let mut changed_hands = Vec::new();
        for holder in &self.holders {
            let (Some(pid), Some(start_ticks), Verdict::End) =
                (holder.pid, holder.start_ticks, &holder.verdict)
            else {
                continue;
            };
            let process = ending::pin(&mut table, Member { pid, start_ticks })?;
            let holds = || holder.sockets.iter().any(|s| ports::still_holds(pid, *s));
            match process.filter(|_| holds()) {
                Some(process) => pinned.push(process),
                None => changed_hands.push(pid),
            }
        }
        let left_behind = self.left_behind(&mut table, &stats, &pinned)?;
        let mut ending = ending::end(pinned, patience, |_| Vec::new());
        let rest = ending::end(left_behind, patience, |_| Vec::new());
        ending.ended.extend(rest.ended);
        ending.ended.sort_unstable();
        ending.killed.extend(rest.killed);
        ending.left.extend(rest.left);
        Ok(Outcome {
            ending,
            changed_hands,
            still_held: self.await_free()?,
        })
    }

    /// Descendants of the holders in the session of their holder: what it would leave behind. One that began
    /// a session of its own means to live on.
    fn left_behind(
        &self,
        table: &mut ProcessTable,
        stats: &[Stat],
        pinned: &[Pinned],
    ) -> io::Result<Vec<Pinned>> {
        let mut spared = self.forge.clone();
        spared.extend(ending::line_of(stats, std::process::id() as i32));
        let session = |pid: i32| Some(stats.iter().find(|stat| stat.pid == pid)?.session);
        let mut found = Vec::new();
        for holder in pinned {
            for member in ending::below(stats, &[holder.pid], &spared) {
                let same_session = session(member.pid) == session(holder.pid);
                let known = |pinned: &[Pinned]| pinned.iter().any(|p| p.pid == member.pid);
                if same_session && !known(pinned) && !known(&found) {
                    found.extend(ending::pin(table, member)?);
                }
            }
        }
        Ok(found)
    }

    /// The kernel closes a process's sockets a moment after the process can be seen to have ended.
    fn await_free(&self) -> io::Result<Vec<Port>> {
        let until = Instant::now() + Duration::from_millis(500);
        loop {
            let held = ports::holders_seen_by(&Viewpoint::outside(), self.port, &self.protocols)?;
            let known = |port: &Port| self.sockets.iter().any(|old| old.socket == port.socket);
            if held.is_empty() || !held.iter().any(known) || Instant::now() >= until {
                return Ok(held);
            }
            forge_os::pause(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_ended_is_refused_whoever_owns_it() {
        let line = [70, 60, 1];
        for owner in [Owner::Outside, Owner::ThisWorkspace, Owner::Unknown] {
            assert_eq!(verdict(1, owner, &line, false), Verdict::Init);
            assert_eq!(verdict(50, owner, &line, true), Verdict::Forge);
            assert_eq!(verdict(60, owner, &line, false), Verdict::OwnLine);
        }
        for (owner, expected) in [
            (Owner::Outside, Verdict::End),
            (Owner::ThisWorkspace, Verdict::Managed),
            (Owner::OtherWorkspace, Verdict::ManagedElsewhere),
            (Owner::Container, Verdict::Container),
        ] {
            assert_eq!(verdict(9, owner, &line, false), expected);
        }
    }
}
