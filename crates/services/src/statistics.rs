//! What a look at a service found.

use std::collections::BTreeMap;

/// One figure.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number; never infinite and never none.
    Number(f64),
    /// Text, on one line.
    Text(String),
}

/// Figures by name. The end of a name tells the unit: `_bytes`, `_percent`, `_s` and `_ms`, `_per_s`.
pub type Statistics = BTreeMap<String, Value>;

/// What a look found, before rates are made of what was counted up.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) figures: Statistics,
    /// Counts that only grow, by the name that their rate is to have.
    pub(crate) counters: BTreeMap<String, f64>,
    /// Sums with counts that only grow, by the name that the mean of what was added is to have.
    pub(crate) means: BTreeMap<String, (f64, f64)>,
}

impl Findings {
    pub(crate) fn number(&mut self, name: &str, value: impl Into<Option<f64>>) {
        if let Some(value) = value.into().filter(|value| value.is_finite()) {
            self.figures.insert(name.to_string(), Value::Number(value));
        }
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let value = crate::error::one_line(value, 200);
        if !value.is_empty() {
            self.figures.insert(name.to_string(), Value::Text(value));
        }
    }

    /// `part` of `part + rest` in percent; nothing while there is nothing.
    pub(crate) fn percent(&mut self, name: &str, part: Option<f64>, rest: Option<f64>) {
        let (Some(part), Some(rest)) = (part, rest) else {
            return;
        };
        let whole = part + rest;
        self.number(
            name,
            (whole > 0.0).then(|| (part * 1000.0 / whole).round() / 10.0),
        );
    }

    pub(crate) fn counter(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.counters.insert(name.to_string(), value);
        }
    }
}
