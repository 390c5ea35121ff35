//! Lines as they are written: first those that are there, then those to come, none twice.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use forge_facts::Stream;
use forge_logs::{Follow, Follower, Item, Logs, Place, Query, Sieve, Start};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep_until};

use super::{Question, Sink, unreadable};
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};

/// Repetitions of a line are counted for so long before they are shown as one.
const REPEATS: Duration = Duration::from_secs(1);
/// How often is looked whether somebody still reads.
const READER: Duration = Duration::from_secs(1);

/// Shows what is there and then what comes, until nobody reads any more.
pub(super) async fn follow(
    mut question: Question,
    sink: &mut Sink<'_>,
    context: &Context,
) -> Outcome {
    // The unfinished last line belongs to what comes.
    question.query.whole_lines = true;
    let items = question.items()?;
    let marks = items.ends();
    for item in items {
        if context.ui.out.is_closed() {
            return Ok(exit::DONE);
        }
        sink.item(item.map_err(|error| unreadable(&error))?)?;
    }
    sink.go_live()?;
    let processes = match question.all {
        true => Vec::new(),
        false => question.query.processes.clone(),
    };
    let mut live = Live::new(&question.logs, processes, marks, sink.shows_parts())?;
    let mut sieve = Sieve::new(&question.query);
    let mut look = tokio::time::interval(READER);
    let mut counted: Option<Instant> = None;
    while !context.ui.out.is_closed() && somebody_reads() {
        tokio::select! {
            items = live.next() => {
                for item in items?.into_iter().flat_map(|item| sieve.push(item)) {
                    sink.item(item)?;
                }
                sink.send();
            }
            () = sleep_until(counted.unwrap_or_else(Instant::now)), if counted.is_some() => {
                sink.flush()?;
            }
            _ = look.tick() => {}
        }
        counted = match sink.holds_back() {
            true => counted.or_else(|| Some(Instant::now() + REPEATS)),
            false => None,
        };
    }
    Ok(exit::DONE)
}

/// Whether the reader of standard output is still there: a pipe without one reports an error. Found
/// out here because a log in which nothing happens would never be written to.
fn somebody_reads() -> bool {
    let stdout = std::io::stdout();
    let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
    let now = Timespec::default();
    match poll(&mut fds, Some(&now)) {
        Ok(_) => !fds[0].revents().contains(PollFlags::ERR),
        Err(_) => true,
    }
}

/// What is written from now on, for those who wait for other things too: a thread waits for lines and
/// passes them on.
pub(crate) struct Live {
    lines: Receiver<Result<Vec<Item>, Failure>>,
    /// Closed for writing: the thread is to finish. Closed: nobody wants to know any more.
    finish: UnixStream,
}

/// Where streams were.
pub(crate) type Marks = Vec<((String, Stream), Place)>;

impl Live {
    /// Where all streams are now, to begin there later.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read.
    pub(crate) fn mark(logs: &Logs) -> Result<Marks, Failure> {
        let query = Query {
            tail: Some(0),
            ..Query::default()
        };
        let items = logs.query(&query);
        let items = items.map_err(|error| Failure::failed(error.to_string()))?;
        Ok(items.ends())
    }

    /// Lines of these processes (none: all, those to come too) from the marks on; in parts where a
    /// line without an end is to be shown.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read.
    pub(crate) fn new(
        logs: &Logs,
        processes: Vec<String>,
        marks: Marks,
        parts: bool,
    ) -> Result<Self, Failure> {
        let follow = Follow {
            processes,
            start: Start::At(marks),
            parts,
        };
        let follower = Follower::new(logs, follow).map_err(|error| unreadable(&error))?;
        // Bounded: who reads slowly makes the thread wait, and the rest stays on disk.
        let (send, lines) = channel(4);
        let (finish, asked) = UnixStream::pair().map_err(|error| unreadable(&error))?;
        std::thread::spawn(move || pass_on(follower, &send, &asked));
        Ok(Live { lines, finish })
    }

    /// The next lines. May be dropped and called again without loss.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Vec<Item>, Failure> {
        match self.lines.recv().await {
            Some(lines) => lines,
            None => std::future::pending().await,
        }
    }

    /// Everything that is there, when nothing will be written any more.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read.
    pub(crate) async fn rest(&mut self) -> Result<Vec<Item>, Failure> {
        let _ = self.finish.shutdown(Shutdown::Write);
        let mut rest = Vec::new();
        while let Some(lines) = self.lines.recv().await {
            rest.extend(lines?);
        }
        Ok(rest)
    }
}

fn pass_on(mut follower: Follower, send: &Sender<Result<Vec<Item>, Failure>>, asked: &UnixStream) {
    loop {
        let last = is_closed(asked);
        let items = match last {
            true => follower.flush(),
            false => follower.wait_or(Some(asked.as_fd()), None),
        };
        let items = items.map_err(|error| unreadable(&error));
        let over = last || items.is_err() || send.is_closed();
        let nothing = items.as_ref().is_ok_and(Vec::is_empty);
        if !nothing && send.blocking_send(items).is_err() || over {
            return;
        }
    }
}

/// Whether the other end has closed it, which is all that it ever says.
fn is_closed(asked: &UnixStream) -> bool {
    let mut fds = [PollFd::new(asked, PollFlags::IN)];
    matches!(poll(&mut fds, Some(&Timespec::default())), Ok(1..))
}
