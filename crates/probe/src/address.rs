//! From a host and a port to a connection.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout_at;

use crate::check::{Failure, Limit, Stage};
use crate::text;

/// No name needs more addresses than this to be judged.
const MOST: usize = 8;

/// All addresses that a host stands for.
///
/// `localhost` is both loopback addresses, whatever the machine's resolver says of it.
pub(crate) async fn resolve(
    host: &str,
    port: u16,
    limit: Limit,
) -> Result<Vec<SocketAddr>, Failure> {
    if let Some(ip) = literal(host) {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    if is_localhost(host) {
        let loopback = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        return Ok(loopback.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    let fail = |why: String| {
        Failure::new(
            Stage::Start,
            format!("the name `{host}` was not resolved: {why}"),
        )
    };
    match timeout_at(limit.at, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(found)) => Ok(found.take(MOST).collect()),
        Ok(Err(error)) => Err(fail(text::io_error(&error))),
        Err(_) => Err(fail(format!("no answer within {:?}", limit.whole))),
    }
}

/// An address written out, an IPv6 one with or without brackets.
fn literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    bare.parse().ok()
}

/// Names that mean this machine by definition (RFC 6761, section 6.3).
fn is_localhost(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether a host, as it is written, means this machine.
pub(crate) fn means_this_machine(host: &str) -> bool {
    is_localhost(host) || literal(host).is_some_and(is_this_machine)
}

/// Whether what is sent to an address stays on this machine.
pub(crate) fn is_this_machine(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}

/// `host:port`, with brackets where they are needed.
pub(crate) fn shown(host: &str, port: u16) -> String {
    match literal(host) {
        Some(ip) => SocketAddr::new(ip, port).to_string(),
        None => format!("{host}:{port}"),
    }
}

/// Connects; `shown` is how the address is called in a failure.
pub(crate) async fn connect(
    address: SocketAddr,
    shown: &str,
    limit: Limit,
) -> Result<TcpStream, Failure> {
    let fail = |why: String| Failure::new(Stage::Connect, format!("{why} ({shown})"));
    match timeout_at(limit.at, TcpStream::connect(address)).await {
        // Where nobody listens on a port that the kernel also gives to outgoing connections, it may
        // connect a socket to itself.
        Ok(Ok(stream)) if is_own_echo(&stream) => Err(fail("connection refused".into())),
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(fail("connection refused".into()))
        }
        Ok(Err(error)) => Err(fail(text::io_error(&error))),
        Err(_) => Err(fail(format!("no connection within {:?}", limit.whole))),
    }
}

fn is_own_echo(stream: &TcpStream) -> bool {
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(own), Ok(peer)) => own == peer,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_many_names() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "[::1]",
            "0.0.0.0",
            "::ffff:127.0.0.1",
        ] {
            assert!(means_this_machine(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "10.0.0.1", ""] {
            assert!(!means_this_machine(host), "{host}");
        }
    }

    #[test]
    fn an_ipv6_address_is_shown_in_brackets() {
        assert_eq!(shown("::1", 80), "[::1]:80");
        assert_eq!(shown("[::1]", 80), "[::1]:80");
        assert_eq!(shown("localhost", 80), "localhost:80");
    }
}
