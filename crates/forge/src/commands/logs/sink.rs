//! Where lines go, and in what form: text, JSON, or bytes.

use std::collections::BTreeMap;
use std::io;

use forge_facts::RunId;
use forge_logs::{Fold, Gap, Item, Logs, TextForm, json_line, rfc3339};
use serde_json::json;

use super::export::Ending;
use super::unreadable;
use crate::args::Selection;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::clock::zone;

/// What is gathered before it is written: a terminal or a pipe takes it in one piece.
pub(super) const PIECE: usize = 32 * 1024;

/// The form in which lines are shown.
pub(crate) enum Form {
    /// For people.
    Text {
        form: TextForm,
        /// Repeated lines are one, and beginnings of runs are marked.
        comfort: bool,
    },
    /// One object for each line.
    Json,
    /// Bytes as they were written.
    Raw,
}

impl Form {
    /// The form that was asked for.
    pub(crate) fn chosen(select: &Selection, processes: &[String], context: &Context) -> Self {
        match (select.raw, select.json, &select.export) {
            (true, _, _) => Form::Raw,
            (_, true, _) => Form::Json,
            (_, _, Some(file)) if Ending::of(file).json => Form::Json,
            (_, _, Some(_)) => Form::text(processes, false, false),
            (_, _, None) => Form::text(processes, context.ui.colour, context.ui.live),
        }
    }

    /// Text for people.
    pub(crate) fn text(processes: &[String], colour: bool, comfort: bool) -> Self {
        let names = processes.iter().map(String::as_str);
        Form::Text {
            form: TextForm::new(names, colour, zone().clone()),
            comfort,
        }
    }

    /// Says which runs are the newest ones, where beginnings of runs are marked.
    pub(super) fn mark_newest(&mut self, logs: &Logs, processes: &[String]) {
        let Form::Text {
            form,
            comfort: true,
        } = self
        else {
            return;
        };
        for process in processes {
            // Runs that cannot be read are marked as any others.
            let runs = logs.runs(process).unwrap_or_default();
            if let Some(newest) = runs.last() {
                form.set_newest(process, *newest, runs.len() > 1);
            }
        }
    }

    /// Appends an item in this form.
    ///
    /// # Errors
    ///
    /// A long line whose rest cannot be read.
    pub(super) fn write(&mut self, item: &Item, times: u64, out: &mut Vec<u8>) -> io::Result<()> {
        match (self, item) {
            (Form::Text { comfort: false, .. }, Item::Run(_)) => {}
            (Form::Text { form, .. }, item) => {
                out.extend_from_slice(form.folded(item, times).as_bytes());
                out.push(b'\n');
            }
            (Form::Json, Item::Line(line)) => {
                out.extend_from_slice(json_line(line).as_bytes());
                out.push(b'\n');
            }
            (Form::Json, Item::Gap(gap)) => {
                out.extend_from_slice(json_gap(gap).as_bytes());
                out.push(b'\n');
            }
            (Form::Raw, Item::Line(line)) => line.write_raw(out)?,
            (Form::Json, Item::Run(_)) | (Form::Raw, Item::Run(_) | Item::Gap(_)) => {}
        }
        Ok(())
    }
}

/// A gap among JSON lines: what is missing must not look like nothing.
fn json_gap(gap: &Gap) -> String {
    json!({
        "time": rfc3339(gap.time),
        "process": gap.source.process,
        "stream": gap.source.stream.name(),
        "level": null,
        "message": "",
        "gap": {"bytes": gap.bytes, "since": rfc3339(gap.since)},
    })
    .to_string()
}

/// Standard output for lines.
pub(crate) struct Sink<'a> {
    context: &'a Context,
    form: Form,
    fold: Option<Fold>,
    /// The runs whose beginning has been marked: each stream tells of it.
    marked: BTreeMap<String, RunId>,
    buffer: Vec<u8>,
}

impl<'a> Sink<'a> {
    /// Lines in this form on standard output.
    pub(crate) fn new(form: Form, context: &'a Context) -> Self {
        Sink {
            fold: matches!(form, Form::Text { comfort: true, .. }).then(Fold::default),
            context,
            form,
            marked: BTreeMap::new(),
            buffer: Vec::new(),
        }
    }

    /// Shows an item, at the latest with [`Sink::flush`].
    ///
    /// # Errors
    ///
    /// A long line whose rest cannot be read.
    pub(crate) fn item(&mut self, item: Item) -> Result<(), Failure> {
        if let Item::Run(start) = &item {
            let process = start.source.process.clone();
            if self.marked.insert(process, start.run) == Some(start.run) {
                return Ok(());
            }
        }
        let Some(fold) = &mut self.fold else {
            return self.write(&item, 1);
        };
        for (item, times) in fold.push(item) {
            self.write(&item, times)?;
        }
        Ok(())
    }

    /// What comes from now on is shown as it comes; only repetitions wait to be counted.
    ///
    /// # Errors
    ///
    /// As [`Sink::item`].
    pub(crate) fn go_live(&mut self) -> Result<(), Failure> {
        self.flush()?;
        self.fold = self.fold.take().map(|_| Fold::live());
        Ok(())
    }

    fn write(&mut self, item: &Item, times: u64) -> Result<(), Failure> {
        let written = self.form.write(item, times, &mut self.buffer);
        written.map_err(|error| unreadable(&error))?;
        if self.buffer.len() >= PIECE {
            self.send();
        }
        Ok(())
    }

    /// Writes out what has been gathered, but for repetitions that are still being counted.
    pub(crate) fn send(&mut self) {
        self.context.ui.out.bytes(&self.buffer);
        self.buffer.clear();
    }

    /// Whether the beginning of a line is shown before its end is written: to people, not to
    /// programs that want one object for each line.
    pub(crate) fn shows_parts(&self) -> bool {
        !matches!(self.form, Form::Json)
    }

    /// Whether repetitions are still being counted.
    pub(crate) fn holds_back(&self) -> bool {
        self.fold.as_ref().is_some_and(Fold::holds_back)
    }

    /// Writes out everything.
    ///
    /// # Errors
    ///
    /// As [`Sink::item`].
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if let Some((item, times)) = self.fold.as_mut().and_then(Fold::flush) {
            self.write(&item, times)?;
        }
        self.send();
        Ok(())
    }
}
