//! `forge dev changes`: what changed since the last healthy run.

use forge_api::{ChangesAnswer, path};
use forge_supervisor::crash::changes_on_disk;

use crate::args::ChangesArgs;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Outcome, exit};
use crate::offline;
use crate::output::clock::local;
use crate::output::crash::differences;
use crate::output::text::safe;
use forge_api::query_string;

pub(crate) fn run(args: &ChangesArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let answer: ChangesAnswer = match Link::open_if_any(&place).await? {
            Some(mut link) => {
                let query = query_string(&[("name", Some(&args.name))]);
                link.get(path::CHANGES, &query).await?
            }
            None => {
                let spec = offline::spec(&place, &args.name)?;
                changes_on_disk(&place.layout, &spec, &environment())
            }
        };
        match args.json {
            true => context.ui.out.json(&answer),
            false => tell(&answer, context),
        }
        Ok(exit::DONE)
    })
}

fn tell(answer: &ChangesAnswer, context: &Context) {
    let out = &context.ui.out;
    let name = safe(&answer.name);
    let Some(since) = &answer.since else {
        return out.line(&format!(
            "{name} was never healthy: there is nothing to compare with"
        ));
    };
    let since = local(since);
    if answer.changes.is_empty() {
        return out.line(&format!(
            "nothing has changed since {name} was last healthy, {since}"
        ));
    }
    out.line(&format!("since {name} was last healthy, {since}:"));
    out.lines(&differences(&answer.changes, usize::MAX, context.ui.colour));
}
