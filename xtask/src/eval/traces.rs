//! The reader of traces against raw outputs of programs whose crash is known: language, error and
//! place must be right, and what the output does not tell must not be invented.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use forge_diagnose::{Diagnosis, Evidence, diagnose};
use serde_json::Value;

use super::{Score, records, text};

/// The least share of cases, in percent, for each of the three answers.
const LEAST: f64 = 95.0;

/// What stands for "the output names none".
const NONE: &str = "null";

/// Scores each case of a file; the outputs lie beside it.
pub(crate) fn run(file: &Path) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut scores = Scores::default();
    for case in records(file)? {
        let name = text(&case, "file");
        let path = folder.join(&name);
        let output = std::fs::read(&path)
            .with_context(|| format!("cannot read the output {}", path.display()))?;
        let cwd = case.get("cwd").and_then(Value::as_str).map(PathBuf::from);
        let code = case.get("exit_code").and_then(Value::as_i64);
        let found = diagnose(&Evidence {
            cwd: cwd.as_deref(),
            exit_code: code.and_then(|code| i32::try_from(code).ok()),
            ..Evidence::text(&output)
        });
        scores.count(&name, &found, &case);
    }
    scores.tell()
}

/// What is counted: three answers with a bar, and what is only shown.
struct Scores {
    languages: Score,
    errors: Score,
    places: Score,
    all: u64,
    kinds: u64,
    frames: u64,
    invented: Vec<String>,
}

impl Default for Scores {
    fn default() -> Self {
        Scores {
            languages: Score::new(LEAST),
            errors: Score::new(LEAST),
            places: Score::new(LEAST),
            all: 0,
            kinds: 0,
            frames: 0,
            invented: Vec::new(),
        }
    }
}

impl Scores {
    fn count(&mut self, name: &str, found: &Diagnosis, case: &Value) {
        self.all += 1;
        let (ours, accepted) = language(found, case);
        let right = accepted.contains(&ours);
        self.languages.count("language", right, || {
            format!("{name}: {ours}, not {accepted:?}")
        });
        self.errors.count("error", is_error_right(found, case), || {
            let (class, message) = (&case["error"], &case["message"]);
            format!("{name}: {:?}, not {class} {message}", found.error)
        });
        let (ours, accepted) = place(found, case);
        self.places.count("place", accepted.contains(&ours), || {
            format!("{name}: {ours}, not {accepted:?}")
        });
        let invented = inventions(found, case);
        self.invented
            .extend(invented.map(|what| format!("{name}: {what}")));
        let kind = found.kind.map_or(NONE, |kind| kind.name());
        let theirs = text(case, "kind");
        if is_kind_right(kind, &theirs) {
            self.kinds += 1;
        } else {
            println!("kind: {name}: {kind}, not {theirs}");
        }
        let own = found.frames.iter().filter(|frame| frame.application);
        let own = own.count() as u64;
        let least = case.get("frames>=").and_then(Value::as_u64).unwrap_or(0);
        if own >= least {
            self.frames += 1;
        } else {
            println!("frames: {name}: {own}, not {least}");
        }
    }

    fn tell(&self) -> Result<()> {
        let Scores {
            all, kinds, frames, ..
        } = self;
        println!("kinds right: {kinds} of {all}; enough frames: {frames} of {all}");
        println!("invented: {}", self.invented.len());
        for what in &self.invented {
            println!("  {what}");
        }
        let scores = [&self.languages, &self.errors, &self.places];
        scores.into_iter().try_for_each(Score::tell)
    }
}

/// What was found, and what counts as right. The cases call JavaScript by its runtime.
fn language(found: &Diagnosis, case: &Value) -> (String, Vec<String>) {
    let ours = found.language.map_or(NONE, |language| language.name());
    let name = |value: &Value| match value.as_str() {
        Some("node") => "javascript".to_owned(),
        Some(name) => name.to_owned(),
        None => NONE.to_owned(),
    };
    let more = case.get("accept_language").and_then(Value::as_array);
    let accepted = std::iter::once(&case["language"]).chain(more.into_iter().flatten());
    (ours.to_owned(), accepted.map(name).collect())
}

/// Whether the headline, or the root of its chain, is what the case says.
fn is_error_right(found: &Diagnosis, case: &Value) -> bool {
    let told: Vec<&str> = found
        .error
        .iter()
        .chain(found.causes.iter().map(|cause| &cause.error))
        .map(String::as_str)
        .collect();
    let pair = |class: &str, message: &str| {
        let (class, message) = (text(case, class), text(case, message));
        let message = message.lines().next().unwrap_or("").to_owned();
        (class, message)
    };
    let says = |(class, message): &(String, String)| {
        told.iter()
            .any(|error| error.contains(class.as_str()) && error.contains(message.as_str()))
    };
    let headline = pair("error", "message");
    if headline == (String::new(), String::new()) {
        return told.is_empty();
    }
    let root = pair("root_error", "root_message");
    says(&headline) || root != (String::new(), String::new()) && says(&root)
}

/// The place that was found, and the places that count as right.
fn place(found: &Diagnosis, case: &Value) -> (String, Vec<String>) {
    let written = |file: &Value, line: &Value| match (file.as_str(), line.as_u64()) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.to_owned(),
        (None, _) => NONE.to_owned(),
    };
    let mut accepted = vec![
        written(&case["app_file"], &case["app_line"]),
        written(&case["app_path"], &case["app_line"]),
    ];
    if case["app_file"].is_string() && case["app_path"].is_null() {
        accepted.pop();
    }
    let more = case.get("accept_app").and_then(Value::as_array);
    accepted.extend(
        more.into_iter()
            .flatten()
            .map(|pair| written(&pair[0], &pair[1])),
    );
    let ours = found
        .location
        .as_ref()
        .map_or(NONE.to_owned(), |location| match location.line {
            Some(line) => format!("{}:{line}", location.file),
            None => location.file.clone(),
        });
    (ours, accepted)
}

/// What was told though the output does not say it.
fn inventions<'a>(found: &'a Diagnosis, case: &'a Value) -> impl Iterator<Item = String> + use<'a> {
    let (place, places) = place(found, case);
    let place = (places.iter().all(|place| place == NONE) && place != NONE).then_some(place);
    let silent = case["error"].is_null() && case["message"].is_null();
    let error = found.error.clone().filter(|_| silent);
    let (language, languages) = language(found, case);
    let language =
        (languages.iter().all(|name| name == NONE) && language != NONE).then_some(language);
    [place, error, language].into_iter().flatten()
}

/// The cases have finer names for some kinds, and none for others.
fn is_kind_right(ours: &str, theirs: &str) -> bool {
    let also: &[&str] = match theirs {
        "panic" => &["nil-dereference", "assertion", "stack-overflow"],
        "exception" => &[
            "nil-dereference",
            "assertion",
            "panic",
            "config",
            "unhandled-rejection",
            "stack-overflow",
        ],
        "unhandled-rejection" => &["exception"],
        "connection" => &["connection-refused"],
        "asan" | "ubsan" | "tsan" | "lsan" => &["sanitizer"],
        "test-failure" => &["assertion", "exception", "nil-dereference", "panic"],
        "lock" => &["config", "port-in-use"],
        "compile" => &["syntax"],
        "killed" => &["out-of-memory", "signal"],
        _ => &[],
    };
    ours == theirs || also.contains(&ours)
}
