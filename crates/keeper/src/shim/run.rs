//! A run as a shim holds it.

use std::os::fd::OwnedFd;
use std::time::Instant;

use forge_facts::{Entry, RunId, Stream};
use forge_os::{Interest, Member, Pidfd, Tree};

use super::input::Input;
use super::pump::Channel;
use super::stop::Ending;

/// One life of the process.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) id: RunId,
    pub(super) leader: Leader,
    pub(super) kin: Kin,
    pub(super) outlets: Vec<Outlet>,
    pub(super) input: Input,
    /// The other end of the terminal, kept open so that the master never reports a hang-up.
    pub(super) _slave: Option<OwnedFd>,
    /// Says whether the program could be executed, until that is known.
    pub(super) outcome: Option<OwnedFd>,
    /// That it was spawned, told once its program runs.
    pub(super) untold: Option<(u64, Entry)>,
    /// The program, for the entry that tells of a failure.
    pub(super) subject: Vec<u8>,
    pub(super) ending: Ending,
    /// Whether SIGKILL was needed.
    pub(super) killed: bool,
    /// No process is left; what it wrote may still be on its way.
    pub(super) empty: bool,
}

/// The first process of a run.
#[derive(Debug)]
pub(crate) enum Leader {
    Alive {
        pid: i32,
        pidfd: Pidfd,
    },
    /// It has ended; how can perhaps be learned until then.
    Unclear {
        pid: i32,
        pidfd: Option<Pidfd>,
        since: u64,
        until: Instant,
        ask_at: Instant,
    },
    /// Its end is written down.
    Ended,
}

/// How the members of the run's tree are known.
#[derive(Debug)]
pub(crate) enum Kin {
    /// They are all below this process.
    Own,
    /// They were another shim's.
    Adopted(Tree),
}

/// A stream and what is waited for on it.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(super) channel: Channel,
    pub(super) token: u64,
    pub(super) interest: Interest,
    /// When the log's index is to be brought up to date.
    pub(super) catch_up_at: Option<Instant>,
}

impl Run {
    /// All processes of the run that live.
    pub(super) fn members(&mut self) -> Vec<Member> {
        match &mut self.kin {
            Kin::Own => own_tree().members(),
            Kin::Adopted(tree) => tree.members(),
        }
    }

    pub(super) fn freeze_and_kill(&mut self, patience: std::time::Duration) {
        match &mut self.kin {
            Kin::Own => own_tree().freeze_and_kill(patience),
            Kin::Adopted(tree) => tree.freeze_and_kill(patience),
        }
    }

    pub(super) fn outlet(&mut self, token: u64) -> Option<&mut Outlet> {
        self.outlets.iter_mut().find(|outlet| outlet.token == token)
    }

    pub(super) fn terminal(&mut self) -> Option<&mut Outlet> {
        self.outlets
            .iter_mut()
            .find(|outlet| outlet.channel.stream() == Stream::Terminal)
    }

    /// When something is to be done though nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let outlets = self
            .outlets
            .iter()
            .flat_map(|outlet| [outlet.channel.retry_at(), outlet.catch_up_at]);
        let leader = match &self.leader {
            Leader::Unclear { ask_at, .. } => Some(*ask_at),
            Leader::Alive { .. } | Leader::Ended => None,
        };
        outlets
            .chain([self.ending.deadline(), leader])
            .flatten()
            .min()
    }
}

/// All that descends from this shim.
fn own_tree() -> Tree {
    Tree::below(std::process::id() as i32)
}
