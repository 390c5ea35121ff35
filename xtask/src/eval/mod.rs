//! Scores of what is recognised, against files of cases: `cargo xtask eval WHAT FILE`.
//!
//! A case states the answers that count as right. The misses are listed, so that one sees which form
//! is not known yet, and the share is compared with the least that is accepted.

mod detect;
mod events;
mod levels;
mod traces;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Scores one kind of recognition.
pub(crate) fn run(what: &str, file: &Path) -> Result<()> {
    match what {
        "detect" => detect::run(file),
        "levels" => levels::run(file),
        "events" => events::run(file),
        "traces" => traces::run(file),
        other => {
            bail!("nothing is called `{other}` that could be scored; use detect, levels or events")
        }
    }
}

/// The objects of a file of JSON lines.
fn records(file: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the cases in {}", file.display()))?;
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("line {} of {} is no case", at + 1, file.display()))
        })
        .collect()
}

fn text(record: &Value, key: &str) -> String {
    let value = record.get(key).and_then(Value::as_str);
    value.unwrap_or_default().to_string()
}

/// How many answers were right.
struct Score {
    least: f64,
    all: u64,
    wrong: BTreeMap<String, u64>,
}

impl Score {
    /// Nothing counted yet; `least` percent are accepted.
    fn new(least: f64) -> Self {
        Score {
            least,
            all: 0,
            wrong: BTreeMap::new(),
        }
    }

    /// Counts an answer and shows a miss.
    fn count(&mut self, source: &str, right: bool, miss: impl FnOnce() -> String) {
        self.all += 1;
        if !right {
            *self.wrong.entry(source.to_string()).or_default() += 1;
            println!("{source}: {}", miss());
        }
    }

    /// Shows the share; an error where it is too small.
    fn tell(&self) -> Result<()> {
        let wrong: u64 = self.wrong.values().sum();
        let share = 100.0 * (1.0 - wrong as f64 / self.all.max(1) as f64);
        println!(
            "{share:.2}% of {} right; misses by source: {:?}",
            self.all, self.wrong
        );
        if share < self.least {
            bail!(
                "{share:.2}% is less than the {}% that is accepted",
                self.least
            );
        }
        Ok(())
    }
}
