//! Real servers, started on free ports, are asked. Where one is not installed, its test says so and is skipped.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use forge_services::{Meter, Statistics, Value};
use forge_testkit::free_port;
use support::{Server, find, postgres_programs};

const LIMIT: Duration = Duration::from_secs(20);

fn number(found: &Statistics, name: &str) -> f64 {
    match found.get(name) {
        Some(Value::Number(value)) => *value,
        other => panic!("{name} is {other:?} in {found:?}"),
    }
}

fn text<'a>(found: &'a Statistics, name: &str) -> &'a str {
    match found.get(name) {
        Some(Value::Text(text)) => text,
        other => panic!("{name} is {other:?} in {found:?}"),
    }
}

async fn look(url: &str) -> Statistics {
    let mut meter = Meter::new(url).expect("is a URL");
    meter.look(LIMIT).await.expect("answers")
}

async fn refusal(url: &str) -> String {
    let mut meter = Meter::new(url).expect("is a URL");
    meter.look(LIMIT).await.expect_err("refuses").to_string()
}

const HBA: &str = "local all all trust\n\
    host all old 127.0.0.1/32 md5\n\
    host all plain 127.0.0.1/32 password\n\
    host all all 127.0.0.1/32 scram-sha-256\n";

/// Starts PostgreSQL in a folder with three users, one for each way to log in.
fn postgres(folder: &Path, port: u16) -> Option<Server> {
    let programs = postgres_programs()?;
    support::give_to_postgres(folder);
    let data = folder.join("data");
    let made = support::as_postgres(&programs.join("initdb"))
        .args([
            "-U",
            "boss",
            "--auth=trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ])
        .arg(&data)
        .output()
        .expect("initdb runs");
    assert!(made.status.success(), "{made:?}");
    fs::write(data.join("pg_hba.conf"), HBA).expect("writes");
    let mut server = support::as_postgres(&programs.join("postgres"));
    server.arg("-D").arg(&data).arg("-k").arg(folder);
    server.args([
        "-p",
        &port.to_string(),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
    ]);
    let (certificate, key) = support::certificate(folder);
    support::give_to_postgres(&key);
    for (name, file) in [("ssl_cert_file", certificate), ("ssl_key_file", key)] {
        server.arg("-c").arg(format!("{name}={}", file.display()));
    }
    server.args(["-c", "ssl=on"]);
    Some(Server::start(server, "ready to accept connections", "INT"))
}

fn psql(folder: &Path, port: u16, sql: &str) -> Command {
    let mut psql = Command::new("psql");
    psql.arg("-h").arg(folder).args(["-p", &port.to_string()]);
    psql.args(["-U", "boss", "-d", "postgres", "-q", "-c", sql]);
    psql
}

#[tokio::test]
async fn postgresql_tells_its_connections_cache_and_slowest_query() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let port = free_port();
    let Some(_server) = postgres(folder.path(), port) else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    let psql = |sql: &str| psql(folder.path(), port, sql);
    for sql in [
        "CREATE USER scram PASSWORD 'p@ss w/ord'",
        "SET password_encryption = 'md5'; CREATE USER old PASSWORD 'older'; CREATE USER plain PASSWORD 'plain'",
        "GRANT pg_monitor TO scram",
        "CREATE TABLE t AS SELECT generate_series(1, 10000) AS n; SELECT count(*) FROM t",
    ] {
        let done = psql(sql)
            .output()
            .expect("psql is installed with PostgreSQL");
        assert!(done.status.success(), "{done:?}");
    }
    let mut slow = psql("SELECT 'so slow', pg_sleep_for('1000 s')")
        .spawn()
        .expect("psql runs");
    let url = format!("postgres://scram:p%40ss%20w%2Ford@127.0.0.1:{port}/postgres");
    let mut meter = Meter::new(&url).expect("is a URL");
    assert_eq!(meter.place(), format!("postgres://127.0.0.1:{port}"));
    let found = loop {
        let found = meter.look(LIMIT).await.expect("answers");
        // Those who asked before are gone a moment after they hung up.
        let counts = ["connections", "connections_active"].map(|name| number(&found, name));
        if found.contains_key("slowest_query") && counts == [1.0, 1.0] {
            break found;
        }
    };
    assert_eq!(number(&found, "connections_max"), 100.0);
    assert!(number(&found, "cache_hit_percent") > 50.0);
    assert_eq!(number(&found, "deadlocks"), 0.0);
    assert!(number(&found, "database_bytes") > 1e6);
    assert!(text(&found, "slowest_query").contains("so slow"));
    assert!(!text(&found, "version").is_empty());
    let later = meter.look(LIMIT).await.expect("answers");
    assert!(number(&later, "slowest_query_s") > number(&found, "slowest_query_s"));
    assert!(later.contains_key("transactions_per_s"));
    slow.kill().expect("is there");
    slow.wait().expect("is ours");
    log_in_to_postgres(folder.path(), port).await;
}

/// Each way to log in, and each way to be refused.
async fn log_in_to_postgres(folder: &Path, port: u16) {
    look(&format!("postgres://old:older@127.0.0.1:{port}/postgres")).await;
    look(&format!("postgres://plain:plain@127.0.0.1:{port}/postgres")).await;
    look(&format!(
        "postgres://old:older@127.0.0.1:{port}/postgres?sslmode=require"
    ))
    .await;
    look(&format!(
        "postgresql://boss@:{port}/postgres?host={}",
        folder.display()
    ))
    .await;
    let wrong = refusal(&format!("postgres://scram:wrong@127.0.0.1:{port}/postgres")).await;
    assert!(wrong.contains("password authentication failed"), "{wrong}");
    let none = refusal(&format!("postgres://scram@127.0.0.1:{port}/postgres")).await;
    assert!(none.contains("wants a password"), "{none}");
    let nowhere = refusal(&format!("postgres://old:older@127.0.0.1:{port}/nowhere")).await;
    assert!(nowhere.contains("nowhere"), "{nowhere}");
}

#[tokio::test]
async fn redis_tells_its_clients_memory_and_hits() {
    let Some(program) = find("redis-server") else {
        println!("skipped: Redis is not installed");
        return;
    };
    let folder = tempfile::tempdir().expect("makes a folder");
    let socket = folder.path().join("redis.sock");
    let port = free_port();
    let mut server = Command::new(program);
    server.args([
        "--port",
        &port.to_string(),
        "--bind",
        "127.0.0.1",
        "--requirepass",
        "s3cret",
    ]);
    server
        .args(["--save", "", "--maxmemory", "64mb"])
        .arg("--unixsocket")
        .arg(&socket);
    server.current_dir(folder.path());
    let (certificate, key) = support::certificate(folder.path());
    let secure = free_port();
    server.args([
        "--tls-port",
        &secure.to_string(),
        "--tls-auth-clients",
        "no",
    ]);
    for (name, file) in [
        ("--tls-cert-file", &certificate),
        ("--tls-key-file", &key),
        ("--tls-ca-cert-file", &certificate),
    ] {
        server.arg(name).arg(file);
    }
    let _server = Server::start(server, "Ready to accept connections", "TERM");
    let url = format!("redis://:s3cret@127.0.0.1:{port}/0");
    for words in [&["SET", "a", "1"][..], &["GET", "a"], &["GET", "b"]] {
        support::redis(port, "s3cret", words);
    }
    let found = look(&url).await;
    assert_eq!(number(&found, "hit_percent"), 50.0);
    assert_eq!(
        (number(&found, "clients"), number(&found, "keys")),
        (0.0, 1.0)
    );
    assert_eq!(number(&found, "memory_max_bytes"), f64::from(64 << 20));
    assert!(number(&found, "memory_bytes") > 1e5);
    look(&format!("redis+unix://:s3cret@{}", socket.display())).await;
    look(&format!("rediss://:s3cret@127.0.0.1:{secure}")).await;
    let wrong = refusal(&format!("redis://:wrong@127.0.0.1:{port}")).await;
    assert!(
        wrong.contains("WRONGPASS") && !wrong.contains(":wrong@"),
        "{wrong}"
    );
    let none = refusal(&format!("redis://127.0.0.1:{port}")).await;
    assert!(none.contains("NOAUTH"), "{none}");
}

/// Starts MariaDB in a folder, with the user `app`.
fn mariadb(folder: &Path, port: u16) -> Option<Server> {
    let (install, program) = (find("mariadb-install-db")?, find("mariadbd")?);
    let data = folder.join("data");
    let mut made = Command::new(install);
    made.arg("--no-defaults")
        .arg("--skip-test-db")
        .arg("--auth-root-authentication-method=normal");
    let made = made
        .arg(format!("--datadir={}", data.display()))
        .args(support::as_root())
        .output();
    let made = made.expect("mariadb-install-db runs");
    assert!(made.status.success(), "{made:?}");
    let init = folder.join("init.sql");
    let users = "CREATE USER 'app'@'127.0.0.1' IDENTIFIED BY 'pass';\nGRANT PROCESS ON *.* TO 'app'@'127.0.0.1';\n";
    fs::write(&init, users).expect("writes");
    let socket = folder.join("m.sock");
    let mut server = Command::new(program);
    server
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        .args(support::as_root());
    server
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--init-file={}", init.display()));
    server.args([
        &format!("--port={port}"),
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
    ]);
    let (certificate, key) = support::certificate(folder);
    for (name, file) in [("--ssl-cert", certificate), ("--ssl-key", key)] {
        server.arg(format!("{name}={}", file.display()));
    }
    Some(Server::start(server, "ready for connections", "TERM"))
}

#[tokio::test]
async fn mysql_tells_its_connections_and_slowest_query() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let socket = folder.path().join("m.sock");
    let port = free_port();
    let Some(_server) = mariadb(folder.path(), port) else {
        println!("skipped: MariaDB is not installed");
        return;
    };
    let mut slow = Command::new("mariadb");
    slow.arg("--no-defaults")
        .arg("-uroot")
        .arg("-S")
        .arg(&socket)
        .args(["-e", "SELECT 'so slow', SLEEP(1000)"]);
    let mut slow = slow.spawn().expect("the client is installed with MariaDB");
    let mut meter = Meter::new(&format!("mysql://app:pass@127.0.0.1:{port}/")).expect("is a URL");
    let found = loop {
        let found = meter.look(LIMIT).await.expect("answers");
        // Those who asked before are gone a moment after they hung up.
        if found.contains_key("slowest_query") && number(&found, "connections") == 1.0 {
            break found;
        }
    };
    slow.kill().expect("is there");
    slow.wait().expect("is ours");
    assert!(text(&found, "slowest_query").contains("so slow"));
    assert!(number(&found, "connections_max") > 1.0 && number(&found, "cache_hit_percent") > 1.0);
    assert!(text(&found, "version").contains("MariaDB"));
    let later = meter.look(LIMIT).await.expect("answers");
    assert!(number(&later, "queries_per_s") > 0.0);
    let by_socket = format!("mysql://root@localhost/mysql?socket={}", socket.display());
    look(&by_socket).await;
    look(&format!(
        "mysql://app:pass@127.0.0.1:{port}/?ssl-mode=REQUIRED"
    ))
    .await;
    let wrong = refusal(&format!("mysql://app:wrong@127.0.0.1:{port}/")).await;
    assert!(wrong.contains("Access denied"), "{wrong}");
}
