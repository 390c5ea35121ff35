//! Which runtime a command line begins, and what of a debugger it says itself.

/// A runtime that Forge knows how to debug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    Node,
    Bun,
    Deno,
    Python,
    Go,
    Rust,
    Jvm,
    /// A build tool that starts virtual machines.
    JvmTool,
    Ruby,
    Dotnet,
}

impl Runtime {
    /// The port on which its debugger waits by habit.
    pub(crate) fn port(self) -> Option<u16> {
        match self {
            Runtime::Node | Runtime::Bun | Runtime::Deno => Some(9229),
            Runtime::Python => Some(5678),
            Runtime::Jvm => Some(5005),
            Runtime::Ruby => Some(12345),
            Runtime::JvmTool | Runtime::Go | Runtime::Rust | Runtime::Dotnet => None,
        }
    }
}

/// The runtime that a command line begins.
pub(crate) fn runtime_of(command: &str) -> Option<Runtime> {
    words(command).find_map(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        by_name(name).or_else(|| by_ending(name))
    })
}

fn words(command: &str) -> impl Iterator<Item = &str> {
    command
        .split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')'))
        .filter(|word| !word.is_empty() && !word.contains('='))
}

fn by_name(name: &str) -> Option<Runtime> {
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    Some(match base {
        "node" | "npm" | "npx" | "pnpm" | "pnpx" | "yarn" | "tsx" | "ts-node" | "ts-node-dev"
        | "tsnd" | "nodemon" | "next" | "vite" | "nest" | "nuxt" | "nuxi" | "astro" | "remix"
        | "ng" | "gatsby" | "webpack" | "react-scripts" | "vue-cli-service" | "strapi"
        | "storybook" | "turbo" | "nx" | "wrangler" | "electron" | "concurrently" => Runtime::Node,
        "bun" | "bunx" => Runtime::Bun,
        "deno" => Runtime::Deno,
        "python" | "uvicorn" | "gunicorn" | "hypercorn" | "daphne" | "flask" | "fastapi"
        | "django-admin" | "celery" | "streamlit" | "poetry" | "uv" | "pipenv" | "pdm" => {
            Runtime::Python
        }
        "go" | "air" => Runtime::Go,
        "cargo" => Runtime::Rust,
        "java" | "kotlin" | "scala" => Runtime::Jvm,
        "mvn" | "mvnw" | "gradle" | "gradlew" | "sbt" | "quarkus" | "lein" => Runtime::JvmTool,
        "ruby" | "bundle" | "rails" | "rake" | "puma" | "sidekiq" | "rackup" => Runtime::Ruby,
        "dotnet" => Runtime::Dotnet,
        _ => return None,
    })
}

/// `./server.mjs`, `./manage.py`.
fn by_ending(name: &str) -> Option<Runtime> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "js" | "mjs" | "cjs" | "ts" | "mts" => Runtime::Node,
        "py" => Runtime::Python,
        "rb" => Runtime::Ruby,
        "jar" => Runtime::Jvm,
        _ => return None,
    })
}

/// The port of the debugger that a command line asks for itself, if it does.
pub(crate) fn asked_for(command: &str) -> Option<u16> {
    let inspect = ["--inspect-brk", "--inspect-wait", "--inspect"]
        .iter()
        .find_map(|option| {
            let (_, rest) = command.split_once(option)?;
            match rest.chars().next() {
                Some('=') => port_at(&rest[1..]),
                None => Some(9229),
                Some(c) if c.is_whitespace() => Some(9229),
                Some(_) => None,
            }
        });
    let debugpy = || {
        let (_, rest) = command.split_once("debugpy")?;
        let (_, rest) = rest.split_once("--listen")?;
        port_at(rest.trim_start_matches(['=', ' ']))
    };
    let jdwp = || {
        let (_, rest) = command.split_once("jdwp")?;
        let (_, rest) = rest.split_once("address=")?;
        port_at(rest)
    };
    inspect.or_else(debugpy).or_else(jdwp)
}

/// `127.0.0.1:5678`, `*:5005` or `9230`, up to the end of the word.
fn port_at(text: &str) -> Option<u16> {
    let end = |c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\'');
    let word = text.split(end).next()?;
    word.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_is_known_by_the_command() {
        for (command, runtime) in [
            ("npm run dev", Some(Runtime::Node)),
            ("NODE_ENV=x /usr/bin/node server.js", Some(Runtime::Node)),
            ("cd api && python3.11 -m flask run", Some(Runtime::Python)),
            ("./manage.py runserver", Some(Runtime::Python)),
            ("./gradlew bootRun", Some(Runtime::JvmTool)),
            ("java -jar app.jar", Some(Runtime::Jvm)),
            ("bun --hot src/index.ts", Some(Runtime::Bun)),
            ("redis-server ./redis.conf", None),
            ("", None),
        ] {
            assert_eq!(runtime_of(command), runtime, "{command}");
        }
    }

    #[test]
    fn a_debugger_that_the_command_asks_for_is_seen() {
        for (command, port) in [
            ("node --inspect server.js", Some(9229)),
            ("node --inspect-brk=0.0.0.0:9300 server.js", Some(9300)),
            ("next dev --inspector", None),
            ("python -m debugpy --listen 5679 app.py", Some(5679)),
            (
                "java -agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5006 -jar a.jar",
                Some(5006),
            ),
            ("node server.js", None),
        ] {
            assert_eq!(asked_for(command), port, "{command}");
        }
    }
}
