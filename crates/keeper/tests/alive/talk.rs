//! Connections that speak as a supervisor does.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use forge_facts::layout::Layout;
use forge_facts::{Entry, Exit, Fact, Hello, Launch, Order, Record, Role, RunId, Scope};
use forge_os::signal;

use forge_testkit::PATIENCE;

/// A connection on which records travel.
pub(crate) struct Talk {
    pub(crate) stream: UnixStream,
    bytes: Vec<u8>,
}

/// A shim, as a supervisor sees it.
pub(crate) struct Shim {
    pub(crate) pid: i32,
    pub(crate) talk: Talk,
    pub(crate) known: u64,
    /// Entries that came while something else was waited for.
    pub(crate) entries: VecDeque<Entry>,
    pub(crate) refused: Vec<String>,
}

impl Talk {
    pub(crate) fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        Talk {
            stream,
            bytes: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, record: &Record) {
        // Who has been killed does not listen: that is seen at the next reading.
        let _ = self.stream.write_all(&record.encode());
    }

    /// The next record; `None` at the end.
    pub(crate) fn try_next(&mut self) -> Option<Record> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return Some(Record::decode(&line).expect("a record"));
            }
            let mut room = [0; 65_536];
            match self.stream.read(&mut room) {
                Ok(0) => return None,
                Ok(count) => self.bytes.extend_from_slice(&room[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing is said: {error}"),
            }
        }
    }
}

impl Shim {
    pub(crate) fn connect(layout: &Layout, name: &str, after: u64) -> Option<Self> {
        let stream = forge_os::connect_in(&layout.shim_socket(name)).ok()?;
        let mut talk = Talk::new(stream);
        let mut hello = Hello::new(Role::Supervisor, std::process::id() as i32, "test");
        hello.after = after;
        talk.send(&hello.to_record());
        let theirs = Hello::from_record(&talk.try_next()?).expect("hello");
        let mut shim = Shim {
            pid: theirs.pid,
            talk,
            known: after,
            entries: VecDeque::new(),
            refused: Vec::new(),
        };
        while shim.hear()? != Fact::Ready {}
        Some(shim)
    }

    /// The next fact; `None` when the shim is gone.
    pub(crate) fn hear(&mut self) -> Option<Fact> {
        let fact = Fact::from_record(&self.talk.try_next()?).expect("a fact");
        match &fact {
            Fact::Entry(seq, entry) => {
                self.known = self.known.max(*seq);
                self.entries.push_back(entry.clone());
            }
            Fact::Refused { why, .. } => self.refused.push(why.clone()),
            Fact::Ready | Fact::Wrote { .. } | Fact::Disk { .. } | Fact::Pong => {}
        }
        Some(fact)
    }

    pub(crate) fn order(&mut self, order: &Order) {
        self.talk.send(&order.to_record());
    }

    /// The next entry.
    pub(crate) fn entry(&mut self) -> Entry {
        self.try_entry().expect("the shim lives")
    }

    /// The next entry; `None` when the shim is gone.
    pub(crate) fn try_entry(&mut self) -> Option<Entry> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Some(entry);
            }
            self.hear()?;
        }
    }

    pub(crate) fn launch(&mut self, launch: &Launch) -> i32 {
        self.order(&Order::Launch(Box::new(launch.clone())));
        match self.entry() {
            Entry::Spawned { run, identity, .. } if run == launch.run => identity.pid,
            other => panic!("{other:?}, refused: {:?}", self.refused),
        }
    }

    /// Waits for the end of the leader.
    pub(crate) fn exit(&mut self) -> Exit {
        loop {
            match self.entry() {
                Entry::Exited { exit, .. } => return exit,
                Entry::Recovered { .. } | Entry::Spawned { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits until nothing is left; says whether it had to be killed.
    pub(crate) fn gone(&mut self) -> bool {
        loop {
            match self.entry() {
                Entry::Gone { killed, .. } => return killed,
                Entry::Recovered { .. } | Entry::Spawned { .. } | Entry::Exited { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn stop(&mut self, run: RunId, timeout_ms: u64) {
        self.order(&Order::Stop {
            run,
            signal: signal::TERMINATE,
            scope: Scope::Tree,
            timeout_ms,
        });
    }

    /// Why an order was refused.
    pub(crate) fn refusal(&mut self) -> String {
        loop {
            if let Some(why) = self.refused.pop() {
                return why;
            }
            self.hear().expect("the shim lives");
        }
    }

    /// Waits for a fact that is no entry.
    pub(crate) fn fact(&mut self, wanted: impl Fn(&Fact) -> bool) -> Fact {
        loop {
            let fact = self.hear().expect("the shim lives");
            if wanted(&fact) {
                return fact;
            }
        }
    }
}
