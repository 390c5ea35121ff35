//! Whole stories: from nothing to a bug that is fixed.

use serde_json::{Value, json};

use crate::session::Session;
use crate::world::World;
use forge_testkit::free_port;

const BROKEN: &str = "import sys\n\ndef handle(user):\n    return user['name'].upper()\n\nprint('connecting', flush=True)\nprint(handle({}), flush=True)\n";

const WORKS: &str = "import time\n\nprint('API_TOKEN=abcdef listening', flush=True)\nwhile True:\n    time.sleep(60)\n";

fn shop() -> World {
    let world = World::new(
        "dev:\n  - name: api\n    command: exec python3 app.py\n    health_check:\n      log: listening\n    env: {DB_PASSWORD: hunter2}\n  - name: db\n    command: echo db is up; exec sleep 600\n",
    );
    world.write("app.py", BROKEN);
    world
}

#[test]
fn an_agent_brings_an_environment_up_finds_a_bug_and_sees_it_fixed() {
    let world = shop();
    let mut agent = Session::open(&world, &[]);
    let idle = agent.good("status", json!({}));
    assert!(idle.text.contains("0 of"), "{}", idle.text);

    // The start says what failed and which call comes next.
    let started = agent.bad("start", json!({ "timeout_s": 30 }));
    assert!(started.text.contains("db: running"), "{}", started.text);
    assert!(started.text.contains("failed: api"), "{}", started.text);
    assert!(
        started.text.contains("`crash` with name \"api\""),
        "{}",
        started.text
    );

    let crash = agent.good("crash", json!({ "name": "api" }));
    let place = &crash.data["location"];
    assert_eq!(
        (&place["file"], &place["line"]),
        (&json!("app.py"), &json!(4)),
        "{crash:?}"
    );
    assert!(crash.text.contains("app.py:4"), "{}", crash.text);
    assert!(crash.text.contains("KeyError"), "{}", crash.text);
    let why = agent.good("why", json!({ "name": "api", "all_settings": true }));
    assert!(why.text.contains("api is"), "{}", why.text);
    assert!(!why.text.contains("hunter2"), "{}", why.text);
    agent.good("changes", json!({ "name": "api" }));

    // The file is corrected; the process starts again by itself.
    world.write("app.py", WORKS);
    let ready = agent.good(
        "wait",
        json!({ "target": "api", "until": "ready", "timeout_s": 30 }),
    );
    assert_eq!(ready.data["ok"], true);
    let status = agent.good("status", json!({ "targets": "api" }));
    let api = &status.data["processes"][0];
    assert_eq!(
        (&api["status"], &api["health"]),
        (&json!("running"), &json!("healthy"))
    );
    let logs = agent.good("logs", json!({ "targets": ["api"] }));
    assert!(logs.text.contains("listening"), "{}", logs.text);
    assert!(!logs.text.contains("abcdef") && !logs.data.to_string().contains("abcdef"));

    // A second start is harmless, and nothing new was said.
    let again = agent.good("start", json!({}));
    assert!(again.text.contains("ran already"), "{}", again.text);
    let new = agent.good("logs", json!({ "targets": ["api"], "new": true }));
    assert_eq!(new.text, "nothing new");
    let found = agent.good("search_logs", json!({ "pattern": "Key\\w+" }));
    assert!(found.data["count"].as_u64().unwrap() >= 1, "{}", found.text);
    let events = agent.good("events", json!({ "targets": "api" }));
    assert!(events.text.contains("crashed"), "{}", events.text);
    let stopped = agent.good("stop", json!({ "targets": ["api"] }));
    assert!(stopped.text.contains("stopped api"), "{}", stopped.text);
}

#[test]
fn what_an_agent_starts_carries_its_name_and_others_see_it() {
    let world = shop();
    let mut agent = Session::open(&world, &[]);
    let mut other = Session::open(&world, &[]);
    let run = agent.good(
        "run",
        json!({ "name": "echo", "command": "echo i am $FORGE_AGENT; while read line; do echo got $line; done" }),
    );
    assert!(run.text.contains("echo: running"), "{}", run.text);
    let seen = other.good("status", json!({}));
    assert!(
        seen.data.to_string().contains("started by test-agent"),
        "{seen:?}"
    );
    other.good(
        "wait",
        json!({ "target": "echo", "until": "log", "pattern": "i am test-agent" }),
    );
    agent.good("logs", json!({ "targets": "echo" }));
    other.good("send", json!({ "target": "echo", "text": "hello" }));
    other.good(
        "wait",
        json!({ "target": "echo", "until": "log", "pattern": "got hello" }),
    );
    let new = agent.good("logs", json!({ "targets": "echo", "new": true }));
    assert!(
        new.text.ends_with("got hello") && new.text.lines().count() == 1,
        "{}",
        new.text
    );
    // Its name is its group.
    let stopped = agent.good("stop", json!({ "targets": "test-agent" }));
    assert!(stopped.text.contains("stopped echo"), "{}", stopped.text);
}

#[test]
fn what_forge_did_not_start_is_not_ended() {
    let world = shop();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut agent = Session::open(&world, &[]);
    let refused = agent.bad("free_port", json!({ "port": port }));
    assert!(refused.text.contains("did not start"), "{}", refused.text);
    assert!(refused.text.contains("next-port"), "{}", refused.text);
    agent.bad("start", json!({ "on_conflict": "kill" }));
    let who = agent.good("ports", json!({ "port": port }));
    assert!(who.text.contains("outside"), "{}", who.text);

    let own = free_port();
    world.configure(&format!(
        "dev:\n  - name: web\n    command: exec python3 -m http.server {own} --bind 127.0.0.1\n    port: {own}\n"
    ));
    agent.good("start", json!({}));
    let waited = agent.good(
        "wait",
        json!({ "until": "port", "port": own, "target": "web" }),
    );
    assert!(waited.text.contains("web"), "{}", waited.text);
    let freed = agent.good("free_port", json!({ "port": own }));
    assert!(freed.text.contains("stopped web"), "{}", freed.text);
}

#[test]
fn a_flood_is_folded_and_bounded_and_read_to_its_end() {
    let world = World::new(
        "dev:\n  - name: flood\n    command: for i in $(seq 300); do echo retry; done; for i in $(seq 500); do echo line $i; done; exec sleep 600\n",
    );
    let mut agent = Session::open(&world, &[]);
    agent.good("start", json!({}));
    agent.good(
        "wait",
        json!({ "target": "flood", "until": "log", "pattern": "line 500" }),
    );
    let last = agent.good("logs", json!({ "lines": 10 }));
    assert_eq!(last.data["lines"].as_array().unwrap().len(), 10);
    assert!(
        last.text.contains("line 500") && last.text.contains("earlier lines"),
        "{}",
        last.text
    );
    let mut before = last.data["first"].clone();
    let mut seen = 10;
    let mut folded = None;
    while folded.is_none() {
        let page = agent.good("logs", json!({ "lines": 100, "before": before }));
        for line in page.data["lines"].as_array().unwrap() {
            match line["count"].as_u64() {
                Some(count) => folded = Some(count),
                None => seen += 1,
            }
        }
        before = page.data["first"].clone();
    }
    assert_eq!((seen, folded), (500, Some(300)));
    let small = agent.good("logs", json!({ "max_chars": 300 }));
    assert!(small.text.len() < 600, "{}", small.text);
}

#[test]
fn a_supervisor_that_dies_is_not_noticed() {
    let world = shop();
    world.write("app.py", WORKS);
    let mut agent = Session::open(&world, &[]);
    agent.good("start", json!({}));
    let waiting = agent.request(
        "tools/call",
        json!({ "name": "wait", "arguments": { "target": "db", "until": "exit", "timeout_s": 60 } }),
    );
    agent.good("logs", json!({}));
    crate::world::kill(world.supervisor_pid(), 9);
    // It reads again what its predecessor had read, and knows within a moment that all is well.
    agent.good("wait", json!({ "target": "api", "timeout_s": 30 }));
    let status = agent.good("status", json!({}));
    assert!(status.text.contains("api: running"), "{}", status.text);
    assert_eq!(
        agent.good("logs", json!({ "new": true })).text,
        "nothing new"
    );
    agent.good("stop", json!({ "targets": "db" }));
    let ended = agent.answer(waiting);
    assert!(ended["result"].is_object(), "{ended}");
}

#[test]
fn resources_and_prompts_tell_what_there_is() {
    let world = shop();
    world.write("app.py", WORKS);
    let mut agent = Session::open(&world, &[]);
    agent.good("start", json!({}));
    let listed = agent.ask("resources/list", json!({}));
    let uris: Vec<&str> = listed["result"]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["uri"].as_str())
        .collect();
    assert!(uris.contains(&"forge://logs/db"), "{uris:?}");
    let mut read = |uri: &str| -> Value { agent.ask("resources/read", json!({ "uri": uri })) };
    for (uri, holds) in [
        ("forge://status", "\"api\""),
        ("forge://logs/db", "db is up"),
        ("forge://configuration", "DB_PASSWORD: ********"),
    ] {
        let answer = read(uri);
        let text = answer["result"]["contents"][0]["text"]
            .as_str()
            .unwrap_or_default();
        assert!(
            text.contains(holds) && !text.contains("hunter2"),
            "{uri}: {answer}"
        );
    }
    assert!(read("forge://logs/none")["error"].is_object());
    assert!(read("file:///etc/passwd")["error"].is_object());
    let prompts = agent.ask("prompts/list", json!({}));
    assert_eq!(prompts["result"]["prompts"].as_array().unwrap().len(), 2);
    let prompt = agent.ask(
        "prompts/get",
        json!({ "name": "find_failure", "arguments": { "process": "api" } }),
    );
    assert!(
        prompt.to_string().contains("the process \\\"api\\\""),
        "{prompt}"
    );
}

#[test]
fn without_a_workspace_an_agent_is_told_how_to_make_one() {
    let world = shop();
    std::fs::remove_dir_all(world.path().join(".forge")).unwrap();
    world.write(
        "package.json",
        r#"{"name": "x", "scripts": {"dev": "vite"}}"#,
    );
    let mut agent = Session::open(&world, &[]);
    let told = agent.bad("status", json!({}));
    assert!(
        told.text.contains("processes.yml") && told.text.contains("detect"),
        "{}",
        told.text
    );
    let found = agent.good("detect", json!({}));
    assert!(found.text.contains("dev"), "{}", found.text);
    world.configure("dev:\n  - name: a\n    comand: x\n");
    let told = agent.bad("start", json!({}));
    assert!(
        told.text.contains("did you mean") && told.text.contains("processes.yml:3"),
        "{}",
        told.text
    );
    world.configure("dev:\n  - name: a\n    command: exec sleep 600\n");
    agent.good("start", json!({}));
}

#[test]
fn no_answer_holds_the_value_of_a_secret_wherever_it_was_written() {
    let world = World::new(
        "dev:
  - name: api
    command: echo \"logged in with $API_TOKEN\"; sleep 0.2; echo \"refused $API_TOKEN\" >&2; exit 3
    port: auto
    env: {API_TOKEN: zebra-crossing-7}
    auto_restart: false
",
    );
    let mut agent = Session::open(&world, &[]);
    let failed = agent.call("start", json!({}));
    assert!(failed.failed, "{failed:?}");
    let given = json!({"name": "job", "command": ["sh", "-c", "echo has $JOB_SECRET; exec sleep 1000"], "env": {"JOB_SECRET": "violet-apple-9"}});
    agent.good("run", given);
    agent.good(
        "wait",
        json!({"target": "job", "until": "log", "pattern": "has"}),
    );
    let mut texts = vec![failed];
    for (tool, arguments) in [
        ("logs", json!({"targets": ["api", "job"]})),
        ("search_logs", json!({"pattern": "refused|has"})),
        ("crash", json!({"name": "api", "full": true})),
        ("crash", json!({})),
        ("why", json!({"name": "api"})),
        ("why", json!({"name": "job"})),
        ("status", json!({})),
        ("events", json!({})),
        ("changes", json!({"name": "job"})),
    ] {
        texts.push(agent.call(tool, arguments));
    }
    assert!(texts[1].text.contains("refused ••••••"), "{:?}", texts[1]);
    for told in &texts {
        let all = format!("{} {}", told.text, told.data);
        assert!(!all.contains("zebra-crossing"), "{all}");
        assert!(!all.contains("violet-apple"), "{all}");
    }
    for resource in [
        "forge://logs/api",
        "forge://logs/job",
        "forge://crash/api",
        "forge://configuration",
    ] {
        let answer = agent
            .ask("resources/read", json!({"uri": resource}))
            .to_string();
        assert!(answer.contains("contents"), "{answer}");
        assert!(!answer.contains("zebra-crossing"), "{answer}");
        assert!(!answer.contains("violet-apple"), "{answer}");
    }
}
