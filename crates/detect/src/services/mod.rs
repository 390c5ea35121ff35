//! Services that processes need: from compose files of development, connection strings and client
//! libraries, each told once, by its best evidence.

mod addresses;
mod clients;
mod clients_compiled;
mod start;

use crate::compose::Composed;
use crate::kinds::{self, Kind};
use crate::machine::Machine;
use crate::model::{Process, Service, Why};
use crate::repo::Repo;

/// A service that something speaks for.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    kind: Kind,
    port: Option<u16>,
    why: Why,
    /// The command that starts it from a compose file that publishes its port.
    composed: Option<String>,
}

impl Need {
    fn of(kind: &str, port: Option<u16>, why: Why) -> Option<Need> {
        let kind = kinds::named(kind)?;
        Some(Need {
            kind,
            port,
            why,
            composed: None,
        })
    }
}

/// What the processes of a repository need.
pub(crate) fn detect(
    repo: &Repo,
    composed: &[Composed],
    processes: &[Process],
    machine: &dyn Machine,
) -> Vec<Service> {
    if processes.is_empty() {
        return Vec::new();
    }
    let embedded = clients_compiled::embedded_database(repo) || addresses::uses_sqlite(repo);
    let mut needs: Vec<Need> = Vec::new();
    let compose = composed
        .iter()
        .filter(|one| !one.optional)
        .filter_map(of_compose);
    let compose = compose.filter(|need| !(embedded && is_sql(need.kind)));
    for need in compose
        .chain(addresses::detect(repo))
        .chain(clients::detect(repo))
        .chain(clients_compiled::detect(repo))
    {
        match needs.iter_mut().find(|one| same(one.kind, need.kind)) {
            Some(one) => {
                if one.composed.is_none() && one.port.is_none_or(|port| Some(port) == need.port) {
                    one.composed = need.composed;
                }
                one.port = one.port.or(need.port);
            }
            None => needs.push(need),
        }
    }
    // What an application host or a compose file starts as a whole brings its services along.
    needs.sort_by_key(|need| need.kind.name);
    needs
        .into_iter()
        .map(|need| service(need, machine))
        .collect()
}

fn of_compose(one: &Composed) -> Option<Need> {
    let kind = kinds::of_image(&one.image)?;
    let inner = one
        .ports
        .iter()
        .find(|(_, inner)| *inner == kind.port)
        .or(one.ports.first());
    let port = inner.and_then(|(outer, _)| *outer);
    let why = Why::line(
        &one.path,
        one.line,
        &format!("service `{}` is {}", one.name, one.image),
    );
    let command = format!("{} up {}", one.compose, one.name);
    Some(Need {
        kind,
        port,
        why,
        composed: port.map(|_| command),
    })
}

fn service(need: Need, machine: &dyn Machine) -> Service {
    let port = need.port.unwrap_or(need.kind.port);
    let (command, available) = start::command(need.kind, port, need.composed.as_deref(), machine);
    let missing = if available {
        ""
    } else {
        "; nothing that starts it was found on this machine"
    };
    Service {
        name: need.kind.name.to_string(),
        kind: need.kind.name.to_string(),
        command,
        port: Some(port),
        why: format!("{}{missing}", need.why),
        available,
    }
}

pub(crate) fn is_sql(kind: Kind) -> bool {
    ["postgres", "mysql", "mariadb", "sqlserver"].contains(&kind.name)
}

/// Kinds of which one stands for the other.
fn same(a: Kind, b: Kind) -> bool {
    let group = |kind: Kind| match kind.name {
        "mariadb" => "mysql",
        "opensearch" => "elasticsearch",
        name => name,
    };
    group(a) == group(b)
}
