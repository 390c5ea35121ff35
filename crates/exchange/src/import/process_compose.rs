//! `process-compose.yaml`: the nearest relative of Forge's own file, with habits of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::dollar;
use crate::draft::{Draft, Names};
use crate::fields::Fields;
use crate::node::{Node, Place};
use crate::report::Fate;
use crate::value::Value;

use super::base::Base;
use super::process_compose_text::pairs;
use super::templates::Variables;
use super::{ImportError, process_compose_files as files};
use super::{process_compose_forge as forge, process_compose_life as life};

/// More copies than this are not written out one by one.
const MAX_COPIES: usize = 50;

/// What all processes of a file share.
pub(super) struct Project<'a> {
    pub(super) base: &'a Base<'a>,
    /// `$NAME` is replaced when the file is read.
    pub(super) expand: bool,
    /// `bash -c`, unless the file says otherwise.
    pub(super) shell: (String, String),
    env: Vec<(String, String, Place)>,
    pub(super) env_cmds: Vec<(String, String)>,
    env_files: Vec<String>,
    vars: Option<Rc<Node>>,
    /// By process: whether others wait for its end only.
    pub(super) ends: BTreeMap<String, bool>,
    /// By process: the line that makes it ready.
    pub(super) ready_lines: BTreeMap<String, String>,
    /// Processes that are written out copy by copy.
    copies: BTreeMap<String, Vec<String>>,
}

/// One process of it at work.
pub(super) struct Work<'a, 'p> {
    pub(super) project: &'p Project<'a>,
    pub(super) vars: Variables,
    pub(super) templates: bool,
}

/// The processes of a file.
pub(super) fn read(base: &mut Base<'_>) -> Result<Vec<Draft>, ImportError> {
    let root = files::root(base)?;
    let base = &*base;
    let top = Fields::of(&root, None, &base.ledger);
    let Some(written) = top.take("processes") else {
        return Err(base.error(0, 0, "there is no `processes` in this file"));
    };
    let Some(entries) = written.node.map() else {
        return Err(base.error(0, written.place.line, "`processes` must be a map"));
    };
    let processes: BTreeMap<String, Rc<Node>> = entries
        .iter()
        .map(|entry| (entry.key.clone(), files::extended(base, entry, entries)))
        .collect();
    let mut project = project(&top, base);
    project.look_around(&processes);
    let mut names = Names::default();
    let mut drafts = Vec::new();
    for entry in entries {
        let (source, node) = (&entry.key, &processes[&entry.key]);
        if node.map().is_none() {
            let why = format!("expected a map of fields, found {}", node.noun());
            base.ledger
                .note(entry.place, Some(source), "processes", Fate::Dropped(why));
            continue;
        }
        match project.copies.get(source) {
            None => {
                let mut draft = Draft::new(&names.give(source), source, entry.place);
                process(&mut draft, node, None, &project);
                drafts.push(draft);
            }
            Some(copies) => {
                for (number, copy) in copies.iter().enumerate() {
                    let mut draft = Draft::new(&names.give(copy), copy, entry.place);
                    process(&mut draft, node, Some(number), &project);
                    draft.group(source);
                    drafts.push(draft);
                }
            }
        }
    }
    for draft in &mut drafts {
        life::expand_copies(draft, &project.copies);
    }
    Ok(drafts)
}

fn project<'a>(top: &Fields<'a>, base: &'a Base<'a>) -> Project<'a> {
    let mut project = Project {
        base,
        expand: true,
        shell: ("bash".to_string(), "-c".to_string()),
        env: Vec::new(),
        env_cmds: Vec::new(),
        env_files: Vec::new(),
        vars: None,
        ends: BTreeMap::new(),
        ready_lines: BTreeMap::new(),
        copies: BTreeMap::new(),
    };
    for key in ["version", "name", "is_strict"] {
        if let Some(field) = top.take(key) {
            field.exact();
        }
    }
    if let Some(field) = top.take("disable_env_expansion") {
        project.expand = field.flag() != Some(true);
        field.exact();
    }
    if let Some(field) = top.take("shell") {
        let part = |key: &str| field.node.text_of(key).map(str::to_string);
        project.shell.0 = part("shell_command").unwrap_or(project.shell.0);
        project.shell.1 = part("shell_argument").unwrap_or(project.shell.1);
        field.exact();
    }
    if let Some(field) = top.take("environment") {
        project.env = pairs(field.node);
        field.exact_as("written into every process");
    }
    if let Some(field) = top.take("env_cmds") {
        let cmds = field.node.map().unwrap_or_default().iter();
        let cmds = cmds.filter_map(|e| Some((e.key.clone(), e.value.scalar()?.to_string())));
        project.env_cmds = cmds.collect();
        field.approximated("evaluated by each process's shell at its start, without a time limit");
    }
    if let Some(field) = top.take("vars") {
        project.vars = Some(field.node.clone());
        field.exact_as("filled in where they are used");
    }
    if let Some(field) = top.take("env_file_names") {
        let known = |name: &&str| base.folder.join(name).is_file() && *name != ".env";
        let texts = field.node.texts();
        let found = texts.iter().map(|(name, _)| *name).filter(known);
        project.env_files = found.map(|name| base.path(name)).collect();
        field.exact_as("the files that exist now are named in every process");
    }
    if let Some(field) = top.take("ordered_shutdown") {
        match field.flag() {
            Some(true) => field.exact_as("dependents stop before what they need"),
            _ => field.approximated("Forge stops dependents first; `settings: {stop_order: parallel}` stops all at once"),
        }
    }
    for key in [
        "log_level",
        "log_length",
        "log_format",
        "log_configuration",
        "log_location",
    ] {
        if let Some(field) = top.take(key) {
            field.approximated(
                "Forge keeps all output itself, as it was written: `forge dev paths` says where",
            );
        }
    }
    top.close("this has no equivalent in Forge");
    project
}

impl Project<'_> {
    /// What has to be known of all processes before one is read.
    fn look_around(&mut self, processes: &BTreeMap<String, Rc<Node>>) {
        for (name, node) in processes {
            if let Some(line) = node.text_of("ready_log_line") {
                self.ready_lines.insert(name.clone(), line.to_string());
            }
            for entry in node
                .get("depends_on")
                .and_then(|n| n.map())
                .unwrap_or_default()
            {
                let word = entry.value.text_of("condition").unwrap_or_default();
                let ends = matches!(
                    word,
                    "" | "process_completed" | "process_completed_successfully"
                );
                let all = self.ends.entry(entry.key.clone()).or_insert(true);
                *all &= ends;
            }
        }
        let taken: BTreeSet<&String> = processes.keys().collect();
        for (name, node) in processes {
            let count = node.get("replicas").and_then(|n| n.number()).unwrap_or(1.0) as usize;
            let numbered = |number| format!("{name}-{number}");
            if (2..=MAX_COPIES).contains(&count)
                && mentions(node, "PC_REPLICA_NUM")
                && !(0..count).any(|number| taken.contains(&numbered(number)))
            {
                let copies = (0..count).map(numbered).collect();
                self.copies.insert(name.clone(), copies);
            }
        }
    }
}

/// There is nothing to run.
fn is_blank(command: &Value) -> bool {
    match command {
        Value::Text(text) | Value::Bare(text) => text.trim().is_empty(),
        Value::List(words) => words.first().is_none_or(is_blank),
        Value::Null | Value::Map(_) => true,
    }
}

/// Whether a text occurs anywhere in a node.
fn mentions(node: &Node, what: &str) -> bool {
    use crate::node::Kind;
    match &node.kind {
        Kind::Null => false,
        Kind::Scalar { text, .. } => text.contains(what),
        Kind::List(items) => items.iter().any(|item| mentions(item, what)),
        Kind::Map(entries) => entries.iter().any(|entry| mentions(&entry.value, what)),
    }
}

fn process(draft: &mut Draft, node: &Node, copy: Option<usize>, project: &Project<'_>) {
    let source = draft.source.clone();
    let fields = Fields::of(node, Some(&source), &project.base.ledger);
    let number = copy.unwrap_or(0).to_string();
    let mut vars = Variables {
        maps: project.vars.iter().cloned().collect(),
        own: vec![
            ("PC_REPLICA_NUM".to_string(), number.clone()),
            ("PC_PROC_NAME".to_string(), source.clone()),
        ],
    };
    if let Some(field) = fields.take("vars") {
        vars.maps.insert(0, field.node.clone());
        field.exact_as("filled in where they are used");
    }
    let templates = fields.take("is_template_disabled").and_then(|field| {
        field.exact();
        field.flag()
    });
    let work = Work {
        project,
        vars,
        templates: templates != Some(true),
    };
    work.folder_and_command(draft, &fields);
    work.environment(draft, &fields);
    if copy.is_some() || mentions(node, "PC_REPLICA_NUM") {
        draft.set_in("env", "PC_REPLICA_NUM", Value::text(number));
    }
    if copy.is_some() || mentions(node, "PC_PROC_NAME") {
        let name = Value::text(dollar::literal(&source));
        draft.set_in("env", "PC_PROC_NAME", name);
    }
    life::read(draft, &fields, &work, copy.is_some());
    forge::read(draft, &fields, &work);
    fields.close("this has no equivalent in Forge");
}

impl<'a> Work<'a, '_> {
    fn folder_and_command(&self, draft: &mut Draft, fields: &Fields<'_>) {
        let folder = fields.take("working_dir");
        let folder = folder.and_then(|field| {
            let text = self.value(&field, field.text()?);
            field.exact();
            Some(text)
        });
        if let Some(cwd) = self.project.base.cwd(folder.as_deref().unwrap_or(".")) {
            draft.set("cwd", Value::text(cwd));
        }
        let entrypoint = fields.take("entrypoint");
        let args = fields.take("args");
        let command = fields.take("command").and_then(|field| {
            let value = self.command(&field, field.text()?);
            field.exact();
            Some(value)
        });
        let value = match (command, &entrypoint) {
            (Some(value), _) => Some(value),
            (None, Some(field)) => {
                let more = args.iter().flat_map(|field| field.node.texts());
                let words: Vec<&str> = field
                    .node
                    .texts()
                    .into_iter()
                    .chain(more)
                    .map(|(w, _)| w)
                    .collect();
                field.exact();
                Some(self.words(field, &words))
            }
            (None, None) => None,
        };
        let value = match value.filter(|value| !is_blank(value)) {
            Some(value) => value,
            None => {
                let why = "there is no command".to_string();
                let source = draft.source.clone();
                let ledger = &self.project.base.ledger;
                ledger.note(draft.place, Some(&source), "command", Fate::Dropped(why));
                draft.set("autostart", Value::bare(false));
                Value::text("true")
            }
        };
        if let Some(field) = args {
            field.exact();
        }
        draft.set("command", self.with_env_cmds(value));
    }

    fn environment(&self, draft: &mut Draft, fields: &Fields<'_>) {
        let base = self.project.base;
        let mut files: Vec<Value> = self.project.env_files.iter().map(Value::text).collect();
        if let Some(field) = fields.take("env_file") {
            for (text, _) in field.node.texts() {
                let folder = match draft.get("cwd") {
                    Some(Value::Text(cwd)) => base.options.workspace.join(cwd),
                    _ => base.options.workspace.to_path_buf(),
                };
                let text = self.fill(&field, text);
                let path = base.path_in(&folder, &text);
                match super::base::tidy(&folder.join(&text)).is_file() {
                    true => {
                        field.exact_as("relative to the workspace here");
                        files.push(Value::text(dollar::literal(&path)));
                    }
                    false => field.dropped(format!(
                        "there is no `{path}`; add `env_file: {path}` once there is"
                    )),
                }
            }
        }
        if !files.is_empty() {
            draft.set("env_file", Value::List(files));
        }
        if let Some(field) = fields.take("is_dotenv_disabled") {
            match field.flag() == Some(true) && base.folder.join(".env").is_file() {
                true => {
                    field.dropped("Forge reads `.env` for all or none: `settings: {dotenv: false}`")
                }
                false => field.exact(),
            }
        }
        let own = fields.take("environment");
        for (name, text, _) in &self.project.env {
            let text = match self.project.expand {
                true => dollar::value(text).text,
                false => dollar::literal(text),
            };
            draft.set_in("env", name, Value::text(text));
        }
        if let Some(field) = own {
            for (name, text, _) in pairs(field.node) {
                let text = self.value(&field, &text);
                draft.set_in("env", &name, Value::text(text));
            }
            field.exact();
        }
    }
}
