//! Files that nobody would write, and files that somebody would write to do harm.

mod common;

use std::time::{Duration, Instant};

use common::Workspace;
use proptest::prelude::*;

/// The text that a hostile file leads to; `speed.rs` measures how soon, here it only must not hang.
#[track_caller]
fn rejected(yaml: &str) -> String {
    let workspace = Workspace::new(yaml);
    let begun = Instant::now();
    let told = workspace.errors();
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert!(told.len() < 100_000, "{} bytes", told.len());
    told
}

#[test]
fn bombs_are_rejected() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_string();
    for (name, below) in ["b", "c", "d", "e", "f", "g", "h"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f", "g"])
    {
        let items = vec![format!("*{below}"); 9].join(", ");
        bomb.push_str(&format!("{name}: &{name} [{items}]\n"));
    }
    assert!(rejected(&bomb).contains("more than 100000 values"));
    let merges: String = (0..40)
        .map(|n| {
            format!(
                "x{}: &x{} {{<<: [*x{n}, *x{n}], k{n}: [1, *x{n}, *x{n}]}}\n",
                n + 1,
                n + 1
            )
        })
        .collect();
    assert!(rejected(&format!("x0: &x0 {{a: 1}}\n{merges}")).contains("more than"));
}

#[test]
fn depth_is_bounded() {
    assert!(rejected(&"[".repeat(100_000)).contains("64 deep"));
    assert!(rejected(&"a: ".repeat(3)).contains("`: `"));
    let deep: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(rejected(&deep).contains("64 deep"));
    let aliases: String = (0..200)
        .map(|n| format!("x-{}: &a{} [*a{n}]\n", n + 1, n + 1))
        .collect();
    assert!(rejected(&format!("x-0: &a0 []\n{aliases}")).contains("64 deep"));
}

#[test]
fn an_alias_within_its_anchor_is_rejected() {
    assert!(rejected("x-a: &a [*a]").contains("anchor"));
    assert!(rejected("x-a: &a\n  <<: *a\n").contains("anchor"));
}

#[test]
fn large_files_are_not_read() {
    assert!(rejected(&"# \n".repeat(400_000)).contains("larger than 1 MiB"));
    let workspace = Workspace::new("dev: [{name: a, command: x, env_file: /dev/zero}]");
    assert!(workspace.errors().contains("is not a regular file"));
    let workspace = Workspace::new("dev: []").with(".env/file", "");
    assert!(workspace.errors().contains("is not a regular file"));
}

#[test]
fn many_mistakes_are_counted() {
    let names: String = (0..20_000)
        .map(|n| format!("process-number-{n}x, "))
        .collect();
    assert!(
        rejected(&format!(
            "dev: [{{name: a, command: x, depends_on: [{names}]}}]"
        ))
        .contains("and ")
    );
    let fields: String = (0..40_000).map(|n| format!("field{n}: 1, ")).collect();
    assert!(
        rejected(&format!("dev: [{{name: a, command: x, {fields}}}]")).contains("unknown field")
    );
}

#[test]
fn numbers_of_processes_are_bounded() {
    let many: String = (0..6000)
        .map(|n| format!("  - {{name: p{n}, command: x}}\n"))
        .collect();
    assert!(rejected(&format!("dev:\n{many}")).contains("more than 5000 processes"));
    let replicas: String = (0..6)
        .map(|n| format!("  - {{name: p{n}, command: x, replicas: 1000}}\n"))
        .collect();
    assert!(rejected(&format!("dev:\n{replicas}")).contains("more than 5000 processes"));
    let extends: String = (1..4000)
        .map(|n| format!("  - {{name: p{n}, extends: p0, env: {{a: 1}}}}\n"))
        .collect();
    let env: String = (0..10_000).map(|n| format!("V{n}: 1, ")).collect();
    assert!(
        rejected(&format!(
            "dev:\n  - {{name: p0, command: x, env: {{{env}}}}}\n{extends}"
        ))
        .contains("taken over by `extends`")
    );
}

#[test]
fn long_chains_end() {
    let chain: String = (0..4000)
        .map(|n| format!("  - {{name: p{n}, command: x, depends_on: [p{}]}}\n", n + 1))
        .collect();
    let workspace = Workspace::new(&format!("dev:\n{chain}  - {{name: p4000, command: x}}\n"));
    assert_eq!(workspace.config().profiles[0].processes.len(), 4001);
    let extends: String = (0..100)
        .map(|n| format!("  - {{name: p{n}, extends: p{}}}\n", n + 1))
        .collect();
    assert!(
        rejected(&format!("dev:\n{extends}  - {{name: p100, command: x}}\n"))
            .contains("extend one another")
    );
}

#[test]
fn marks_and_line_ends_of_other_systems_are_fine() {
    let yaml = "\u{feff}dev:\r\n  - name: a\r\n    command: x\r\n    env:\r\n      V: one\r\n";
    let config = Workspace::new(yaml)
        .with(".env", "\u{feff}W=two\r\n")
        .config();
    let a = common::of(&config, "dev", "a");
    assert_eq!(common::variable(&a, "V").as_deref(), Some("one"));
    assert_eq!(common::variable(&a, "W").as_deref(), Some("two"));
    let told = Workspace::new("\u{feff}dev:\r\n  - name: a\r\n    comand: x\r\n").errors();
    assert!(told.contains("yml:3:5"), "{told}");
    let told = Workspace::new("\u{feff}dev: 1\r\n").errors();
    assert!(told.contains("yml:1:1"), "{told}");
}

#[test]
fn documents_tags_and_keys_that_mean_nothing_are_told() {
    assert!(rejected("dev: []\n---\ndev: []\n").contains("more than one YAML document"));
    assert!(rejected("dev: [{name: a, command: !run x}]").contains("unknown tag `!run`"));
    assert!(rejected("? [a, b]\n: 1\n").contains("a key must be text"));
    assert!(rejected("dev: [{name: a, command: *nope}]").contains("anchor that is not defined"));
    assert!(rejected("- a\n").contains("expected profiles, found a list"));
    let tagged =
        Workspace::new("dev: [{name: a, command: !!str 5, env: {N: !!str null}}]").config();
    assert_eq!(
        common::variable(&common::of(&tagged, "dev", "a"), "N").as_deref(),
        Some("null")
    );
}

/// Text that looks like the file often enough to get far.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "dev",
        "test",
        ":",
        " ",
        "  ",
        "\n",
        "\n  - ",
        "\n    ",
        "name",
        "command",
        "env",
        "port",
        "extends",
        "depends_on",
        "health_check",
        "http://",
        "${",
        "}",
        "${process.",
        ".port}",
        "$$",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "*a",
        "&a ",
        "<<",
        "'",
        "\"",
        "|",
        ">",
        "#",
        "!x",
        "null",
        "auto",
        "1",
        "-1",
        "x-",
        "settings",
        "log",
        "level",
        "\t",
        "\r\n",
        "\u{202e}",
        "é",
        "restart",
        "replicas",
        "a",
        "b",
        "a.b",
        "1s",
        "(",
        "schedule",
        "cron",
        "* ",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn survives(yaml: &[u8], local: &[u8], env: &[u8]) {
    let workspace = Workspace::new("")
        .with(".forge/processes.yml", yaml)
        .with(".forge/processes.local.yml", local)
        .with(".env", env);
    match workspace.load() {
        Ok(config) => {
            for profile in &config.profiles {
                for process in &profile.processes {
                    config.origins(&profile.name, &process.name);
                }
            }
        }
        Err(errors) => {
            errors.to_json();
            errors.render(true);
            let told = errors.to_string();
            let odd = told.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(odd, None, "{told:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(yaml in prop::collection::vec(any::<u8>(), 0..200), env in prop::collection::vec(any::<u8>(), 0..100)) {
        survives(&yaml, &env, &env);
    }

    #[test]
    fn anything_like_a_file_is_survived(yaml in nearly(), local in nearly(), env in "[A-Z=\"'$ {}\n\\\\#é]{0,60}") {
        survives(yaml.as_bytes(), local.as_bytes(), env.as_bytes());
    }

    #[test]
    fn a_damaged_file_is_survived(at in 0usize..900, byte in any::<u8>(), cut in 0usize..900) {
        let mut yaml = include_bytes!("reference.yml").to_vec();
        let length = yaml.len();
        yaml[at % length] = byte;
        survives(&yaml[..cut.max(1).min(length)], &yaml[cut.min(length)..], b"");
    }
}
