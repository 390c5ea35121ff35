//! Which programs are servers and workers of a project, and which are tools that live on by design.

use forge_os::process_table::Stat;

/// Programs that run a project's own code. One of them without a parent is somebody's forgotten server or worker.
const RUNTIMES: [&str; 46] = [
    "air",
    "beam.smp",
    "bin/dev",
    "bun",
    "bundle",
    "caddy",
    "cargo",
    "celery",
    "deno",
    "dotnet",
    "elixir",
    "flask",
    "foreman",
    "go",
    "gunicorn",
    "honcho",
    "hugo",
    "hypercorn",
    "java",
    "jekyll",
    "mix",
    "mongod",
    "mysqld",
    "mariadbd",
    "nginx",
    "next",
    "node",
    "nodejs",
    "nodemon",
    "npm",
    "npx",
    "overmind",
    "php",
    "php-fpm",
    "pnpm",
    "postgres",
    "puma",
    "rails",
    "redis-server",
    "ruby",
    "rackup",
    "sidekiq",
    "uvicorn",
    "vite",
    "webpack",
    "yarn",
];

/// Tools of developers that run behind their backs on purpose, by the kernel's name of them.
const TOOLS: [&str; 32] = [
    "adb",
    "atuin",
    "bazel",
    "buck2d",
    "buildkitd",
    "code",
    "code-server",
    "codium",
    "containerd",
    "dbus-daemon",
    "dockerd",
    "docker-proxy",
    "dtach",
    "emacs",
    "git",
    "gpg-agent",
    "idea",
    "mosh-server",
    "nvim",
    "pasta",
    "rust-analyzer",
    "screen",
    "sccache",
    "ssh",
    "ssh-agent",
    "sshd",
    "tmate",
    "tmux",
    "tmux: server",
    "turbo",
    "watchman",
    "zellij",
];

/// Pieces of the command line by which tools that run on a common runtime are known.
const TOOLS_BY_WORD: [&str; 22] = [
    "GradleDaemon",
    "GradleWrapperMain",
    "KotlinCompileDaemon",
    "org.jetbrains.idea",
    "MSBuild.dll",
    "VBCSCompiler",
    "eslint_d",
    "prettierd",
    "nx/src/daemon",
    "nx/bin/daemon",
    "tsserver",
    "typescript-language-server",
    "language-server",
    "languageserver",
    "vscode-server",
    "cursor-server",
    "extensionHost",
    "jupyter",
    "ipykernel",
    "fsmonitor",
    "watchman",
    "copilot",
];

/// Whether a command line is that of a project's server or worker, even without a port.
pub(super) fn is_server(words: &[String]) -> bool {
    // An interpreter may stand before what matters: `/usr/bin/env node`, `sh -c`.
    let first = words
        .iter()
        .map(|word| base_name(word))
        .find(|word| *word != "env");
    let Some(program) = first else { return false };
    let versioned = |name: &str| {
        let rest = program.strip_prefix(name);
        rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    };
    RUNTIMES.contains(&program) || versioned("python") || versioned("ruby") || versioned("php")
}

/// Whether it is a tool that lives on by design.
pub(super) fn is_tool(stat: &Stat, words: &[String]) -> bool {
    let name = stat.comm.to_text();
    let program = words.first().map_or("", |word| base_name(word));
    let by_word = |word: &String| TOOLS_BY_WORD.iter().any(|tool| word.contains(tool));
    is_forge(stat)
        || TOOLS.contains(&name.as_ref())
        || TOOLS.contains(&program)
        || words.iter().any(by_word)
        || words.iter().any(|word| word == "--stdio")
}

/// Whether it is a part of Forge: those that the caller does not know of are another workspace's.
pub(crate) fn is_forge(stat: &Stat) -> bool {
    let name = stat.comm.to_text();
    name == "forge" || name == "forge-keeper"
}

/// Whether a process is one that adopts those whose parent is gone.
pub(super) fn adopts(stat: &Stat) -> bool {
    const ADOPTERS: [&str; 8] = [
        "systemd",
        "init",
        "tini",
        "dumb-init",
        "docker-init",
        "catatonit",
        "s6-svscan",
        "runit",
    ];
    ADOPTERS.contains(&stat.comm.to_text().as_ref())
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_string).collect()
    }

    fn named(name: &str) -> Stat {
        let text = format!("9 ({name}) S 1 1 1 0 0 0 0 0 0 0 1 1 1 1 0 0 1 0 5 0 1");
        Stat::parse(text.as_bytes()).expect("is a stat")
    }

    #[test]
    fn servers_are_told_from_tools() {
        for line in [
            "node server.js",
            "/usr/bin/python3.11 manage.py runserver",
            "python -m celery worker",
            "/usr/bin/env node x",
            "ruby3.2 bin/rails s",
        ] {
            assert!(is_server(&words(line)), "{line}");
        }
        for line in ["vim x", "sleep 5", "pythonish x", "", "less log"] {
            assert!(!is_server(&words(line)), "{line}");
        }
        for (name, line) in [
            ("tmux: server", "tmux new"),
            ("node", "node /x/eslint_d/bin/server.js"),
            (
                "java",
                "java -cp x org.gradle.launcher.daemon.bootstrap.GradleDaemon 8",
            ),
            ("git", "git fsmonitor--daemon run"),
            ("node", "node /x/vscode-css-language-server --stdio"),
            ("forge", "forge daemon"),
        ] {
            assert!(is_tool(&named(name), &words(line)), "{line}");
        }
        assert!(!is_tool(&named("node"), &words("node server.js")));
    }
}
