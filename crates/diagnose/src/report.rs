//! What a diagnosis says. These types are the JSON that people and scripts read, so that a field
//! never changes its name; what is not known is null.

use serde::{Deserialize, Serialize};

/// Why a process ended, as far as its evidence tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The class of the crash.
    pub kind: Option<Kind>,
    /// The language whose runtime or compiler spoke.
    pub language: Option<Language>,
    /// The error in its own words, without what a log put before it.
    pub error: Option<String>,
    /// The error's type, where it has one: `KeyError`, `panic`.
    pub error_type: Option<String>,
    /// The error's message alone.
    pub message: Option<String>,
    /// One sentence for people.
    pub summary: String,
    /// The first frame of the user's own code.
    pub location: Option<Location>,
    /// The frames of the error, innermost first.
    pub frames: Vec<Frame>,
    /// What lay below the error, from the nearest to the innermost.
    pub causes: Vec<Cause>,
    /// The rule that recognised the cause, such as `port-in-use` or `disk-full`.
    pub rule: Option<String>,
    /// What the rule is about: the module, command, file or variable that is missing.
    pub subject: Option<String>,
    /// The host of a refused connection.
    pub host: Option<String>,
    /// The port that was taken, or that refused a connection.
    pub port: Option<u16>,
    /// Whether it would only repeat until a file, a setting or the machine is changed.
    pub deterministic: bool,
    /// Whether the output says that the error ended the process (it may have lived on otherwise).
    pub fatal: bool,
    /// The lines of the text that tell it, counted from 1.
    pub lines: Option<LineRange>,
    /// What to do.
    pub suggestions: Vec<Suggestion>,
}

/// The class of a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it, and the contract lists them")]
pub enum Kind {
    NilDereference,
    Exception,
    Panic,
    UnhandledRejection,
    Syntax,
    Compile,
    MissingModule,
    MissingEnv,
    MissingFile,
    PortInUse,
    ConnectionRefused,
    CommandNotFound,
    Permission,
    ExecFormat,
    OutOfMemory,
    StackOverflow,
    Segfault,
    Sanitizer,
    Assertion,
    Killed,
    Signal,
    Config,
    Exit,
}

impl Kind {
    /// The name that JSON has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::NilDereference => "nil-dereference",
            Kind::Exception => "exception",
            Kind::Panic => "panic",
            Kind::UnhandledRejection => "unhandled-rejection",
            Kind::Syntax => "syntax",
            Kind::Compile => "compile",
            Kind::MissingModule => "missing-module",
            Kind::MissingEnv => "missing-env",
            Kind::MissingFile => "missing-file",
            Kind::PortInUse => "port-in-use",
            Kind::ConnectionRefused => "connection-refused",
            Kind::CommandNotFound => "command-not-found",
            Kind::Permission => "permission",
            Kind::ExecFormat => "exec-format",
            Kind::OutOfMemory => "out-of-memory",
            Kind::StackOverflow => "stack-overflow",
            Kind::Segfault => "segfault",
            Kind::Sanitizer => "sanitizer",
            Kind::Assertion => "assertion",
            Kind::Killed => "killed",
            Kind::Signal => "signal",
            Kind::Config => "config",
            Kind::Exit => "exit",
        }
    }

    /// Whether a crash of this class repeats until somebody changes something.
    #[must_use]
    pub fn repeats(self) -> bool {
        match self {
            Kind::Syntax
            | Kind::Compile
            | Kind::MissingModule
            | Kind::MissingEnv
            | Kind::MissingFile
            | Kind::CommandNotFound
            | Kind::Permission
            | Kind::ExecFormat
            | Kind::Config => true,
            Kind::NilDereference
            | Kind::Exception
            | Kind::Panic
            | Kind::UnhandledRejection
            | Kind::PortInUse
            | Kind::ConnectionRefused
            | Kind::OutOfMemory
            | Kind::StackOverflow
            | Kind::Segfault
            | Kind::Sanitizer
            | Kind::Assertion
            | Kind::Killed
            | Kind::Signal
            | Kind::Exit => false,
        }
    }
}

/// The language whose runtime or compiler wrote the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it, and the contract lists them")]
pub enum Language {
    Go,
    Rust,
    JavaScript,
    TypeScript,
    Python,
    Java,
    Kotlin,
    Ruby,
    Php,
    Dotnet,
    Elixir,
    Perl,
    Cpp,
    C,
    Shell,
}

impl Language {
    /// The name that JSON has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::Go => "go",
            Language::Rust => "rust",
            Language::JavaScript => "javascript",
            Language::TypeScript => "typescript",
            Language::Python => "python",
            Language::Java => "java",
            Language::Kotlin => "kotlin",
            Language::Ruby => "ruby",
            Language::Php => "php",
            Language::Dotnet => "dotnet",
            Language::Elixir => "elixir",
            Language::Perl => "perl",
            Language::Cpp => "cpp",
            Language::C => "c",
            Language::Shell => "shell",
        }
    }
}

/// A place in the user's own code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file, relative to the workspace where it lies in it.
    pub file: String,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column, counted from 1.
    pub column: Option<u32>,
    /// The function that was running.
    pub function: Option<String>,
    /// The lines around, where the file could be read: see [`crate::snippet`].
    pub source: Vec<String>,
}

/// One call of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Frame {
    /// The function, as its runtime names it.
    pub function: Option<String>,
    /// The file, relative to the workspace where it lies in it.
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column, counted from 1.
    pub column: Option<u32>,
    /// Whether it is the user's own code, not a runtime's or a library's.
    pub application: bool,
}

/// An error below the one that was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The error in its own words.
    pub error: String,
    /// Its type.
    pub error_type: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// The first frame of the user's own code.
    pub location: Option<Location>,
    /// Its frames.
    pub frames: Vec<Frame>,
}

/// Lines of a text, both ends included, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRange {
    /// The first line.
    pub first: u64,
    /// The last line.
    pub last: u64,
}

/// Something that the user can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// What it is: `open`, `install`, `set-env`, `free-port`, `start`, `fix`, `look`.
    pub action: String,
    /// The sentence.
    pub text: String,
}

impl Suggestion {
    /// A suggestion.
    #[must_use]
    pub fn new(action: &str, text: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            text: text.into(),
        }
    }
}
