//! An agent's side of the protocol, by hand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::world::World;
use forge_testkit::PATIENCE;

/// A connected agent. Dropped, it leaves, and the server must end by itself.
pub(crate) struct Session {
    child: Child,
    input: Option<ChildStdin>,
    messages: mpsc::Receiver<Value>,
    /// Answers that came while others were waited for.
    early: BTreeMap<u64, Value>,
    pub(crate) notices: Vec<Value>,
    next: u64,
}

/// What a tool has answered.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) data: Value,
    pub(crate) failed: bool,
}

impl Session {
    /// Starts the server and greets it.
    pub(crate) fn open(world: &World, words: &[&str]) -> Self {
        let mut session = Session::bare(world, words);
        let hello = session.ask(
            "initialize",
            json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": { "name": "Test Agent", "version": "1" },
            }),
        );
        assert_eq!(hello["result"]["serverInfo"]["name"], "forge", "{hello}");
        assert!(
            hello["result"]["instructions"]
                .as_str()
                .unwrap()
                .contains("status")
        );
        session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        session
    }

    /// Starts the server.
    pub(crate) fn bare(world: &World, words: &[&str]) -> Self {
        let mut command = world.command(&["mcp"]);
        command
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (tell, messages) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let message = serde_json::from_str(&line)
                    .unwrap_or_else(|error| panic!("no JSON on standard output: {error}: {line}"));
                if tell.send(message).is_err() {
                    return;
                }
            }
        });
        Session {
            input: child.stdin.take(),
            child,
            messages,
            early: BTreeMap::new(),
            notices: Vec::new(),
            next: 1,
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("open");
        input.write_all(bytes).expect("it reads");
        input.flush().expect("it reads");
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// Sends a request; its number.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Waits for the answer to a request.
    #[track_caller]
    pub(crate) fn answer(&mut self, id: u64) -> Value {
        loop {
            if let Some(answer) = self.early.remove(&id) {
                return answer;
            }
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|error| panic!("no answer to {id}: {error}"));
            match message["id"].as_u64() {
                Some(other) => drop(self.early.insert(other, message)),
                None => self.notices.push(message),
            }
        }
    }

    /// Waits for whatever comes next.
    #[track_caller]
    pub(crate) fn next_message(&mut self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("a message")
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer(id)
    }

    /// Calls a tool.
    #[track_caller]
    pub(crate) fn call(&mut self, name: &str, arguments: Value) -> Told {
        let answer = self.ask(
            "tools/call",
            json!({ "name": name, "arguments": arguments }),
        );
        let result = &answer["result"];
        assert!(result.is_object(), "{name}: {answer}");
        Told {
            text: result["content"][0]["text"]
                .as_str()
                .expect("a text")
                .to_string(),
            data: result["structuredContent"].clone(),
            failed: result["isError"] == true,
        }
    }

    /// Calls a tool that must do what it is asked.
    #[track_caller]
    pub(crate) fn good(&mut self, name: &str, arguments: Value) -> Told {
        let told = self.call(name, arguments);
        assert!(!told.failed, "{name}: {}", told.text);
        told
    }

    /// Calls a tool that must refuse, and say what comes next.
    #[track_caller]
    pub(crate) fn bad(&mut self, name: &str, arguments: Value) -> Told {
        let told = self.call(name, arguments);
        assert!(told.failed, "{name}: {}", told.text);
        assert!(told.text.contains("next: "), "{name}: {}", told.text);
        told
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.input.take());
        let end = forge_testkit::try_for(|| self.child.try_wait().ok().flatten());
        if end.is_none() {
            let _ = self.child.kill();
        }
        if !std::thread::panicking() {
            assert!(end.is_some_and(|end| end.success()), "{end:?}");
        }
    }
}
