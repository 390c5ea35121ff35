//! The configuration files of agents, and how this server is entered there. Files of people keep their
//! order and their layout: an entry is inserted, nothing is written anew. Reads and writes nothing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The name of the entry.
const NAME: &str = "forge";

/// An agent's program.
#[derive(Debug)]
pub struct Client {
    /// What people call it on the command line.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    base: Base,
    path: &'static str,
    /// Files and folders that tell that it is used here.
    marks: &'static [(Base, &'static str)],
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Base {
    Project,
    Home,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    /// `{"KEY": {"forge": {"command", "args"}}}`
    Json(&'static str),
    /// The same with a further field that says what kind of entry it is.
    Marked(&'static str, (&'static str, &'static str)),
    /// `{"mcp": {"forge": {"type": "local", "command": […]}}}`
    Opencode,
    /// `[mcp_servers.forge]`
    Toml,
}

/// All that are known.
pub const CLIENTS: &[Client] = &[
    Client {
        id: "claude-code",
        title: "Claude Code",
        base: Base::Project,
        path: ".mcp.json",
        marks: &[
            (Base::Project, ".mcp.json"),
            (Base::Project, ".claude"),
            (Base::Project, "CLAUDE.md"),
            (Base::Home, ".claude.json"),
        ],
        form: Form::Json("mcpServers"),
    },
    Client {
        id: "cursor",
        title: "Cursor",
        base: Base::Project,
        path: ".cursor/mcp.json",
        marks: &[(Base::Project, ".cursor"), (Base::Home, ".cursor")],
        form: Form::Json("mcpServers"),
    },
    Client {
        id: "vscode",
        title: "VS Code",
        base: Base::Project,
        path: ".vscode/mcp.json",
        marks: &[(Base::Project, ".vscode")],
        form: Form::Marked("servers", ("type", "stdio")),
    },
    Client {
        id: "codex",
        title: "Codex",
        base: Base::Home,
        path: ".codex/config.toml",
        marks: &[(Base::Home, ".codex")],
        form: Form::Toml,
    },
    Client {
        id: "gemini",
        title: "Gemini CLI",
        base: Base::Project,
        path: ".gemini/settings.json",
        marks: &[
            (Base::Project, ".gemini"),
            (Base::Project, "GEMINI.md"),
            (Base::Home, ".gemini"),
        ],
        form: Form::Json("mcpServers"),
    },
    Client {
        id: "opencode",
        title: "opencode",
        base: Base::Project,
        path: "opencode.json",
        marks: &[
            (Base::Project, "opencode.json"),
            (Base::Home, ".config/opencode"),
        ],
        form: Form::Opencode,
    },
    Client {
        id: "zed",
        title: "Zed",
        base: Base::Project,
        path: ".zed/settings.json",
        marks: &[(Base::Project, ".zed"), (Base::Home, ".config/zed")],
        form: Form::Marked("context_servers", ("source", "custom")),
    },
    Client {
        id: "windsurf",
        title: "Windsurf",
        base: Base::Home,
        path: ".codeium/windsurf/mcp_config.json",
        marks: &[(Base::Home, ".codeium/windsurf")],
        form: Form::Json("mcpServers"),
    },
];

/// What is to be done about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It names the server already.
    Already,
    /// Its new text.
    Write(String),
}

impl Client {
    /// The file in which it looks for servers.
    pub fn file(&self, project: &Path, home: &Path) -> PathBuf {
        at(self.base, project, home).join(self.path)
    }

    /// Whether it seems to be used here.
    pub fn is_used(&self, project: &Path, home: &Path) -> bool {
        let mut marks = self.marks.iter();
        marks.any(|(base, mark)| at(*base, project, home).join(mark).exists())
    }

    /// What of a file changes so that it names this server, which `program` with `mcp` starts.
    ///
    /// # Errors
    ///
    /// A file that cannot be understood: why, and what to enter by hand.
    pub fn change(&self, text: &str, program: &str) -> Result<Change, String> {
        match self.form {
            Form::Json(key) => insert(text, key, &json!({ "command": program, "args": ["mcp"] })),
            Form::Marked(key, (field, kind)) => insert(
                text,
                key,
                &json!({ field: kind, "command": program, "args": ["mcp"] }),
            ),
            Form::Opencode => insert(
                text,
                "mcp",
                &json!({ "type": "local", "command": [program, "mcp"], "enabled": true }),
            ),
            Form::Toml => append(text, program),
        }
    }
}

fn at<'a>(base: Base, project: &'a Path, home: &'a Path) -> &'a Path {
    match base {
        Base::Project => project,
        Base::Home => home,
    }
}

/// Enters a server below a key of the topmost object. Comments and commas behind the last entry, as
/// editors allow them in their settings, stay where they are.
fn insert(text: &str, key: &str, entry: &Value) -> Result<Change, String> {
    let by_hand = || format!("enter by hand: {}", json!({ key: { NAME: entry } }));
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let plain = super::jsonc::plain(text);
    let before: Value = serde_json::from_str(&plain)
        .map_err(|error| format!("it is no JSON ({error}); {}", by_hand()))?;
    let servers = before.get(key);
    if servers.and_then(|servers| servers.get(NAME)).is_some() {
        return Ok(Change::Already);
    }
    let top = plain.find('{').filter(|_| before.is_object());
    let top = top.ok_or_else(|| format!("it holds no object; {}", by_hand()))?;
    let written = match servers {
        None => {
            let inner = with(&json!({ NAME: entry }));
            enter(text, top, key, &inner, 1, is_empty(&before))
        }
        Some(servers) => {
            let place = value_of(&plain, top, key).filter(|_| servers.is_object());
            let place = place.ok_or_else(|| format!("its `{key}` is no object; {}", by_hand()))?;
            enter(text, place, NAME, &with(entry), 2, is_empty(servers))
        }
    };
    // What was there is there, and ours is added; anything else is not written.
    let mut expected = before;
    expected[key][NAME] = entry.clone();
    match serde_json::from_str::<Value>(&super::jsonc::plain(&written)) {
        Ok(after) if after == expected => Ok(Change::Write(written)),
        Ok(_) | Err(_) => Err(format!(
            "it is laid out in a way that is not understood; {}",
            by_hand()
        )),
    }
}

fn with(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Puts a field behind the brace at `brace`.
fn enter(text: &str, brace: usize, key: &str, value: &str, depth: usize, alone: bool) -> String {
    let indent = "  ".repeat(depth);
    let value = value.replace('\n', &format!("\n{indent}"));
    let (before, after) = text.split_at(brace + 1);
    let (tail, after) = match (alone, after.trim_start()) {
        (true, rest) if rest.starts_with('}') => (format!("\n{}", "  ".repeat(depth - 1)), rest),
        // Nothing but a comment.
        (true, _) => (String::new(), after),
        (false, _) => (",".to_string(), after),
    };
    format!("{before}\n{indent}\"{key}\": {value}{tail}{after}")
}

/// Where the brace stands of the object that a field of the object at `top` holds.
fn value_of(text: &str, top: usize, key: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0usize, top);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                let end = string_end(bytes, at)?;
                let rest = text[end..].trim_start();
                if depth == 1 && &text[at + 1..end - 1] == key && rest.starts_with(':') {
                    let value = rest[1..].trim_start();
                    return value.starts_with('{').then(|| text.len() - value.len());
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Behind the string that begins here.
fn string_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn append(text: &str, program: &str) -> Result<Change, String> {
    let entry = format!(
        "[mcp_servers.{NAME}]\ncommand = {}\nargs = [\"mcp\"]\n",
        json!(program)
    );
    let mut lines = text.lines().map(str::trim);
    if lines
        .clone()
        .any(|line| line == format!("[mcp_servers.{NAME}]"))
    {
        return Ok(Change::Already);
    }
    if lines.any(|line| line.starts_with("mcp_servers")) {
        return Err(format!(
            "its `mcp_servers` is no table of its own; enter by hand:\n{entry}"
        ));
    }
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    Ok(Change::Write(format!("{text}{gap}{entry}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> &'static Client {
        CLIENTS.iter().find(|one| one.id == id).unwrap()
    }

    fn written(id: &str, text: &str) -> String {
        match client(id).change(text, "forge").unwrap() {
            Change::Write(text) => {
                assert_eq!(
                    client(id).change(&text, "forge"),
                    Ok(Change::Already),
                    "{text}"
                );
                text
            }
            Change::Already => panic!("it is there already"),
        }
    }

    #[test]
    fn every_client_gets_an_entry_in_an_empty_file() {
        for one in CLIENTS {
            let text = written(one.id, "");
            assert!(
                text.contains("forge") && text.ends_with('\n'),
                "{}: {text}",
                one.id
            );
        }
        assert_eq!(
            written("claude-code", ""),
            "{\n  \"mcpServers\": {\n    \"forge\": {\n      \"args\": [\n        \"mcp\"\n      ],\n      \"command\": \"forge\"\n    }\n  }\n}\n"
        );
    }

    #[test]
    fn what_people_wrote_stays_as_they_wrote_it() {
        let text = "{\n\t\"z\": \"{ \\\"mcpServers\\\": 1\",\n\t\"mcpServers\": {\n\t\t\"a\": {\"command\": \"x\"}\n\t},  \"b\": [1,2]\n}";
        let new = written("cursor", text);
        for piece in [
            "\t\"z\": \"{ \\\"mcpServers\\\": 1\",",
            "\n\t\t\"a\": {\"command\": \"x\"}\n\t},  \"b\": [1,2]\n}",
        ] {
            assert!(new.contains(piece), "{new}");
        }
        let text = "{\"inputs\": [], \"servers\": { }}";
        assert!(written("vscode", text).starts_with("{\"inputs\": [], \"servers\": {"));
        let toml = "model = \"x\"\n# mine\n[mcp_servers.other]\ncommand = \"y\"";
        assert!(written("codex", toml).starts_with(&format!("{toml}\n\n[mcp_servers.forge]\n")));
    }

    #[test]
    fn comments_and_last_commas_of_settings_stay() {
        let text = "// Zed {\n{\n  \"theme\": \"a//b\", // mine\n  /* \"context_servers\": {} */\n  \"context_servers\": {\n    // none yet\n  },\n}\n";
        let new = written("zed", text);
        for piece in [
            "// Zed {\n{",
            "\"a//b\", // mine\n  /* \"context_servers\": {} */",
            "// none yet\n  },\n}",
        ] {
            assert!(new.contains(piece), "{new}");
        }
        assert!(new.contains("\"source\": \"custom\""), "{new}");
        let new = written("vscode", "{\n  \"inputs\": [],\n}\n");
        assert!(new.ends_with("\"inputs\": [],\n}\n"), "{new}");
    }

    #[test]
    fn what_is_not_understood_is_left_alone_and_told() {
        for (id, text) in [
            ("claude-code", "{ /* mine }"),
            ("claude-code", "[]"),
            ("claude-code", "{\"mcpServers\": []}"),
            ("codex", "mcp_servers = { a = {} }"),
        ] {
            let error = client(id).change(text, "forge").unwrap_err();
            assert!(
                error.contains("by hand") && error.contains("forge"),
                "{error}"
            );
        }
    }
}
