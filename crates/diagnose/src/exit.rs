//! What the end itself says: exit code, signal, a failure to start, the kernel's word on memory.

use crate::evidence::Evidence;
use crate::report::{Diagnosis, Kind, Suggestion};
use crate::rules;
use crate::trace::{Trace, Weight};

const SIGKILL: i32 = 9;

/// Whether the end contradicts what the text says: a process that is killed writes no last words, so
/// a stack of one that lived on is not why.
pub(crate) fn overrides(evidence: &Evidence<'_>, trace: &Trace) -> bool {
    if evidence.spawn_error.is_some() {
        return true;
    }
    let by_kernel = evidence.out_of_memory == Some(true);
    let told = matches!(trace.kind, Some(Kind::Killed | Kind::OutOfMemory));
    match evidence.ending_signal() {
        Some(SIGKILL) => {
            !told || evidence.killed_by_forge || by_kernel && trace.kind == Some(Kind::Killed)
        }
        Some(4 | 5 | 7 | 8 | 11) => {
            let crash = matches!(
                trace.kind,
                Some(Kind::Segfault | Kind::Sanitizer | Kind::Signal | Kind::StackOverflow)
            );
            trace.weight < Weight::Fatal && !crash
        }
        Some(_) => evidence.killed_by_forge,
        None => false,
    }
}

/// Adds what the end says where the text says nothing.
pub(crate) fn add(evidence: &Evidence<'_>, diagnosis: &mut Diagnosis) {
    if let Some(error) = evidence.spawn_error {
        not_started(evidence, error, diagnosis);
        return;
    }
    if diagnosis.kind.is_some() {
        return;
    }
    let signal = evidence.ending_signal();
    let (kind, summary) = match (signal, evidence.exit_code) {
        (Some(signal), _) => by_signal(evidence, signal),
        (None, Some(127)) => (
            Kind::CommandNotFound,
            "a command was not found (exit code 127)".to_owned(),
        ),
        (None, Some(0)) => {
            if diagnosis.summary.is_empty() {
                diagnosis.summary = "it ended with exit code 0".into();
            }
            return;
        }
        (None, Some(code)) => (Kind::Exit, format!("it ended with exit code {code}")),
        (None, None) => {
            if diagnosis.summary.is_empty() {
                diagnosis.summary = "no error was found".into();
            }
            return;
        }
    };
    diagnosis.kind = Some(kind);
    diagnosis.deterministic = kind.repeats();
    if diagnosis.summary.is_empty() {
        diagnosis.summary = summary;
    }
    if kind == Kind::OutOfMemory {
        diagnosis.rule = Some("out-of-memory".into());
        diagnosis.suggestions.push(Suggestion::new(
            "look",
            "give it more memory, or find what holds it: `forge dev monitor` shows the growth",
        ));
    }
}

fn by_signal(evidence: &Evidence<'_>, signal: i32) -> (Kind, String) {
    let name = name(signal);
    let size = evidence.memory_bytes.map(amount);
    let using = size.map_or(String::new(), |size| format!(" while it used {size}"));
    if evidence.killed_by_forge {
        return (Kind::Killed, format!("Forge ended it by {name}"));
    }
    match signal {
        SIGKILL if evidence.out_of_memory == Some(true) => (
            Kind::OutOfMemory,
            format!("the kernel killed it for want of memory{using}"),
        ),
        SIGKILL if evidence.out_of_memory == Some(false) => (
            Kind::Killed,
            format!("it was killed by SIGKILL, which Forge did not send{using}"),
        ),
        SIGKILL => (
            Kind::Killed,
            format!(
                "it was killed by SIGKILL, which Forge did not send{using}; perhaps by the kernel, for want of memory"
            ),
        ),
        7 | 11 => (
            Kind::Segfault,
            format!("it accessed memory that is not its own ({name})"),
        ),
        signal => (
            Kind::Signal,
            format!("it was ended by {}", self::name(signal)),
        ),
    }
}

fn not_started(evidence: &Evidence<'_>, error: &str, diagnosis: &mut Diagnosis) {
    let found = rules::apply(error);
    let kind = found.as_ref().and_then(|found| found.rule.kind);
    let command = evidence
        .command
        .and_then(|command| command.split_whitespace().next());
    // The system says "no such file" of a command that it cannot find.
    let kind = match (evidence.spawn_kind, kind) {
        (Some(kind), _) => kind,
        (None, Some(Kind::MissingFile)) => Kind::CommandNotFound,
        (None, Some(kind)) => kind,
        (None, None) => Kind::Exit,
    };
    diagnosis.kind = Some(kind);
    diagnosis.rule = Some("not-started".to_owned());
    diagnosis.error = Some(error.to_owned());
    diagnosis.message = Some(error.to_owned());
    let is_command = matches!(
        kind,
        Kind::CommandNotFound | Kind::ExecFormat | Kind::Permission
    );
    diagnosis.subject = command.filter(|_| is_command).map(str::to_owned);
    diagnosis.deterministic = kind.repeats();
    diagnosis.summary = match command.filter(|_| is_command) {
        Some(command) => format!("`{command}` could not be started: {error}"),
        None => format!("it could not be started: {error}"),
    };
}

/// The name of a signal.
#[must_use]
pub fn name(signal: i32) -> String {
    let names = [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE",
        "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
    ];
    let name = usize::try_from(signal)
        .ok()
        .and_then(|signal| names.get(signal));
    match name {
        Some(name) if !name.is_empty() => (*name).to_owned(),
        _ => format!("signal {signal}"),
    }
}

fn amount(bytes: u64) -> String {
    let (unit, size) = [("GB", 1u64 << 30), ("MB", 1 << 20), ("kB", 1 << 10)]
        .into_iter()
        .find(|(_, size)| bytes >= *size)
        .unwrap_or(("bytes", 1));
    let tenths = bytes.saturating_mul(10) / size;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}
