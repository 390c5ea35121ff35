//! Redis and what speaks like it: clients, memory, hits, evictions.

use std::collections::BTreeMap;

use crate::error::{Trouble, one_line};
use crate::statistics::Findings;
use crate::stream::Stream;
use crate::url::Url;

/// More than any server tells about itself.
const ANSWER: usize = 4 << 20;
const LINE: usize = 64 << 10;

pub(crate) async fn ask(url: &Url) -> Result<Findings, Trouble> {
    let mut stream = Stream::connect(url).await?;
    if url.scheme == "rediss" {
        stream = stream.secure(&url.host).await?;
    }
    if let Some(password) = &url.password {
        let words: Vec<&[u8]> = match &url.user {
            Some(user) => vec![b"AUTH", user.as_bytes(), password.as_bytes()],
            None => vec![b"AUTH", password.as_bytes()],
        };
        command(&mut stream, &words).await?;
    }
    let text = command(&mut stream, &[b"INFO"]).await?;
    Ok(findings(&String::from_utf8_lossy(&text)))
}

/// Sends a command and returns the text of its answer.
async fn command(stream: &mut Stream, words: &[&[u8]]) -> Result<Vec<u8>, Trouble> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).bytes());
        bytes.extend(*word);
        bytes.extend(b"\r\n");
    }
    stream.send(&bytes).await?;
    let line = stream.line(LINE).await?;
    let strange = || Trouble::Strange(one_line(&String::from_utf8_lossy(&line), 80));
    let (kind, rest) = line.split_first().ok_or_else(strange)?;
    match kind {
        b'+' => Ok(rest.to_vec()),
        b'-' => Err(Trouble::Refused(one_line(
            &String::from_utf8_lossy(rest),
            200,
        ))),
        b'$' => {
            let length = std::str::from_utf8(rest)
                .ok()
                .and_then(|text| text.parse().ok());
            let text = stream.exactly(length.ok_or_else(strange)?, ANSWER).await?;
            stream.exactly(2, 2).await?;
            Ok(text)
        }
        _ => Err(strange()),
    }
}

fn findings(info: &str) -> Findings {
    let lines = info
        .lines()
        .filter_map(|line| line.trim_end().split_once(':'));
    let fields: BTreeMap<&str, &str> = lines.collect();
    let number = |name: &str| fields.get(name)?.parse::<f64>().ok();
    let mut found = Findings::default();
    for (name, field) in [
        // This very connection is one of them.
        ("clients_blocked", "blocked_clients"),
        ("clients_max", "maxclients"),
        ("memory_bytes", "used_memory"),
        ("memory_peak_bytes", "used_memory_peak"),
        ("evicted_keys", "evicted_keys"),
        ("expired_keys", "expired_keys"),
        ("commands_per_s", "instantaneous_ops_per_sec"),
        ("replicas", "connected_slaves"),
        ("unsaved_changes", "rdb_changes_since_last_save"),
    ] {
        found.number(name, number(field));
    }
    found.number(
        "clients",
        number("connected_clients").map(|all| (all - 1.0).max(0.0)),
    );
    found.number(
        "memory_max_bytes",
        number("maxmemory").filter(|bytes| *bytes > 0.0),
    );
    found.percent(
        "hit_percent",
        number("keyspace_hits"),
        number("keyspace_misses"),
    );
    let databases = fields.iter().filter(|(name, _)| {
        name.strip_prefix("db")
            .is_some_and(|rest| rest.parse::<u32>().is_ok())
    });
    let keys = databases.filter_map(|(_, value)| {
        let field = value
            .split(',')
            .find_map(|field| field.strip_prefix("keys="))?;
        field.parse::<f64>().ok()
    });
    found.number(
        "keys",
        fields.contains_key("used_memory").then(|| keys.sum()),
    );
    found.counter("evictions_per_s", number("evicted_keys"));
    if let Some(version) = fields.get("valkey_version").or(fields.get("redis_version")) {
        found.text("version", version);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn the_text_of_info_becomes_figures() {
        let info = "# Server\r\nredis_version:7.0.15\r\n# Clients\r\nconnected_clients:4\r\nmaxclients:10000\r\n\
            # Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\nevicted_keys:3\r\nkeyspace_hits:75\r\nkeyspace_misses:25\r\n\
            # Keyspace\r\ndb0:keys=10,expires=0\r\ndb7:keys=5,expires=1\r\n";
        let found = findings(info).figures;
        for (name, value) in [
            ("clients", 3.0),
            ("hit_percent", 75.0),
            ("keys", 15.0),
            ("evicted_keys", 3.0),
            ("memory_bytes", 1048576.0),
        ] {
            assert_eq!(found[name], Value::Number(value), "{name}");
        }
        assert!(!found.contains_key("memory_max_bytes"));
        assert_eq!(found["version"], Value::Text("7.0.15".into()));
        assert!(findings("nothing\n:\n:x").figures.is_empty());
    }
}
