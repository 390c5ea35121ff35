//! `logs` and `search_logs`.

use forge_api::{LogLine, LogsAnswer, LogsQuery, path};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{given as some, one_or_many};
use crate::budget;
use crate::fold::{Folded, essence, fold};
use crate::link;
use crate::reply::{Answer, Reply, Trouble};
use crate::session::{Caller, Session};
use crate::text;

/// Lines and characters of an answer at most, whatever is asked for.
const MOST_LINES: usize = 500;
const MOST_CHARS: usize = 40_000;
/// Characters of a line.
const LINE: usize = 600;
/// What is read so that folding leaves as many lines as were asked for.
const READ: usize = 2_000;
/// What `search_logs` counts up to.
const COUNTED: usize = 5_000;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Logs {
    /// Names, groups or globs; empty: all.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Vec<String>")]
    targets: Vec<String>,
    /// Only what came since your last call for the same targets.
    #[serde(default)]
    new: bool,
    /// Go on behind the place that an earlier answer names.
    #[serde(default)]
    cursor: String,
    /// The lines before the place that an earlier answer names as `first`.
    #[serde(default)]
    before: String,
    /// This level and above: trace, debug, info, warn, error, fatal.
    #[serde(default)]
    level: String,
    /// A regular expression that lines match.
    #[serde(default)]
    grep: String,
    /// Upper and lower case are the same for `grep`.
    #[serde(default)]
    ignore_case: bool,
    /// Not before: "10m", "14:30", RFC 3339.
    #[serde(default)]
    since: String,
    /// One run only: its id, or "last" for the one before the newest.
    #[serde(default)]
    run: String,
    /// At most so many lines, after folding.
    #[serde(default = "usual_lines")]
    lines: usize,
    /// At most so many characters.
    #[serde(default = "usual_chars")]
    max_chars: usize,
}

fn usual_lines() -> usize {
    80
}

fn usual_chars() -> usize {
    10_000
}

pub(crate) async fn logs(session: &Session, given: Logs, _: &Caller) -> Answer {
    let key = format!("logs {}", given.targets.join(","));
    let after = match (some(&given.cursor), given.new) {
        (Some(cursor), _) => Some(cursor.to_string()),
        (None, true) => session.seen(&key),
        (None, false) => None,
    };
    let back = some(&given.before).map(str::to_string);
    let query = LogsQuery {
        targets: joined(&given.targets),
        tail: Some(READ),
        level: some(&given.level).map(str::to_string),
        grep: some(&given.grep).map(str::to_string),
        ignore_case: given.ignore_case,
        run: some(&given.run).map(str::to_string),
        since: some(&given.since).map(str::to_string),
        before: back.clone(),
        after: after.clone(),
        ..LogsQuery::default()
    };
    let answer: LogsAnswer = link::get(session.host(), path::LOGS, &query.to_query()).await?;
    let bounds = Bounds {
        lines: given.lines.clamp(1, MOST_LINES),
        chars: given.max_chars.clamp(200, MOST_CHARS),
        forward: after.is_some(),
    };
    let page = Page::of(answer, &bounds);
    if back.is_none() {
        session.remember(key, page.cursor.clone());
    }
    let since = after.is_some();
    Ok(Reply::new(page.text(since), page.data()))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// A regular expression.
    pattern: String,
    /// Names, groups or globs; empty: all.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Vec<String>")]
    targets: Vec<String>,
    /// Upper and lower case are the same.
    #[serde(default)]
    ignore_case: bool,
    /// This level and above.
    #[serde(default)]
    level: String,
    /// Not before: "10m", "14:30", RFC 3339.
    #[serde(default)]
    since: String,
    /// Lines before and after each match.
    #[serde(default)]
    context: usize,
    /// At most so many lines, the latest.
    #[serde(default = "found_lines")]
    lines: usize,
    /// At most so many characters.
    #[serde(default = "usual_chars")]
    max_chars: usize,
}

fn found_lines() -> usize {
    40
}

pub(crate) async fn search_logs(session: &Session, given: Search, _: &Caller) -> Answer {
    if given.pattern.is_empty() {
        return Err(Trouble::Arguments(
            "`pattern` is empty; `logs` shows all lines".into(),
        ));
    }
    let query = LogsQuery {
        targets: joined(&given.targets),
        tail: Some(COUNTED),
        grep: Some(given.pattern.clone()),
        ignore_case: given.ignore_case,
        level: some(&given.level).map(str::to_string),
        since: some(&given.since).map(str::to_string),
        context: (given.context > 0).then_some(given.context.min(20)),
        ..LogsQuery::default()
    };
    let answer: LogsAnswer = link::get(session.host(), path::LOGS, &query.to_query()).await?;
    let count = answer.lines.iter().filter(|line| !line.context).count();
    let at_least = if answer.more { "at least " } else { "" };
    let bounds = Bounds {
        lines: given.lines.clamp(1, MOST_LINES),
        chars: given.max_chars.clamp(200, MOST_CHARS),
        forward: false,
    };
    let all = answer.more;
    let page = Page::of(answer, &bounds);
    let text = match count {
        0 => {
            "no line matches; `pattern` is a regular expression, `ignore_case` may help".to_string()
        }
        count => format!("{at_least}{count} lines match\n{}", page.text(false)),
    };
    let mut data = page.data();
    data["count"] = json!(count);
    data["count_is_complete"] = json!(!all);
    Ok(Reply::new(text, data))
}

fn joined(targets: &[String]) -> Option<String> {
    (!targets.is_empty()).then(|| targets.join(","))
}

struct Bounds {
    lines: usize,
    chars: usize,
    /// The first lines are kept, not the last.
    forward: bool,
}

/// Lines that are told.
struct Page {
    lines: Vec<Folded<LogLine>>,
    cursor: String,
    /// The place of the first line, repeats counted.
    first: Option<String>,
    /// Lines that were left out.
    more: bool,
    several: bool,
}

impl Page {
    fn of(answer: LogsAnswer, bounds: &Bounds) -> Self {
        let mut processes: Vec<&str> = answer
            .lines
            .iter()
            .map(|line| line.process.as_str())
            .collect();
        processes.sort_unstable();
        processes.dedup();
        let several = processes.len() > 1;
        let places: Vec<String> = answer
            .lines
            .iter()
            .map(|line| line.cursor.clone())
            .collect();
        let mut lines = fold(answer.lines, |line| {
            format!(
                "{} {} {}",
                line.process,
                line.context,
                essence(&line.message)
            )
        });
        let size = |one: &Folded<LogLine>| -> usize {
            let of = |line: &LogLine| line.message.len().min(LINE) + 20 + line.process.len();
            one.lines.iter().map(of).sum()
        };
        let (mut cursor, mut more) = (answer.cursor, answer.more);
        if bounds.forward {
            let keep = budget::first_that_fit(&lines, bounds.chars, size).min(bounds.lines);
            if keep < lines.len() {
                lines.truncate(keep);
                more = true;
                let last = lines.last().and_then(|one| one.lines.last());
                cursor = last.map_or(cursor, |line| line.cursor.clone());
            }
        } else {
            let keep = budget::last_that_fit(&lines, bounds.chars, size).min(bounds.lines);
            more |= keep < lines.len();
            lines.drain(..lines.len() - keep);
        }
        let first = lines.first().and_then(|one| places.get(one.start));
        Page {
            first: first.cloned(),
            lines,
            cursor,
            more,
            several,
        }
    }

    fn text(&self, since: bool) -> String {
        let mut out = Vec::new();
        for one in &self.lines {
            for line in &one.lines {
                let who = match self.several {
                    true => format!("{} | ", line.process),
                    false => String::new(),
                };
                let message = budget::clip(line.message.trim_end(), LINE);
                let open = if line.partial { " …" } else { "" };
                out.push(format!("{} {who}{message}{open}", text::clock(&line.time)));
            }
            if one.count > 1 {
                let what = match one.lines.len() {
                    1 => "that line".to_string(),
                    many => format!("those {many} lines"),
                };
                out.push(format!("  (×{}: {what}, the last time shown)", one.count));
            }
        }
        if self.lines.is_empty() {
            out.push(match since {
                true => "nothing new".to_string(),
                false => "no lines".to_string(),
            });
        }
        if self.more {
            out.push(match since {
                true => "there is more: call again with `new: true`".to_string(),
                false => "earlier lines were left out: narrow with `level`, `grep` or `since`, or ask for those `before`".to_string(),
            });
        }
        out.join("\n")
    }

    fn data(&self) -> Value {
        let mut lines = Vec::new();
        for one in &self.lines {
            for line in &one.lines {
                let mut data = json!({
                    "time": line.time,
                    "process": line.process,
                    "message": budget::clip(&line.message, LINE),
                });
                if let Some(level) = &line.level {
                    data["level"] = json!(level);
                }
                if line.stream == "stderr" {
                    data["stream"] = json!("stderr");
                }
                if one.count > 1 {
                    data["count"] = json!(one.count);
                }
                if line.context {
                    data["context"] = json!(true);
                }
                lines.push(data);
            }
        }
        json!({
            "lines": lines,
            "cursor": self.cursor,
            "first": self.first,
            "more": self.more,
        })
    }
}
