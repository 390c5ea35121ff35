//! Deno: tasks of `deno.json`.

use serde_json::Value;

use crate::command::steps;
use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, line_of};
use crate::tools::Does;

/// Candidates of all configurations of Deno.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let folders: Vec<&str> = repo.folders().collect();
    folders
        .into_iter()
        .filter_map(|folder| of_folder(repo, folder))
        .collect()
}

fn of_folder(repo: &Repo, folder: &str) -> Option<Candidate> {
    let file = repo.first(folder, &["deno.json", "deno.jsonc"])?;
    let path = join(folder, file);
    let text = repo.text(&path);
    let json: Value = serde_json::from_str(&plain(&text)).ok()?;
    let task = |name: &str| {
        let task = &json["tasks"][name];
        let text = task.as_str().or(task["command"].as_str())?.to_string();
        Some((name.to_string(), text))
    };
    let names = ["dev", "start", "serve", "develop"];
    let serves = |text: &str| {
        steps(text)
            .iter()
            .any(|step| matches!(step.does(), Does::Serves(_) | Does::Runs))
    };
    let (name, command) = names
        .iter()
        .filter_map(|name| task(name))
        .find(|(_, text)| serves(text))?;
    let found = steps(&command);
    let usual = found.iter().find_map(|step| match step.does() {
        Does::Serves(port) => port,
        _ => None,
    });
    let said = found.iter().find_map(|step| step.port());
    let file = command
        .split_whitespace()
        .rev()
        .find(|word| word.ends_with(".ts") || word.ends_with(".tsx") || word.ends_with(".js"));
    let in_code = file.and_then(|file| ports::in_source(&repo.text_in(folder, file)));
    let port = said
        .or_else(|| ports::of_environment(repo, &[folder]))
        .or(in_code)
        .or(usual)
        .unwrap_or(8000);
    let line = line_of(&text, &["\"tasks\"", &format!("\"{name}\"")]);
    let why = Why::line(&path, line, &format!("task `{name}` runs `{command}`"));
    let command = format!("deno task {name}");
    let named = if folder == "." { "web" } else { base(folder) };
    Some(
        Candidate::new(Source::Script, Role::Web, folder, &command, why)
            .port(port)
            .named(named),
    )
}

/// JSON without the comments and last commas that Deno allows.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                plain.push(c);
                plain.extend(chars.next());
                continue;
            }
            '"' => quoted = !quoted,
            '/' if !quoted && chars.peek() == Some(&'/') => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
                continue;
            }
            '/' if !quoted && chars.peek() == Some(&'*') => {
                let mut last = ' ';
                for c in chars.by_ref().skip(1) {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
                continue;
            }
            '}' | ']' if !quoted => {
                let kept = plain.trim_end().len();
                if plain[..kept].ends_with(',') {
                    plain.truncate(kept - 1);
                }
            }
            _ => {}
        }
        plain.push(c);
    }
    plain
}
