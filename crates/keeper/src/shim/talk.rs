//! A shim's connections: who is who, what is told, and what the keeper holds for it.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use forge_facts::{Custody, Entry, Fact, Hello, Order, Record, Role, RunId, Spare};
use forge_os::{Event, Poller};

use super::Shim;
use crate::link::Link;

/// How many connections may be open without having said who they are.
const STRANGERS: usize = 8;

impl Shim {
    /// Takes connections of this user.
    pub(super) fn accept(&mut self) {
        while let Some(stream) = crate::link::accept(&self.listener) {
            if let Err(error) = self.welcome(stream) {
                crate::say(&format!("{}: a connection: {error}", self.name));
            }
        }
    }

    fn welcome(&mut self, stream: UnixStream) -> std::io::Result<()> {
        let peer = forge_os::peer(&stream)?;
        if peer.uid != forge_os::own_uid() {
            crate::say(&format!(
                "{}: refused a connection of user {} (pid {})",
                self.name, peer.uid, peer.pid
            ));
            return Ok(());
        }
        self.next_token += 1;
        let link = Link::new(stream, &self.poller, self.next_token)?;
        if self.strangers.len() >= STRANGERS {
            let (_, oldest) = self.strangers.remove(0);
            oldest.close(&self.poller);
        }
        self.strangers.push((self.next_token, link));
        Ok(())
    }

    /// Something has come over a connection, or it can take more.
    pub(super) fn link_came(&mut self, token: u64, event: Event) {
        let link = if let Some(link) = of_token(&mut self.keeper, token) {
            link
        } else if let Some(link) = of_token(&mut self.supervisor, token) {
            link
        } else if let Some((_, link)) = self.strangers.iter_mut().find(|(t, _)| *t == token) {
            link
        } else {
            return;
        };
        if event.writable {
            link.flush(&self.poller);
        }
        if !event.readable {
            return;
        }
        link.fill();
        let mut records = Vec::new();
        while let Some(record) = link.next() {
            records.push(record);
        }
        for record in records {
            self.hear(token, &record);
        }
    }

    /// One record of a connection; what it is to us may have changed with the record before.
    fn hear(&mut self, token: u64, record: &Record) {
        if of_token(&mut self.keeper, token).is_some() {
            self.keeper_says(record);
        } else if of_token(&mut self.supervisor, token).is_some() {
            if let Ok(order) = Order::from_record(record) {
                self.obey(order);
            }
        } else if let Some(place) = self.strangers.iter().position(|(t, _)| *t == token) {
            let (_, link) = self.strangers.remove(place);
            match Hello::from_record(record) {
                Ok(hello) => self.greet(hello, link),
                Err(why) => {
                    crate::say(&format!("{}: a connection: {why}", self.name));
                    link.close(&self.poller);
                }
            }
        }
    }

    fn greet(&mut self, hello: Hello, mut link: Link) {
        let own = Hello::new(
            Role::Shim,
            std::process::id() as i32,
            env!("CARGO_PKG_VERSION"),
        );
        link.send(&own.to_record(), &self.poller);
        match hello.role {
            Role::Supervisor => {
                for (seq, entry) in self.journal.after(hello.after) {
                    link.send(&entry.to_record(seq), &self.poller);
                }
                link.send(&Fact::Ready.to_record(), &self.poller);
                if let Some(older) = self.supervisor.replace(link) {
                    older.close(&self.poller);
                }
                self.watched = false;
                self.tell_disk_again();
            }
            Role::Keeper => {
                if let Some(older) = self.keeper.replace(link) {
                    older.close(&self.poller);
                }
                self.hold_listener();
                self.hold_run();
            }
            Role::Shim => link.close(&self.poller),
        }
    }

    fn keeper_says(&mut self, record: &Record) {
        match Custody::from_record(record) {
            Ok(Some(Custody::Ended { run, status, at })) => self.keeper_saw_end(run, status, at),
            Ok(Some(Custody::Hold { .. } | Custody::Drop { .. })) | Err(_) => {}
            Ok(None) => match Order::from_record(record) {
                Ok(Order::Ping) => self.tell_keeper(&Fact::Pong.to_record()),
                Ok(Order::Release) => {
                    if let Some(why) = self.why_not_released() {
                        let refused = Fact::Refused {
                            order: "release".to_string(),
                            run: None,
                            why,
                        };
                        self.tell_keeper(&refused.to_record());
                    }
                }
                Ok(_) | Err(_) => {}
            },
        }
    }

    /// Tells the supervisor, if one listens.
    pub(super) fn tell(&mut self, fact: &Fact) {
        if let Some(supervisor) = &mut self.supervisor {
            supervisor.queue(&fact.to_record());
        }
    }

    /// Sends what was told in this turn: many facts, one message.
    pub(super) fn flush_links(&mut self) {
        for link in [&mut self.keeper, &mut self.supervisor]
            .into_iter()
            .flatten()
        {
            link.flush(&self.poller);
        }
    }

    /// Tells of an entry, after the one that it builds on.
    pub(super) fn tell_entry(&mut self, seq: u64, entry: Entry) {
        self.tell_spawned();
        self.tell(&Fact::Entry(seq, entry));
    }

    /// Tells that the run was spawned, if that is still to be told.
    pub(super) fn tell_spawned(&mut self) {
        let untold = self.run.as_mut().and_then(|run| run.untold.take());
        if let Some((seq, entry)) = untold {
            self.tell(&Fact::Entry(seq, entry));
        }
    }

    pub(super) fn tell_all(&mut self, facts: &[Fact]) {
        for fact in facts {
            self.tell(fact);
        }
    }

    fn tell_keeper(&mut self, record: &Record) {
        if let Some(keeper) = &mut self.keeper {
            keeper.queue(record);
        }
    }

    pub(super) fn hold_listener(&mut self) {
        let all = [(Spare::Listener, self.listener.as_fd())];
        hold_all(&mut self.keeper, &self.poller, RunId(0), &all);
    }

    /// Has the keeper close what it holds for a run.
    pub(super) fn release_custody(&mut self, run: RunId, what: Option<Spare>) {
        self.tell_keeper(&Custody::Drop { run, what }.to_record());
    }

    /// Gives up connections that have ended.
    pub(super) fn drop_broken(&mut self) {
        for place in [&mut self.keeper, &mut self.supervisor] {
            if let Some(broken) = place.take_if(|link| link.is_broken()) {
                broken.close(&self.poller);
            }
        }
        while let Some(place) = self.strangers.iter().position(|(_, l)| l.is_broken()) {
            let (_, link) = self.strangers.remove(place);
            link.close(&self.poller);
        }
    }
}

/// Gives copies of descriptors into the keeper's custody, in one message: from now on no death of this
/// shim closes them.
pub(super) fn hold_all(
    keeper: &mut Option<Link>,
    poller: &Poller,
    run: RunId,
    all: &[(Spare, BorrowedFd<'_>)],
) {
    if let Some(keeper) = keeper {
        let hold = |what: Spare| Custody::Hold { run, what }.to_record();
        let records: Vec<Record> = all.iter().map(|(what, _)| hold(*what)).collect();
        let fds: Vec<BorrowedFd<'_>> = all.iter().map(|(_, fd)| *fd).collect();
        keeper.send_with(&records, &fds, poller);
    }
}

fn of_token(place: &mut Option<Link>, token: u64) -> Option<&mut Link> {
    place.as_mut().filter(|link| link.token() == token)
}
