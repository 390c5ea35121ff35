//! From a spec to a check: templates filled in, moved ports followed.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use forge_core::spec::{CommandSpec, Pattern, Probe};
use forge_core::template::{NoPort, Template};

use crate::check::{Check, Listens, Run};
use crate::url::{split_port, with_moved_port};

/// What a spec leaves open.
pub struct Context<'a> {
    /// The port that a process really has.
    pub port_of: &'a dyn Fn(&str) -> Option<u16>,
    /// The port that the file asks for, and the one that the process really has.
    pub own_port: Option<(u16, u16)>,
    /// The folder of the process.
    pub cwd: &'a Path,
    /// The whole environment of the process.
    pub env: &'a [(OsString, OsString)],
    /// Asks whether the process's own tree listens on its port.
    pub listens: Listens,
}

/// Why a probe cannot become a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// It needs the port of a process that has none.
    NoPort(NoPort),
    /// `host:port` is not one.
    BadAddress {
        /// As it came out.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// A regular expression does not compile.
    BadPattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unresolved::NoPort(error) => write!(f, "health check: {error}"),
            Unresolved::BadAddress { address, why } => {
                write!(f, "health check: {why} in `{address}`; write `host:port`")
            }
            Unresolved::BadPattern { pattern, why } => {
                write!(
                    f,
                    "health check: `{pattern}` is no regular expression: {why}"
                )
            }
        }
    }
}

impl std::error::Error for Unresolved {}

impl From<NoPort> for Unresolved {
    fn from(error: NoPort) -> Self {
        Unresolved::NoPort(error)
    }
}

impl Check {
    /// The check that a probe means; `None` for those that ask nobody (a line of output, a
    /// notification).
    ///
    /// # Errors
    ///
    /// Where a port is unknown or an address cannot be read.
    pub fn resolve(probe: &Probe, context: &Context<'_>) -> Result<Option<Check>, Unresolved> {
        let fill = |template: &Template| template.resolve(|name| (context.port_of)(name));
        let check = match probe {
            Probe::Http {
                url,
                status,
                headers,
                body,
            } => Check::Http {
                url: fill(url)?,
                status: status.clone(),
                headers: headers
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), fill(value)?)))
                    .collect::<Result<_, NoPort>>()?,
                body: body.as_ref().map(compile).transpose()?,
            },
            Probe::Tcp { address } => tcp(fill(address)?)?,
            Probe::Command(command) => Check::Command {
                run: match command {
                    CommandSpec::Shell(line) => Run::Shell(fill(line)?),
                    CommandSpec::Argv(argv) => {
                        Run::Argv(argv.iter().map(fill).collect::<Result<_, NoPort>>()?)
                    }
                },
                cwd: context.cwd.to_path_buf(),
                env: context.env.to_vec(),
            },
            Probe::OwnPort => Check::OwnPort {
                port: context.own_port.map(|(_, port)| port),
                listens: context.listens.clone(),
            },
            Probe::Log(_) | Probe::Notify => return Ok(None),
        };
        Ok(Some(match context.own_port {
            Some((from, to)) if from != to => check.with_moved_port(from, to),
            _ => check,
        }))
    }

    /// The same check after the process moved from one port to another: where it asks this machine
    /// at the old port, it asks at the new one. A command knows the port by its environment.
    pub fn with_moved_port(mut self, from: u16, to: u16) -> Self {
        match &mut self {
            Check::Http { url, .. } => {
                if let Some(moved) = with_moved_port(url, from, to) {
                    *url = moved;
                }
            }
            Check::Tcp { host, port } => {
                if *port == from && crate::address::means_this_machine(host) {
                    *port = to;
                }
            }
            Check::Command { .. } => {}
            Check::OwnPort { port, .. } => {
                if *port == Some(from) {
                    *port = Some(to);
                }
            }
        }
        self
    }
}

fn compile(pattern: &Pattern) -> Result<regex::Regex, Unresolved> {
    regex::Regex::new(&pattern.0).map_err(|error| Unresolved::BadPattern {
        pattern: pattern.0.clone(),
        why: error.to_string(),
    })
}

fn tcp(address: String) -> Result<Check, Unresolved> {
    let place = address.strip_prefix("tcp://").unwrap_or(&address);
    let place = place.strip_suffix('/').unwrap_or(place);
    match split_port(place) {
        Ok((host, Some(port))) => Ok(Check::Tcp { host, port }),
        Ok((_, None)) => Err("no port".to_string()),
        Err(why) => Err(why),
    }
    .map_err(|why| Unresolved::BadAddress { address, why })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn resolve(probe: &Probe) -> Result<String, String> {
        let context = Context {
            port_of: &|name| (name == "db").then_some(5433),
            own_port: Some((3000, 3001)),
            cwd: Path::new("/srv"),
            env: &[],
            listens: Arc::new(|| true),
        };
        match Check::resolve(probe, &context) {
            Ok(check) => Ok(check.map_or("nothing".to_string(), |check| format!("{check:?}"))),
            Err(error) => Err(error.to_string()),
        }
    }

    fn http(url: &str) -> Probe {
        Probe::Http {
            url: Template::scan(url),
            status: vec![(200, 399)],
            headers: vec![],
            body: None,
        }
    }

    fn tcp(address: &str) -> Probe {
        Probe::Tcp {
            address: Template::scan(address),
        }
    }

    #[test]
    fn a_check_follows_the_ports_that_moved() {
        assert_eq!(
            resolve(&http("http://localhost:3000/x?secret=1")).as_deref(),
            Ok(r#"Http { url: "http://localhost:3001/x" }"#)
        );
        assert_eq!(
            resolve(&http("http://localhost:${process.db.port}")).as_deref(),
            Ok(r#"Http { url: "http://localhost:5433" }"#)
        );
        assert_eq!(
            resolve(&tcp("127.0.0.1:3000")).as_deref(),
            Ok("Tcp(127.0.0.1:3001)")
        );
        assert_eq!(
            resolve(&tcp("tcp://[::1]:3000")).as_deref(),
            Ok("Tcp(::1:3001)")
        );
        assert_eq!(
            resolve(&Probe::OwnPort).as_deref(),
            Ok("OwnPort { port: Some(3001) }")
        );
    }

    #[test]
    fn what_asks_nobody_is_no_check() {
        assert_eq!(resolve(&Probe::Notify).as_deref(), Ok("nothing"));
        let log = Probe::Log(Pattern("ready".into()));
        assert_eq!(resolve(&log).as_deref(), Ok("nothing"));
    }

    #[test]
    fn what_cannot_be_filled_in_is_told() {
        assert_eq!(
            resolve(&tcp("localhost")).unwrap_err(),
            "health check: no port in `localhost`; write `host:port`"
        );
        let unknown = resolve(&tcp("localhost:${process.web.port}")).unwrap_err();
        assert!(unknown.contains("`web` has no port"), "{unknown}");
    }
}
