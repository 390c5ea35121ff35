//! `forge dev kill-port`: shows who listens on a port, asks, ends them, and looks whether it is free.

use std::io::IsTerminal;

use forge_api::{KillPortAnswer, KillPortRequest, path};
use forge_inspect::Viewpoint;
use forge_os::sockets::Protocol;
use forge_supervisor::machine;

use super::ports::{ask, nobody, table};
use crate::args::KillPortArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::report::listed;
use crate::output::text::safe;
use crate::place::Place;

pub(crate) fn run(args: &KillPortArgs, context: &Context) -> Outcome {
    let place = context.place().ok();
    context.wait(async {
        let held = ask(place.as_ref(), Some(args.port), true).await?;
        if held.ports.is_empty() {
            return Err(nobody(args.port));
        }
        if !args.json {
            context.ui.out.lines(&table(&held.ports, &context.ui));
        }
        if !args.yes && !agreed(context).await? {
            return Err(Failure::failed(format!(
                "port {} was left as it is",
                args.port
            )));
        }
        let answer = kill(place.as_ref(), args).await?;
        if args.json {
            context.ui.out.json(&answer);
        } else {
            tell(&answer, context);
        }
        if answer.ok {
            return Ok(exit::DONE);
        }
        Err(still_taken(&answer))
    })
}

/// Asks; without a terminal nothing is ended.
async fn agreed(context: &Context) -> Result<bool, Failure> {
    if !context.ui.can_ask || !std::io::stdin().is_terminal() {
        return Err(
            Failure::failed("there is no terminal to ask at").hint("-y ends them without asking")
        );
    }
    context.ui.out.text("\nEnd them? [y/N] ");
    let reply = tokio::task::spawn_blocking(|| {
        let mut reply = String::new();
        std::io::stdin().read_line(&mut reply).map(|_| reply)
    });
    match reply.await {
        Ok(Ok(reply)) => Ok(matches!(
            reply.trim().to_ascii_lowercase().as_str(),
            "y" | "yes"
        )),
        Ok(Err(error)) => Err(Failure::failed(format!("cannot read the answer: {error}"))),
        Err(error) => Err(Failure::failed(format!("cannot read the answer: {error}"))),
    }
}

async fn kill(place: Option<&Place>, args: &KillPortArgs) -> Result<KillPortAnswer, Failure> {
    if let Some(place) = place
        && let Some(mut link) = Link::open(place).await?
    {
        let request = KillPortRequest {
            port: args.port,
            force: args.force,
            own_only: false,
        };
        let client = link.client();
        return Ok(client.post(path::KILL_PORT, &request).await?);
    }
    let viewpoint = match place {
        Some(place) => Viewpoint::of_workspace(place.workspace()),
        None => Viewpoint::outside(),
    };
    let failed = |error| Failure::failed(format!("cannot free port {}: {error}", args.port));
    let protocols = [Protocol::Tcp, Protocol::Udp];
    let plan = machine::look(args.port, &protocols, &viewpoint, &[]).map_err(failed)?;
    // No supervisor runs, so what bears this workspace's mark is left of a run that is over.
    let plan = plan.with_managed();
    let force = args.force;
    let freed = tokio::task::spawn_blocking(move || machine::free_port(&plan, force)).await;
    match freed {
        Ok(answer) => answer.map_err(failed),
        Err(error) => Err(Failure::failed(format!("cannot free the port: {error}"))),
    }
}

fn tell(answer: &KillPortAnswer, context: &Context) {
    let pids = |pids: &[i32]| {
        let pids: Vec<String> = pids.iter().map(|pid| format!("pid {pid}")).collect();
        listed(&pids)
    };
    let out = &context.ui.out;
    if !answer.stopped.is_empty() {
        out.line(&format!("stopped {}", safe(&listed(&answer.stopped))));
    }
    if !answer.ended.is_empty() {
        out.line(&format!("ended {}", pids(&answer.ended)));
    }
    if !answer.killed.is_empty() {
        out.line(&format!("needed SIGKILL: {}", pids(&answer.killed)));
    }
    if answer.ok {
        out.line(&format!("port {} is free", answer.port));
    }
}

fn still_taken(answer: &KillPortAnswer) -> Failure {
    let why = answer.refused.iter().map(|one| match one.pid {
        Some(pid) => format!("pid {pid}: {}", one.why),
        None => one.why.clone(),
    });
    let why: Vec<String> = why.collect();
    let detail = if why.is_empty() {
        String::new()
    } else {
        format!(": {}", why.join("; "))
    };
    Failure::failed(format!("port {} is still taken{detail}", answer.port))
}
