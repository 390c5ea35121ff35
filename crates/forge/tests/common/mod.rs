//! A workspace in a temporary folder, the binary in it, and a supervisor that is played.

#![allow(dead_code)] // Each test file uses its part.

pub(crate) mod lives;

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use forge_facts::layout::Layout;
use serde_json::Value;

/// A workspace whose state and sockets lie beside it.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    /// A workspace with this `.forge/processes.yml`.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let own = Workspace { folder };
        std::fs::create_dir_all(own.path().join(".forge")).expect("a folder");
        std::fs::write(own.path().join(".forge/processes.yml"), config).expect("a file");
        own
    }

    /// Its folder, as the program names it.
    pub(crate) fn path(&self) -> PathBuf {
        self.base().join("shop")
    }

    fn base(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("it exists")
    }

    /// Where its files lie.
    pub(crate) fn layout(&self) -> Layout {
        let base = self.base();
        Layout::new(&self.path(), &base.join("state"), &base.join("runtime"))
    }

    /// The binary with these words, in the workspace, without a terminal.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let forge = env!("CARGO_BIN_EXE_forge");
        forge_testkit::program_in(forge, words, &self.path(), &self.base())
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words).output().expect("it runs"))
    }

    /// Runs it with this text at its standard input.
    pub(crate) fn run_with_input(&self, words: &[&str], input: &str) -> Ran {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        Ran::of(child.wait_with_output().expect("it ends"))
    }

    /// A supervisor that answers as the script says.
    pub(crate) fn play(&self, script: Vec<Scene>) -> Player {
        let socket = self.layout().api_socket();
        std::fs::create_dir_all(socket.parent().expect("a folder")).expect("a folder");
        Player::listen(&socket, script)
    }
}

/// What a run of the binary has left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// One request and what the supervisor does about it. Requests come in this order.
#[derive(Clone)]
pub(crate) struct Scene {
    /// `POST /v1/start`; the query string is not compared.
    pub(crate) expect: &'static str,
    pub(crate) answer: Answer,
}

/// What the supervisor does.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A JSON document with this status.
    Json(u16, Value),
    /// Server-sent events.
    Events(Vec<(&'static str, Value)>),
    /// Server-sent events, and then silence.
    Open(Vec<(&'static str, Value)>),
    /// Server-sent events that break off.
    Torn(Vec<(&'static str, Value)>),
}

/// What was asked, and a way to wait for more.
type Told = (Mutex<Vec<(String, String)>>, Condvar);

/// The played supervisor.
pub(crate) struct Player {
    told: Arc<Told>,
}

impl Player {
    fn listen(socket: &Path, script: Vec<Scene>) -> Self {
        let listener = UnixListener::bind(socket).expect("a free name");
        let player = Player {
            told: Arc::default(),
        };
        let told = player.told.clone();
        let left: Arc<Mutex<VecDeque<Scene>>> = Arc::new(Mutex::new(script.into()));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (told, left) = (told.clone(), left.clone());
                std::thread::spawn(move || serve(stream, &told, &left));
            }
        });
        player
    }

    /// Requests so far: `POST /v1/start?x=y` and the body.
    pub(crate) fn told(&self) -> Vec<(String, Value)> {
        let told = self.told.0.lock().expect("no panic");
        told.iter()
            .map(|(line, body)| (line.clone(), serde_json::from_str(body).unwrap_or_default()))
            .collect()
    }

    /// Waits until so many requests have come.
    pub(crate) fn wait_for(&self, requests: usize) {
        let (told, changed) = &*self.told;
        let guard = told.lock().expect("no panic");
        let patience = Duration::from_secs(20);
        let (guard, _) = changed
            .wait_timeout_while(guard, patience, |told| told.len() < requests)
            .expect("no panic");
        assert!(guard.len() >= requests, "told only {guard:?}");
    }
}

fn serve(stream: UnixStream, told: &Told, left: &Mutex<VecDeque<Scene>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut stream = stream;
    while let Some((line, body)) = read_request(&mut reader) {
        told.0.lock().expect("no panic").push((line.clone(), body));
        told.1.notify_all();
        let scene = left.lock().expect("no panic").pop_front();
        let Some(scene) = scene else { return };
        let path = line.split('?').next().unwrap_or_default();
        if path != scene.expect {
            return;
        }
        let kept = write_answer(&mut stream, &scene.answer);
        if kept.is_none() {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<UnixStream>) -> Option<(String, String)> {
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = first.trim_end().trim_end_matches(" HTTP/1.1").to_string();
    Some((line, String::from_utf8(body).ok()?))
}

/// `None` when the connection is to be closed.
fn write_answer(stream: &mut UnixStream, answer: &Answer) -> Option<()> {
    match answer {
        Answer::Json(status, document) => {
            let body = document.to_string();
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .ok()
        }
        Answer::Events(events) => {
            write_events(stream, events)?;
            write!(stream, "0\r\n\r\n").ok()
        }
        Answer::Open(events) => {
            write_events(stream, events)?;
            // Until the other side has gone away.
            let _ = stream.read(&mut [0]);
            None
        }
        Answer::Torn(events) => {
            write_events(stream, events)?;
            None
        }
    }
}

fn write_events(stream: &mut UnixStream, events: &[(&str, Value)]) -> Option<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    .ok()?;
    for (name, data) in events {
        let text = format!("event: {name}\ndata: {data}\n\n");
        write!(stream, "{:x}\r\n{text}\r\n", text.len()).ok()?;
    }
    Some(())
}
