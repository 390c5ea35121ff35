//! Tables that fit: wide columns shrink, then the least important ones go, the first one stays.

use super::colour::{Style, paint};
use super::text::{clip, pad, safe, width};

const GAP: usize = 2;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Numbers stand on the right.
    pub(crate) right: bool,
    /// It may shrink to so many columns; 0: it keeps its width.
    pub(crate) shrinks_to: usize,
    /// Columns with the lowest go first when there is no room; `u8::MAX` stays for ever.
    pub(crate) worth: u8,
}

impl Column {
    /// A column of text that keeps its width.
    pub(crate) const fn text(title: &'static str, worth: u8) -> Self {
        Column {
            title,
            right: false,
            shrinks_to: 0,
            worth,
        }
    }

    /// A column of numbers.
    pub(crate) const fn number(title: &'static str, worth: u8) -> Self {
        Column {
            right: true,
            ..Column::text(title, worth)
        }
    }

    /// The same, but it may shrink to so many columns.
    pub(crate) const fn shrinking(self, to: usize) -> Self {
        Column {
            shrinks_to: to,
            ..self
        }
    }
}

/// Text of one cell with its meaning.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Text from anywhere; it is made safe.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Cell::styled(text, Style::Plain)
    }

    /// The same in a style.
    pub(crate) fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Cell {
            text: safe(text.as_ref()),
            style,
        }
    }
}

/// Rows under columns.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table of these columns; the first one names the row.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Table {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, a cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    /// The lines of the table, none wider than `room` (`None`: as wide as it needs to be).
    pub(crate) fn lines(&self, room: Option<usize>, colour: bool) -> Vec<String> {
        let shown = self.fit(room);
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        let headings: Vec<Cell> = self
            .columns
            .iter()
            .map(|column| Cell::styled(column.title, Style::Bold))
            .collect();
        lines.push(self.line(&headings, &shown, colour));
        lines.extend(self.rows.iter().map(|row| self.line(row, &shown, colour)));
        lines
    }

    /// Which columns are shown, and how wide.
    fn fit(&self, room: Option<usize>) -> Vec<(usize, usize)> {
        let mut shown: Vec<(usize, usize)> = (0..self.columns.len())
            // A column without anything in it tells nothing.
            .filter(|at| *at == 0 || self.rows.iter().any(|row| !row[*at].text.is_empty()))
            .map(|at| (at, self.natural_width(at)))
            .collect();
        let Some(room) = room else { return shown };
        loop {
            let excess = total(&shown).saturating_sub(room);
            if excess == 0 || self.shrink(&mut shown, excess) {
                return shown;
            }
            let least = shown
                .iter()
                .filter(|(at, _)| self.columns[*at].worth < u8::MAX)
                .min_by_key(|(at, _)| self.columns[*at].worth)
                .map(|(at, _)| *at);
            match least {
                Some(least) => shown.retain(|(at, _)| *at != least),
                None => return squeezed(shown, room),
            }
            // What shrank for the column that is gone may grow again.
            for (at, wide) in &mut shown {
                *wide = self.natural_width(*at);
            }
        }
    }

    fn natural_width(&self, at: usize) -> usize {
        let cells = self.rows.iter().map(|row| width(&row[at].text));
        cells.max().unwrap_or(0).max(self.columns[at].title.len())
    }

    /// Takes `excess` from the columns that may shrink, the widest first; false when they cannot
    /// give so much.
    fn shrink(&self, shown: &mut [(usize, usize)], mut excess: usize) -> bool {
        while excess > 0 {
            let widest = shown
                .iter_mut()
                .filter(|(at, wide)| {
                    let least = self.columns[*at].shrinks_to;
                    least > 0 && *wide > least
                })
                .max_by_key(|(_, wide)| *wide);
            match widest {
                Some((_, wide)) => *wide -= 1,
                None => return false,
            }
            excess -= 1;
        }
        true
    }

    fn line(&self, cells: &[Cell], shown: &[(usize, usize)], colour: bool) -> String {
        let mut line = String::new();
        for (place, (at, wide)) in shown.iter().enumerate() {
            if place > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let text = clip(&cells[*at].text, *wide);
            let fill = " ".repeat(wide.saturating_sub(width(&text)));
            let painted = paint(colour, cells[*at].style, &text);
            if self.columns[*at].right {
                line.push_str(&fill);
                line.push_str(&painted);
            } else {
                line.push_str(&painted);
                line.push_str(&fill);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

fn total(shown: &[(usize, usize)]) -> usize {
    let widths: usize = shown.iter().map(|(_, wide)| wide).sum();
    widths + GAP * shown.len().saturating_sub(1)
}

/// The last resort of a very narrow terminal: the columns that must stay share what there is.
fn squeezed(mut shown: Vec<(usize, usize)>, room: usize) -> Vec<(usize, usize)> {
    while total(&shown) > room {
        let number = shown.len();
        match shown.iter_mut().max_by_key(|(_, wide)| *wide) {
            Some((_, wide)) if *wide > 1 => *wide -= 1,
            _ if number > 1 => {
                shown.pop();
            }
            _ => break,
        }
    }
    shown
}

/// Two columns of text without headings: `key   value`, for short overviews.
pub(crate) fn pairs(rows: &[(String, String)], colour: bool) -> Vec<String> {
    let widest = rows.iter().map(|(key, _)| width(key)).max().unwrap_or(0);
    rows.iter()
        .map(|(key, value)| {
            let key = paint(colour, Style::Dim, &pad(key, widest));
            format!("{key}  {value}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Table {
        let mut table = Table::new(&[
            Column::text("NAME", u8::MAX).shrinking(8),
            Column::text("STATUS", u8::MAX),
            Column::number("PID", 10),
            Column::text("DETAIL", 5).shrinking(10),
        ]);
        table.row(vec![
            Cell::new(name),
            Cell::new("running"),
            Cell::new("123"),
            Cell::new("HTTP 200 from /health"),
        ]);
        table
    }

    #[test]
    fn no_line_is_wider_than_the_room() {
        for name in ["web", "日本語サービス", "x\u{1b}[2Jy", &"n".repeat(70)] {
            for room in 1..140 {
                for line in sample(name).lines(Some(room), false) {
                    assert!(width(&line) <= room, "{name:?} in {room}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn the_detail_shrinks_then_goes_and_the_name_stays() {
        let shown = |room| sample("backend").lines(Some(room), false)[1].clone();
        assert_eq!(shown(80), "backend  running  123  HTTP 200 from /health");
        assert_eq!(shown(36), "backend  running  123  HTTP 200 fro…");
        assert_eq!(shown(30), "backend  running  123");
        assert_eq!(shown(18), "backend  running");
    }

    #[test]
    fn an_empty_column_is_left_out() {
        let mut table = Table::new(&[Column::text("NAME", u8::MAX), Column::text("MESSAGE", 1)]);
        table.row(vec![Cell::new("web"), Cell::new("")]);
        assert_eq!(table.lines(None, false), ["NAME", "web"]);
    }
}
