//! `forge dev send`: text for the input of processes.

use forge_api::{InputRequest, path};

use super::flow;
use crate::args::SendArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::Outcome;
use crate::offline;

pub(crate) fn run(args: &SendArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let mut text = args.text.clone().unwrap_or_default();
    if args.text.is_some() && !args.no_newline {
        text.push('\n');
    }
    context.wait(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            return Err(offline::not_running(&place, &args.target));
        };
        let request = InputRequest {
            target: args.target.clone(),
            text,
            bytes: Vec::new(),
            eof: args.eof,
        };
        flow::names_verb(&mut link, path::INPUT, &request, "sent to", context).await
    })
}
