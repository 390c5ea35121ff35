//! What to look for in whole blocks, so that most lines need not be looked at one by one.

use memchr::memmem;

use crate::grep::Grep;
use crate::level::Glance;
use crate::reader::Want;

/// Finds the lines of a block that may be asked for. Those it passes over are not.
pub(crate) enum Finder {
    /// Lines that match.
    Grep(Grep),
    /// Lines with this text.
    Literal(Box<memmem::Finder<'static>>),
    /// Lines that may state a level.
    Level(&'static Glance),
}

impl Finder {
    /// The sharpest that a question allows; `rules`: levels are what a user has said.
    pub(crate) fn new(want: &Want, rules: bool) -> Option<Finder> {
        if let Some(grep) = want.grep.as_ref().filter(|grep| grep.by_block()) {
            return Some(Finder::Grep(grep.clone()));
        }
        let literals = want.fields.iter().map(|field| field.literal());
        if let Some(literal) = literals
            .max_by_key(|it| it.len())
            .filter(|it| !it.is_empty())
        {
            let finder = memmem::Finder::new(literal.as_bytes()).into_owned();
            return Some(Finder::Literal(Box::new(finder)));
        }
        let least = want.level.filter(|_| !rules)?;
        Glance::new(least).map(Finder::Level)
    }

    /// Before or in the first line of the block that may be asked for; no line before that one is.
    pub(crate) fn find(&self, block: &[u8]) -> Option<usize> {
        match self {
            Finder::Grep(grep) => grep.find(block),
            Finder::Literal(finder) => finder.find(block),
            Finder::Level(glance) => glance.find(block),
        }
    }

    /// Whether lines that follow one that was found may be asked for on its account.
    pub(crate) fn by_level(&self) -> bool {
        matches!(self, Finder::Level(_))
    }
}
