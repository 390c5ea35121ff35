//! What real servers say about themselves reaches `monitor`: each is started as a process of a workspace, on a
//! free port, and used. A server that is not installed is left out, and the test says so.

mod common;

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::Workspace;
use common::lives::{Lives, process, text, warned};
use forge_testkit::free_port;
use serde_json::Value;

/// Where a program lies, if it is installed.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path);
    folders
        .find(|folder| folder.join(name).is_file())
        .map(|folder| folder.join(name))
}

/// The folder of PostgreSQL's own programs, of the newest version.
fn postgres_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let programs = versions.map(|version| version.path().join("bin"));
    programs
        .filter(|bin| bin.join("initdb").is_file())
        .max_by_key(|bin| bin.clone())
}

/// Root may not run these servers: each has a user of its own.
fn user(name: &str) -> Option<u32> {
    let users = std::fs::read_to_string("/etc/passwd").expect("there are users");
    let line = users
        .lines()
        .find(|line| line.starts_with(&format!("{name}:")))?;
    line.split(':').nth(2)?.parse().ok()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A folder that a server may write to, and that can be reached by its user.
fn folder_for(base: &Path, owner: &str) -> PathBuf {
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(base, open).expect("it is ours");
    let folder = base.join(owner);
    std::fs::create_dir(&folder).expect("a folder");
    if is_root() {
        chown(&folder, user(owner), None).expect("root may");
    }
    folder
}

fn ran(command: &mut Command) {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
}

/// The entry of a PostgreSQL that is ready to be started.
fn postgres(base: &Path, port: u16) -> Option<String> {
    let programs = postgres_programs()?;
    let folder = folder_for(base, "postgres");
    let (data, place) = (folder.join("data"), folder.display());
    let become_user = match is_root() {
        true => "setpriv --reuid=postgres --regid=postgres --clear-groups ",
        false => "",
    };
    let bin = programs.display();
    let init = format!(
        "{become_user}{bin}/initdb -U boss --auth=trust -N -E UTF8 --locale=C -D {}",
        data.display()
    );
    ran(Command::new("sh").args(["-c", &init]));
    Some(format!(
        "  - name: postgres
    command: exec {become_user}{bin}/postgres -D {place}/data -k {place} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off
    port: {port}
    metrics: postgres://boss@127.0.0.1:${{process.postgres.port}}/postgres
"
    ))
}

fn redis(port: u16) -> Option<String> {
    find("redis-server")?;
    Some(format!(
        "  - name: redis
    command: redis-server --port $PORT --bind 127.0.0.1 --save '' --maxmemory 2mb --maxmemory-policy allkeys-lru
    port: {port}
    metrics: redis://127.0.0.1:{port}
"
    ))
}

fn mysql(base: &Path, port: u16) -> Option<String> {
    find("mariadbd").filter(|_| !is_root() || user("mysql").is_some())?;
    let folder = folder_for(base, "mysql");
    let place = folder.display();
    let as_user = if is_root() { "--user=mysql" } else { "" };
    let init = format!(
        "mariadb-install-db --no-defaults {as_user} --skip-test-db --auth-root-authentication-method=normal --datadir={place}/data"
    );
    ran(Command::new("sh").args(["-c", &init]));
    Some(format!(
        "  - name: mysql
    command: exec mariadbd --no-defaults {as_user} --datadir={place}/data --port={port} --bind-address=127.0.0.1 --socket={place}/s
    port: {port}
    metrics: mysql://root@127.0.0.1:{port}
"
    ))
}

/// Somebody who uses a server, until the test is over.
struct User(Child);

impl User {
    fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        User(command.spawn().expect("it is installed with its server"))
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn psql(port: u16, sql: &[&str]) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["-h", "127.0.0.1", "-U", "boss", "-q", "postgres"]);
    psql.args(["-p", &port.to_string()]);
    for sql in sql {
        psql.args(["-c", sql]);
    }
    psql
}

fn number(service: &Value, name: &str) -> f64 {
    let value = service[name].as_f64();
    value.unwrap_or_else(|| panic!("no {name} in {service}"))
}

#[test]
fn postgresql_tells_connections_cache_deadlocks_and_its_slowest_query() {
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    let Some(entry) = postgres(folder.path(), port) else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    let lives = Lives::start(&format!("dev:\n{entry}"), &[]);
    let table = "CREATE TABLE t AS SELECT generate_series(1, 100000) AS n";
    let count = "SELECT count(*) FROM t";
    ran(&mut psql(port, &[table, count, count]));
    let _slow = User::start(&mut psql(
        port,
        &["SELECT 'so slow', pg_sleep_for('1000 s')"],
    ));
    let monitor = lives.monitor_until("slow query", |monitor| {
        let service = &process(monitor, "postgres")["service"];
        text(&service["slowest_query"]).contains("so slow")
            && service["transactions_per_s"].is_number()
    });
    let service = &process(&monitor, "postgres")["service"];
    assert_eq!(number(service, "connections_max"), 100.0);
    assert_eq!(number(service, "connections"), 1.0, "{service}");
    assert!((50.0..=100.0).contains(&number(service, "cache_hit_percent")));
    assert_eq!(number(service, "deadlocks"), 0.0);
    assert!(number(service, "slowest_query_s") > 0.0);
    let monitor = lives.monitor_until("warning", |monitor| warned(monitor, "postgres", "slow"));
    // A server of several processes that share most of their memory.
    let postgres = process(&monitor, "postgres");
    let memory = |field: &str| postgres[field].as_u64();
    assert!(
        postgres["pids"]
            .as_array()
            .is_some_and(|pids| pids.len() > 3)
    );
    assert!(memory("memory_pss_bytes").is_some_and(|once| Some(once) < memory("memory_bytes")));
    let picture = lives.0.run(&["dev", "monitor", "--once"]).stdout;
    for part in [
        "connections 1 of 100",
        "deadlocks 0",
        "slowest query SELECT 'so slow'",
        "with shared pages counted once",
    ] {
        assert!(picture.contains(part), "no {part:?} in\n{picture}");
    }
}

#[test]
fn redis_tells_clients_hit_rate_memory_and_evictions() {
    let port = free_port();
    let Some(entry) = redis(port) else {
        println!("skipped: Redis is not installed");
        return;
    };
    let lives = Lives::start(&format!("dev:\n{entry}"), &[]);
    let cli = || {
        let mut cli = Command::new("redis-cli");
        cli.args(["-p", &port.to_string()]);
        cli
    };
    // More than fits into 2 MB, then one key that is there and one that is not.
    let fill = "for n = 1, 3000 do redis.call('SET', 'k' .. n, string.rep('x', 1000)) end";
    ran(cli().args(["EVAL", fill, "0"]));
    // In one script: nothing is evicted between its commands.
    let ask =
        "redis.call('SET', 'there', '1') redis.call('GET', 'there') redis.call('GET', 'nobody')";
    ran(cli().args(["EVAL", ask, "0"]));
    let _waiting = User::start(cli().args(["BLPOP", "nothing", "0"]));
    let monitor = lives.monitor_until("client that waits", |monitor| {
        let service = &process(monitor, "redis")["service"];
        service["clients_blocked"] == 1 && service["evictions_per_s"].is_number()
    });
    let service = &process(&monitor, "redis")["service"];
    assert_eq!(number(service, "clients"), 1.0);
    assert_eq!(number(service, "hit_percent"), 50.0);
    assert_eq!(number(service, "memory_max_bytes"), f64::from(2 << 20));
    assert!(number(service, "memory_bytes") > 1e6);
    assert!(number(service, "evicted_keys") > 100.0);
    let picture = lives.0.run(&["dev", "monitor", "--once"]).stdout;
    for part in ["clients 1 of 10000", "hit 50.0%", "evicted keys"] {
        assert!(picture.contains(part), "no {part:?} in\n{picture}");
    }
}

#[test]
fn mariadb_tells_connections_cache_and_its_slowest_query() {
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    let Some(entry) = mysql(folder.path(), port) else {
        println!("skipped: MariaDB is not installed");
        return;
    };
    let lives = Lives::start(&format!("dev:\n{entry}"), &[]);
    let mut slow = Command::new("mariadb");
    slow.args(["-h", "127.0.0.1", "-u", "root", "-P", &port.to_string()]);
    let _slow = User::start(slow.args(["-e", "SELECT SLEEP(1000)"]));
    let monitor = lives.monitor_until("slow query", |monitor| {
        let service = &process(monitor, "mysql")["service"];
        text(&service["slowest_query"]).contains("SLEEP") && service["queries_per_s"].is_number()
    });
    let service = &process(&monitor, "mysql")["service"];
    assert_eq!(number(service, "connections"), 1.0, "{service}");
    assert!(number(service, "connections_max") > 10.0);
    assert!((0.0..=100.0).contains(&number(service, "cache_hit_percent")));
    lives.monitor_until("warning", |monitor| warned(monitor, "mysql", "slow"));
}

#[test]
fn a_page_for_prometheus_tells_pools_rates_and_times_or_what_was_asked_for() {
    let port = free_port();
    let config = format!(
        "dev:
  - name: api
    command: [python3, '-u', server.py]
    port: {port}
    metrics: http://127.0.0.1:{port}/metrics
  - name: named
    command: [sleep, '1000']
    metrics: 'http://127.0.0.1:{port}/metrics#moon_*'
"
    );
    let server = "
import http.server, os, time
begun = time.monotonic()
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        done = (time.monotonic() - begun) * 20
        page = f'''# TYPE http_requests_total counter
http_requests_total{{code=\"200\"}} {done}
# TYPE db_pool_connections gauge
db_pool_connections{{state=\"used\"}} 4
# TYPE http_request_duration_seconds summary
http_request_duration_seconds_sum {done / 10}
http_request_duration_seconds_count {done}
# TYPE moon_phase gauge
moon_phase 0.5
'''
        self.send_response(200)
        self.end_headers()
        self.wfile.write(page.encode())
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), Page).serve_forever()
";
    let lives = Lives(Workspace::new(&config));
    std::fs::write(lives.0.path().join("server.py"), server).expect("a file");
    let started = lives.0.run(&["dev", "start", "--timeout", "40s"]);
    assert_eq!(started.code, Some(0), "{started:?}");
    let monitor = lives.monitor_until("rates near the truth", |monitor| {
        let rate = process(monitor, "api")["service"]["http_requests_per_s"].as_f64();
        rate.is_some_and(|rate| (rate / 20.0 - 1.0).abs() < 0.1)
            && process(monitor, "named")["service"]["moon_phase"].is_number()
    });
    let api = &process(&monitor, "api")["service"];
    assert_eq!(number(api, "db_pool_connections{state=used}"), 4.0);
    let mean = number(api, "http_request_duration_seconds_mean");
    assert!((mean - 0.1).abs() < 0.001, "{mean}");
    assert_eq!(api["moon_phase"], Value::Null);
    let named = &process(&monitor, "named")["service"];
    assert_eq!(named, &serde_json::json!({"moon_phase": 0.5}));
}
