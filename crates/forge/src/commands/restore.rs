//! `forge dev restore`: what ran before a reboot, or before everything was killed, runs again.

use forge_api::{RestoreRequest, path};

use super::flow;
use crate::args::RestoreArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::units::millis;

pub(crate) fn run(args: &RestoreArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let mut link = Link::open_or_start(&place).await?;
        let mut request = RestoreRequest {
            wait: !args.frame.no_wait,
            timeout_ms: Some(millis(args.frame.timeout)),
        };
        flow::start_like(
            &mut link,
            path::RESTORE,
            &mut request,
            None,
            &args.frame,
            context,
        )
        .await
    })
}
