//! What a process was made of when it was last well: taken each time it becomes ready, compared when it
//! has crashed or somebody asks. Of values only hashes are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use forge_api::Difference;
use forge_core::spec::{PortSpec, ProcessSpec};
use forge_diagnose::changes::Git;
use forge_diagnose::fingerprint::{Fingerprint, differences as compare};
use forge_facts::RunId;
use forge_facts::layout::Layout;
use serde::{Deserialize, Serialize};

use super::store::private_folder;
use crate::environment::{self, Environment, Surroundings};
use crate::memory;
use crate::supervisor::Supervisor;

/// Processes of one folder that become ready together are looked at together.
const SAME: Duration = Duration::from_millis(200);

/// A process that nothing checks is taken for healthy when it has lasted so long.
pub(super) const PROVEN: Duration = Duration::from_secs(10);

/// What a process is made of, beside the files of its folder.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(super) folder: PathBuf,
    pub(super) configuration: BTreeMap<String, String>,
    pub(super) environment: Environment,
    /// The file that remembers the last healthy run.
    pub(super) file: PathBuf,
}

/// The last healthy run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    /// RFC 3339.
    time: String,
    run_id: String,
    fingerprint: Fingerprint,
}

enum Job {
    /// It is ready; whether that says anything.
    Ready {
        made: Made,
        time: String,
        run: RunId,
        proven: bool,
    },
    /// It has crashed before it was proven.
    WasNot(RunId),
}

/// Takes fingerprints beside the loop.
pub(crate) struct Healthy {
    jobs: mpsc::Sender<Job>,
}

/// What is to be compared, beside the loop.
pub(crate) struct Compared {
    name: String,
    made: Made,
}

impl Healthy {
    pub(crate) fn new() -> Self {
        let (jobs, work) = mpsc::channel();
        let begun = std::thread::Builder::new()
            .name("healthy".into())
            .spawn(move || remember_all(&work));
        if let Err(error) = begun {
            eprintln!("supervisor: healthy runs cannot be remembered: {error}");
        }
        Healthy { jobs }
    }

    /// A run has not lasted: it is no measure.
    pub(super) fn was_not(&self, run: RunId) {
        // Without the thread there is nothing to forget.
        let _ = self.jobs.send(Job::WasNot(run));
    }
}

impl Supervisor {
    /// A process is ready: what it is made of is remembered.
    pub(crate) fn remember_healthy(&mut self, name: &str) {
        let run = self.core.view(name).and_then(|view| view.run);
        if let Some((run, made)) = run.zip(self.made_of(name)) {
            let spec = self.core.spec(name);
            let checked = |spec: &ProcessSpec| spec.health_check.is_some() || spec.port.is_some();
            // Without the thread there is nothing to compare with, which is no harm.
            let _ = self.healthy.jobs.send(Job::Ready {
                made,
                time: crate::clock::rfc3339(crate::clock::unix_ns()),
                run,
                proven: spec.is_some_and(checked),
            });
        }
    }

    /// What has changed since a process was last healthy, to be found out beside the loop.
    pub(crate) fn compared(&self, name: &str) -> Option<Compared> {
        let made = self.made_of(name)?;
        Some(Compared {
            name: name.to_string(),
            made,
        })
    }

    /// What a process is made of.
    pub(super) fn made_of(&self, name: &str) -> Option<Made> {
        let spec = self.core.latest_spec(name)?;
        let environment = self.environment_of(name, None).unwrap_or_default();
        Some(Made::of(spec, environment, &self.layout))
    }
}

impl Made {
    fn of(spec: &ProcessSpec, mut environment: Environment, layout: &Layout) -> Self {
        // Differ between any two clients, and mean nothing to a program.
        for name in ["_", "SHLVL", "OLDPWD", "PWD", "FORGE_RUN_ID"] {
            environment.remove(name);
        }
        Made {
            folder: spec.cwd.clone(),
            configuration: settings(spec),
            environment,
            file: file(layout, &spec.name),
        }
    }
}

/// What has changed since a process was last healthy, where no supervisor runs: what it would be
/// made of if this client started it now.
#[must_use]
pub fn changes_on_disk(
    layout: &Layout,
    spec: &ProcessSpec,
    client: &BTreeMap<String, String>,
) -> forge_api::ChangesAnswer {
    let ports = memory::ports(&layout.state_file());
    let fixed = match spec.port {
        Some(PortSpec::Fixed(port)) => Some(port),
        Some(PortSpec::Auto) | None => None,
    };
    let around = Surroundings {
        client,
        workspace: layout.workspace(),
        run: None,
        port: ports.get(&spec.name).copied().or(fixed),
        debug: None,
        notify_socket: None,
    };
    let environment = environment::compose(spec, &around, &|name| ports.get(name).copied());
    let made = Made::of(spec, environment.unwrap_or_default(), layout);
    let name = spec.name.clone();
    Compared { name, made }.answer()
}

impl Compared {
    /// The answer; asks Git.
    pub(crate) fn answer(self) -> forge_api::ChangesAnswer {
        let remembered = read(&self.made.file);
        let git = Git::default();
        let changes = remembered
            .as_ref()
            .map(|then| since(then, &self.made, &git));
        let (since, run_id) = remembered.map(|then| (then.time, then.run_id)).unzip();
        forge_api::ChangesAnswer {
            name: self.name,
            since,
            run_id,
            changes: changes.unwrap_or_default(),
        }
    }
}

/// What differs from the last healthy run; `None` where there was none.
pub(super) fn differences(made: &Made, git: &Git) -> Option<Vec<Difference>> {
    read(&made.file).map(|then| since(&then, made, git))
}

fn since(then: &Remembered, made: &Made, git: &Git) -> Vec<Difference> {
    let now = fingerprint(Fingerprint::take(git, &made.folder), made);
    let differences = compare(&then.fingerprint, &now);
    serde_json::to_value(differences)
        .and_then(serde_json::from_value)
        .unwrap_or_default()
}

fn remember_all(work: &mpsc::Receiver<Job>) {
    let git = Git::default();
    let mut last: Option<(PathBuf, Instant, Fingerprint)> = None;
    let mut unproven: Vec<(Instant, RunId, PathBuf, Remembered)> = Vec::new();
    loop {
        let due = unproven.iter().map(|(at, ..)| *at).min();
        let patience = due.map_or(Duration::MAX, |at| {
            at.saturating_duration_since(Instant::now())
        });
        match work.recv_timeout(patience) {
            Ok(Job::Ready {
                made,
                time,
                run,
                proven,
            }) => {
                let remembered = Remembered {
                    time,
                    run_id: run.to_string(),
                    fingerprint: fingerprint(files_of(&made.folder, &git, &mut last), &made),
                };
                match proven {
                    true => write(&made.file, &remembered),
                    false => {
                        unproven.push((Instant::now() + PROVEN, run, made.file, remembered));
                    }
                }
            }
            Ok(Job::WasNot(run)) => unproven.retain(|(_, other, ..)| *other != run),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                for (_, _, file, remembered) in unproven.extract_if(.., |(at, ..)| *at <= now) {
                    write(&file, &remembered);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The files of a folder, looked at once for all that become ready there together.
fn files_of(
    folder: &Path,
    git: &Git,
    last: &mut Option<(PathBuf, Instant, Fingerprint)>,
) -> Fingerprint {
    if let Some((known, at, files)) = last
        && known == folder
        && at.elapsed() < SAME
    {
        return files.clone();
    }
    let begun = Instant::now();
    let files = Fingerprint::take(git, folder);
    *last = Some((folder.to_path_buf(), begun, files.clone()));
    files
}

fn fingerprint(files: Fingerprint, made: &Made) -> Fingerprint {
    let text = |(name, value)| (String::as_str(name), String::as_str(value));
    files.with(
        made.configuration.iter().map(text),
        made.environment.iter().map(text),
    )
}

/// The settings of a process, each as text.
fn settings(spec: &ProcessSpec) -> BTreeMap<String, String> {
    match serde_json::to_value(spec) {
        Ok(serde_json::Value::Object(fields)) => fields
            .into_iter()
            .map(|(name, value)| (name, value.to_string()))
            .collect(),
        Ok(_) | Err(_) => BTreeMap::new(),
    }
}

fn file(layout: &Layout, name: &str) -> PathBuf {
    layout.state().join("healthy").join(format!("{name}.json"))
}

fn read(file: &Path) -> Option<Remembered> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

fn write(file: &Path, remembered: &Remembered) {
    let written = private_folder(file.parent().unwrap_or(Path::new("."))).and_then(|()| {
        let text = serde_json::to_vec(remembered).map_err(std::io::Error::other)?;
        memory::write_atomically(file, &text)
    });
    if let Err(error) = written {
        eprintln!("supervisor: a healthy run cannot be remembered: {error}");
    }
}
