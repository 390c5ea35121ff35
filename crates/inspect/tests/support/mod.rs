//! Real children for the tests, ended whatever happens, and waiting for facts instead of time.

#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use forge_inspect::{Moment, Root, Sample, Sampler, Settings, Usage};

/// A child that reads orders from its input and answers on its output, line by line.
pub(crate) struct Puppet {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Puppet {
    /// Starts a program and waits for its first line, which is returned too.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> (Self, String) {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program is installed");
        let output = BufReader::new(child.stdout.take().expect("is piped"));
        let input = child.stdin.take();
        let mut puppet = Puppet {
            child,
            input,
            output,
        };
        let line = puppet.answer();
        (puppet, line)
    }

    /// Runs Python code that prints a first line, then runs each line that it is sent.
    pub(crate) fn python(code: &str) -> (Self, String) {
        let code = format!("{code}\nimport sys\nfor line in sys.stdin: exec(line)");
        Puppet::start("python3", &["-c", &code])
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// The next line it prints.
    pub(crate) fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .expect("its output is readable");
        line.trim().to_string()
    }

    /// Sends a line of code.
    pub(crate) fn send(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").expect("it reads its input");
    }

    /// Sends a line of code that prints a line, and returns that.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.send(line);
        self.answer()
    }

    /// Waits until it has ended by itself, or by others.
    pub(crate) fn wait(&mut self) {
        self.child.wait().expect("it is our child");
    }

    /// Kills it and waits until it is gone.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.end();
    }
}

/// A sampler of one tree, whose leader is given.
pub(crate) struct Watch {
    pub(crate) sampler: Sampler,
    pub(crate) roots: Vec<Root>,
    /// When it was last sampled.
    pub(crate) last: Option<Moment>,
}

impl Watch {
    pub(crate) fn leader(pid: i32) -> Self {
        Watch::of(Root::from_leader("p".into(), pid))
    }

    pub(crate) fn of(root: Root) -> Self {
        // Each look tells all that was carried since the last, also on a machine that is busy.
        let settings = Settings {
            spare_network: false,
            ..Settings::default()
        };
        Watch {
            sampler: Sampler::open(settings).expect("/proc is there"),
            roots: vec![root],
            last: None,
        }
    }

    pub(crate) fn sample(&mut self) -> Sample {
        let now = Moment::now();
        self.last = Some(now);
        self.sampler.sample(&self.roots, now)
    }

    pub(crate) fn usage(&mut self) -> Usage {
        self.sample().processes.remove(0).1
    }

    /// Samples until the usage is as wanted, and returns it.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Usage) -> bool) -> Usage {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let usage = self.usage();
            if wanted(&usage) {
                return usage;
            }
            assert!(Instant::now() < deadline, "never as wanted: {usage:?}");
            std::thread::yield_now();
        }
    }
}

/// Uses up time until `time` of it has passed by the clock.
pub(crate) fn let_pass(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::thread::park_timeout(time.saturating_sub(begin.elapsed()));
    }
}

/// A Python puppet with the mark of a process.
pub(crate) fn marked_python(
    workspace: &std::path::Path,
    process: &str,
    run: &str,
    code: &str,
) -> (Puppet, String) {
    let workspace = format!("FORGE_WORKSPACE={}", workspace.display());
    let process = format!("FORGE_PROCESS={process}");
    let run = format!("FORGE_RUN_ID={run}");
    let code = format!("{code}\nimport sys\nfor line in sys.stdin: exec(line)");
    Puppet::start("env", &[&workspace, &process, &run, "python3", "-c", &code])
}

/// Starts processes until one has this pid, which must be free; `None` where the system does not let us
/// say which pid comes next.
pub(crate) fn free_pid_for(pid: i32, start: impl Fn() -> Puppet) -> Option<Puppet> {
    for _ in 0..50 {
        std::fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).ok()?;
        let started = start();
        if started.pid() == pid {
            return Some(started);
        }
    }
    None
}
