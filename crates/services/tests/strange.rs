//! Pages of figures, and servers that are slow, broken or hostile: an error each, never a panic or a hang.

use std::time::Duration;

use forge_services::{Error, Meter, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_secs(10);

/// Accepts connections, sends `answers` one after the other, and hangs up, or stays silent for ever.
async fn server(answers: Vec<Vec<u8>>, hang_up: bool) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("is bound").port();
    let serve = tokio::spawn(async move {
        let mut kept = Vec::new();
        for answer in answers.iter().cycle() {
            let Ok((mut stream, _)) = listener.accept().await else {
                return;
            };
            // A server that answers before it is asked would end the connection with a reset.
            let mut question = [0; 4096];
            if !answer.starts_with(b"\x05") {
                let _ = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut question))
                    .await;
            }
            let _ = stream.write_all(answer).await;
            if !hang_up {
                kept.push(stream);
            }
        }
    });
    (port, serve)
}

fn page(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn a_page_is_read_and_its_counters_become_rates() {
    let one = "# TYPE http_requests_total counter\nhttp_requests_total 100\n# TYPE queue gauge\nqueue 7\n\
        # TYPE request_seconds histogram\nrequest_seconds_sum 10\nrequest_seconds_count 100\n";
    let two = "# TYPE http_requests_total counter\nhttp_requests_total 150\n# TYPE queue gauge\nqueue 8\n\
        # TYPE request_seconds histogram\nrequest_seconds_sum 30\nrequest_seconds_count 110\n";
    let (port, serve) = server(vec![page(one), page(two), page(one)], true).await;
    let mut meter = Meter::new(&format!("http://127.0.0.1:{port}/metrics")).expect("is a URL");
    let first = meter.look(LIMIT).await.expect("answers");
    assert_eq!(first["queue"], Value::Number(7.0));
    assert!(!first.contains_key("http_requests_per_s"));
    let second = meter.look(LIMIT).await.expect("answers");
    let Value::Number(rate) = second["http_requests_per_s"] else {
        panic!("is a number")
    };
    assert!(rate > 0.0);
    assert_eq!(second["request_seconds_mean"], Value::Number(2.0));
    // A counter that went back was started anew: nothing is known of it now.
    let third = meter.look(LIMIT).await.expect("answers");
    assert!(
        !third.contains_key("http_requests_per_s") && !third.contains_key("request_seconds_mean")
    );
    serve.abort();
}

#[tokio::test]
async fn what_is_no_page_of_figures_is_an_error() {
    let html = page("<html><body>Sign in</body></html>");
    let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
    let (port, serve) = server(vec![html, missing], true).await;
    let mut meter = Meter::new(&format!("http://u:secret@127.0.0.1:{port}/")).expect("is a URL");
    let error = meter.look(LIMIT).await.expect_err("is no page");
    assert!(matches!(error, Error::Strange { .. }), "{error}");
    let error = meter.look(LIMIT).await.expect_err("is missing");
    assert!(
        matches!(error, Error::Refused { .. }) && error.to_string().contains("404"),
        "{error}"
    );
    assert!(!error.to_string().contains("secret"));
    serve.abort();
}

#[tokio::test]
async fn any_answer_whatever_is_an_error_and_not_a_panic() {
    let answers: Vec<Vec<u8>> = vec![
        b"\x05".to_vec(),
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        b"R\x00\x00\x00\x08\x00\x00\x00\x09".to_vec(),
        b"R\x00\x00\x00\x03".to_vec(),
        b"R\x7f\xff\xff\xff".to_vec(),
        b"R\x00\x00\x00\x08\x00\x00\x00\x0b".to_vec(),
        b"R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05IT\x00\x00\x00\x06\x00\x09".to_vec(),
        b"$99999999999\r\n".to_vec(),
        b"$-1\r\n".to_vec(),
        b"*3\r\n".to_vec(),
        b"\xff\xff\xff\x00".to_vec(),
        b"\x05\x00\x00\x00\x0a8\x00ab".to_vec(),
        b"\x05\x00\x00\x00\xff\x10\x04#0".to_vec(),
        vec![0; 100],
        vec![0xff; 100],
        vec![b'x'; 100_000],
    ];
    let count = answers.len();
    let (port, serve) = server(answers, true).await;
    for scheme in ["postgres", "redis", "mysql", "http"] {
        let mut meter =
            Meter::new(&format!("{scheme}://u:p@127.0.0.1:{port}/x")).expect("is a URL");
        for _ in 0..count {
            meter.look(LIMIT).await.expect_err(scheme);
        }
    }
    serve.abort();
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_no_more_than_the_limit() {
    let (port, serve) = server(vec![Vec::new()], false).await;
    for scheme in ["postgres", "redis", "mysql", "http"] {
        let mut meter =
            Meter::new(&format!("{scheme}://u:p@127.0.0.1:{port}/x")).expect("is a URL");
        let error = meter
            .look(Duration::from_millis(200))
            .await
            .expect_err(scheme);
        assert!(matches!(error, Error::Silent { .. }), "{error}");
    }
    serve.abort();
}

#[tokio::test]
async fn nobody_there_is_an_error_that_names_the_place() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("is bound").port();
    drop(listener);
    let mut meter = Meter::new(&format!("redis://:secret@127.0.0.1:{port}")).expect("is a URL");
    let error = meter.look(LIMIT).await.expect_err("nobody is there");
    assert!(matches!(error, Error::Unreachable { .. }));
    assert!(error.to_string().contains(&port.to_string()) && !error.to_string().contains("secret"));
}
