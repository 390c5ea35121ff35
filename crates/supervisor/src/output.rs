//! What is looked for in the output of a run: the line that makes it healthy, the line that fails its
//! start, lines that dependents or clients wait for. Looked for in a thread, beside the loop.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use forge_core::spec::{Condition, Pattern, Probe};
use forge_facts::RunId;
use forge_logs::{Follow, Follower, Item, Logs, Query, RunChoice, Start, last_state, strip_ansi};
use regex::bytes::Regex;

use crate::input::{Inbox, Input};
use crate::supervisor::Supervisor;

/// How soon a thread notices that nobody waits any longer.
const LOOK_UP: Duration = Duration::from_millis(200);

/// What is looked for.
#[derive(Debug, Clone)]
struct Wanted {
    pattern: Pattern,
    regex: Regex,
    fails: bool,
}

/// A search that ends when this value does.
pub(crate) struct Scan(Arc<AtomicBool>);

impl Drop for Scan {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Supervisor {
    /// Looks for all that somebody waits for in a run's output, from its beginning.
    pub(crate) fn look_for_output(&mut self, name: &str, run: RunId) {
        let wanted = self.wanted_lines(name);
        if wanted.is_empty() {
            return;
        }
        let (inbox, own) = (self.inbox.clone(), name.to_string());
        let scan = look(
            &self.layout.processes(),
            name,
            run,
            move |line, left| scan_line(line, left, &own, run, &inbox),
            wanted,
        );
        if let Some(managed) = self.managed.get_mut(name) {
            managed.scan = scan.ok();
        }
    }

    fn wanted_lines(&self, name: &str) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut add = |pattern: &Pattern, fails: bool| {
            let known = wanted
                .iter()
                .any(|one| one.pattern == *pattern && one.fails == fails);
            // The configuration has compiled it already.
            if let (false, Ok(regex)) = (known, Regex::new(&pattern.0)) {
                wanted.push(Wanted {
                    pattern: pattern.clone(),
                    regex,
                    fails,
                });
            }
        };
        if let Some(check) = self.core.spec(name).and_then(|spec| spec.readiness()) {
            if let Probe::Log(pattern) = &check.probe {
                add(pattern, false);
            }
            if let Some(pattern) = &check.fail_on {
                add(pattern, true);
            }
        }
        for other in self.core.names() {
            let Some(spec) = self.core.latest_spec(other) else {
                continue;
            };
            for need in spec.depends_on.iter().filter(|need| need.on == name) {
                if let Condition::Log(pattern) = &need.condition {
                    add(pattern, false);
                }
            }
        }
        wanted
    }

    /// Looks for a line on behalf of a client that waits.
    pub(crate) fn look_for_line(
        &self,
        name: &str,
        run: RunId,
        waiter: u64,
        regex: &str,
    ) -> Result<Scan, String> {
        let compiled = Regex::new(regex).map_err(|error| error.to_string())?;
        let wanted = vec![Wanted {
            pattern: Pattern(regex.to_string()),
            regex: compiled,
            fails: false,
        }];
        let inbox = self.inbox.clone();
        let hit = move |line: &[u8], left: &mut Vec<Wanted>| {
            if left.iter().any(|one| one.regex.is_match(line)) {
                let line = Some(forge_logs::safe(line, false));
                let _ = inbox.send(Input::LineFound { waiter, line });
                left.clear();
            }
        };
        look(&self.layout.processes(), name, run, hit, wanted).map_err(|error| error.to_string())
    }
}

/// Reports what a line matches; what was found is not looked for again, except what fails a start.
fn scan_line(line: &[u8], left: &mut Vec<Wanted>, name: &str, run: RunId, inbox: &Inbox) {
    left.retain(|one| {
        if !one.regex.is_match(line) {
            return true;
        }
        let _ = inbox.send(Input::Matched {
            name: name.to_string(),
            run,
            pattern: one.pattern.clone(),
            line: forge_logs::safe(line, false),
            fails: one.fails,
        });
        false
    });
}

/// Reads a run's lines from its first one on, for as long as something is left to be found.
fn look(
    root: &Path,
    name: &str,
    run: RunId,
    mut hit: impl FnMut(&[u8], &mut Vec<Wanted>) + Send + 'static,
    mut wanted: Vec<Wanted>,
) -> std::io::Result<Scan> {
    let over = Arc::new(AtomicBool::new(false));
    let scan = Scan(over.clone());
    let logs = Logs::new(root);
    let name = name.to_string();
    std::thread::Builder::new()
        .name("scan".to_string())
        .stack_size(256 << 10)
        .spawn(move || {
            // Called without an item it only tells whether anything is still wanted.
            let mut line = |item: Option<&Item>| {
                if let Some(Item::Line(line)) = item
                    && line.run.is_none_or(|of| of == run)
                {
                    let plain = strip_ansi(last_state(&line.text));
                    hit(&plain, &mut wanted);
                }
                !wanted.is_empty() && !over.load(Ordering::Relaxed)
            };
            if let Err(error) = read_on(&logs, &name, run, &mut line) {
                eprintln!("supervisor: {name}: cannot read its output: {error}");
            }
        })?;
    Ok(scan)
}

fn read_on(
    logs: &Logs,
    name: &str,
    run: RunId,
    line: &mut impl FnMut(Option<&Item>) -> bool,
) -> std::io::Result<()> {
    let query = Query {
        processes: vec![name.to_string()],
        run: Some(RunChoice::Id(run)),
        whole_lines: true,
        ..Query::default()
    };
    let mut start = Start::End;
    match logs.query(&query) {
        Ok(items) => {
            let ends = items.ends();
            for item in items {
                if !line(Some(&item?)) {
                    return Ok(());
                }
            }
            start = Start::At(ends);
        }
        // It has not written anything yet; all that there is belongs to earlier runs.
        Err(_) => {
            let all = Query {
                processes: vec![name.to_string()],
                tail: Some(0),
                ..Query::default()
            };
            if let Ok(items) = logs.query(&all) {
                start = Start::At(items.ends());
            }
        }
    }
    let follow = Follow {
        processes: vec![name.to_string()],
        start,
        parts: true,
    };
    let mut follower = Follower::new(logs, follow)?;
    loop {
        let items = follower.wait(Some(LOOK_UP))?;
        if !line(None) {
            return Ok(());
        }
        for item in &items {
            if !line(Some(item)) {
                return Ok(());
            }
        }
    }
}
