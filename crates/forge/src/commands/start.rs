//! `forge dev start`: start and wait until all are ready.

use forge_api::{OnConflict, StartRequest, path};

use super::flow;
use crate::args::StartArgs;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::Outcome;
use crate::offline;
use crate::output::units::millis;

pub(crate) fn run(args: &StartArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let mut link = match Link::open(&place).await? {
            Some(link) => link,
            None => {
                offline::check_start(&place, &args.profile, &args.targets, context)?;
                Link::open_or_start(&place).await?
            }
        };
        let mut request = StartRequest {
            profile: args.profile.first().cloned(),
            also: args.profile.iter().skip(1).cloned().collect(),
            targets: args.targets.clone(),
            environment: environment(),
            wait: !args.frame.no_wait,
            timeout_ms: Some(millis(args.frame.timeout)),
            on_conflict: conflict_choice(args.on_conflict.0, args.frame.json, context),
        };
        let may_ask = request.on_conflict == OnConflict::Ask;
        let choose: flow::Choose<StartRequest> = |request, choice| request.on_conflict = choice;
        flow::start_like(
            &mut link,
            path::START,
            &mut request,
            may_ask.then_some(choose),
            &args.frame,
            context,
        )
        .await
    })
}

/// `ask` where nobody can be asked is `fail`.
pub(super) fn conflict_choice(chosen: OnConflict, json: bool, context: &Context) -> OnConflict {
    match chosen {
        OnConflict::Ask if json || !context.ui.can_ask => OnConflict::Fail,
        chosen => chosen,
    }
}
