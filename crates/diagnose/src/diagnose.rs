//! From evidence to a diagnosis: read the text, choose the error that matters, judge its frames,
//! name its cause, and say it in one sentence.

use crate::alone::{self, Alone};
use crate::choose::choose;
use crate::evidence::Evidence;
use crate::exit;
use crate::judge;
use crate::lang;
use crate::place::Ground;
use crate::report::{Diagnosis, Kind, LineRange};
use crate::rules::Match;
use crate::text::{Blocks, lines};
use crate::trace::{Trace, Weight};

/// Reads a text: the errors in it, and nothing else is known.
#[must_use]
pub fn explain(text: &[u8]) -> Diagnosis {
    diagnose(&Evidence::text(text))
}

/// Says why a process ended. Any evidence is enough, and none is guessed: a field that nothing
/// tells of is empty. Takes time in proportion to the text and a bounded amount of memory.
#[must_use]
pub fn diagnose(evidence: &Evidence<'_>) -> Diagnosis {
    let ground = Ground {
        cwd: evidence.cwd,
        workspace: evidence.workspace.or(evidence.cwd),
    };
    let found = find(evidence);
    let found = found.filter(|(trace, _)| !exit::overrides(evidence, trace));
    let mut diagnosis = match found {
        Some((trace, rule)) => judge::judge(trace, rule, ground),
        None => judge::nothing(),
    };
    exit::add(evidence, &mut diagnosis);
    diagnosis
}

/// The error that matters in the text, its lines counted from the text's beginning.
fn find(evidence: &Evidence<'_>) -> Option<(Trace, Option<Match>)> {
    let lived = evidence.exit_code == Some(0);
    let mut weak = None;
    for block in Blocks::new(evidence.text) {
        let mut traces = Vec::new();
        let mut causes: Vec<Alone> = Vec::new();
        for stream in lines(block.bytes) {
            traces.extend(lang::read(&stream));
            if block.newest {
                causes.extend(alone::read(&stream));
            }
        }
        if !block.newest {
            // What is old is worth telling only where there is a stack.
            traces.retain(|trace| trace.weight >= Weight::Logged);
        }
        let Some((mut trace, rule)) = choose(traces, causes, lived) else {
            continue;
        };
        let before = memchr::memchr_iter(b'\n', &evidence.text[..block.start]).count() as u64;
        trace.lines.0 += before;
        trace.lines.1 += before;
        if trace.weight >= Weight::Cause {
            return Some((trace, rule));
        }
        weak = weak.or(Some((trace, rule)));
    }
    weak
}

impl Diagnosis {
    /// Whether anything is known beyond that it ended.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.error.is_some() || !matches!(self.kind, None | Some(Kind::Exit))
    }
}

pub(crate) fn range(lines: (u64, u64)) -> LineRange {
    LineRange {
        first: lines.0 + 1,
        last: lines.1 + 1,
    }
}
