//! The JSON Schema says of a file what the reader says, and the reference names every field.

mod common;

use common::{Workspace, fields};
use forge_config::schema;
use serde_json::{Value, json};

/// What is wrong with a value by a schema that uses the few words that ours uses.
fn wrong(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let words = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Object(words) => words,
        other => return Err(format!("{path}: no schema: {other}")),
    };
    words.iter().try_for_each(|(word, rule)| {
        let good = match word.as_str() {
            "$ref" => {
                let pointer = rule.as_str().expect("text").trim_start_matches('#');
                return wrong(
                    root,
                    root.pointer(pointer).expect("a definition"),
                    value,
                    path,
                );
            }
            "anyOf" => rule
                .as_array()
                .expect("a list")
                .iter()
                .any(|one| wrong(root, one, value, path).is_ok()),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is(value, name)),
                name => is(value, name),
            },
            "enum" => rule.as_array().expect("a list").contains(value),
            "const" => rule == value,
            "minimum" => value
                .as_f64()
                .is_none_or(|n| n >= rule.as_f64().expect("a number")),
            "maximum" => value
                .as_f64()
                .is_none_or(|n| n <= rule.as_f64().expect("a number")),
            "exclusiveMinimum" => value
                .as_f64()
                .is_none_or(|n| n > rule.as_f64().expect("a number")),
            "minItems" => value
                .as_array()
                .is_none_or(|list| list.len() as u64 >= rule.as_u64().expect("a number")),
            "minLength" => value
                .as_str()
                .is_none_or(|text| text.len() as u64 >= rule.as_u64().expect("a number")),
            "maxLength" => value
                .as_str()
                .is_none_or(|text| text.len() as u64 <= rule.as_u64().expect("a number")),
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().expect("text")).expect("a pattern");
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "required" => value.as_object().is_none_or(|map| {
                rule.as_array()
                    .expect("a list")
                    .iter()
                    .all(|key| map.contains_key(key.as_str().expect("text")))
            }),
            "items" => {
                let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                return items
                    .iter()
                    .try_for_each(|item| wrong(root, rule, item, &format!("{path}[]")));
            }
            "properties" | "patternProperties" | "additionalProperties" => return Ok(()),
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            other => return Err(format!("unknown word {other}")),
        };
        if good {
            Ok(())
        } else {
            Err(format!("{path}: {value} by {word}: {rule}"))
        }
    })?;
    let Some(map) = value.as_object() else {
        return Ok(());
    };
    map.iter().try_for_each(|(key, value)| {
        let path = format!("{path}.{key}");
        let known = words.get("properties").and_then(|known| known.get(key));
        let by_pattern = words
            .get("patternProperties")
            .filter(|_| key.starts_with("x-"));
        match known
            .or(by_pattern.map(|_| &Value::Bool(true)))
            .or(words.get("additionalProperties"))
        {
            Some(Value::Bool(false)) => Err(format!("{path}: no such field")),
            Some(schema) => wrong(root, schema, value, &path),
            None => Ok(()),
        }
    })
}

fn is(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("text") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

/// Schema and reader both accept the process `a` with these fields, given as JSON, which is YAML.
#[track_caller]
fn accepted(fields: &Value) {
    let mut process = json!({ "name": "a", "command": "x" });
    process
        .as_object_mut()
        .expect("a map")
        .extend(fields.as_object().expect("a map").clone());
    let file = json!({ "dev": [process, { "name": "b", "command": ["x"], "port": 9 }] });
    wrong(&schema(), &schema(), &file, "").unwrap_or_else(|why| panic!("the schema rejects {why}"));
    Workspace::new(&file.to_string()).config();
}

/// Schema and reader both reject it.
#[track_caller]
fn rejected(fields: &Value) {
    let mut process = json!({ "name": "a", "command": "x" });
    process
        .as_object_mut()
        .expect("a map")
        .extend(fields.as_object().expect("a map").clone());
    let file = json!({ "dev": [process] });
    assert!(
        wrong(&schema(), &schema(), &file, "").is_err(),
        "the schema accepts {fields}"
    );
    Workspace::new(&file.to_string()).errors();
}

#[test]
fn schema_and_reader_accept_the_same() {
    for fields in [
        json!({ "port": 3000, "ports": [1, 2], "env": { "A": 1, "B": "x", "C": null, "D": true } }),
        json!({ "port": "auto", "replicas": 2, "group": "g", "groups": ["h"] }),
        json!({ "port": "${P:-3000}", "tty": "${T:-true}", "stderr": "${S:-merge}" }),
        json!({ "env_file": [], "depends_on": ["b"], "health_check": "http://localhost:1/" }),
        json!({ "depends_on": { "b": { "condition": "started", "on_down": "stop" } }, "health_check": { "http": "http://h/", "status": [200, "201-204"], "headers": { "A": "b" } } }),
        json!({ "depends_on": { "b": null }, "health_check": { "log": "x", "interval": "1m30s", "timeout": 2.5, "retries": 1 } }),
        json!({ "restart": { "policy": "always", "delay": 0, "backoff": 1.5, "success_codes": [0, 3], "window": "1h" }, "auto_restart": true }),
        json!({ "stop": { "signal": "SIGRTMIN+1", "scope": "leader", "timeout": "500ms", "keys": "q" } }),
        json!({ "stop": { "signal": 2 }, "on_exit": "stop-all", "oneshot": true, "autostart": false }),
        json!({ "watch": ["a/*"], "schedule": { "every": "5m" }, "debug": { "port": 1, "env": { "X": null } } }),
        json!({ "watch": { "paths": ["a"], "debounce": "1s" }, "schedule": { "cron": "* * * * *" } }),
        json!({ "limits": { "memory": "1.5GB", "cpu": "150%", "open_files": 9, "on_exceed": "stop" }, "metrics": "redis://x" }),
        json!({ "limits": { "memory": 4096, "cpu": 50 }, "log": { "max_size": "64MiB", "keep": 1, "level": { "^E": "error" }, "multiline": "^x" } }),
        json!({ "hooks": { "before_start": ["a", "b"], "on_crash": "c" }, "description": "d", "url": "http://x", "cwd": "/", "stop": null }),
    ] {
        accepted(&fields);
    }
}

#[test]
fn schema_and_reader_reject_the_same() {
    for fields in [
        json!({ "comand": 1 }),
        json!({ "port": 0 }),
        json!({ "port": 65536 }),
        json!({ "port": "x" }),
        json!({ "ports": 3000 }),
        json!({ "tty": "yes" }),
        json!({ "tty": 1 }),
        json!({ "env": ["A=1"] }),
        json!({ "env": { "A": [1] } }),
        json!({ "depends_on": "b" }),
        json!({ "depends_on": { "b": { "condition": "ready" } } }),
        json!({ "name": "-x" }),
        json!({ "command": [] }),
        json!({ "restart": "always" }),
        json!({ "restart": { "delay": "5 parsecs" } }),
        json!({ "restart": { "backoff": 0.5 } }),
        json!({ "health_check": { "retries": 0 } }),
        json!({ "health_check": { "http": "http://x", "status": 99 } }),
        json!({ "stop": { "scope": "all" } }),
        json!({ "limits": { "memory": "much" } }),
        json!({ "log": { "level": { "x": "loud" } } }),
        json!({ "replicas": 0 }),
    ] {
        rejected(&fields);
    }
}

#[test]
fn the_schema_knows_the_top_of_the_file() {
    let check = |file: Value| wrong(&schema(), &schema(), &file, "");
    assert_eq!(
        check(
            json!({ "settings": { "dotenv": false, "history": "6h" }, "x-any": 1, "dev": [], "b": null })
        ),
        Ok(())
    );
    assert!(check(json!({ "settings": { "dotnev": false } })).is_err());
    assert!(check(json!({ "dev": [{ "name": "a" }] })).is_err());
    assert_eq!(
        check(json!({ "dev": [{ "name": "a", "extends": "b.c" }] })),
        Ok(())
    );
}

/// `health_check.interval` and its like, with their defaults.
fn all_fields() -> Vec<(String, Option<String>)> {
    let schema = schema();
    let definitions = schema["$defs"].as_object().expect("definitions");
    let mut all = Vec::new();
    for (owner, definition) in definitions {
        for (name, field) in definition["properties"].as_object().expect("fields") {
            assert!(
                field["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{owner}.{name}"
            );
            let default = field.get("default").map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            all.push((format!("{owner}.{name}"), default));
        }
    }
    all
}

#[test]
fn the_reference_names_every_field_and_default() {
    let reference = include_str!("../../../docs/configuration.md");
    let missing: Vec<String> = all_fields()
        .into_iter()
        .filter(|(path, default)| {
            let name = path.rsplit('.').next().unwrap_or(path);
            let row = |line: &&str| line.starts_with(&format!("| `{name}` |"));
            let has = |line: &str| {
                default
                    .as_ref()
                    .is_none_or(|default| line.contains(default))
            };
            !reference.lines().filter(row).any(has)
        })
        .map(|(path, default)| format!("{path} {default:?}"))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_examples_of_the_reference_load() {
    let reference = include_str!("../../../docs/configuration.md");
    let mut examples = 0;
    for block in reference.split("```yaml\n").skip(1) {
        let yaml = block.split("```").next().unwrap_or_default();
        // Either a whole file, or fields of a process.
        let whole = yaml.contains("\n  - ");
        let others = "  - {name: db, command: x, port: 5432}\n  - {name: migrate, command: x, oneshot: true}\n";
        let own = match yaml.contains("command: cd") {
            true => fields(yaml).replace("    command: run\n", ""),
            false => fields(yaml),
        };
        let text = match whole {
            true => yaml.to_string(),
            false => format!("{own}{others}"),
        };
        let workspace = Workspace::new(&text)
            .with(".env", "DB_HOST=h\nSTRIPE_KEY=k\n")
            .with(".env.dev", "");
        if let Err(errors) = workspace.load() {
            panic!("{text}\n{errors}");
        }
        examples += 1;
    }
    assert!(examples > 10, "{examples}");
}
