//! Lines as they are written: first those that are there, then those to come, none twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use forge_facts::Stream;
use forge_logs::{Follow, Follower, Item, Logs, Place, Query, Sieve, Start};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Question, Sink, unreadable};
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};

/// A line that may be repeated is held back for so long.
const REPEATS: Duration = Duration::from_millis(250);
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
    sink.send();
    let processes = match question.all {
        true => Vec::new(),
        false => question.query.processes.clone(),
    };
    let mut live = Live::new(&question.logs, processes, marks, sink.shows_parts())?;
    let mut sieve = Sieve::new(&question.query);
    let mut look = tokio::time::interval(READER);
    while !context.ui.out.is_closed() && somebody_reads() {
        tokio::select! {
            items = live.next() => {
                for item in items?.into_iter().flat_map(|item| sieve.push(item)) {
                    sink.item(item)?;
                }
                sink.send();
            }
            () = tokio::time::sleep(REPEATS), if sink.holds_back() => sink.flush()?,
            _ = look.tick() => {}
        }
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
    finish: Arc<AtomicBool>,
}

/// Where streams were.
pub(crate) type Marks = Vec<((String, Stream), Place)>;

/// How long the thread may take to notice that it is to finish.
const NOTICE: Duration = Duration::from_millis(30);

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
        let finish = Arc::new(AtomicBool::new(false));
        let asked = finish.clone();
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
        self.finish.store(true, Ordering::Release);
        let mut rest = Vec::new();
        while let Some(lines) = self.lines.recv().await {
            rest.extend(lines?);
        }
        Ok(rest)
    }
}

fn pass_on(mut follower: Follower, send: &Sender<Result<Vec<Item>, Failure>>, finish: &AtomicBool) {
    loop {
        let last = finish.load(Ordering::Acquire);
        let items = if last {
            follower.flush()
        } else {
            follower.wait(Some(NOTICE))
        };
        let items = items.map_err(|error| unreadable(&error));
        let over = last || items.is_err() || send.is_closed();
        let nothing = items.as_ref().is_ok_and(Vec::is_empty);
        if !nothing && send.blocking_send(items).is_err() || over {
            return;
        }
    }
}
