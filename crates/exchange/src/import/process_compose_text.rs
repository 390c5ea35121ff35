//! Texts of a process-compose file: templates, references and the shell that runs commands.

use crate::fields::Field;
use crate::node::{Node, Place};
use crate::value::Value;
use crate::{dollar, shell};

use super::process_compose::Work;

impl Work<'_, '_> {
    /// A text with its templates filled in.
    pub(super) fn fill(&self, field: &Field<'_>, text: &str) -> String {
        if !self.templates || !text.contains("{{") {
            return text.to_string();
        }
        let (text, left) = self.vars.fill(text);
        if left {
            field.approximated("a template with unknown names is left as it is");
        }
        text
    }

    /// A value in which Forge replaces references.
    pub(super) fn value(&self, field: &Field<'_>, text: &str) -> String {
        let text = self.fill(field, text);
        match self.project.expand {
            true => {
                let done = dollar::value(&text);
                done.notes.iter().for_each(|note| field.approximated(note));
                done.text
            }
            false => dollar::literal(&text),
        }
    }

    /// A text with `$$` read as the file means it, nothing else replaced.
    pub(super) fn shell_text(&self, field: &Field<'_>, text: &str) -> String {
        let text = self.fill(field, text);
        if !self.project.expand {
            return text;
        }
        let done = dollar::command(&text);
        if done.referred && text != done.text.replace('$', "$$") {
            field.approximated("`$NAME` is left to the shell at the start, instead of being replaced when the file is read");
        }
        done.text
    }

    /// A command as the file's shell runs it.
    pub(super) fn command(&self, field: &Field<'_>, text: &str) -> Value {
        let text = self.shell_text(field, text);
        self.shelled(text)
    }

    pub(super) fn shelled(&self, text: String) -> Value {
        let (command, argument) = &self.project.shell;
        let name = command.rsplit('/').next().unwrap_or_default();
        let plain = matches!(name, "sh" | "dash") || name == "bash" && shell::is_portable(&text);
        match plain && argument == "-c" {
            true => Value::text(text),
            false => Value::texts([command.clone(), argument.clone(), text]),
        }
    }

    /// Words that are run as they are, with a shell only where variables need one.
    pub(super) fn words(&self, field: &Field<'_>, words: &[&str]) -> Value {
        let filled: Vec<String> = words
            .iter()
            .map(|word| self.shell_text(field, word))
            .collect();
        let refers = |word: &&str| self.project.expand && dollar::command(word).referred;
        if !words.iter().any(refers) {
            return Value::texts(filled);
        }
        let quoted: Vec<String> = filled
            .iter()
            .map(|word| match word.contains('$') {
                true => format!("\"{}\"", word.replace(['"', '\\', '`'], "")),
                false => shell::quote(word),
            })
            .collect();
        Value::text(format!("exec {}", quoted.join(" ")))
    }

    pub(super) fn with_env_cmds(&self, command: Value) -> Value {
        let cmds = &self.project.env_cmds;
        if cmds.is_empty() {
            return command;
        }
        let set = cmds
            .iter()
            .map(|(name, cmd)| format!("export {name}=\"$({cmd})\"\n"));
        let set: String = set.collect();
        match command {
            Value::Text(text) => self.shelled(set + &text),
            Value::List(words) => {
                let script = format!("{set}exec \"$@\"");
                let first = [self.project.shell.0.as_str(), "-c", &script, "sh"].map(Value::text);
                Value::List(first.into_iter().chain(words).collect())
            }
            Value::Null | Value::Bare(_) | Value::Map(_) => command,
        }
    }
}

/// `K=V` of a list, or a map.
pub(super) fn pairs(node: &Node) -> Vec<(String, String, Place)> {
    if let Some(entries) = node.map() {
        let value = |node: &Node| node.scalar().unwrap_or_default().to_string();
        let pairs = entries.iter();
        return pairs
            .map(|e| (e.key.clone(), value(&e.value), e.place))
            .collect();
    }
    let texts = node.texts().into_iter();
    let pairs = texts.filter_map(|(text, place)| {
        let (name, value) = text.split_once('=')?;
        (!name.is_empty()).then(|| (name.to_string(), value.to_string(), place))
    });
    pairs.collect()
}
