//! Services that client libraries tell of, in languages that are not compiled.

use crate::files::env::variables;
use crate::lang::elixir;
use crate::lang::python_packages::requirements;
use crate::lang::ruby::gems;
use crate::model::Why;
use crate::node::Package;
use crate::repo::{Repo, join, line_of};

use super::Need;

/// Libraries of JavaScript that need their service to do anything.
const NODE: [(&str, &str); 24] = [
    ("mongoose", "mongodb"),
    ("mongodb", "mongodb"),
    ("@nestjs/mongoose", "mongodb"),
    ("pg", "postgres"),
    ("postgres", "postgres"),
    ("pg-promise", "postgres"),
    ("pg-boss", "postgres"),
    ("graphile-worker", "postgres"),
    ("mysql", "mysql"),
    ("mysql2", "mysql"),
    ("mariadb", "mariadb"),
    ("mssql", "sqlserver"),
    ("bullmq", "redis"),
    ("bull", "redis"),
    ("bee-queue", "redis"),
    ("connect-redis", "redis"),
    ("@nestjs/bull", "redis"),
    ("@nestjs/bullmq", "redis"),
    ("amqplib", "rabbitmq"),
    ("amqp-connection-manager", "rabbitmq"),
    ("kafkajs", "kafka"),
    ("nats", "nats"),
    ("neo4j-driver", "neo4j"),
    ("cassandra-driver", "cassandra"),
];
const PYTHON: [(&str, &str); 17] = [
    ("pymongo", "mongodb"),
    ("motor", "mongodb"),
    ("mongoengine", "mongodb"),
    ("beanie", "mongodb"),
    ("flask-pymongo", "mongodb"),
    ("rq", "redis"),
    ("django-rq", "redis"),
    ("django-redis", "redis"),
    ("channels-redis", "redis"),
    ("arq", "redis"),
    ("fastapi-cache2", "redis"),
    ("pika", "rabbitmq"),
    ("aio-pika", "rabbitmq"),
    ("aiokafka", "kafka"),
    ("confluent-kafka", "kafka"),
    ("kafka-python", "kafka"),
    ("neo4j", "neo4j"),
];
const PYTHON_SQL: [(&str, &str); 9] = [
    ("psycopg", "postgres"),
    ("psycopg2", "postgres"),
    ("psycopg2-binary", "postgres"),
    ("asyncpg", "postgres"),
    ("psycopg-binary", "postgres"),
    ("mysqlclient", "mysql"),
    ("pymysql", "mysql"),
    ("aiomysql", "mysql"),
    ("mysql-connector-python", "mysql"),
];
const RUBY: [(&str, &str); 12] = [
    ("sidekiq", "redis"),
    ("resque", "redis"),
    ("kredis", "redis"),
    ("redis-rails", "redis"),
    ("redis-actionpack", "redis"),
    ("mongoid", "mongodb"),
    ("bunny", "rabbitmq"),
    ("sneakers", "rabbitmq"),
    ("karafka", "kafka"),
    ("ruby-kafka", "kafka"),
    ("elasticsearch-model", "elasticsearch"),
    ("chewy", "elasticsearch"),
];

/// Services of all manifests of these languages.
pub(crate) fn detect(repo: &Repo) -> Vec<Need> {
    let mut found = node(repo);
    let folders: Vec<&str> = repo
        .folders()
        .filter(|folder| !crate::select::is_docs(folder))
        .collect();
    for folder in folders {
        python(repo, folder, &mut found);
        ruby(repo, folder, &mut found);
        mix(repo, folder, &mut found);
        prisma(repo, folder, &mut found);
        composer(repo, folder, &mut found);
    }
    found
}

fn node(repo: &Repo) -> Vec<Need> {
    let packages = Package::all(repo);
    let mut found = Vec::new();
    for package in packages
        .iter()
        .filter(|package| !crate::select::is_docs(&package.folder))
    {
        let sqlite = package.uses(&[
            "better-sqlite3",
            "sqlite3",
            "sqlite",
            "@libsql/client",
            "sql.js",
        ]);
        let libraries = NODE
            .iter()
            .filter(|(name, _)| package.dependencies.iter().any(|one| one == name));
        let libraries: Vec<_> = libraries
            .filter(|(_, kind)| !(sqlite && ["postgres", "mysql", "mariadb"].contains(kind)))
            .collect();
        // Which of several databases is used is a matter of settings.
        let sql = libraries
            .iter()
            .filter(|(_, kind)| ["postgres", "mysql", "mariadb", "sqlserver"].contains(kind));
        let kinds: std::collections::BTreeSet<&str> = sql.map(|(_, kind)| *kind).collect();
        for (name, kind) in libraries {
            if kinds.len() > 1 && kinds.contains(kind) {
                continue;
            }
            let why = Why::line(
                &package.path(),
                package.line_of_dependency(name),
                &format!("depends on {name}"),
            );
            found.extend(Need::of(kind, None, why));
        }
    }
    found
}

fn python(repo: &Repo, folder: &str, found: &mut Vec<Need>) {
    let all = requirements(repo, folder);
    let wanted = |name: &str| all.iter().find(|one| one.name == name && !one.optional);
    for (name, kind) in PYTHON {
        if let Some(one) = wanted(name) {
            let why = Why::line(&one.path, one.line, &format!("depends on {name}"));
            found.extend(Need::of(kind, None, why));
        }
    }
    let celery =
        wanted("celery").filter(|one| one.extras.contains("redis") || wanted("redis").is_some());
    if let Some(one) = celery {
        found.extend(Need::of(
            "redis",
            None,
            Why::line(&one.path, one.line, "Celery with Redis"),
        ));
    }
    // A driver is often there for production alone: with an address that is chosen there, or with
    // Flask, whose examples begin with a database in a file.
    let chosen = [
        "dj-database-url",
        "flask",
        "flask-sqlalchemy",
        "aiosqlite",
        "django-environ",
        "environs",
    ]
    .iter()
    .any(|name| wanted(name).is_some());
    let served = ["django", "fastapi", "litestar", "sanic", "aiohttp"]
        .iter()
        .any(|name| wanted(name).is_some());
    if served && !chosen {
        let drivers = PYTHON_SQL
            .iter()
            .filter_map(|(name, kind)| Some((wanted(name)?, kind)));
        for (one, kind) in drivers {
            let why = Why::line(&one.path, one.line, &format!("depends on {}", one.name));
            found.extend(Need::of(kind, None, why));
        }
    }
}

fn ruby(repo: &Repo, folder: &str, found: &mut Vec<Need>) {
    let gems = gems(repo, folder);
    let path = join(folder, "Gemfile");
    let has = |name: &str| gems.iter().find(|gem| gem.name == name && !gem.elsewhere);
    for (name, kind) in RUBY {
        if let Some(gem) = has(name) {
            found.extend(Need::of(
                kind,
                None,
                Why::line(&path, gem.line, &format!("the gem {name}")),
            ));
        }
    }
    // `config/database.yml` says better, where it is there.
    if repo.text_in(folder, "config/database.yml").is_empty() && has("sqlite3").is_none() {
        for (name, kind) in [
            ("pg", "postgres"),
            ("mysql2", "mysql"),
            ("trilogy", "mysql"),
        ] {
            if let Some(gem) = has(name) {
                found.extend(Need::of(
                    kind,
                    None,
                    Why::line(&path, gem.line, &format!("the gem {name}")),
                ));
            }
        }
    }
}

fn mix(repo: &Repo, folder: &str, found: &mut Vec<Need>) {
    if !repo.has(folder, "mix.exs") {
        return;
    }
    let path = join(folder, "mix.exs");
    let text = repo.text(&path);
    for (name, kind) in [
        ("{:postgrex,", "postgres"),
        ("{:myxql,", "mysql"),
        ("{:redix,", "redis"),
        ("{:mongodb_driver,", "mongodb"),
        ("{:broadway_rabbitmq,", "rabbitmq"),
        ("{:tds,", "sqlserver"),
    ] {
        if text.contains(name) {
            let why = Why::line(
                &path,
                line_of(&text, &[name]),
                &format!("depends on {}", name.trim_matches(['{', ',', ':'])),
            );
            found.extend(Need::of(kind, None, why));
        }
    }
    if text.is_empty() && elixir::is_phoenix(repo, folder) {
        found.extend(Need::of(
            "postgres",
            None,
            Why::file(
                &path,
                "Phoenix keeps its data in PostgreSQL unless told otherwise",
            ),
        ));
    }
}

fn prisma(repo: &Repo, folder: &str, found: &mut Vec<Need>) {
    let path = join(folder, "schema.prisma");
    let text = repo.text(&path);
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("provider"));
    for (at, line) in lines {
        let kinds = [
            ("postgresql", "postgres"),
            ("mysql", "mysql"),
            ("mongodb", "mongodb"),
            ("sqlserver", "sqlserver"),
        ];
        if let Some((name, kind)) = kinds
            .iter()
            .find(|(name, _)| line.contains(&format!("\"{name}\"")))
        {
            found.extend(Need::of(
                kind,
                None,
                Why::line(&path, at + 1, &format!("the provider is {name}")),
            ));
        }
    }
}

/// Symfony's own `.env` is kept in the repository; its transports need extensions that tell.
fn composer(repo: &Repo, folder: &str, found: &mut Vec<Need>) {
    let path = join(folder, "composer.json");
    let text = repo.text(&path);
    let laravel = repo.has(folder, "artisan");
    for (name, kind) in [
        ("\"doctrine/mongodb-odm-bundle\"", "mongodb"),
        ("\"symfony/amqp-messenger\"", "rabbitmq"),
        ("\"symfony/redis-messenger\"", "redis"),
        ("\"laravel/horizon\"", "redis"),
    ] {
        let said = !laravel || name.contains("laravel") || variables(repo, folder).is_empty();
        if text.contains(name) && said {
            let why = Why::line(
                &path,
                line_of(&text, &[name]),
                &format!("requires {}", name.trim_matches('"')),
            );
            found.extend(Need::of(kind, None, why));
        }
    }
}
