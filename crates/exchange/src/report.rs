//! What became of every field of a file: carried exactly, approximated, or dropped, with its line.

use serde_json::{Value, json};

use crate::node::Place;

/// What became of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It means the same. A note says how, where that is not plain.
    Exact(Option<String>),
    /// It means nearly the same, and how.
    Approximated(String),
    /// It has no equivalent, and why.
    Dropped(String),
}

/// A field and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportEntry {
    /// The file, as it was named; for an export the profile.
    pub file: String,
    /// Its line, counted from 1; 0 where there is none.
    pub line: usize,
    /// The process, as the file names it.
    pub process: Option<String>,
    /// The field, `healthcheck.test` for one within a map.
    pub field: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of all fields, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub(crate) files: Vec<String>,
    entries: Vec<(Place, ReportEntry)>,
}

impl Report {
    pub(crate) fn add(&mut self, place: Place, process: Option<&str>, field: &str, fate: Fate) {
        let file = self.files.get(place.file).cloned().unwrap_or_default();
        let entry = ReportEntry {
            file,
            line: place.line,
            process: process.map(str::to_string),
            field: field.to_string(),
            fate,
        };
        if !self.entries.iter().any(|(_, known)| *known == entry) {
            self.entries.push((place, entry));
        }
    }

    pub(crate) fn sort(&mut self) {
        self.entries
            .sort_by_key(|(place, _)| (place.file, place.line));
    }

    /// All fields.
    pub fn entries(&self) -> impl Iterator<Item = &ReportEntry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// What was dropped.
    pub fn dropped(&self) -> impl Iterator<Item = &ReportEntry> {
        self.entries()
            .filter(|entry| matches!(entry.fate, Fate::Dropped(_)))
    }

    /// Numbers of fields that were carried exactly, approximated and dropped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.entries().fold((0, 0, 0), |counts, entry| {
            let (exact, near, gone) = counts;
            match entry.fate {
                Fate::Exact(_) => (exact + 1, near, gone),
                Fate::Approximated(_) => (exact, near + 1, gone),
                Fate::Dropped(_) => (exact, near, gone + 1),
            }
        })
    }

    /// The report as one JSON list.
    pub fn to_json(&self) -> Value {
        self.entries().map(ReportEntry::to_json).collect()
    }
}

impl ReportEntry {
    /// `exact`, `approximated` or `dropped`.
    pub fn word(&self) -> &'static str {
        match self.fate {
            Fate::Exact(_) => "exact",
            Fate::Approximated(_) => "approximated",
            Fate::Dropped(_) => "dropped",
        }
    }

    /// How or why.
    pub fn note(&self) -> Option<&str> {
        match &self.fate {
            Fate::Exact(note) => note.as_deref(),
            Fate::Approximated(how) => Some(how),
            Fate::Dropped(why) => Some(why),
        }
    }

    /// `file:12`, or the file alone.
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "file": self.file,
            "line": self.line,
            "process": self.process,
            "field": self.field,
            "fate": self.word(),
            "note": self.note(),
        })
    }
}
