//! Findings while files are read: places still as byte offsets, turned into diagnostics at the end.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::files::Files;
use crate::tree::Span;

/// A file with more mistakes than this is no file of ours; the rest is counted only.
const MAX_FINDINGS: usize = 200;

/// Something to tell about a place.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) span: Span,
    /// The file as a whole is meant.
    pub(crate) whole_file: bool,
    pub(crate) message: String,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) related: Vec<(Span, String)>,
    /// The profile that it keeps from running; `None`: the file as such is wrong.
    pub(crate) profile: Option<String>,
}

impl Finding {
    /// What to do about it.
    pub(crate) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }

    /// What to do about it, where that is known.
    pub(crate) fn maybe_help(&mut self, text: Option<String>) -> &mut Self {
        self.help = text.or(self.help.take());
        self
    }

    /// A few words at the mark.
    pub(crate) fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.label = Some(text.into());
        self
    }

    /// Another place that belongs to it.
    pub(crate) fn related(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.related.push((span, text.into()));
        self
    }

    /// It depends on the environment, and so keeps only this profile from running.
    pub(crate) fn only_for(&mut self, profile: Option<&str>) -> &mut Self {
        self.profile = profile.map(str::to_string);
        self
    }
}

/// Gathers findings.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    findings: Vec<Finding>,
    /// Where a finding goes that is not kept.
    overflow: Option<Finding>,
    dropped: usize,
}

impl Sink {
    /// A mistake.
    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        self.push(Severity::Error, span, message.into())
    }

    /// Something odd.
    pub(crate) fn warning(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        self.push(Severity::Warning, span, message.into())
    }

    /// A finding that is not told, for callers that go on with one.
    pub(crate) fn unsaid(&mut self, span: Span) -> &mut Finding {
        self.overflow.insert(Finding {
            severity: Severity::Error,
            span,
            whole_file: false,
            message: String::new(),
            label: None,
            help: None,
            related: Vec::new(),
            profile: None,
        })
    }

    /// A mistake of a file as a whole.
    pub(crate) fn file_error(&mut self, file: u32, message: impl Into<String>) -> &mut Finding {
        self.whole_file(Severity::Error, file, message.into())
    }

    /// Something odd about a file as a whole.
    pub(crate) fn file_warning(&mut self, file: u32, message: impl Into<String>) -> &mut Finding {
        self.whole_file(Severity::Warning, file, message.into())
    }

    fn whole_file(&mut self, severity: Severity, file: u32, message: String) -> &mut Finding {
        let span = Span {
            file,
            start: 0,
            end: 0,
        };
        let finding = self.push(severity, span, message);
        finding.whole_file = true;
        finding
    }

    /// Takes over what does not depend on the environment.
    pub(crate) fn append_lasting(&mut self, other: Sink) {
        let lasting = other.findings.into_iter().filter(|f| f.profile.is_none());
        let room = MAX_FINDINGS - self.findings.len();
        self.findings.extend(lasting.take(room));
    }

    fn push(&mut self, severity: Severity, span: Span, message: String) -> &mut Finding {
        let finding = Finding {
            severity,
            span,
            whole_file: false,
            message,
            label: None,
            help: None,
            related: Vec::new(),
            profile: None,
        };
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
            let last = self.findings.len() - 1;
            return &mut self.findings[last];
        }
        self.dropped += 1;
        self.overflow.insert(finding)
    }

    /// Whether further findings are only counted: then looking for suggestions is a waste, and with
    /// hostile files a long one.
    pub(crate) fn is_full(&self) -> bool {
        self.findings.len() >= MAX_FINDINGS
    }

    /// Whether anything was a mistake.
    pub(crate) fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Whether a mistake was noted in this place.
    pub(crate) fn has_error_within(&self, span: Span) -> bool {
        self.findings.iter().any(|finding| {
            finding.severity == Severity::Error
                && finding.span.file == span.file
                && (span.start..=span.end).contains(&finding.span.start)
        })
    }

    /// Errors and warnings, sorted by place. The same said twice of one place (a process that two
    /// others extend) is said once.
    pub(crate) fn finish(self, files: &Files) -> (Diagnostics, Diagnostics) {
        let mut order: Vec<Finding> = Vec::new();
        let mut profiles: Vec<Vec<String>> = Vec::new();
        let mut seen: HashMap<(Span, String), usize> = HashMap::new();
        for finding in self.findings {
            let key = (finding.span, finding.message.clone());
            match seen.get(&key) {
                Some(&at) => match (&finding.profile, profiles[at].is_empty()) {
                    (Some(profile), false) if !profiles[at].contains(profile) => {
                        profiles[at].push(profile.clone());
                    }
                    (None, _) => profiles[at].clear(),
                    _ => {}
                },
                None => {
                    seen.insert(key, order.len());
                    profiles.push(finding.profile.clone().into_iter().collect());
                    order.push(finding);
                }
            }
        }
        let mut all: Vec<(Finding, Vec<String>)> = order.into_iter().zip(profiles).collect();
        all.sort_by_key(|(finding, _)| finding.span);
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        for (finding, profiles) in all {
            let list = match finding.severity {
                Severity::Error => &mut errors,
                Severity::Warning => &mut warnings,
            };
            list.push(Diagnostic::of(finding, profiles, files));
        }
        (
            Diagnostics::new(errors, self.dropped),
            Diagnostics::new(warnings, 0),
        )
    }
}
