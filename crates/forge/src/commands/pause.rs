//! `forge dev pause` and `forge dev resume`.

use forge_api::{TargetsRequest, path};

use super::flow;
use crate::args::TargetsArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::Outcome;
use crate::offline;

pub(crate) fn pause(args: &TargetsArgs, context: &Context) -> Outcome {
    carry_out(path::PAUSE, "paused", args, context)
}

pub(crate) fn resume(args: &TargetsArgs, context: &Context) -> Outcome {
    carry_out(path::RESUME, "resumed", args, context)
}

fn carry_out(verb: &str, done: &str, args: &TargetsArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            let first = args.targets.first().map_or("", String::as_str);
            return Err(offline::not_running(&place, first));
        };
        let request = TargetsRequest {
            targets: args.targets.clone(),
        };
        flow::names_verb(&mut link, verb, &request, done, context).await
    })
}
