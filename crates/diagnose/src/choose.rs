//! Which of several errors is the one to tell of: the one that ended the program, else the newest.

use crate::alone::Alone;
use crate::rules::Match;
use crate::trace::{Trace, Weight};

/// Lines between an error that ended the program and a later one that may still be of its ending.
const AFTERMATH: u64 = 40;
/// Lines within which causes are of the same failure.
const BURST: u64 = 60;

/// The choice, with the rule that made it if it was a line alone.
pub(crate) fn choose(
    traces: Vec<Trace>,
    alone: Vec<Alone>,
    lived: bool,
) -> Option<(Trace, Option<Match>)> {
    let strong = strong(&traces, lived).cloned();
    let cause = cause(&traces, alone, strong.as_ref());
    match (strong, cause) {
        (Some(strong), Some(cause)) if ends_after(&strong, &cause.0) => Some(cause),
        (Some(strong), _) => Some((strong, None)),
        (None, cause) => cause.filter(|(trace, _)| trace.weight > Weight::Remark || !lived),
    }
}

/// The stack that counts.
fn strong(traces: &[Trace], lived: bool) -> Option<&Trace> {
    let mut stacks = traces
        .iter()
        .filter(|trace| trace.weight >= Weight::Compiler);
    let last = stacks.clone().max_by_key(|trace| trace.lines.1)?;
    if last.weight == Weight::Fatal || lived {
        return Some(last);
    }
    let fatal = stacks.clone().filter(|trace| trace.weight == Weight::Fatal);
    let fatal = fatal.max_by_key(|trace| trace.lines.1);
    if let Some(fatal) =
        fatal.filter(|fatal| last.lines.0.saturating_sub(fatal.lines.1) < AFTERMATH)
    {
        return Some(fatal);
    }
    // A failing test says less than the crash of another.
    let logged = stacks.rfind(|trace| trace.weight == Weight::Logged);
    match logged {
        Some(logged) if last.lines.0.saturating_sub(logged.lines.1) < AFTERMATH => Some(logged),
        _ => Some(last),
    }
}

/// The most telling line among the last ones that name a cause.
fn cause(
    traces: &[Trace],
    alone: Vec<Alone>,
    strong: Option<&Trace>,
) -> Option<(Trace, Option<Match>)> {
    let shells = traces.iter().filter(|trace| trace.weight <= Weight::Cause);
    let mut all: Vec<(Trace, Option<Match>)> = shells.map(|trace| (trace.clone(), None)).collect();
    for Alone { trace, found } in alone {
        let inside =
            |other: &&Trace| other.lines.0 <= trace.lines.0 && trace.lines.1 <= other.lines.1;
        // What a stack or a shell's message says is not said twice.
        if !traces.iter().any(|other| inside(&other)) {
            all.push((trace, found));
        }
    }
    let before = strong.map_or(0, |strong| strong.lines.1);
    all.retain(|(trace, _)| trace.lines.0 >= before);
    let told = all
        .iter()
        .filter(|(trace, _)| trace.weight == Weight::Cause);
    let last = told.map(|(trace, _)| trace.lines.1).max();
    let Some(last) = last else {
        return all.into_iter().max_by_key(|(trace, _)| trace.lines.1);
    };
    all.retain(|(trace, _)| trace.weight == Weight::Cause && last - trace.lines.1 < BURST);
    // By rank of the rule; of one rule the first, of the shell's messages the last.
    let rank = |entry: &(Trace, Option<Match>)| match &entry.1 {
        Some(found) => (found.rank, entry.0.lines.0),
        None => (
            usize::from(entry.0.language.is_none()) * 1000,
            u64::MAX - entry.0.lines.0,
        ),
    };
    all.into_iter().min_by_key(rank)
}

/// Whether a line tells of an end that came after a stack which the program had survived.
fn ends_after(strong: &Trace, cause: &Trace) -> bool {
    strong.weight == Weight::Logged
        && cause.weight == Weight::Cause
        && cause.lines.0 > strong.lines.1 + 10
}
