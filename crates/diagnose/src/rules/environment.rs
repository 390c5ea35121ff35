//! Rules about what a program needs around it: memory, disk, modules, variables, commands, files,
//! permissions.

use super::Rule;
use crate::pattern::Pattern;
use crate::report::Kind;

const fn rule(
    name: &'static str,
    kind: Kind,
    words: &'static [&'static str],
    pattern: &'static str,
    explanation: &'static str,
    suggestion: (&'static str, &'static str),
) -> Rule {
    Rule {
        name,
        kind: Some(kind),
        words,
        pattern: Pattern::new(pattern),
        explanation,
        suggestion,
        deterministic: true,
        alone: true,
    }
}

const fn passing(mut rule: Rule) -> Rule {
    rule.deterministic = false;
    rule
}

const fn in_traces(mut rule: Rule) -> Rule {
    rule.alone = false;
    rule
}

const INSTALL: (&str, &str) = (
    "install",
    "install {subject} with the project's package manager, or correct its name",
);
const SET: (&str, &str) = (
    "set-env",
    "set {subject} in the process's `env`, in an `env_file` or in `.env`",
);
const MODULE: &str = "the module {subject} is not installed or cannot be found";
const VARIABLE: &str = "the environment variable {subject} is not set";
const FILE: &str = "the file {subject} does not exist";
const CREATE: (&str, &str) = (
    "fix",
    "create {subject}, or correct the path: it is relative to the process's `cwd`",
);

pub(super) static RULES: [Rule; 15] = [
    passing(rule(
        "out-of-memory",
        Kind::OutOfMemory,
        &[
            "out of memory",
            "ut of memory",
            "OutOfMemoryError",
            "annot allocate memory",
            "ENOMEM",
            "Allowed memory size",
            "bad_alloc",
            "MemoryError",
            "OOMKilled",
            "OutOfMemoryException",
            "memory allocation of",
        ],
        r"(?i)JavaScript heap out of memory|\bout of memory\b|OutOfMemory|cannot allocate memory|ENOMEM|Allowed memory size|std::bad_alloc|\bMemoryError\b|OOMKilled|memory allocation of [0-9]+ bytes failed",
        "it ran out of memory",
        (
            "look",
            "give it more memory, or find what holds it: `forge dev monitor` shows the growth",
        ),
    )),
    rule(
        "file-watchers",
        Kind::Config,
        &["number of file watchers", "inotify"],
        r"(?i)limit for number of file watchers reached|inotify watch limit|inotify_add_watch.*No space left",
        "the system's limit of watched files is reached",
        (
            "fix",
            "raise `fs.inotify.max_user_watches`, or watch fewer files",
        ),
    ),
    passing(Rule {
        name: "disk-full",
        kind: None,
        words: &[
            "No space left on device",
            "ENOSPC",
            "isk quota exceeded",
            "os error 28",
            "database or disk is full",
            "not enough space on the disk",
        ],
        pattern: Pattern::new(
            r"No space left on device|ENOSPC|isk quota exceeded|os error 28|database or disk is full|not enough space on the disk",
        ),
        explanation: "the disk is full",
        suggestion: ("look", "free space on the disk, then start it again"),
        deterministic: false,
        alone: true,
    }),
    passing(Rule {
        name: "too-many-open-files",
        kind: None,
        words: &["EMFILE", "oo many open files", "ENFILE", "os error 24"],
        pattern: Pattern::new(r"EMFILE|(?i)too many open files|ENFILE|os error 24"),
        explanation: "it has too many open files",
        suggestion: (
            "look",
            "raise `limits.open_files`, or find what is not closed",
        ),
        deterministic: false,
        alone: true,
    }),
    rule(
        "missing-env",
        Kind::MissingEnv,
        &[
            "is not set",
            "is not defined",
            "is missing",
            "is required",
            "is empty",
            "not set",
            "must be set",
            "is undefined",
            "not provided",
            "not found",
            "nvironment",
            "issing",
            "are required",
        ],
        r#"(?:(?:[Ee]nvironment variable|env(?:ironment)? var(?:iable)?|ENV(?: variable)?|[Vv]ariable) ?:? ?['"`$]?(?<subject>[A-Z][A-Z0-9_]+)['"`]?|(?:^|[\s:'"`($\[=])\$?(?<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+|PORT|DSN)['"`\])]?)(?: environment variable| env(?:ironment)? var(?:iable)?)? (?:is|are|was|must be|has|should be|not|cannot be|is a)? ?(?:not )?(?:set|missing|required|empty|undefined|defined|present|provided|found|unset|specified|configured|available|been set|blank)\b"#,
        VARIABLE,
        SET,
    ),
    rule(
        "missing-env",
        Kind::MissingEnv,
        &["nvironment", "ENV", "env var", "EnvError", "NotPresent"],
        r#"(?i)(?:missing|undefined|unset|required|could not fetch|expected|no|cannot find|not found:?|must set|set the|please set|could not find)(?: the| an?| required| value for required| mandatory)* env(?:ironment)?(?: |-)?(?:variables?|vars?)?(?: is missing| not set)?:? ?['"`\[]?(?-i:(?<subject>[A-Z][A-Z0-9_]{2,}))?|environment variable not found|EnvVarError|\bNotPresent\b"#,
        VARIABLE,
        SET,
    ),
    rule(
        "missing-env",
        Kind::MissingEnv,
        &["key not found: \"", "Set the "],
        r#"key not found: "(?<subject>[A-Z][A-Z0-9_]+)"|Set the (?<name>[A-Z][A-Z0-9_]+) environment variable"#,
        VARIABLE,
        SET,
    ),
    rule(
        "missing-module",
        Kind::MissingModule,
        &["No module named", "ModuleNotFoundError"],
        r#"(?:Error while finding module specification for|No module named) ['"]?(?<subject>[A-Za-z0-9_.]+)"#,
        MODULE,
        INSTALL,
    ),
    rule(
        "missing-module",
        Kind::MissingModule,
        &[
            "annot find module",
            "annot find package",
            "Failed to resolve import",
            "Can't resolve '",
            "failed to resolve import",
            "Could not resolve \"",
            "Module not found \"",
            "Cannot resolve module",
        ],
        r#"(?:[Cc]annot find (?:module|package)|[Ff]ailed to resolve import|Can't resolve|Could not resolve|Module not found|Cannot resolve module) ['"](?<subject>[^'"]+)['"]"#,
        MODULE,
        INSTALL,
    ),
    rule(
        "missing-module",
        Kind::MissingModule,
        &[
            "cannot load such file",
            "Could not find gem",
            "GemNotFound",
            "in any of the sources",
            "in locally installed gems",
            "Can't locate ",
            "Could not load file or assembly",
            "vendor/autoload.php",
            "Could not import module",
            "error while loading shared libraries",
            "no required module provides package",
            "Unchecked dependencies for environment",
        ],
        r#"cannot load such file -- (?<subject>\S+)|Could not find gem '(?<gem>[^' ]+)|Could not find (?<gem2>\S+?)(?:, \S+)* in (?:any of the sources|locally installed gems)|GemNotFound|Can't locate (?<perl>\S+?)(?:\.pm)? in @INC|Could not load file or assembly '(?<assembly>[^',]+)|(?<autoload>vendor/autoload\.php)|Could not import module "(?<asgi>[^"]+)"|shared libraries: (?<library>[^\s:]+): cannot open|no required module provides package (?<go>[^\s;]+)|Unchecked dependencies"#,
        MODULE,
        INSTALL,
    ),
    in_traces(rule(
        "missing-module",
        Kind::MissingModule,
        &[
            "ClassNotFoundException",
            "NoClassDefFoundError",
            "Class \"",
            "does not exist in",
            "module is not available",
            "UnresolvedImport",
        ],
        r#"(?:ClassNotFoundException|NoClassDefFoundError): (?<subject>[A-Za-z0-9_.$/]+)|Class "(?<php>[^"]+)" not found|\(module (?<ex>[A-Za-z0-9_.:]+) is not available\)"#,
        MODULE,
        INSTALL,
    )),
    rule(
        "command-not-found",
        Kind::CommandNotFound,
        &[
            "ENOENT",
            "executable file not found",
            "is not recognized as an internal",
            "ommand not found",
            "Unknown command: ",
            "command was not found",
        ],
        r#"spawn (?<subject>\S+) ENOENT|exec: "(?<go>[^"]+)": executable file not found|'(?<win>[^']+)' is not recognized as an internal|ommand not found: (?<zsh>\S+)|(?:^|[\s:])(?<sh>[^\s:]+): command not found|Unknown command: '?(?<fish>[^\s']+)"#,
        "the command {subject} is not installed, or not in PATH",
        (
            "install",
            "install {subject}, or give its path in the process's `command`",
        ),
    ),
    rule(
        "exec-format",
        Kind::ExecFormat,
        &[
            "xec format error",
            "cannot execute binary file",
            "ENOEXEC",
            "Bad CPU type",
            "wrong ELF class",
            "invalid ELF header",
        ],
        r"(?i)exec format error|cannot execute binary file|ENOEXEC|Bad CPU type|wrong ELF class|invalid ELF header",
        "a program was built for another system, or is no program",
        (
            "fix",
            "build it for this machine, or begin a script with `#!`",
        ),
    ),
    rule(
        "permission",
        Kind::Permission,
        &[
            "EACCES",
            "ermission denied",
            "PermissionError",
            "peration not permitted",
            "EPERM",
            "AccessDenied",
            "os error 13",
            "UnauthorizedAccess",
            "PermissionDenied",
            "eacces",
        ],
        r#"(?:EACCES|EPERM)(?:: (?:permission denied|operation not permitted))?,? ?(?:\w+ )?(?:'(?<subject>[^']+)')?|(?i)permission denied(?:: ['"](?<py>[^'"]+)['"])?|PermissionError|operation not permitted|AccessDeniedException|os error 13|UnauthorizedAccess|PermissionDenied|:eacces"#,
        "it may not use {subject}: permission denied",
        (
            "fix",
            "give it the permission (`ls -l`, `chmod`), or choose a port above 1023 where that is what it wants",
        ),
    ),
    rule(
        "missing-file",
        Kind::MissingFile,
        &[
            "ENOENT",
            "o such file or directory",
            "FileNotFound",
            "NoSuchFile",
            "could not find file",
            "Could not find file",
            "os error 2)",
            "cannot find the file",
            "directory not found",
            "code: 2, kind: NotFound",
            "could not read file",
            "file does not exist",
            "Can't open perl script",
            ":enoent",
        ],
        r#"(?:ENOENT: no such file or directory, \w+ '(?<subject>[^']+)'|[Nn]o such file or directory(?: @ \w+ - (?<ruby>\S+)|: ['"](?<py>[^'"]+)['"])?|NoSuchFileException: (?<java>\S+)|FileNotFound(?:Exception|Error)?|[Cc]ould not find file '(?<net>[^']+)'|os error 2\)|cannot find the file|stat (?<go>\S+): (?:directory not found|no such file)|kind: NotFound|could not read file "(?<ex>[^"]+)"|file does not exist|Can't open perl script "(?<perl>[^"]+)"|open '(?<open>[^']+)'.*ENOENT|:enoent)"#,
        FILE,
        CREATE,
    ),
];
