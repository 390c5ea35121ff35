//! The command line, and above it what could be typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::put;
use crate::model::{CommandLine, Model};
use crate::text;

/// Completions that are shown at once.
const SHOWN: usize = 8;

/// Draws it; where the cursor is.
pub(super) fn draw(
    model: &Model,
    command: &CommandLine,
    area: Rect,
    above: Rect,
    out: &mut Buffer,
) -> Option<(u16, u16)> {
    let theme = &model.theme;
    let width = usize::from(area.width);
    Clear.render(area.intersection(out.area), out);
    let before = text::plain(command.line.before());
    let behind = text::plain(command.line.behind());
    // Where the line is longer than the screen, its end up to the cursor is seen.
    let room = width.saturating_sub(2);
    let hidden = text::width(&before).saturating_sub(room);
    let seen = skip(&before, hidden);
    let at = 1 + text::width(&seen);
    let line = Line::from(vec![
        Span::styled("/", theme.accent),
        Span::raw(seen),
        Span::raw(text::cut(&behind, width.saturating_sub(at))),
    ]);
    put(out, area, 0, &line);
    let offered = offers(command, usize::from(above.height));
    let extra = usize::from(command.error.is_some());
    let height = u16::try_from(offered.len() + extra)
        .unwrap_or(0)
        .min(above.height);
    let place = Rect {
        y: above.bottom() - height,
        height,
        ..above
    };
    Clear.render(place.intersection(out.area), out);
    if let Some(error) = &command.error {
        let shown = text::cut(&format!(" ! {error}"), width);
        put(out, place, 0, &Line::styled(shown, theme.bad));
    }
    let wide = offered
        .iter()
        .map(|(_, value, _)| text::width(value))
        .max()
        .unwrap_or(0)
        .min(width * 2 / 3);
    for (row, (chosen, value, help)) in offered.iter().enumerate() {
        let style = if *chosen { theme.selected } else { theme.text };
        let line = Line::from(vec![
            Span::styled(format!(" {} ", text::fit(value, wide)), style),
            Span::styled(format!(" {}", text::plain(help)), theme.dim),
        ]);
        put(out, place, (row + extra) as u16, &line);
    }
    Some((
        area.x
            + u16::try_from(at)
                .unwrap_or(u16::MAX)
                .min(area.width.saturating_sub(1)),
        area.y,
    ))
}

fn skip(text: &str, columns: usize) -> String {
    let cells = text::cells(text, ratatui::style::Style::new());
    let mut passed = 0;
    let rest = cells.into_iter().skip_while(|cell| {
        let skips = passed < columns;
        passed += cell.width;
        skips
    });
    rest.map(|cell| cell.symbol).collect()
}

/// The completions around the chosen one.
fn offers(command: &CommandLine, height: usize) -> Vec<(bool, String, String)> {
    let most = SHOWN.min(height.saturating_sub(1));
    let chosen = command.chosen.unwrap_or(0);
    let first = chosen.saturating_sub(most.saturating_sub(1));
    let all = command
        .completions
        .iter()
        .enumerate()
        .skip(first)
        .take(most);
    all.map(|(at, one)| {
        (
            command.chosen == Some(at),
            one.value.clone(),
            one.help.clone(),
        )
    })
    .collect()
}
