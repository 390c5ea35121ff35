//! Shell commands taken apart: what runs in the end, on which port, and which scripts it refers to.

use crate::tools::{Does, does};

/// One simple command of a shell command, without what only wraps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) words: Vec<String>,
    /// Variables that are set for it.
    pub(crate) env: Vec<(String, String)>,
    /// The folder that a `cd` before it has led to.
    pub(crate) folder: Option<String>,
}

impl Step {
    pub(crate) fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    pub(crate) fn does(&self) -> Does {
        match self.production() {
            true => Does::Deployed,
            false => does(&self.words()),
        }
    }

    fn production(&self) -> bool {
        let named = |name: &str| matches!(name, "NODE_ENV" | "RAILS_ENV" | "APP_ENV" | "MIX_ENV");
        self.env
            .iter()
            .any(|(name, value)| named(name) && value.starts_with("prod"))
    }

    /// The port that the command itself says.
    pub(crate) fn port(&self) -> Option<u16> {
        let variable = self.env.iter().find(|(name, _)| name == "PORT");
        if let Some(port) = variable.and_then(|(_, value)| number(value)) {
            return Some(port);
        }
        let words = self.words();
        let options = words.iter().enumerate().find_map(|(at, word)| {
            let next = || words.get(at + 1).copied().and_then(number);
            match *word {
                "-p" | "--port" | "-P" | "--http-port" | "--server.port" => next(),
                "-l" | "-S" | "-b" | "--bind" | "--addr" | "--listen" => {
                    words.get(at + 1).copied().and_then(behind_colon)
                }
                word => ["--port=", "-p=", "--server.port=", "--http-port="]
                    .iter()
                    .find_map(|option| number(word.strip_prefix(option)?))
                    .or_else(|| number(word.strip_prefix("-p").filter(|rest| rest.len() > 3)?)),
            }
        });
        options.or_else(|| self.bare_port(&words))
    }

    /// `runserver 0.0.0.0:8001`, `http.server 9000`, `--urls http://localhost:5001`.
    fn bare_port(&self, words: &[&str]) -> Option<u16> {
        let at = words.iter().position(|word| {
            word.starts_with("runserver") || *word == "http.server" || *word == "--urls"
        })?;
        let value = words[at + 1..].iter().find(|word| !word.starts_with('-'))?;
        behind_colon(value).or_else(|| number(value))
    }
}

fn number(text: &str) -> Option<u16> {
    let text = text.trim_matches(['"', '\'']);
    let default = text
        .strip_prefix("${")
        .and_then(|inner| inner.strip_suffix('}'))
        .and_then(|inner| inner.split_once('-'));
    match default {
        Some((_, default)) => default.parse().ok().filter(|port| *port > 0),
        None => text.parse().ok().filter(|port| *port > 0),
    }
}

fn behind_colon(text: &str) -> Option<u16> {
    let (_, port) = text.trim_end_matches('/').rsplit_once(':')?;
    number(port)
}

/// The simple commands of a shell command, in order; those that run at once as well.
pub(crate) fn steps(command: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    collect(command, None, 0, &mut steps);
    steps
}

/// Whether a command is one simple command and no more.
pub(crate) fn is_simple(command: &str) -> bool {
    split_commands(command).len() == 1
}

fn collect(command: &str, folder: Option<String>, depth: u8, steps: &mut Vec<Step>) {
    let mut folder = folder;
    for words in split_commands(command) {
        let mut env = Vec::new();
        let words = unwrap(words, &mut env);
        let Some(first) = words.first().map(String::as_str) else {
            continue;
        };
        match first {
            "cd" | "pushd" => {
                folder = words.get(1).map(|to| match &folder {
                    Some(from) => crate::repo::join(from, to),
                    None => to.clone(),
                });
            }
            "concurrently" | "conc" | "multiview" if depth < 4 => {
                for inner in words[1..].iter().filter(|word| parallel(word)) {
                    collect(inner, folder.clone(), depth + 1, steps);
                }
            }
            "sh" | "bash" | "zsh"
                if words.get(1).is_some_and(|option| option.contains('c')) && depth < 4 =>
            {
                if let Some(inner) = words.get(2) {
                    collect(inner, folder.clone(), depth + 1, steps);
                }
            }
            "start-server-and-test" => {}
            _ => {
                if let Some(inner) = executed(&words)
                    && depth < 4
                {
                    collect(&inner, folder.clone(), depth + 1, steps);
                } else {
                    steps.push(Step {
                        words,
                        env,
                        folder: folder.clone(),
                    });
                }
            }
        }
    }
}

/// An argument of `concurrently` that is a command: not an option, nor an option's value.
fn parallel(word: &str) -> bool {
    word.contains(' ') && !word.starts_with('-')
        || ["npm:", "yarn:", "pnpm:", "bun:"]
            .iter()
            .any(|prefix| word.starts_with(prefix))
}

/// The command that a watcher is told to run.
fn executed(words: &[String]) -> Option<String> {
    let watcher = matches!(
        words[0].as_str(),
        "nodemon" | "watchexec" | "onchange" | "tsc-watch"
    );
    let at = words
        .iter()
        .position(|word| matches!(word.as_str(), "--exec" | "-x" | "--onSuccess" | "--"))?;
    if !watcher || words[0] == "nodemon" && words[at] == "--" {
        return None;
    }
    let inner = words.get(at + 1)?;
    // `--exec ts-node src/index.ts`: the file stands behind.
    let rest = words[at + 2..].iter().find(|word| !word.starts_with('-'));
    Some(match rest {
        Some(file) if words[0] == "nodemon" && !inner.contains(' ') => format!("{inner} {file}"),
        _ => inner.clone(),
    })
}

/// Takes off what only sets the stage for another command.
fn unwrap(mut words: Vec<String>, env: &mut Vec<(String, String)>) -> Vec<String> {
    loop {
        let Some(first) = words.first().cloned() else {
            return words;
        };
        if let Some((name, value)) = assignment(&first) {
            env.push((name.to_string(), value.to_string()));
            words.remove(0);
            continue;
        }
        let second = words.get(1).map(String::as_str).unwrap_or_default();
        let strip = match (first.as_str(), second) {
            (
                "cross-env" | "cross-env-shell" | "npx" | "bunx" | "exec" | "env" | "time" | "sudo"
                | "nohup" | "@php",
                _,
            ) => 1,
            (
                "poetry" | "uv" | "pipenv" | "pdm" | "rye" | "hatch" | "mise" | "direnv"
                | "dotenvx" | "doppler" | "infisical" | "op",
                "run" | "exec",
            ) => 2,
            ("bundle" | "pnpm" | "yarn" | "npm", "exec" | "dlx") => 2,
            ("dotenv" | "env-cmd" | "dotenv-flow" | "with-env" | "dotenvx", _) => 1,
            ("yarn", second) if is_tool(second) => 1,
            ("bun", "x" | "--bun") => 2,
            _ => 0,
        };
        if strip == 0 {
            return words;
        }
        if first == "@php" {
            words[0] = "php".into();
            return words;
        }
        words.drain(..strip.min(words.len()));
        skip_options(&first, &mut words);
    }
}

/// Options of a wrapper, up to the command that it wraps.
fn skip_options(wrapper: &str, words: &mut Vec<String>) {
    if let Some(at) = words.iter().position(|word| word == "--")
        && matches!(
            wrapper,
            "dotenv" | "env-cmd" | "doppler" | "infisical" | "op" | "dotenvx" | "uv" | "npm"
        )
    {
        words.drain(..=at);
        return;
    }
    while words.first().is_some_and(|word| word.starts_with('-')) {
        let option = words.remove(0);
        let takes = matches!(
            option.as_str(),
            "-e" | "-f"
                | "-p"
                | "--project"
                | "--with"
                | "--extra"
                | "--group"
                | "--env-file"
                | "-c"
        );
        if takes && wrapper != "npx" && !words.is_empty() {
            words.remove(0);
        }
    }
}

fn is_tool(word: &str) -> bool {
    !word.starts_with('-') && !matches!(does(&[word]), Does::Ends) && word != "serve"
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let named = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (named && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, value))
}

/// Words of each simple command, split as a shell does; redirections are left out.
fn split_commands(command: &str) -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut quoted = false;
    let mut chars = command.chars().peekable();
    let mut depth = 0u32;
    let finish = |word: &mut String, quoted: &mut bool, commands: &mut Vec<Vec<String>>| {
        if (!word.is_empty() || *quoted)
            && let Some(last) = commands.last_mut()
        {
            last.push(std::mem::take(word));
        }
        *quoted = false;
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\') | (None, '\\') => word.extend(chars.next().filter(|c| *c != '\n')),
            (Some(_), c) => word.push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                quoted = true;
            }
            (None, '$') if chars.peek() == Some(&'{') => {
                depth += 1;
                word.push(c);
            }
            (None, '}') if depth > 0 => {
                depth -= 1;
                word.push(c);
            }
            (None, c) if depth > 0 => word.push(c),
            (None, '&') if word.ends_with('>') => word.push(c),
            (None, '&' | ';' | '|' | '\n') => {
                finish(&mut word, &mut quoted, &mut commands);
                commands.push(Vec::new());
            }
            (None, '(' | ')') if word.is_empty() => {}
            (None, c) if c.is_whitespace() => finish(&mut word, &mut quoted, &mut commands),
            (None, c) => word.push(c),
        }
    }
    finish(&mut word, &mut quoted, &mut commands);
    for words in &mut commands {
        words.retain(|word| {
            !word.contains(">/") && !word.starts_with("2>") && !word.starts_with(">&")
        });
    }
    commands.retain(|words| !words.is_empty());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn one(command: &str) -> (Does, Option<u16>) {
        let steps = steps(command);
        let step = steps.last().expect("a step");
        (step.does(), step.port())
    }

    #[test]
    fn wrappers_variables_and_options_are_seen_through() {
        assert_eq!(
            one("cross-env PORT=4000 next dev"),
            (Does::Serves(Some(3000)), Some(4000))
        );
        assert_eq!(
            one("dotenv -e ../.env -- npx next dev -p 3001"),
            (Does::Serves(Some(3000)), Some(3001))
        );
        assert_eq!(
            one("poetry run python -m flask run --port=5001"),
            (Does::Serves(Some(5000)), Some(5001))
        );
        assert_eq!(
            one("python manage.py runserver 0.0.0.0:8100"),
            (Does::Serves(Some(8000)), Some(8100))
        );
        assert_eq!(
            one("bundle exec ${DEBUG:+rdbg -O -c --} bin/rails server").1,
            None
        );
        assert_eq!(
            one("rails s -p ${PORT:-3005}"),
            (Does::Serves(Some(3000)), Some(3005))
        );
        assert_eq!(one("NODE_ENV=production node server.js").0, Does::Deployed);
        assert_eq!(one("node dist/main.js").0, Does::Deployed);
        assert_eq!(
            one("nodemon --watch src --exec ts-node src/index.ts").0,
            Does::Runs
        );
        assert_eq!(one("tsc -w").0, Does::Watches);
        assert_eq!(one("vite build --watch").0, Does::Watches);
        assert_eq!(one("vite build").0, Does::Ends);
        assert_eq!(one("vite --host").0, Does::Serves(Some(5173)));
    }

    #[test]
    fn what_runs_at_once_is_all_there() {
        let found = steps(
            "npx concurrently -c \"#93c5fd\" \"php artisan serve\" \"npm run dev\" --names=a,b",
        );
        let words: Vec<String> = found.iter().map(|step| step.words.join(" ")).collect();
        assert_eq!(words, ["php artisan serve", "npm run dev"]);
        let found = steps("cd client && npm run dev & cd server && go run .");
        assert_eq!(found[0].folder.as_deref(), Some("client"));
    }
}
