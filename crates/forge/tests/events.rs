//! What output tells of, seen by the running engine: real processes, keeper, shims and supervisor.

#[allow(dead_code)]
#[path = "engine/world.rs"]
mod world;

use forge_testkit::wait_for;
use serde_json::Value;
use world::{World, kill};

/// Writes a line whenever a file asks for it: `say N` waits for the file `N`.
const SAY: &str = "say() { while [ ! -e \"$1\" ]; do sleep 0.01; done; shift; echo \"$@\"; }; ";

/// The addresses that events of a process name.
fn addresses(world: &World, name: &str) -> Vec<String> {
    let ready = world.events(name, "ready").into_iter();
    ready
        .filter_map(|event| Some(event["url"].as_str()?.to_string()))
        .collect()
}

#[test]
fn what_output_tells_is_an_event_with_its_fields_and_the_address_is_shown() {
    let world = World::new(
        "dev:
  - name: web
    command: |
      printf '  VITE v5.0.0  ready in 312 ms\\n\\n  \\033[32m➜\\033[0m  Local:   http://localhost:5173/\\n'
      echo '[hmr] page reload src/App.tsx'
      echo 'compiled successfully in 120 ms'
      echo 'compiled successfully in 80 ms' >&2
      exec sleep 1000
",
    );
    world.ok(&["dev", "start"]);
    let up = world.wait_process("web", "shows an address", |one| !one["url"].is_null());
    assert_eq!(up["url"], "http://localhost:5173/");
    let compiled = world.wait_event("web", "compiled");
    assert_eq!(
        compiled["ms"].as_f64().map(|ms| ms > 0.0),
        Some(true),
        "{compiled}"
    );
    let ready = world.events("web", "ready");
    assert!(
        ready
            .iter()
            .any(|event| event["url"] == "http://localhost:5173/"),
        "{ready:?}"
    );
    let shown = world.ok(&["dev", "events", "--json"]).stdout;
    assert!(shown.contains("\"kind\":\"compiled\""), "{shown}");
    let status = world.status();
    let kinds = status["events"].as_array().expect("a list").iter();
    assert!(
        kinds
            .map(|event| &event["kind"])
            .any(|kind| kind == "compiled"),
        "{status}"
    );
    let told = world.ok(&["dev", "restart", "web"]).stdout;
    assert!(told.contains("web"), "{told}");
}

#[test]
fn slow_queries_of_the_last_hour_are_a_warning() {
    let world = World::new(
        "dev:
  - name: db
    command: |
      echo 'Slow query: SELECT * FROM orders (1840 ms)'
      echo 'Slow query: SELECT * FROM users (1200 ms)'
      echo 'Slow query: SELECT * FROM carts (2200 ms)'
      exec sleep 1000
",
    );
    world.ok(&["dev", "start"]);
    let slow = wait_for("three slow queries", || {
        Some(world.events("db", "slow")).filter(|events| events.len() == 3)
    });
    assert_eq!(slow[0]["ms"], 1840.0);
    wait_for("the warning", || {
        let status = world.status();
        let warnings = status["warnings"].as_array().cloned().unwrap_or_default();
        let is = |one: &&Value| one["process"] == "db" && one["kind"] == "slow";
        let text = warnings.iter().find(is)?["message"].as_str()?.to_string();
        text.starts_with("3 slow queries in").then_some(())
    });
}

#[test]
fn rules_of_the_settings_come_first_and_change_with_a_reload() {
    let config = |rules: &str| {
        format!(
            "settings: {{events: [{rules}]}}
dev:
  - name: job
    command: \"{}say one CACHE warm after 35ms; say two CACHE warm after 40ms; exec sleep 1000\"
",
            SAY.replace('"', "\\\"")
        )
    };
    let world = World::new(&config(
        "{pattern: 'warm after (?P<ms>[0-9]+ms)', kind: ready, message: 'cache warm in ${ms}'}",
    ));
    world.ok(&["dev", "start"]);
    world.write("one", "");
    let told = || -> Vec<Value> {
        let events = world.events("job", "ready").into_iter();
        events.filter(|event| event["ms"].is_number()).collect()
    };
    let first = wait_for("the first", || told().pop());
    assert_eq!(first["message"], "cache warm in 35ms");
    assert_eq!(first["ms"], 35.0);

    world.configure(&config(
        "{pattern: '^CACHE (?P<what>[a-z]+)', kind: migration}",
    ));
    world.ok(&["dev", "reload"]);
    world.write("two", "");
    let second = world.wait_event("job", "migration");
    assert_eq!(second["message"], "CACHE warm after 40ms");
    assert_eq!(second["what"], "warm");
    assert_eq!(told().len(), 1);
}

#[test]
fn a_supervisor_that_is_killed_tells_no_event_twice_and_misses_none() {
    let world = World::new(&format!(
        "dev:
  - name: web
    command: |
      {SAY}
      say one 'Server listening at http://127.0.0.1:4000'
      say two 'compiled successfully in 5 ms'
      exec sleep 1000
"
    ));
    world.ok(&["dev", "start"]);
    world.write("one", "");
    wait_for("its address", || addresses(&world, "web").pop());
    let supervisor = world.supervisor_pid();
    kill(supervisor, 19);
    world.write("two", "");
    world.wait_output("web", "compiled");
    kill(supervisor, 9);
    world.wait_event("web", "compiled");
    assert_eq!(addresses(&world, "web"), ["http://127.0.0.1:4000"]);
    assert_eq!(world.events("web", "compiled").len(), 1);
    assert_eq!(world.process("web")["url"], "http://127.0.0.1:4000");
}

#[test]
fn a_flood_is_looked_at_in_samples_and_that_is_said_once() {
    let world = World::new(
        "dev:
  - name: flood
    command: |
      head -c 100000000 /dev/zero | tr '\\0' x | fold -w 100
      while [ ! -e more ]; do sleep 0.01; done
      head -c 100000000 /dev/zero | tr '\\0' x | fold -w 100
      echo 'Server listening at http://127.0.0.1:4000'
      seq 1 1000
      exec sleep 1000
    log: {max_size: 16MB, keep: 3}
",
    );
    world.ok(&["dev", "start"]);
    let said = || -> usize {
        let warnings = world.events("flood", "warning").into_iter();
        warnings
            .filter_map(|event| Some(event["message"].as_str()?.to_string()))
            .filter(|text| text.contains("samples are looked at"))
            .count()
    };
    wait_for("it is said", || (said() == 1).then_some(()));
    world.write("more", "");
    // What it says at the end of a flood is not among what is left out.
    let up = world.wait_process("flood", "shows an address", |one| !one["url"].is_null());
    assert_eq!(up["url"], "http://127.0.0.1:4000");
    assert_eq!(said(), 1);
}

#[test]
fn all_logs_together_stay_below_their_total() {
    let world = World::new(
        "settings: {log: {max_size: 100KB, keep: 50, total: 500KB}}
dev:
  - {name: a, command: 'seq 100000; exec sleep 1000'}
  - {name: b, command: 'seq 100000; exec sleep 1000'}
",
    );
    world.ok(&["dev", "start"]);
    let last = |name: &str| world.ok(&["dev", "logs", name, "-n", "1", "--json"]).stdout;
    wait_for("all is written", || {
        (last("a").contains("100000") && last("b").contains("100000")).then_some(())
    });
    let size = || -> u64 {
        let folders = ["a", "b"].map(|name| world.layout().process(name));
        let files = folders
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
        let sizes = files.flatten().filter_map(|file| {
            let name = file.file_name().into_string().ok()?;
            let counts = name.ends_with(".log") || name.ends_with(".idx");
            counts.then(|| file.metadata().map_or(0, |data| data.len()))
        });
        sizes.sum()
    };
    wait_for("the oldest are removed", || {
        (size() <= 500 << 10).then_some(())
    });
    assert!(last("a").contains("100000") && last("b").contains("100000"));
}
