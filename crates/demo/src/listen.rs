//! Where a service listens and where it finds the others: both come from the environment, so that
//! no port is written down anywhere and two copies of the demo can run side by side.

use std::env;
use std::net::{Ipv4Addr, TcpListener};

use crate::Failure;

/// Listens on `PORT` of the loopback interface.
///
/// # Errors
///
/// `PORT` is not set, is not a port number, or is in use.
pub(crate) fn on_port() -> Result<TcpListener, Failure> {
    let port = variable("PORT", "`port: auto` in processes.yml sets it")?;
    let port: u16 = port
        .parse()
        .map_err(|_| format!("PORT is {port:?}: it must be a number up to 65535"))?;
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}").into())
}

/// The `host:port` of another service, from the variable `name`.
///
/// # Errors
///
/// The variable is not set.
pub(crate) fn address_of(name: &str) -> Result<String, Failure> {
    variable(name, "set it to the host:port of that service")
}

fn variable(name: &str, hint: &str) -> Result<String, Failure> {
    env::var(name).map_err(|_| format!("the variable {name} is not set; {hint}").into())
}
