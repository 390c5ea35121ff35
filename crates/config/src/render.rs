//! Diagnostics as text, in the look that people know from rustc.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::diagnostic::{Diagnostic, Diagnostics, Excerpt, Severity};

/// Screens are finite; the JSON form has all.
const MAX_SHOWN: usize = 50;

/// Styles, as SGR parameters.
const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";
const CYAN: &str = "1;36";

impl Diagnostics {
    /// All of them as text, with colours where asked for, ending with a line that counts the
    /// mistakes.
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for diagnostic in self.iter().take(MAX_SHOWN) {
            text.push_str(&diagnostic.render(colour));
            text.push('\n');
        }
        let hidden = self.len().saturating_sub(MAX_SHOWN) + self.dropped();
        if hidden > 0 {
            text.push_str(&format!("… and {hidden} more\n\n"));
        }
        let errors = self.iter().filter(|d| d.severity == Severity::Error);
        match errors.count() + self.dropped() {
            0 => text.truncate(text.trim_end().len()),
            1 => text.push_str("1 mistake"),
            n => text.push_str(&format!("{n} mistakes")),
        }
        text
    }
}

impl Diagnostic {
    /// As text of whole lines, with colours where asked for.
    pub fn render(&self, colour: bool) -> String {
        let lines = self.related.iter().map(|related| related.line);
        let widest = lines.chain([self.line]).max().unwrap_or(0);
        let mut page = Page {
            text: String::new(),
            colour,
            gutter: widest.to_string().len(),
        };
        let (word, style) = match self.severity {
            Severity::Error => ("error", RED),
            Severity::Warning => ("warning", YELLOW),
        };
        let head = page.styled(style, word);
        let message = page.styled(BOLD, &format!(": {}", self.message));
        let _ = writeln!(page.text, "{head}{message}");
        let file = self.file.to_string_lossy();
        match &self.excerpt {
            None => page.place("-->", &file),
            Some(excerpt) => {
                page.place("-->", &format!("{file}:{}:{}", self.line, self.column));
                page.excerpt(excerpt, self.line, '^', style, self.label.as_deref());
            }
        }
        for related in &self.related {
            let file = related.file.to_string_lossy();
            page.place(
                ":::",
                &format!("{file}:{}:{}", related.line, related.column),
            );
            page.excerpt(
                &related.excerpt,
                related.line,
                '-',
                BLUE,
                Some(&related.message),
            );
        }
        if let Some(suggestion) = &self.suggestion {
            page.help(suggestion);
        }
        page.text
    }
}

struct Page {
    text: String,
    colour: bool,
    /// Digits of the largest line number.
    gutter: usize,
}

impl Page {
    fn styled(&self, style: &str, text: &str) -> String {
        match self.colour {
            true => format!("\x1b[{style}m{text}\x1b[0m"),
            false => text.to_string(),
        }
    }

    fn place(&mut self, arrow: &str, place: &str) {
        let arrow = self.styled(BLUE, arrow);
        let _ = writeln!(
            self.text,
            "{:width$}{arrow} {place}",
            "",
            width = self.gutter
        );
    }

    /// A line of the margin, with a number or without.
    fn margin(&mut self, number: &str) -> String {
        self.styled(BLUE, &format!("{number:>width$} |", width = self.gutter))
    }

    fn excerpt(
        &mut self,
        excerpt: &Excerpt,
        line: usize,
        mark: char,
        style: &str,
        label: Option<&str>,
    ) {
        let (empty, numbered) = (self.margin(""), self.margin(&line.to_string()));
        let before = excerpt.text[..excerpt.mark.start].width();
        let marked = excerpt.text[excerpt.mark.clone()].width().max(1);
        let mut underline = mark.to_string().repeat(marked);
        if let Some(label) = label {
            let _ = write!(underline, " {label}");
        }
        let underline = self.styled(style, &underline);
        let _ = writeln!(self.text, "{empty}");
        let _ = writeln!(self.text, "{numbered} {}", excerpt.text.trim_end());
        let _ = writeln!(self.text, "{empty} {:before$}{underline}", "");
    }

    fn help(&mut self, suggestion: &str) {
        let mut lines = suggestion.lines();
        let head = self.styled(CYAN, "help");
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(
            self.text,
            "{:width$} = {head}: {first}",
            "",
            width = self.gutter
        );
        for line in lines {
            let indented = format!("{:width$}{line}", "", width = self.gutter + 3);
            let _ = writeln!(self.text, "{}", indented.trim_end());
        }
    }
}
