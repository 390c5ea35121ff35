//! `forge dev logs --file`: any text is read as a log. No workspace is needed, nothing is started.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use forge_logs::{Grep, Level, LevelRules, TextLine, read_text, rfc3339, safe, structure};
use serde_json::{Map, Value, json};

use super::export::{Ending, Export};
use super::expression;
use super::sink::PIECE;
use crate::args::{LogsArgs, Selection};
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::clock::zone;

pub(super) fn run(file: &Path, args: &LogsArgs, context: &Context) -> Outcome {
    let select = &args.select;
    let form = match (select.raw, select.json, &select.export) {
        (true, _, _) => Form::Raw,
        (_, true, _) => Form::Json,
        (_, _, Some(export)) if Ending::of(export).json => Form::Json,
        (_, _, Some(_)) => Form::Text { colour: false },
        (_, _, None) => Form::Text {
            colour: context.ui.colour,
        },
    };
    let mut wanted = Wanted {
        select,
        grep: expression(args.grep.as_deref(), select)?,
        time: None,
        last: VecDeque::new(),
        before: VecDeque::new(),
        after: 0,
    };
    let mut out = Target::new(select, form, file, context)?;
    let reader = open(file)?;
    let failed = |error: io::Error| unreadable(file, &error);
    let mut offset = 0;
    for line in read_text(reader, LevelRules::default(), zone().clone()) {
        let line = line.map_err(failed)?;
        let at = offset;
        offset += line.size;
        for (at, line) in wanted.see(at, line) {
            out.write(at, &line)?;
        }
        if context.ui.out.is_closed() {
            return Ok(exit::DONE);
        }
    }
    for (at, line) in wanted.rest() {
        out.write(at, &line)?;
    }
    out.finish(context)
}

/// Opens a file; `-` is standard input.
///
/// # Errors
///
/// It cannot be opened (1).
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::with_capacity(PIECE, io::stdin())));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        let reason = io::Error::other("it is a folder");
        return Err(unreadable(path, &reason));
    }
    Ok(Box::new(BufReader::with_capacity(8 * PIECE, file)))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot read {}: {error}", path.display()))
}

/// A line, and where it begins in its file.
type Placed = (u64, TextLine);

/// Chooses lines.
struct Wanted<'a> {
    select: &'a Selection,
    grep: Option<Grep>,
    /// The time of the last line that stated one: what follows is no older.
    time: Option<u64>,
    /// The last lines that were asked for, where only these are.
    last: VecDeque<Placed>,
    before: VecDeque<Placed>,
    after: usize,
}

impl Wanted<'_> {
    /// The lines to be shown because of this one.
    fn see(&mut self, at: u64, line: TextLine) -> Vec<Placed> {
        self.time = line.time.or(self.time);
        let context = self.select.context.unwrap_or(0);
        let mut shown = Vec::new();
        if self.matches(&line) {
            shown.extend(self.before.drain(..));
            shown.push((at, line));
            self.after = context;
        } else if self.after > 0 {
            self.after -= 1;
            shown.push((at, line));
        } else if context > 0 {
            if self.before.len() == context {
                self.before.pop_front();
            }
            self.before.push_back((at, line));
        }
        let Some(count) = self.select.lines else {
            return shown;
        };
        self.last.extend(shown);
        while self.last.len() > count {
            self.last.pop_front();
        }
        Vec::new()
    }

    fn rest(&mut self) -> VecDeque<Placed> {
        std::mem::take(&mut self.last)
    }

    fn matches(&self, line: &TextLine) -> bool {
        let select = self.select;
        let time = |bound: Option<u64>, within: fn(u64, u64) -> bool| {
            bound.is_none_or(|bound| self.time.is_some_and(|time| within(time, bound)))
        };
        time(select.since, |time, since| time >= since)
            && time(select.until, |time, until| time <= until)
            && select
                .level
                .is_none_or(|least| Level::passes(line.level, least))
            && self
                .grep
                .as_ref()
                .is_none_or(|grep| grep.matches(&line.text))
            && select.fields.iter().all(|field| field.matches(&line.text))
    }
}

/// How a line is shown.
#[derive(Clone, Copy)]
enum Form {
    Text { colour: bool },
    Json,
    Raw,
}

/// Where lines go.
struct Target<'a> {
    form: Form,
    source: PathBuf,
    export: Option<Export<'a>>,
    buffer: Vec<u8>,
    /// Lines are shown as they come: nobody knows when the next one does.
    live: bool,
    lines: usize,
    context: &'a Context,
}

impl<'a> Target<'a> {
    fn new(
        select: &'a Selection,
        form: Form,
        source: &Path,
        context: &'a Context,
    ) -> Result<Self, Failure> {
        Ok(Target {
            form,
            source: source.to_path_buf(),
            export: select.export.as_deref().map(Export::new).transpose()?,
            buffer: Vec::new(),
            live: source == Path::new("-"),
            lines: 0,
            context,
        })
    }

    fn write(&mut self, at: u64, line: &TextLine) -> Result<(), Failure> {
        self.lines += 1;
        let out = match &mut self.export {
            Some(export) => export.buffer(),
            None => &mut self.buffer,
        };
        match self.form {
            Form::Text { colour } => {
                out.extend_from_slice(safe(&line.text, colour).as_bytes());
                if line.size > line.text.len() as u64 + 2 {
                    out.extend_from_slice(format!(" … [{} bytes in all]", line.size).as_bytes());
                }
                out.push(b'\n');
            }
            Form::Json => {
                out.extend_from_slice(record(line).to_string().as_bytes());
                out.push(b'\n');
            }
            Form::Raw => raw(out, &self.source, at, line)
                .map_err(|error| unreadable(&self.source, &error))?,
        }
        match &mut self.export {
            Some(export) => export.step(),
            None => {
                if self.live || self.buffer.len() >= PIECE {
                    self.send();
                }
                Ok(())
            }
        }
    }

    fn send(&mut self) {
        self.context.ui.out.bytes(&self.buffer);
        self.buffer.clear();
    }

    fn finish(mut self, context: &Context) -> Outcome {
        self.send();
        match self.export {
            Some(export) => export.finish(self.lines, context),
            None => Ok(exit::DONE),
        }
    }
}

/// Appends a line as it is. What is beyond the part that is held is read from the file again, where
/// there is one.
fn raw(out: &mut Vec<u8>, source: &Path, at: u64, line: &TextLine) -> io::Result<()> {
    let held = (line.text.len() + line.end.bytes().len()) as u64;
    if held < line.size && source != Path::new("-") {
        let mut file = File::open(source)?;
        file.seek(SeekFrom::Start(at))?;
        return file.take(line.size).read_to_end(out).map(drop);
    }
    out.extend_from_slice(&line.text);
    out.extend_from_slice(line.end.bytes());
    Ok(())
}

/// What is known of a line, for programs.
fn record(line: &TextLine) -> Value {
    let mut record = json!({
        "line": line.number,
        "time": line.time.map(rfc3339),
        "level": line.level.map(Level::name),
        "message": line.message(),
    });
    if let Some(found) = structure(&line.text) {
        let fields = found.fields.into_iter();
        let fields: Map<String, Value> = fields.map(|(key, value)| (key, value.into())).collect();
        record["fields"] = Value::Object(fields);
    }
    record
}
