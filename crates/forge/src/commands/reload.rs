//! `forge dev reload`: apply an edited file.

use forge_api::{ReloadRequest, path};

use super::flow;
use crate::args::ReloadArgs;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Outcome, exit};
use crate::offline;
use crate::output::units::millis;

pub(crate) fn run(args: &ReloadArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            offline::check_start(&place, &[], &[], context)?;
            if args.frame.json {
                context.ui.out.json(&forge_api::StartAnswer {
                    ok: true,
                    ..Default::default()
                });
            } else {
                context
                    .ui
                    .out
                    .line("nothing runs; the next `forge dev start` reads the file");
            }
            return Ok(exit::DONE);
        };
        let mut request = ReloadRequest {
            environment: environment(),
            wait: !args.frame.no_wait,
            timeout_ms: Some(millis(args.frame.timeout)),
        };
        flow::start_like(
            &mut link,
            path::RELOAD,
            &mut request,
            None,
            &args.frame,
            context,
        )
        .await
    })
}
