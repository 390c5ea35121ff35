//! The text form of Prometheus and of OpenMetrics. A line that cannot be understood is left out.

use std::collections::BTreeMap;

/// More series than this are not kept: somebody put a user's id into a label.
const SERIES: usize = 100_000;

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    Counter,
    Gauge,
    /// A histogram or summary: a sum, a count, and more that is not looked at.
    Distribution,
    #[default]
    Unknown,
}

/// One value with its labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    /// The name as written, which for a distribution has an end.
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

/// All values of one name.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Family {
    pub(super) kind: Kind,
    pub(super) series: Vec<Series>,
}

pub(super) fn parse(page: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
    let mut count = 0;
    for line in page.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix('#') {
            let mut words = comment.split_ascii_whitespace();
            if let (Some("TYPE"), Some(name), Some(kind)) =
                (words.next(), words.next(), words.next())
            {
                kinds.insert(name, kind_of(kind));
            }
            continue;
        }
        let Some(series) = parse_line(line).filter(|_| count < SERIES) else {
            continue;
        };
        count += 1;
        let (name, kind) = family_of(&series.name, &kinds);
        let family = families.entry(name.to_string()).or_default();
        family.kind = kind;
        family.series.push(series);
    }
    families
}

fn kind_of(word: &str) -> Kind {
    match word {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" | "summary" => Kind::Distribution,
        _ => Kind::Unknown,
    }
}

/// The declared name that a series belongs to: its own, or that without the end.
fn family_of<'a>(name: &'a str, kinds: &BTreeMap<&str, Kind>) -> (&'a str, Kind) {
    if let Some(kind) = kinds.get(name) {
        return (name, *kind);
    }
    for end in ["_sum", "_count", "_bucket", "_total", "_created"] {
        if let Some(base) = name.strip_suffix(end)
            && let Some(kind) = kinds.get(base)
        {
            // OpenMetrics declares a counter without the end that its values have.
            let shown = if *kind == Kind::Counter { name } else { base };
            return (shown, *kind);
        }
    }
    (name, Kind::Unknown)
}

fn parse_line(line: &str) -> Option<Series> {
    let end = line.find(|c: char| c == '{' || c.is_ascii_whitespace())?;
    let (name, rest) = line.split_at(end);
    let named = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    if name.is_empty() || !named {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => parse_labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value = rest.split_ascii_whitespace().next()?;
    Some(Series {
        name: name.to_string(),
        labels,
        value: value.parse().ok()?,
    })
}

/// Labels up to the closing brace, and what stands behind it.
fn parse_labels(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start().strip_prefix('"')?;
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            let (at, c) = chars.next()?;
            match c {
                '"' => break at + 1,
                '\\' => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                other => value.push(other),
            }
        };
        labels.push((name.trim().to_string(), value));
        rest = after[end..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_labels_escapes_and_times_are_read() {
        let page = "# HELP a text\n# TYPE a gauge\na 1.5\na{x=\"1\",y=\"q\\\"}\\n,\"} 2 1700000000\n  b\t+Inf\n";
        let families = parse(page);
        assert_eq!(families["a"].kind, Kind::Gauge);
        assert_eq!(families["a"].series.len(), 2);
        let labels = &families["a"].series[1].labels;
        assert_eq!(labels[1], ("y".into(), "q\"}\n,".into()));
        assert_eq!(families["b"].series[0].value, f64::INFINITY);
    }

    #[test]
    fn parts_of_a_distribution_belong_together_and_a_counter_keeps_its_end() {
        let page = "# TYPE d histogram\nd_bucket{le=\"1\"} 3\nd_sum 4\nd_count 5\n# TYPE r counter\nr_total 9\nx_sum 1\n";
        let families = parse(page);
        assert_eq!(families["d"].series.len(), 3);
        assert_eq!(
            (families["d"].kind, families["r_total"].kind),
            (Kind::Distribution, Kind::Counter)
        );
        assert_eq!(families["x_sum"].kind, Kind::Unknown);
    }

    #[test]
    fn what_is_no_figure_is_left_out() {
        for line in [
            "",
            "a",
            "a b",
            "{} 1",
            "a{ 1",
            "a{x} 1",
            "a{x=\"1} 1",
            "a{x=1} 1",
            "<html> 1",
            "# TYPE",
            "a{x=\"\\",
            "ä 1",
        ] {
            assert!(parse(line).is_empty(), "{line}");
        }
    }
}
