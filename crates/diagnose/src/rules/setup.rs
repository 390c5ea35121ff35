//! Rules about how things are set up: versions, migrations, credentials, configuration, locks.

use super::Rule;
use crate::pattern::Pattern;
use crate::report::Kind;

const fn config(
    name: &'static str,
    words: &'static [&'static str],
    pattern: &'static str,
    explanation: &'static str,
    suggestion: (&'static str, &'static str),
) -> Rule {
    Rule {
        name,
        kind: Some(Kind::Config),
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
    rule.kind = None;
    rule
}

pub(super) static RULES: [Rule; 8] = [
    config(
        "wrong-version",
        &[
            "Your Ruby version is",
            "is incompatible with this module",
            "nsupported engine",
            "UnsupportedClassVersionError",
            "go.mod requires go",
            "requires rustc",
            "You must install or update .NET",
            "compatible framework version",
            "ERR_OSSL_EVP_UNSUPPORTED",
            "requires a Node",
            "requires Node",
            "requires at least Node",
            "requires Python",
            "Node.js version",
            "requires PHP",
            "requires php",
            "requires go >=",
            "You are using Node",
        ],
        r"(?<error>Your Ruby version is \S+, but your Gemfile specified .+|The engine .+ is incompatible with this module.*|[Uu]nsupported engine.*|UnsupportedClassVersionError.*|.*requires go >=? ?\S+.*|.*requires rustc \S+.*|You must install or update \.NET.*|.*compatible framework version.*|.*ERR_OSSL_EVP_UNSUPPORTED.*|.*requires (?:a |at least )?(?:Node|Python|PHP|php)\S* .*|.*[Yy]ou are using Node.*)",
        "the version of a runtime or tool is not the one that is needed",
        (
            "install",
            "install the version that it asks for (a version manager's file in the project may name it)",
        ),
    ),
    config(
        "failed-migration",
        &[
            "PendingMigrationError",
            "igrations are pending",
            "igration failed",
            "failed migrations",
            "Migrations have failed validation",
            "Can't locate revision",
            "previously applied but",
            "Dirty database version",
            "failed to run migrations",
            "error applying migration",
            "P3009",
            "P3018",
            "MigrationError",
            "Failed to apply migration",
        ],
        r"(?<error>.*(?:PendingMigrationError|[Mm]igrations are pending|[Mm]igration failed|failed migrations|Migrations have failed validation|Can't locate revision identified by .*|previously applied but|Dirty database version|failed to run migrations|error applying migration|P3009|P3018|MigrationError|Failed to apply migration).*)",
        "a migration of the database failed or has not been run",
        ("fix", "run the project's migrations, then start it again"),
    ),
    in_traces(config(
        "missing-table",
        &[
            "does not exist",
            "no such table",
            "doesn't exist",
            "nknown database",
        ],
        r#"(?:relation|database|role|table) "?(?<subject>[A-Za-z0-9_.]+)"? does not exist|no such table: (?<lite>\S+)|Table '(?<my>[^']+)' doesn't exist|Unknown database '(?<db>[^']+)'"#,
        "{subject} does not exist in the database",
        (
            "fix",
            "create {subject}: run the project's migrations or its database setup",
        ),
    )),
    config(
        "bad-credentials",
        &[
            "password authentication failed",
            "Access denied for user",
            "WRONGPASS",
            "NOAUTH",
            "no password supplied",
            "uthentication failed",
            "role \"",
        ],
        r#"(?<error>password authentication failed for user.*|Access denied for user.*|WRONGPASS.*|NOAUTH.*|.*no password supplied.*|.*[Aa]uthentication failed.*|role "[^"]+" does not exist)"#,
        "a service did not accept the user or the password",
        (
            "fix",
            "correct the credentials in the process's environment",
        ),
    ),
    passing(config(
        "already-running",
        &[
            "lock file \"",
            "server is already running",
            "already running",
            "nable to acquire",
            "Could not get lock",
            "resource temporarily unavailable",
            "database is locked",
            "Resource temporarily unavailable",
        ],
        r#"(?<error>lock file "[^"]+" already exists.*|A server is already running.*|(?:[A-Z]\S* )?(?:is )?already running.*\(?pid.*|Unable to acquire .*lock.*|Could not get lock.*|.*database is locked.*|.*lock.*[Rr]esource temporarily unavailable.*)"#,
        "another instance is already running, or an old one left its lock",
        (
            "look",
            "stop the other instance (`forge dev orphans`), or remove the lock that a dead one left",
        ),
    )),
    config(
        "missing-script",
        &[
            "issing script",
            "Command \"",
            "Couldn't find a script",
            "Script not found",
            "NO_SCRIPT",
            "No rule to make target",
            "Could not read package.json",
            "go.mod file not found",
            "could not find `Cargo.toml`",
            "no bin target",
            "Don't know how to build task",
            "does not contain recipe",
            "No such command",
            "no configuration file provided",
            "The task \"",
        ],
        r#"(?<error>(?:[Mm]issing script:? "?(?<subject>[^"\s]+)"?.*|Command "[^"]+" not found.*|Couldn't find a script named.*|Script not found.*|No rule to make target.*|Could not read package\.json.*|go\.mod file not found.*|could not find `Cargo\.toml`.*|no bin target.*|Don't know how to build task.*|Justfile does not contain recipe.*|No such command.*|no configuration file provided.*|The task "[^"]+" could not be found.*))"#,
        "the command names a script, task or project that does not exist",
        ("fix", "correct the process's `command` or `cwd`"),
    ),
    config(
        "bad-configuration",
        &[
            "unknown directive",
            "CONFIG FILE ERROR",
            "nvalid configuration",
            "yaml: ",
            "YAMLException",
            "YAMLError",
            "TOMLDecodeError",
            "TomlError",
            "configuration file",
            "config file",
            "nknown option",
            "nrecognized option",
            "unknown flag",
            "unrecognized arguments",
            "unexpected argument",
            "no such option",
            "nrecognized argument",
            "bad option",
            "ConfigError",
            "ImproperlyConfigured",
            "failed to parse manifest",
            "failed to load config",
            "nvalid option",
            "EJSONPARSE",
        ],
        r"(?<error>(?:\[emerg\] )?.*(?:unknown directive|FATAL CONFIG FILE ERROR|[Ii]nvalid configuration|yaml: (?:line|unmarshal).*|YAMLException|YAMLError|TOMLDecodeError|configuration file .+ (?:test failed|is invalid|not found|could not)|[Uu]n(?:known|recognized) (?:option|argument|flag)|unexpected argument|no such option|bad option|ConfigError|ImproperlyConfigured|failed to parse manifest|[Ff]ailed to load config|[Ii]nvalid option|EJSONPARSE).*)",
        "its configuration or its arguments are not valid",
        ("fix", "correct the configuration that the message names"),
    ),
    in_traces(config(
        "missing-setting",
        &["Field required", "field required", "validation error"],
        r"(?<error>[Ff]ield required)",
        "a required setting is missing",
        ("fix", "set what the message names"),
    )),
];
