//! What a [`Query`] asks for, applied to items that come one by one, as from a follower.

use std::collections::{BTreeMap, VecDeque};

use forge_facts::Stream;

use crate::line::{Item, Line, Part};
use crate::query::Query;
use crate::reader::{Context, Want};

/// Lets through what is asked for, and the lines around it.
pub struct Sieve {
    want: Want,
    streams: BTreeMap<(String, Stream), Sifted>,
}

struct Sifted {
    context: Context<Item>,
    /// Whether the line was let through whose rest may follow.
    head_matched: bool,
}

impl Sieve {
    /// Lets through what the query asks for by time, level, text and context. Processes, runs and
    /// `tail` are for others to see to.
    pub fn new(query: &Query) -> Self {
        Sieve {
            want: query.want(),
            streams: BTreeMap::new(),
        }
    }

    /// Takes an item; returns what is to be shown because of it, in order.
    pub fn push(&mut self, item: Item) -> Vec<Item> {
        let mut line = match item {
            Item::Line(line) => line,
            Item::Gap(_) if self.want.in_time(item.time()) => return vec![item],
            Item::Run(_) if self.want.in_time(item.time()) && self.want.all() => return vec![item],
            Item::Gap(_) | Item::Run(_) => return Vec::new(),
        };
        let key = (line.source.process.clone(), line.source.stream);
        let size = self.want.context;
        let sifted = self.streams.entry(key).or_insert_with(|| Sifted {
            context: Context::new(size),
            head_matched: false,
        });
        let matched = match line.part {
            Part::Tail => sifted.head_matched,
            Part::Whole | Part::Head => matches(&self.want, &line),
        };
        sifted.head_matched = matched;
        line.matched = matched;
        let mut out = VecDeque::new();
        sifted.context.see(matched, || Item::Line(line), &mut out);
        out.into()
    }
}

fn matches(want: &Want, line: &Line) -> bool {
    want.in_time(line.time) && want.level_passes(line.level) && want.text_passes(&line.text)
}
