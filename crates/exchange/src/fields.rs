//! A map of a file whose keys are ticked off as they are read, so that none is lost silently.

use std::cell::RefCell;
use std::rc::Rc;

use crate::node::{Entry, Node, Place};
use crate::report::{Fate, Report};

/// What all reading of a file writes into.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    report: RefCell<Report>,
}

impl Ledger {
    /// A further file; its number.
    pub(crate) fn file(&self, shown: &str) -> usize {
        let mut report = self.report.borrow_mut();
        report.files.push(shown.to_string());
        report.files.len() - 1
    }

    pub(crate) fn note(&self, place: Place, process: Option<&str>, field: &str, fate: Fate) {
        self.report.borrow_mut().add(place, process, field, fate);
    }

    pub(crate) fn finish(&self) -> Report {
        let mut report = self.report.take();
        report.sort();
        report
    }
}

/// A map that is being read.
pub(crate) struct Fields<'a> {
    entries: &'a [Entry],
    taken: RefCell<Vec<bool>>,
    path: String,
    process: Option<&'a str>,
    ledger: &'a Ledger,
}

/// A field of it.
pub(crate) struct Field<'a> {
    pub(crate) path: String,
    pub(crate) place: Place,
    pub(crate) node: &'a Rc<Node>,
    process: Option<&'a str>,
    ledger: &'a Ledger,
}

impl<'a> Fields<'a> {
    /// The fields of a node; none where it is no map.
    pub(crate) fn of(node: &'a Node, process: Option<&'a str>, ledger: &'a Ledger) -> Self {
        Fields::within(node, String::new(), process, ledger)
    }

    fn within(node: &'a Node, path: String, process: Option<&'a str>, ledger: &'a Ledger) -> Self {
        let entries = node.map().unwrap_or_default();
        Fields {
            entries,
            taken: RefCell::new(vec![false; entries.len()]),
            path,
            process,
            ledger,
        }
    }

    /// A field that is there and not null.
    pub(crate) fn take(&self, key: &str) -> Option<Field<'a>> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        self.taken.borrow_mut()[at] = true;
        let entry = &self.entries[at];
        (!entry.value.is_null()).then(|| self.field(entry))
    }

    /// The first of several names of a field.
    pub(crate) fn take_any(&self, keys: &[&str]) -> Option<Field<'a>> {
        keys.iter().find_map(|key| self.take(key))
    }

    /// The keys that nobody has taken.
    pub(crate) fn rest(&self) -> Vec<Field<'a>> {
        let taken = self.taken.borrow();
        let rest = self.entries.iter().zip(taken.iter());
        rest.filter(|(_, taken)| !**taken)
            .map(|(entry, _)| self.field(entry))
            .collect()
    }

    /// Notes all keys that nobody has taken as dropped, `x-` keys as left out.
    pub(crate) fn close(&self, why: &str) {
        for field in self.rest() {
            match field.path.rsplit('.').next() {
                Some(key) if key.starts_with("x-") => {
                    field.exact_as("an extension: it means nothing to the tool either");
                }
                _ => field.dropped(why),
            }
        }
    }

    fn field(&self, entry: &'a Entry) -> Field<'a> {
        Field {
            path: match self.path.is_empty() {
                true => entry.key.clone(),
                false => format!("{}.{}", self.path, entry.key),
            },
            place: entry.place,
            node: &entry.value,
            process: self.process,
            ledger: self.ledger,
        }
    }
}

impl<'a> Field<'a> {
    /// Its value as fields.
    pub(crate) fn fields(&self) -> Fields<'a> {
        Fields::within(self.node, self.path.clone(), self.process, self.ledger)
    }

    pub(crate) fn exact(&self) {
        self.fate(Fate::Exact(None));
    }

    pub(crate) fn exact_as(&self, how: impl Into<String>) {
        self.fate(Fate::Exact(Some(how.into())));
    }

    pub(crate) fn approximated(&self, how: impl Into<String>) {
        self.fate(Fate::Approximated(how.into()));
    }

    pub(crate) fn dropped(&self, why: impl Into<String>) {
        self.fate(Fate::Dropped(why.into()));
    }

    fn fate(&self, fate: Fate) {
        self.ledger.note(self.place, self.process, &self.path, fate);
    }

    /// Its text; another kind of value is noted as dropped.
    pub(crate) fn text(&self) -> Option<&'a str> {
        let text = self.node.scalar();
        if text.is_none() {
            self.dropped(format!("expected text, found {}", self.node.noun()));
        }
        text
    }

    /// Its flag; another value is noted as dropped.
    pub(crate) fn flag(&self) -> Option<bool> {
        let flag = self.node.flag();
        if flag.is_none() {
            self.dropped("expected `true` or `false`");
        }
        flag
    }

    /// Its number; another value is noted as dropped.
    pub(crate) fn number(&self) -> Option<f64> {
        let number = self.node.number();
        if number.is_none() {
            self.dropped("expected a number");
        }
        number
    }
}
