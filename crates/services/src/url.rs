//! The URL of a service.

use std::path::PathBuf;

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Redis,
    Mysql,
    Prometheus,
}

/// The parts of a URL, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) kind: Kind,
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// An IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// A socket in the file system, instead of host and port.
    pub(crate) socket: Option<PathBuf>,
    /// Path and query, as written; for HTTP.
    pub(crate) target: String,
    /// The path without its first slash, decoded: a database.
    pub(crate) database: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) fragment: String,
}

impl Url {
    /// Reads a URL; an error says what is wrong, without the password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text
            .trim()
            .split_once("://")
            .ok_or("no scheme in the URL of the service; begin with postgres://, redis://, mysql:// or http://")?;
        let scheme = scheme.to_ascii_lowercase();
        let (kind, default_port) = match scheme.as_str() {
            "postgres" | "postgresql" => (Kind::Postgres, 5432),
            "redis" | "rediss" | "valkey" | "redis+unix" => (Kind::Redis, 6379),
            "mysql" | "mariadb" => (Kind::Mysql, 3306),
            "http" => (Kind::Prometheus, 80),
            "https" => (Kind::Prometheus, 443),
            other => {
                return Err(format!(
                    "unknown kind of service `{other}`; use postgres, redis, mysql, http or https"
                ));
            }
        };
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, authority),
        };
        let (user, password) = match credentials {
            Some(credentials) => match credentials.split_once(':') {
                Some((user, password)) => (Some(decode(user)), Some(decode(password))),
                None => (Some(decode(credentials)), None),
            },
            None => (None, None),
        };
        let (host, port) = split_port(place)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut url = Url {
            kind,
            scheme,
            user: user.filter(|user| !user.is_empty()),
            password,
            host: if host.is_empty() {
                "localhost".into()
            } else {
                decode(host)
            },
            port: port.unwrap_or(default_port),
            socket: None,
            target: if target.starts_with('/') {
                target.to_string()
            } else {
                format!("/{target}")
            },
            database: decode(path.trim_start_matches('/')),
            parameters: parameters(query),
            fragment: decode(fragment),
        };
        url.socket = url.find_socket(path);
        Ok(url)
    }

    /// The value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The service as people may see it.
    pub(crate) fn place(&self) -> String {
        let scheme = &self.scheme;
        match &self.socket {
            Some(socket) => format!("{scheme}:{}", socket.display()),
            None if self.host.contains(':') => format!("{scheme}://[{}]:{}", self.host, self.port),
            None => format!("{scheme}://{}:{}", self.host, self.port),
        }
    }

    /// Each client library has its own way to name a socket.
    fn find_socket(&self, path: &str) -> Option<PathBuf> {
        match self.kind {
            Kind::Postgres => {
                let host = self.parameter("host").unwrap_or(&self.host);
                let file = format!(".s.PGSQL.{}", self.port);
                host.starts_with('/')
                    .then(|| PathBuf::from(host).join(file))
            }
            Kind::Mysql => self.parameter("socket").map(PathBuf::from),
            Kind::Redis => (self.scheme == "redis+unix").then(|| PathBuf::from(decode(path))),
            Kind::Prometheus => None,
        }
    }
}

fn split_port(place: &str) -> Result<(&str, Option<u16>), String> {
    let wrong = || "the port in the URL of the service is no number from 1 to 65535".to_string();
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest
                .split_once(']')
                .ok_or("an IPv6 address in the URL of the service has no closing bracket")?;
            (host, rest.strip_prefix(':'))
        }
        None => match place.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    match port {
        None | Some("") => Ok((host, None)),
        Some(port) => match port.parse() {
            Ok(0) | Err(_) => Err(wrong()),
            Ok(port) => Ok((host, Some(port))),
        },
    }
}

fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Percent signs with two digits; what is no such is left as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |place: usize| char::from(*bytes.get(place)?).to_digit(16);
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_url_are_found_and_decoded() {
        let url = Url::parse("postgres://me:p%40ss%2F@db.example:6543/shop?sslmode=require")
            .expect("is a URL");
        assert_eq!(url.kind, Kind::Postgres);
        assert_eq!(
            (url.user.as_deref(), url.password.as_deref()),
            (Some("me"), Some("p@ss/"))
        );
        assert_eq!(
            (url.host.as_str(), url.port, url.database.as_str()),
            ("db.example", 6543, "shop")
        );
        assert_eq!(url.parameter("sslmode"), Some("require"));
        assert_eq!(url.place(), "postgres://db.example:6543");
        let url = Url::parse("redis://:secret@[::1]/3").expect("is a URL");
        assert_eq!((url.user, url.password.as_deref()), (None, Some("secret")));
        assert_eq!((url.host.as_str(), url.port), ("::1", 6379));
        let url = Url::parse("http://localhost:9100/metrics?a=1#go_*,up").expect("is a URL");
        assert_eq!(
            (url.target.as_str(), url.fragment.as_str()),
            ("/metrics?a=1", "go_*,up")
        );
        assert_eq!(Url::parse("http://x").expect("is a URL").target, "/");
    }

    #[test]
    fn sockets_in_the_file_system_are_known() {
        let socket = |text: &str| Url::parse(text).expect("is a URL").socket.expect("has one");
        assert_eq!(
            socket("postgres:///shop?host=/run/pg"),
            PathBuf::from("/run/pg/.s.PGSQL.5432")
        );
        assert_eq!(
            socket("postgres://%2Frun%2Fpg:1/shop"),
            PathBuf::from("/run/pg/.s.PGSQL.1")
        );
        assert_eq!(
            socket("mysql://root@localhost/?socket=/m.sock"),
            PathBuf::from("/m.sock")
        );
        assert_eq!(socket("redis+unix:///r.sock"), PathBuf::from("/r.sock"));
    }

    #[test]
    fn what_is_no_url_is_an_error_without_the_password() {
        for text in [
            "",
            "x",
            "ftp://x",
            "redis://h:0",
            "redis://h:99999",
            "redis://u:secret@h:x",
            "redis://[::1",
        ] {
            let error = Url::parse(text).expect_err(text);
            assert!(!error.contains("secret"), "{error}");
        }
        for text in [
            "redis://%",
            "redis://%4",
            "redis://ä%C3",
            "postgres://@",
            "mysql://?&=&a",
            "http://#",
        ] {
            Url::parse(text).expect(text);
        }
    }
}
