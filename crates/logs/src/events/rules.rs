//! The rules that are one expression each: builds, reloads, sizes, migrations, deprecations.
//!
//! The first rule that matches decides, so exceptions stand before what they are exceptions from. An
//! expression with `^` begins where the message does, behind times, levels and names of loggers.
//! `%D` stands for a duration, `%S` for a size, `%F` for the name of a file.

use EventKind::{BundleSize, Compiled, Deprecation, Migration, Rebuild, Reload};

use super::EventKind;

/// One rule.
pub(super) struct Rule {
    /// What has happened; `None`: nothing, whatever later rules say.
    pub(super) kind: Option<EventKind>,
    /// Of these, one is in each line that the expression matches, in whatever case.
    pub(super) words: &'static [&'static str],
    /// Its groups `ms`, `file`, `files`, `asset`, `size`, `gzip`, `errors`, `warnings`, `package`
    /// become fields; the group `failed` says that the build has failed.
    pub(super) pattern: &'static str,
    /// Says that it is something else after all; empty: nothing does.
    pub(super) unless: &'static str,
}

const fn rule(kind: EventKind, words: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule {
        kind: Some(kind),
        words,
        pattern,
        unless: "",
    }
}

const fn except(
    kind: EventKind,
    words: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Rule {
    Rule {
        kind: Some(kind),
        words,
        pattern,
        unless,
    }
}

const fn nothing(words: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule {
        kind: None,
        words,
        pattern,
        unless: "",
    }
}

/// Reloading is spoken of where it does not happen, too.
const NO_RELOAD: &str = r"\b(?:enabled|disabled|is active|watching (?:for|path|ext|files|dir)|will (?:watch|reload)|started reloader|waiting for|auto-?reload|crashed|failed|error|errors|unable|cannot|reload(?:er)? process|to (?:reload|restart)|if )\b|\b(?:GET|POST|PUT|HEAD) /";

const DEPRECATED: &[&str] = &["deprecat", "removed in", "removedin"];
const CHANGED: &[&str] = &["chang", "modified", "updated"];
const RELOADED: &[&str] = &["reload", "restarting"];
const BUILT: &[&str] = &["compil", "built", "bundled", "wrote ", "rebuilt"];
const SIZES: &[&str] = &[
    " kb", " mb", " b ", " b)", " kib", " mib", " bytes", "0kb", "1kb", "2kb", "3kb", "4kb", "5kb",
    "6kb", "7kb", "8kb", "9kb", "0mb", "1mb", "2mb", "3mb", "4mb", "5mb", "6mb", "7mb", "8mb",
    "9mb",
];
const MIGRATED: &[&str] = &["migrat", "upgrade ", "applying ", "changeset", "applied "];

/// All of them.
pub(super) const RULES: &[Rule] = &[
    // What goes away.
    nothing(
        DEPRECATED,
        r"\b(?:0|no) deprecat|deprecat\w*[=:] ?(?:0|false|none)\b|--(?:trace|no|throw)-deprecation|\b(?:GET|POST|PUT|HEAD|DELETE|PATCH) /|\.\.\. ok$|^test \S+|^at ",
    ),
    rule(
        Deprecation,
        DEPRECATED,
        r"\bnpm warn deprecated (?P<package>\S+?@[^\s:]+)",
    ),
    rule(
        Deprecation,
        DEPRECATED,
        r"^(?:warning )?(?:\S+ > )*(?P<package>@?[\w./-]+@[^\s:]+): .*\b(?:deprecated|no longer (?:maintained|supported))",
    ),
    rule(
        Deprecation,
        DEPRECATED,
        r"\bdeprecat(?:ed|ions?)\b|deprecat(?:ed|ion)warning\b|\bwdeprecated|\bremovedin\w+warning|\b(?:will|is going to|going to) be removed in\b|\b(?:was|were|is|been|has been) removed in v?\d",
    ),
    // What is reloaded.
    // An asset of a hot update is an asset.
    rule(
        BundleSize,
        &["asset"],
        r"^(?:\d+ )?assets? (?P<asset>\S+) (?P<size>%S)",
    ),
    except(
        Reload,
        &["hmr"],
        r"\bhmr (?:update|invalidate)\b:?\s+(?P<files>\S.*)",
        NO_RELOAD,
    ),
    except(
        Reload,
        RELOADED,
        r"\b(?:page|full|hot|live|worker) reload(?:ing|ed)?:? (?P<files>%F(?:, %F)*)(?:\s|$)",
        NO_RELOAD,
    ),
    except(
        Reload,
        CHANGED,
        r"(?P<files>%F) (?:has |was )?(?:changed|modified|updated)\b[,.;:!]? ?(?:-+ |then )?(?:restarting|reloading|rebuilding|recompiling|rerunning|restart|reload)",
        NO_RELOAD,
    ),
    except(
        Reload,
        CHANGED,
        r"\bchanges? (?:detected )?(?:in|to|at|of)(?: file| files)?:? (?P<files>%F(?:, %F)*)[,.]? ?.*",
        NO_RELOAD,
    ),
    except(
        Reload,
        CHANGED,
        r"\bfiles? (?:change[sd]?|updated|modified|added)(?: detected)?\s?[:(] ?(?P<files>%F(?:, %F)*)",
        NO_RELOAD,
    ),
    except(
        Reload,
        CHANGED,
        r"^(?P<files>%F) (?:has |was )?(?:changed|modified|updated)[.! ]*$",
        NO_RELOAD,
    ),
    except(
        Rebuild,
        &["incremental comp", "fast refresh", "recompiling"],
        r"\bincremental compilation\b|\bfast refresh\W+(?:rebuilding|done)|^recompiling\b",
        r"\bfailed\b",
    ),
    except(
        Reload,
        CHANGED,
        r"(?:^|\b(?:file|files|source|config|code|content|template) )changes? (?:of (?:\w+ ){1,3})?(?:was |were |is )?(?:detected|found)\b|\bdetected (?:file |code |source |config(?:uration)? |a )?changes?\b|\b\d+ (?:files?|class path|files?\(s\)) changes?d?\b|\bfile\(s\) changed\b|\bdue to (?:\S+ ){0,4}changes?\b|\bchanged?\b[,.;:!]* ?(?:restarting|reloading|rebuilding)|\bapp updated\b",
        NO_RELOAD,
    ),
    except(
        Reload,
        RELOADED,
        r"\brestarting (?:with (?:stat|watchdog|watchman|inotify)|due to|because|'|on change)|^(?:restarting|reloading)(?: the)?(?: \w+){0,2}(?:\.{2,}|!|$)|\breload(?:ing|ed)? (?:env\b|\d+|configuration\b|config\b|modules?\b|changes\b|browsers?\b|page\b|application\b|app\b)|\bhot reload(?: of changes)? (?:succeeded|applied|complete|performed)|\bperforming (?:full|hot|live) (?:page )?(?:reload|restart)|\blive reload total time: (?P<ms>%D)|\breconfiguring$",
        NO_RELOAD,
    ),
    except(
        Reload,
        &[
            "rerun",
            "[hmr]",
            "[hot]",
            "hot module",
            "hot update",
            "hot updated",
            "restarted",
        ],
        r"\brerun(?:ning)?\b|\[hmr\] (?:updated|updating|checking|- )|\bhot[- ]updated?\b",
        NO_RELOAD,
    ),
    // Sizes, before builds: a line with a size may name a file that was built.
    rule(
        BundleSize,
        &["asset", "chunk", "bundle", "entrypoint", "budget"],
        r"\b(?:chunks?|assets?|bundle|entrypoints?)\b.*\b(?:larger|exceed(?:s|ed)?|over|too large)\b.*(?P<size>%S)|\b(?:asset|entrypoint) size limit\b",
    ),
    // Modules are no assets.
    nothing(
        SIZES,
        r"\[(?:built|code generated|cached)\]|\bmodules\b.*\bbytes\b",
    ),
    rule(
        BundleSize,
        SIZES,
        r"^(?P<asset>(?:[^\s|]*/)?[^\s|/]+\.(?:[cm]?[jt]sx?|css|html?|map|svg|wasm|png|jpe?g|gif|webp|avif|ico|woff2?|ttf|eot|json|txt|xml|mp4|br|gz|data))\s+(?:[|]\s+[\w-]+\s+)?(?:[|]\s+)?(?P<size>%S)(?:\s+[|]\s+(?:gzip:\s+)?(?P<gzip>%S))?",
    ),
    rule(
        BundleSize,
        SIZES,
        r"^(?P<size>%S)(?: \([+-][^)]*\))?\s+(?P<asset>\S*[/.]\S+\.(?:[cm]?js|css|html|wasm))$",
    ),
    rule(
        BundleSize,
        SIZES,
        r"^(?P<asset>\S+\.(?:[cm]?js|css|html|wasm|json)) \((?P<size>%S)\)(?: \((?P<gzip>%S) gzip\))?",
    ),
    rule(
        BundleSize,
        SIZES,
        r"\bfirst load js shared by all\s+(?P<size>%S)|^total size:? (?P<size>%S)(?: \((?P<gzip>%S) gzip\))?|^initial (?:chunk files|total)\s.*?(?P<size>%S)",
    ),
    rule(
        BundleSize,
        SIZES,
        r"^(?:[fl] )?(?P<asset>/\S*|chunks/\S+|css/\S+|other shared chunks \(total\))\s+(?:\([^)]*\)\s+)?(?P<size>%S)(?:\s+%S)?$",
    ),
    // What failed to build.
    rule(
        Compiled,
        &["compiled "],
        r"\bcompiled (?:\S+ ){0,4}?(?P<errors>\d+) errors?\b(?:.* in (?P<ms>%D))?",
    ),
    rule(
        Compiled,
        &["could not compile"],
        r"\bcould not compile\b(?:.*due to (?P<errors>\d+) (?:previous )?errors?)?(?P<failed>)",
    ),
    except(
        Compiled,
        &["found ", "errors gen", "error gen", "build "],
        r"^found (?P<errors>\d+) errors?(?:\.|,| in | and |$)|^build (?:failed|finished|completed)? ?with (?P<errors>\d+) errors?\b|^(?P<errors>\d+) errors? generated\b",
        r"\bvulnerab",
    ),
    except(
        Compiled,
        &[
            "failed to compile",
            "compilation failed",
            "build fail",
            "compilation error",
        ],
        r"^(?:failed to compile|compilation (?:failed|error)|(?:webpack |next )?build fail(?:ed|ure))\b(?:.* with (?P<errors>\d+) errors?)?(?P<failed>)(?:.* in (?P<ms>%D))?",
        r"\bdocker\b",
    ),
    // What was built.
    rule(
        Compiled,
        BUILT,
        r"\bcompiled\b.*?\bsuccessfully\b(?:.*?(?: in |\()(?P<ms>%D))?|\bsuccessfully (?:compiled|built|bundled)\b(?:.*?(?: in |\()(?P<ms>%D))?",
    ),
    rule(
        Compiled,
        BUILT,
        r"\bcompiled with (?:(?P<warnings>\d+) )?warnings?\b(?:.*? in (?P<ms>%D))?",
    ),
    except(
        Compiled,
        BUILT,
        r"\b(?:re)?(?:compiled|built|bundled|transpiled|wrote)\b(?:.*? in | )(?P<ms>%D)(?:$|[\s,.;)])",
        r"\b(?:fail(?:ed|ure)?|errors?|took|years?)\b",
    ),
    rule(
        Compiled,
        &["target(s) in"],
        r"^finished .*target\(s\) in (?P<ms>%D)",
    ),
    except(
        Compiled,
        &["build", "compilation", "bundl"],
        r"\b(?:build|compilation|bundle(?: generation)?|bundling)\b:? (?:\S+ ){0,2}?(?:succeeded|successful|successfully|completed?|finished|done|success|ok)\b(?:.*?(?: in |[\[(])(?P<ms>%D))?",
        r"\b(?:fail(?:ed|ure)?|[1-9]\d* errors?|not|image|until|when|after)\b",
    ),
    rule(
        Compiled,
        &["done in", "js in ", "css in ", "total in"],
        r"^\.*\s*(?:done|total) in (?P<ms>%D)\W*$|^created (?P<files>\S+(?:, \S+)*) in (?P<ms>%D)",
    ),
    rule(
        Compiled,
        &["compiled ", "generated "],
        r"^compiled \S+\.(?:scss|sass|less|styl|ts|coffee|pug) to (?P<files>\S+)|^generated \S+ app$",
    ),
    except(
        Rebuild,
        &["rebuil", "recompil"],
        r"\b(?:rebuilding|rebuilt|recompiling|recompiled)\b(?:.* in (?P<ms>%D))?",
        r"\bfor full\b|\bfail(?:ed|ure)?\b|\bcannot\b",
    ),
    // Schemas.
    nothing(
        MIGRATED,
        r"\bno (?:pending )?(?:new )?(?:migrations|changes)\b|\b(?:0|no) migrations\b|\bunapplied\b|\bpending migrations?\b|\bfail(?:ed|ure)?\b|\berror\b|\b(?:GET|POST|PUT|HEAD) /",
    ),
    rule(
        Migration,
        MIGRATED,
        r"\b\d{4,}\S* \S+: (?:migrating|migrated|reverting|reverted)\b(?:.*\((?P<ms>%D)\))?|\S+: (?:migrating|migrated) =+|== (?:running|migrated) \d+\b(?:.* in (?P<ms>%D))?",
    ),
    rule(
        Migration,
        MIGRATED,
        r"^applying [\w.]+\d{4}_\w+\.{2,}|\brunning upgrade \S* ?-> \S+|\bapplying migration\b|^applied \d+/\S*migrate\b|\bchangeset \S+ ran successfully(?: in (?P<ms>%D))?",
    ),
    rule(
        Migration,
        MIGRATED,
        r"\b(?:successfully )?(?:applied|ran|executed|completed|migrated|finished)\b.*\bmigrations?\b(?:.*?(?: in |\()(?P<ms>%D))?|\bmigrations?\b.*\b(?:applied|executed|successfully|completed?|finished|done|ran)\b(?:.*?(?: in |\()(?P<ms>%D))?|\bbatch \d+ run: \d+ migrations?|\bsuccessfully migrated\b|^migrat(?:ed|ing):? \S+(?:.*\((?P<ms>%D)\))?|\bmigrating (?:schema|database)\b|\brunning \d* ?migrations?\b",
    ),
];

/// What ends up in an expression for `%D`, `%S` and `%F`.
pub(super) fn expanded(pattern: &str) -> String {
    const DURATION: &str = r"(?:\d+ ?m(?:in)? ?)?\d[\d.,]* ?(?:ns|us|ms|s|secs?|seconds?|milliseconds?|m|min|minutes?)\b";
    const SIZE: &str = r"\d[\d.,]* ?(?:bytes|[kmg]i?b|b)\b";
    const FILE: &str =
        r#"['"`]?[^\s'"`,()]*[^\s'"`,().:]\.?[\w-]*\.\w{1,12}\b['"`]?|['"`][^\s'"`]+['"`]"#;
    pattern
        .replace("%D", &format!("(?:{DURATION})"))
        .replace("%S", &format!("(?:{SIZE})"))
        .replace("%F", &format!("(?:{FILE})"))
}
