//! The window is bounded, and nobody loses their place in it.

use super::*;

fn line(number: usize, message: &str) -> LogLine {
    LogLine {
        process: "api".into(),
        message: message.into(),
        seq: number as u64,
        cursor: number.to_string(),
        ..LogLine::default()
    }
}

fn numbered(range: std::ops::Range<usize>) -> Vec<LogLine> {
    range
        .map(|number| line(number, &format!("line {number}")))
        .collect()
}

#[test]
fn a_window_that_follows_is_bounded_and_keeps_the_newest() {
    let mut window = LogWindow::default();
    assert!(window.append(numbered(0..LINES + 100)));
    assert_eq!(window.end() - window.first(), LINES as i64);
    assert_eq!(
        window.last_cursor(),
        Some((LINES + 99).to_string().as_str())
    );
    assert_eq!(window.older, Older::There);
    let huge = "x".repeat(1 << 20);
    for number in 0..100 {
        window.append(vec![line(number, &format!("{number}{huge}"))]);
    }
    assert!(window.end() - window.first() < 30);
}

#[test]
fn who_has_scrolled_up_keeps_the_lines_that_are_shown() {
    let mut window = LogWindow::default();
    window.append(numbered(0..10));
    window.scroll = Scroll::At(5);
    assert!(!window.append(numbered(10..LINES + 50)));
    assert_eq!(window.first(), 0);
    assert_eq!(window.unseen, LINES + 40);
}

#[test]
fn repeats_are_folded_and_their_place_is_that_of_the_last() {
    let mut window = LogWindow::default();
    window.append(vec![line(1, "tick"), line(2, "tick"), line(3, "tock")]);
    assert_eq!(
        window
            .get(0)
            .map(|entry| (entry.times, entry.last.as_str())),
        Some((2, "2"))
    );
    window.prepend(vec![line(0, "tick")], true);
    assert_eq!((window.first(), window.first_cursor()), (0, Some("0")));
    assert_eq!(window.get(0).map(|entry| entry.times), Some(3));
}

#[test]
fn a_line_without_its_end_is_replaced_when_that_comes() {
    let mut window = LogWindow::default();
    let mut begun = line(1, "name: ");
    begun.partial = true;
    window.append(vec![begun]);
    window.append(vec![line(1, "name: forge")]);
    assert_eq!(window.end(), 1);
    assert_eq!(
        window.get(0).map(|entry| entry.line.message.as_str()),
        Some("name: forge")
    );
}

#[test]
fn a_search_goes_up_and_down() {
    let mut window = LogWindow::default();
    window.append(numbered(0..30));
    window.search = Regex::new("[05]$").ok();
    assert_eq!(window.find(30, true), Some(25));
    assert_eq!(window.find(25, true), Some(20));
    assert_eq!(window.find(20, false), Some(25));
    assert_eq!(window.find(25, false), None);
}
