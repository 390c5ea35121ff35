//! From a diagnosis to a report, and what files and Git add to it.

use std::path::{Path, PathBuf};

use forge_api::{CrashChanges, CrashReport, CrashSuggestion};
use forge_diagnose::changes::{Git, changes};
use forge_diagnose::{Diagnosis, snippet};

/// The report of a diagnosis, of which nothing else is known.
#[must_use]
pub fn report_of(diagnosis: &Diagnosis) -> CrashReport {
    // Both are the same JSON by contract.
    serde_json::to_value(diagnosis)
        .and_then(serde_json::from_value)
        .unwrap_or_else(|_| CrashReport {
            summary: diagnosis.summary.clone(),
            ..CrashReport::default()
        })
}

/// Adds the lines around the place, what changed in its file, and what follows from that.
pub fn complete(report: &mut CrashReport, workspace: &Path, cwd: &Path, git: &Git) {
    let Some(location) = &mut report.location else {
        return;
    };
    let Some(path) = on_disk(&location.file, workspace, cwd) else {
        return;
    };
    if location.source.is_empty()
        && let Some(line) = location.line
    {
        location.source = snippet::source(&path, line).unwrap_or_default();
    }
    let found = changes(git, &path);
    let committed = found.last_commit.is_some();
    let found: CrashChanges = serde_json::to_value(found)
        .and_then(serde_json::from_value)
        .unwrap_or_default();
    let place = match location.line {
        Some(line) => format!("{}:{line}", location.file),
        None => location.file.clone(),
    };
    let (file, uncommitted) = (location.file.clone(), found.uncommitted == Some(true));
    report.changes = Some(found);
    suggest(report, "open", || format!("open {place}"));
    if uncommitted && committed {
        suggest(report, "revert", || {
            format!("take back what is not committed in {file}; a patch of it is saved first")
        });
    }
}

fn suggest(report: &mut CrashReport, action: &str, text: impl FnOnce() -> String) {
    if report.suggestions.iter().all(|one| one.action != action) {
        report.suggestions.push(CrashSuggestion {
            action: action.to_string(),
            text: text(),
        });
    }
}

/// Where the file of a location lies.
pub(super) fn on_disk(file: &str, workspace: &Path, cwd: &Path) -> Option<PathBuf> {
    let path = Path::new(file);
    let mut places = [workspace.join(path), cwd.join(path)].into_iter();
    places.find(|place| place.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_diagnosis_is_in_its_report() {
        let text = b"Traceback (most recent call last):\n  File \"/w/app.py\", line 3, in <module>\n    f()\n  File \"/w/app.py\", line 2, in f\n    return {}[\"a\"]\nKeyError: 'a'\n";
        let diagnosis = forge_diagnose::explain(text);
        let report = report_of(&diagnosis);
        assert_eq!(
            report.kind.as_deref(),
            diagnosis.kind.map(|kind| kind.name())
        );
        assert_eq!(report.language.as_deref(), Some("python"));
        assert_eq!(report.error, diagnosis.error);
        assert_eq!(report.summary, diagnosis.summary);
        assert_eq!(report.frames.len(), diagnosis.frames.len());
        let (here, there) = (report.location.unwrap(), diagnosis.location.unwrap());
        assert_eq!((here.file, here.line), (there.file, there.line));
    }
}
