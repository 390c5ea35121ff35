//! Whose code a frame is: the user's own, or a runtime's or a library's. Knowledge about where
//! runtimes and package managers put things, as data.

use crate::place::Ground;
use crate::report::{Frame, Language};

/// Parts of paths below which nobody writes code of their own.
const FOREIGN_PARTS: [&str; 39] = [
    "/node_modules/",
    "/.pnpm/",
    "/.yarn/cache/",
    "/.yarn/__virtual__/",
    "/.pnp.",
    "/site-packages/",
    "/dist-packages/",
    "/.venv/",
    "/venv/",
    "/.tox/",
    "/.pyenv/",
    "/.cargo/registry/",
    "/.cargo/git/",
    "/rustc/",
    "/.rustup/",
    "/go/pkg/mod/",
    "/pkg/mod/",
    "/golang.org/toolchain@",
    "/usr/lib/",
    "/usr/lib64/",
    "/usr/share/",
    "/usr/include/",
    "/usr/local/go/",
    "/usr/local/lib/",
    "/usr/local/bin/",
    "/usr/bin/",
    "/opt/homebrew/",
    "/nix/store/",
    "/gems/",
    "/.rbenv/",
    "/.rvm/",
    "/sysdeps/",
    "/csu/",
    "/libsanitizer/",
    "/libstdc++-v3/",
    "/compiler-rt/",
    "/.cache/deno/",
    "/.m2/",
    "/.gradle/",
];

/// Beginnings of what is no path in anybody's folder.
const FOREIGN_STARTS: [&str; 20] = [
    "<",
    "(eval",
    "[eval",
    "[stdin",
    "[internal",
    "[native",
    "node:",
    "bun:",
    "deno:",
    "ext:",
    "internal/",
    "internal:",
    "native:",
    "wasm://",
    "http://",
    "https://",
    "jsr:",
    "npm:",
    "-e",
    "/_/",
];

/// Go packages of the standard library, by the first part of their names.
const GO_STD: &str = " archive bufio builtin bytes cmp compress container context crypto database \
    debug embed encoding errors expvar flag fmt go hash html image index internal io iter log maps \
    math mime net os path plugin reflect regexp runtime slices sort strconv strings structs sync \
    syscall testing text time unicode unique unsafe vendor weak ";

/// Packages of the JVM's world that are libraries.
const JVM_FOREIGN: [&str; 62] = [
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "clojure.",
    "org.codehaus.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.eclipse.",
    "org.jboss.",
    "org.jetbrains.",
    "org.junit.",
    "org.gradle.",
    "org.slf4j.",
    "org.postgresql.",
    "org.mariadb.",
    "org.h2.",
    "org.hsqldb.",
    "org.flywaydb.",
    "org.yaml.",
    "org.mockito.",
    "org.testng.",
    "org.glassfish.",
    "org.aspectj.",
    "org.thymeleaf.",
    "org.mongodb.",
    "org.bson.",
    "org.elasticsearch.",
    "org.quartz-scheduler.",
    "org.quartz.",
    "org.redisson.",
    "io.netty.",
    "io.micronaut.",
    "io.quarkus.",
    "io.smallrye.",
    "io.vertx.",
    "io.ktor.",
    "io.grpc.",
    "io.lettuce.",
    "io.micrometer.",
    "io.reactivex.",
    "reactor.",
    "rx.",
    "akka.",
    "play.",
    "ch.qos.",
    "com.fasterxml.",
    "com.google.",
    "com.zaxxer.",
    "com.mysql.",
    "com.mongodb.",
    "com.netflix.",
    "liquibase.",
    "okhttp3.",
    "redis.clients.",
];

/// Namespaces of .NET's world that are libraries.
const DOTNET_FOREIGN: [&str; 22] = [
    "System.",
    "Microsoft.",
    "Interop.",
    "MS.",
    "Internal.",
    "Mono.",
    "Npgsql.",
    "Newtonsoft.",
    "Dapper.",
    "MediatR.",
    "Serilog.",
    "AutoMapper.",
    "Grpc.",
    "StackExchange.",
    "Polly.",
    "NLog.",
    "Xunit.",
    "NUnit.",
    "MySql.",
    "MongoDB.",
    "RabbitMQ.",
    "(wrapper ",
];

/// Applications of Erlang's world that are libraries.
const BEAM_FOREIGN: &str = " elixir stdlib kernel logger mix iex ex_unit eex erts compiler crypto ssl \
    inets sasl runtime_tools public_key asn1 mnesia os_mon tools phoenix phoenix_html phoenix_ecto \
    phoenix_live_view phoenix_live_reload phoenix_live_dashboard phoenix_pubsub phoenix_template plug \
    plug_cowboy plug_crypto bandit thousand_island websock websock_adapter ecto ecto_sql ecto_sqlite3 \
    db_connection postgrex myxql tds decimal telemetry telemetry_metrics telemetry_poller cowboy \
    cowlib ranch jason poison oban gen_stage flow broadway finch mint castore nimble_pool \
    nimble_options req tesla hackney httpoison absinthe swoosh gettext expo esbuild tailwind redix \
    quantum horde libcluster swarm cachex nebulex guardian joken bcrypt_elixir argon2_elixir credo \
    dialyxir file_system rebar rebar3 hex ";

/// Marks the frames that are the user's own.
pub(crate) fn mark(language: Option<Language>, frames: &mut [Frame], ground: Ground<'_>) {
    for frame in frames {
        frame.application = is_own(language, frame, ground);
    }
}

/// Whether a path is of the user's own code, as far as a path can tell.
pub(crate) fn is_own_path(language: Option<Language>, file: &str, ground: Ground<'_>) -> bool {
    let plain = crate::place::plain(file).replace('\\', "/");
    // A workspace may itself lie where nobody else's would.
    let inner = [ground.workspace, ground.cwd]
        .into_iter()
        .flatten()
        .find_map(|root| {
            plain
                .strip_prefix(&*root.to_string_lossy())
                .map(str::to_owned)
        });
    let path = inner.unwrap_or(plain);
    if path.is_empty() || FOREIGN_STARTS.iter().any(|start| path.starts_with(start)) {
        return false;
    }
    let rooted = if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    };
    if FOREIGN_PARTS.iter().any(|part| rooted.contains(part)) {
        return false;
    }
    let Some(language) = language else {
        return true;
    };
    match language {
        Language::Go => !rooted.contains("/vendor/") && !is_go_tree(&rooted),
        Language::Php => !rooted.contains("/vendor/"),
        Language::Ruby => !["/vendor/", "/lib/ruby/"]
            .iter()
            .any(|part| rooted.contains(part)),
        Language::Python => {
            let lower = rooted.to_ascii_lowercase();
            let script = lower.contains("/bin/") && !lower.ends_with(".py");
            let library = lower.contains("/python3") && lower.contains("/lib/");
            let parts = ["/lib/python", ".egg/"]
                .iter()
                .any(|part| lower.contains(part));
            !(script || library || parts)
        }
        Language::Perl => !rooted.contains("/perl5/") && !rooted.contains("/perl/5"),
        Language::Elixir => !rooted.starts_with("/deps/") && !rooted.starts_with("/nofile"),
        Language::Rust => {
            !rooted.contains("/library/std/src/") && !rooted.contains("/library/core/src/")
        }
        Language::C | Language::Cpp => {
            !rooted.starts_with("/../") && !rooted.starts_with("/build/glibc")
        }
        Language::JavaScript
        | Language::TypeScript
        | Language::Java
        | Language::Kotlin
        | Language::Dotnet
        | Language::Shell => true,
    }
}

fn is_own(language: Option<Language>, frame: &Frame, ground: Ground<'_>) -> bool {
    let function = frame.function.as_deref().unwrap_or("");
    match language {
        Some(Language::Java | Language::Kotlin) => {
            let class = function
                .rsplit_once('/')
                .map_or(function, |(_, class)| class);
            let generated = class.contains("$$") || class.contains("$Proxy");
            let known = frame.file.as_deref().is_some_and(|file| file.contains('.'));
            known && !generated && !JVM_FOREIGN.iter().any(|start| class.starts_with(start))
        }
        Some(Language::Dotnet) => {
            let foreign = DOTNET_FOREIGN
                .iter()
                .any(|start| function.starts_with(start));
            let path = frame.file.as_deref();
            !foreign
                && !function.is_empty()
                && path.is_none_or(|file| is_own_path(language, file, ground))
        }
        Some(Language::Go) => {
            let file = frame.file.as_deref().unwrap_or("");
            !is_go_std(function, file) && is_own_path(language, file, ground)
        }
        Some(Language::Elixir) => {
            let (app, _) = elixir_app(function);
            let file = frame.file.as_deref().unwrap_or("");
            !app.is_some_and(|app| BEAM_FOREIGN.contains(&format!(" {app} ")))
                && file.contains('.')
                && is_own_path(language, file, ground)
                && !is_dependency(app, ground)
        }
        None
        | Some(
            Language::Rust
            | Language::JavaScript
            | Language::TypeScript
            | Language::Python
            | Language::Ruby
            | Language::Php
            | Language::Perl
            | Language::Cpp
            | Language::C
            | Language::Shell,
        ) => {
            let file = frame.file.as_deref();
            file.is_some_and(|file| is_own_path(language, file, ground))
        }
    }
}

/// The application that a frame of Elixir names before its function, and the function.
pub(crate) fn elixir_app(function: &str) -> (Option<&str>, &str) {
    match function
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(") "))
    {
        Some((app, function)) => (app.split(' ').next(), function),
        None => (None, function),
    }
}

fn is_dependency(app: Option<&str>, ground: Ground<'_>) -> bool {
    let roots = [ground.cwd, ground.workspace].into_iter().flatten();
    app.is_some_and(|app| {
        roots
            .into_iter()
            .any(|root| root.join("deps").join(app).is_dir())
    })
}

/// Whether a path lies in a tree of Go's own, wherever that was unpacked.
fn is_go_tree(path: &str) -> bool {
    path.match_indices("/src/").any(|(at, _)| {
        let root = path[..at].rsplit('/').next().unwrap_or("");
        let std = path[at + 5..].split('/').next().unwrap_or("");
        let named = root == "go"
            || root.starts_with("go-1")
            || root.starts_with("go1")
            || root == "libexec";
        named && GO_STD.contains(&format!(" {std} "))
    })
}

/// Whether a function belongs to Go's standard library: its package is one, and its file lies in a
/// folder of that name. A user's own `log` package is `example.com/shop/log`.
fn is_go_std(function: &str, file: &str) -> bool {
    if matches!(function, "panic" | "throw")
        || file.contains("_testmain.go")
        || file.contains("_cgo_")
    {
        return true;
    }
    let after = function.rfind('/').map_or(0, |at| at + 1);
    let package = match function[after..].find('.') {
        Some(dot) => &function[..after + dot],
        None => return false,
    };
    let first = package.split('/').next().unwrap_or("");
    if !GO_STD.contains(&format!(" {first} ")) {
        return false;
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder == package || folder.ends_with(&format!("/src/{package}"))
}
