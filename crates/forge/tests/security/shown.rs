//! What is shown: secrets never, and nothing that a process writes reaches a terminal as an order.

use std::io::Write;
use std::process::Stdio;

use crate::world::{Beside, World};

/// A value that must not be seen.
const SECRET: &str = "hunter2correcthorse";

#[test]
fn a_secret_is_in_no_output_of_any_command() {
    let world = World::new(&format!(
        "dev:
  - name: web
    command: 'echo started; exec sleep 1000'
    env: {{API_TOKEN: {SECRET}, DB_PASSWORD: '{SECRET}', STRIPE_KEY: {SECRET}, MY_SECRET: {SECRET}}}
  - name: bad
    command: 'echo \"cannot log in with $API_TOKEN\" >&2; exit 3'
    env: {{API_TOKEN: {SECRET}}}
    restart: {{policy: never}}
    depends_on: {{web: {{condition: started}}}}
"
    ));
    world.write(".env", &format!("GITHUB_TOKEN={SECRET}\n"));
    world.run_with(&["dev", "start"], &[("NPM_TOKEN", SECRET)]);
    world.wait_status("bad", "crashed");
    world.ok(&["dev", "crash", "bad", "--json"]);
    let commands: &[&[&str]] = &[
        &["dev", "status"],
        &["dev", "status", "--json"],
        &["dev", "status", "--all", "--json"],
        &["dev", "monitor", "--once"],
        &["dev", "monitor", "--json"],
        &["dev", "why", "web"],
        &["dev", "why", "web", "--json"],
        &["dev", "why", "bad", "--json"],
        &["dev", "events", "--json"],
        &["dev", "events"],
        &["dev", "crashes", "--json"],
        &["dev", "crash", "bad"],
        &["dev", "crash", "bad", "--full"],
        &["dev", "crash", "bad", "--json"],
        &["dev", "changes", "web"],
        &["dev", "changes", "bad", "--json"],
        &["dev", "ps", "web"],
        &["dev", "ports", "--json"],
        &["dev", "hogs", "--json"],
        &["dev", "orphans", "--json"],
        &["dev", "graph"],
        &["dev", "profiles", "--json"],
        &["dev", "paths", "--json"],
        &["dev", "doctor"],
        &["daemon", "status", "--json"],
        &["dev", "export", "--to", "systemd"],
        &["dev", "export", "--to", "compose"],
        &["dev", "export", "--to", "kubernetes"],
    ];
    let exported = |words: &[&str]| words.contains(&"export");
    for words in commands {
        let ran = world.run(words);
        let shown = ran.stdout.contains(SECRET) || ran.stderr.contains(SECRET);
        // An export is the configuration itself, as its owner wrote it.
        assert!(!shown || exported(words), "{words:?}: {ran:?}");
    }
    let layout = world.layout();
    let log = std::fs::read_to_string(layout.supervisor_log()).unwrap_or_default();
    assert!(!log.contains(SECRET), "{log}");
    let ran = world.ok(&["dev", "why", "web", "--json", "--show-secrets"]);
    assert!(
        ran.stdout.contains(SECRET),
        "asked for, it is shown: {ran:?}"
    );
}

#[test]
fn an_agent_is_shown_no_secret() {
    let world = World::new(&format!(
        "dev:
  - name: web
    command: 'echo \"token=$API_TOKEN\"; echo connecting with password={SECRET}; exit 3'
    env: {{API_TOKEN: {SECRET}}}
    restart: {{policy: never}}
"
    ));
    world.run(&["dev", "start"]);
    world.wait_status("web", "crashed");
    let tools = [
        ("status", "{}"),
        ("logs", "{\"targets\": [\"web\"]}"),
        ("crash", "{\"name\": \"web\"}"),
        ("why", "{\"name\": \"web\"}"),
        ("changes", "{\"name\": \"web\"}"),
        ("events", "{}"),
        ("search_logs", "{\"pattern\": \"o\"}"),
    ];
    let mut text = concat!(
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        "\n",
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        "\n"
    )
    .to_string();
    for (id, (tool, words)) in tools.iter().enumerate() {
        let id = id + 1;
        text.push_str(&format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"{tool}\",\"arguments\":{words}}}}}\n"
        ));
    }
    let mut command = world.command(&["mcp"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let beside = Beside::of(child);
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let ran = beside.end();
    let answers = ran
        .stdout
        .lines()
        .filter(|line| line.contains("\"result\""));
    assert_eq!(answers.count(), tools.len() + 1, "{ran:?}");
    assert!(!ran.stdout.contains(SECRET), "{ran:?}");
}

/// What a terminal would obey: title, clipboard, link, questions, other screens, C1.
const ORDERS: &[&str] = &[
    "\u{1b}]0;title\u{7}",
    "\u{1b}]52;c;aGk=\u{7}",
    "\u{1b}]8;;file:///etc/passwd\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}[6n",
    "\u{1b}P$qm\u{1b}\\",
    "\u{1b}_Gf=1\u{1b}\\",
    "\u{1b}[?1049h",
    "\u{1b}[?1000h",
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}c",
    "\u{9b}31m\u{9d}0;t\u{9c}",
    "\u{1b}]0;never ended ",
];

/// Escape sequences that are no colours; all of them where none is allowed.
fn orders_in(text: &str, colours: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\n' && c != '\t') {
        let tail = &rest[at..];
        let colour = tail.strip_prefix("\u{1b}[").and_then(|body| {
            let end = body.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))?;
            body[end..].starts_with('m').then_some(end + 3)
        });
        match colour {
            Some(length) if colours => rest = &tail[length..],
            _ => {
                found.push(
                    tail.chars()
                        .take(12)
                        .collect::<String>()
                        .escape_debug()
                        .to_string(),
                );
                rest = &tail[tail.chars().next().map_or(1, char::len_utf8)..];
            }
        }
    }
    found
}

#[test]
fn what_a_process_writes_gives_no_orders_to_a_terminal() {
    let world = World::new(
        "dev:
  - name: web
    command: cat orders; cp orders crash; exec cat /dev/fd/3 3<wait
    restart: {policy: never}
  - name: bad
    command: |
      cat orders >&2
      printf 'Error\\033]0;x\\007: boom\\033[2J\\n' >&2
      exit 3
    restart: {policy: never}
  - name: args
    command: [sh, -c, 'exec sleep 1000', \"\\e]0;argv\\a\\e[2J\"]
    health_check: {command: \"printf '\\\\033]0;x\\\\007'; exit 0\"}
",
    );
    let fifo = world.path().join("wait");
    forge_os::make_fifo(&fifo).expect("ours");
    let text: String = ORDERS
        .iter()
        .map(|order| format!("before {order}after\n"))
        .collect();
    world.write("orders", &text);
    world.ok(&["dev", "start", "--no-wait"]);
    world.wait_status("bad", "crashed");
    world.wait_output("web", "never ended after\n");
    let commands: &[&[&str]] = &[
        &["dev", "logs"],
        &["dev", "logs", "web"],
        &["dev", "logs", "--json"],
        &["dev", "search", "after"],
        &["dev", "logs", "--file", "orders"],
        &["dev", "status"],
        &["dev", "status", "--json"],
        &["dev", "events"],
        &["dev", "events", "--json"],
        &["dev", "crash", "bad"],
        &["dev", "crash", "bad", "--full"],
        &["dev", "crash", "bad", "--json"],
        &["dev", "crashes"],
        &["dev", "why", "bad"],
        &["dev", "why", "args"],
        &["dev", "ps"],
        &["dev", "monitor", "--once"],
        &["dev", "hogs"],
        &["dev", "ports", "--all"],
        &["explain", "orders"],
    ];
    for words in commands {
        let plain = world.run(words);
        for text in [&plain.stdout, &plain.stderr] {
            assert_eq!(
                orders_in(text, false),
                Vec::<String>::new(),
                "{words:?}: {text}"
            );
        }
        let mut coloured = vec!["--color", "always"];
        coloured.extend(*words);
        let coloured = world.run(&coloured);
        assert_eq!(plain.code, coloured.code, "{words:?}: {coloured:?}");
        for text in [&coloured.stdout, &coloured.stderr] {
            assert_eq!(
                orders_in(text, true),
                Vec::<String>::new(),
                "{words:?}: {text}"
            );
        }
    }
    // All that was said can still be read, and every line is there.
    let ran = world.ok(&["dev", "logs", "web"]);
    assert_eq!(
        ran.stdout.matches("before").count(),
        ORDERS.len(),
        "{ran:?}"
    );
    let raw = world.ok(&["dev", "logs", "web", "--raw"]);
    assert!(
        raw.stdout.contains("\u{1b}]52;c;aGk="),
        "raw is raw: {raw:?}"
    );
}
