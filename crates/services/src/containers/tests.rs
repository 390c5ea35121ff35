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
            "docker container run --name=db -dp8080:80 --network=host nginx",
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
    let compose = |project: Option<&str>, services: &[&str]| {
        Some(Client::Compose {
            project: project.map(str::to_string),
            services: services.iter().map(|service| service.to_string()).collect(),
        })
    };
    for (line, expected) in [
        ("docker compose up", compose(None, &[])),
        (
            "docker compose -f a.yml -p shop up --build db cache",
            compose(Some("shop"), &["db", "cache"]),
        ),
        (
            "docker-compose --project-name=x up -d",
            compose(Some("x"), &[]),
        ),
        ("docker compose logs", None),
    ] {
        assert_eq!(parse(line), expected, "{line}");
    }
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

const STATS: &str = r#"{"read":"2025-11-21T14:30:01Z","preread":"2025-11-21T14:30:00Z",
 "pids_stats":{"current":9},"num_procs":0,"storage_stats":{},
 "blkio_stats":{"io_service_bytes_recursive":[{"major":8,"minor":0,"op":"Read","value":4096},
   {"major":8,"minor":0,"op":"Write","value":8192},{"major":8,"minor":0,"op":"write","value":1}],"io_serviced_recursive":null},
 "cpu_stats":{"cpu_usage":{"total_usage":2000000000,"usage_in_kernelmode":1},"system_cpu_usage":100000000000,"online_cpus":2,"throttling_data":{}},
 "precpu_stats":{"cpu_usage":{"total_usage":1500000000},"system_cpu_usage":98000000000,"online_cpus":2},
 "memory_stats":{"usage":52428800,"stats":{"inactive_file":2097152,"cache":5},"limit":1073741824},
 "name":"/db","id":"aa11","networks":{"eth0":{"rx_bytes":100,"tx_bytes":200,"rx_errors":0},"eth1":{"rx_bytes":1,"tx_bytes":2}}}"#;

/// Answers each request by its path, until it is dropped.
fn engine(folder: &Path) -> (Engine, tokio::task::JoinHandle<()>) {
    let socket = folder.join("docker.sock");
    let listener = UnixListener::bind(&socket).expect("binds");
    let serve = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.expect("reads"));
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match path {
                "/containers/json" => ("200 OK", LIST),
                "/containers/aa11/stats?stream=false" => ("200 OK", STATS),
                "/containers/bad/stats?stream=false" => ("200 OK", "{\"cpu_stats\": 3}"),
                _ => ("404 Not Found", "{\"message\":\"No such container\"}"),
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
    let usage = engine.usage("aa11", LIMIT).await.expect("tells");
    let expected = ContainerUsage {
        cpu_percent: Some(50.0),
        memory_bytes: Some(50331648),
        memory_limit_bytes: Some(1 << 30),
        threads: Some(9),
        net_rx_bytes: Some(101),
        net_tx_bytes: Some(202),
        disk_read_bytes: Some(4096),
        disk_write_bytes: Some(8193),
    };
    assert_eq!(usage, expected);
    for id in ["nobody", "bad", "", "../x", "a?b"] {
        engine.usage(id, LIMIT).await.expect_err(id);
    }
    serve.abort();
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
    assert_eq!(ids("docker compose -p shop up cache", "/", 0), ["bb22"]);
    assert_eq!(ids("docker compose up db", "/home/u/shop", 0), [""; 0]);
    serve.abort();
}
