//! Going over lines that do not match by whole blocks.

use memchr::{memchr, memrchr};

use super::Forward;
use crate::finder::Finder;

impl Forward {
    /// Goes over lines that do not match, as far as that can be told without splitting them. What
    /// comes next need not match; `keep` lines before it are not skipped. True: some were skipped.
    pub(crate) fn skip(&mut self, finder: &Finder, keep: usize) -> bool {
        if self.open.is_some() {
            return false;
        }
        let window = self.window();
        let Some(last) = memrchr(b'\n', &self.block[self.at.min(window)..window]) else {
            return false;
        };
        let mut to = self.at + last + 1;
        if self.plain_to < to {
            // An escape sequence may stand in the middle of what is searched for: such lines are
            // looked at one by one.
            let from = self.plain_to.max(self.at);
            match memchr(0x1b, &self.block[from..to]) {
                Some(escape) => {
                    self.plain_to = from + escape;
                    let before = &self.block[self.at..from + escape];
                    match memrchr(b'\n', before) {
                        Some(newline) => to = self.at + newline + 1,
                        None => return false,
                    }
                }
                None => self.plain_to = to,
            }
        }
        let region = &self.block[self.at..to];
        let mut skipped = match finder.find(region) {
            Some(at) => memrchr(b'\n', &region[..at]).map_or(0, |newline| newline + 1),
            None => region.len(),
        };
        for _ in 0..keep {
            let Some(line) = skipped.checked_sub(1) else {
                break;
            };
            skipped = memrchr(b'\n', &region[..line]).map_or(0, |newline| newline + 1);
        }
        self.at += skipped;
        skipped > 0
    }

    /// What stands in the block before the line that was found last: whole lines, at most `most`
    /// bytes.
    pub(crate) fn preceding(&self, most: usize) -> &[u8] {
        let Some(range) = &self.found.within else {
            return &[];
        };
        let from = range.start.saturating_sub(most);
        let bytes = &self.block[from..range.start];
        if from == 0 {
            return bytes;
        }
        memchr(b'\n', bytes).map_or(&[], |newline| &bytes[newline + 1..])
    }
}
