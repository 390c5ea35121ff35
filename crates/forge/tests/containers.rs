//! A process that is the client of a container engine: its container's figures, ports and name, and its
//! end with it. Against an engine that is played, and, where `FORGE_TEST_DOCKER` is set, against a real one.

mod common;

use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use common::lives::{BETWEEN, Lives, PATIENCE, process, text, warned};
use forge_testkit::free_port;
use serde_json::{Value, json};

/// An engine with one container, `db`, that uses half a core and 50 MiB.
struct Engine {
    state: Arc<Mutex<State>>,
}

struct State {
    port: u16,
    /// When somebody first asked: the container is there from then on.
    begun: Option<jiff::Timestamp>,
    running: bool,
    asked: Vec<String>,
}

impl Engine {
    fn listen(socket: &Path, port: u16) -> Self {
        let listener = UnixListener::bind(socket).expect("binds");
        let state = Arc::new(Mutex::new(State {
            port,
            begun: None,
            running: true,
            asked: Vec::new(),
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who hangs up early has its reasons.
                let _ = answer(stream, &shared);
            }
        });
        Engine { state }
    }

    fn was_asked(&self, what: &str) -> bool {
        let state = self.state.lock().expect("is whole");
        state.asked.iter().any(|asked| asked == what)
    }
}

fn answer(mut stream: UnixStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let what = request.split(" HTTP").next().unwrap_or_default();
    let (status, body) = state.lock().expect("is whole").answer(what);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

impl State {
    fn answer(&mut self, what: &str) -> (u16, String) {
        self.asked.push(what.to_string());
        let now = jiff::Timestamp::now();
        let begun = *self.begun.get_or_insert(now);
        let port =
            json!({"IP": "127.0.0.1", "PrivatePort": 5432, "PublicPort": self.port, "Type": "tcp"});
        match what {
            "GET /containers/json" if self.running => {
                let one = json!({"Id": "aa11", "Names": ["/db"], "Image": "pg:15", "State": "running",
                    "Created": begun.as_second(), "Ports": [port], "Labels": {}});
                (200, json!([one]).to_string())
            }
            "GET /containers/json" => (200, "[]".to_string()),
            "GET /containers/aa11/stats?stream=false&one-shot=true" => {
                let passed = (now - begun)
                    .total(jiff::Unit::Nanosecond)
                    .expect("a number");
                let stats = json!({"read": now.to_string(), "pids_stats": {"current": 7},
                    "cpu_stats": {"cpu_usage": {"total_usage": (passed / 2.0) as u64}},
                    "memory_stats": {"usage": 50 << 20, "limit": 64 << 20, "stats": {}},
                    "networks": {"eth0": {"rx_bytes": 100, "tx_bytes": 200}}});
                (200, stats.to_string())
            }
            "GET /containers/aa11/json" => {
                let life = json!({"Created": begun.to_string(),
                    "State": {"Running": self.running, "StartedAt": begun.to_string()}});
                (200, life.to_string())
            }
            "POST /containers/aa11/kill" => {
                self.running = false;
                (204, String::new())
            }
            _ => (404, json!({"message": "no such thing"}).to_string()),
        }
    }
}

/// A program that is called `docker` and, told to `run`, waits until it is told to end.
fn client(folder: &Path) -> PathBuf {
    let python = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .expect("Python is installed");
    let python = String::from_utf8(python.stdout).expect("text");
    let client = folder.join("docker");
    symlink(python.trim(), &client).expect("a link");
    client
}

#[test]
fn a_client_is_shown_with_its_containers_figures_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (socket, port) = (folder.path().join("e.sock"), free_port());
    let engine = Engine::listen(&socket, port);
    let config = format!(
        "dev:
  - name: db
    command: ['{}', run, --name, db, -p, '127.0.0.1:{port}:5432', 'pg:15']
    env: {{DOCKER_HOST: 'unix://{}'}}
    port: {port}
    limits: {{memory: 54MB}}
",
        client(folder.path()).display(),
        socket.display()
    );
    // Where the engine publishes its port, it is ready: nothing of its own tree ever listens there.
    let lives = Lives::start(&config, &[("run", "import signal; signal.pause()\n")]);
    let monitor = lives.monitor_until("figures of the container", |monitor| {
        let cpu = process(monitor, "db")["cpu_percent"].as_f64();
        cpu.is_some_and(|cpu| (cpu - 50.0).abs() < 3.0)
    });
    let db = process(&monitor, "db");
    assert_eq!(db["memory_bytes"], 50 << 20);
    assert_eq!(
        (&db["threads"], &db["net_rx_bytes_per_s"]),
        (&json!(7), &json!(0))
    );
    // Of these an engine does not tell.
    let unknown = [
        &db["open_files"],
        &db["memory_pss_bytes"],
        &db["disk_read_bytes_per_s"],
    ];
    assert_eq!(unknown, [&Value::Null; 3]);
    assert_eq!(db["listening"], json!([port]));
    let container = &db["containers"][0];
    assert_eq!(
        (&container["name"], &container["image"]),
        (&json!("db"), &json!("pg:15"))
    );
    assert_eq!(container["ports"], json!([port]));
    // Limits count what the container uses; the port is no silent one.
    let monitor = lives.monitor_until("warning", |monitor| warned(monitor, "db", "near-limit"));
    assert!(!warned(&monitor, "db", "silent-port"), "{monitor}");
    let picture = lives.0.run(&["dev", "monitor", "--once"]).stdout;
    assert!(picture.contains("container db (pg:15)"), "{picture}");

    // The client ends when it is told to; the container did not hear of it.
    let ran = lives.0.run(&["dev", "stop"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(engine.was_asked("POST /containers/aa11/kill"));
    let events = lives.0.run(&["dev", "events"]).stdout;
    assert!(
        events.contains("its container db went on without it: killed"),
        "{events}"
    );
}

/// An engine of its own, in a folder of its own.
struct Docker {
    daemon: Child,
    folder: tempfile::TempDir,
}

impl Docker {
    /// `None` where there is none to be had.
    fn start() -> Option<Self> {
        if std::env::var_os("FORGE_TEST_DOCKER").is_none() {
            println!("skipped: FORGE_TEST_DOCKER is not set");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().to_path_buf();
        let place = |name: &str| base.join(name);
        let daemon = Command::new("dockerd")
            .arg("--data-root")
            .arg(place("data"))
            .arg("--exec-root")
            .arg(place("exec"))
            .arg("--pidfile")
            .arg(place("pid"))
            .arg("-H")
            .arg(format!("unix://{}", place("s").display()))
            .args(["--iptables=false", "--ip6tables=false"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(place("log")).expect("a file"))
            .spawn()
            .expect("dockerd is installed");
        let own = Docker { daemon, folder };
        let until = Instant::now() + PATIENCE;
        while !own.docker(&["version"]).status.success() {
            assert!(
                Instant::now() < until,
                "{:?}",
                std::fs::read_to_string(place("log"))
            );
            forge_os::pause(BETWEEN);
        }
        own.make_image();
        Some(own)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("s").display())
    }

    fn docker(&self, words: &[&str]) -> std::process::Output {
        let mut docker = Command::new("docker");
        docker.args(words).env("DOCKER_HOST", self.host());
        docker.output().expect("the client is installed")
    }

    /// A shell and what it needs of this machine, as `shell:1`.
    fn make_image(&self) {
        let script = "tar -ch /bin/sh $(ldd /bin/sh | grep -o '/[^ ]*' | sort -u) 2>/dev/null | docker import - shell:1";
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).env("DOCKER_HOST", self.host());
        let made = shell.output().expect("a shell");
        assert!(made.status.success(), "{made:?}");
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.daemon);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.daemon.wait();
    }
}

/// Holds 32 MiB, uses a core, and does not end when it is told to.
const STUBBORN: &str =
    "trap : TERM; s=aaaaaaaa; while [ ${#s} -lt 33554432 ]; do s=$s$s; done; while :; do :; done";

#[test]
fn a_real_engine_tells_the_same_as_its_own_client_and_a_stubborn_container_ends() {
    let Some(docker) = Docker::start() else {
        return;
    };
    let port = free_port();
    let config = format!(
        "dev:
  - name: db
    command: [docker, run, --rm, --name, db1, -p, '127.0.0.1:{port}:80', 'shell:1', sh, -c, '{STUBBORN}']
    env: {{DOCKER_HOST: '{}'}}
    port: {port}
    stop: {{timeout: 1s}}
",
        docker.host()
    );
    let lives = Lives::start(&config, &[]);
    let monitor = lives.monitor_until("figures of the container", |monitor| {
        let db = process(monitor, "db");
        db["cpu_percent"].as_f64() > Some(5.0) && db["memory_bytes"].as_u64() > Some(32 << 20)
    });
    assert_eq!(process(&monitor, "db")["containers"][0]["name"], "db1");
    let told = process(&monitor, "db")["memory_bytes"]
        .as_f64()
        .expect("a number");
    let stats = docker.docker(&["stats", "--no-stream", "--format", "{{.MemUsage}}"]);
    let stats = String::from_utf8(stats.stdout).expect("text");
    let truth: f64 = stats
        .split("MiB")
        .next()
        .and_then(|text| text.parse().ok())
        .expect("MiB");
    assert!(
        (told / (truth * 1048576.0) - 1.0).abs() < 0.05,
        "{told} {stats}"
    );
    let ports = lives.json(&["dev", "ports", "--json"]);
    let row = &ports["ports"][0];
    assert_eq!(
        (&row["port"], &row["name"]),
        (&json!(port), &json!("db")),
        "{ports}"
    );
    assert_eq!(text(&row["container"]), "db1");
    let ran = lives.0.run(&["dev", "stop"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let left = docker.docker(&["ps", "--quiet"]);
    assert!(left.status.success() && left.stdout.is_empty(), "{left:?}");
}
