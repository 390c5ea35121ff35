//! Columns that fit: the less important ones go where the screen is narrow.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::text;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) width: usize,
    pub(super) right: bool,
    /// The column with the lowest rank goes first.
    pub(super) rank: u8,
}

/// A column of this title and width, with its text at the left.
pub(super) const fn left(title: &'static str, width: usize, rank: u8) -> Column {
    Column {
        title,
        width,
        right: false,
        rank,
    }
}

/// The same with its text at the right.
pub(super) const fn right(title: &'static str, width: usize, rank: u8) -> Column {
    Column {
        title,
        width,
        right: true,
        rank,
    }
}

/// Which columns fit into a width, at least the one with the highest rank; the last one that is
/// shown gets what is left when it is `wide`.
pub(super) fn fitting(columns: &[Column], width: usize, gap: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let total = |shown: &[usize]| -> usize {
        let widths: usize = shown.iter().map(|at| columns[*at].width).sum();
        widths + gap * shown.len().saturating_sub(1)
    };
    while total(&shown) > width && shown.len() > 1 {
        let lowest = shown.iter().copied().min_by_key(|at| columns[*at].rank);
        shown.retain(|at| Some(*at) != lowest);
    }
    shown
}

/// One row: the texts of the columns that are shown, each in its style.
pub(super) fn row(
    columns: &[Column],
    shown: &[usize],
    cells: &[(String, Style)],
    gap: usize,
) -> Line<'static> {
    let mut spans = Vec::new();
    for (place, at) in shown.iter().enumerate() {
        let column = columns[*at];
        let (content, style) = &cells[*at];
        let content = match column.right {
            true => text::fit_right(content, column.width),
            false => text::fit(content, column.width),
        };
        if place > 0 {
            spans.push(Span::raw(" ".repeat(gap)));
        }
        spans.push(Span::styled(content, *style));
    }
    Line::from(spans)
}

/// The row of titles.
pub(super) fn titles(
    columns: &[Column],
    shown: &[usize],
    style: Style,
    gap: usize,
) -> Line<'static> {
    let cells: Vec<(String, Style)> = columns
        .iter()
        .map(|one| (one.title.to_string(), style))
        .collect();
    row(columns, shown, &cells, gap)
}
