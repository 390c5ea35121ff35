//! Folding of repeated lines, for people: the same text several times in a row is one line and a
//! count. Nothing is folded on disk, in JSON or raw.

use crate::line::{Item, Part};
use crate::text::strip_ansi;

/// Folds repeated lines.
#[derive(Debug, Default)]
pub struct Fold {
    held: Option<(Item, u64)>,
}

impl Fold {
    /// Takes the next item; returns the one before with how often it came, where the new one is
    /// another.
    pub fn push(&mut self, item: Item) -> Option<(Item, u64)> {
        if let Some((held, count)) = &mut self.held
            && same(held, &item)
        {
            *count += 1;
            return None;
        }
        self.held.replace((item, 1))
    }

    /// What is held back: to be shown when nothing follows for a while, or at the end.
    pub fn flush(&mut self) -> Option<(Item, u64)> {
        self.held.take()
    }

    /// Folds all items of an iterator.
    pub fn iter(items: impl Iterator<Item = Item>) -> impl Iterator<Item = (Item, u64)> {
        let mut fold = Fold::default();
        let mut items = items;
        std::iter::from_fn(move || {
            for item in items.by_ref() {
                if let Some(folded) = fold.push(item) {
                    return Some(folded);
                }
            }
            fold.flush()
        })
    }
}

/// Whether two items are lines of the same stream with the same text, colours apart.
fn same(one: &Item, other: &Item) -> bool {
    let (Item::Line(one), Item::Line(other)) = (one, other) else {
        return false;
    };
    let whole = one.part == Part::Whole && other.part == Part::Whole;
    whole
        && one.source == other.source
        && one.hidden() == 0
        && other.hidden() == 0
        && strip_ansi(&one.text) == strip_ansi(&other.text)
}
