//! `forge dev debug`: restart in debug mode, or back.

use std::time::{Duration, Instant};

use forge_api::{RestartRequest, Status, path};

use super::flow;
use crate::args::{DebugArgs, values::Switch};
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::text::safe;
use crate::output::units::millis;

/// How long a runtime may take until it opens its debugger's port.
const OPENING: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(50);

pub(crate) fn run(args: &DebugArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            return Err(offline::not_running(&place, &args.name));
        };
        let on = args.switch == Switch::On;
        let mut request = RestartRequest {
            targets: vec![args.name.clone()],
            environment: environment(),
            wait: !args.frame.no_wait,
            timeout_ms: Some(millis(args.frame.timeout)),
            debug: Some(on),
        };
        let done = flow::start_like(
            &mut link,
            path::RESTART,
            &mut request,
            None,
            &args.frame,
            context,
        )
        .await?;
        if on && done == exit::DONE && !args.frame.no_wait && !args.frame.json {
            tell_whether_it_waits(&mut link, &args.name, context).await?;
        }
        Ok(done)
    })
}

/// Whether a debugger can really attach: the port is there once the runtime has opened it.
async fn tell_whether_it_waits(
    link: &mut Link,
    name: &str,
    context: &Context,
) -> Result<(), Failure> {
    let deadline = Instant::now() + OPENING;
    loop {
        let status: Status = link.get(path::STATUS, "").await?;
        let process = status.processes.iter().find(|one| one.name == name);
        let Some((process, port)) = process.and_then(|one| Some((one, one.debug_port?))) else {
            return Ok(());
        };
        let name = safe(&process.name);
        if let Some(address) = &process.debugger {
            let text = format!("{name}: a debugger can attach now, at {}", safe(address));
            context.ui.out.line(&text);
            return Ok(());
        }
        if process.pid.is_none() || Instant::now() >= deadline {
            context.ui.warn(&format!(
                "{name}: nothing of it listens on port {port}: its runtime has no debugger there (for Python, `python -m pip install debugpy` in its environment)"
            ));
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
}
