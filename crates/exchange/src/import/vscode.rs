//! `.vscode/tasks.json`: background tasks run on, the others run once when they are needed.

use crate::draft::{Draft, Names, Need, When};
use crate::fields::{Field, Fields};
use crate::node::{Node, Place};
use crate::report::Fate;
use crate::value::Value;
use crate::{dollar, shell};

use super::ImportError;
use super::base::Base;

/// The tasks of a file.
pub(super) fn read(base: &Base<'_>) -> Result<Vec<Draft>, ImportError> {
    let root = base.parse(0, crate::read_jsonc::read)?;
    let top = Fields::of(&root, None, &base.ledger);
    let Some(tasks) = top.take("tasks") else {
        return Err(base.error(0, 0, "there are no `tasks` in this file"));
    };
    if let Some(field) = top.take("version") {
        field.exact();
    }
    let options = top.take("options");
    options.iter().for_each(Field::exact);
    let mut names = Names::default();
    let mut drafts = Vec::new();
    let mut compounds: Vec<(String, Vec<String>)> = Vec::new();
    for task in tasks.node.list().unwrap_or_default() {
        let label = label(task);
        if !label.is_empty() && drafts.iter().any(|draft: &Draft| draft.source == label) {
            let why = "there is another task of this label".to_string();
            base.ledger
                .note(task.place, Some(&label), "label", Fate::Dropped(why));
            continue;
        }
        let mut draft = Draft::new("", &label, task.place);
        let fields = Fields::of(task, Some(&label), &base.ledger);
        fields.take_any(&["label", "taskName"]);
        let work = Task {
            base,
            fields: &fields,
            shared: options.as_ref().map(|field| &**field.node),
        };
        match work.command(&mut draft) {
            true => {
                draft.name = names.give(&label);
                work.rest(&mut draft);
                drafts.push(draft);
            }
            false => {
                let needs = work.needs();
                match needs.is_empty() {
                    true => {
                        let why = "it has no command".to_string();
                        base.ledger
                            .note(task.place, Some(&label), "task", Fate::Dropped(why));
                    }
                    false => {
                        let how = "a group of the tasks that it starts".to_string();
                        base.ledger
                            .note(task.place, Some(&label), "task", Fate::Approximated(how));
                        compounds.push((label, needs.into_iter().map(|need| need.on).collect()));
                    }
                }
            }
        }
    }
    top.close("this has no equivalent in Forge");
    for (label, members) in &compounds {
        for draft in drafts
            .iter_mut()
            .filter(|draft| members.contains(&draft.source))
        {
            draft.group(label);
        }
    }
    compound_needs(&mut drafts, &compounds);
    match drafts.is_empty() {
        true => Err(base.error(0, tasks.place.line, "none of the tasks has a command")),
        false => Ok(drafts),
    }
}

/// A dependency on a compound is one on its members.
fn compound_needs(drafts: &mut [Draft], compounds: &[(String, Vec<String>)]) {
    for draft in drafts {
        let needs = std::mem::take(&mut draft.needs);
        draft.needs = needs
            .into_iter()
            .flat_map(|need| {
                let members = compounds.iter().find(|(label, _)| *label == need.on);
                let names =
                    members.map_or_else(|| vec![need.on.clone()], |(_, names)| names.clone());
                names.into_iter().map(move |on| Need { on, ..need.clone() })
            })
            .collect();
    }
}

/// What people call a task.
fn label(task: &Node) -> String {
    let text = |key: &str| task.text_of(key).map(str::to_string);
    let npm = || text("script").map(|script| format!("npm: {script}"));
    let named = text("label").or_else(|| text("taskName")).or_else(npm);
    named.or_else(|| text("command")).unwrap_or_default()
}

/// One task at work.
struct Task<'a, 'f> {
    base: &'a Base<'a>,
    fields: &'f Fields<'a>,
    /// `options` of the file.
    shared: Option<&'a Node>,
}

impl<'a> Task<'a, '_> {
    fn command(&self, draft: &mut Draft) -> bool {
        let kind = self.fields.take("type");
        let word = kind
            .as_ref()
            .and_then(|field| field.node.scalar())
            .unwrap_or("process");
        let script = self.fields.take("script");
        let command = self.fields.take("command");
        let args = self.fields.take("args");
        if let (Some(field), "npm") = (&script, word) {
            let name = field.node.scalar().unwrap_or_default();
            draft.set(
                "command",
                Value::text(format!("npm run {}", shell::quote(name))),
            );
            [&kind, &script]
                .into_iter()
                .flatten()
                .for_each(Field::exact);
            return !name.is_empty();
        }
        let Some(field) = &command else {
            return false;
        };
        let text = field.node.scalar().or(field.node.text_of("value"));
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return false;
        };
        let words = args
            .as_ref()
            .map(|field| self.words(field))
            .unwrap_or_default();
        let value = match word == "process" && kind.is_some() {
            true => {
                let first = self.shell_text(field, text);
                Value::texts(std::iter::once(first).chain(words))
            }
            false => {
                let words = words.iter().map(|word| match word.contains('$') {
                    true => format!("\"{}\"", word.replace(['"', '\\', '`'], "")),
                    false => shell::quote(word),
                });
                let first = self.shell_text(field, text);
                let line: Vec<String> = std::iter::once(first).chain(words).collect();
                Value::text(line.join(" "))
            }
        };
        draft.set("command", value);
        [&kind, &command, &args]
            .into_iter()
            .flatten()
            .for_each(Field::exact);
        true
    }

    fn words(&self, field: &Field<'_>) -> Vec<String> {
        let items = field.node.list().unwrap_or_default().iter();
        let words = items.filter_map(|item| item.scalar().or(item.text_of("value")));
        words.map(|word| self.shell_text(field, word)).collect()
    }

    fn rest(&self, draft: &mut Draft) {
        let own = self.fields.take("options");
        let nodes = [own.as_ref().map(|field| &**field.node), self.shared];
        self.folder_and_environment(draft, own.as_ref(), &nodes);
        let background = self.fields.take("isBackground");
        let long = background.as_ref().and_then(|field| field.node.flag()) == Some(true);
        background.iter().for_each(Field::exact);
        let opens = self.fields.take("runOptions");
        let on_open =
            opens.as_ref().and_then(|field| field.node.text_of("runOn")) == Some("folderOpen");
        if let Some(field) = opens {
            field.approximated("what runs when the folder is opened runs at `forge dev start`");
        }
        match long {
            true => draft.set("auto_restart", Value::bare(false)),
            false => {
                draft.set("oneshot", Value::bare(true));
                if !on_open {
                    draft.set("autostart", Value::bare(false));
                }
            }
        }
        if let Some(field) = self.fields.take("detail")
            && let Some(text) = field.text()
        {
            draft.set("description", Value::text(dollar::literal(text)));
            field.exact();
        }
        draft.needs = self.needs();
        if let Some(field) = self.fields.take("problemMatcher") {
            self.ready_line(draft, &field, long);
        }
        if let Some(field) = self.fields.take("presentation") {
            field.approximated("it is about the editor's panels");
        }
        if let Some(field) = self.fields.take("group") {
            field.approximated("build and test groups are the editor's own; start it by its name");
        }
        for key in ["windows", "osx", "linux"] {
            if let Some(field) = self.fields.take(key) {
                match key == std::env::consts::OS.replace("macos", "osx") {
                    true => field.dropped(
                        "what is special to this system has to be written into the command",
                    ),
                    false => field.exact_as("it is about another system"),
                }
            }
        }
        self.fields.close("this has no equivalent in Forge");
    }

    fn folder_and_environment(
        &self,
        draft: &mut Draft,
        own: Option<&Field<'_>>,
        nodes: &[Option<&Node>],
    ) {
        let find = |key: &str| nodes.iter().flatten().find_map(|node| node.get(key));
        let root = match self.base.folder.ends_with(".vscode") {
            true => self.base.folder.parent().unwrap_or(&self.base.folder),
            false => &self.base.folder,
        };
        let folder = find("cwd").and_then(|node| node.scalar()).unwrap_or(".");
        let folder = folder
            .replace("${workspaceFolder}", &root.to_string_lossy())
            .replace("${workspaceRoot}", &root.to_string_lossy());
        let cwd = self.base.path_in(root, &folder);
        if cwd != "." {
            draft.set("cwd", Value::text(dollar::literal(&cwd)));
        }
        for entry in find("env").and_then(|node| node.map()).unwrap_or_default() {
            let value = match entry.value.scalar() {
                Some(text) => Value::text(self.value_text(text)),
                None => Value::Null,
            };
            draft.set_in("env", &entry.key, value);
        }
        if find("shell").is_some()
            && let Some(field) = own
        {
            field.approximated("a command runs by `sh`");
        }
        if let Some(field) = own {
            field.exact();
        }
    }

    fn needs(&self) -> Vec<Need> {
        let order = self.fields.take("dependsOrder");
        let Some(field) = self.fields.take("dependsOn") else {
            return Vec::new();
        };
        field.exact();
        if let Some(order) = order {
            match order.node.scalar() {
                Some("sequence") => {
                    order.approximated("the tasks start at once, unless they depend on one another")
                }
                _ => order.exact(),
            }
        }
        let one = std::slice::from_ref(field.node);
        let items = field.node.list().unwrap_or(one).iter();
        let need = |(on, place): (String, Place)| Need {
            on,
            place,
            field: "dependsOn".to_string(),
            when: When::Ready,
            on_down: "",
        };
        let names = items.map(|item| {
            (
                item.scalar().map_or_else(|| label(item), str::to_string),
                item.place,
            )
        });
        names.map(need).collect()
    }

    /// The line by which a background task says that it is ready.
    fn ready_line(&self, draft: &mut Draft, field: &Field<'_>, long: bool) {
        let one = std::slice::from_ref(field.node);
        let matchers = field.node.list().unwrap_or(one).iter();
        let pattern = matchers
            .filter_map(|node| node.get("background"))
            .find_map(|node| {
                let end = node.get("endsPattern")?;
                end.scalar().or(end.text_of("regexp"))
            });
        match pattern {
            Some(text) if long && regex_syntax::parse(text).is_ok() => {
                let check = [("log", Value::text(dollar::literal(text)))];
                draft.set("health_check", Value::map(check));
                field.approximated(
                    "the line that ends its first work makes it ready; problems are not listed",
                );
            }
            _ => field.approximated("Forge reads problems from the output by itself"),
        }
    }

    /// `${env:NAME}` for the shell, `${workspaceFolder}` as the folder.
    fn shell_text(&self, field: &Field<'_>, text: &str) -> String {
        let mut text = self.folders(text);
        while let Some((before, behind)) = text.split_once("${env:") {
            let Some((name, after)) = behind.split_once('}') else {
                break;
            };
            text = format!("{before}${{{name}}}{after}");
        }
        if text.contains("${input:") || text.contains("${file") || text.contains("${config:") {
            field.dropped("the editor asks for a value here; write it into the command");
        }
        text
    }

    fn value_text(&self, text: &str) -> String {
        let text = self.folders(text);
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, behind)) = rest.split_once("${env:") {
            let Some((name, after)) = behind.split_once('}') else {
                break;
            };
            out.push_str(&dollar::literal(before));
            out.push_str(&format!("${{{name}:-}}"));
            rest = after;
        }
        out + &dollar::literal(rest)
    }

    fn folders(&self, text: &str) -> String {
        let folder = match self.base.folder.ends_with(".vscode") {
            true => self.base.folder.parent().unwrap_or(&self.base.folder),
            false => &self.base.folder,
        };
        let folder = folder.to_string_lossy();
        text.replace("${workspaceFolder}", &folder)
            .replace("${workspaceRoot}", &folder)
            .replace("${cwd}", &folder)
    }
}
