//! What the programs of the field do when they are called: serve, work, watch, build, store.

mod table;

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// It serves for development, on this port unless told otherwise.
    Serves(Option<u16>),
    /// It serves documentation or a workshop of components.
    Shows(Option<u16>),
    /// It works in the background until it is stopped.
    Works,
    /// It builds again on every change.
    Watches,
    /// It runs code of the project, whatever that does.
    Runs,
    /// It is a database, a cache or a queue.
    Stores,
    /// It starts the services of a compose file.
    Composes,
    /// It serves in production.
    Deployed,
    /// It ends by itself: builds, installs, migrates, tests.
    Ends,
}

use Does::{Deployed, Ends, Runs, Serves, Watches, Works};

/// Builders that go on when they are told to watch.
const BUILDERS: [&str; 17] = [
    "tsc",
    "tsup",
    "rollup",
    "esbuild",
    "webpack",
    "rspack",
    "tailwindcss",
    "@tailwindcss/cli",
    "postcss",
    "sass",
    "swc",
    "babel",
    "unbuild",
    "vite build",
    "gulp",
    "tsdown",
    "encore dev",
];

/// Programs that run a file of JavaScript or TypeScript.
const RUNTIMES: [&str; 13] = [
    "node",
    "nodemon",
    "tsx",
    "ts-node",
    "ts-node-dev",
    "tsnd",
    "bun",
    "babel-node",
    "node-dev",
    "vite-node",
    "esrun",
    "sucrase-node",
    "micro",
];

/// What a command of these words does; options are told apart by their dash.
pub(crate) fn does(words: &[&str]) -> Does {
    let Some(first) = words.first() else {
        return Ends;
    };
    let program = first.rsplit('/').next().unwrap_or(first);
    let watches = words.iter().any(|word| {
        matches!(
            *word,
            "-w" | "--watch" | "--watch=always" | "watch" | "--stub"
        )
    });
    let plain: Vec<&str> = words[1..]
        .iter()
        .copied()
        .filter(|word| !word.starts_with('-') || *word == "-S")
        .collect();
    let fits = |pattern: &str| {
        let mut parts = pattern.split(' ');
        let head = parts.next().unwrap_or_default();
        (head == program || head == *first || format!("./{head}") == *first)
            && parts
                .zip(plain.iter().map(Some).chain(std::iter::repeat(None)))
                .all(|(part, word)| word.is_some_and(|word| *word == part))
    };
    if BUILDERS.iter().any(|builder| fits(builder))
        && !fits("webpack serve")
        && !fits("rspack serve")
        && !fits("rspack dev")
    {
        return if watches || program == "gulp" && plain.is_empty() {
            Watches
        } else {
            Ends
        };
    }
    if program == "eleventy" && words.iter().any(|word| word.starts_with("--serve")) {
        return Serves(Some(8080));
    }
    if let Some((_, does)) = table::TOOLS.iter().find(|(pattern, _)| fits(pattern)) {
        return *does;
    }
    if RUNTIMES.contains(&program) {
        return match plain.first() {
            Some(file) if is_built(file) => Deployed,
            Some(_) => Runs,
            None => Ends,
        };
    }
    match program {
        "python" | "python3" => python(&words[1..]),
        "manage.py" => manage(&words[1..]),
        "ruby" | "php" | "java" => Runs,
        _ => Ends,
    }
}

/// A file that a build has made.
fn is_built(file: &str) -> bool {
    let folders = ["dist", "build", ".output", ".next", "lib", "out", ".build"];
    let file = file.trim_start_matches("./");
    let first = file.split('/').next().unwrap_or(file);
    file.contains('/') && folders.contains(&first) || file.contains("/dist/")
}

fn python(words: &[&str]) -> Does {
    match words {
        ["-m", rest @ ..] => does(rest),
        [file, rest @ ..] if file.ends_with("manage.py") => manage(rest),
        [file, ..] if file.ends_with(".py") => Runs,
        [option, rest @ ..] if option.starts_with('-') => python(rest),
        _ => Ends,
    }
}

/// What a command of Django's `manage.py` does.
fn manage(words: &[&str]) -> Does {
    let endless = [
        "worker",
        "consumer",
        "consume",
        "service",
        "listen",
        "qcluster",
        "run_huey",
        "scheduler",
        "celery",
        "bot",
        "watch",
        "daemon",
        "process_tasks",
        "dramatiq",
        "livereload",
    ];
    match words.first() {
        Some(&("runserver" | "runserver_plus" | "rundev" | "runserver_ssl")) => Serves(Some(8000)),
        Some(&"tailwind") if words.contains(&"start") => Watches,
        Some(name) if endless.iter().any(|part| name.contains(part)) => Works,
        _ => Ends,
    }
}
