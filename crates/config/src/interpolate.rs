//! `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `$$` and `${process.NAME.port}` in values.
//!
//! No shell is involved, and what a variable holds is not looked at again: a value cannot bring in
//! further references. Messages never hold the value of a variable.

use std::borrow::Cow;
use std::ops::Range;

use forge_core::template::{Part, Template};

/// How deep defaults may nest.
const MAX_DEPTH: usize = 16;

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A value.
    Text(Cow<'a, str>),
    /// The port of this process, known at its start.
    Port(String),
}

/// Where values come from, and what is special.
pub(crate) trait Names {
    /// What this name stands for.
    fn get(&self, name: &str) -> Option<Found<'_>>;

    /// What helps when it stands for nothing.
    fn help(&self, name: &str) -> Option<String>;

    /// The rules of dotenv files: `$$` and ports of processes are plain text, and what is not
    /// defined is empty.
    fn dotenv(&self) -> bool {
        false
    }
}

/// Something wrong in a text.
#[derive(Debug)]
pub(crate) struct Problem {
    /// Bytes of the text.
    pub(crate) at: Range<usize>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
    /// With another environment it would be right.
    pub(crate) environment: bool,
}

/// The outcome: a template, whether anything was replaced, and all problems.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    /// With what was found; not to be used where there are problems.
    pub(crate) template: Template,
    /// Whether a reference occurred.
    pub(crate) replaced: bool,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
}

/// Replaces the references of a text.
pub(crate) fn expand(text: &str, names: &dyn Names) -> Expanded {
    if !text.contains('$') {
        return Expanded {
            template: Template::text(text),
            ..Expanded::default()
        };
    }
    let mut run = Run {
        names,
        parts: Vec::new(),
        plain: String::new(),
        replaced: false,
        problems: Vec::new(),
    };
    run.text(text, 0, 0);
    if !run.plain.is_empty() || run.parts.is_empty() {
        let rest = std::mem::take(&mut run.plain);
        run.parts.push(Part::Text(rest));
    }
    Expanded {
        template: Template::from_parts(run.parts),
        replaced: run.replaced,
        problems: run.problems,
    }
}

struct Run<'a> {
    names: &'a dyn Names,
    parts: Vec<Part>,
    plain: String,
    replaced: bool,
    problems: Vec<Problem>,
}

impl Run<'_> {
    /// `base` is where `text` begins in the whole.
    fn text(&mut self, text: &str, base: usize, depth: usize) {
        let mut at = 0;
        while let Some(found) = text[at..].find('$') {
            let dollar = at + found;
            self.plain.push_str(&text[at..dollar]);
            let behind = &text[dollar + 1..];
            if behind.starts_with('$') && !self.names.dotenv() {
                self.plain.push('$');
                at = dollar + 2;
            } else if behind.starts_with('{') {
                at = self.reference(text, dollar, base, depth);
            } else {
                self.plain.push('$');
                at = dollar + 1;
            }
        }
        self.plain.push_str(&text[at..]);
    }

    /// A reference that begins at `dollar`; returns where the text goes on.
    fn reference(&mut self, text: &str, dollar: usize, base: usize, depth: usize) -> usize {
        let open = dollar + 2;
        let Some(close) = closing(text, open) else {
            return self.unclosed(text, dollar, base);
        };
        let whole = base + dollar..base + close + 1;
        let body = &text[open..close];
        let name_end = body
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(body.len());
        let (name, rest) = body.split_at(name_end);
        self.replaced = true;
        if name == "process" && rest.starts_with('.') && !self.names.dotenv() {
            self.port(body, whole);
        } else if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            self.not_a_name(&text[dollar..=close], whole);
        } else if depth >= MAX_DEPTH {
            self.problem(whole, "defaults nest too deep".into(), None);
        } else {
            self.named(name, rest, whole, base + open + name_end, depth);
        }
        close + 1
    }

    fn unclosed(&mut self, text: &str, dollar: usize, base: usize) -> usize {
        if self.names.dotenv() {
            self.plain.push_str("${");
        } else {
            let at = base + dollar..base + text.len();
            let help = "write `}` behind the name, or `$$` for a dollar sign".to_string();
            self.problem(at, "`${` without its `}`".into(), Some(help));
        }
        dollar + 2
    }

    fn not_a_name(&mut self, written: &str, whole: Range<usize>) {
        if self.names.dotenv() {
            self.plain.push_str(written);
            return;
        }
        let help = "write `$$` for a dollar sign".to_string();
        self.problem(
            whole,
            "this is not the name of a variable".into(),
            Some(help),
        );
    }

    fn port(&mut self, body: &str, whole: Range<usize>) {
        let name = body
            .strip_prefix("process.")
            .and_then(|rest| rest.strip_suffix(".port"))
            .filter(|name| crate::names::is_name(name));
        match name {
            Some(name) => self.push_port(name.to_string()),
            None => {
                let help = "write `${process.NAME.port}`, with the name of a process".to_string();
                self.problem(
                    whole,
                    "of a process, only its port is known".into(),
                    Some(help),
                );
            }
        }
    }

    fn push_port(&mut self, name: String) {
        if !self.plain.is_empty() {
            let plain = std::mem::take(&mut self.plain);
            self.parts.push(Part::Text(plain));
        }
        self.parts.push(Part::PortOf(name));
    }

    /// `rest` is what stands behind the name, and begins at `rest_at` of the whole.
    fn named(&mut self, name: &str, rest: &str, whole: Range<usize>, rest_at: usize, depth: usize) {
        let names = self.names;
        let found = names.get(name);
        let filled = !matches!(&found, None | Some(Found::Text(Cow::Borrowed(""))))
            && !matches!(&found, Some(Found::Text(text)) if text.is_empty());
        match (rest.get(..2), found) {
            (Some(":-"), _) if !filled => self.text(&rest[2..], rest_at + 2, depth + 1),
            (Some(":?"), _) if !filled => {
                let message = match rest[2..].trim() {
                    "" => format!("`{name}` is not set"),
                    text => format!("`{name}` is not set: {text}"),
                };
                self.missing(name, message, whole);
            }
            (Some(":-" | ":?"), Some(found)) => self.push(found),
            _ if !rest.is_empty() => {
                let operator = rest.chars().next().unwrap_or(':');
                let help = match operator {
                    '-' | '?' => format!("write `${{{name}:{operator}…}}`"),
                    _ => format!(
                        "write `${{{name}}}`, `${{{name}:-default}}` or `${{{name}:?message}}`"
                    ),
                };
                self.problem(
                    whole,
                    format!("`{name}` is followed by what means nothing here"),
                    Some(help),
                );
            }
            (_, Some(found)) => self.push(found),
            (_, None) if self.names.dotenv() => {}
            (_, None) => self.missing(name, format!("the variable `{name}` is not defined"), whole),
        }
    }

    fn push(&mut self, found: Found<'_>) {
        match found {
            Found::Text(text) => self.plain.push_str(&text),
            Found::Port(name) => self.push_port(name),
        }
    }

    fn missing(&mut self, name: &str, message: String, at: Range<usize>) {
        let help = self.names.help(name);
        self.problems.push(Problem {
            at,
            message,
            help,
            environment: true,
        });
    }

    fn problem(&mut self, at: Range<usize>, message: String, help: Option<String>) {
        self.problems.push(Problem {
            at,
            message,
            help,
            environment: false,
        });
    }
}

/// The `}` that belongs to the `${` before `open`.
fn closing(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (1, open);
    while at < bytes.len() {
        match bytes[at] {
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                depth += 1;
                at += 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Few;

    impl Names for Few {
        fn get(&self, name: &str) -> Option<Found<'_>> {
            match name {
                "HOST" => Some(Found::Text("box".into())),
                "EMPTY" => Some(Found::Text("".into())),
                "TRICK" => Some(Found::Text("${HOST}".into())),
                "PORT" => Some(Found::Port("web".into())),
                _ => None,
            }
        }

        fn help(&self, _: &str) -> Option<String> {
            None
        }
    }

    fn check(text: &str, expect: &str) {
        let expanded = expand(text, &Few);
        let shown = match expanded.problems.as_slice() {
            [] => expanded.template.to_string(),
            all => all
                .iter()
                .map(|p| format!("{} at `{}`", p.message, &text[p.at.clone()]))
                .collect::<Vec<_>>()
                .join("; "),
        };
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn references_are_replaced() {
        check("http://${HOST}:80/", "http://box:80/");
        check("${NONE:-${ALSO:-${HOST}}!}", "box!");
        check("${EMPTY}|${EMPTY:-full}", "|full");
        check("${HOST:?must be set}", "box");
        check("${PORT}", "${process.web.port}");
        check("a${process.my.db.port}b", "a${process.my.db.port}b");
    }

    #[test]
    fn what_is_no_reference_stays() {
        check(
            "$HOST costs $5, $$HOST $$${HOST} $",
            "$HOST costs $5, $HOST $box $",
        );
        check("${TRICK}", "${HOST}");
    }

    #[test]
    fn mistakes_name_their_place() {
        check(
            "x ${NOPE} ${EMPTY:?say why}",
            "the variable `NOPE` is not defined at `${NOPE}`; `EMPTY` is not set: say why at `${EMPTY:?say why}`",
        );
        check("${HOST", "`${` without its `}` at `${HOST`");
        check(
            "${HOST:-${A}",
            "`${` without its `}` at `${HOST:-${A}`; the variable `A` is not defined at `${A}`",
        );
        check("${}", "this is not the name of a variable at `${}`");
        check(
            "${HOST-x}",
            "`HOST` is followed by what means nothing here at `${HOST-x}`",
        );
        check(
            "${process.db.host}",
            "of a process, only its port is known at `${process.db.host}`",
        );
    }

    #[test]
    fn endless_nesting_ends() {
        let text = format!("{}{}", "${A:-".repeat(50_000), "}".repeat(50_000));
        assert_eq!(expand(&text, &Few).problems.len(), 1);
    }
}
