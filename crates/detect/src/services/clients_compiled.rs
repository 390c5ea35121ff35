//! Services that client libraries tell of, in compiled languages.

use crate::lang::dotnet::Project;
use crate::lang::go;
use crate::lang::jvm::{build_files, resources};
use crate::lang::rust::Crate;
use crate::model::Why;
use crate::repo::{Repo, join, line_of};

use super::Need;

const GO: [(&str, &str); 18] = [
    ("github.com/lib/pq", "postgres"),
    ("github.com/jackc/pgx", "postgres"),
    ("gorm.io/driver/postgres", "postgres"),
    ("github.com/go-pg/pg", "postgres"),
    ("github.com/uptrace/bun/driver/pgdriver", "postgres"),
    ("github.com/go-sql-driver/mysql", "mysql"),
    ("gorm.io/driver/mysql", "mysql"),
    ("go.mongodb.org/mongo-driver", "mongodb"),
    ("github.com/redis/go-redis", "redis"),
    ("github.com/go-redis/redis", "redis"),
    ("github.com/gomodule/redigo", "redis"),
    ("github.com/hibiken/asynq", "redis"),
    ("github.com/rabbitmq/amqp091-go", "rabbitmq"),
    ("github.com/streadway/amqp", "rabbitmq"),
    ("github.com/segmentio/kafka-go", "kafka"),
    ("github.com/IBM/sarama", "kafka"),
    ("github.com/nats-io/nats.go", "nats"),
    ("github.com/bradfitz/gomemcache", "memcached"),
];
const GO_SQLITE: [&str; 4] = [
    "mattn/go-sqlite3",
    "modernc.org/sqlite",
    "gorm.io/driver/sqlite",
    "glebarez/sqlite",
];
/// Crate, feature (empty: any), kind.
const RUST: [(&str, &str, &str); 20] = [
    ("sqlx", "postgres", "postgres"),
    ("sqlx", "mysql", "mysql"),
    ("diesel", "postgres", "postgres"),
    ("diesel", "mysql", "mysql"),
    ("diesel-async", "postgres", "postgres"),
    ("sea-orm", "postgres", "postgres"),
    ("sea-orm", "mysql", "mysql"),
    ("tokio-postgres", "", "postgres"),
    ("deadpool-postgres", "", "postgres"),
    ("postgres", "", "postgres"),
    ("mongodb", "", "mongodb"),
    ("redis", "", "redis"),
    ("deadpool-redis", "", "redis"),
    ("bb8-redis", "", "redis"),
    ("fred", "", "redis"),
    ("actix-session", "redis", "redis"),
    ("lapin", "", "rabbitmq"),
    ("rdkafka", "", "kafka"),
    ("async-nats", "", "nats"),
    ("rocket_db_pools", "postgres", "postgres"),
];
const JVM: [(&str, &str); 10] = [
    ("starter-data-redis", "redis"),
    ("quarkus-redis-client", "redis"),
    ("starter-data-mongodb", "mongodb"),
    ("quarkus-mongodb", "mongodb"),
    ("spring-kafka", "kafka"),
    ("quarkus-kafka", "kafka"),
    ("starter-amqp", "rabbitmq"),
    ("starter-data-elasticsearch", "elasticsearch"),
    ("starter-data-neo4j", "neo4j"),
    ("starter-data-cassandra", "cassandra"),
];
const JVM_SQL: [(&str, &str); 6] = [
    ("org.postgresql", "postgres"),
    ("quarkus-jdbc-postgresql", "postgres"),
    ("mysql-connector", "mysql"),
    ("quarkus-jdbc-mysql", "mysql"),
    ("mariadb-java-client", "mariadb"),
    ("mssql-jdbc", "sqlserver"),
];
const JVM_EMBEDDED: [&str; 5] = [
    "com.h2database",
    "hsqldb",
    "org.apache.derby",
    "quarkus-jdbc-h2",
    "sqlite-jdbc",
];
const DOTNET: [(&str, &str); 9] = [
    ("Npgsql", "postgres"),
    ("EntityFrameworkCore.SqlServer", "sqlserver"),
    ("Microsoft.Data.SqlClient", "sqlserver"),
    ("Pomelo.EntityFrameworkCore.MySql", "mysql"),
    ("MySql.EntityFrameworkCore", "mysql"),
    ("MongoDB.Driver", "mongodb"),
    ("RabbitMQ.Client", "rabbitmq"),
    ("MassTransit.RabbitMQ", "rabbitmq"),
    ("Confluent.Kafka", "kafka"),
];

/// Services of all manifests of these languages.
pub(crate) fn detect(repo: &Repo) -> Vec<Need> {
    let mut found = Vec::new();
    for folder in repo.with("go.mod") {
        of_go(repo, &folder, &mut found);
    }
    for one in Crate::all(repo) {
        for (name, feature, kind) in RUST {
            let there = one.dependency(name).is_some()
                && (feature.is_empty() || one.feature(repo, name, feature));
            if there {
                let why = Why::line(
                    &join(&one.folder, "Cargo.toml"),
                    one.line(repo, name),
                    &format!("depends on {name}"),
                );
                found.extend(Need::of(kind, None, why));
            }
        }
    }
    jvm(repo, &mut found);
    dotnet(repo, &mut found);
    found
}

/// Whether a build of the JVM brings a database of its own, and no settings choose another.
pub(crate) fn embedded_database(repo: &Repo) -> bool {
    let folders: Vec<&str> = repo.folders().collect();
    folders.into_iter().any(|folder| {
        let files = build_files(repo, folder);
        let embedded = |path: &String| {
            let text = repo.text(path);
            text.lines().any(|line| {
                JVM_EMBEDDED.iter().any(|name| line.contains(name)) && !is_for_tests(line)
            })
        };
        files.iter().any(embedded) && !has_datasource(repo, folder)
    })
}

fn has_datasource(repo: &Repo, folder: &str) -> bool {
    let main = resources(repo, folder)
        .into_iter()
        .filter(|path| path.contains("/application."));
    let mut texts = main.map(|path| repo.text(&path));
    texts.any(|text| {
        text.lines().any(|line| {
            !line.trim_start().starts_with('#')
                && (line.contains("jdbc:postgresql")
                    || line.contains("jdbc:mysql")
                    || line.contains("jdbc:mariadb"))
        })
    })
}

fn of_go(repo: &Repo, folder: &str, found: &mut Vec<Need>) {
    let required = go::requires(repo, folder);
    let asks = |name: &str| required.iter().find(|(path, _)| path.contains(name));
    let sqlite = GO_SQLITE.iter().any(|name| asks(name).is_some());
    let path = join(folder, "go.mod");
    let fitting: Vec<_> = GO
        .iter()
        .filter_map(|(name, kind)| Some((asks(name)?, *kind)))
        .collect();
    let several = ["postgres", "mysql"]
        .iter()
        .all(|kind| fitting.iter().any(|(_, one)| one == kind));
    for ((name, line), kind) in fitting {
        if (sqlite || several) && ["postgres", "mysql"].contains(&kind) {
            continue;
        }
        found.extend(Need::of(
            kind,
            None,
            Why::line(&path, *line, &format!("requires {name}")),
        ));
    }
}

fn is_for_tests(line: &str) -> bool {
    line.contains("testImplementation")
        || line.contains("testRuntimeOnly")
        || line.contains("<scope>test")
}

fn jvm(repo: &Repo, found: &mut Vec<Need>) {
    let folders: Vec<&str> = repo.folders().collect();
    for path in folders
        .into_iter()
        .flat_map(|folder| build_files(repo, folder))
    {
        let text = repo.text(&path);
        let line = |name: &str| {
            text.lines()
                .position(|line| line.contains(name) && !is_for_tests(line))
                .map(|at| at + 1)
        };
        for (name, kind) in JVM {
            if let Some(line) = line(name) {
                found.extend(Need::of(
                    kind,
                    None,
                    Why::line(&path, line, &format!("depends on {name}")),
                ));
            }
        }
        let drivers: Vec<_> = JVM_SQL
            .iter()
            .filter_map(|(name, kind)| Some((name, kind, line(name)?)))
            .collect();
        let embedded = JVM_EMBEDDED.iter().any(|name| line(name).is_some());
        if let ([(name, kind, line)], false) = (drivers.as_slice(), embedded) {
            found.extend(Need::of(
                kind,
                None,
                Why::line(&path, *line, &format!("depends on {name}")),
            ));
        }
    }
}

fn dotnet(repo: &Repo, found: &mut Vec<Need>) {
    let projects = Project::all(repo);
    // The host of Aspire starts what the others need.
    if projects.iter().any(|one| one.is_host) {
        return;
    }
    for one in projects {
        let text = repo.text(&one.path);
        let sqlite = text.contains("EntityFrameworkCore.Sqlite");
        for (name, kind) in DOTNET {
            let sql = ["postgres", "sqlserver", "mysql"].contains(&kind);
            if text.contains(name) && !(sqlite && sql) {
                let why = Why::line(
                    &one.path,
                    line_of(&text, &[name]),
                    &format!("refers to {name}"),
                );
                found.extend(Need::of(kind, None, why));
            }
        }
    }
}
