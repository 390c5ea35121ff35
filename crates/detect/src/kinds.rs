//! Kinds of services: how images, addresses and client libraries name them, and where they listen.

/// A kind of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    /// An image that serves it with the usual settings.
    pub(crate) image: &'static str,
    /// Beginnings of the last part of an image's name.
    images: &'static [&'static str],
    /// Schemes of its addresses.
    schemes: &'static [&'static str],
}

const KINDS: [Kind; 22] = [
    kind(
        "postgres",
        5432,
        "postgres:17",
        &[
            "postgres",
            "postgis",
            "pgvector",
            "timescaledb",
            "supabase/postgres",
            "paradedb",
            "pg_",
        ],
        &[
            "postgres",
            "postgresql",
            "postgis",
            "psql",
            "jdbc:postgresql",
            "ecto",
            "pgsql",
        ],
    ),
    kind(
        "mysql",
        3306,
        "mysql:8",
        &["mysql", "percona"],
        &["mysql", "mysql2", "jdbc:mysql", "trilogy"],
    ),
    kind(
        "mariadb",
        3306,
        "mariadb:11",
        &["mariadb"],
        &["mariadb", "jdbc:mariadb"],
    ),
    kind(
        "redis",
        6379,
        "redis:7",
        &["redis", "valkey", "keydb", "dragonfly"],
        &["redis", "rediss", "valkey"],
    ),
    kind("mongodb", 27017, "mongo:8", &["mongo"], &["mongodb"]),
    kind(
        "sqlserver",
        1433,
        "mcr.microsoft.com/mssql/server:2022-latest",
        &["azure-sql-edge", "server"],
        &["sqlserver", "jdbc:sqlserver", "mssql"],
    ),
    kind(
        "elasticsearch",
        9200,
        "elasticsearch:8.17.0",
        &["elasticsearch"],
        &[],
    ),
    kind(
        "opensearch",
        9200,
        "opensearchproject/opensearch:2",
        &["opensearch"],
        &[],
    ),
    kind(
        "memcached",
        11211,
        "memcached:1",
        &["memcached"],
        &["memcached", "memcache"],
    ),
    kind(
        "rabbitmq",
        5672,
        "rabbitmq:4-management",
        &["rabbitmq"],
        &["amqp", "amqps"],
    ),
    kind(
        "kafka",
        9092,
        "apache/kafka:3.9.0",
        &["kafka", "cp-kafka", "redpanda"],
        &["kafka"],
    ),
    kind("nats", 4222, "nats:2", &["nats"], &["nats"]),
    kind("minio", 9000, "minio/minio", &["minio"], &[]),
    kind("mailpit", 1025, "axllent/mailpit", &["mailpit"], &[]),
    kind("mailhog", 1025, "mailhog/mailhog", &["mailhog"], &[]),
    kind("inbucket", 2500, "inbucket/inbucket", &["inbucket"], &[]),
    kind(
        "mailcatcher",
        1025,
        "dockage/mailcatcher",
        &["mailcatcher", "maildev", "smtp4dev", "greenmail"],
        &[],
    ),
    kind(
        "meilisearch",
        7700,
        "getmeili/meilisearch:v1.12",
        &["meilisearch"],
        &[],
    ),
    kind(
        "typesense",
        8108,
        "typesense/typesense:27.1",
        &["typesense"],
        &[],
    ),
    kind(
        "clickhouse",
        8123,
        "clickhouse/clickhouse-server:24",
        &["clickhouse"],
        &["clickhouse"],
    ),
    kind(
        "cassandra",
        9042,
        "cassandra:5",
        &["cassandra", "scylla"],
        &["cassandra"],
    ),
    kind("neo4j", 7687, "neo4j:5", &["neo4j"], &["neo4j", "bolt"]),
];

const fn kind(
    name: &'static str,
    port: u16,
    image: &'static str,
    images: &'static [&'static str],
    schemes: &'static [&'static str],
) -> Kind {
    Kind {
        name,
        port,
        image,
        images,
        schemes,
    }
}

/// The kind of this name.
pub(crate) fn named(name: &str) -> Option<Kind> {
    KINDS.iter().find(|kind| kind.name == name).copied()
}

/// The kind that an image serves.
pub(crate) fn of_image(image: &str) -> Option<Kind> {
    let name = image.split(['@']).next().unwrap_or(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    let last = last.split(':').next().unwrap_or(last);
    if last == "server" && !name.contains("mssql") {
        return None;
    }
    let aside = [
        "exporter",
        "-ui",
        "admin",
        "commander",
        "insight",
        "express",
        "backup",
        "operator",
        "connect",
        "dashboards",
        "kibana",
        "zookeeper",
    ];
    if aside.iter().any(|word| last.contains(word)) {
        return None;
    }
    KINDS
        .iter()
        .find(|kind| {
            kind.images
                .iter()
                .any(|begin| last.starts_with(begin) || begin.contains('/') && name.contains(begin))
        })
        .copied()
}

/// The kind and port of an address, such as `postgres://u:p@localhost:5433/db`; `None` where it is of
/// no service, or of one on another machine.
pub(crate) fn of_address(address: &str) -> Option<(Kind, Option<u16>)> {
    let (scheme, rest) = address.split_once("://")?;
    let scheme = scheme.split('+').next().unwrap_or(scheme);
    let kind = KINDS.iter().find(|kind| kind.schemes.contains(&scheme))?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()),
        None => (host, None),
    };
    let here = [
        "localhost",
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "host.docker.internal",
        "",
    ];
    // A name without a dot is one of a compose network.
    (here.contains(&name) || !name.contains('.')).then_some((*kind, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_addresses_name_their_kind() {
        let image = |text| of_image(text).map(|kind| kind.name);
        assert_eq!(image("postgres:17@sha256:abc"), Some("postgres"));
        assert_eq!(image("docker.io/library/redis:8-alpine"), Some("redis"));
        assert_eq!(
            image("mcr.microsoft.com/mssql/server:2022-latest"),
            Some("sqlserver")
        );
        assert_eq!(image("ghcr.io/acme/server"), None);
        assert_eq!(image("mongo-express"), None);
        assert_eq!(image("pgvector/pgvector:pg16"), Some("postgres"));
        let address = |text| of_address(text).map(|(kind, port)| (kind.name, port));
        assert_eq!(
            address("postgresql+asyncpg://u:p@localhost:54320/x"),
            Some(("postgres", Some(54320)))
        );
        assert_eq!(address("redis://redis"), Some(("redis", None)));
        assert_eq!(address("postgres://u:p@db.example.com/x"), None);
        assert_eq!(address("https://localhost"), None);
    }
}
