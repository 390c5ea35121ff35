//! Command lines, matching, and an engine that answers as a real one does.

use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::*;
use crate::Error;

const LIMIT: Duration = Duration::from_secs(10);

fn parse(line: &str) -> Option<Client> {
    let words: Vec<String> = line.split(' ').map(str::to_string).collect();
    Client::parse(&words)
}

fn run(name: Option<&str>, image: &str, ports: &[u16]) -> Option<Client> {
    Some(Client::Run {
        name: name.map(str::to_string),
        image: image.to_string(),
        ports: ports.to_vec(),
        detached: false,
    })
}

#[test]
fn what_a_client_runs_is_read_from_its_command_line() {
    for (line, expected) in [
        (
            "docker run -p 5432:5432 postgres:15",
            run(None, "postgres:15", &[5432]),
        ),
        (
            "/usr/bin/docker --context x run --rm -it --name db -e A=b -p=127.0.0.1:1:2/tcp pg sh -p 9:9",
            run(Some("db"), "pg", &[1]),
        ),
        (
            "docker container run --name=db -tp8080:80 --network=host nginx",
            run(Some("db"), "nginx", &[8080]),
        ),
        ("podman run -p 80 -v /a:/b -- img", run(None, "img", &[])),
        (
            "docker run --publish [::1]:7:8 --init x/y:z",
            run(None, "x/y:z", &[7]),
        ),
        ("docker run --rm", None),
        ("docker ps", None),
        ("docker", None),
        ("node run x", None),
        ("docker run -", None),
        ("docker run -p", None),
    ] {
        assert_eq!(parse(line), expected, "{line}");
    }
    let compose = |project: Option<&str>, folder: Option<&str>, services: &[&str]| {
        Some(Client::Compose {
            project: project.map(str::to_string),
            folder: folder.map(str::to_string),
            services: services.iter().map(|service| service.to_string()).collect(),
            detached: false,
        })
    };
    for (line, expected) in [
        ("docker compose up", compose(None, None, &[])),
        (
            "docker compose -f a.yml -p shop up --build db cache",
            compose(Some("shop"), None, &["db", "cache"]),
        ),
        (
            "/usr/bin/python3 /usr/bin/docker-compose -f deploy/a.yml -f b/c.yml up",
            compose(None, Some("deploy"), &[]),
        ),
        (
            "docker-compose --project-directory /srv/x --project-name=x up",
            compose(Some("x"), Some("/srv/x"), &[]),
        ),
        ("python3 -m http.server", None),
        ("docker compose logs", None),
    ] {
        assert_eq!(parse(line), expected, "{line}");
    }
}

#[test]
fn a_client_says_whether_its_containers_outlive_it_and_which_engine_it_asks() {
    for (line, expected) in [
        ("docker run -d nginx", true),
        ("docker run -itd nginx", true),
        ("docker run -dp8080:80 nginx", true),
        ("docker run --detach nginx", true),
        ("docker run --detach=false nginx", false),
        ("docker run -it --name d nginx -d", false),
        ("docker run -e d nginx", false),
        ("docker run -ed=1 nginx", false),
        ("docker compose up -d", true),
        ("docker compose up --detach web", true),
        ("docker compose up --build", false),
    ] {
        let client = parse(line).expect(line);
        assert_eq!(client.is_detached(), expected, "{line}");
    }
    for (line, expected) in [
        ("docker -H unix:///a run x", Some("unix:///a")),
        ("docker --context c --host=tcp://h run x", Some("tcp://h")),
        ("docker run -H x", None),
        ("docker", None),
        ("", None),
    ] {
        let words: Vec<String> = line.split(' ').map(str::to_string).collect();
        assert_eq!(Client::host_in(&words), expected, "{line}");
    }
    assert_eq!(Client::host_in(&[]), None);
    assert_eq!(Engine::of_host("tcp://h:1"), None);
    let named = |name: &str| (name == "DOCKER_HOST").then(|| "unix:///a/b.sock".into());
    assert_eq!(
        Engine::find(&named),
        Some(Engine::at(Path::new("/a/b.sock")))
    );
}

/// What Docker 20.10 answers, shortened.
const LIST: &str = r#"[
 {"Id":"aa11","Names":["/db"],"Image":"postgres:15","State":"running","Created":1700000100,
  "Ports":[{"IP":"0.0.0.0","PrivatePort":5432,"PublicPort":5432,"Type":"tcp"},
           {"IP":"::","PrivatePort":5432,"PublicPort":5432,"Type":"tcp"},{"PrivatePort":9,"Type":"tcp"}],
  "Labels":{},"HostConfig":{"NetworkMode":"default"},"NetworkSettings":{"Networks":{}},"Mounts":[]},
 {"Id":"bb22","Names":["/shop-cache-1"],"Image":"redis:latest","State":"running","Created":1700000000,"Ports":[],
  "Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"cache",
            "com.docker.compose.project.working_dir":"/home/u/shop"}},
 {"Id":"cc33","Names":null,"Image":"redis:latest","State":"running","Created":1600000000,"Ports":null,"Labels":null}
]"#;

/// The figures of a container at a second, with CPU in milliseconds and bytes received.
fn stats(second: u32, cpu: u64, received: u64) -> String {
    format!(
        r#"{{"read":"2025-11-21T14:30:{second:02}.500000000Z","preread":"0001-01-01T00:00:00Z",
 "pids_stats":{{"current":9}},"num_procs":0,"storage_stats":{{}},
 "blkio_stats":{{"io_service_bytes_recursive":[{{"major":8,"minor":0,"op":"Read","value":4096}},
   {{"major":8,"minor":0,"op":"Write","value":{received}}},{{"major":8,"minor":0,"op":"write","value":1}}],"io_serviced_recursive":null}},
 "cpu_stats":{{"cpu_usage":{{"total_usage":{cpu}000000,"usage_in_kernelmode":1}},"system_cpu_usage":100000000000,"online_cpus":2,"throttling_data":{{}}}},
 "precpu_stats":{{"cpu_usage":{{"total_usage":0}}}},
 "memory_stats":{{"usage":52428800,"stats":{{"inactive_file":7,"total_inactive_file":2097152,"cache":5}},"limit":1073741824}},
 "name":"/db","id":"aa11","networks":{{"eth0":{{"rx_bytes":{received},"tx_bytes":200,"rx_errors":0}},"eth1":{{"rx_bytes":1,"tx_bytes":2}}}}}}"#
    )
}

/// Answers each request by its path, until it is dropped.
fn engine(folder: &Path) -> (Engine, tokio::task::JoinHandle<()>) {
    let socket = folder.join("docker.sock");
    let listener = UnixListener::bind(&socket).expect("binds");
    let serve = tokio::spawn(async move {
        let mut looks = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.expect("reads"));
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let (what, _) = request.split_once(" HTTP").unwrap_or_default();
            let (status, body) = match what {
                "GET /containers/json" => ("200 OK", LIST.to_string()),
                "GET /containers/aa11/stats?stream=false&one-shot=true" => {
                    looks += 1;
                    (
                        "200 OK",
                        stats(2 * looks, 1000 * u64::from(looks), 100 * u64::from(looks)),
                    )
                }
                "GET /containers/bad/stats?stream=false&one-shot=true" => {
                    ("200 OK", "{\"cpu_stats\": 3}".to_string())
                }
                "POST /containers/aa11/kill" => ("204 No Content", String::new()),
                "POST /containers/bad/kill" => ("500 Internal Server Error", String::new()),
                _ => (
                    "404 Not Found",
                    "{\"message\":\"No such container\"}".to_string(),
                ),
            };
            // In pieces of unknown number, as a real engine sends its figures.
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            let piece = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            stream
                .write_all((head + &piece).as_bytes())
                .await
                .expect("writes");
        }
    });
    (Engine::at(&socket), serve)
}

#[tokio::test]
async fn an_engine_tells_its_containers_and_what_they_use() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let (engine, serve) = engine(folder.path());
    let containers = engine.containers(LIMIT).await.expect("lists");
    let names: Vec<&str> = containers
        .iter()
        .map(|container| container.name.as_str())
        .collect();
    assert_eq!(names, ["db", "shop-cache-1", ""]);
    assert!(containers[0].publishes(&[5432]) && !containers[0].publishes(&[9]));
    let first = engine.reading("aa11", LIMIT).await.expect("tells");
    let expected = ContainerUsage {
        cpu_percent: None,
        memory_bytes: Some(50331648),
        memory_limit_bytes: Some(1 << 30),
        threads: Some(9),
        net_rx_bytes_per_s: None,
        net_tx_bytes_per_s: None,
        disk_read_bytes_per_s: None,
        disk_write_bytes_per_s: None,
    };
    assert_eq!(first.since(None), expected);
    let second = engine.reading("aa11", LIMIT).await.expect("tells");
    // Two seconds lie between them.
    let expected = ContainerUsage {
        cpu_percent: Some(50.0),
        net_rx_bytes_per_s: Some(50),
        net_tx_bytes_per_s: Some(0),
        disk_read_bytes_per_s: Some(0),
        disk_write_bytes_per_s: Some(50),
        ..expected
    };
    assert_eq!(second.since(Some(&first)), expected);
    // Counts that went back are no rate.
    assert_eq!(first.since(Some(&second)).cpu_percent, None);
    for id in ["nobody", "bad", "", "../x", "a?b"] {
        engine.reading(id, LIMIT).await.expect_err(id);
    }
    serve.abort();
}

#[tokio::test]
async fn a_container_is_ended_and_one_that_is_gone_is_no_trouble() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let (engine, serve) = engine(folder.path());
    engine.kill("aa11", LIMIT).await.expect("ends it");
    engine.kill("gone", LIMIT).await.expect("is gone");
    engine.kill("bad", LIMIT).await.expect_err("fails");
    engine.kill("../x", LIMIT).await.expect_err("no container");
    serve.abort();
}

#[tokio::test]
async fn a_meter_tells_what_the_containers_of_its_clients_use() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let (engine, serve) = engine(folder.path());
    let clients = [
        "docker run --name db x",
        "docker run -p 5432:5432 postgres:15",
    ]
    .map(|line| ClientProcess {
        client: parse(line).expect("is a client"),
        cwd: PathBuf::from("/"),
        started_at: Duration::from_secs(1700000100),
    });
    let mut meter = ContainerMeter::new(engine, clients.to_vec());
    let first = meter.look(LIMIT).await.expect("tells");
    // Both mean the same one.
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].container.name, "db");
    assert_eq!(first[0].usage.cpu_percent, None);
    let second = meter.look(LIMIT).await.expect("tells");
    assert_eq!(second[0].usage.cpu_percent, Some(50.0));
    serve.abort();
    let _ = serve.await;
    meter.look(LIMIT).await.expect_err("the engine has ended");
}

#[tokio::test]
async fn no_engine_is_an_error_that_names_the_place() {
    let engine = Engine::at(Path::new("/no/such/docker.sock"));
    let error = engine.containers(LIMIT).await.expect_err("there is none");
    assert!(matches!(error, Error::Unreachable { .. }));
    assert!(
        error.to_string().contains("/no/such/docker.sock"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_means_the_container_that_it_named_or_that_came_after_it() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let (engine, serve) = engine(folder.path());
    let all = engine.containers(LIMIT).await.expect("lists");
    let ids = |line: &str, cwd: &str, started: u64| {
        let client = parse(line).expect("is a client");
        let cwd = PathBuf::from(cwd);
        let found = matching(&client, &cwd, Duration::from_secs(started), &all);
        found
            .into_iter()
            .map(|container| container.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("docker run --name db x", "/", 1800000000), ["aa11"]);
    assert_eq!(
        ids("docker run -p 5432:5432 postgres:15", "/", 1700000100),
        ["aa11"]
    );
    assert_eq!(ids("docker run redis", "/", 1650000000), ["bb22"]);
    assert_eq!(ids("docker run redis", "/", 1800000000), [""; 0]);
    assert_eq!(
        ids("docker run -p 1:1 postgres:15", "/", 1700000100),
        [""; 0]
    );
    assert_eq!(ids("docker compose up", "/home/u/shop", 0), ["bb22"]);
    assert_eq!(ids("docker compose up", "/home/u/shop/src", 0), ["bb22"]);
    assert_eq!(ids("docker compose up", "/home/u", 0), [""; 0]);
    let file = "docker compose -f shop/compose.yml up";
    assert_eq!(ids(file, "/home/u", 0), ["bb22"]);
    assert_eq!(ids("docker compose -p shop up cache", "/", 0), ["bb22"]);
    assert_eq!(ids("docker compose up db", "/home/u/shop", 0), [""; 0]);
    serve.abort();
}
