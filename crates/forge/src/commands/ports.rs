//! `forge dev ports` and `forge dev port`: who listens where. Works whether anything of Forge runs or not.

use forge_api::{PortRow, PortsAnswer, path};
use forge_inspect::Viewpoint;

use crate::args::{PortArgs, PortsArgs};
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::clock::local;
use crate::output::colour::Style;
use crate::output::report::look;
use crate::output::table::{Cell, Column, Table};
use crate::output::ui::Ui;
use crate::place::Place;
use forge_api::query_string;

pub(crate) fn all(args: &PortsArgs, context: &Context) -> Outcome {
    // Outside of every workspace there is still a machine to look at.
    let place = match context.place() {
        Ok(place) => Some(place),
        Err(_) if args.all => None,
        Err(failure) => return Err(failure),
    };
    context.wait(async {
        let answer = ask(place.as_ref(), None, args.all).await?;
        if args.json {
            context.ui.out.json(&answer);
        } else if answer.ports.is_empty() {
            context.ui.out.line(match args.all {
                true => "nothing listens on this machine",
                false => "nothing of this workspace listens; --all shows the whole machine",
            });
        } else {
            context.ui.out.lines(&table(&answer.ports, &context.ui));
        }
        Ok(exit::DONE)
    })
}

pub(crate) fn one(args: &PortArgs, context: &Context) -> Outcome {
    let place = context.place().ok();
    context.wait(async {
        let answer = ask(place.as_ref(), Some(args.port), true).await?;
        let Some(first) = answer.ports.first() else {
            return Err(nobody(args.port));
        };
        if args.json {
            context.ui.out.json(first);
        } else {
            context.ui.out.lines(&table(&answer.ports, &context.ui));
        }
        Ok(exit::DONE)
    })
}

/// Nobody listens there (3).
pub(super) fn nobody(port: u16) -> Failure {
    Failure::unknown(format!("nobody listens on port {port}"))
        .hint("`forge dev ports --all` lists all that listen")
}

/// Who listens, by the supervisor's knowledge where one runs.
///
/// # Errors
///
/// When the kernel does not tell.
pub(super) async fn ask(
    place: Option<&Place>,
    port: Option<u16>,
    all: bool,
) -> Result<PortsAnswer, Failure> {
    if let Some(place) = place
        && let Some(mut link) = Link::open(place).await?
    {
        let number = port.map(|port| port.to_string());
        let all = all.then_some("true");
        let query = query_string(&[("port", number.as_deref()), ("all", all)]);
        return link.get::<PortsAnswer>(path::PORTS, &query).await;
    }
    let viewpoint = match place {
        Some(place) => Viewpoint::of_workspace(place.workspace()),
        None => Viewpoint::outside(),
    };
    let answer = match port {
        Some(port) => {
            forge_supervisor::machine::on_port(&viewpoint, port).map(|ports| PortsAnswer { ports })
        }
        None => forge_supervisor::machine::all_ports(&viewpoint, all),
    };
    let mut answer =
        answer.map_err(|error| Failure::failed(format!("cannot list ports: {error}")))?;
    forge_supervisor::machine::name_containers(&mut answer).await;
    Ok(answer)
}

/// Sockets as people see them.
pub(super) fn table(ports: &[PortRow], ui: &Ui) -> Vec<String> {
    let mut table = Table::new(&[
        Column::number("PORT", u8::MAX),
        Column::text("PROTO", 60),
        Column::text("ADDRESS", 50),
        Column::number("PID", u8::MAX),
        Column::text("OWNER", u8::MAX).shrinking(10),
        Column::text("STARTED", 40),
        Column::text("COMMAND", u8::MAX).shrinking(16),
    ]);
    for port in ports {
        let owner = owner(port);
        let style = match port.owner.as_str() {
            "this-workspace" => Style::Good,
            "other-workspace" | "container" => Style::Accent,
            _ => Style::Dim,
        };
        let unseen = "(another user's)".to_string();
        table.row(vec![
            Cell::new(port.port.to_string()),
            Cell::new(&port.protocol),
            Cell::styled(&port.address, Style::Dim),
            Cell::new(port.pid.map_or("?".to_string(), |pid| pid.to_string())),
            Cell::styled(&owner, style),
            Cell::new(port.started_at.as_deref().map(local).unwrap_or_default()),
            Cell::new(port.command.clone().unwrap_or(unseen)),
        ]);
    }
    table.lines(look(ui).width, ui.colour)
}

fn owner(port: &PortRow) -> String {
    let name = port.name.clone().unwrap_or_default();
    match (port.owner.as_str(), name.is_empty()) {
        ("this-workspace", false) => name,
        ("this-workspace", true) => "this workspace".to_string(),
        ("other-workspace", _) => {
            let folder = port.workspace.as_deref().unwrap_or("another workspace");
            let short = folder.rsplit('/').next().unwrap_or(folder);
            if name.is_empty() {
                short.to_string()
            } else {
                format!("{short}: {name}")
            }
        }
        ("container", false) => format!("container {name}"),
        (other, _) => other.to_string(),
    }
}
