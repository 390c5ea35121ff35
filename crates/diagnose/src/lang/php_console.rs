//! PHP exceptions as the consoles of Laravel and Symfony draw them.

use crate::pattern::{Pattern, group, number};
use crate::report::Language;
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static AT: Pattern = Pattern::new(r"^\s+at (?<file>\S.*\.php):(?<line>[0-9]+)$");
static FRAME: Pattern = Pattern::new(r"^\s+[0-9]+\s+(?<file>\S.*\.php):(?<line>[0-9]+)$");
static CLASS: Pattern =
    Pattern::new(r"^\s+(?<class>[A-Za-z_][A-Za-z0-9_]*(?:\\[A-Za-z0-9_]+)*)\s*$");
static SYMFONY: Pattern = Pattern::new(r"^In (?<file>[^\s/]+\.php) line (?<line>[0-9]+):$");

/// Lines of a message between the class and the place.
const LONGEST_MESSAGE: usize = 20;

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = SYMFONY.captures(text) {
        let below = lines[at + 1..].iter().take(4).map(|line| line.text.trim());
        let message = below.clone().find(|text| !text.is_empty())?;
        let mut raised = Raised::new("", message);
        raised.place = Some(frame("", group(&found, "file"), number(&found, "line")));
        return Some((Trace::new(Language::Php, Weight::Fatal, raised), at + 3));
    }
    let found = AT.captures(text)?;
    let floor = at.saturating_sub(LONGEST_MESSAGE);
    let class_at = (floor..at)
        .rev()
        .find(|index| CLASS.is_match(&lines[*index].text))?;
    let class = CLASS.captures(&lines[class_at].text)?;
    let below = lines[class_at + 1..at].iter().map(|line| line.text.trim());
    let message = below.clone().find(|text| !text.is_empty())?;
    let mut raised = Raised::new(group(&class, "class"), message);
    raised
        .frames
        .push(frame("", group(&found, "file"), number(&found, "line")));
    let mut end = at + 1;
    let reach = lines.len().min(at + 200);
    for (index, line) in lines.iter().enumerate().take(reach).skip(at + 1) {
        if let Some(found) = FRAME.captures(&line.text) {
            if raised.frames.len() < MOST_FRAMES {
                let function = lines.get(index + 1).map_or("", |line| line.text.trim());
                let function = function.split('(').next().unwrap_or("");
                raised.frames.push(frame(
                    function,
                    group(&found, "file"),
                    number(&found, "line"),
                ));
            }
            end = index + 2;
        } else if !line.text.is_empty() && !line.text.starts_with(' ') {
            break;
        }
    }
    let mut trace = Trace::new(Language::Php, Weight::Fatal, raised);
    trace.lines.0 = class_at as u64;
    Some((trace, end.min(lines.len())))
}
