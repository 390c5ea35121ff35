//! Between keeper and shim alone: descriptors that the keeper holds so that no death of a shim
//! closes them, and exits that only the keeper could see.

use std::fmt;
use std::str::FromStr;

use crate::RunId;
use crate::record::{Malformed, Record};

/// What a descriptor in the keeper's custody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spare {
    /// The shim's listening socket.
    Listener,
    /// The write end of standard input.
    Stdin,
    /// The FIFO of standard output.
    Stdout,
    /// The FIFO of standard error.
    Stderr,
    /// The master of the terminal.
    Master,
    /// The read end of the pipe between terminal and log.
    StageRead,
    /// Its write end.
    StageWrite,
    /// The pidfd of the leader: it says how the leader ended (Linux 6.15) when nobody was its parent.
    Leader,
}

impl Spare {
    /// All of them.
    pub const ALL: [Spare; 8] = [
        Spare::Listener,
        Spare::Stdin,
        Spare::Stdout,
        Spare::Stderr,
        Spare::Master,
        Spare::StageRead,
        Spare::StageWrite,
        Spare::Leader,
    ];

    /// The name in records and arguments.
    pub fn name(self) -> &'static str {
        match self {
            Spare::Listener => "listener",
            Spare::Stdin => "stdin",
            Spare::Stdout => "stdout",
            Spare::Stderr => "stderr",
            Spare::Master => "master",
            Spare::StageRead => "stage-read",
            Spare::StageWrite => "stage-write",
            Spare::Leader => "leader",
        }
    }
}

impl fmt::Display for Spare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Spare {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Spare::ALL
            .into_iter()
            .find(|spare| spare.name() == text)
            .ok_or_else(|| Malformed(format!("unknown spare {text}")))
    }
}

/// What keeper and shim say to each other beside greetings and pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Custody {
    /// Shim to keeper: hold the one descriptor that travels with this record (SCM_RIGHTS).
    Hold {
        /// The run to which it belongs; for [`Spare::Listener`] it has no meaning.
        run: RunId,
        /// What it is.
        what: Spare,
    },
    /// Shim to keeper: close what is held for this run, or only one of it.
    Drop {
        /// The run.
        run: RunId,
        /// Which one; `None` is all.
        what: Option<Spare>,
    },
    /// Keeper to shim, and in the file [`Layout::exits`](crate::layout::Layout::exits): the leader of
    /// this run was adopted from a dead shim and has ended.
    Ended {
        /// The run.
        run: RunId,
        /// The status as wait(2) gives it.
        status: i32,
        /// Nanoseconds since 1970.
        at: u64,
    },
}

impl Custody {
    /// As a record.
    pub fn to_record(&self) -> Record {
        match self {
            Custody::Hold { run, what } => Record::new("hold")
                .with_display("run", run)
                .with("what", what.name()),
            Custody::Drop { run, what } => Record::new("drop")
                .with_display("run", run)
                .with_some("what", *what),
            Custody::Ended { run, status, at } => Record::new("ended")
                .with_display("run", run)
                .with_display("status", status)
                .with_display("at", at),
        }
    }

    /// Reads one; `None` for a record of another kind.
    pub fn from_record(record: &Record) -> Result<Option<Self>, Malformed> {
        Ok(Some(match record.kind() {
            "hold" => Custody::Hold {
                run: record.parse("run")?,
                what: record.parse("what")?,
            },
            "drop" => Custody::Drop {
                run: record.parse("run")?,
                what: record.parse_some("what")?,
            },
            "ended" => Custody::Ended {
                run: record.parse("run")?,
                status: record.parse("status")?,
                at: record.parse("at")?,
            },
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back_as_it_was() {
        let run = RunId::new(1_700_000_000_000, 5);
        let mut said = vec![
            Custody::Drop { run, what: None },
            Custody::Ended {
                run,
                status: 139,
                at: 7,
            },
        ];
        for what in Spare::ALL {
            said.push(Custody::Hold { run, what });
            said.push(Custody::Drop {
                run,
                what: Some(what),
            });
        }
        for custody in said {
            let line = custody.to_record().encode();
            let back = Record::decode(&line).and_then(|r| Custody::from_record(&r));
            assert_eq!(back, Ok(Some(custody)));
        }
    }
}
