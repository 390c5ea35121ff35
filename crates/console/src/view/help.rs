//! All keys and the console's own commands.

use ratatui::text::{Line, Span};

use crate::keymap::{ALL, ENTRIES};
use crate::model::{Model, View};
use crate::text;
use crate::update::WORDS;

/// Columns of the keys.
const KEYS: usize = 20;

/// How many rows there are.
pub(crate) fn rows(model: &Model) -> usize {
    lines(model).len()
}

/// Everything that can be done, the present view first.
pub(super) fn lines(model: &Model) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let others = View::ALL.into_iter().filter(|view| *view != model.view);
    for view in std::iter::once(model.view).chain(others) {
        title(model, &mut out, view.title());
        keys(
            model,
            &mut out,
            |places| places != ALL && places & view.place() != 0,
            view,
        );
    }
    title(model, &mut out, "Everywhere");
    keys(model, &mut out, |places| places == ALL, model.view);
    title(model, &mut out, "Commands, after /");
    for (name, arguments, help) in WORDS {
        out.extend(entry(model, &format!("/{name} {arguments}"), help));
    }
    out.extend(entry(
        model,
        "/dev start …",
        "every command of the shell, without `forge`",
    ));
    out
}

fn title(model: &Model, out: &mut Vec<Line<'static>>, text: &str) {
    if !out.is_empty() {
        out.push(Line::default());
    }
    out.push(Line::styled(text.to_string(), model.theme.heading));
}

fn keys(model: &Model, out: &mut Vec<Line<'static>>, which: impl Fn(u8) -> bool, view: View) {
    for one in ENTRIES.iter().filter(|entry| which(entry.places)) {
        let names = model.keys.names(one.action, view.place());
        if !names.is_empty() {
            out.extend(entry(model, &names.join(" "), one.help));
        }
    }
}

/// A key and what it does, in as many rows as that takes.
fn entry(model: &Model, keys: &str, help: &str) -> Vec<Line<'static>> {
    let room = usize::from(model.size.0).saturating_sub(KEYS + 7).max(16);
    let mut rows = vec![String::new()];
    for word in help.split(' ') {
        match rows.last_mut() {
            Some(row) if row.is_empty() => row.push_str(word),
            Some(row) if text::width(row) + 1 + text::width(word) <= room => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_string()),
        }
    }
    let row = |(at, row): (usize, String)| {
        let keys = if at == 0 { keys } else { "" };
        Line::from(vec![
            Span::styled(format!("  {} ", text::fit(keys, KEYS)), model.theme.accent),
            Span::raw(row),
        ])
    };
    rows.into_iter().enumerate().map(row).collect()
}
