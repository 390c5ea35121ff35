//! Keeper and shims: they hold and record, and never decide.
//!
//! # Theory of operation
//!
//! Two small programs in one: the *keeper*, one for each workspace, and the *shim*, one for each
//! process, which begins as a copy (fork) of the keeper. Each has one thread, waits in one place, and
//! can be killed between any two instructions without a loss. What the supervisor, which decides,
//! says to them is in `forge-facts`; what it has to know beside that is here.
//!
//! ## A byte, an exit, a process
//!
//! * Output goes from the pipe to the log by splice(2): a byte is in the one or in the other. The
//!   pipe is a FIFO that the process itself has open for reading, so it never breaks.
//! * The end of a process is looked at, written down, and reaped only then; the disk follows.
//! * A child waits at a gate until its `spawned` is in the journal: nothing runs that is in none.
//! * Processes are signalled by pidfd only. A shim that takes over compares boot, start and the
//!   inode of the pidfd before it believes that a pid is its process.
//!
//! ## Who revives whom
//!
//! | dies | what happens |
//! | --- | --- |
//! | supervisor | The keeper starts it again: at once, then after 100 ms, 1 s … 30 s; from the beginning when it has lived 10 s, and when it was killed, at once for the first times and never later than 200 ms. Clients wait in the backlog of the API's socket, which the keeper holds. |
//! | shim | Its children become the keeper's. Where its journal leaves a run open, the keeper starts another one, and hands to it what it held in custody: the listening socket, the pipes, the terminal, the pidfd of the leader. If the leader ends meanwhile, the keeper is its parent and writes that down (`exits`). A shim without a run is told as `shim-gone`. |
//! | keeper | The supervisor sees the end of its connection, starts another keeper, and exits. That one waits for the lock of the former supervisor, starts a supervisor, and greets the shims, who give everything into custody again. |
//! | keeper and supervisor | Shims and processes go on; the next command starts a keeper. |
//! | all | Processes on pipes go on until their pipe is full. The next keeper finds the runs that journals leave open, and starts shims for them. |
//!
//! One that is stopped (SIGSTOP) is noticed, killed and replaced after a second or two.
//!
//! ## The keeper
//!
//! `forge-keeper keeper --workspace W --state S --runtime R --supervisor PROGRAM [--ready-fd N]`.
//! Takes `keeper.lock` (a second one ends without a word), binds the sockets, writes one byte to N.
//!
//! The supervisor is started as `PROGRAM daemon run --workspace W --state S --runtime R`, with
//!
//! * 0 and 1 on `/dev/null`, 2 on `supervisor.log`,
//! * 3: a connection for `KeeperOrder` and `KeeperFact`, without greetings,
//! * 4: the listening socket of the API, non-blocking,
//! * the environment of the keeper, which is that of the client that started it without the marks.
//!
//! It must take `supervisor.lock`: by that a later keeper knows it. It answers `ping` (every 5 s; the
//! seventh in a row without any word from it is its end). Every shim that is ready is told to it as
//! `shim` right after its start, and again whenever one becomes ready; `ensure` is answered by `shim`
//! or `shim-failed`. After `shutdown` and its exit the keeper releases the shims and ends; if one
//! refuses because a run is open, it starts a supervisor instead. After `replace` the next one is
//! started from the new program.
//!
//! On `keeper.sock` anybody of this user may say the same; the keeper greets first there.
//!
//! When its connection ends, a supervisor starts a keeper as nobody's child and exits.
//!
//! ## The shim
//!
//! A fork of the keeper without exec: what it has to do it finds in its memory, which it shares with
//! the keeper until either writes to it; so a shim costs a tenth of a program that is loaded, and is
//! never of another version than its keeper. It closes all that it has inherited but 3, its
//! connection to the keeper, and from 4 on the descriptors that were held for it; leads a session of
//! its own; and shows itself as `forge-keeper shim --process NAME …`. It greets the keeper when its
//! socket can be connected to.
//!
//! A supervisor connects, greets with the number of the last entry that it knows, is greeted, and
//! hears the later entries and `ready`. A newer connection of one ends the older.
//!
//! * `launch` of a run that the journal knows tells its entries again, and starts nothing. While
//!   another run is open, also by leftovers alone, it is refused.
//! * What fails before the child exists is a `spawn-failed` alone (`cwd`, `exec`, `log`, `pipe`,
//!   `terminal`, `fork`, `journal`). What execve(2) refuses, and the rest of what a child prepares, is
//!   a `spawned` and then a `spawn-failed`, without `exited` and `gone`. The step `gate` says that a
//!   shim died before it let the child go: nothing has run.
//! * The environment must hold `FORGE_RUN_ID` of this run: by that a shim that takes over finds
//!   descendants that are in nobody's tree any more.
//! * `exited` comes at once when the leader ends, `gone` when nothing is left and all output is in the
//!   log. `stop` of a run that is over tells its end again. After `left` it may be asked again.
//! * When a leader ends on a signal to its tree, what it was just starting gets the signal, too.
//! * `signal`, `input` and `resize` for a run that is over are refused; so are a signal that does not
//!   exist, input beyond 1 MiB that the process does not read, and a size where there is no terminal.
//! * `wrote` is told once for each `watch`; entries may be told twice, their numbers say so.

mod keeper;
mod link;
mod open_run;
mod options;
mod shim;

use std::ffi::OsString;
use std::process::ExitCode;

/// What the program `forge-keeper` does, given its command line with the name first.
pub fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    let mut words = words.skip(1);
    let part = words.next().unwrap_or_default();
    if part != "keeper" {
        say("this program is started by forge, not by people");
        return ExitCode::FAILURE;
    }
    let ended = options::Options::read(words).and_then(|options| keeper::run(&options));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

/// A word for the log, in one write.
pub(crate) fn say(what: &str) {
    let line = format!("forge-keeper[{}]: {what}\n", std::process::id());
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
