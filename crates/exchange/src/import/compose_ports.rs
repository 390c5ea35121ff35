//! The ports of a compose service on this machine.

use crate::dollar;
use crate::fields::Field;
use crate::node::Node;

/// Longest range of ports that is written out.
const MOST: u16 = 64;

/// A port that the service publishes: a number, or text with a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) host: String,
    /// The port within the container, where it is one number.
    pub(super) target: Option<u16>,
}

impl Published {
    /// Forge knows its number only when it starts.
    pub(super) fn varies(&self) -> bool {
        self.host.contains('$')
    }
}

/// The TCP ports of `ports`; what cannot be told is noted.
pub(super) fn read(field: &Field<'_>) -> Vec<Published> {
    let mut ports: Vec<Published> = Vec::new();
    for item in field.node.list().unwrap_or_default() {
        let found = match item.scalar() {
            Some(text) => short(text),
            None => long(item),
        };
        match found {
            Ok(more) => {
                let fresh = |port: &Published| !ports.iter().any(|known| known.host == port.host);
                let more: Vec<Published> = more.into_iter().filter(fresh).collect();
                ports.extend(more);
            }
            Err(how) => field.approximated(how),
        }
    }
    ports
}

/// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`.
fn short(text: &str) -> Result<Vec<Published>, String> {
    let (text, protocol) = match text.rsplit_once('/') {
        Some((text, protocol)) if !protocol.contains('}') => (text, protocol),
        _ => (text, "tcp"),
    };
    if protocol != "tcp" {
        return Err(format!(
            "`{text}/{protocol}` is no TCP port: Docker opens it, Forge does not list it"
        ));
    }
    let (host, target) = match split(text).as_slice() {
        [_] => {
            return Err(format!(
                "`{text}` gets a free port from Docker, which Forge does not know"
            ));
        }
        [host, target] => (host.to_string(), target.to_string()),
        [.., host, target] => (host.to_string(), target.to_string()),
        [] => return Err("an empty port".to_string()),
    };
    published(&host, &target)
}

/// Splits at colons that are in no `${…}` and no `[…]`.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0usize, 0);
    let mut parts = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn long(item: &Node) -> Result<Vec<Published>, String> {
    let protocol = item.text_of("protocol").unwrap_or("tcp");
    let target = item.text_of("target").unwrap_or_default();
    match item.text_of("published") {
        _ if protocol != "tcp" => Err(format!(
            "`{target}/{protocol}` is no TCP port: Docker opens it, Forge does not list it"
        )),
        Some(host) => published(host, target),
        None => Err(format!(
            "`{target}` gets a free port from Docker, which Forge does not know"
        )),
    }
}

fn published(host: &str, target: &str) -> Result<Vec<Published>, String> {
    let number = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
    let one = |host: String| {
        Ok(vec![Published {
            host,
            target: number(target),
        }])
    };
    if host.contains('$') {
        let done = dollar::value(host);
        let simple = done.text.starts_with("${")
            && done.text.ends_with('}')
            && !done.text.contains("}$")
            && !done.text.contains("}-");
        let known = !done.text.contains(":-}");
        return match simple && known {
            true => one(done.text),
            false => Err(format!("Forge does not know the port `{host}`")),
        };
    }
    if let Some(port) = number(host) {
        return one(port.to_string());
    }
    let range = host
        .split_once('-')
        .and_then(|(from, to)| Some((number(from)?, number(to)?)));
    match range {
        Some((from, to)) if from <= to && to - from < MOST => {
            let first = target.split('-').next().and_then(number);
            let ports = (from..=to).map(|port| Published {
                host: port.to_string(),
                target: first.map(|first| first + (port - from)),
            });
            Ok(ports.collect())
        }
        Some(_) => Err(format!("the range `{host}` is too long to list")),
        None => Err(format!("`{host}` is no port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_port_are_understood() {
        let hosts = |text: &str| -> Result<Vec<String>, String> {
            Ok(short(text)?.into_iter().map(|port| port.host).collect())
        };
        assert_eq!(hosts("80:8080"), Ok(vec!["80".to_string()]));
        assert_eq!(hosts("127.0.0.1:5432:5432"), Ok(vec!["5432".to_string()]));
        assert_eq!(hosts("[::1]:5000:5000/tcp"), Ok(vec!["5000".to_string()]));
        assert_eq!(
            hosts("${P:-27017}:27017"),
            Ok(vec!["${P:-27017}".to_string()])
        );
        assert_eq!(hosts("9000-9002:1-3").map(|ports| ports.len()), Ok(3));
        for unknown in ["3000", "53:53/udp", "${P}:80", "x:80", "1-60000:1-60000"] {
            assert!(hosts(unknown).is_err(), "{unknown}");
        }
    }
}
