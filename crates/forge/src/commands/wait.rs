//! `forge dev wait`: block until it is ready, has ended, or has written a line.

use std::time::{Duration, Instant};

use forge_api::{WaitAnswer, WaitRequest, path};

use crate::args::WaitArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::text::safe;
use crate::output::units::millis;
use crate::place::Place;

const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(crate) fn run(args: &WaitArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let deadline = args.timeout.map(|timeout| Instant::now() + timeout);
    context.wait(async {
        let answer = match link(&place, args, deadline, context).await? {
            Some(mut link) => {
                link.ask(async |client| {
                    let request = WaitRequest {
                        target: args.target.clone(),
                        until: args.until.clone(),
                        timeout_ms: deadline.map(|deadline| {
                            millis(deadline.saturating_duration_since(Instant::now()))
                        }),
                    };
                    client.post::<WaitAnswer>(path::WAIT, &request).await
                })
                .await?
            }
            None => WaitAnswer {
                detail: "nothing runs in this workspace".to_string(),
                ..WaitAnswer::default()
            },
        };
        tell(&answer, args, context)
    })
}

/// Whoever waits may have come before the one who starts: waits for a supervisor, too. `None` when
/// the time is over.
async fn link(
    place: &Place,
    args: &WaitArgs,
    deadline: Option<Instant>,
    context: &Context,
) -> Result<Option<Link>, Failure> {
    let mut told = false;
    loop {
        if let Some(link) = Link::open_if_any(place).await? {
            return Ok(Some(link));
        }
        offline::names(place, std::slice::from_ref(&args.target))?;
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(None);
        }
        if !told {
            context
                .ui
                .note("nothing runs here yet; waiting for `forge dev start`");
            told = true;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn tell(answer: &WaitAnswer, args: &WaitArgs, context: &Context) -> Outcome {
    if args.json {
        context.ui.out.json(answer);
    }
    if !answer.ok {
        let target = &args.target;
        return Err(Failure::failed(format!("{target}: {}", answer.detail))
            .hint(format!("`forge dev why {target}` explains")));
    }
    if !args.json {
        match &answer.line {
            Some(line) => context.ui.out.line(&safe(line)),
            None => context.ui.out.line(&safe(&answer.detail)),
        }
    }
    Ok(exit::DONE)
}
