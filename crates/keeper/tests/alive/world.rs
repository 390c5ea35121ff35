//! A workspace of its own for a test: a keeper, and connections that speak as a supervisor does.

use std::ffi::CString;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use forge_facts::layout::Layout;
use forge_facts::{Hello, KeeperFact, KeeperOrder, Launch, LogRules, RunId, Stream};
use forge_os::{Pidfd, Session, Spawn, signal};
use forge_testkit::{PATIENCE, wait_for};

use crate::talk::{Shim, Talk};

static COUNT: AtomicU32 = AtomicU32::new(1);

/// A workspace with a keeper.
pub(crate) struct World {
    pub(crate) folder: PathBuf,
    pub(crate) layout: Layout,
}

impl World {
    /// A keeper in a folder of its own.
    pub(crate) fn new() -> Self {
        let world = Self::without_keeper(&std::env::temp_dir());
        world.start_keeper();
        world
    }

    pub(crate) fn without_keeper(base: &Path) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = base.join(format!("forge-alive-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let workspace = folder.join("w");
        std::fs::create_dir_all(&workspace).expect("mkdir");
        let layout = Layout::at(&workspace, &folder.join("s"), &folder.join("r"));
        World { folder, layout }
    }

    /// Starts a keeper as the command line does, and waits until it listens; `false`: it has ended
    /// without a word.
    pub(crate) fn start_keeper(&self) -> bool {
        start_keeper(&self.layout, None)
    }

    /// Whether the supervisor starts a new keeper when its own dies.
    pub(crate) fn revive(&self, yes: bool) {
        let path = self.layout.workspace().join("alone");
        if yes {
            let _ = std::fs::remove_file(path);
        } else {
            std::fs::write(path, b"").expect("write");
        }
    }

    pub(crate) fn keeper_pid(&self) -> i32 {
        wait_for("a keeper", || {
            forge_os::holder(&self.layout.keeper_lock())
                .ok()
                .flatten()
                .filter(|pid| *pid > 1)
        })
    }

    /// Speaks to the keeper.
    pub(crate) fn keeper(&self) -> Talk {
        wait_for("the keeper", || self.try_keeper())
    }

    fn try_keeper(&self) -> Option<Talk> {
        let stream = forge_os::connect_in(&self.layout.keeper_socket()).ok()?;
        let mut talk = Talk::new(stream);
        Hello::from_record(&talk.try_next()?).expect("hello");
        Some(talk)
    }

    /// The shim of a process, started where there is none; all of its entries are told.
    pub(crate) fn shim(&self, name: &str) -> Shim {
        self.connect(name, 0)
    }

    /// The same; only entries with a greater number are told.
    pub(crate) fn connect(&self, name: &str, after: u64) -> Shim {
        wait_for("a shim", || {
            self.ensure(name)?;
            Shim::connect(&self.layout, name, after)
        })
    }

    /// Asks the keeper for a shim; `None`: it has died meanwhile.
    fn ensure(&self, name: &str) -> Option<()> {
        let mut keeper = self.try_keeper()?;
        let process = name.to_string();
        keeper.send(&KeeperOrder::Ensure { process }.to_record());
        loop {
            match KeeperFact::from_record(&keeper.try_next()?).expect("a fact") {
                KeeperFact::Shim { process, .. } if process == name => return Some(()),
                KeeperFact::ShimFailed { process, why } if process == name => panic!("{why}"),
                _ => {}
            }
        }
    }

    pub(crate) fn supervisor_pid(&self) -> i32 {
        wait_for("a supervisor", || {
            forge_os::holder(&self.layout.supervisor_lock())
                .ok()
                .flatten()
                .filter(|pid| *pid > 1)
        })
    }

    /// Waits for the supervisor that this keeper has started.
    pub(crate) fn supervisor_of(&self, keeper: i32) -> i32 {
        wait_for("its supervisor", || {
            let pid = forge_os::holder(&self.layout.supervisor_lock()).ok()??;
            (forge_os::stat(pid).ok()?.parent == keeper).then_some(pid)
        })
    }

    /// What the API answers: the pid of the supervisor.
    pub(crate) fn ask_api(&self) -> Option<i32> {
        let mut stream = forge_os::connect_in(&self.layout.api_socket()).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }

    /// A run of this command line.
    pub(crate) fn launch(&self, argv: &[&str]) -> Launch {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let run = RunId::new(forge_os::now() / 1_000_000, number);
        let text = |text: String| text.into_bytes();
        Launch {
            run,
            argv: argv.iter().map(|word| word.as_bytes().to_vec()).collect(),
            env: vec![
                text(format!("PATH={}", std::env::var("PATH").expect("PATH"))),
                text(format!("FORGE_RUN_ID={run}")),
                text(format!(
                    "FORGE_WORKSPACE={}",
                    self.layout.workspace().display()
                )),
            ],
            cwd: self.folder.as_os_str().as_bytes().to_vec(),
            terminal: None,
            merge_stderr: false,
            open_files: None,
            log: LogRules::default(),
        }
    }

    /// All bytes of a stream's log.
    pub(crate) fn log(&self, name: &str, stream: Stream) -> Vec<u8> {
        let mut all = Vec::new();
        for number in 1.. {
            match std::fs::read(self.layout.segment(name, stream, number)) {
                Ok(bytes) => all.extend(bytes),
                Err(_) => break,
            }
        }
        all
    }

    /// Living processes that belong to runs of this world.
    pub(crate) fn marked(&self) -> Vec<i32> {
        let mark = format!("FORGE_WORKSPACE={}", self.layout.workspace().display());
        let alive = |pid: &i32| {
            forge_os::stat(*pid).is_ok_and(|stat| stat.state != forge_os::ProcessState::Zombie)
        };
        let marked = forge_os::marked(mark.as_bytes());
        marked.into_iter().filter(alive).collect()
    }

    pub(crate) fn shim_pids(&self) -> Vec<i32> {
        let Ok(folders) = std::fs::read_dir(self.layout.processes()) else {
            return Vec::new();
        };
        folders
            .flatten()
            .filter_map(|folder| forge_os::holder(&folder.path().join("shim.lock")).ok()?)
            .filter(|pid| *pid > 1)
            .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("FORGE_TEST_KEEP").is_some() {
            eprintln!("kept: {}", self.folder.display());
            return;
        }
        let holder = |path: PathBuf| forge_os::holder(&path).ok().flatten();
        self.revive(false);
        let until = Instant::now() + PATIENCE;
        loop {
            let mut pids = self.marked();
            pids.extend(holder(self.layout.keeper_lock()));
            pids.extend(holder(self.layout.supervisor_lock()));
            pids.extend(self.shim_pids());
            if pids.is_empty() || Instant::now() > until {
                break;
            }
            for pid in pids {
                kill(pid);
            }
            forge_os::pause(Duration::from_millis(5));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The path of this program.
pub(crate) fn own() -> String {
    let own = std::env::current_exe().expect("myself");
    own.into_os_string().into_string().expect("text")
}

/// SIGKILL, by pidfd.
pub(crate) fn kill(pid: i32) {
    if let Ok(pidfd) = Pidfd::open(pid) {
        let _ = pidfd.signal(signal::KILL);
        pidfd.wait_for(PATIENCE);
    }
}

/// The supervisor that the keeper starts: holds its lock, answers pings, and ends with the keeper.
pub(crate) fn be_supervisor() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let place = words.iter().position(|word| word == name).expect("option");
        PathBuf::from(&words[place + 1])
    };
    let layout = Layout::at(
        &option("--workspace"),
        &option("--state"),
        &option("--runtime"),
    );
    let Ok(Some(_lock)) = forge_os::Lock::take(&layout.supervisor_lock(), PATIENCE) else {
        return ExitCode::FAILURE;
    };
    let stream = UnixStream::from(forge_os::inherit(3).expect("the keeper's end"));
    let api = UnixListener::from(forge_os::inherit(4).expect("the API's socket"));
    api.set_nonblocking(false).expect("blocking");
    std::thread::spawn(move || {
        for mut client in api.incoming().flatten() {
            let _ = writeln!(client, "{}", std::process::id());
        }
    });
    let mut talk = Talk::new(stream);
    talk.stream.set_read_timeout(None).expect("timeout");
    while let Some(record) = talk.try_next() {
        if let Ok(KeeperFact::Ping) = KeeperFact::from_record(&record) {
            talk.send(&KeeperOrder::Pong.to_record());
        }
    }
    // The keeper is gone: another one is started, which starts another supervisor.
    if !layout.workspace().join("alone").exists() {
        start_keeper(&layout, None);
    }
    ExitCode::SUCCESS
}

/// The environment, where it is not this one's, is given as `NAME=value`.
pub(crate) fn start_keeper(layout: &Layout, env: Option<&[&str]>) -> bool {
    let own = std::env::current_exe().expect("myself");
    let mut words = vec![own.clone(), "keeper".into()];
    for (name, path) in [
        ("--workspace", layout.workspace()),
        ("--state", layout.state()),
        ("--runtime", layout.runtime()),
        ("--supervisor", &own),
    ] {
        words.push(name.into());
        words.push(path.to_path_buf());
    }
    words.extend(["--ready-fd".into(), "3".into()]);
    let text = |path: &PathBuf| CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    let (ready, tell) = forge_os::pipe().expect("pipe");
    let null = forge_os::null().expect("null");
    let root = forge_os::open_folder(Path::new("/")).expect("root");
    forge_os::spawn_detached(&Spawn {
        program: text(&own),
        argv: words.iter().map(text).collect(),
        env: env.map(|env| {
            env.iter()
                .map(|text| CString::new(*text).expect("no NUL"))
                .collect()
        }),
        folder: Some(root.as_fd()),
        fds: vec![null.as_fd(), null.as_fd(), null.as_fd(), tell.as_fd()],
        session: Session::New,
        open_files: None,
        oom_score: None,
    })
    .expect("start keeper");
    drop(tell);
    let mut byte = [0];
    forge_os::read(&ready, &mut byte).expect("ready") == 1
}
