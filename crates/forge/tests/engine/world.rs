//! A workspace in a temporary folder with the real binary, and ways to wait for what happens there.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use forge_facts::Stream;
use forge_facts::layout::Layout;
use forge_os::{Pidfd, process_table};
use forge_testkit::{PATIENCE, try_for, wait_for};
use serde_json::Value;

/// Programs that a shell cannot be: `python3 puppet.py WHAT …`.
const PUPPET: &str = include_str!("puppet.py");

/// A workspace whose state and sockets lie beside it. Dropped, it stops everything, and the test fails
/// where anything is left.
pub(crate) struct World {
    folder: tempfile::TempDir,
    /// The test has destroyed what a stop needs.
    pub(crate) lost: Cell<bool>,
}

impl World {
    /// A workspace with this `.forge/processes.yml`.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let world = World {
            folder,
            lost: Cell::new(false),
        };
        world.write("puppet.py", PUPPET);
        world.configure(config);
        world
    }

    /// Its folder, as the program names it.
    pub(crate) fn path(&self) -> PathBuf {
        self.base().join("shop")
    }

    pub(crate) fn base(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("it exists")
    }

    pub(crate) fn layout(&self) -> Layout {
        let base = self.base();
        Layout::new(&self.path(), &base.join("state"), &base.join("runtime"))
    }

    /// Writes a file of the workspace.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(crate) fn configure(&self, config: &str) {
        self.write(".forge/processes.yml", config);
    }

    /// A file of the workspace; empty where there is none.
    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        self.read(name).lines().map(str::to_string).collect()
    }

    /// Waits until a file of the workspace has so many lines.
    pub(crate) fn wait_lines(&self, name: &str, count: usize) -> Vec<String> {
        wait_for(&format!("{count} lines in {name}"), || {
            let text = self.read(name);
            let whole = text.ends_with('\n') && text.lines().count() >= count;
            whole.then(|| text.lines().map(str::to_string).collect())
        })
    }

    /// The binary with these words, in the workspace, without a terminal.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let forge = env!("CARGO_BIN_EXE_forge");
        forge_testkit::program_in(forge, words, &self.path(), &self.base())
    }

    /// Runs it to its end, and until nobody has its output open.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        finish(self.command(words))
    }

    /// Runs what takes its time.
    #[track_caller]
    pub(crate) fn run_within(&self, words: &[&str], patience: Duration) -> Ran {
        let beside = Beside::spawn(self.command(words));
        beside.end_within(patience).expect("it ends in time")
    }

    /// Runs it with these variables beside.
    pub(crate) fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(words);
        command.envs(variables.iter().copied());
        finish(command)
    }

    /// Runs what must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, words: &[&str]) -> Ran {
        self.ends(0, words)
    }

    /// Runs what must end so.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, words: &[&str]) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, Some(code), "{words:?}: {ran:?}");
        ran
    }

    /// Runs it beside the test.
    pub(crate) fn spawn(&self, words: &[&str]) -> Beside {
        Beside::spawn(self.command(words))
    }

    pub(crate) fn status(&self) -> Value {
        self.ok(&["dev", "status", "--json"]).json()
    }

    /// What the status says of a process.
    pub(crate) fn process(&self, name: &str) -> Value {
        let ran = self.ok(&["dev", "status", name, "--json"]);
        ran.json()["processes"][0].clone()
    }

    pub(crate) fn word(&self, name: &str) -> String {
        let process = self.process(name);
        process["status"].as_str().unwrap_or_default().to_string()
    }

    pub(crate) fn pid(&self, name: &str) -> i32 {
        let process = self.process(name);
        let pid = process["pid"].as_i64();
        i32::try_from(pid.unwrap_or_else(|| panic!("no pid: {process}"))).expect("a pid")
    }

    /// Waits until the status of a process fulfils this.
    pub(crate) fn wait_process(
        &self,
        name: &str,
        what: &str,
        is: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut last = Value::Null;
        let found = try_for(|| {
            let ran = self.run(&["dev", "status", name, "--json"]);
            // A supervisor that has just begun may not know it yet.
            last = match ran.code {
                Some(0) => ran.json()["processes"][0].clone(),
                _ => return None,
            };
            is(&last).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("{name} never {what}: {last:#}"))
    }

    /// Waits until a process is in this state.
    pub(crate) fn wait_status(&self, name: &str, status: &str) -> Value {
        self.wait_process(name, status, |process| process["status"] == status)
    }

    /// All that a process has written on standard output, as it lies on disk.
    pub(crate) fn output(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.output_bytes(name)).into_owned()
    }

    pub(crate) fn output_bytes(&self, name: &str) -> Vec<u8> {
        let mut all = Vec::new();
        for number in 1.. {
            let path = self.layout().segment(name, Stream::Stdout, number);
            match std::fs::read(path) {
                Ok(bytes) => all.extend(bytes),
                Err(_) => break,
            }
        }
        all
    }

    /// Waits until the output of a process holds this.
    pub(crate) fn wait_output(&self, name: &str, text: &str) -> String {
        wait_for(&format!("{text:?} in the output of {name}"), || {
            Some(self.output(name)).filter(|output| output.contains(text))
        })
    }

    /// Events of a process of this kind.
    pub(crate) fn events(&self, name: &str, kind: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.layout().events_file()).unwrap_or_default();
        let events = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        events
            .filter(|event: &Value| event["process"] == name && event["kind"] == kind)
            .collect()
    }

    pub(crate) fn wait_event(&self, name: &str, kind: &str) -> Value {
        wait_for(&format!("{kind} of {name}"), || {
            self.events(name, kind).pop()
        })
    }

    /// Pids of Forge's own processes.
    pub(crate) fn daemons(&self) -> Value {
        self.ok(&["daemon", "status", "--json"]).json()
    }

    pub(crate) fn keeper_pid(&self) -> i32 {
        self.lock_holder("a keeper", &self.layout().keeper_lock())
    }

    pub(crate) fn supervisor_pid(&self) -> i32 {
        self.lock_holder("a supervisor", &self.layout().supervisor_lock())
    }

    pub(crate) fn shim_pid(&self, name: &str) -> i32 {
        self.lock_holder("a shim", &self.layout().shim_lock(name))
    }

    fn lock_holder(&self, what: &str, lock: &Path) -> i32 {
        wait_for(what, || {
            forge_os::holder(lock).ok().flatten().filter(|pid| *pid > 1)
        })
    }

    /// Kills all of Forge at once: nobody is left who could bring another one back.
    pub(crate) fn kill_all_of_forge(&self, names: &[&str]) {
        let shims = names.iter().map(|name| self.shim_pid(name));
        let mut pids = vec![self.supervisor_pid(), self.keeper_pid()];
        pids.extend(shims);
        let fds: Vec<Pidfd> = pids
            .iter()
            .map(|pid| Pidfd::open(*pid).expect("it lives"))
            .collect();
        // Stopped first, so that none sees the end of another.
        for signal in [19, 9] {
            for fd in &fds {
                fd.signal(signal).expect("ours");
            }
        }
        wait_for("their end", || {
            fds.iter().all(Pidfd::has_ended).then_some(())
        });
    }

    /// Processes with this workspace's mark, and Forge's own.
    pub(crate) fn left(&self) -> Vec<(i32, String)> {
        let mark = format!("FORGE_WORKSPACE={}", self.path().display()).into_bytes();
        let own = self.path();
        let folders = std::fs::read_dir("/proc")
            .expect("a process table")
            .flatten();
        let pids = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
        let ours = pids.filter_map(|pid: i32| {
            let words = process_table::command_line(pid).ok()?;
            let environment = process_table::environment(pid).unwrap_or_default();
            let is =
                environment.contains(&mark) || words.iter().any(|word| word == own.as_os_str());
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            (is && !has_ended(pid)).then(|| (pid, words.join(" ")))
        });
        ours.collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let asked = match self.lost.get() {
            true => None,
            false => Beside::spawn(self.command(&["daemon", "stop"])).try_end(),
        };
        let stopped = self.lost.get() || asked.as_ref().is_some_and(|ran| ran.code == Some(0));
        let left = match stopped {
            true => try_for(|| self.left().is_empty().then_some(()))
                .map_or(self.left(), |()| Vec::new()),
            false => self.left(),
        };
        for (pid, _) in &left {
            kill(*pid, 9);
        }
        if !std::thread::panicking() {
            assert!(stopped, "not stopped: {asked:?}");
            assert!(left.is_empty() || self.lost.get(), "left behind: {left:?}");
        }
    }
}

/// What a run of the binary has left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A command that runs beside the test; killed when it is dropped.
pub(crate) struct Beside {
    pub(crate) pid: i32,
    ended: mpsc::Receiver<Output>,
    over: Cell<bool>,
}

impl Beside {
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Beside::of(command.spawn().expect("it runs"))
    }

    pub(crate) fn of(child: Child) -> Self {
        let pid = i32::try_from(child.id()).expect("a pid");
        let (tell, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let _ = tell.send(child.wait_with_output().expect("it is ours"));
        });
        let over = Cell::new(false);
        Beside { pid, ended, over }
    }

    pub(crate) fn signal(&self, signal: i32) {
        kill(self.pid, signal);
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(self) -> Ran {
        let pid = self.pid;
        match self.try_end() {
            Some(ran) => ran,
            None => panic!("pid {pid} does not end, or its output is held open"),
        }
    }

    fn try_end(self) -> Option<Ran> {
        self.end_within(PATIENCE)
    }

    fn end_within(self, patience: Duration) -> Option<Ran> {
        let output = self.ended.recv_timeout(patience).ok()?;
        self.over.set(true);
        Some(Ran::of(&output))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.over.get() && self.ended.try_recv().is_err() {
            kill(self.pid, 9);
        }
    }
}

#[track_caller]
fn finish(command: Command) -> Ran {
    Beside::spawn(command).end()
}

/// Sends a signal to a process that is known to be ours.
pub(crate) fn kill(pid: i32, signal: i32) {
    if let Ok(process) = Pidfd::open(pid) {
        let _ = process.signal(signal);
    }
}

/// Whether a process is over, be it as a zombie.
pub(crate) fn has_ended(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    state.is_empty() || state.starts_with(['Z', 'X'])
}

/// Makes a file what can be executed.
pub(crate) fn make_executable(path: &Path) {
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("ours");
}
