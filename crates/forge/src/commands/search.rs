//! `forge dev search`: `logs --grep`, with the number of hits first.

use super::logs::{Question, unreadable};
use crate::args::SearchArgs;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::units::count;

pub(crate) fn run(args: &SearchArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let select = &args.select;
    let question = Question::new(&place, &args.targets, Some(&args.pattern), select)?;
    let hits = question
        .items()?
        .count_matches()
        .map_err(|error| unreadable(&error))?;
    let hits = count(usize::try_from(hits).unwrap_or(usize::MAX), "line", "lines");
    // Output for programs has lines of one kind only.
    if select.json || select.raw {
        context.ui.note(&hits);
    } else {
        context.ui.out.line(&hits);
    }
    question.answer(select, context)
}
