//! The environment of a process: the client's, the file's, and Forge's marks.

use std::collections::BTreeMap;
use std::path::Path;

use forge_core::spec::ProcessSpec;
use forge_core::template::Template;
use forge_facts::{RunId, mark};

/// All variables of a client, as it sent them.
pub(crate) type Environment = BTreeMap<String, String>;

/// What the environment of a run depends on beside its specification.
pub(crate) struct Surroundings<'a> {
    /// The client that asked for the start.
    pub(crate) client: &'a Environment,
    /// The workspace.
    pub(crate) workspace: &'a Path,
    /// The run that it is for; `None` for a command beside it (`exec`, a check, a hook).
    pub(crate) run: Option<RunId>,
    /// The port that the process has.
    pub(crate) port: Option<u16>,
    /// The variables of debug mode, where it is on.
    pub(crate) debug: Option<&'a BTreeMap<String, Option<Template>>>,
    /// Where readiness is told (sd_notify(3)).
    pub(crate) notify_socket: Option<&'a Path>,
}

/// The whole environment of a run.
///
/// # Errors
///
/// When a value needs the port of a process that has none.
pub(crate) fn compose(
    spec: &ProcessSpec,
    around: &Surroundings<'_>,
    port_of: &dyn Fn(&str) -> Option<u16>,
) -> Result<Environment, String> {
    let mut all = around.client.clone();
    // A Forge inside a Forge: the outer one's marks are not this process's.
    all.retain(|name, _| !is_mark(name) && name != "NOTIFY_SOCKET");
    if let Some(port) = around.port {
        all.insert("PORT".to_string(), port.to_string());
    }
    for overlay in std::iter::once(&spec.env).chain(around.debug) {
        for (name, value) in overlay {
            match value {
                Some(template) => {
                    let text = template
                        .resolve(port_of)
                        .map_err(|error| format!("env.{name}: {error}"))?;
                    let own = spec
                        .debug
                        .as_ref()
                        .is_some_and(|own| own.env.contains_key(name));
                    let debug = around.debug == Some(overlay) && !own;
                    let text = crate::debug::beside(name, all.get(name), text, debug);
                    all.insert(name.clone(), text);
                }
                None => {
                    all.remove(name);
                }
            }
        }
    }
    all.insert(
        mark::WORKSPACE.to_string(),
        around.workspace.to_string_lossy().into_owned(),
    );
    all.insert(mark::PROFILE.to_string(), spec.profile.clone());
    all.insert(mark::PROCESS.to_string(), spec.name.clone());
    if let Some(run) = around.run {
        all.insert(mark::RUN_ID.to_string(), run.to_string());
    }
    if let Some(replica) = spec.replica {
        all.insert(mark::REPLICA.to_string(), replica.to_string());
    }
    if let Some(path) = around.notify_socket {
        all.insert(
            "NOTIFY_SOCKET".to_string(),
            path.to_string_lossy().into_owned(),
        );
    }
    Ok(all)
}

fn is_mark(name: &str) -> bool {
    [
        mark::WORKSPACE,
        mark::PROFILE,
        mark::PROCESS,
        mark::RUN_ID,
        mark::REPLICA,
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use forge_core::spec::CommandSpec;

    fn compose_with(client: &[(&str, &str)], env: &[(&str, Option<&str>)]) -> Environment {
        let command = CommandSpec::Shell(Template::text("true"));
        let mut spec = ProcessSpec::new("dev", "api", command, "/w".into());
        for (name, value) in env {
            spec.env
                .insert((*name).to_string(), value.map(Template::scan));
        }
        let client = client
            .iter()
            .map(|(k, v)| ((*k).to_string(), (*v).to_string()))
            .collect();
        let around = Surroundings {
            client: &client,
            workspace: Path::new("/w"),
            run: None,
            port: Some(3000),
            debug: None,
            notify_socket: None,
        };
        compose(&spec, &around, &|name| (name == "db").then_some(5432)).unwrap()
    }

    #[test]
    fn port_is_set_unless_the_file_sets_it() {
        assert_eq!(compose_with(&[("PORT", "1")], &[])["PORT"], "3000");
        assert_eq!(compose_with(&[], &[("PORT", Some("9"))])["PORT"], "9");
    }

    #[test]
    fn null_removes_and_ports_of_others_are_filled_in() {
        let env = compose_with(
            &[("GONE", "x"), ("KEPT", "y")],
            &[("GONE", None), ("DB", Some("127.0.0.1:${process.db.port}"))],
        );
        assert!(!env.contains_key("GONE"));
        assert_eq!(env["KEPT"], "y");
        assert_eq!(env["DB"], "127.0.0.1:5432");
    }

    #[test]
    fn marks_of_an_outer_forge_do_not_leak_in() {
        let env = compose_with(&[("FORGE_RUN_ID", "outer"), ("FORGE_REPLICA", "3")], &[]);
        assert!(!env.contains_key("FORGE_RUN_ID"));
        assert!(!env.contains_key("FORGE_REPLICA"));
        assert_eq!(env["FORGE_PROCESS"], "api");
    }
}
