//! The demo services together, as the example runs them, but without Forge.
//!
//! Services get port 0 and say which port they were given; a test waits for that line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running service, ended with the test.
struct Service {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Service {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Service {
        let mut child = Command::new(env!("CARGO_BIN_EXE_forge-demo"))
            .args(arguments)
            .env("PORT", "0")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo binary starts");
        let output = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        Service { child, output }
    }

    /// The next line of output that contains `text`.
    fn line_with(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let length = self
                .output
                .read_line(&mut line)
                .expect("output is readable");
            assert!(length > 0, "the service ended without a line with {text:?}");
            if line.contains(text) {
                return line.trim_end().to_string();
            }
        }
    }

    /// The address behind the last occurrence of `127.0.0.1:` in the line that announces it.
    fn address(&mut self) -> String {
        let line = self.line_with("127.0.0.1:");
        let begin = line.rfind("127.0.0.1:").expect("the line has an address");
        line[begin..].trim_end_matches('/').to_string()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fetch(address: &str, method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    raw(
        address,
        &format!("{method} {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}"),
    )
}

fn raw(address: &str, request: &str) -> String {
    let mut connection = TcpStream::connect(address).expect("the service accepts");
    connection
        .write_all(request.as_bytes())
        .expect("the service reads");
    let mut answer = String::new();
    connection
        .read_to_string(&mut answer)
        .expect("the service answers in text");
    answer
}

fn migrate(store: &str) -> String {
    let mut migration = Service::start(&["migrate"], &[("STORE", store)]);
    let mut output = String::new();
    migration
        .output
        .read_to_string(&mut output)
        .expect("output is readable");
    assert!(migration.child.wait().expect("it ends").success());
    output
}

fn temporary_file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder.join("store.log")
}

#[test]
fn a_note_goes_through_web_api_store_and_worker() {
    let mut store = Service::start(&["store"], &[]);
    let store_address = store.address();
    migrate(&store_address);
    let mut api = Service::start(&["api"], &[("STORE", &store_address)]);
    let api_address = api.address();
    let mut web = Service::start(&["web"], &[("API", &api_address)]);
    let web_address = web.address();

    assert!(fetch(&web_address, "GET", "/", "").contains("<title>Forge demo</title>"));
    assert!(fetch(&web_address, "POST", "/api/notes", "three \"little\" words").contains("201"));
    let mut worker = Service::start(&["worker"], &[("STORE", &store_address)]);
    worker.line_with("counted note 2: 3 words");
    let notes = fetch(&web_address, "GET", "/api/notes", "");
    assert!(
        notes.ends_with(
            r#"{"notes":[{"id":1,"text":"Welcome to the demo","words":4},{"id":2,"text":"three \"little\" words","words":3}]}"#
        ),
        "{notes}"
    );
}

#[test]
fn the_api_is_unhealthy_while_the_store_is_away_and_well_when_it_is_back() {
    let mut store = Service::start(&["store"], &[]);
    let address = store.address();
    let mut api = Service::start(&["api"], &[("STORE", &address)]);
    let api_address = api.address();
    assert!(fetch(&api_address, "GET", "/health", "").starts_with("HTTP/1.1 200"));
    drop(store);
    assert!(fetch(&api_address, "GET", "/health", "").starts_with("HTTP/1.1 503"));
    let port = address.rsplit(':').next().expect("an address has a port");
    let mut again = Service::start(&["store"], &[("PORT", port)]);
    again.address();
    assert!(fetch(&api_address, "GET", "/health", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_crash_ends_the_whole_api_with_a_panic() {
    let mut store = Service::start(&["store"], &[]);
    let mut api = Service::start(&["api"], &[("STORE", &store.address())]);
    let address = api.address();
    fetch(&address, "GET", "/crash", "");
    let status = api.child.wait().expect("it ends");
    assert!(!status.success());
}

#[test]
fn a_store_that_was_killed_has_kept_what_it_answered_and_drops_half_a_line() {
    let file = temporary_file("killed-store");
    let path = file.to_str().expect("the path is text");
    let mut store = Service::start(&["store", path], &[]);
    assert!(migrate(&store.address()).contains("applied migration 2"));
    drop(store);
    std::fs::OpenOptions::new()
        .append(true)
        .open(&file)
        .and_then(|mut kept| kept.write_all(b"SET schema 99"))
        .expect("the file is there");

    let mut again = Service::start(&["store", path], &[]);
    assert_eq!(migrate(&again.address()), "schema is at version 2\n");
}

#[test]
fn bad_requests_are_answered_and_end_nothing() {
    let mut store = Service::start(&["store"], &[]);
    let mut api = Service::start(&["api"], &[("STORE", &store.address())]);
    let address = api.address();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000));
    for bad in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / FTP/1\r\n\r\n",
        "a b HTTP/1.1\r\n\r\n",
    ] {
        assert!(raw(&address, bad).starts_with("HTTP/1.1 400"), "{bad:?}");
    }
    let mut connection = TcpStream::connect(&address).expect("the api accepts");
    let _ = connection.write_all(long.as_bytes());
    let huge = "POST /notes HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n";
    assert!(raw(&address, huge).starts_with("HTTP/1.1 400"));
    assert!(fetch(&address, "GET", "/health", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_service_without_its_variables_says_which_one_it_needs() {
    let output = Command::new(env!("CARGO_BIN_EXE_forge-demo"))
        .arg("api")
        .env_remove("STORE")
        .output()
        .expect("the demo binary starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("STORE is not set"));
}
