//! Scripts of a `package.json`: the ones that a developer keeps running.

use crate::draft::{Draft, Names};
use crate::fields::Fields;
use crate::node::Node;
use crate::value::Value;
use crate::{dollar, shell};

use super::ImportError;
use super::base::Base;

/// Scripts that run until they are stopped, the most usual first.
const LONG: [&str; 7] = [
    "dev",
    "develop",
    "start:dev",
    "serve",
    "start",
    "watch",
    "storybook",
];
/// Variants of them, behind their name and a colon.
const FAMILIES: [&str; 6] = ["dev", "develop", "serve", "start", "watch", "storybook"];

/// The scripts of a file.
pub(super) fn read(base: &Base<'_>) -> Result<Vec<Draft>, ImportError> {
    let root = base.parse(0, crate::read_jsonc::read)?;
    let manager = manager(&root, base);
    let Some(scripts) = root.get("scripts") else {
        return Err(base.error(0, 0, "there are no `scripts` in this file"));
    };
    let top = Fields::of(&root, None, &base.ledger);
    let Some(scripts_field) = top.take("scripts") else {
        return Err(base.error(0, scripts.place.line, "`scripts` is empty"));
    };
    let fields = scripts_field.fields();
    let commands: Vec<(String, String)> = scripts
        .map()
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| Some((entry.key.clone(), entry.value.scalar()?.to_string())))
        .collect();
    let long: Vec<&String> = commands
        .iter()
        .filter(|(name, command)| runs_on(name, command))
        .map(|(name, _)| name)
        .collect();
    let main = LONG
        .iter()
        .find_map(|known| long.iter().find(|name| **name == known));
    let main = main.or(long.first()).map(|name| name.to_string());
    let mut names = Names::default();
    let mut drafts = Vec::new();
    for (name, command) in &commands {
        let Some(field) = fields.take(name) else {
            continue;
        };
        if !long.contains(&name) {
            field.dropped(format!(
                "it ends by itself: run it with `{manager} run {name}`"
            ));
            continue;
        }
        let mut draft = Draft::new(&names.give(name), name, field.place);
        draft.set(
            "command",
            Value::text(format!("{manager} run {}", shell::quote(name))),
        );
        draft.set("description", Value::text(dollar::literal(command)));
        if let Some(cwd) = base.cwd(".") {
            draft.set("cwd", Value::text(dollar::literal(&cwd)));
        }
        match Some(name) == main.as_ref() {
            true => {
                if let Some(port) = port(command) {
                    draft.set("port", Value::bare(port));
                }
                field.exact();
            }
            false => {
                draft.set("autostart", Value::bare(false));
                field.exact_as("started by its name");
            }
        }
        drafts.push(draft);
    }
    drafts.sort_by_key(|draft| Some(&draft.source) != main.as_ref());
    match drafts.is_empty() {
        true => Err(base.error(
            0,
            scripts.place.line,
            "none of the scripts keeps running, such as `dev`, `start` or `serve`",
        )),
        false => Ok(drafts),
    }
}

/// Whether a script runs until it is stopped.
fn runs_on(name: &str, command: &str) -> bool {
    let family = name.split(':').next().unwrap_or(name);
    let known = LONG.contains(&name)
        || FAMILIES.contains(&family)
        || name.ends_with(":watch") && !name.starts_with("test");
    // A notice that tells people to run something else.
    let notice = command.trim_start().starts_with("echo ")
        && !command.contains("&&")
        && !command.contains(';');
    known && !notice && !command.trim().is_empty()
}

/// Which program runs the scripts: as the file says, else by the lock file nearest to it.
fn manager(root: &Node, base: &Base<'_>) -> &'static str {
    let named = root.text_of("packageManager").unwrap_or_default();
    let named = named.split('@').next().unwrap_or_default();
    if let Some(known) = ["npm", "pnpm", "yarn", "bun"]
        .into_iter()
        .find(|known| *known == named)
    {
        return known;
    }
    let locks = [
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", "yarn"),
        ("bun.lock", "bun"),
        ("bun.lockb", "bun"),
        ("package-lock.json", "npm"),
    ];
    let folders = base.folder.ancestors();
    let folders = folders.take_while(|folder| folder.starts_with(base.options.workspace));
    for folder in folders {
        let found = locks.iter().find(|(lock, _)| folder.join(lock).is_file());
        if let Some((_, manager)) = found {
            return manager;
        }
    }
    "npm"
}

/// The port that a command names.
fn port(command: &str) -> Option<u16> {
    let words = shell::split(command)?;
    let value = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    words.iter().enumerate().find_map(|(at, word)| {
        let next = words.get(at + 1).map(String::as_str).unwrap_or_default();
        match word.as_str() {
            "--port" | "-p" | "-P" => value(next),
            word => ["--port=", "-p=", "PORT="]
                .iter()
                .find_map(|start| value(word.strip_prefix(start)?)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_running_is_told_from_what_ends() {
        assert!(runs_on("dev", "vite"));
        assert!(runs_on("dev:api", "x"));
        assert!(!runs_on("build", "vite build"));
        assert!(!runs_on("test:watch", "vitest"));
        assert!(!runs_on("dev", "echo 'use make dev'"));
        assert_eq!(port("PORT=5314 node x"), Some(5314));
        assert_eq!(port("nuxt dev --port 5314"), Some(5314));
        assert_eq!(port("mkdir -p x"), None);
    }
}
