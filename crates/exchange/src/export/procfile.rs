//! `Procfile`: names and commands, and nothing else.

use crate::fields::Ledger;
use crate::shell;
use forge_core::spec::CommandSpec;

use super::ExportSource;
use super::common::{Notes, folded, plain, shell_line};

pub(super) fn text(source: &ExportSource<'_>, ledger: &Ledger) -> String {
    let mut text = String::new();
    for (number, (spec, name, count)) in folded(source).into_iter().enumerate() {
        let notes = Notes {
            ledger,
            process: &name,
            number,
        };
        let said = name.replace('.', "-");
        if said != name {
            notes.near("name", "a name holds no dot there");
        }
        let mut line = match &spec.command {
            CommandSpec::Shell(text) => plain(source, text),
            CommandSpec::Argv(_) => {
                notes.near("command", "run by a shell there");
                shell_line(source, &spec.command)
            }
        };
        if line.trim().contains('\n') {
            notes.near("command", "one line there, its line breaks quoted");
            line = format!("sh -c {}", one_line(&line));
        }
        if spec.cwd != source.workspace {
            let folder = spec.cwd.strip_prefix(source.workspace).unwrap_or(&spec.cwd);
            line = format!(
                "cd {} && {}",
                shell::quote(&folder.to_string_lossy()),
                line.trim()
            );
            notes.near("cwd", "by `cd`");
        }
        if count > 1 {
            notes.near("replicas", &format!("start it with `-m {said}={count}`"));
        }
        let fields = [
            "env",
            "port",
            "ports",
            "depends_on",
            "health_check",
            "restart",
            "oneshot",
            "stop",
            "on_exit",
            "stderr",
            "tty",
            "autostart",
            "watch",
            "schedule",
            "debug",
            "limits",
            "metrics",
            "description",
            "url",
            "log",
            "hooks",
        ];
        notes.gone_where_set(spec, &fields);
        text.push_str(&format!("{said}: {}\n", line.trim()));
    }
    text
}

/// A script of several lines as one word in one line.
fn one_line(script: &str) -> String {
    let printed = script
        .replace('\\', r"\\")
        .replace('%', "%%")
        .replace('\n', r"\n");
    format!("\"$(printf {})\"", shell::quote(&printed))
}
