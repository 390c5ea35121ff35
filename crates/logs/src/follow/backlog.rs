//! Following without having to see everything: for a reader whose own work is bounded.

use std::io;

use forge_facts::Stream;

use super::Follower;
use crate::line::Place;

impl Follower {
    /// Spares the work of finding levels: no line has one.
    pub fn without_levels(mut self) -> Self {
        self.levels = false;
        for stream in self.streams.values_mut() {
            stream.leveller = None;
        }
        self
    }

    /// Where each stream goes on behind what was handed out last, for [`Start::At`](crate::Start::At).
    pub fn places(&self) -> Vec<((String, Stream), Place)> {
        let streams = self.streams.iter();
        streams
            .map(|(key, stream)| (key.clone(), stream.forward.next_line()))
            .collect()
    }

    /// Leaves out what streams have that are more than `most` bytes behind, up to their last lines (some
    /// 64 KiB): which processes these are, and how many bytes of each.
    ///
    /// # Errors
    ///
    /// Files cannot be read.
    pub fn skip_backlog(&mut self, most: u64) -> io::Result<Vec<(String, u64)>> {
        let mut skipped = Vec::new();
        for (key, stream) in &mut self.streams {
            let behind = stream.behind();
            if behind > most {
                stream.skip()?;
                skipped.push((key.0.clone(), behind - stream.behind().min(behind)));
                self.dirty.insert(key.clone());
            }
        }
        Ok(skipped)
    }
}
