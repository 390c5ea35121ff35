//! https against a server with a certificate that it signed itself.

mod support;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::{LONG, ask, hold, http, server};

fn tls_server(address: &str) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(vec!["somewhere.else".to_string()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    server(address, move |stream| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        stream.conn.send_close_notify();
        let _ = stream.flush();
    })
}

#[tokio::test]
async fn a_self_signed_certificate_of_this_machine_is_good_enough() {
    let at = tls_server("127.0.0.1");
    let port = at.port();
    for host in ["127.0.0.1", "localhost"] {
        let check = http(format!("https://{host}:{port}/up"));
        assert_eq!(ask(&check, LONG).await, "healthy: HTTP 200 from /up");
    }
}

#[tokio::test]
async fn what_is_not_tls_says_so() {
    let at = server("127.0.0.1", |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        hold(stream);
    });
    let said = ask(&http(format!("https://{at}/")), LONG).await;
    assert!(said.starts_with("unhealthy: TLS: "), "{said}");
    let at = server("127.0.0.1", hold);
    assert_eq!(
        ask(&http(format!("https://{at}/")), Duration::from_millis(300)).await,
        format!("unhealthy: TLS: no answer within 300ms ({at})")
    );
}

#[tokio::test]
async fn plain_http_to_a_tls_server_is_unhealthy() {
    let at = tls_server("127.0.0.1");
    let said = ask(&http(format!("http://{at}/")), LONG).await;
    assert!(said.starts_with("unhealthy: "), "{said}");
}
