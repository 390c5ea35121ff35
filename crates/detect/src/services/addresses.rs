//! Services that settings name: addresses and hosts in examples of environments, in `config` folders
//! and in settings of frameworks.

use crate::files::env::{Variable, variables};
use crate::files::ports;
use crate::kinds;
use crate::lang::jvm;
use crate::model::Why;
use crate::repo::{Repo, join, line_of};
use crate::settings;
use crate::yaml::Yaml;

use super::Need;

/// Variables that choose a kind of database.
const DIALECTS: [&str; 12] = [
    "DB_CONNECTION",
    "DB_ENGINE",
    "DB_DIALECT",
    "DB_TYPE",
    "DB_CLIENT",
    "DATABASE_CLIENT",
    "DATABASE_TYPE",
    "DB_DRIVER",
    "DATABASE_DRIVER",
    "DATABASE_ENGINE",
    "DB_ADAPTER",
    "TYPEORM_CONNECTION",
];
/// Variables that name the host of one kind.
const HOSTS: [(&str, &str); 21] = [
    ("POSTGRES_HOST", "postgres"),
    ("POSTGRES_SERVER", "postgres"),
    ("PGHOST", "postgres"),
    ("POSTGRES_PORT", "postgres"),
    ("MYSQL_HOST", "mysql"),
    ("MYSQL_PORT", "mysql"),
    ("REDIS_HOST", "redis"),
    ("REDIS_ADDR", "redis"),
    ("REDIS_ADDRESS", "redis"),
    ("REDIS_SERVER", "redis"),
    ("MONGO_HOST", "mongodb"),
    ("MONGODB_HOST", "mongodb"),
    ("RABBITMQ_HOST", "rabbitmq"),
    ("ELASTICSEARCH_URL", "elasticsearch"),
    ("ELASTICSEARCH_HOST", "elasticsearch"),
    ("MEILISEARCH_HOST", "meilisearch"),
    ("MEILI_HOST", "meilisearch"),
    ("MEMCACHED_HOST", "memcached"),
    ("KAFKA_BROKERS", "kafka"),
    ("KAFKA_BOOTSTRAP_SERVERS", "kafka"),
    ("NATS_URL", "nats"),
];

/// Services that settings name.
pub(crate) fn detect(repo: &Repo) -> Vec<Need> {
    let mut found = Vec::new();
    let folders: Vec<&str> = repo
        .folders()
        .filter(|folder| folder.matches('/').count() <= 2)
        .collect();
    for folder in folders {
        if crate::select::is_docs(folder) {
            continue;
        }
        let laravel = repo.has(folder, "artisan");
        let variables = variables(repo, folder);
        for one in &variables {
            found.extend(address(one));
            found.extend(match laravel {
                true => of_laravel(one),
                false => of_name(one, &variables),
            });
        }
        rails(repo, folder, &mut found);
        for path in settings::files(repo, folder)
            .into_iter()
            .chain(jvm::resources(repo, folder))
        {
            in_text(repo, &path, &mut found);
        }
    }
    found
}

/// Whether the settings choose a database in a file.
pub(crate) fn uses_sqlite(repo: &Repo) -> bool {
    repo.with("artisan").iter().any(|folder| {
        let variables = variables(repo, folder);
        let chosen = variables.iter().find(|one| one.name == "DB_CONNECTION");
        chosen.is_some_and(|one| one.value == "sqlite")
    })
}

fn address(one: &Variable) -> Option<Need> {
    let (kind, port) = kinds::of_address(&one.value)?;
    let why = Why::line(
        &one.path,
        one.line,
        &format!("{} is an address of {}", one.name, kind.name),
    );
    Need::of(kind.name, port, why)
}

/// Laravel's examples name hosts of services that it does not use; its drivers tell.
fn of_laravel(one: &Variable) -> Option<Need> {
    let drivers = [
        "DB_CONNECTION",
        "QUEUE_CONNECTION",
        "CACHE_STORE",
        "CACHE_DRIVER",
        "SESSION_DRIVER",
        "BROADCAST_DRIVER",
        "BROADCAST_CONNECTION",
        "SCOUT_DRIVER",
    ];
    let kind = match one.value.as_str() {
        "pgsql" => "postgres",
        "sqlsrv" => "sqlserver",
        value @ ("mysql" | "mariadb" | "redis" | "memcached" | "mongodb" | "meilisearch"
        | "typesense") => value,
        _ => return None,
    };
    let why = Why::line(
        &one.path,
        one.line,
        &format!("{} is {}", one.name, one.value),
    );
    drivers
        .contains(&one.name.as_str())
        .then(|| Need::of(kind, None, why))
        .flatten()
}

/// Names of variables that belong to one kind, where their host is this machine or a container.
fn of_name(one: &Variable, all: &[Variable]) -> Option<Need> {
    let value = one.value.to_lowercase();
    let kind = match DIALECTS.contains(&one.name.as_str()) {
        true => ["postgres", "mysql", "mariadb", "mongodb"]
            .into_iter()
            .find(|kind| value.contains(kind))
            .or((value == "pgsql").then_some("postgres"))?,
        false => {
            let local = ["localhost", "127.0.0.1", "0.0.0.0"]
                .iter()
                .any(|host| value.contains(host));
            let named = !value.is_empty() && !value.contains(['.', '/', '<', '{']);
            HOSTS
                .iter()
                .find(|(name, _)| *name == one.name && (local || named))
                .map(|(_, kind)| *kind)?
        }
    };
    let prefixes: &[&str] = match kind {
        "postgres" => &["POSTGRES_PORT", "PGPORT", "DB_PORT", "DATABASE_PORT"],
        "mysql" | "mariadb" => &["MYSQL_PORT", "DB_PORT", "DATABASE_PORT"],
        "redis" => &["REDIS_PORT"],
        "mongodb" => &["MONGO_PORT", "MONGODB_PORT"],
        _ => &[],
    };
    let port = prefixes.iter().find_map(|name| {
        all.iter()
            .find(|one| one.name == *name)
            .and_then(|one| ports::port(&one.value))
    });
    let behind = value.rsplit(':').next().and_then(ports::port);
    let why = Why::line(&one.path, one.line, &format!("{} names {kind}", one.name));
    Need::of(kind, port.or(behind), why)
}

/// `config/database.yml` and `config/cable.yml` of Rails.
fn rails(repo: &Repo, folder: &str, found: &mut Vec<Need>) {
    let path = join(folder, "config/database.yml");
    let text = repo.text(&path);
    let adapter = text
        .lines()
        .enumerate()
        .find_map(|(at, line)| Some((at, line.trim().strip_prefix("adapter:")?.trim())));
    if let Some((at, adapter)) = adapter {
        let kind = match adapter.trim_matches(['"', '\'']) {
            "postgresql" | "postgis" => Some("postgres"),
            "mysql2" | "trilogy" => Some("mysql"),
            "sqlserver" => Some("sqlserver"),
            _ => None,
        };
        let why = Why::line(&path, at + 1, &format!("the adapter is {adapter}"));
        found.extend(kind.and_then(|kind| Need::of(kind, None, why)));
    }
    let path = join(folder, "config/cable.yml");
    let text = repo.text(&path);
    let adapter = Yaml::parse(&text).and_then(|yaml| {
        yaml.at(&["development", "adapter"])
            .and_then(Yaml::text)
            .map(str::to_string)
    });
    if adapter.as_deref() == Some("redis") {
        let why = Why::line(
            &path,
            line_of(&text, &["redis"]),
            "Action Cable uses Redis in development",
        );
        found.extend(Need::of("redis", None, why));
    }
}

/// Addresses anywhere in a file of settings, and databases of Spring.
fn in_text(repo: &Repo, path: &str, found: &mut Vec<Need>) {
    let text = repo.text(path);
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//") {
            continue;
        }
        for part in line.split(['"', '\'', ' ', '=', ',', '`']) {
            // `${URL:jdbc:mysql://localhost/x}` holds its default.
            let part = match part.strip_prefix("${") {
                Some(inner) => inner
                    .split_once(':')
                    .map_or("", |(_, default)| default.trim_end_matches('}')),
                None => part,
            };
            if let Some((kind, port)) = kinds::of_address(part) {
                let why = Why::line(path, at + 1, &format!("an address of {}", kind.name));
                found.extend(Need::of(kind.name, port, why));
            }
        }
    }
}
