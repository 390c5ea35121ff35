//! `forge dev restart`: stop and start again; what users expect to be kept is kept.

use forge_api::{RestartRequest, path};

use super::flow;
use crate::args::RestartArgs;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome};
use crate::offline;
use crate::output::units::millis;

pub(crate) fn run(args: &RestartArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let mut link = match Link::open_if_any(&place).await? {
            Some(link) => link,
            None if args.targets.is_empty() => {
                return Err(Failure::failed("nothing runs here that could be restarted")
                    .hint("`forge dev start` starts everything"));
            }
            None => {
                offline::check_start(&place, &[], &args.targets, context)?;
                Link::open_or_start(&place).await?
            }
        };
        let mut request = RestartRequest {
            targets: args.targets.clone(),
            environment: environment(),
            wait: !args.frame.no_wait,
            timeout_ms: Some(millis(args.frame.timeout)),
            debug: None,
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
