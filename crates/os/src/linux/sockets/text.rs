//! `/proc/net/{tcp,tcp6,udp,udp6}`: the same sockets as text, for kernels without the netlink family.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Listener, Protocol};

/// Adds the sockets of a protocol that wait for others.
pub(super) fn listeners(protocol: Protocol, out: &mut Vec<Listener>) -> io::Result<()> {
    let (v4, v6, state) = match protocol {
        Protocol::Tcp => ("/proc/self/net/tcp", "/proc/self/net/tcp6", "0A"),
        Protocol::Udp => ("/proc/self/net/udp", "/proc/self/net/udp6", "07"),
    };
    parse(&fs::read_to_string(v4)?, protocol, state, out);
    match fs::read_to_string(v6) {
        Ok(text) => parse(&text, protocol, state, out),
        // A kernel without IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

pub(super) fn parse(text: &str, protocol: Protocol, state: &str, out: &mut Vec<Listener>) {
    // The first line names the columns.
    for line in text.lines().skip(1) {
        out.extend(parse_line(line, protocol, state));
    }
}

fn parse_line(line: &str, protocol: Protocol, state: &str) -> Option<Listener> {
    let mut columns = line.split_ascii_whitespace();
    let (address, port) = columns.nth(1)?.split_once(':')?;
    if columns.nth(1)? != state {
        return None;
    }
    let uid = columns.nth(3)?.parse().ok()?;
    let inode = columns.nth(1)?.parse().ok()?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (port != 0).then_some(Listener {
        protocol,
        address: parse_address(address)?,
        port,
        inode,
        uid,
    })
}

/// Words of 32 bits, each printed as the machine holds it.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let mut bytes = [0u8; 16];
    if !hex.is_ascii() || !(hex.len() == 8 || hex.len() == 32) {
        return None;
    }
    for (place, word) in bytes
        .chunks_exact_mut(4)
        .zip(hex.as_bytes().chunks_exact(8))
    {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        place.copy_from_slice(&word.to_ne_bytes());
    }
    Some(if hex.len() == 8 {
        IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
    } else {
        IpAddr::V6(Ipv6Addr::from(bytes))
    })
}
