//! Orders: what the supervisor asks of keeper and shims. Small and frozen.

use crate::record::{Malformed, Record};
use crate::{PROTOCOL, RunId};

/// The first record in each direction on every connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The speaker's protocol.
    pub protocol: u32,
    /// Who speaks.
    pub role: Role,
    /// The speaker's pid.
    pub pid: i32,
    /// The version of the program, for people.
    pub version: String,
    /// From a supervisor to a shim: the number of the last journal entry that it knows. The shim
    /// answers with every later one before anything new.
    pub after: u64,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The supervisor; a newer connection of one replaces the older.
    Supervisor,
    /// The keeper.
    Keeper,
    /// A shim.
    Shim,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Role::Supervisor => "supervisor",
            Role::Keeper => "keeper",
            Role::Shim => "shim",
        }
    }
}

impl Hello {
    /// A greeting in this version's protocol.
    pub fn new(role: Role, pid: i32, version: &str) -> Self {
        Hello {
            protocol: PROTOCOL,
            role,
            pid,
            version: version.to_string(),
            after: 0,
        }
    }

    /// The greeting as a record.
    pub fn to_record(&self) -> Record {
        Record::new("hello")
            .with_display("protocol", self.protocol)
            .with("role", self.role.word())
            .with_display("pid", self.pid)
            .with("version", &self.version)
            .with_display("after", self.after)
    }

    /// Reads a greeting.
    pub fn from_record(record: &Record) -> Result<Self, Malformed> {
        if record.kind() != "hello" {
            return Err(Malformed(format!("{} instead of hello", record.kind())));
        }
        Ok(Hello {
            protocol: record.parse("protocol")?,
            role: match record.text("role")? {
                "supervisor" => Role::Supervisor,
                "keeper" => Role::Keeper,
                "shim" => Role::Shim,
                other => return Err(Malformed(format!("hello from an unknown role {other}"))),
            },
            pid: record.parse("pid")?,
            version: record.text("version")?.to_string(),
            after: record.parse_some("after")?.unwrap_or(0),
        })
    }
}

/// Everything a shim needs to begin a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The id of the new run.
    pub run: RunId,
    /// Program and arguments. A program without `/` is looked up in the `PATH` of `env`.
    pub argv: Vec<Vec<u8>>,
    /// The whole environment, as `NAME=value`.
    pub env: Vec<Vec<u8>>,
    /// Where it runs.
    pub cwd: Vec<u8>,
    /// Present: a pseudo-terminal of this size instead of pipes.
    pub terminal: Option<TerminalSize>,
    /// One pipe for both streams.
    pub merge_stderr: bool,
    /// `RLIMIT_NOFILE` of the child.
    pub open_files: Option<u64>,
    /// How its output is kept.
    pub log: LogRules,
}

/// Size of a terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters of a line.
    pub cols: u16,
}

/// How the output of a process is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRules {
    /// A segment that is larger than this is followed by a new one at the next end of a line.
    pub segment_bytes: u64,
    /// Segments of a stream beyond this many are removed, oldest first.
    pub segments_kept: u32,
    /// How long a process may be blocked by a disk that takes nothing, before output is given up
    /// and counted as a gap.
    pub block_max_ms: u64,
}

impl Default for LogRules {
    fn default() -> Self {
        LogRules {
            segment_bytes: 64 << 20,
            segments_kept: 5,
            block_max_ms: 5_000,
        }
    }
}

/// Who receives the stop signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The process and everything that descends from it.
    Tree,
    /// The process alone.
    Leader,
}

/// What the supervisor asks of a shim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Begin a run. Refused with [`Fact::Refused`](crate::Fact::Refused) while one is going on or
    /// has left descendants.
    Launch(Box<Launch>),
    /// Send a signal, nothing more.
    Signal {
        /// The run that is meant; ignored when it is not the present one.
        run: RunId,
        /// Number of the signal.
        signal: i32,
        /// Who receives it.
        scope: Scope,
    },
    /// End the run: signal, wait for the whole tree, SIGKILL what is left after the timeout. Also
    /// ends what a run whose leader is gone has left behind. Ends in a fact `gone` or `left`.
    Stop {
        /// The run that is meant.
        run: RunId,
        /// Number of the signal; it is followed by SIGCONT.
        signal: i32,
        /// Who receives the signal. The kill always reaches the tree.
        scope: Scope,
        /// How long until SIGKILL; 0 kills at once. A second stop may only shorten it.
        timeout_ms: u64,
    },
    /// Bytes for standard input or the terminal.
    Input {
        /// The run that is meant.
        run: RunId,
        /// What to write.
        data: Vec<u8>,
        /// Close the input behind it (on a terminal: type the end-of-file character).
        eof: bool,
    },
    /// The size of the terminal has changed.
    Resize {
        /// The run that is meant.
        run: RunId,
        /// The new size.
        size: TerminalSize,
    },
    /// Say `wrote` when there is new output: once, until asked again.
    Watch,
    /// New rules for the log, from the next segment on.
    Log(LogRules),
    /// All journal entries up to this number are known: they need not be told again.
    Known(u64),
    /// Are you there? Answered by the fact `pong`.
    Ping,
    /// End, as soon as no process is left. The shim refuses while one is.
    Release,
}

impl Order {
    /// The order as a record.
    pub fn to_record(&self) -> Record {
        match self {
            Order::Launch(launch) => {
                let mut record = Record::new("launch").with_display("run", launch.run);
                for arg in &launch.argv {
                    record = record.with("argv", arg);
                }
                for variable in &launch.env {
                    record = record.with("env", variable);
                }
                record = log_fields(record.with("cwd", &launch.cwd), &launch.log)
                    .with_some("open-files", launch.open_files);
                if launch.merge_stderr {
                    record = record.with("stderr", "merge");
                }
                match launch.terminal {
                    Some(size) => size_fields(record, size),
                    None => record,
                }
            }
            Order::Signal { run, signal, scope } => Record::new("signal")
                .with_display("run", run)
                .with_display("signal", signal)
                .with("scope", scope_word(*scope)),
            Order::Stop {
                run,
                signal,
                scope,
                timeout_ms,
            } => Record::new("stop")
                .with_display("run", run)
                .with_display("signal", signal)
                .with("scope", scope_word(*scope))
                .with_display("timeout", timeout_ms),
            Order::Input { run, data, eof } => {
                let record = Record::new("input")
                    .with_display("run", run)
                    .with("data", data);
                if *eof {
                    record.with("eof", "1")
                } else {
                    record
                }
            }
            Order::Resize { run, size } => {
                size_fields(Record::new("resize").with_display("run", run), *size)
            }
            Order::Watch => Record::new("watch"),
            Order::Log(rules) => log_fields(Record::new("log"), rules),
            Order::Known(seq) => Record::new("known").with_display("seq", seq),
            Order::Ping => Record::new("ping"),
            Order::Release => Record::new("release"),
        }
    }

    /// Reads an order.
    pub fn from_record(record: &Record) -> Result<Self, Malformed> {
        let bytes = |key: &str| -> Result<Vec<u8>, Malformed> {
            record
                .get(key)
                .map(<[u8]>::to_vec)
                .ok_or_else(|| Malformed(format!("{} lacks {key}", record.kind())))
        };
        Ok(match record.kind() {
            "launch" => Order::Launch(Box::new(Launch {
                run: record.parse("run")?,
                argv: record.all("argv").map(<[u8]>::to_vec).collect(),
                env: record.all("env").map(<[u8]>::to_vec).collect(),
                cwd: bytes("cwd")?,
                terminal: match record.get("rows") {
                    Some(_) => Some(read_size(record)?),
                    None => None,
                },
                merge_stderr: record.get("stderr") == Some(b"merge"),
                open_files: record.parse_some("open-files")?,
                log: read_log(record)?,
            })),
            "signal" => Order::Signal {
                run: record.parse("run")?,
                signal: record.parse("signal")?,
                scope: read_scope(record)?,
            },
            "stop" => Order::Stop {
                run: record.parse("run")?,
                signal: record.parse("signal")?,
                scope: read_scope(record)?,
                timeout_ms: record.parse("timeout")?,
            },
            "input" => Order::Input {
                run: record.parse("run")?,
                data: bytes("data")?,
                eof: record.get("eof").is_some(),
            },
            "resize" => Order::Resize {
                run: record.parse("run")?,
                size: read_size(record)?,
            },
            "watch" => Order::Watch,
            "log" => Order::Log(read_log(record)?),
            "known" => Order::Known(record.parse("seq")?),
            "ping" => Order::Ping,
            "release" => Order::Release,
            other => return Err(Malformed(format!("unknown order {other}"))),
        })
    }
}

fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Tree => "tree",
        Scope::Leader => "leader",
    }
}

fn read_scope(record: &Record) -> Result<Scope, Malformed> {
    match record.text("scope")? {
        "tree" => Ok(Scope::Tree),
        "leader" => Ok(Scope::Leader),
        other => Err(Malformed(format!("unknown scope {other}"))),
    }
}

fn size_fields(record: Record, size: TerminalSize) -> Record {
    record
        .with_display("rows", size.rows)
        .with_display("cols", size.cols)
}

fn read_size(record: &Record) -> Result<TerminalSize, Malformed> {
    Ok(TerminalSize {
        rows: record.parse("rows")?,
        cols: record.parse("cols")?,
    })
}

fn log_fields(record: Record, rules: &LogRules) -> Record {
    record
        .with_display("segment-bytes", rules.segment_bytes)
        .with_display("segments-kept", rules.segments_kept)
        .with_display("block-max", rules.block_max_ms)
}

fn read_log(record: &Record) -> Result<LogRules, Malformed> {
    Ok(LogRules {
        segment_bytes: record.parse("segment-bytes")?,
        segments_kept: record.parse("segments-kept")?,
        block_max_ms: record.parse("block-max")?,
    })
}

/// What the supervisor asks of the keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeeperOrder {
    /// See to it that this process has a shim. Answered by the fact `shim` in any case.
    Ensure {
        /// Name of the process.
        process: String,
    },
    /// Are you there? Answered by the fact `pong`.
    Ping,
    /// The answer to the keeper's ping ([`KeeperFact::Ping`](crate::KeeperFact::Ping)).
    Pong,
    /// The supervisor is about to end for good: do not start another one; end too when no shim is
    /// left (shims end by [`Order::Release`]).
    Shutdown,
    /// The supervisor is about to end: start a new one from this program at once.
    Replace {
        /// Path of the program.
        program: Vec<u8>,
    },
}

impl KeeperOrder {
    /// The order as a record.
    pub fn to_record(&self) -> Record {
        match self {
            KeeperOrder::Ensure { process } => Record::new("ensure").with("process", process),
            KeeperOrder::Ping => Record::new("ping"),
            KeeperOrder::Pong => Record::new("pong"),
            KeeperOrder::Shutdown => Record::new("shutdown"),
            KeeperOrder::Replace { program } => Record::new("replace").with("program", program),
        }
    }

    /// Reads an order.
    pub fn from_record(record: &Record) -> Result<Self, Malformed> {
        Ok(match record.kind() {
            "ensure" => KeeperOrder::Ensure {
                process: record.text("process")?.to_string(),
            },
            "ping" => KeeperOrder::Ping,
            "pong" => KeeperOrder::Pong,
            "shutdown" => KeeperOrder::Shutdown,
            "replace" => KeeperOrder::Replace {
                program: record.get("program").unwrap_or_default().to_vec(),
            },
            other => return Err(Malformed(format!("unknown order {other}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_back_as_it_was_said() {
        let run = RunId::new(1_700_000_000_000, 5);
        let launch = Launch {
            run,
            argv: vec![b"sh".to_vec(), b"-c".to_vec(), b"echo 'a b'\n".to_vec()],
            env: vec![b"A=\xff".to_vec(), b"B=".to_vec()],
            cwd: b"/tmp/x y".to_vec(),
            terminal: Some(TerminalSize { rows: 24, cols: 80 }),
            merge_stderr: true,
            open_files: Some(1024),
            log: LogRules::default(),
        };
        let orders = [
            Order::Launch(Box::new(launch)),
            Order::Signal {
                run,
                signal: 15,
                scope: Scope::Leader,
            },
            Order::Stop {
                run,
                signal: 2,
                scope: Scope::Tree,
                timeout_ms: 10_000,
            },
            Order::Input {
                run,
                data: b"ls\n".to_vec(),
                eof: true,
            },
            Order::Resize {
                run,
                size: TerminalSize { rows: 1, cols: 1 },
            },
            Order::Watch,
            Order::Log(LogRules::default()),
            Order::Known(9),
            Order::Ping,
            Order::Release,
        ];
        for order in orders {
            let line = order.to_record().encode();
            let back = Record::decode(&line).and_then(|r| Order::from_record(&r));
            assert_eq!(back, Ok(order));
        }
    }
}
