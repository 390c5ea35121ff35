//! `forge dev doctor`: whether this machine lets Forge do its work, and what is weaker where not.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::args::JsonArgs;
use crate::connect::{Link, daemon_status};
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::colour::Style;
use crate::output::text::{pad, safe};
use crate::output::units::bytes;
use crate::place::{Bases, Place};
use crate::{configuration, keeper};

/// How a check has come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// It works, with a weaker promise.
    Weak,
    /// It does not work.
    Bad,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    verdict: Verdict,
    detail: String,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    checks: Vec<Check>,
}

impl Report {
    fn add(&mut self, name: &str, verdict: Verdict, detail: impl Into<String>) {
        self.checks.push(Check {
            name: name.to_string(),
            verdict,
            detail: detail.into(),
        });
    }

    fn result(&mut self, name: &str, result: Result<String, String>) {
        match result {
            Ok(detail) => self.add(name, Verdict::Ok, detail),
            Err(detail) => self.add(name, Verdict::Bad, detail),
        }
    }
}

/// Less free space than this is worth a word.
const LITTLE_SPACE: u64 = 1 << 30;

pub(crate) fn run(args: &JsonArgs, context: &Context) -> Outcome {
    context.wait(async {
        let mut report = Report::default();
        let bases = Bases::from_environment()?;
        folders(&mut report, &bases);
        machine(&mut report, &bases);
        report.result("keeper", keeper::describe());
        match context.place() {
            Ok(place) => workspace(&mut report, &place).await,
            Err(failure) => report.add("workspace", Verdict::Weak, failure.message),
        }
        tell(&report, args, context)
    })
}

fn tell(report: &Report, args: &JsonArgs, context: &Context) -> Outcome {
    let bad = report
        .checks
        .iter()
        .filter(|one| one.verdict == Verdict::Bad)
        .count();
    if args.json {
        context.ui.out.json(report);
    } else {
        let widest = report
            .checks
            .iter()
            .map(|one| one.name.len())
            .max()
            .unwrap_or(0);
        for check in &report.checks {
            let (mark, style) = match check.verdict {
                Verdict::Ok => ("ok  ", Style::Good),
                Verdict::Weak => ("weak", Style::Warn),
                Verdict::Bad => ("bad ", Style::Bad),
            };
            let mark = context.ui.paint(style, mark);
            let name = pad(&check.name, widest);
            let line = format!("{mark}  {name}  {}", safe(&check.detail));
            context.ui.out.line(line.trim_end());
        }
    }
    match bad {
        0 => Ok(exit::DONE),
        1 => Err(Failure::failed("one check has failed")),
        many => Err(Failure::failed(format!("{many} checks have failed"))),
    }
}

fn folders(report: &mut Report, bases: &Bases) {
    report.result("state folder", usable(&bases.state));
    let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match usable(&bases.runtime) {
        Ok(folder) if !named("XDG_RUNTIME_DIR") && !named("FORGE_RUNTIME_DIR") => report.add(
            "runtime folder",
            Verdict::Weak,
            format!("{folder}: XDG_RUNTIME_DIR is not set, and cleaners may remove what lies here"),
        ),
        found => report.result("runtime folder", found),
    }
}

/// Whether the folder, or the nearest one above it that exists, is ours to write into.
fn usable(folder: &Path) -> Result<String, String> {
    let there: PathBuf = folder
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"))
        .to_path_buf();
    let shown = folder.display();
    let meta = std::fs::metadata(&there).map_err(|error| format!("{shown}: {error}"))?;
    if !meta.is_dir() {
        return Err(format!("{}: it is no folder", there.display()));
    }
    if there == folder && meta.uid() != forge_os::own_uid() {
        return Err(format!("{shown}: it belongs to another user"));
    }
    rustix::fs::access(&there, rustix::fs::Access::WRITE_OK)
        .map_err(|_| format!("{}: it cannot be written into", there.display()))?;
    Ok(shown.to_string())
}

fn machine(report: &mut Report, bases: &Bases) {
    let kernel = rustix::system::uname();
    report.add("kernel", Verdict::Ok, kernel.release().to_string_lossy());
    // What depends on the file system is tried where the logs lie, or as near as there is a folder.
    let folder = bases.state.ancestors().find(|path| path.is_dir());
    for ability in forge_os::Abilities::probe(folder.unwrap_or(Path::new("/tmp"))).list() {
        match ability.there {
            true => report.add(ability.name, Verdict::Ok, ""),
            false => report.add(ability.name, Verdict::Weak, ability.without),
        }
    }
    if let Some(folder) = folder
        && let Ok(space) = rustix::fs::statvfs(folder)
    {
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        let verdict = if free < LITTLE_SPACE {
            Verdict::Weak
        } else {
            Verdict::Ok
        };
        report.add("disk", verdict, format!("{} free for logs", bytes(free)));
    }
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = files.maximum.unwrap_or(u64::MAX);
    let verdict = if most < 1024 {
        Verdict::Weak
    } else {
        Verdict::Ok
    };
    report.add("open files", verdict, format!("limit {most}"));
    let watches = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches");
    if let Some(number) = watches
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok())
    {
        let verdict = if number < 8192 {
            Verdict::Weak
        } else {
            Verdict::Ok
        };
        report.add("file watches", verdict, format!("limit {number}"));
    }
}

async fn workspace(report: &mut Report, place: &Place) {
    let path = place.workspace().to_string_lossy().into_owned();
    report.add("workspace", Verdict::Ok, path);
    match configuration::load_all(place.workspace()) {
        Ok(_) => report.add("configuration", Verdict::Ok, ""),
        Err(_) => report.add(
            "configuration",
            Verdict::Bad,
            "it has mistakes: `forge dev check` names them",
        ),
    }
    let supervisor = match Link::open(place).await {
        Ok(Some(mut link)) => match daemon_status(&mut link).await {
            Ok(status) => {
                let pid = status.supervisor.map_or(0, |process| process.pid);
                let version = status.version.unwrap_or_default();
                match link.other_version() {
                    Some(other) => (Verdict::Weak, other),
                    None => (Verdict::Ok, format!("pid {pid} {version}")),
                }
            }
            Err(failure) => (Verdict::Bad, failure.message),
        },
        Ok(None) => (Verdict::Ok, "does not run".to_string()),
        Err(failure) => (Verdict::Bad, failure.message),
    };
    report.add("supervisor", supervisor.0, supervisor.1.trim());
}
