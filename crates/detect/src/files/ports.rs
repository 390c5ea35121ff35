//! Ports that files say: environments, configurations of bundlers, code.

use std::sync::LazyLock;

use regex::Regex;

use super::env::variables;
use crate::repo::Repo;

/// Variables that name the port of a server, the most common first.
const NAMES: [&str; 12] = [
    "PORT",
    "APP_PORT",
    "SERVER_PORT",
    "HTTP_PORT",
    "API_PORT",
    "WEB_PORT",
    "BACKEND_PORT",
    "DEV_PORT",
    "DEV_SERVER_PORT",
    "HTTP_SERVER_PORT",
    "LISTEN_PORT",
    "SERVICE_PORT",
];
const ADDRESSES: [&str; 6] = [
    "LISTEN_ADDR",
    "HTTP_ADDR",
    "SERVER_ADDR",
    "ADDR",
    "BIND",
    "SERVER_ADDRESS",
];

/// The port that the environment files of these folders say.
pub(crate) fn of_environment(repo: &Repo, folders: &[&str]) -> Option<u16> {
    folders.iter().find_map(|folder| {
        let variables = variables(repo, folder);
        let value = |name: &str| {
            variables
                .iter()
                .find(|one| one.name == name)
                .map(|one| one.value.as_str())
        };
        let number = NAMES.iter().find_map(|name| port(value(name)?));
        number.or_else(|| {
            ADDRESSES
                .iter()
                .find_map(|name| port(value(name)?.rsplit(':').next()?))
        })
    })
}

/// The port in the configuration of the bundler that a command calls.
pub(crate) fn of_bundler(repo: &Repo, folder: &str, command: &str) -> Option<u16> {
    static SERVER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?s)\b(?:server|devServer)['\x22]?\s*:\s*\{.{0,600}?\bport['\x22]?\s*:\s*(?:Number\(|parseInt\()?[^,\n}]{0,60}?(\d{2,5})\b",
        )
    });
    let program = command.split_whitespace().next().unwrap_or_default();
    let configs: &[&str] = match program {
        "vite" | "react-router" | "remix" | "svelte-kit" | "vinxi" | "qwik" => &["vite.config"],
        "astro" => &["astro.config"],
        "nuxt" | "nuxi" => &["nuxt.config"],
        "webpack" | "webpack-dev-server" => &["webpack.config"],
        "rsbuild" => &["rsbuild.config"],
        "ng" => &["angular"],
        _ => return None,
    };
    let endings = ["ts", "js", "mts", "mjs", "cjs", "dev.js", "json"];
    let said = configs.iter().find_map(|config| {
        endings.iter().find_map(|ending| {
            let text = repo.text_in(folder, &format!("{config}.{ending}"));
            let pattern: &Regex = match *config {
                "angular" => &ANGULAR,
                _ => &SERVER,
            };
            port(pattern.captures(&text)?.get(1)?.as_str())
        })
    });
    let vite = || {
        let variables = variables(repo, folder);
        let top = self::variables(repo, ".");
        let all = variables.iter().chain(&top);
        let mut named =
            all.filter(|one| one.name.starts_with("VITE_") && one.name.ends_with("PORT"));
        let named = named.find(|one| {
            !["API", "BACKEND", "SERVER", "HMR", "WS", "DB"]
                .iter()
                .any(|word| one.name.contains(word))
        });
        port(&named?.value)
    };
    said.or_else(|| (program == "vite").then(vite).flatten())
}

static ANGULAR: LazyLock<Regex> = LazyLock::new(|| pattern(r#""port"\s*:\s*(\d{2,5})"#));

/// The port in the file of JavaScript or TypeScript that a command runs.
pub(crate) fn of_code(repo: &Repo, folder: &str, command: &str) -> Option<u16> {
    let file = command.split_whitespace().find(|word| {
        [".js", ".ts", ".mjs", ".cjs", ".tsx"]
            .iter()
            .any(|end| word.ends_with(end))
    })?;
    in_source(&repo.text_in(folder, file))
}

/// The port that code listens on, as far as it stands there as a number.
pub(crate) fn in_source(text: &str) -> Option<u16> {
    static SOURCES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        [
            r#"(?i)\bport\b['"\])]*\s*(?:\|\||\?\?|,|or)\s*['"]?(\d{4,5})\b"#,
            r"\.listen\(\s*(\d{2,5})\b",
            r#"(?i)\b(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\])[:"',)\s]{1,4}(\d{4,5})\b"#,
            r#"["']:(\d{4,5})["']"#,
            r"\[\s*(?:0|127)\s*,\s*0\s*,\s*0\s*,\s*[01]\s*\]\s*,\s*(\d{4,5})\b",
            r"(?i)\bport\s*(?::\s*\w+\s*)?[:=]\s*(\d{4,5})\b",
        ]
        .iter()
        .map(|text| pattern(text))
        .collect()
    });
    SOURCES
        .iter()
        .find_map(|source| port(source.captures(text)?.get(1)?.as_str()))
}

pub(crate) fn port(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(|port| *port > 0)
}

/// A pattern of this program; one that is wrong matches nothing, and a test finds it.
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|_| NOTHING.clone())
}

static NOTHING: LazyLock<Regex> = LazyLock::new(|| match Regex::new("$^x") {
    Ok(regex) => regex,
    Err(error) => unreachable!("{error}"),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_in_code_are_found() {
        for (text, expected) in [
            ("const port = process.env.PORT || 4000", Some(4000)),
            ("app.listen(8081)", Some(8081)),
            ("TcpListener::bind(\"0.0.0.0:3030\")", Some(3030)),
            (".bind((\"127.0.0.1\", 8088))", Some(8088)),
            ("SocketAddr::from(([127, 0, 0, 1], 3005))", Some(3005)),
            ("http.ListenAndServe(\":9090\", nil)", Some(9090)),
            ("app.run(host='0.0.0.0', port=5050)", Some(5050)),
            ("os.environ.get('PORT', 5001)", Some(5001)),
            ("nothing here", None),
        ] {
            assert_eq!(in_source(text), expected, "{text}");
        }
    }
}
