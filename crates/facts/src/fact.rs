//! Facts: what has happened, as a shim or the keeper tells it. Written down before it is told.

use crate::RunId;
use crate::index::Stream;
use crate::record::{Malformed, Record};

/// Who a pid is, beyond the number: safe against reuse and reboots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The pid, in the pid namespace of Forge.
    pub pid: i32,
    /// `/proc/sys/kernel/random/boot_id` of the boot in which it was started.
    pub boot: String,
    /// Field 22 of `/proc/PID/stat`: ticks after boot (proc_pid_stat(5)).
    pub start_ticks: u64,
    /// Inode number of its pidfd (unique for a boot since Linux 6.9), 0 where unknown.
    pub pidfd_inode: u64,
}

/// How a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself with this code (0 to 255).
    Code(i32),
    /// A signal ended it.
    Signal {
        /// Number of the signal.
        signal: i32,
        /// Whether it dumped core.
        core: bool,
    },
    /// It ended while nobody watched who could know.
    Unknown,
}

/// What a shim has written into its journal. Numbered: `seq` grows by one with each entry of a
/// process, over all of its shims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A child exists and is about to be let go.
    Spawned {
        /// Its run.
        run: RunId,
        /// Who it is.
        identity: Identity,
        /// Nanoseconds since 1970.
        at: u64,
    },
    /// The run did not come to be: nothing is running.
    SpawnFailed {
        /// The run that was ordered.
        run: RunId,
        /// What could not be done: `cwd`, `exec`, `fork`, `log`, …
        step: String,
        /// The error number (errno(3)).
        errno: i32,
        /// What it was done to: the folder, the program.
        subject: Vec<u8>,
        /// Nanoseconds since 1970.
        at: u64,
    },
    /// The leader has ended. Descendants may be left.
    Exited {
        /// Its run.
        run: RunId,
        /// How.
        exit: Exit,
        /// Nanoseconds since 1970: when the shim saw it; for [`Exit::Unknown`] the end of the interval.
        at: u64,
        /// With [`Exit::Unknown`]: since when nobody watched (nanoseconds since 1970), else equal to `at`.
        since: u64,
    },
    /// No process of the run is left, and all it wrote is in the log.
    Gone {
        /// The run.
        run: RunId,
        /// Nanoseconds since 1970.
        at: u64,
        /// Whether SIGKILL was needed.
        killed: bool,
    },
    /// A stop could not end these (uninterruptible sleep, another user's).
    Left {
        /// The run.
        run: RunId,
        /// Their pids.
        pids: Vec<i32>,
        /// Nanoseconds since 1970.
        at: u64,
    },
    /// A new shim has taken over the run of one that died.
    Recovered {
        /// The run.
        run: RunId,
        /// Nanoseconds since 1970.
        at: u64,
        /// The last time at which the former shim is known to have lived (nanoseconds since 1970).
        since: u64,
    },
}

impl Entry {
    /// The run that the entry speaks of.
    pub fn run(&self) -> RunId {
        match self {
            Entry::Spawned { run, .. }
            | Entry::SpawnFailed { run, .. }
            | Entry::Exited { run, .. }
            | Entry::Gone { run, .. }
            | Entry::Left { run, .. }
            | Entry::Recovered { run, .. } => *run,
        }
    }

    /// The entry as a record with its number.
    pub fn to_record(&self, seq: u64) -> Record {
        let (kind, run, at) = match self {
            Entry::Spawned { run, at, .. } => ("spawned", run, at),
            Entry::SpawnFailed { run, at, .. } => ("spawn-failed", run, at),
            Entry::Exited { run, at, .. } => ("exited", run, at),
            Entry::Gone { run, at, .. } => ("gone", run, at),
            Entry::Left { run, at, .. } => ("left", run, at),
            Entry::Recovered { run, at, .. } => ("recovered", run, at),
        };
        let record = Record::new(kind)
            .with_display("seq", seq)
            .with_display("run", run)
            .with_display("at", at);
        match self {
            Entry::Spawned { identity, .. } => record
                .with_display("pid", identity.pid)
                .with("boot", &identity.boot)
                .with_display("ticks", identity.start_ticks)
                .with_display("inode", identity.pidfd_inode),
            Entry::SpawnFailed {
                step,
                errno,
                subject,
                ..
            } => record
                .with("step", step)
                .with_display("errno", errno)
                .with("subject", subject),
            Entry::Exited { exit, since, .. } => match exit {
                Exit::Code(code) => record.with_display("code", code),
                Exit::Signal { signal, core } => record
                    .with_display("signal", signal)
                    .with_display("core", u8::from(*core)),
                Exit::Unknown => record.with_display("since", since),
            },
            Entry::Gone { killed, .. } => record.with_display("killed", u8::from(*killed)),
            Entry::Left { pids, .. } => pids
                .iter()
                .fold(record, |record, pid| record.with_display("pid", pid)),
            Entry::Recovered { since, .. } => record.with_display("since", since),
        }
    }

    /// Reads an entry and its number; `None` for a record of another kind.
    pub fn from_record(record: &Record) -> Result<Option<(u64, Self)>, Malformed> {
        let common = || -> Result<(u64, RunId, u64), Malformed> {
            Ok((
                record.parse("seq")?,
                record.parse("run")?,
                record.parse("at")?,
            ))
        };
        let flag = |key: &str| record.get(key) == Some(b"1");
        let entry = match record.kind() {
            "spawned" => {
                let (seq, run, at) = common()?;
                let identity = Identity {
                    pid: record.parse("pid")?,
                    boot: record.text("boot")?.to_string(),
                    start_ticks: record.parse("ticks")?,
                    pidfd_inode: record.parse("inode")?,
                };
                (seq, Entry::Spawned { run, identity, at })
            }
            "spawn-failed" => {
                let (seq, run, at) = common()?;
                let step = record.text("step")?.to_string();
                let errno = record.parse("errno")?;
                let subject = record.get("subject").unwrap_or_default().to_vec();
                (
                    seq,
                    Entry::SpawnFailed {
                        run,
                        step,
                        errno,
                        subject,
                        at,
                    },
                )
            }
            "exited" => {
                let (seq, run, at) = common()?;
                let exit = if let Some(code) = record.parse_some("code")? {
                    Exit::Code(code)
                } else if let Some(signal) = record.parse_some("signal")? {
                    Exit::Signal {
                        signal,
                        core: flag("core"),
                    }
                } else {
                    Exit::Unknown
                };
                let since = record.parse_some("since")?.unwrap_or(at);
                (
                    seq,
                    Entry::Exited {
                        run,
                        exit,
                        at,
                        since,
                    },
                )
            }
            "gone" => {
                let (seq, run, at) = common()?;
                (
                    seq,
                    Entry::Gone {
                        run,
                        at,
                        killed: flag("killed"),
                    },
                )
            }
            "left" => {
                let (seq, run, at) = common()?;
                let pids = record
                    .all("pid")
                    .filter_map(|v| std::str::from_utf8(v).ok()?.parse().ok())
                    .collect();
                (seq, Entry::Left { run, pids, at })
            }
            "recovered" => {
                let (seq, run, at) = common()?;
                (
                    seq,
                    Entry::Recovered {
                        run,
                        at,
                        since: record.parse("since")?,
                    },
                )
            }
            _ => return Ok(None),
        };
        Ok(Some(entry))
    }
}

/// What a shim tells the supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An entry of its journal, new or told again after a reconnect.
    Entry(u64, Entry),
    /// Sent once after the greeting, behind the entries that were missing: from here on all is news.
    Ready,
    /// There is new output: the stream's present segment and its length. Told once for each
    /// [`Order::Watch`](crate::Order::Watch).
    Wrote {
        /// Which stream.
        stream: Stream,
        /// Number of the segment.
        segment: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// An order was not carried out.
    Refused {
        /// Kind of the order.
        order: String,
        /// The run that it named.
        run: Option<RunId>,
        /// Why, for people.
        why: String,
    },
    /// Output could not be kept, or is kept again (`bytes` is what the gap has cost).
    Disk {
        /// The error number; 0 when writing works again.
        errno: i32,
        /// Bytes lost so far in this gap.
        bytes: u64,
    },
    /// The answer to a ping.
    Pong,
}

impl Fact {
    /// The fact as a record.
    pub fn to_record(&self) -> Record {
        match self {
            Fact::Entry(seq, entry) => entry.to_record(*seq),
            Fact::Ready => Record::new("ready"),
            Fact::Wrote {
                stream,
                segment,
                length,
            } => Record::new("wrote")
                .with("stream", stream.name())
                .with_display("segment", segment)
                .with_display("length", length),
            Fact::Refused { order, run, why } => Record::new("refused")
                .with("order", order)
                .with_some("run", *run)
                .with("why", why),
            Fact::Disk { errno, bytes } => Record::new("disk")
                .with_display("errno", errno)
                .with_display("bytes", bytes),
            Fact::Pong => Record::new("pong"),
        }
    }

    /// Reads a fact.
    pub fn from_record(record: &Record) -> Result<Self, Malformed> {
        if let Some((seq, entry)) = Entry::from_record(record)? {
            return Ok(Fact::Entry(seq, entry));
        }
        Ok(match record.kind() {
            "ready" => Fact::Ready,
            "wrote" => Fact::Wrote {
                stream: record.parse("stream")?,
                segment: record.parse("segment")?,
                length: record.parse("length")?,
            },
            "refused" => Fact::Refused {
                order: record.text("order")?.to_string(),
                run: record.parse_some("run")?,
                why: record.text("why")?.to_string(),
            },
            "disk" => Fact::Disk {
                errno: record.parse("errno")?,
                bytes: record.parse("bytes")?,
            },
            "pong" => Fact::Pong,
            other => return Err(Malformed(format!("unknown fact {other}"))),
        })
    }
}

/// What the keeper tells the supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeeperFact {
    /// This process has a shim that can be connected to (its socket lies where
    /// [`layout`](crate::layout) says).
    Shim {
        /// Name of the process.
        process: String,
        /// Pid of the shim.
        pid: i32,
    },
    /// The shim has ended and was not wanted any longer.
    ShimGone {
        /// Name of the process.
        process: String,
    },
    /// A shim could not be started.
    ShimFailed {
        /// Name of the process.
        process: String,
        /// Why, for people.
        why: String,
    },
    /// Are you there? Answered by the order [`KeeperOrder::Pong`](crate::KeeperOrder::Pong); a
    /// supervisor that does not answer is ended and replaced.
    Ping,
    /// The answer to a ping.
    Pong,
}

impl KeeperFact {
    /// The fact as a record.
    pub fn to_record(&self) -> Record {
        match self {
            KeeperFact::Shim { process, pid } => Record::new("shim")
                .with("process", process)
                .with_display("pid", pid),
            KeeperFact::ShimGone { process } => Record::new("shim-gone").with("process", process),
            KeeperFact::ShimFailed { process, why } => Record::new("shim-failed")
                .with("process", process)
                .with("why", why),
            KeeperFact::Ping => Record::new("ping"),
            KeeperFact::Pong => Record::new("pong"),
        }
    }

    /// Reads a fact.
    pub fn from_record(record: &Record) -> Result<Self, Malformed> {
        let process = || record.text("process").map(str::to_string);
        Ok(match record.kind() {
            "shim" => KeeperFact::Shim {
                process: process()?,
                pid: record.parse("pid")?,
            },
            "shim-gone" => KeeperFact::ShimGone {
                process: process()?,
            },
            "shim-failed" => KeeperFact::ShimFailed {
                process: process()?,
                why: record.text("why")?.to_string(),
            },
            "ping" => KeeperFact::Ping,
            "pong" => KeeperFact::Pong,
            other => return Err(Malformed(format!("unknown fact {other}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_comes_back_as_it_was_told() {
        let run = RunId::new(1_700_000_000_000, 5);
        let identity = Identity {
            pid: 7,
            boot: "b-1".into(),
            start_ticks: 9,
            pidfd_inode: 11,
        };
        let at = 1_700_000_000_000_000_000;
        let facts = [
            Fact::Entry(1, Entry::Spawned { run, identity, at }),
            Fact::Entry(
                2,
                Entry::SpawnFailed {
                    run,
                    step: "exec".into(),
                    errno: 2,
                    subject: b"no such".to_vec(),
                    at,
                },
            ),
            Fact::Entry(
                3,
                Entry::Exited {
                    run,
                    exit: Exit::Code(0),
                    at,
                    since: at,
                },
            ),
            Fact::Entry(
                4,
                Entry::Exited {
                    run,
                    exit: Exit::Signal {
                        signal: 11,
                        core: true,
                    },
                    at,
                    since: at,
                },
            ),
            Fact::Entry(
                5,
                Entry::Exited {
                    run,
                    exit: Exit::Unknown,
                    at,
                    since: at - 5,
                },
            ),
            Fact::Entry(
                6,
                Entry::Gone {
                    run,
                    at,
                    killed: true,
                },
            ),
            Fact::Entry(
                7,
                Entry::Left {
                    run,
                    pids: vec![1, 2],
                    at,
                },
            ),
            Fact::Entry(
                8,
                Entry::Recovered {
                    run,
                    at,
                    since: at - 9,
                },
            ),
            Fact::Ready,
            Fact::Wrote {
                stream: Stream::Stderr,
                segment: 3,
                length: 99,
            },
            Fact::Refused {
                order: "launch".into(),
                run: Some(run),
                why: "busy".into(),
            },
            Fact::Disk {
                errno: 28,
                bytes: 4096,
            },
            Fact::Pong,
        ];
        for fact in facts {
            let line = fact.to_record().encode();
            let back = Record::decode(&line).and_then(|r| Fact::from_record(&r));
            assert_eq!(back, Ok(fact));
        }
    }
}
