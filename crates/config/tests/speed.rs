//! How long a load takes; it lies on the path of every `forge dev start`. Only a release build on a
//! quiet machine tells, so this runs when asked for:
//! `cargo test --release -p forge-config --test speed -- --ignored --nocapture`

mod common;

use std::time::{Duration, Instant};

use common::Workspace;

/// A file of so many processes, of the kind that people write.
fn file(count: usize) -> String {
    let process = |n: usize| {
        format!(
            "  - name: service-{n}
    command: npm run service-{n}
    cwd: ./services/{n}
    port: {}
    env:
      NODE_ENV: development
      DATABASE_URL: postgres://localhost/${{DB:-shop}}
      UPSTREAM: http://localhost:${{process.service-0.port}}
    health_check: {{http: 'http://localhost:{}/health', interval: 2s, fail_on: 'EADDRINUSE|service-{n} failed'}}
    {}
    log: {{level: {{'^ERR {n}': error}}, multiline: '^\\S'}}
    groups: [api, all]
    stop: {{signal: SIGINT, timeout: 5s}}
",
            3000 + n,
            3000 + n,
            match n {
                0 => String::new(),
                _ => format!("depends_on: [service-{}]", n - 1),
            },
        )
    };
    let processes: String = (0..count).map(process).collect();
    format!("dev:\n{processes}")
}

/// The shortest of many loads.
fn measure(yaml: &str, good: bool) -> Duration {
    let workspace = Workspace::new(yaml).with(".env", "A=1\nB=${A}\nDB=shop\n");
    let once = || {
        let begun = Instant::now();
        let loaded = workspace.load();
        let took = begun.elapsed();
        assert_eq!(loaded.is_ok(), good);
        took
    };
    (0..20).map(|_| once()).min().expect("one")
}

#[test]
#[ignore = "a measurement: see the head of this file"]
fn loads_are_short() {
    let (ten, many) = (measure(&file(10), true), measure(&file(500), true));
    println!("10 processes: {ten:?}; 500 processes: {many:?}");
    assert!(ten < Duration::from_millis(1), "{ten:?}");
    assert!(many < Duration::from_millis(30), "{many:?}");
}

#[test]
#[ignore = "a measurement: see the head of this file"]
fn hostile_files_are_rejected_soon() {
    let names: String = (0..20_000)
        .map(|n| format!("process-number-{n}x, "))
        .collect();
    let fields: String = (0..40_000).map(|n| format!("field{n}: 1, ")).collect();
    let bomb: String = (1..9)
        .map(|n| {
            format!(
                "x{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 9].join(", ")
            )
        })
        .collect();
    let files = [
        ("depth", "[".repeat(1 << 20)),
        ("bomb", format!("x0: &a0 [1]\n{bomb}")),
        ("dense", format!("x: [{}]", "a,".repeat(500_000))),
        (
            "names",
            format!("dev: [{{name: a, command: x, depends_on: [{names}]}}]"),
        ),
        (
            "fields",
            format!("dev: [{{name: a, command: x, {fields}}}]"),
        ),
        ("quote", format!("dev: \"{}", "x".repeat(1_000_000))),
        ("size", "# \n".repeat(400_000)),
    ];
    for (name, yaml) in files {
        let took = measure(&yaml, false);
        println!("{name}: {took:?}");
        assert!(took < Duration::from_millis(100), "{name}: {took:?}");
    }
}
