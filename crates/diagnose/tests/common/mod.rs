//! What the tests of the reader share: one text, and the few answers that matter.

use std::path::Path;

use forge_diagnose::{Diagnosis, Evidence, diagnose};

/// Reads a text as the output of a process of `/srv/shop`.
pub(crate) fn read(text: &str) -> Diagnosis {
    diagnose(&Evidence {
        cwd: Some(Path::new("/srv/shop")),
        ..Evidence::text(text.as_bytes())
    })
}

/// Checks language, kind, error and place; `-` is null.
#[track_caller]
pub(crate) fn check(text: &str, language: &str, kind: &str, error: &str, place: &str) -> Diagnosis {
    let found = read(text);
    let or = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let at = found.location.as_ref().map(|location| match location.line {
        Some(line) => format!("{}:{line}", location.file),
        None => location.file.clone(),
    });
    let told = [
        or(found.language.map(|language| language.name().into())),
        or(found.kind.map(|kind| kind.name().into())),
        or(found.error.clone()),
        or(at),
    ];
    assert_eq!(
        told,
        [language, kind, error, place].map(String::from),
        "\n{text}"
    );
    found
}
