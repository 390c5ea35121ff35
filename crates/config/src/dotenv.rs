//! Dotenv files: `.env` of the workspace and what `env_file` names.
//!
//! `NAME=value` a line, with `export` before it, comments, single quotes (as it is), double quotes
//! (escapes and `${NAME}`), both over several lines, and `${NAME}` without quotes. What comes later
//! wins.

use std::collections::BTreeMap;

use crate::files::Files;
use crate::finding::Sink;
use crate::interpolate::{Found, Names, expand};
use crate::tree::Span;

/// More than this no environment can take (execve(2)), and every process gets them all.
const MAX_VARIABLES: usize = 2000;

/// The variables of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct EnvFile {
    /// Name to value and place of the name.
    pub(crate) variables: BTreeMap<String, (String, Span)>,
}

/// Reads a dotenv file. `below` are the variables that it may refer to besides its own.
pub(crate) fn parse(
    file: u32,
    files: &Files,
    below: &dyn Fn(&str) -> Option<String>,
    sink: &mut Sink,
) -> EnvFile {
    let mut parser = Parser {
        file,
        text: &files.file(file).text,
        at: 0,
        found: EnvFile::default(),
        below,
        sink,
    };
    if parser.text.starts_with('\u{feff}') {
        parser.at = '\u{feff}'.len_utf8();
    }
    while parser.at < parser.text.len() {
        if parser.found.variables.len() > MAX_VARIABLES {
            let span = parser.span(parser.at, parser.at);
            let message = format!("this file has more than {MAX_VARIABLES} variables");
            parser.sink.error(span, message);
            break;
        }
        parser.line();
    }
    parser.found
}

struct Parser<'a> {
    file: u32,
    text: &'a str,
    at: usize,
    found: EnvFile,
    below: &'a dyn Fn(&str) -> Option<String>,
    sink: &'a mut Sink,
}

struct Visible<'a> {
    own: &'a EnvFile,
    below: &'a dyn Fn(&str) -> Option<String>,
}

impl Names for Visible<'_> {
    fn get(&self, name: &str) -> Option<Found<'_>> {
        let own = self.own.variables.get(name).map(|(value, _)| value.clone());
        own.or_else(|| (self.below)(name))
            .map(|text| Found::Text(text.into()))
    }

    fn help(&self, _: &str) -> Option<String> {
        None
    }

    fn dotenv(&self) -> bool {
        true
    }
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: start as u32,
            end: end as u32,
        }
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn end_of_line(&self) -> usize {
        self.at + self.rest().find('\n').unwrap_or(self.rest().len())
    }

    fn next_line(&mut self) {
        self.at = (self.end_of_line() + 1).min(self.text.len());
    }

    fn line(&mut self) {
        self.blanks();
        if self.rest().starts_with(['#', '\n', '\r']) || self.rest().is_empty() {
            return self.next_line();
        }
        if let Some(behind) = self.rest().strip_prefix("export")
            && behind.starts_with([' ', '\t'])
        {
            self.at += "export".len();
            self.blanks();
        }
        let start = self.at;
        let length = self
            .rest()
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
            .unwrap_or(self.rest().len());
        let name = self.rest()[..length].to_string();
        self.at += length;
        let span = self.span(start, self.at);
        self.blanks();
        if name.is_empty() || !self.rest().starts_with('=') {
            return self.no_assignment(start, name.is_empty());
        }
        self.at += 1;
        let behind = self.at;
        self.blanks();
        let value = match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            // `COLOR=#fff` has a value, `COLOR= #fff` has a comment.
            Some('#') if self.at > behind => Some(String::new()),
            _ => Some(self.unquoted()),
        };
        if let Some(value) = value {
            if value.contains('\0') {
                self.sink.error(span, "a value holds a NUL byte");
            }
            self.found.variables.insert(name, (value, span));
        }
        self.next_line();
    }

    fn no_assignment(&mut self, start: usize, nameless: bool) {
        let end = self.end_of_line();
        let line = self.text[start..end].trim_end();
        let span = self.span(start, start + line.len());
        match nameless {
            true => self
                .sink
                .error(span, "this line does not begin with the name of a variable"),
            false => self
                .sink
                .error(span, "this line has no `=` behind its name"),
        }
        .help("write `NAME=value`, or `#` before a comment");
        self.next_line();
    }

    /// To the end of the line, or to a ` #`.
    fn unquoted(&mut self) -> String {
        let end = self.end_of_line();
        let value = &self.text[self.at..end];
        let comment = value
            .match_indices('#')
            .find(|(at, _)| value[..*at].ends_with([' ', '\t']))
            .map_or(value.len(), |(at, _)| at);
        let value = value[..comment].trim_end();
        self.expand(value, false)
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let open = self.at;
        let Some(close) = closing_quote(self.text, open + 1, quote) else {
            let span = self.span(open, open + 1);
            self.sink
                .error(span, "this quote is not closed")
                .help(format!("close it with `{quote}`, or leave quotes out"));
            self.at = self.end_of_line();
            return None;
        };
        let inner = self.text[open + 1..close].replace("\r\n", "\n");
        let value = match quote {
            '"' => self.expand(&inner, true),
            _ => inner,
        };
        self.at = close + 1;
        self.blanks();
        let end = self.end_of_line();
        let behind = self.text[self.at..end].trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            let span = self.span(self.at, self.at + behind.len());
            self.sink
                .error(span, "there is text behind the closing quote")
                .help("put all of the value between the quotes, or `#` before a comment");
        }
        Some(value)
    }

    /// Replaces `${NAME}`, and with `escapes` also `\n` and its like. Text that an escape has made,
    /// such as `\$`, is no reference.
    fn expand(&self, text: &str, escapes: bool) -> String {
        let names = Visible {
            own: &self.found,
            below: self.below,
        };
        let plain = |text: &str| expand(text, &names).template.to_string();
        let mut out = String::new();
        let mut piece = String::new();
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            if c != '\\' {
                piece.push(c);
                continue;
            }
            let next = characters.clone().next();
            let escaped = match next {
                Some('$') => Some('$'),
                Some('n') if escapes => Some('\n'),
                Some('r') if escapes => Some('\r'),
                Some('t') if escapes => Some('\t'),
                Some(same @ ('\\' | '"')) if escapes => Some(same),
                _ => None,
            };
            match escaped {
                Some('$') => {
                    out.push_str(&plain(&piece));
                    piece.clear();
                    out.push('$');
                    characters.next();
                }
                Some(c) => {
                    piece.push(c);
                    characters.next();
                }
                None => piece.push('\\'),
            }
        }
        out.push_str(&plain(&piece));
        out
    }
}

fn closing_quote(text: &str, from: usize, quote: char) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == '"' => at += 1,
            byte if byte == quote as u8 => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(String, String)>, String) {
        let mut files = Files::default();
        let file = files.add(".env".into(), ".env".into(), text.into(), true);
        let mut sink = Sink::default();
        let below = |name: &str| (name == "USER").then(|| "me".to_string());
        let found = parse(file, &files, &below, &mut sink);
        let (errors, _) = sink.finish(&files);
        let values = found.variables.into_iter();
        (
            values.map(|(name, (value, _))| (name, value)).collect(),
            errors.to_string(),
        )
    }

    fn check(text: &str, expect: &[(&str, &str)]) {
        let (values, errors) = read(text);
        assert_eq!(errors, "", "{text}");
        let values: Vec<(&str, &str)> = values.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(values, expect, "{text}");
    }

    #[test]
    fn lines_become_variables() {
        check(
            "A=1\nexport B = two words  # why\n\n# no\nC=\n",
            &[("A", "1"), ("B", "two words"), ("C", "")],
        );
        check("\u{feff}A=1\r\nB=x#y\r\n", &[("A", "1"), ("B", "x#y")]);
        check("A=first\nA=last", &[("A", "last")]);
        check(
            "A=a=b\nB= # nothing\nC=#fff",
            &[("A", "a=b"), ("B", ""), ("C", "#fff")],
        );
        check("export=1", &[("export", "1")]);
    }

    #[test]
    fn quotes_hold_what_they_hold() {
        check(
            r#"A='as $it ${is} \n # here' # c"#,
            &[("A", r"as $it ${is} \n # here")],
        );
        check(
            r#"A="tab\tnl\n\"q\" \\ \x""#,
            &[("A", "tab\tnl\n\"q\" \\ \\x")],
        );
        check(
            "A=\"one\ntwo\"\nB='x\ny'",
            &[("A", "one\ntwo"), ("B", "x\ny")],
        );
    }

    #[test]
    fn references_see_earlier_lines_and_the_client() {
        check(
            "A=x\nB=${A}-${USER}-${NOPE}-${NOPE:-d}",
            &[("A", "x"), ("B", "x-me--d")],
        );
        check("A=\"${USER}\\${USER}\"", &[("A", "me${USER}")]);
        check("A=pa$$word$X\nB=${", &[("A", "pa$$word$X"), ("B", "${")]);
    }

    #[test]
    fn mistakes_show_the_place_and_never_the_value() {
        let (_, errors) = read("A=1\nSECRET=\"hunter2\nTOKEN 'abc'\n=x");
        assert!(errors.contains(".env:2:8"), "{errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
        assert!(!errors.contains("abc"), "{errors}");
    }
}
