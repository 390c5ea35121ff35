//! Compilers and bundlers: rustc, gcc, clang, tsc, go, javac, kotlinc, dotnet, esbuild and their kin.
//! Of the errors of one compilation the first is the one to read.

use crate::pattern::{Pattern, group, number};
use crate::report::{Kind, Language};
use crate::trace::{Found, Line, Raised, Trace, Weight, frame};

/// `src/a.c:3:5: error: …`, `A.java:3: error: …`, `./main.go:3:5: …` has no such word.
static GNU: Pattern = Pattern::new(
    r"^(?:\[ERROR\] |e: |ERROR in )?(?:file://)?(?<file>[^\s:()]+\.[A-Za-z+]+|[A-Za-z]:\\[^:]+):(?<line>[0-9]+)(?::(?<column>[0-9]+))?:? ?(?:- )?(?<class>fatal error|error)(?<code> [A-Z]+[0-9]+)?: (?<message>.+)$",
);
static PARENS: Pattern = Pattern::new(
    r"^\s*(?:ERROR in )?(?<file>[^\s()]+\.[A-Za-z]+)\((?<line>[0-9]+),(?<column>[0-9]+)\): (?<class>error (?<code>[A-Z]+[0-9]+)): (?<message>.+?)(?: \[[^\]]+proj\])?$",
);
static RUSTC: Pattern = Pattern::new(r"^(?<class>error(?:\[E[0-9]+\])?): (?<message>.+)$");
static ARROW: Pattern =
    Pattern::new(r"^\s*(?:-->|::: |╭▸) (?<file>[^\s:]+):(?<line>[0-9]+):(?<column>[0-9]+)$");
static GO: Pattern = Pattern::new(
    r"^(?:vet: )?(?<file>[^\s:]+\.go):(?<line>[0-9]+):(?<column>[0-9]+): (?<message>.+)$",
);
static KOTLIN: Pattern = Pattern::new(
    r"^e: (?:file://)?(?<file>[^\s:]+\.kts?):(?: \((?<line>[0-9]+), (?<column>[0-9]+)\):|(?<line2>[0-9]+):(?<column2>[0-9]+)) (?<message>.+)$",
);
static MAVEN: Pattern = Pattern::new(
    r"^(?:\[ERROR\] )?(?<file>/[^\s:]+):\[(?<line>[0-9]+),(?<column>[0-9]+)\] (?:error: )?(?<message>.+)$",
);
static LINKER: Pattern = Pattern::new(
    r"(?:(?<file>[^\s:()]+\.[A-Za-z+]+):)?(?:\([^()]*\)|(?<line>[0-9]+)): (?<message>undefined reference to .+)$",
);
static ESBUILD: Pattern = Pattern::new(r"^\s*(?:✘|X) \[ERROR\] (?<message>.+)$");
static PLACE: Pattern =
    Pattern::new(r"^\s+(?<file>[^\s:]+\.[a-z]+):(?<line>[0-9]+):(?<column>[0-9]+):$");
static WEBPACK: Pattern = Pattern::new(
    r"^\s*(?:Module not found: |.*Error: )?(?<message>(?:Error: )?Can't resolve '(?<subject>[^']+)'.*)$",
);
static WEBPACK_IN: Pattern =
    Pattern::new(r"^ERROR in (?<file>\./\S+)(?: (?<line>[0-9]+):(?<column>[0-9]+))?");
static SPOT: Pattern =
    Pattern::new(r"^\s*(?:[⨯>] )?(?<file>\.?/?[^\s:]+\.[a-z]+):(?<line>[0-9]+):(?<column>[0-9]+)$");

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    // A loader that compiles throws the compiler's message: it is read with the stack below it.
    let above = lines[..at].iter().rev().take(4);
    let thrown =
        |line: &Line| line.text.contains("TSError") || line.text.contains("Transform failed with");
    if above.into_iter().any(thrown) {
        return None;
    }
    placed(text)
        .map(|trace| (trace, at + 1))
        .or_else(|| rustc(lines, at))
        .or_else(|| go(lines, at))
        .or_else(|| bundler(lines, at))
        .or_else(|| linker(text, at))
        .map(|(mut trace, end)| {
            let first = usize::try_from(trace.lines.0).unwrap_or(at).min(at);
            trace.lines.0 = first as u64;
            (trace, rest(lines, end))
        })
}

/// An error whose line has the place.
fn placed(text: &str) -> Option<Trace> {
    let found = [&GNU, &PARENS, &KOTLIN, &MAVEN]
        .iter()
        .find_map(|pattern| pattern.captures(text))?;
    let named = |name: &str| found.name(name).map_or("", |group| group.as_str());
    let file = named("file");
    let line = named("line")
        .parse()
        .or_else(|_| named("line2").parse())
        .unwrap_or(0);
    let code = named("code").trim();
    let class = match code {
        "" => "error".to_owned(),
        code => format!("error {code}"),
    };
    let mut raised = Raised::new(&class, named("message"));
    let mut place = frame("", file, line);
    place.column = named("column")
        .parse()
        .or_else(|_| named("column2").parse())
        .ok();
    raised.place = Some(place);
    let language = language(file, code)?;
    let kind = if named("class") == "fatal error" {
        Kind::MissingFile
    } else {
        Kind::Compile
    };
    let kind = if named("message").contains("No such file") {
        kind
    } else {
        Kind::Compile
    };
    let mut trace = Trace::new(language, Weight::Compiler, raised).kind(kind);
    trace.also(text);
    Some(trace)
}

/// The language of a file by its name; none for what is no source.
fn language(file: &str, code: &str) -> Option<Language> {
    let extension = file.rsplit('.').next().unwrap_or("");
    Some(match extension {
        "ts" | "tsx" | "mts" | "cts" => Language::TypeScript,
        "js" | "jsx" | "mjs" | "cjs" | "vue" | "svelte" | "astro" => Language::JavaScript,
        "c" | "h" | "m" | "s" | "S" => Language::C,
        "cs" | "fs" | "vb" | "csproj" | "cshtml" | "razor" => Language::Dotnet,
        "java" => Language::Java,
        "kt" | "kts" => Language::Kotlin,
        "rs" => Language::Rust,
        "go" => Language::Go,
        "py" => Language::Python,
        _ if super::sanitizers::is_cpp(file) || extension == "cu" => Language::Cpp,
        _ if code.starts_with("TS") => Language::TypeScript,
        _ if code.starts_with("CS") => Language::Dotnet,
        _ => return None,
    })
}

/// `error[E0308]: …`, with its place behind an arrow.
fn rustc(lines: &[Line], at: usize) -> Found {
    let found = RUSTC.captures(&lines[at].text)?;
    let mut near = lines[at + 1..].iter().take(4);
    let arrow = near.find_map(|line| ARROW.captures(&line.text))?;
    let file = group(&arrow, "file");
    if !file.ends_with(".rs") && !file.ends_with(".toml") {
        return None;
    }
    let mut raised = Raised::new(group(&found, "class"), group(&found, "message"));
    let mut place = frame("", file, number(&arrow, "line"));
    place.column = Some(number(&arrow, "column"));
    raised.place = Some(place);
    Some((
        Trace::new(Language::Rust, Weight::Compiler, raised).kind(Kind::Compile),
        at + 2,
    ))
}

/// Errors of `go build` and `go vet`: below the name of a package, or of a kind that is known.
fn go(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    let found = GO.captures(text)?;
    let message = group(&found, "message");
    let below = lines[..at]
        .iter()
        .rev()
        .take(12)
        .any(|line| line.text.starts_with("# "));
    let words = [
        "syntax error",
        "undefined: ",
        "declared and not used",
        "imported and not used",
        "no required module",
        "is not in std",
        "cannot find package",
        "cannot find module",
    ];
    if !below && !words.iter().any(|word| message.contains(word)) {
        return None;
    }
    let mut raised = Raised::new("", message);
    let mut place = frame("", group(&found, "file"), number(&found, "line"));
    place.column = Some(number(&found, "column"));
    raised.place = Some(place);
    let module = [
        "no required module",
        "is not in std",
        "cannot find package",
        "cannot find module",
    ]
    .iter()
    .any(|word| message.contains(word));
    let kind = if module {
        Kind::MissingModule
    } else {
        Kind::Compile
    };
    Some((
        Trace::new(Language::Go, Weight::Compiler, raised).kind(kind),
        at + 1,
    ))
}

/// esbuild, webpack and those that are built on them: message and place in lines of their own.
fn bundler(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = ESBUILD.captures(text) {
        let message = group(&found, "message");
        let mut raised = Raised::new("", message);
        let place = lines[at + 1..]
            .iter()
            .take(3)
            .find_map(|line| PLACE.captures(&line.text));
        raised.place = place.map(|found| frame("", group(&found, "file"), number(&found, "line")));
        let kind = if message.starts_with("Could not resolve") {
            Kind::MissingModule
        } else {
            Kind::Compile
        };
        return Some((
            Trace::new(Language::JavaScript, Weight::Compiler, raised).kind(kind),
            at + 1,
        ));
    }
    let found = WEBPACK.captures(text)?;
    let mut raised = Raised::new(
        "Error",
        group(&found, "message").trim_start_matches("Error: "),
    );
    let floor = at.saturating_sub(3);
    let near = lines[floor..lines.len().min(at + 3)].iter();
    let place = near
        .clone()
        .find_map(|line| WEBPACK_IN.captures(&line.text))
        .or_else(|| near.clone().find_map(|line| SPOT.captures(&line.text)));
    raised.place = place.map(|found| frame("", group(&found, "file"), number(&found, "line")));
    Some((
        Trace::new(Language::JavaScript, Weight::Compiler, raised).kind(Kind::MissingModule),
        at + 1,
    ))
}

fn linker(text: &str, at: usize) -> Found {
    let found = LINKER.captures(text)?;
    let file = group(&found, "file");
    let mut raised = Raised::new("", group(&found, "message"));
    let line = number(&found, "line");
    raised.place = (!file.is_empty() && !file.ends_with(".o")).then(|| frame("", file, line));
    let language = if super::sanitizers::is_cpp(file) || text.contains("::") || text.contains("()'")
    {
        Language::Cpp
    } else {
        Language::C
    };
    Some((
        Trace::new(language, Weight::Compiler, raised).kind(Kind::Compile),
        at + 1,
    ))
}

/// The end of the compilation that an error belongs to: its other errors are not looked at.
fn rest(lines: &[Line], from: usize) -> usize {
    let mut end = from;
    let mut quiet = 0;
    for (index, line) in lines.iter().enumerate().skip(from).take(2000) {
        let text = line.text.as_str();
        let restarts = text.contains("hange detected")
            || text.contains("ompiling...")
            || text.contains("tarting compilation")
            || text.contains("tarting incremental");
        if restarts {
            break;
        }
        let another = placed(text).is_some()
            || RUSTC.is_match(text)
            || GO.is_match(text)
            || LINKER.is_match(text)
            || ESBUILD.is_match(text);
        quiet = if another { 0 } else { quiet + 1 };
        if another {
            end = index + 1;
        }
        if quiet > 25 {
            break;
        }
    }
    end
}
