//! The terminal of an attached process.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::put;
use crate::layout;
use crate::model::Model;
use crate::model::screen::Screen;
use crate::text;

/// Draws it; where its cursor is.
pub(super) fn draw(model: &Model, attached: &Screen, out: &mut Buffer) -> Option<(u16, u16)> {
    let area = layout::screen(model).intersection(out.area);
    let screen = attached.parser.screen();
    for row in 0..area.height {
        for column in 0..area.width {
            let (Some(cell), Some(place)) = (
                screen.cell(row, column),
                out.cell_mut((area.x + column, area.y + row)),
            ) else {
                continue;
            };
            if cell.is_wide_continuation() {
                continue;
            }
            let content = cell.contents();
            let clean = text::plain(content);
            place.set_symbol(if clean.is_empty() { " " } else { &clean });
            place.set_style(style(cell));
        }
    }
    let foot = Rect {
        y: area.bottom(),
        height: model.size.1.saturating_sub(area.height),
        ..area
    };
    let cursor = status(model, attached, foot, out);
    if !attached.tty {
        return cursor;
    }
    let (row, column) = screen.cursor_position();
    let seen = !screen.hide_cursor()
        && screen.scrollback() == 0
        && row < area.height
        && column < area.width;
    seen.then_some((area.x + column, area.y + row))
}

fn status(model: &Model, attached: &Screen, foot: Rect, out: &mut Buffer) -> Option<(u16, u16)> {
    let theme = &model.theme;
    let back = attached.parser.screen().scrollback();
    let name = text::plain(&attached.process);
    if let Some(how) = &attached.ended {
        let line = format!(" {name}: {} · any key leaves", text::plain(how));
        put(out, foot, 0, &Line::styled(line, theme.bad));
        return None;
    }
    if attached.tty {
        let looks = if back > 0 {
            format!(" · {back} rows back")
        } else {
            String::new()
        };
        let line = Line::from(vec![
            Span::styled(format!(" attached to {name}{looks}  "), theme.tab),
            Span::styled("  Ctrl-]", theme.accent),
            Span::styled(" leaves it running  ", theme.dim),
            Span::styled("Shift-PgUp", theme.accent),
            Span::styled(" scrolls back", theme.dim),
        ]);
        put(out, foot, 0, &line);
        return None;
    }
    let label = format!(" {name} (Ctrl-] leaves) > ");
    let before = text::plain(attached.line.before());
    let behind = text::plain(attached.line.behind());
    let at = text::width(&label) + text::width(&before);
    let line = Line::from(vec![
        Span::styled(label, theme.accent),
        Span::raw(before),
        Span::raw(behind),
    ]);
    put(out, foot, 0, &line);
    Some((
        foot.x
            + u16::try_from(at)
                .unwrap_or(u16::MAX)
                .min(foot.width.saturating_sub(1)),
        foot.y,
    ))
}

fn style(cell: &vt100::Cell) -> Style {
    let mut style = Style::new();
    if let Some(colour) = colour(cell.fgcolor()) {
        style = style.fg(colour);
    }
    if let Some(colour) = colour(cell.bgcolor()) {
        style = style.bg(colour);
    }
    let modifiers = [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ];
    for (is, modifier) in modifiers {
        if is {
            style = style.add_modifier(modifier);
        }
    }
    style
}

fn colour(colour: vt100::Color) -> Option<Color> {
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(Color::Indexed(index)),
        vt100::Color::Rgb(red, green, blue) => Some(Color::Rgb(red, green, blue)),
    }
}
