//! `forge dev debug`: restart in debug mode, or back.

use forge_api::{RestartRequest, path};

use super::flow;
use crate::args::{DebugArgs, values::Switch};
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::Outcome;
use crate::offline;
use crate::output::units::millis;

pub(crate) fn run(args: &DebugArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            return Err(offline::not_running(&place, &args.name));
        };
        let mut request = RestartRequest {
            targets: vec![args.name.clone()],
            environment: environment(),
            wait: !args.frame.no_wait,
            timeout_ms: Some(millis(args.frame.timeout)),
            debug: Some(args.switch == Switch::On),
        };
        flow::start_like(
            &mut link,
            path::RESTART,
            &mut request,
            None,
            &args.frame,
            context,
        )
        .await
    })
}
