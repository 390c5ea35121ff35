//! The last word of test runners: how many tests have passed, how many have not.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::EventFields;
use super::address::expression;
use super::body::Body;

/// How a form of summary counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// All kinds that occurred are named: what is not named is 0.
    Complete,
    /// A line for each kind.
    Partial,
    /// All tests and the failed ones; the rest has passed.
    OfTotal,
}

use Counts::{Complete, OfTotal, Partial};

/// Forms of summaries; each expression begins where the message does.
const FORMS: [(Counts, &str); 24] = [
    (Complete, r"^tests:\s+(?:\d+ \w+,? ?)+$"),
    (
        Complete,
        r"^tests\s+(?:\d+ (?:passed|failed|skipped|todo|expected fail)\b[ |]*)+(?:\(\d+\))?$",
    ),
    (
        Complete,
        r"^=*\s*(?:\d+ (?:failed|passed|skipped|deselected|xfailed|xpassed|warnings?|errors?|rerun)(?:, )?)+ in [\d.]+",
    ),
    (Complete, r"^test result: "),
    (
        Partial,
        r"^(?:\d+ (?:passing|failing|pending)\b,? ?)+(?:\([\d.]+ ?m?s\))?$",
    ),
    (
        OfTotal,
        r"^\d+ (?:examples?|tests?|runs?|doctests?|propert(?:y|ies)|assertions?)(?:, \d+ (?:tests?|doctests?|assertions?|properties|features?))*, \d+ (?:failures?|failed|excluded|skipped)\b",
    ),
    (OfTotal, r"^tests run: \d+, failures: \d+"),
    (OfTotal, r"^tests: \d+, assertions: \d+"),
    (OfTotal, r"^ok[ ,].*\(?\b\d+ tests?, \d+ assertions?"),
    (Complete, r"^(?:passed|failed)!\s+-\s+failed:\s+\d+"),
    (
        Complete,
        r"^(?:passed|failed): total \d+, failed \d+|^total tests: \d+",
    ),
    (Partial, r"^(?:pass|fail) \d+$"),
    (Partial, r"^\d+ (?:pass|fail)$"),
    (Complete, r"^(?:ok|failed) \| \d+ passed"),
    (
        Complete,
        r"^summary \[.*\]\s+\d+ tests? run: |^\d+ tests? run: \d+ passed",
    ),
    (
        Partial,
        r"^\d+ (?:passed|failed|flaky|skipped|did not run)(?: \([\d.]+ ?(?:ms|s|m)\))?$",
    ),
    (Partial, r"^\d+ tests? (?:passed|failed)\b"),
    (Partial, r"^ran \d+ tests? (?:in [\d.]+|containing)"),
    (Partial, r"^failed \((?:failures|errors)=\d+"),
    (Complete, r"^\d+ (?:scenarios?|features?) (?:\(|passed)"),
    (OfTotal, r"^\d+% tests passed, \d+ tests? failed out of \d+"),
    (OfTotal, r"^\d+ tests completed, \d+ failed"),
    (
        Complete,
        r"\bexecuted \d+ of \d+\b|^executed \d+ tests?, with \d+ failures?",
    ),
    (
        Partial,
        r"^(?:ok|fail)\s+\S*[\w/.-]+\s+(?:[\d.]+s|\(cached\))|^\d+ failures?, \d+ errors?\.?$|^result: (?:pass|fail)$|^all tests passed\b|^\[\s+(?:passed|failed)\s+\] \d+ tests?",
    ),
];

static ANY: LazyLock<regex::bytes::RegexSet> = LazyLock::new(|| {
    regex::bytes::RegexSetBuilder::new(FORMS.iter().map(|(_, pattern)| pattern))
        .unicode(false)
        .case_insensitive(true)
        .build()
        .expect("expressions of ours are valid: each is compiled by a test")
});

static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?P<count>\d+) (?P<word>(?:tests? )?(?:passed|passing|pass|failed|failing|fail|failures?|errors?|skipped|pending|ignored|todo|excluded)|examples?|tests?|runs?|doctests?|scenarios?)\b",
    )
});

static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?P<word>passed|failed|failures?|errors?|skipped|pass|fail|tests run|total tests|total|tests|incomplete)\s*[:=]?\s*(?P<count>\d+)\b",
    )
});

/// The counts of a line that is the summary of a test run.
pub(super) fn counts(body: &Body) -> Option<EventFields> {
    // The margin of `[  PASSED  ] 3 tests` looks like the name of a logger.
    let text = [body.said(), body.text()];
    let (form, text) = text
        .iter()
        .find_map(|text| Some((ANY.matches(text.as_bytes()).iter().next()?, *text)))?;
    let counts = FORMS.get(form)?.0;
    let mut tally = Tally::default();
    // `Failures: 1, Errors: 0` and `failures=1`, but not `Tests: 1 failed`.
    let behind = BEHIND.find_iter(text.as_bytes());
    let signed = behind
        .filter(|it| text[it.range()].contains([':', '=']))
        .count();
    let before = BEFORE.find_iter(text.as_bytes()).count();
    let pairs = if signed > before || before == 0 {
        &*BEHIND
    } else {
        &*BEFORE
    };
    for found in pairs.captures_iter(text.as_bytes()) {
        let part = |name| found.name(name).and_then(|it| text.get(it.range()));
        if let (Some(word), Some(count)) =
            (part("word"), part("count").and_then(|it| it.parse().ok()))
        {
            tally.add(&word.to_ascii_lowercase(), count);
        }
    }
    Some(tally.fields(counts))
}

#[derive(Default)]
struct Tally {
    total: Option<u64>,
    passed: Option<u64>,
    failed: Option<u64>,
    errors: Option<u64>,
    skipped: u64,
}

impl Tally {
    fn add(&mut self, word: &str, count: u64) {
        let word = word.rsplit(' ').next().unwrap_or(word);
        match word {
            "passed" | "passing" | "pass" => self.passed = self.passed.or(Some(count)),
            "failed" | "failing" | "fail" | "failure" | "failures" => {
                self.failed = self.failed.or(Some(count));
            }
            "error" | "errors" => self.errors = Some(count),
            "skipped" | "pending" | "ignored" | "todo" | "excluded" | "incomplete" => {
                self.skipped += count;
            }
            // Doctests and tests add up.
            _ => self.total = Some(self.total.unwrap_or(0) + count),
        }
    }

    fn fields(self, counts: Counts) -> EventFields {
        let (passed, failed) = match counts {
            Complete => (self.passed.or(Some(0)), self.failed.or(Some(0))),
            Partial => (self.passed, self.failed),
            OfTotal => {
                let failed = self.failed.unwrap_or(0) + self.errors.unwrap_or(0);
                let total = self.total.unwrap_or(0);
                let rest = total.saturating_sub(failed + self.skipped);
                (self.passed.or(Some(rest)), Some(failed))
            }
        };
        EventFields {
            passed,
            failed,
            errors: self.errors.filter(|count| *count > 0),
            ..EventFields::default()
        }
    }
}
