//! Servers that behave as a test needs them, and waiting for conditions.

#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use forge_probe::{Check, Verdict, check};

/// A time limit that only a broken check reaches.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Serves each connection by `serve`, on a free port of that address.
pub(crate) fn server(
    address: &str,
    serve: impl Fn(TcpStream) + Clone + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    at
}

/// Reads a request and answers it with these bytes.
pub(crate) fn answer(bytes: impl AsRef<[u8]>) -> impl Fn(TcpStream) + Clone + Send + 'static {
    let bytes = bytes.as_ref().to_vec();
    move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(&bytes);
    }
}

/// The head of a request.
pub(crate) fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Keeps a connection open until the other side closes it.
pub(crate) fn hold(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

/// A plain check of a URL.
pub(crate) fn http(url: impl Into<String>) -> Check {
    Check::Http {
        url: url.into(),
        status: vec![(200, 399)],
        headers: vec![],
        body: None,
    }
}

/// Asks once and gives what was found as one line.
pub(crate) async fn ask(question: &Check, limit: Duration) -> String {
    let Verdict {
        healthy, detail, ..
    } = check(question, limit).await;
    format!(
        "{}: {detail}",
        if healthy { "healthy" } else { "unhealthy" }
    )
}

/// Waits until a condition holds; fails the test when it does not come to hold.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        looks.tick().await;
    }
}

/// A port on which nobody listens.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
