//! Moving through the log view: by rows, by pages, to hits of a search, on into what lies on disk.

use crate::layout;
use crate::message::{Command, Pane};
use crate::model::Model;
use crate::model::log::{Newer, Older, Scroll};
use crate::view;

/// Moves by so many lines; down where positive.
pub(super) fn lines(model: &mut Model, by: i64) -> Vec<Command> {
    let highest = highest_bottom(model);
    let window = &mut model.log;
    window.to_first = false;
    if window.is_empty() {
        return Vec::new();
    }
    let at = window.bottom() + by;
    if by > 0 && at >= window.end() - 1 {
        if window.newer == Newer::Behind {
            window.scroll = Scroll::At(window.end() - 1);
            return page(model, false);
        }
        if window.newer != Newer::Loading {
            return bottom(model);
        }
    }
    let end = window.end() - 1;
    window.scroll = Scroll::At(at.clamp(highest.min(end), end));
    if by < 0 && at <= highest && window.older == Older::There {
        return page(model, true);
    }
    Vec::new()
}

/// Moves by pages.
pub(super) fn pages(model: &mut Model, by: i64) -> Vec<Command> {
    let height = i64::from(layout::log_lines(model, true).height);
    let shown = view::shown_lines(model).max(1);
    lines(model, by * shown.min(height.max(2) - 1).max(1))
}

/// To the first line in the window, and further up with the next press.
pub(super) fn top(model: &mut Model) -> Vec<Command> {
    let count = model.log.end() - model.log.first();
    let commands = lines(model, -count);
    model.log.to_first = model.log.older == Older::Loading;
    commands
}

/// To the newest line, and on with the next.
pub(super) fn bottom(model: &mut Model) -> Vec<Command> {
    model.log.scroll = Scroll::Follow;
    (model.log.unseen, model.log.to_first) = (0, false);
    (model.log.chosen, model.log.until) = (None, None);
    Vec::new()
}

/// Stays where the view is, or follows again.
pub(super) fn toggle(model: &mut Model) -> Vec<Command> {
    match model.log.scroll {
        Scroll::Follow => hold(model),
        Scroll::At(_) => bottom(model),
    }
}

/// Stays where the view is.
pub(super) fn hold(model: &mut Model) -> Vec<Command> {
    let window = &mut model.log;
    if window.scroll == Scroll::Follow && !window.is_empty() {
        window.scroll = Scroll::At(window.end() - 1);
        window.mark = Some(window.end() - 1);
        window.unseen = 0;
    }
    Vec::new()
}

/// To the next hit above, or below; where there is none in the window, it is looked for on disk.
pub(super) fn hit(model: &mut Model, up: bool) -> Vec<Command> {
    if model.log.search.is_none() {
        model.complain("nothing is searched for: /search EXPRESSION");
        return Vec::new();
    }
    let from = model.log.chosen.unwrap_or(if up {
        model.log.bottom() + 1
    } else {
        model.log.bottom()
    });
    match model.log.find(from, up) {
        Some(at) => to(model, at),
        None if up && model.log.older == Older::There => {
            model.log.chosen = Some(model.log.first());
            model.say("searching further up …");
            page(model, true)
        }
        None => {
            model.say(if up {
                "no hit further up"
            } else {
                "no hit further down"
            });
            Vec::new()
        }
    }
}

/// Earlier lines have come: the first one is shown, or a search goes on, where that waits for them.
pub(super) fn found_older(model: &mut Model) -> Vec<Command> {
    if std::mem::take(&mut model.log.to_first) {
        model.log.scroll = Scroll::At(highest_bottom(model));
    }
    let waits = model
        .notice
        .as_ref()
        .is_some_and(|notice| notice.text.starts_with("searching"));
    if !waits || model.log.search.is_none() {
        return Vec::new();
    }
    model.notice = None;
    hit(model, true)
}

/// Shows a line in the middle.
fn to(model: &mut Model, at: i64) -> Vec<Command> {
    let half = i64::from(layout::log_lines(model, true).height / 2);
    let highest = highest_bottom(model);
    let window = &mut model.log;
    (window.chosen, window.until) = (Some(at), None);
    let end = window.end() - 1;
    window.scroll = Scroll::At((at + half).clamp(highest.min(end), end));
    Vec::new()
}

/// The highest line that can be the lowest one shown, so that the view is filled.
fn highest_bottom(model: &Model) -> i64 {
    let area = layout::log_lines(model, true);
    let mut rows = 0;
    let mut at = model.log.first();
    while at < model.log.end() {
        rows += view::line_height(model, &model.log, at, area.width);
        if rows >= usize::from(area.height) {
            return at;
        }
        at += 1;
    }
    model.log.end() - 1
}

fn page(model: &mut Model, older: bool) -> Vec<Command> {
    let window = &mut model.log;
    let place = if older {
        window.first_cursor()
    } else {
        window.last_cursor()
    };
    let Some(place) = place.map(str::to_string) else {
        return Vec::new();
    };
    let mut query = window.filter.query();
    query.tail = Some(1000);
    if older {
        window.older = Older::Loading;
        query.before = Some(place);
    } else {
        window.newer = Newer::Loading;
        query.after = Some(place);
    }
    vec![Command::Page {
        pane: Pane::Main,
        generation: window.generation,
        query: Box::new(query),
        older,
    }]
}
