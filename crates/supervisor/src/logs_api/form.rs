//! Items of a log as clients see them.

use forge_api::{LogGap, LogLine};
use forge_logs::{Item, Line, Part};

use super::cursor::{Cursor, order_of};

/// A line or a gap; beginnings of runs are told by the runs of the lines.
pub(super) fn shown(item: &Item, styled: bool) -> Option<LogLine> {
    let cursor = Cursor::Line(order_of(item)).text();
    let source = item.source();
    let blank = LogLine {
        time: forge_logs::rfc3339(item.time()),
        process: source.process.clone(),
        stream: source.stream.name().to_string(),
        cursor,
        ..LogLine::default()
    };
    match item {
        Item::Line(line) => Some(of_line(line, styled, blank)),
        Item::Gap(gap) => {
            let message = match gap.bytes {
                Some(bytes) => format!("{bytes} bytes of output could not be kept"),
                None => "older output was removed before it could be read".to_string(),
            };
            Some(LogLine {
                styled: styled.then(|| message.clone()),
                message,
                gap: Some(LogGap {
                    bytes: gap.bytes,
                    since: forge_logs::rfc3339(gap.since),
                }),
                ..blank
            })
        }
        Item::Run(_) => None,
    }
}

fn of_line(line: &Line, styled: bool, blank: LogLine) -> LogLine {
    LogLine {
        run_id: line.run.map(|run| run.to_string()),
        level: line.level.map(|level| level.name().to_string()),
        message: forge_logs::message(&line.text),
        seq: line.seq,
        styled: styled.then(|| forge_logs::safe(&line.text, true)),
        size: (line.hidden() > 0).then_some(line.size),
        context: !line.matched,
        partial: line.part == Part::Head,
        ..blank
    }
}
