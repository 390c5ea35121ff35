//! GET requests and connections against real servers, good and bad.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use forge_probe::Check;
use support::{LONG, answer, ask, closed_port, head, hold, http, server};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_good_answer_is_healthy_and_names_the_path() {
    let at = server("127.0.0.1", answer(OK));
    let check = http(format!("http://{at}/health?token=secret"));
    assert_eq!(ask(&check, LONG).await, "healthy: HTTP 200 from /health");
}

#[tokio::test]
async fn the_request_is_what_a_server_expects() {
    let (tx, rx) = std::sync::mpsc::channel();
    let at = server("127.0.0.1", move |mut stream| {
        tx.send(head(&mut stream)).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let check = Check::Http {
        url: format!("http://{at}/a%20b?c=d#e"),
        status: vec![(200, 200)],
        headers: vec![("X-Token".into(), "t".into())],
        body: None,
    };
    assert!(ask(&check, LONG).await.starts_with("healthy"));
    let mut lines: Vec<String> = rx.recv().unwrap().lines().map(str::to_string).collect();
    assert_eq!(lines.remove(0), "GET /a%20b?c=d HTTP/1.1");
    lines.sort();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines,
        [
            String::new(),
            "accept: */*".to_string(),
            "connection: close".to_string(),
            format!("host: {at}"),
            format!("user-agent: forge/{version}"),
            "x-token: t".to_string(),
        ]
    );
}

#[tokio::test]
async fn a_status_outside_the_ranges_is_unhealthy() {
    let at = server("127.0.0.1", answer("HTTP/1.1 503 Busy\r\n\r\n"));
    let check = http(format!("http://{at}/"));
    assert_eq!(ask(&check, LONG).await, "unhealthy: HTTP 503 from /");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let target = elsewhere.local_addr().unwrap();
    let at = server(
        "127.0.0.1",
        answer(format!(
            "HTTP/1.1 302 Found\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n"
        )),
    );
    let check = http(format!("http://{at}/"));
    assert_eq!(ask(&check, LONG).await, "healthy: HTTP 302 from /");
    assert!(elsewhere.accept().is_err());
}

#[tokio::test]
async fn the_body_must_match_where_that_is_asked_for() {
    let at = server("127.0.0.1", answer(OK));
    let check = |pattern: &str| Check::Http {
        url: format!("http://{at}/x"),
        status: vec![(200, 299)],
        headers: vec![],
        body: Some(regex::Regex::new(pattern).unwrap()),
    };
    assert!(ask(&check("^ok$"), LONG).await.starts_with("healthy"));
    assert_eq!(
        ask(&check("fine"), LONG).await,
        "unhealthy: HTTP 200 from /x, but its body does not match `fine`"
    );
}

#[tokio::test]
async fn only_the_first_mebibyte_of_a_body_is_read() {
    let at = server("127.0.0.1", |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        // Without end, until the check hangs up.
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    let check = Check::Http {
        url: format!("http://{at}/"),
        status: vec![(200, 200)],
        headers: vec![],
        body: Some(regex::Regex::new("y").unwrap()),
    };
    assert!(ask(&check, LONG).await.contains("does not match"));
    assert_eq!(
        ask(&http(format!("http://{at}/")), LONG).await,
        "healthy: HTTP 200 from /"
    );
}

#[tokio::test]
async fn a_stream_of_events_is_healthy_as_soon_as_its_head_is_there() {
    let at = server("127.0.0.1", |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        hold(stream);
    });
    assert!(
        ask(&http(format!("http://{at}/")), LONG)
            .await
            .starts_with("healthy")
    );
}

#[tokio::test]
async fn nobody_there_is_told_at_once() {
    let port = closed_port();
    assert_eq!(
        ask(&http(format!("http://127.0.0.1:{port}/")), LONG).await,
        format!("unhealthy: connection refused (127.0.0.1:{port})")
    );
    assert_eq!(
        ask(&http(format!("http://localhost:{port}/")), LONG).await,
        format!("unhealthy: connection refused (localhost:{port})")
    );
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_timeout_and_no_more() {
    let at = server("127.0.0.1", hold);
    assert_eq!(
        ask(&http(format!("http://{at}/slow")), SHORT).await,
        "unhealthy: no answer from /slow within 300ms"
    );
}

#[tokio::test]
async fn a_server_that_drips_its_answer_costs_the_timeout_and_no_more() {
    let at = server("127.0.0.1", |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        // A line for every moment in which the other side says nothing.
        let moment = Some(Duration::from_millis(20));
        stream.set_read_timeout(moment).unwrap();
        while stream.read(&mut [0]).is_err() && stream.write_all(b"X-A: b\r\n").is_ok() {}
    });
    assert_eq!(
        ask(&http(format!("http://{at}/")), SHORT).await,
        "unhealthy: no answer from / within 300ms"
    );
}

#[tokio::test]
async fn garbage_is_told_from_silence() {
    let at = server("127.0.0.1", answer("\x00\x15\x03\x01garbage\r\n\r\n"));
    assert_eq!(
        ask(&http(format!("http://{at}/")), LONG).await,
        format!("unhealthy: the answer is not HTTP ({at})")
    );
    let at = server("127.0.0.1", answer(""));
    assert_eq!(
        ask(&http(format!("http://{at}/")), LONG).await,
        format!("unhealthy: the connection was closed before an answer ({at})")
    );
    let at = server("127.0.0.1", |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    assert!(
        ask(&http(format!("http://{at}/")), LONG)
            .await
            .starts_with("unhealthy")
    );
}

#[tokio::test]
async fn a_url_that_cannot_be_asked_says_why() {
    assert_eq!(
        ask(&http("file:///etc/passwd"), LONG).await,
        "unhealthy: invalid format in the URL `file:///etc/passwd`"
    );
    assert_eq!(
        ask(&http("ftp://localhost/"), LONG).await,
        "unhealthy: unknown scheme `ftp` in the URL `ftp://localhost/`"
    );
}

#[tokio::test]
async fn localhost_is_both_addresses() {
    for address in ["127.0.0.1", "::1"] {
        let at = server(address, answer(OK));
        let port = at.port();
        let check = http(format!("http://localhost:{port}/"));
        assert_eq!(ask(&check, LONG).await, "healthy: HTTP 200 from /");
        let check = Check::Tcp {
            host: "localhost".into(),
            port,
        };
        assert_eq!(
            ask(&check, LONG).await,
            format!("healthy: localhost:{port} accepts connections")
        );
    }
}

#[tokio::test]
async fn a_wrong_answer_on_one_address_does_not_hide_a_right_one_on_the_other() {
    let good = server("::1", answer(OK));
    let Ok(bad) = TcpListener::bind(("127.0.0.1", good.port())) else {
        return; // Somebody else has the port there.
    };
    std::thread::spawn(move || {
        for stream in bad.incoming().map_while(Result::ok) {
            answer("HTTP/1.1 500 No\r\n\r\n")(stream);
        }
    });
    let check = http(format!("http://localhost:{}/", good.port()));
    assert_eq!(ask(&check, LONG).await, "healthy: HTTP 200 from /");
}

#[tokio::test]
async fn an_ipv6_address_works_in_a_url_and_alone() {
    let at = server("::1", answer(OK));
    assert!(
        ask(&http(format!("http://{at}/")), LONG)
            .await
            .starts_with("healthy")
    );
    let check = Check::Tcp {
        host: "::1".into(),
        port: at.port(),
    };
    assert_eq!(
        ask(&check, LONG).await,
        format!("healthy: {at} accepts connections")
    );
}

#[tokio::test]
async fn a_connection_is_refused_or_made() {
    let port = closed_port();
    let check = Check::Tcp {
        host: "127.0.0.1".into(),
        port,
    };
    assert_eq!(
        ask(&check, LONG).await,
        format!("unhealthy: connection refused (127.0.0.1:{port})")
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_says_so() {
    let check = Check::Tcp {
        host: "no-such-name.invalid".into(),
        port: 80,
    };
    let said = ask(&check, LONG).await;
    let expected = "unhealthy: the name `no-such-name.invalid` was not resolved: ";
    assert!(said.starts_with(expected), "{said}");
}
