//! Lines as they are written: a thread for each stream, which waits for its reader and for nobody
//! else, and goes on from the place that its reader names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use forge_api::{LogLine, Problem};
use forge_logs::{Follow, Follower, Item, Line, Part, Place, Sieve, Start};
use tokio::sync::{mpsc, oneshot};

use super::cursor::{Key, Places, text_of};
use super::form::shown;
use super::question::{Question, unreadable};
use crate::input::Inbox;

/// How soon a thread notices that its reader has left or the supervisor ends.
const LOOK_UP: Duration = Duration::from_millis(300);

/// A stream without news is kept warm.
const WARM: Duration = Duration::from_secs(15);

/// A reader of which nothing is let through is told where it is this often.
const TELL_PLACE: Duration = Duration::from_secs(1);

/// With more streams, a place (which names all of them) is told behind each piece, not with each line.
const FEW: usize = 64;

/// What is handed over at once, about, in bytes.
const PIECE: usize = 32 << 10;

/// Most readers at once: each has a thread and a watch on the folders.
const MOST: usize = 64;

static READERS: AtomicUsize = AtomicUsize::new(0);

/// Counts a reader for as long as it lives.
struct Reader;

impl Drop for Reader {
    fn drop(&mut self) {
        READERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Begins to tell lines; what cannot be begun is said to `ready`.
pub(super) fn start(
    question: Question,
    inbox: Inbox,
    out: mpsc::Sender<Bytes>,
    ready: oneshot::Sender<Result<(), Problem>>,
) {
    if READERS.fetch_add(1, Ordering::Relaxed) >= MOST {
        READERS.fetch_sub(1, Ordering::Relaxed);
        let problem = Problem::failed(format!("{MOST} readers follow the logs already"))
            .with_hint("close some of them");
        let _ = ready.send(Err(problem));
        return;
    }
    let reader = Reader;
    let work = move || {
        let _reader = reader;
        let mut teller = Teller {
            out,
            places: Places::new(),
            time: 0,
            piece: String::new(),
            told_at: Instant::now(),
            moved: true,
        };
        let (follower, first) = match begin(&question, &mut teller) {
            Ok(begun) => begun,
            Err(problem) => {
                let _ = ready.send(Err(problem));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        // It ends when nobody reads any longer; an error is told and ends it, too.
        if let Some(Err(problem)) = tell(&question, follower, first, &mut teller, &inbox) {
            teller.problem(&problem);
        }
    };
    let thread = std::thread::Builder::new().name("log stream".to_string());
    if let Err(error) = thread.stack_size(512 << 10).spawn(work) {
        // `ready` went with the closure: who waits for it sees that.
        eprintln!("supervisor: cannot start a thread for a reader of logs: {error}");
    }
}

/// Where an item leaves its stream; `None` where that is not behind it.
pub(super) fn advance(item: &Item) -> Option<(Key, Place)> {
    let line = item.line().filter(|line| line.part != Part::Head)?;
    let key = (line.source.process.clone(), line.source.stream);
    let place = Place::new(line.place.segment(), line.place.offset() + line.size);
    Some((key, place))
}

/// Where it begins, and lines that are there already.
fn begin(question: &Question, teller: &mut Teller) -> Result<(Follower, Vec<Item>), Problem> {
    teller.time = crate::clock::unix_ns();
    let mut first = Vec::new();
    teller.places = match (&question.after, question.tail, question.query.since) {
        (Some(after), ..) => {
            teller.time = after.time();
            question.places_after(after)?
        }
        (None, None, Some(since)) => question.places_since(since, None)?,
        (None, Some(count), _) if count > 0 => {
            let (items, ends) = question.beginning(count)?;
            first = items;
            ends
        }
        (None, ..) => question.ends()?,
    };
    let follow = Follow {
        processes: question.query.processes.clone(),
        start: Start::At(teller.places.clone().into_iter().collect()),
        parts: question.partial,
    };
    let follower = Follower::new(&question.logs, follow).map_err(|error| unreadable(&error))?;
    Ok((follower, first))
}

/// `None` when the reader has left.
fn tell(
    question: &Question,
    mut follower: Follower,
    first: Vec<Item>,
    teller: &mut Teller,
    inbox: &Inbox,
) -> Option<Result<(), Problem>> {
    tell_first(question, first, teller)?;
    let mut sieve = Sieve::new(&question.query);
    let mut heads = Heads::default();
    loop {
        let items = match follower.wait(Some(LOOK_UP)) {
            Ok(items) => items,
            Err(error) => return Some(Err(unreadable(&error))),
        };
        if inbox.is_closed() || teller.out.is_closed() {
            return None;
        }
        for item in items {
            let (next, time) = (advance(&item), item.time());
            let told = match question.is_of_run(&item) {
                true => sieve.push(item),
                false => Vec::new(),
            };
            teller.behind(next, time);
            for item in told {
                if let Some(line) = heads.whole(item, question.styled) {
                    teller.line(&line)?;
                }
            }
        }
        teller.flush()?;
    }
}

/// Lines that are there already. Each is told with the place behind it, also where others of its
/// stream are to come.
fn tell_first(question: &Question, first: Vec<Item>, teller: &mut Teller) -> Option<()> {
    let mut ahead = teller.places.clone();
    let mut next: Vec<(Key, Place)> = Vec::with_capacity(first.len());
    for item in first.iter().rev() {
        let key = (item.source().process.clone(), item.source().stream);
        let place = ahead.insert(key.clone(), item.place());
        next.push((key, place.unwrap_or(item.place())));
    }
    teller.places = ahead;
    for (item, next) in first.iter().zip(next.into_iter().rev()) {
        teller.behind(Some(next), item.time());
        if let Some(line) = shown(item, question.styled) {
            teller.line(&line)?;
        }
    }
    teller.flush()
}

/// The beginnings of lines that were told before their ends were written.
#[derive(Default)]
struct Heads(BTreeMap<Key, Line>);

impl Heads {
    /// The item as it is told: where it is the rest of a line, all of that line.
    fn whole(&mut self, item: Item, styled: bool) -> Option<LogLine> {
        let Item::Line(mut line) = item else {
            return shown(&item, styled);
        };
        let key = (line.source.process.clone(), line.source.stream);
        match line.part {
            Part::Whole => {
                self.0.remove(&key);
            }
            Part::Head => {
                self.0.insert(key, line.clone());
            }
            Part::Tail => {
                if let Some(head) = self.0.remove(&key) {
                    line = joined(head, line);
                }
            }
        }
        shown(&Item::Line(line), styled)
    }
}

fn joined(head: Line, tail: Line) -> Line {
    let mut text = head.text;
    // What is beyond the cap of a line is not shown; its size tells.
    if head.size == text.len() as u64 {
        text.extend_from_slice(&tail.text);
        text.truncate(forge_logs::LINE_CAP);
    }
    Line {
        text,
        size: head.size + tail.size,
        end: tail.end,
        part: Part::Whole,
        ..head
    }
}

/// Puts events into pieces and hands them to the connection.
struct Teller {
    out: mpsc::Sender<Bytes>,
    places: Places,
    time: u64,
    piece: String,
    told_at: Instant,
    /// The reader has not been told where it is.
    moved: bool,
}

impl Teller {
    /// What comes next lies behind this.
    fn behind(&mut self, next: Option<(Key, Place)>, time: u64) {
        self.time = self.time.max(time);
        if let Some((key, place)) = next {
            self.places.insert(key, place);
            self.moved = true;
        }
    }

    /// `None` when nobody reads any longer.
    fn line(&mut self, line: &LogLine) -> Option<()> {
        let data = serde_json::to_string(line).ok()?;
        self.piece.push_str("event: line\n");
        if self.places.len() <= FEW {
            self.id();
        }
        self.piece.push_str("data: ");
        self.piece.push_str(&data);
        self.piece.push_str("\n\n");
        if self.piece.len() < PIECE {
            return Some(());
        }
        if self.moved {
            self.place();
        }
        self.send()
    }

    /// An id without data is no event, but the place to go on from.
    fn place(&mut self) {
        self.id();
        self.piece.push('\n');
    }

    fn id(&mut self) {
        self.piece.push_str("id: ");
        self.piece.push_str(&text_of(self.time, &self.places));
        self.piece.push('\n');
        self.moved = false;
        self.told_at = Instant::now();
    }

    /// The end of a burst.
    fn flush(&mut self) -> Option<()> {
        let silent = self.told_at.elapsed();
        if self.moved && (!self.piece.is_empty() || silent >= TELL_PLACE) {
            self.place();
        } else if self.piece.is_empty() && silent >= WARM {
            self.piece.push_str(":\n\n");
            self.told_at = Instant::now();
        }
        match self.piece.is_empty() {
            true => Some(()),
            false => self.send(),
        }
    }

    fn send(&mut self) -> Option<()> {
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        self.out.blocking_send(piece).ok()
    }

    fn problem(&mut self, problem: &Problem) {
        if let Ok(data) = serde_json::to_string(problem) {
            self.piece
                .push_str(&format!("event: problem\ndata: {data}\n\n"));
            let _ = self.send();
        }
    }
}
