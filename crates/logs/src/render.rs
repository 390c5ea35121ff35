//! The forms in which lines are written out: text for people, JSON for programs, raw bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use forge_facts::RunId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::line::{Gap, Item, Line, Part, RunStart};
use crate::segments::path_of;
use crate::text::{safe, strip_ansi};

/// Writes items for people: `[backend]  2025-11-21 14:30:15 | message`, in local time.
#[derive(Debug, Clone)]
pub struct TextForm {
    width: usize,
    colours: bool,
    zone: TimeZone,
    /// The second that was written last, and its text.
    second: (i64, String),
    /// The newest run of processes, and whether there were others before it.
    newest: BTreeMap<String, (RunId, bool)>,
}

impl TextForm {
    /// For these processes, whose names are padded to the longest; with or without colours.
    pub fn new<'a>(
        processes: impl IntoIterator<Item = &'a str>,
        colours: bool,
        zone: TimeZone,
    ) -> Self {
        let longest = processes.into_iter().map(UnicodeWidthStr::width).max();
        TextForm {
            width: longest.unwrap_or(0),
            colours,
            zone,
            second: (i64::MIN, String::new()),
            newest: BTreeMap::new(),
        }
    }

    /// Says which run of a process is the newest, and whether it follows another one: what comes with
    /// it or after it is marked as new since the restart.
    pub fn set_newest(&mut self, process: &str, run: RunId, restarted: bool) {
        self.newest.insert(process.to_string(), (run, restarted));
    }

    /// Makes room for another name; names that were written before stay as they are.
    pub fn add_process(&mut self, process: &str) {
        self.width = self.width.max(process.width());
    }

    /// An item as one line of text, without a line end.
    ///
    /// What a line has beyond [`LINE_CAP`](crate::LINE_CAP) is stated, not shown. The rest of a line
    /// whose beginning was shown before begins with `…`.
    pub fn item(&mut self, item: &Item) -> String {
        match item {
            Item::Line(line) => self.line(line),
            Item::Gap(gap) => self.mark(item, &gap_text(gap)),
            Item::Run(run) => self.mark(item, &self.run_text(run)),
        }
    }

    fn run_text(&self, start: &RunStart) -> String {
        let RunStart { source, run, .. } = start;
        let new = self.newest.get(&source.process);
        match new.is_some_and(|(newest, restarted)| run > newest || run == newest && *restarted) {
            true => format!("── new since the last restart: run {run} ──"),
            false => format!("── run {run} ──"),
        }
    }

    /// A line with how often it came (see [`Fold`](crate::Fold)).
    pub fn folded(&mut self, item: &Item, count: u64) -> String {
        let mut text = self.item(item);
        if count > 1 {
            text.push_str(&self.dim(&format!(" ×{count}")));
        }
        text
    }

    fn line(&mut self, line: &Line) -> String {
        let mut text = self.prefix(line.process(), line.time);
        if line.part == Part::Tail {
            text.push('…');
        }
        text.push_str(&safe(&line.text, self.colours));
        if line.hidden() > 0 {
            let note = format!(" … [{} in all]", bytes(line.size));
            text.push_str(&self.dim(&note));
        }
        text
    }

    fn mark(&mut self, item: &Item, note: &str) -> String {
        let mut text = self.prefix(&item.source().process, item.time());
        text.push_str(&self.dim(note));
        text
    }

    fn dim(&self, text: &str) -> String {
        match self.colours {
            true => format!("\x1b[2m{text}\x1b[0m"),
            false => text.to_string(),
        }
    }

    fn prefix(&mut self, process: &str, time: u64) -> String {
        let name = safe(process.as_bytes(), false);
        let padding = " ".repeat(self.width.saturating_sub(name.width()));
        let name = match self.colours {
            true => format!("\x1b[{}m[{name}]\x1b[0m", colour_of(process)),
            false => format!("[{name}]"),
        };
        format!("{name}{padding} {} | ", self.local(time))
    }

    fn local(&mut self, time: u64) -> &str {
        let second = (time / 1_000_000_000) as i64;
        if self.second.0 != second {
            let text = Timestamp::from_second(second).map(|at| {
                at.to_zoned(self.zone.clone())
                    .strftime("%Y-%m-%d %H:%M:%S")
                    .to_string()
            });
            self.second = (
                second,
                text.unwrap_or_else(|_| "????-??-?? ??:??:??".to_string()),
            );
        }
        &self.second.1
    }
}

/// The colour of a process, the same every time: a parameter of SGR.
pub fn colour_of(process: &str) -> u8 {
    const COLOURS: [u8; 10] = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
    let hash = process
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    COLOURS[((hash ^ (hash >> 32)) % COLOURS.len() as u64) as usize]
}

fn gap_text(gap: &Gap) -> String {
    let lasted = (gap.time.saturating_sub(gap.since)) as f64 / 1e9;
    match gap.bytes {
        Some(size) => format!(
            "── {} could not be kept within {lasted:.1} s ──",
            bytes(size)
        ),
        None => "── older output was removed before it could be read ──".to_string(),
    }
}

fn bytes(size: u64) -> String {
    match size {
        0..1024 => format!("{size} B"),
        1024..1_048_576 => format!("{:.1} KiB", size as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", size as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", size as f64 / 1_073_741_824.0),
    }
}

/// A line in its JSON form: one object, without a line end.
///
/// `time` is RFC 3339 in UTC with nanoseconds, `level` null where the line states none, `message`
/// the text without escape sequences and line end, invalid UTF-8 replaced. A line beyond
/// [`LINE_CAP`](crate::LINE_CAP) is cut and has its whole length in `size`; the parts of a line
/// that was shown before its end was written have `part`.
pub fn json_line(line: &Line) -> String {
    #[derive(Serialize)]
    struct Form<'a> {
        time: String,
        process: &'a str,
        run_id: Option<String>,
        stream: &'static str,
        level: Option<&'static str>,
        message: String,
        seq: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        part: Option<&'static str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        context: bool,
    }
    let form = Form {
        time: rfc3339(line.time),
        process: line.process(),
        run_id: line.run.map(|run| run.to_string()),
        stream: line.stream().name(),
        level: line.level.map(|level| level.name()),
        message: message(&line.text),
        seq: line.seq,
        size: (line.hidden() > 0).then_some(line.size),
        part: match line.part {
            Part::Whole => None,
            Part::Head => Some("head"),
            Part::Tail => Some("tail"),
        },
        context: !line.matched,
    };
    let text = serde_json::to_string(&form).expect("strings and numbers are always JSON");
    printable_json(text)
}

/// JSON text in which also those control characters are escaped that JSON lets pass (DEL and the
/// eight-bit controls): a terminal obeys some of them.
pub fn printable_json(text: String) -> String {
    if memchr::memchr2(0x7f, 0xc2, text.as_bytes()).is_none() {
        return text;
    }
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => printable.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => printable.push(c),
        }
    }
    printable
}

/// The text of a line as programs see it: without escape sequences, as UTF-8.
pub fn message(text: &[u8]) -> String {
    String::from_utf8_lossy(&strip_ansi(text)).into_owned()
}

/// Nanoseconds since 1970 as RFC 3339 in UTC with nine digits.
pub fn rfc3339(time: u64) -> String {
    match Timestamp::from_nanosecond(i128::from(time)) {
        Ok(at) => format!("{at:.9}"),
        Err(_) => "1970-01-01T00:00:00.000000000Z".to_string(),
    }
}

impl Line {
    /// Writes the line as the process wrote it, byte for byte, line end included.
    ///
    /// What is beyond [`LINE_CAP`](crate::LINE_CAP) is copied from disk; where it has been removed
    /// meanwhile, what is held is written.
    ///
    /// # Errors
    ///
    /// Those of `out`, and of reading the segment.
    pub fn write_raw(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.hidden() == 0 {
            out.write_all(&self.text)?;
            return out.write_all(self.end.bytes());
        }
        let (mut segment, mut offset) = (self.place.segment(), self.place.offset());
        let mut left = self.size;
        while left > 0 {
            let mut file = match File::open(path_of(&self.source, segment)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound && left == self.size => {
                    out.write_all(&self.text)?;
                    return out.write_all(self.end.bytes());
                }
                Err(error) => return Err(error),
            };
            let size = file.metadata()?.len();
            if offset < size {
                file.seek(SeekFrom::Start(offset))?;
                left -= io::copy(&mut file.take(left), out)?;
            }
            offset = offset.saturating_sub(size);
            segment += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;
    use crate::line::{LineEnd, Place, Source};
    use forge_facts::{RunId, Stream};
    use std::path::Path;

    fn line(process: &str, text: &str) -> Line {
        Line {
            source: std::sync::Arc::new(Source::new(process, Stream::Stdout, Path::new("/x"))),
            place: Place::new(1, 0),
            seq: 7,
            time: 1_763_735_415_000_000_042,
            time_exact: true,
            run: Some(RunId(1)),
            level: Some(Level::Warn),
            text: text.into(),
            size: text.len() as u64 + 1,
            end: LineEnd::Lf,
            part: Part::Whole,
            matched: true,
        }
    }

    #[test]
    fn people_see_name_local_time_and_message() {
        let mut form = TextForm::new(["frontend", "backend"], false, TimeZone::UTC);
        let item = Item::Line(line(
            "backend",
            "GET /api/users - \x1b[32m200\x1b[0m (45ms)",
        ));
        let text = "[backend]  2025-11-21 14:30:15 | GET /api/users - 200 (45ms)";
        assert_eq!(form.item(&item), text);
        assert_eq!(form.folded(&item, 214), format!("{text} ×214"));
        assert_eq!(
            form.item(&Item::Line(line("frontend", "x"))),
            "[frontend] 2025-11-21 14:30:15 | x"
        );
    }

    #[test]
    fn a_process_has_the_same_colour_every_time() {
        let mut form = TextForm::new(["a"], true, TimeZone::UTC);
        let text = form.item(&Item::Line(line("a", "x")));
        assert!(
            text.starts_with(&format!("\x1b[{}m[a]\x1b[0m ", colour_of("a"))),
            "{text:?}"
        );
        let names = ["frontend", "backend", "postgres", "redis", "worker"];
        let colours: std::collections::BTreeSet<u8> = names.into_iter().map(colour_of).collect();
        assert!(colours.len() >= 3, "{colours:?}");
    }

    #[test]
    fn programs_see_one_object() {
        assert_eq!(
            json_line(&line("backend", "\x1b[31ma\"\u{1}b")),
            "{\"time\":\"2025-11-21T14:30:15.000000042Z\",\"process\":\"backend\",\"run_id\":\"0000000000001\",\
             \"stream\":\"stdout\",\"level\":\"warn\",\"message\":\"a\\\"\\u0001b\",\"seq\":7}"
        );
    }

    #[test]
    fn what_is_hidden_is_stated() {
        let mut long = line("a", "x");
        long.size = 100_000_000;
        let mut form = TextForm::new(["a"], false, TimeZone::UTC);
        assert!(
            form.item(&Item::Line(long.clone()))
                .ends_with("| x … [95.4 MiB in all]")
        );
        assert!(json_line(&long).contains("\"size\":100000000"));
    }
}
