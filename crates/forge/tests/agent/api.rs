//! The API over its socket, as other clients use it.

use std::time::Duration;

use forge_api::{Client, ClientError, LogLine, LogsQuery, Stream, path};
use serde_json::Value;

use crate::world::{World, kill};
use forge_testkit::{PATIENCE, wait_for};

/// Lines of the count.
const LINES: usize = 400;

fn counting() -> World {
    World::new(&format!(
        "dev:\n  - name: count\n    command: i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo $i; [ $((i % 10)) = 0 ] && sleep 0.05; done; exec sleep 600\n"
    ))
}

async fn connect(world: &World) -> Client {
    let socket = world.layout().api_socket();
    let stream = wait_for("the socket", || forge_os::connect_in(&socket).ok());
    Client::over(stream).await.expect("a connection")
}

/// The stream of lines behind this place.
async fn follow(world: &World, after: Option<String>) -> Stream {
    let query = LogsQuery {
        since: after.is_none().then(|| "1h".to_string()),
        after,
        ..LogsQuery::default()
    };
    loop {
        let mut client = connect(world).await;
        match client
            .get_stream(path::LOGS_STREAM, &query.to_query())
            .await
        {
            Ok(stream) => return stream,
            // The supervisor that was just killed; another one takes its place.
            Err(ClientError::Connection(_)) => {}
            Err(ClientError::Problem(problem)) => panic!("{problem}"),
        }
    }
}

#[tokio::test]
async fn a_log_stream_has_every_line_once_across_deaths_of_the_supervisor() {
    let world = counting();
    world.ok(&["dev", "start"]);
    let mut stream = follow(&world, None).await;
    let mut seen: Vec<String> = Vec::new();
    let mut place = None;
    while seen.len() < LINES {
        let event = tokio::time::timeout(PATIENCE, stream.next()).await;
        match event.expect("a line in time") {
            Ok(Some(event)) => {
                place = event.id.clone().or(place);
                seen.push(event.read::<LogLine>().expect("a line").message);
                if [80, 160, 240].contains(&seen.len()) {
                    kill(world.supervisor_pid(), 9);
                }
            }
            Ok(None) | Err(_) => stream = follow(&world, place.clone()).await,
        }
    }
    let expected: Vec<String> = (1..=LINES).map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);
    let more = tokio::time::timeout(Duration::from_millis(300), stream.next()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn errors_of_the_api_are_problems_and_its_document_describes_it() {
    let world = counting();
    world.ok(&["dev", "start"]);
    let mut client = connect(&world).await;
    for (path, query, code) in [
        ("/logs", "tail=x", 2),
        ("/logs", "targets=nobody", 3),
        ("/no/such/path", "", 2),
        (path::START, "", 2),
    ] {
        match client.get::<Value>(path, query).await {
            Err(ClientError::Problem(problem)) => {
                assert_eq!(problem.exit_code, code, "{path}: {problem}")
            }
            other => panic!("{path}?{query}: {other:?}"),
        }
    }
}
