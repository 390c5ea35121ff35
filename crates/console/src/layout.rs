//! Where things are: one answer for drawing and for the mouse.

use ratatui::layout::Rect;

use crate::keymap::{ALL, Action, ENTRIES};
use crate::model::{Model, View};
use crate::text;

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Regions {
    pub(crate) header: Rect,
    pub(crate) tabs: Rect,
    pub(crate) body: Rect,
    pub(crate) foot: Rect,
}

/// The parts of the present screen. Low screens lose the header first, then the tabs, then the foot.
pub(crate) fn regions(model: &Model) -> Regions {
    let (width, height) = model.size;
    let rows = |at: u16, count: u16| {
        Rect::new(
            0,
            at.min(height),
            width,
            count.min(height.saturating_sub(at)),
        )
    };
    let header = u16::from(height >= 8);
    let tabs = u16::from(height >= 5);
    let foot = u16::from(height >= 3);
    let body = height - header - tabs - foot;
    Regions {
        header: rows(0, header),
        tabs: rows(header, tabs),
        body: rows(header + tabs, body),
        foot: rows(height - foot, foot),
    }
}

/// The table of processes and what is below it.
pub(crate) fn processes(model: &Model) -> (Rect, Rect) {
    let body = regions(model).body;
    let wanted = u16::try_from(model.shown().len().max(1) + 1).unwrap_or(u16::MAX);
    let most = if body.height < 9 {
        body.height
    } else {
        (body.height * 11 / 20).max(5)
    };
    let table = wanted.min(most);
    let below = body.height - table;
    if below < 3 {
        return (body, Rect::new(body.x, body.bottom(), body.width, 0));
    }
    (
        Rect {
            height: table,
            ..body
        },
        Rect {
            y: body.y + table,
            height: below,
            ..body
        },
    )
}

/// The graph, and below it why the process that is chosen waits or runs.
pub(crate) fn graph(model: &Model) -> (Rect, Rect) {
    let body = regions(model).body;
    let wanted = u16::try_from(model.shown().len().max(1) + 1).unwrap_or(u16::MAX);
    let why = match body.height {
        0..14 => 0,
        height => (height - wanted.min(height)).clamp(6, 12),
    };
    let list = body.height - why;
    (
        Rect {
            height: list,
            ..body
        },
        Rect {
            y: body.y + list,
            height: why,
            ..body
        },
    )
}

/// Where the lines of a log are, below its title.
pub(crate) fn log_lines(model: &Model, main: bool) -> Rect {
    let area = if main {
        regions(model).body
    } else {
        processes(model).1
    };
    below_heading(area)
}

/// The rows of a list below its heading.
pub(crate) fn below_heading(area: Rect) -> Rect {
    let heading = area.height.min(1);
    Rect {
        y: area.y + heading,
        height: area.height - heading,
        ..area
    }
}

/// The rows of the present view's list.
pub(crate) fn list(model: &Model) -> Rect {
    match model.view {
        View::Processes => below_heading(processes(model).0),
        View::Logs => log_lines(model, true),
        View::Monitor => {
            let body = regions(model).body;
            let list = monitor_list(model);
            Rect {
                y: body.y + 2,
                height: list,
                ..body
            }
        }
        View::Graph => below_heading(graph(model).0),
        View::Ports | View::Events => below_heading(regions(model).body),
    }
}

/// How many rows of processes the monitor shows; the graph gets the rest.
pub(crate) fn monitor_list(model: &Model) -> u16 {
    let room = regions(model).body.height.saturating_sub(2);
    let wanted = u16::try_from(model.shown().len()).unwrap_or(u16::MAX);
    if room < 12 {
        room.min(wanted)
    } else {
        wanted.min(room * 2 / 5)
    }
}

/// Where the attached terminal is: all but the last row.
pub(crate) fn screen(model: &Model) -> Rect {
    let (width, height) = model.size;
    Rect::new(0, 0, width, if height > 1 { height - 1 } else { height })
}

/// The names of the views with their columns.
pub(crate) fn tabs(model: &Model) -> Vec<(u16, String, View)> {
    let width = usize::from(model.size.0);
    let long: Vec<String> = View::ALL
        .iter()
        .enumerate()
        .map(|(at, view)| format!(" {} {} ", at + 1, view.title()))
        .collect();
    let total: usize = long.iter().map(|name| name.len()).sum();
    let mut at = 0;
    let mut out = Vec::new();
    for (view, long) in View::ALL.into_iter().zip(long) {
        let name = if total <= width {
            long
        } else {
            format!(" {} ", view.title())
        };
        let wide = name.len() as u16;
        out.push((at, name, view));
        at += wide;
    }
    out
}

/// What the foot offers: column, key, word, action.
pub(crate) fn hints(model: &Model) -> Vec<(u16, String, &'static str, Action)> {
    let place = model.view.place();
    let width = usize::from(model.size.0);
    let own = ENTRIES
        .iter()
        .filter(|entry| entry.places & place != 0 && !entry.short.is_empty());
    let (everywhere, own): (Vec<_>, Vec<_>) = own.partition(|entry| entry.places == ALL);
    let mut found = Vec::new();
    for entry in own.into_iter().chain(everywhere) {
        if let Some(key) = model.keys.names(entry.action, place).into_iter().next() {
            found.push((key, entry.short, entry.action));
        }
    }
    let size = |key: &str, word: &str| text::width(key) + 1 + word.len() + 2;
    // Help and quit are always offered; others make room.
    let total = |found: &[(String, &str, Action)]| {
        found
            .iter()
            .map(|(key, word, _)| size(key, word))
            .sum::<usize>()
    };
    while total(&found) > width + 2 && found.len() > 3 {
        found.remove(found.len() - 4);
    }
    let mut at = 0;
    let mut out = Vec::new();
    for (key, word, action) in found {
        let wide = size(&key, word);
        out.push((at as u16, key, word, action));
        at += wide;
    }
    out
}
