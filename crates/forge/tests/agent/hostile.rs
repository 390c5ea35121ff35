//! Input that no agent should send: answered or dropped, never the end of the server.

use serde_json::json;

use crate::session::Session;
use crate::world::World;

fn world() -> World {
    World::new("dev:\n  - name: a\n    command: echo hello; exec sleep 600\n")
}

#[test]
fn a_hundred_requests_at_once_are_all_answered() {
    let world = world();
    let mut agent = Session::open(&world, &[]);
    agent.good("start", json!({}));
    let tools = ["status", "logs", "ports", "events", "profiles"];
    let ids: Vec<u64> = (0..100)
        .map(|n| {
            let call = json!({ "name": tools[n % tools.len()], "arguments": {} });
            agent.request("tools/call", call)
        })
        .collect();
    for id in ids {
        let answer = agent.answer(id);
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
}

#[test]
fn what_is_malformed_does_not_end_the_session() {
    let world = world();
    let mut agent = Session::open(&world, &[]);
    let huge = vec![b'x'; 20 << 20];
    let deep = "[".repeat(100_000);
    let lines: [&[u8]; 9] = [
        b"",
        b"not json",
        b"{\"jsonrpc\":\"2.0\"",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"{\"jsonrpc\":\"1.0\",\"method\":7}",
        deep.as_bytes(),
        &huge,
    ];
    for line in lines {
        agent.write(line);
        agent.write(b"\n");
    }
    agent.notices.clear();
    assert!(agent.good("status", json!({})).text.contains("running"));
}

#[test]
fn unknown_methods_and_tools_are_errors_of_the_protocol() {
    let world = world();
    let mut agent = Session::open(&world, &[]);
    assert_eq!(
        agent.ask("no/such/method", json!({}))["error"]["code"],
        -32601
    );
    let unknown = agent.ask("tools/call", json!({ "name": "rm", "arguments": {} }));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    assert!(unknown.to_string().contains("free_port"), "{unknown}");
    // What is no request of the protocol may have no number that it could be answered to.
    for params in [json!([1]), json!("x"), json!({ "name": 5 })] {
        agent.request("tools/call", params);
        let answer = agent.next_message();
        assert!(answer["error"]["code"].as_i64() < Some(-32_000), "{answer}");
    }
}

#[test]
fn arguments_that_mean_nothing_are_explained() {
    let world = world();
    let mut agent = Session::open(&world, &[]);
    let told = agent.bad("logs", json!({ "tail": 5 }));
    assert!(
        told.text.contains("unknown field `tail`") && told.text.contains("`lines`"),
        "{}",
        told.text
    );
    for (tool, arguments) in [
        ("wait", json!({ "target": "a", "until": "log" })),
        ("wait", json!({ "target": "nobody", "timeout_s": 1 })),
        ("wait", json!({ "target": "", "until": "ready" })),
        ("logs", json!({ "grep": "(" })),
        ("logs", json!({ "cursor": "\u{0}../x" })),
        ("logs", json!({ "lines": -1 })),
        ("free_port", json!({ "port": 70_000 })),
        ("free_port", json!({ "port": 0 })),
        ("run", json!({ "name": "../x", "command": "true" })),
        ("run", json!({ "name": "x", "command": [] })),
        ("start", json!({ "targets": ["nobody"] })),
        ("signal", json!({ "target": "a", "signal": "SIGNOTHING" })),
        ("detect", json!({ "folder": "/no/such/folder" })),
        ("crash", json!({ "name": "a\u{0}b" })),
        ("why", json!({ "name": "x".repeat(100_000) })),
    ] {
        let told = agent.bad(tool, arguments.clone());
        assert!(
            told.text.len() < 8_000,
            "{tool}: {} characters",
            told.text.len()
        );
    }
    // Null is as if it were not there, and one name is as good as a list.
    agent.good("status", json!({ "targets": null }));
    agent.good("start", json!({ "targets": "a", "profile": null }));
}

#[test]
fn whoever_leaves_without_a_word_ends_the_server() {
    let world = world();
    drop(Session::bare(&world, &[]));
    let mut half = Session::bare(&world, &[]);
    half.write(b"{\"jsonrpc\":");
}
