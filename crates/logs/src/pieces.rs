//! A stream that is searched by several threads, piece by piece.
//!
//! A search of a large log for few lines is bound by one processor's speed. The stream is cut into
//! pieces at beginnings of lines; threads take the pieces in order, and what they find is handed out
//! in order. Each piece's findings wait in a channel of bounded length, so memory stays bounded when
//! nearly everything is found; who stops asking stops the threads.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::backward::{line_start, warm_up};
use crate::forward::Forward;
use crate::level::LevelRules;
use crate::line::{Item, Place};
use crate::reader::{Reader, Want};
use crate::segments::Segments;

/// Bytes of a piece; less than a few of them are searched by the one who asks.
const PIECE: u64 = if cfg!(test) { 64 } else { 8 << 20 };

/// Items that are handed over at once, and how often before the one who asks must take some.
const BATCH: usize = if cfg!(test) { 2 } else { 256 };
const WAITING: usize = 4;

type Batch = io::Result<Vec<Item>>;

/// What is to be read.
pub(crate) struct Task {
    pub(crate) segments: Segments,
    pub(crate) from: Place,
    /// Where reading ends; `None`: where the log does, with the marks behind its last byte.
    pub(crate) stop: Option<Place>,
    pub(crate) want: Arc<Want>,
    pub(crate) rules: Arc<LevelRules>,
}

/// The findings of all pieces, in order.
pub(crate) struct Pieces {
    pieces: VecDeque<Receiver<Batch>>,
    ready: std::vec::IntoIter<Item>,
}

impl Pieces {
    /// Where pieces begin, by bytes; empty where the task is too small to be cut.
    pub(crate) fn cuts(segments: &Segments, from: Place) -> Vec<Place> {
        let mut cuts = Vec::new();
        for segment in segments.all() {
            let begin = match segment.number {
                number if number < from.segment() => continue,
                number if number == from.segment() => from.offset(),
                _ => 0,
            };
            let mut at = begin;
            while at < segment.size {
                cuts.push(Place::new(segment.number, at));
                at += PIECE;
            }
        }
        if cuts.len() < 4 { Vec::new() } else { cuts }
    }

    /// Starts to search.
    pub(crate) fn start(task: Task, cuts: Vec<Place>, threads: usize) -> Self {
        let (senders, pieces): (Vec<SyncSender<Batch>>, VecDeque<Receiver<Batch>>) =
            cuts.iter().map(|_| sync_channel(WAITING)).unzip();
        let shared = Arc::new(Shared {
            next: AtomicUsize::new(0),
            cuts,
            senders: senders
                .into_iter()
                .map(|sender| std::sync::Mutex::new(Some(sender)))
                .collect(),
        });
        let Task {
            segments,
            from,
            stop,
            want,
            rules,
        } = task;
        for _ in 0..threads.max(1) {
            let shared = shared.clone();
            let mut task = Task {
                segments: segments.fork(),
                from,
                stop,
                want: want.clone(),
                rules: rules.clone(),
            };
            std::thread::spawn(move || shared.work(&mut task));
        }
        Pieces {
            pieces,
            ready: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Pieces {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<io::Result<Item>> {
        loop {
            if let Some(item) = self.ready.next() {
                return Some(Ok(item));
            }
            match self.pieces.front()?.recv() {
                Ok(Ok(batch)) => self.ready = batch.into_iter(),
                Ok(Err(error)) => {
                    self.pieces.clear();
                    return Some(Err(error));
                }
                // The piece is done.
                Err(_) => drop(self.pieces.pop_front()),
            }
        }
    }
}

struct Shared {
    next: AtomicUsize,
    cuts: Vec<Place>,
    /// Taken by the thread that searches the piece.
    senders: Vec<std::sync::Mutex<Option<SyncSender<Batch>>>>,
}

impl Shared {
    fn work(&self, task: &mut Task) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(sender) = self.senders.get(number) else {
                return;
            };
            let sender = sender.lock().ok().and_then(|mut sender| sender.take());
            let Some(sender) = sender else {
                return;
            };
            if let Err(error) = self.search(number, task, &sender)
                && sender.send(Err(error)).is_err()
            {
                return;
            }
        }
    }

    /// Searches one piece. Nobody asking any more ends all of them.
    fn search(&self, number: usize, task: &mut Task, sender: &SyncSender<Batch>) -> io::Result<()> {
        let from = self.begin(number, task)?;
        let stop = match self.cuts.get(number + 1) {
            Some(_) => Some(self.begin(number + 1, task)?),
            None => task.stop,
        };
        if stop.is_some_and(|stop| stop <= from) {
            return Ok(());
        }
        let begin = match from > task.segments.start() {
            true => warm_up(&mut task.segments, from)?,
            false => from,
        };
        let forward = Forward::new(task.segments.fork(), begin, stop);
        let reader = Reader::new(forward, task.want.clone(), task.rules.clone(), from);
        let mut batch = Vec::new();
        for item in reader {
            batch.push(item?);
            if batch.len() == BATCH && sender.send(Ok(std::mem::take(&mut batch))).is_err() {
                // All channels are gone: the next piece is beyond the last.
                self.next.store(self.cuts.len(), Ordering::Relaxed);
                return Ok(());
            }
        }
        if !batch.is_empty() && sender.send(Ok(batch)).is_err() {
            self.next.store(self.cuts.len(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// The beginning of a piece: of the line in which it is cut, and nothing before what is asked for.
    fn begin(&self, number: usize, task: &mut Task) -> io::Result<Place> {
        let cut = self.cuts[number];
        if number == 0 {
            return Ok(task.from);
        }
        let start = line_start(&mut task.segments, cut)?.max(task.from);
        Ok(task.stop.map_or(start, |stop| start.min(stop)))
    }
}
