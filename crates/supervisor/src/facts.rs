//! What keeper and shims tell, taken in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use forge_core::event::{Event, SpawnCause, Status};
use forge_facts::{Entry, Exit, Fact, KeeperFact, KeeperOrder, Order, RunId};

use crate::input::Input;
use crate::launch::failed;
use crate::links::shim::{Address, ShimWriter, connect};
use crate::managed::{Launching, Link};
use crate::spawn_failure::spawn_failure;
use crate::supervisor::Supervisor;

/// How long until a shim is asked for again that could not be reached.
const AGAIN: Duration = Duration::from_millis(10);

impl Supervisor {
    pub(crate) fn keeper_says(&mut self, fact: KeeperFact) {
        match fact {
            KeeperFact::Ping => {
                let _ = self.keeper.send(KeeperOrder::Pong);
            }
            KeeperFact::Pong => {}
            KeeperFact::Shim { process, .. } => self.connect_shim(&process),
            KeeperFact::ShimGone { process } => {
                // Where one was asked for meanwhile, it is asked for again: twice does no harm.
                if let Some(managed) = self.managed.get_mut(&process)
                    && matches!(managed.link, Link::Releasing(_) | Link::Asked)
                {
                    managed.link = Link::None;
                    self.see_to_shim_if_needed(&process);
                }
            }
            KeeperFact::ShimFailed { process, why } => self.no_shim(&process, &why),
        }
    }

    fn connect_shim(&mut self, name: &str) {
        self.next_connection += 1;
        let connection = self.next_connection;
        let socket = self.layout.shim_socket(name);
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        if matches!(managed.link, Link::Up { .. } | Link::Connecting { .. }) {
            return;
        }
        managed.link = Link::Connecting { connection };
        let address = Address {
            name: name.to_string(),
            socket,
            connection,
            after: managed.known,
        };
        connect(address, self.inbox.clone());
    }

    /// Without a shim nothing can begin.
    fn no_shim(&mut self, name: &str, why: &str) {
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        managed.link = Link::None;
        let Some(launching) = managed.launching.take() else {
            // Something of it may live and must not be lost sight of.
            if managed.present.is_some() {
                self.ask_again(name);
            }
            return;
        };
        let failure = *failed(SpawnCause::System, format!("cannot start its shim: {why}"));
        self.could_not_begin(name, launching.run(), &failure);
        self.tell(Event::NotSpawned {
            name: name.to_string(),
            run: launching.run(),
            failure,
        });
    }

    pub(crate) fn shim_up(&mut self, name: &str, connection: u64, pid: i32, writer: ShimWriter) {
        let Some(managed) = self.managed.get_mut(name) else {
            let _ = writer.send(Order::Release);
            return;
        };
        if !matches!(managed.link, Link::Connecting { connection: ours } if ours == connection) {
            return;
        }
        managed.link = Link::Up {
            connection,
            pid,
            writer,
        };
        managed.shim_now.store(pid, Ordering::Relaxed);
        // What was ordered on an earlier connection may not have been heard. Nothing happens twice:
        // a run has an id, and a stop names its run.
        if let Some(Launching::Ordered(launch)) = &managed.launching {
            managed.order(Order::Launch(launch.clone()));
        }
        if let Some(halting) = &managed.halting
            && halting.command.is_none()
        {
            managed.order(halting.order());
        }
        self.changed();
    }

    pub(crate) fn shim_lost(&mut self, name: &str, connection: u64, why: &str) {
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        match managed.link {
            Link::Up {
                connection: ours, ..
            }
            | Link::Connecting { connection: ours }
                if ours == connection =>
            {
                managed.link = Link::None;
                let needed = managed.launching.is_some() || managed.present.is_some();
                if needed {
                    eprintln!("supervisor: {name}: the connection to its shim is gone: {why}");
                    self.ask_again(name);
                }
            }
            Link::Releasing(ours) if ours == connection => {
                managed.link = Link::None;
                self.see_to_shim_if_needed(name);
            }
            Link::None
            | Link::Asked
            | Link::Up { .. }
            | Link::Connecting { .. }
            | Link::Releasing(_) => {}
        }
    }

    fn ask_again(&self, name: &str) {
        let (inbox, name) = (self.inbox.clone(), name.to_string());
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            let _ = inbox.send(Input::AskAgain { name });
        });
    }

    pub(crate) fn see_to_shim_if_needed(&mut self, name: &str) {
        let needed = self.managed.get(name).is_some_and(|managed| {
            let launching = matches!(managed.launching, Some(Launching::Ordered(_)));
            launching || (managed.present.is_some() && managed.adopted.is_none())
        });
        if needed {
            self.see_to_shim(name);
        }
    }

    pub(crate) fn shim_says(&mut self, name: &str, connection: u64, fact: Fact) {
        let current = self
            .managed
            .get(name)
            .is_some_and(|managed| match managed.link {
                Link::Up {
                    connection: ours, ..
                }
                | Link::Releasing(ours) => ours == connection,
                Link::None | Link::Asked | Link::Connecting { .. } => false,
            });
        if !current {
            return;
        }
        match fact {
            Fact::Entry(seq, entry) => self.journal_says(name, seq, entry),
            Fact::Refused { order, run, why } => self.refused(name, &order, run, &why),
            Fact::Disk { errno, bytes } => self.disk_says(name, errno, bytes),
            Fact::Ready | Fact::Wrote { .. } | Fact::Pong => {}
        }
    }

    fn journal_says(&mut self, name: &str, seq: u64, entry: Entry) {
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        if seq <= managed.known {
            return;
        }
        managed.known = seq;
        self.remember_soon();
        match entry {
            Entry::Spawned { run, identity, at } => self.spawned(name, run, identity.pid, at),
            Entry::SpawnFailed {
                run,
                step,
                errno,
                subject,
                ..
            } => self.spawn_failed(name, run, &step, errno, &subject),
            Entry::Exited {
                run,
                exit,
                at,
                since,
            } => self.exited(name, run, exit, at, since),
            Entry::Gone { run, killed, .. } => self.gone(name, run, killed),
            Entry::Left { run, pids, .. } => {
                if let Some(managed) = self.managed.get_mut(name) {
                    managed.halting = None;
                }
                self.tell(Event::Left {
                    name: name.to_string(),
                    run,
                    pids,
                });
            }
            Entry::Recovered { run, .. } => {
                eprintln!("supervisor: {name}: a new shim has taken over run {run}");
            }
        }
    }

    fn spawned(&mut self, name: &str, run: RunId, pid: i32, at: u64) {
        if let Some(managed) = self.managed.get_mut(name) {
            let ours = managed.launching.as_ref().map(Launching::run);
            if ours == Some(run) {
                managed.launching = None;
            }
            managed.present = Some(run);
            managed.to_restore = false;
            managed.leader_gone = None;
        }
        self.look_for_output(name, run);
        self.tell(Event::Spawned {
            name: name.to_string(),
            run,
            pid,
            at,
        });
    }

    fn spawn_failed(&mut self, name: &str, run: RunId, step: &str, errno: i32, subject: &[u8]) {
        if let Some(managed) = self.managed.get_mut(name) {
            if managed.launching.as_ref().map(Launching::run) == Some(run) {
                managed.launching = None;
            }
            // Its child may have existed, and been told, before it could not become its program.
            if managed.present == Some(run) {
                managed.present = None;
                managed.leader_gone = None;
                managed.scan = None;
                managed.notify = None;
                managed.halting = None;
            }
        }
        let subject = forge_logs::safe(subject, false);
        let failure = spawn_failure(step, errno, &subject);
        self.could_not_begin(name, run, &failure);
        self.tell(Event::NotSpawned {
            name: name.to_string(),
            run,
            failure,
        });
    }

    fn exited(&mut self, name: &str, run: RunId, exit: Exit, at: u64, since: u64) {
        let deterministic = self.look_at_end(name, run, exit, at);
        if let Some(managed) = self.managed.get_mut(name) {
            managed.leader_gone = Some(run);
            managed.scan = None;
        }
        if matches!(exit, Exit::Unknown) {
            let interval = format!(
                "ended while unsupervised, between {} and {}; its exit status is unknown",
                crate::clock::rfc3339(since),
                crate::clock::rfc3339(at)
            );
            self.history.add(Some(name), "warning", interval);
        }
        self.tell(Event::Exited {
            name: name.to_string(),
            run,
            exit,
            deterministic,
        });
    }

    /// No process of a run is left; the run is over once its containers have ended too.
    fn gone(&mut self, name: &str, run: RunId, killed: bool) {
        if !self.end_containers(name, run, killed) {
            self.all_gone(name, run, killed);
        }
    }

    /// Nothing of a run is left.
    pub(crate) fn all_gone(&mut self, name: &str, run: RunId, killed: bool) {
        if let Some(managed) = self.managed.get_mut(name) {
            if managed.present == Some(run) {
                managed.present = None;
            }
            if managed.leader_gone == Some(run) {
                managed.leader_gone = None;
            }
            managed.scan = None;
            managed.notify = None;
            let asked = managed.halting.take_if(|halting| halting.run == run);
            if killed && asked.is_some_and(|halting| halting.timeout_ms > 0) {
                let message = "did not end by itself in time: killed".to_string();
                self.history.add(Some(name), "warning", message);
            }
        }
        self.tell(Event::Gone {
            name: name.to_string(),
            run,
        });
    }

    /// Children of a run that has ended by itself are gone before the next run begins, and do not
    /// keep ports from it.
    pub(crate) fn end_leftovers(&mut self) {
        let mut leftovers = Vec::new();
        for (name, managed) in &self.managed {
            let Some(run) = managed.leader_gone else {
                continue;
            };
            let Some(view) = self.core.view(name).filter(|_| managed.halting.is_none()) else {
                continue;
            };
            if view.status != Status::Exited {
                leftovers.push((name.clone(), run));
            }
        }
        for (name, run) in leftovers {
            let timeout = self
                .core
                .spec(&name)
                .map_or(Duration::ZERO, |spec| spec.stop.timeout);
            self.halt_without_ceremony(&name, run, timeout);
        }
    }

    fn refused(&mut self, name: &str, order: &str, run: Option<RunId>, why: &str) {
        eprintln!("supervisor: {name}: its shim refused to {order}: {why}");
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        let launching = managed.launching.as_ref().map(Launching::run);
        if order == "launch" && launching.is_some() && run == launching {
            managed.launching = None;
            let failure = *failed(SpawnCause::System, format!("its shim refused: {why}"));
            let run = run.unwrap_or(RunId(0));
            self.could_not_begin(name, run, &failure);
            self.tell(Event::NotSpawned {
                name: name.to_string(),
                run,
                failure,
            });
        }
    }

    fn disk_says(&mut self, name: &str, errno: i32, bytes: u64) {
        let message = match (errno, bytes) {
            (0, 0) => return,
            (0, bytes) => format!("output is kept again; {bytes} bytes of it are missing"),
            (errno, 0) => {
                let why = std::io::Error::from_raw_os_error(errno);
                format!("its output cannot be kept: {why}; the process may have to wait")
            }
            (errno, bytes) => {
                let why = std::io::Error::from_raw_os_error(errno);
                format!("its output cannot be kept: {why}; {bytes} bytes are missing so far")
            }
        };
        self.history.add(Some(name), "warning", message);
        self.changed();
    }
}
