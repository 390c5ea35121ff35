//! `forge dev signal`.

use forge_api::{SignalRequest, path};

use super::flow;
use crate::args::SignalArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::Outcome;
use crate::offline;

pub(crate) fn run(args: &SignalArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            return Err(offline::not_running(&place, &args.target));
        };
        let request = SignalRequest {
            target: args.target.clone(),
            signal: args.signal.clone(),
            tree: args.tree,
        };
        flow::names_verb(&mut link, path::SIGNAL, &request, "signalled", context).await
    })
}
