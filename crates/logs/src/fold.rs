//! Folding of repeated lines, for people: the same text several times in a row is one line and a
//! count. Nothing is folded on disk, in JSON or raw.

use crate::line::{Item, Part};
use crate::text::strip_ansi;

/// Folds repeated lines.
#[derive(Debug, Default)]
pub struct Fold {
    /// The last item, and how often it came without having been handed out.
    last: Option<(Item, u64)>,
    live: bool,
}

impl Fold {
    /// For lines that are shown as they come: each is handed out at once, and only those that repeat
    /// it wait to be counted.
    pub fn live() -> Self {
        Fold {
            last: None,
            live: true,
        }
    }

    /// Takes the next item; returns what can be shown now, with how often it came.
    pub fn push(&mut self, item: Item) -> impl Iterator<Item = (Item, u64)> + use<> {
        if let Some((last, count)) = &mut self.last
            && same(last, &item)
        {
            *count += 1;
            return None.into_iter().chain(None);
        }
        let now = self.live.then(|| (item.clone(), 1));
        let before = self.last.replace((item, u64::from(!self.live)));
        let before = before.filter(|(_, count)| *count > 0);
        before.into_iter().chain(now)
    }

    /// Whether something is held back.
    pub fn holds_back(&self) -> bool {
        self.last.as_ref().is_some_and(|(_, count)| *count > 0)
    }

    /// What is held back: to be shown when nothing follows for a while, or at the end.
    pub fn flush(&mut self) -> Option<(Item, u64)> {
        let (item, count) = self.last.as_mut()?;
        let count = std::mem::take(count);
        (count > 0).then(|| (item.clone(), count))
    }

    /// Folds all items of an iterator.
    pub fn iter(items: impl Iterator<Item = Item>) -> impl Iterator<Item = (Item, u64)> {
        let mut fold = Fold::default();
        let mut ready = std::collections::VecDeque::new();
        let mut items = items.fuse();
        std::iter::from_fn(move || {
            while ready.is_empty() {
                match items.next() {
                    Some(item) => ready.extend(fold.push(item)),
                    None => return fold.flush(),
                }
            }
            ready.pop_front()
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
