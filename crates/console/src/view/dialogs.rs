//! What stands above a view, and the choices that it offers.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::{crash, help, put};
use crate::layout;
use crate::model::Model;
use crate::model::dialog::{Dialog, OutputPane};
use crate::text;

/// A choice: its key, as it is written, and what it does.
type Choice = (KeyCode, &'static str, String);

/// A dialog as it is drawn.
struct Card {
    title: String,
    border: Style,
    lines: Vec<Line<'static>>,
    /// The first line that is seen.
    top: usize,
    choices: Vec<Choice>,
    /// Takes the whole area.
    whole: bool,
}

pub(super) fn draw(model: &Model, body: Rect, out: &mut Buffer) {
    let Some(card) = card(model, body) else {
        return;
    };
    let area = area(&card, body).intersection(out.area);
    // A column at each side keeps it apart from what it covers.
    let around = Rect {
        x: area.x.saturating_sub(1),
        width: area.width + 2,
        ..area
    };
    Clear.render(around.intersection(body).intersection(out.area), out);
    if area.height < 3 || area.width < 4 {
        return;
    }
    let title = format!(
        " {} ",
        text::cut(&card.title, usize::from(area.width).saturating_sub(6))
    );
    Block::bordered()
        .border_style(card.border)
        .title(Span::styled(title, model.theme.heading))
        .render(area, out);
    let inside = Rect::new(area.x + 2, area.y + 1, area.width - 4, area.height - 2);
    let offered = offered(&card.choices, area);
    let below = offered
        .first()
        .map_or(0, |(first, _)| inside.bottom().saturating_sub(first.y));
    let room = inside.height.saturating_sub(below);
    for (row, line) in card
        .lines
        .iter()
        .skip(card.top)
        .take(usize::from(room))
        .enumerate()
    {
        put(out, inside, row as u16, line);
    }
    for (place, (_, key, word)) in offered {
        let spans = vec![
            Span::styled(*key, model.theme.accent),
            Span::raw(format!(" {word}")),
        ];
        put(out, place.intersection(inside), 0, &Line::from(spans));
    }
}

/// Where each choice stands: in the last rows of a card.
fn offered(choices: &[Choice], area: Rect) -> Vec<(Rect, &Choice)> {
    let inside = Rect::new(
        area.x + 2,
        area.y + 1,
        area.width.saturating_sub(4),
        area.height.saturating_sub(2),
    );
    let (mut x, mut row) = (0, 0);
    let mut places = Vec::new();
    for choice in choices {
        let wide = (text::width(choice.1) + text::width(&choice.2) + 1) as u16;
        if x > 0 && x + wide > inside.width {
            (x, row) = (0, row + 1);
        }
        places.push((x, row, wide));
        x += wide + 3;
    }
    let first = inside.bottom().saturating_sub(row + 1).max(inside.y);
    let place = |(x, row, wide)| Rect::new(inside.x + x, first + row, wide, 1);
    places.into_iter().map(place).zip(choices).collect()
}

/// Where the choices of the present dialog are, for the mouse.
pub(crate) fn choices(model: &Model) -> Vec<(Rect, KeyEvent)> {
    let body = layout::regions(model).body;
    let Some(card) = card(model, body) else {
        return Vec::new();
    };
    let area = area(&card, body);
    if area.height < 3 {
        return Vec::new();
    }
    let key = |code: &KeyCode| KeyEvent::new(*code, KeyModifiers::NONE);
    offered(&card.choices, area)
        .into_iter()
        .map(|(place, (code, _, _))| (place, key(code)))
        .collect()
}

fn area(card: &Card, body: Rect) -> Rect {
    if card.whole {
        return body;
    }
    let longest = card.lines.iter().map(Line::width).max().unwrap_or(0);
    let all: usize = card
        .choices
        .iter()
        .map(|(_, key, word)| text::width(key) + text::width(word) + 4)
        .sum();
    let wanted = longest.max(all).max(text::width(&card.title) + 4) + 4;
    let width = u16::try_from(wanted)
        .unwrap_or(u16::MAX)
        .clamp(24, 110)
        .min(body.width);
    let tall = Rect {
        width,
        height: 100,
        ..Rect::default()
    };
    let places = offered(&card.choices, tall);
    let below = places
        .first()
        .map_or(0, |(first, _)| usize::from(tall.height - 1 - first.y));
    let rows = card.lines.len() + 2 + below;
    let height = u16::try_from(rows).unwrap_or(u16::MAX).min(body.height);
    Rect::new(
        body.x + (body.width - width) / 2,
        body.y + (body.height - height) / 2,
        width,
        height,
    )
}

fn choice(code: char, key: &'static str, word: &str) -> Choice {
    (KeyCode::Char(code), key, word.to_string())
}

fn closing(word: &str) -> Choice {
    (KeyCode::Esc, "Esc", word.to_string())
}

fn card(model: &Model, body: Rect) -> Option<Card> {
    let theme = &model.theme;
    Some(match model.dialog.as_ref()? {
        Dialog::Help { top } => Card {
            title: "Keys and commands".to_string(),
            border: theme.accent,
            lines: help::lines(model),
            top: *top,
            choices: vec![
                closing("closes"),
                (KeyCode::PageDown, "PgDn", "more".to_string()),
            ],
            whole: true,
        },
        Dialog::Text { title, lines, top } => Card {
            title: title.clone(),
            border: theme.accent,
            lines: match lines.is_empty() {
                true => vec![Line::raw("asking …")],
                false => lines
                    .iter()
                    .map(|line| Line::raw(text::plain(line)))
                    .collect(),
            },
            top: *top,
            choices: vec![closing("closes")],
            whole: false,
        },
        Dialog::Confirm(confirm) => Card {
            title: confirm.title.clone(),
            border: theme.warn,
            lines: confirm
                .lines
                .iter()
                .map(|line| Line::raw(text::plain(line)))
                .collect(),
            top: 0,
            choices: vec![
                choice('y', "y", &confirm.yes),
                (KeyCode::Char('n'), "n", "leave it".to_string()),
            ],
            whole: false,
        },
        Dialog::Conflict(conflict) => Card {
            title: "A port is taken".to_string(),
            border: theme.warn,
            lines: conflict
                .rows
                .iter()
                .map(|row| text::line(&text::cells(row, theme.text)))
                .collect(),
            top: 0,
            choices: vec![
                choice('k', "k", "end who has it"),
                choice('n', "n", "next free port"),
                choice('a', "a", "manage who has it"),
                choice('c', "c", "cancel"),
            ],
            whole: false,
        },
        Dialog::Crash(card) => crash_card(model, card),
        Dialog::Output(pane) => output(model, pane, body),
    })
}

fn crash_card(model: &Model, card: &crate::model::dialog::CrashCard) -> Card {
    let left = card
        .restart_at
        .map(|at| at.duration_since(model.now).as_secs().max(0));
    let title = match (left, card.held) {
        (Some(seconds), _) => format!(
            "{} crashed · restarts in {seconds} s, any other key stops that",
            card.process
        ),
        (None, true) => format!("{} crashed · the restart was stopped", card.process),
        (None, false) => format!("{} crashed", card.process),
    };
    let mut choices = vec![
        choice('r', "r", "restart now"),
        choice('d', "d", "debug mode"),
        choice('k', "k", "keep down"),
    ];
    if card
        .report
        .as_ref()
        .is_some_and(|report| report.location.is_some())
    {
        choices.push(choice('o', "o", "open file"));
    }
    if crash::can_revert(card) {
        choices.push(choice('v', "v", "revert change"));
    }
    choices.push(choice('l', "l", "log"));
    if left.is_none() {
        choices.push(closing("closes"));
    }
    Card {
        title,
        border: model.theme.bad,
        lines: crash::lines(model, card),
        top: card.top,
        choices,
        whole: false,
    }
}

fn output(model: &Model, pane: &OutputPane, body: Rect) -> Card {
    let theme = &model.theme;
    let (border, state) = match pane.code {
        None => (theme.busy, "runs".to_string()),
        Some(0) => (theme.good, "done".to_string()),
        Some(code) => (theme.bad, format!("exit code {code}")),
    };
    let room = usize::from(body.height).saturating_sub(3);
    let top = pane.lines.len().saturating_sub(room + pane.up);
    let first = top.min(pane.lines.len());
    // Only what can be seen is laid out: there may be thousands.
    let last = (first + room.max(1)).min(pane.lines.len());
    let closes = if pane.code.is_none() {
        "ends it"
    } else {
        "closes"
    };
    Card {
        title: format!("/{} · {state}", pane.words.join(" ")),
        border,
        lines: pane.lines[first..last]
            .iter()
            .map(|line| text::line(&text::cells(line, theme.text)))
            .collect(),
        top: 0,
        choices: vec![closing(closes)],
        whole: pane.lines.len() > room,
    }
}
