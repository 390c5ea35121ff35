//! A shim with its journal as bytes, and the child that lives on when the shim dies.

use std::collections::BTreeMap;

use forge_facts::journal;
use forge_facts::{Entry, Exit, Identity, RunId};

/// What came of an order to launch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Begun,
    Failed,
    Known,
}

/// One process: its journal, its child, and every run that ever began, which only the test knows.
#[derive(Default)]
pub(crate) struct Shim {
    pub(crate) journal: Vec<u8>,
    seq: u64,
    /// The last entry that anybody was told.
    pub(crate) heard: u64,
    child: Option<Child>,
    truth: BTreeMap<RunId, u32>,
}

struct Child {
    run: RunId,
    /// How its leader has ended.
    ended: Option<i32>,
    recorded: bool,
    told_to_stop: bool,
}

impl Shim {
    pub(crate) fn lives(&self) -> bool {
        self.child.is_some()
    }

    /// The run whose leader lives.
    pub(crate) fn running(&self) -> Option<RunId> {
        let child = self.child.as_ref()?;
        child.ended.is_none().then_some(child.run)
    }

    pub(crate) fn launch(&mut self, name: &str, run: RunId, fails: bool, at: u64) -> Said {
        let entries = journal::parse(&self.journal).entries;
        if entries.iter().any(|(_, entry)| entry.run() == run) {
            return Said::Known;
        }
        assert!(
            self.child.is_none(),
            "{name}: a second copy beside a living one"
        );
        if fails {
            self.write(&Entry::SpawnFailed {
                run,
                step: "exec".to_string(),
                errno: 2,
                subject: b"run".to_vec(),
                at,
            });
            return Said::Failed;
        }
        let identity = Identity {
            pid: 42,
            boot: "boot".to_string(),
            start_ticks: 1,
            pidfd_inode: 1,
        };
        self.write(&Entry::Spawned { run, identity, at });
        let lives = self.truth.entry(run).or_default();
        *lives += 1;
        assert_eq!(*lives, 1, "{name}: run {run} has begun twice");
        self.child = Some(Child {
            run,
            ended: None,
            recorded: false,
            told_to_stop: false,
        });
        Said::Begun
    }

    pub(crate) fn stop(&mut self, run: RunId) {
        if let Some(child) = self.child.as_mut().filter(|child| child.run == run) {
            child.told_to_stop = true;
        }
    }

    /// The child goes one step towards its end, which is written down.
    pub(crate) fn proceed(&mut self, code: i32, at: u64) {
        let Some(child) = &mut self.child else {
            return;
        };
        let run = child.run;
        match (child.ended, child.recorded) {
            (None, _) => {
                child.ended = Some(code);
                child.recorded = true;
                let exit = Exit::Code(code);
                self.write(&Entry::Exited {
                    run,
                    exit,
                    at,
                    since: at,
                });
            }
            (Some(code), false) => {
                child.recorded = true;
                let exit = Exit::Code(code);
                self.write(&Entry::Exited {
                    run,
                    exit,
                    at,
                    since: at,
                });
            }
            (Some(_), true) => {
                let killed = child.told_to_stop;
                self.write(&Entry::Gone { run, at, killed });
                self.child = None;
            }
        }
    }

    /// Goes on where it was told to stop, where its leader has ended, or where it ends by itself.
    pub(crate) fn obey(&mut self, ends_by_itself: bool, at: u64) -> bool {
        let due = self
            .child
            .as_ref()
            .is_some_and(|child| child.told_to_stop || child.ended.is_some() || ends_by_itself);
        if due {
            self.proceed(0, at);
        }
        due
    }

    /// The leader ends, and nobody writes it down.
    pub(crate) fn end_unseen(&mut self, code: i32) {
        if let Some(child) = &mut self.child
            && child.ended.is_none()
        {
            child.ended = Some(code);
        }
    }

    /// This shim dies and another takes over, by the journal alone. `torn`: in the middle of its last
    /// record, which therefore did not happen. `known`: the keeper lives, and has seen the child's end.
    pub(crate) fn die_and_recover(&mut self, torn: bool, known: bool, at: u64) {
        if torn {
            self.tear();
        }
        if !self.journal.is_empty() && !self.journal.ends_with(b"\n") {
            // The next record begins on a line of its own.
            self.journal.push(b'\n');
        }
        self.seq = journal::parse(&self.journal).last_seq();
        let Some(child) = &mut self.child else {
            return;
        };
        child.told_to_stop = false;
        let (run, ended, recorded) = (child.run, child.ended, child.recorded);
        self.write(&Entry::Recovered { run, at, since: at });
        // Between the record and the reaping: the end is seen, and so written, once more.
        let unseen = ended.is_some() && !recorded;
        if let Some(code) = ended {
            let exit = match unseen && !known {
                true => Exit::Unknown,
                false => Exit::Code(code),
            };
            self.write(&Entry::Exited {
                run,
                exit,
                at,
                since: at,
            });
            if let Some(child) = &mut self.child {
                child.recorded = true;
            }
        }
    }

    /// Cuts the last record, where that can still be undone: one that somebody has acted on was synced.
    fn tear(&mut self) {
        let entries = journal::parse(&self.journal).entries;
        let Some((_, last)) = entries.last().filter(|(seq, _)| *seq > self.heard) else {
            return;
        };
        // A child at its gate ends with its shim, and an end that was not written is seen again.
        match last {
            Entry::Exited { run, .. } => match &mut self.child {
                Some(child) if child.run == *run && child.recorded => child.recorded = false,
                _ => return,
            },
            Entry::Spawned { .. }
            | Entry::SpawnFailed { .. }
            | Entry::Gone { .. }
            | Entry::Left { .. }
            | Entry::Recovered { .. } => return,
        }
        let whole = self.journal.len();
        let start = self.journal[..whole - 1].iter().rposition(|b| *b == b'\n');
        let begin = start.map_or(0, |at| at + 1);
        self.journal.truncate(begin + (whole - begin) / 2);
    }

    fn write(&mut self, entry: &Entry) {
        self.seq += 1;
        self.journal.extend(entry.to_record(self.seq).encode());
    }

    /// At the end: every run that began is told, with an end.
    pub(crate) fn check_journal(&self, name: &str) {
        let entries = journal::parse(&self.journal).entries;
        for run in self.truth.keys() {
            let of = |is: fn(&Entry) -> bool| {
                let mut all = entries.iter();
                all.any(|(_, entry)| entry.run() == *run && is(entry))
            };
            assert!(
                of(|entry| matches!(entry, Entry::Spawned { .. })),
                "{name}: {run} is lost"
            );
            assert!(
                of(|entry| matches!(entry, Entry::Exited { .. })),
                "{name}: {run} has no exit"
            );
            assert!(
                of(|entry| matches!(entry, Entry::Gone { .. })),
                "{name}: {run} has no end"
            );
        }
        let numbers: Vec<u64> = entries.iter().map(|(seq, _)| *seq).collect();
        assert!(numbers.is_sorted(), "{name}: {numbers:?}");
    }
}
