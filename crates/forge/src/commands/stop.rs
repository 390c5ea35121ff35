//! `forge dev stop`: stop, and return when it is verified that nothing is left.

use forge_api::{StopAnswer, StopRequest, path};

use super::flow::{End, View, follow};
use crate::args::StopArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Outcome, exit};
use crate::offline;
use crate::output::progress::Aim;
use crate::output::report;
use crate::output::units::millis;

pub(crate) fn run(args: &StopArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            let already = offline::names(&place, &args.targets)?;
            let answer = StopAnswer {
                ok: true,
                already,
                ..StopAnswer::default()
            };
            tell(&answer, args.json, context);
            return Ok(exit::DONE);
        };
        let request = StopRequest {
            targets: args.targets.clone(),
            timeout_ms: args.timeout.map(millis),
            force: args.force,
        };
        let view = View::new(context, Aim::Down, args.json);
        match follow::<StopAnswer>(&mut link, path::STOP, &request, view).await? {
            End::Done(answer) => {
                tell(&answer, args.json, context);
                Ok(if answer.ok { exit::DONE } else { exit::FAILED })
            }
            End::Interrupted => {
                context
                    .ui
                    .note("interrupted: stopping goes on. `forge dev stop --force` kills at once");
                Ok(exit::INTERRUPTED)
            }
        }
    })
}

fn tell(answer: &StopAnswer, json: bool, context: &Context) {
    if json {
        context.ui.out.json(answer);
    } else {
        report::stopped(&context.ui, answer);
    }
}
