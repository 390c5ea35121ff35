//! From a trace to a diagnosis: whose frames they are, where to look, what kind it is, and the one
//! sentence.

use crate::diagnose::range;
use crate::lang::elixir;
use crate::libraries::{is_own_path, mark};
use crate::mask::mask;
use crate::place::Ground;
use crate::report::{Cause, Diagnosis, Frame, Kind, Language, Location, Suggestion};
use crate::rules::{self, Match};
use crate::snippet;
use crate::sourcemap;
use crate::trace::{Raised, Trace, Weight};

/// A diagnosis that says nothing.
pub(crate) fn nothing() -> Diagnosis {
    Diagnosis {
        kind: None,
        language: None,
        error: None,
        error_type: None,
        message: None,
        summary: String::new(),
        location: None,
        frames: Vec::new(),
        causes: Vec::new(),
        rule: None,
        subject: None,
        host: None,
        port: None,
        deterministic: false,
        fatal: false,
        lines: None,
        suggestions: Vec::new(),
    }
}

/// Judges a trace. `found` is the rule that made it, where it was a line alone.
pub(crate) fn judge(mut trace: Trace, found: Option<Match>, ground: Ground<'_>) -> Diagnosis {
    let found = found.or_else(|| rule_of(&trace));
    let kind = kind(&trace, found.as_ref());
    let prefers_place = prefers_place(&trace);
    let location = locate(&mut trace.error, trace.language, prefers_place, ground);
    let causes: Vec<Cause> = trace
        .causes
        .iter_mut()
        .filter_map(|cause| below(cause, trace.language, ground))
        .collect();
    let location = location.or_else(|| causes.iter().find_map(|cause| cause.location.clone()));
    let language = language(trace.language, location.as_ref());
    let found = found.filter(|found| found.rule.kind.is_none() || found.rule.kind == kind);
    let deterministic = match &found {
        Some(found) => found.rule.deterministic,
        None => kind.is_some_and(Kind::repeats),
    };
    let masked = |text: &Option<String>| text.as_deref().map(|text| mask(text).into_owned());
    let mut diagnosis = Diagnosis {
        kind,
        language,
        error: masked(&trace.error.headline()),
        error_type: trace.error.class.clone(),
        message: masked(&trace.error.message),
        location,
        frames: std::mem::take(&mut trace.error.frames),
        causes,
        rule: found.as_ref().map(|found| found.rule.name.to_owned()),
        subject: found.as_ref().and_then(|found| found.subject.clone()),
        host: found.as_ref().and_then(|found| found.host.clone()),
        port: found.as_ref().and_then(|found| found.port),
        deterministic,
        fatal: trace.weight == Weight::Fatal,
        lines: Some(range(trace.lines)),
        ..nothing()
    };
    diagnosis.summary = summary(&diagnosis, found.as_ref());
    diagnosis.suggestions = suggestions(&diagnosis, found.as_ref());
    diagnosis
}

/// The rule that says what a trace is about: by its headline, else by a cause, else by the rest.
fn rule_of(trace: &Trace) -> Option<Match> {
    let headline = trace.error.headline();
    let causes = trace.causes.iter().rev().filter_map(Raised::headline);
    let mut found = headline
        .into_iter()
        .chain(causes)
        .find_map(|text| rules::apply(&text));
    if found.is_none() {
        let more = trace.more.lines().filter(|line| !line.starts_with(SOURCE));
        found = more.into_iter().find_map(rules::apply);
    }
    if let Some(found) = &mut found
        && found.port.is_none()
    {
        // Some runtimes say the port among the error's properties.
        let port = trace
            .more
            .lines()
            .find_map(|line| line.trim().strip_prefix("port: "));
        found.port = port.and_then(|port| port.trim_end_matches(',').parse().ok());
    }
    found
}

/// What marks a line of source among what rules may look at.
pub(crate) const SOURCE: &str = "source: ";

/// A rule is more telling than that there was an exception, and less than a form of its own.
fn kind(trace: &Trace, found: Option<&Match>) -> Option<Kind> {
    let told = found.and_then(|found| found.rule.kind);
    match trace.kind {
        None | Some(Kind::Exception | Kind::Panic | Kind::UnhandledRejection | Kind::Config) => {}
        kind => return kind,
    }
    let stack = trace.weight >= Weight::Logged;
    told.or(trace.kind).or(stack.then_some(Kind::Exception))
}

/// Whether the place in an error's own line is nearer than its frames: where it is thrown, not where
/// a runtime noticed.
fn prefers_place(trace: &Trace) -> bool {
    let script = matches!(
        trace.language,
        Some(Language::JavaScript | Language::TypeScript)
    );
    !script || matches!(trace.kind, Some(Kind::Syntax | Kind::Compile))
}

/// Judges the frames of an error and finds the first one of the user's own code.
fn locate(
    raised: &mut Raised,
    language: Option<Language>,
    prefers_place: bool,
    ground: Ground<'_>,
) -> Option<Location> {
    mark(language, &mut raised.frames, ground);
    for frame in &mut raised.frames {
        elixir_name(language, frame);
        tell(language, frame, ground);
    }
    let place = raised.place.take().filter(|place| {
        let file = place.file.as_deref();
        file.is_some_and(|file| is_own_path(language, file, ground))
    });
    let place = place.map(|mut place| {
        tell(language, &mut place, ground);
        if place.function.is_none() {
            let same = |frame: &&Frame| frame.file == place.file && frame.line == place.line;
            place.function = raised
                .frames
                .iter()
                .find(same)
                .and_then(|frame| frame.function.clone());
        }
        place
    });
    let first = raised
        .frames
        .iter()
        .find(|frame| frame.application && frame.file.is_some());
    let first = first.cloned();
    let chosen = if prefers_place {
        place.or(first)
    } else {
        first.or(place)
    };
    let Frame {
        function,
        file,
        line,
        column,
        ..
    } = chosen?;
    let file = file?;
    let source = line.and_then(|line| Some(snippet::source(&ground.on_disk(&file)?, line)));
    Some(Location {
        source: source.flatten().unwrap_or_default(),
        file,
        line,
        column,
        function,
    })
}

fn elixir_name(language: Option<Language>, frame: &mut Frame) {
    if language == Some(Language::Elixir) {
        elixir::without_app(frame);
    }
}

/// Tells a frame's path as people know it; through a source map where one lies beside the file.
fn tell(language: Option<Language>, frame: &mut Frame, ground: Ground<'_>) {
    let Some(file) = frame.file.take() else {
        return;
    };
    let script = matches!(language, Some(Language::JavaScript | Language::TypeScript));
    let jvm = matches!(language, Some(Language::Java | Language::Kotlin));
    let function = frame
        .function
        .as_deref()
        .filter(|_| jvm && frame.application);
    let source = function.and_then(|function| ground.java_source(function, &file));
    let told = source.unwrap_or_else(|| ground.told(&file));
    if script
        && frame.application
        && let Some(path) = ground.on_disk(&told)
        && let Some(original) = sourcemap::original(&path, frame.line, frame.column)
    {
        frame.line = Some(original.line);
        frame.column = Some(original.column);
        frame.file = Some(ground.told(&original.file.to_string_lossy()));
        return;
    }
    frame.file = Some(told);
}

fn below(cause: &mut Raised, language: Option<Language>, ground: Ground<'_>) -> Option<Cause> {
    let error = cause.headline()?;
    let location = locate(cause, language, true, ground);
    Some(Cause {
        error: mask(&error).into_owned(),
        error_type: cause.class.clone(),
        message: cause.message.as_deref().map(|text| mask(text).into_owned()),
        location,
        frames: std::mem::take(&mut cause.frames),
    })
}

/// JavaScript whose location is a TypeScript file is TypeScript.
fn language(told: Option<Language>, location: Option<&Location>) -> Option<Language> {
    let extension = location.and_then(|location| location.file.rsplit('.').next());
    match (told, extension) {
        (Some(Language::JavaScript), Some("ts" | "tsx" | "mts" | "cts")) => {
            Some(Language::TypeScript)
        }
        (told, _) => told,
    }
}

fn summary(diagnosis: &Diagnosis, found: Option<&Match>) -> String {
    let place = diagnosis
        .location
        .as_ref()
        .map(|location| match location.line {
            Some(line) => format!(" in {}:{line}", location.file),
            None => format!(" in {}", location.file),
        });
    let place = place.unwrap_or_default();
    let what = match (found, diagnosis.kind) {
        (Some(found), _) => found.explanation(),
        (None, Some(Kind::NilDereference)) if diagnosis.language == Some(Language::Go) => {
            "nil pointer dereference".into()
        }
        (None, Some(Kind::NilDereference)) => "null pointer dereference".into(),
        (None, Some(Kind::StackOverflow)) => {
            "the stack overflowed, most likely by endless recursion".into()
        }
        (None, Some(Kind::Segfault)) if diagnosis.error_type.is_none() => {
            "it accessed memory that is not its own (segmentation fault)".into()
        }
        (None, _) => diagnosis.error.clone().unwrap_or_default(),
    };
    format!("{what}{place}")
}

fn suggestions(diagnosis: &Diagnosis, found: Option<&Match>) -> Vec<Suggestion> {
    let mut suggestions = Vec::new();
    if let Some(found) = found {
        suggestions.push(found.suggestion());
    }
    if let Some(location) = &diagnosis.location {
        let line = location
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        suggestions.push(Suggestion::new(
            "open",
            format!("open {}{line}", location.file),
        ));
    }
    suggestions
}
