//! How well repositories are understood: what is suggested to run, against what an experienced
//! developer of each would start.

use std::path::Path;

use anyhow::{Context, Result};
use forge_detect::{Detection, Process, ThisMachine};
use serde_json::Value;

use super::{Score, text};

/// Scores every folder that holds a `truth.json`, tells the misses, and then both bars: nine of ten
/// expected processes are suggested, and at most one of ten suggestions is unwanted.
pub(super) fn run(folder: &Path) -> Result<()> {
    let mut recall = Score::new(90.0);
    let mut precision = Score::new(90.0);
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    for folder in folders {
        let Ok(json) = std::fs::read_to_string(folder.join("truth.json")) else {
            continue;
        };
        let truth: Value = serde_json::from_str(&json)
            .with_context(|| format!("{} is no JSON", folder.display()))?;
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let found = forge_detect::detect(&folder, &ThisMachine);
        expected(&name, &truth, &found, &mut recall);
        unwanted(&name, &truth, &found, &mut precision);
    }
    println!("expected and suggested");
    let recall = recall.tell();
    println!("suggested and wanted");
    recall.and(precision.tell())
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

fn required(value: &&Value) -> bool {
    value["required"] != Value::Bool(false)
}

fn expected(name: &str, truth: &Value, found: &Detection, score: &mut Score) {
    for wanted in list(truth, "processes").filter(required) {
        let there = found
            .processes
            .iter()
            .any(|one| matches(one, wanted) && same_port(one, wanted));
        score.count(name, there, || {
            let had: Vec<String> = found
                .processes
                .iter()
                .map(|one| format!("`{}` in {} on {:?}", one.command, one.cwd, one.port))
                .collect();
            format!(
                "{} {} in {} on {} is missing; there is {had:?}",
                wanted["name"], wanted["command"], wanted["cwd"], wanted["port"]
            )
        });
    }
    for wanted in list(truth, "services").filter(required) {
        let there = found
            .services
            .iter()
            .any(|one| wanted["name"] == one.kind.as_str());
        score.count(name, there, || {
            format!("the service {} is missing", wanted["name"])
        });
    }
}

fn unwanted(name: &str, truth: &Value, found: &Detection, score: &mut Score) {
    let forbidden = |text: &str| {
        list(truth, "forbidden")
            .filter_map(Value::as_str)
            .any(|word| text.contains(word))
    };
    for one in &found.processes {
        let wanted = list(truth, "processes").any(|wanted| matches(one, wanted));
        score.count(name, wanted && !forbidden(&one.command), || {
            format!("unwanted: `{}` in {} ({})", one.command, one.cwd, one.why)
        });
    }
    for one in &found.services {
        let wanted = list(truth, "services").any(|wanted| wanted["name"] == one.kind.as_str());
        score.count(name, wanted && !forbidden(&one.kind), || {
            format!("unwanted: the service {} ({})", one.kind, one.why)
        });
    }
}

fn same_port(one: &Process, wanted: &Value) -> bool {
    wanted["port"].is_null() || wanted["port"].as_u64() == one.port.map(u64::from)
}

/// The folder is right, and the command is one of those accepted, as they are written or without
/// the program that only sets up the environment.
fn matches(one: &Process, wanted: &Value) -> bool {
    let accepted = list(wanted, "command").filter_map(Value::as_str);
    let folder = text(wanted, "cwd");
    let same_folder = normal(&folder) == normal(&one.cwd);
    accepted
        .into_iter()
        .any(|accepted| same_folder && bare(accepted) == bare(&one.command))
}

fn normal(folder: &str) -> &str {
    folder.trim_start_matches("./").trim_end_matches('/')
}

fn bare(command: &str) -> String {
    let runners = [
        "uv run ",
        "poetry run ",
        "pipenv run ",
        "pdm run ",
        "bundle exec ",
        "npx ",
    ];
    let command = command.trim();
    let command = runners
        .iter()
        .find_map(|runner| command.strip_prefix(runner))
        .unwrap_or(command);
    command
        .strip_prefix("python ")
        .filter(|rest| rest.starts_with("manage.py"))
        .unwrap_or(command)
        .replace(" run dev", " dev")
}
