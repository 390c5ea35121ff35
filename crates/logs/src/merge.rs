//! Several streams in one order: by time, process, stream and place.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use crate::line::{Item, Place};

/// Merges streams that are each in order. The streams stand in the order of processes and streams.
///
/// The order is stable: what is equal in time comes in the order of the streams, and within a stream
/// in the order of its bytes, also where its clock was set back.
pub(crate) struct Merge<S> {
    streams: Vec<S>,
    heads: Vec<Option<Item>>,
    order: BinaryHeap<Reverse<(u64, usize, Place)>>,
    /// The stream whose head was handed out last.
    taken: Option<usize>,
    unread: usize,
}

impl<S: Iterator<Item = io::Result<Item>>> Merge<S> {
    pub(crate) fn new(streams: Vec<S>) -> Self {
        Merge {
            heads: streams.iter().map(|_| None).collect(),
            order: BinaryHeap::with_capacity(streams.len()),
            streams,
            taken: None,
            unread: 0,
        }
    }

    fn read(&mut self, stream: usize) -> io::Result<()> {
        if let Some(item) = self.streams[stream].next().transpose()? {
            self.order
                .push(Reverse((item.time(), stream, item.place())));
            self.heads[stream] = Some(item);
        }
        Ok(())
    }

    /// The next item, and which stream it is of.
    pub(crate) fn next_of(&mut self) -> io::Result<Option<(usize, Item)>> {
        while self.unread < self.streams.len() {
            self.unread += 1;
            self.read(self.unread - 1)?;
        }
        if let Some(stream) = self.taken.take() {
            self.read(stream)?;
        }
        let Some(Reverse((_, stream, _))) = self.order.pop() else {
            return Ok(None);
        };
        self.taken = Some(stream);
        Ok(self.heads[stream].take().map(|item| (stream, item)))
    }
}
