//! What a verb has begun, and which of the processes that are believed to run really do.

use std::collections::BTreeMap;

use forge_core::event::Event;
use forge_facts::{Entry, Identity, RunId, journal};
use forge_os::ProcessState;
use tokio::time::Instant;

use crate::input::Sink;
use crate::supervisor::Supervisor;
use crate::waiters::{Seen, Start, Waiter};

/// What a start has begun.
#[derive(Default)]
pub(crate) struct Begun {
    pub(crate) names: Vec<String>,
    pub(crate) started: Vec<String>,
    pub(crate) already: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) former: BTreeMap<String, forge_facts::RunId>,
}

impl Begun {
    /// Takes in what was begun beside it.
    pub(crate) fn add(&mut self, other: Begun) {
        self.names.extend(other.names);
        self.started.extend(other.started);
        self.already.extend(other.already);
        self.notes.extend(other.notes);
        self.former.extend(other.former);
    }
}

impl Supervisor {
    /// Which of these run already, and which are begun by what follows.
    pub(crate) fn begun(&self, names: Vec<String>) -> Begun {
        let (already, started): (Vec<String>, Vec<String>) =
            names.iter().cloned().partition(|name| self.runs(name));
        Begun {
            names,
            started,
            already,
            notes: Vec::new(),
            former: BTreeMap::new(),
        }
    }

    /// Those of them that are believed to run are begun anew.
    pub(crate) fn begin_again(&mut self, begun: &mut Begun, names: Vec<String>) {
        begun.already.retain(|name| !names.contains(name));
        begun.started.extend(names.iter().cloned());
        self.note_former(begun, &names);
        self.tell(Event::Restart(names));
    }

    /// Their present runs are to be over before they count as up.
    pub(crate) fn note_former(&self, begun: &mut Begun, names: &[String]) {
        for name in names {
            if let Some(run) = self.managed.get(name).and_then(|managed| managed.present) {
                begun.former.insert(name.clone(), run);
            }
        }
    }

    fn runs(&self, name: &str) -> bool {
        let present = self
            .managed
            .get(name)
            .is_some_and(|managed| managed.present.is_some() || managed.launching.is_some());
        let view = self.core.view(name);
        present && view.is_some_and(|view| view.wanted)
    }

    /// Waits for what was begun on behalf of a client.
    pub(crate) fn follow_start(
        &mut self,
        begun: Begun,
        wait: bool,
        timeout_ms: Option<u64>,
        sink: Sink,
    ) {
        let start = Start {
            sink,
            began: Instant::now(),
            names: begun.names,
            started: begun.started,
            already: begun.already,
            notes: begun.notes,
            former: begun.former,
            wait,
            settled: BTreeMap::new(),
            seen: Seen::default(),
        };
        self.waiters.push(Waiter::start(start, timeout_ms));
        self.changed();
    }

    /// Whether it has a run whose leader does not live any more.
    pub(crate) fn is_dead(&self, name: &str) -> bool {
        let Some(managed) = self.managed.get(name) else {
            return false;
        };
        match managed.present {
            Some(_) if managed.adopted.is_some() => false,
            Some(run) => managed.leader_gone == Some(run) || !self.leader_lives(name, run),
            None => false,
        }
    }

    /// Whether the leader of a run lives: the very process that its journal names, and not as a zombie
    /// of which nobody has taken note.
    fn leader_lives(&self, name: &str, run: RunId) -> bool {
        let Ok(journal) = journal::read(&self.layout.journal(name)) else {
            return true;
        };
        let leader = journal.entries.into_iter().rev().find_map(|(_, entry)| {
            let Entry::Spawned {
                run: its, identity, ..
            } = entry
            else {
                return None;
            };
            (its == run).then_some(identity)
        });
        leader.is_none_or(|leader| is_alive(&leader))
    }
}

/// Whether this very process lives.
fn is_alive(leader: &Identity) -> bool {
    let here = forge_os::boot_id().is_ok_and(|boot| boot == leader.boot);
    here && forge_os::stat(leader.pid).is_ok_and(|stat| {
        stat.start_ticks == leader.start_ticks && !matches!(stat.state, ProcessState::Zombie)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_zombie_another_boot_and_another_process_of_the_pid_are_not_alive() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = child.id().try_into().unwrap();
        let leader = Identity {
            pid,
            boot: forge_os::boot_id().unwrap(),
            start_ticks: forge_os::stat(pid).unwrap().start_ticks,
            pidfd_inode: 0,
        };
        assert!(is_alive(&leader));
        let other = Identity {
            start_ticks: leader.start_ticks + 1,
            ..leader.clone()
        };
        assert!(!is_alive(&other));
        let before = Identity {
            boot: "another".into(),
            ..leader.clone()
        };
        assert!(!is_alive(&before));
        let pidfd = forge_os::Pidfd::open(pid).unwrap();
        child.kill().unwrap();
        assert!(pidfd.wait_for(Duration::from_secs(60)));
        // Nobody has waited for it: it is a zombie.
        assert!(!is_alive(&leader));
        child.wait().unwrap();
        assert!(!is_alive(&leader));
    }
}
