//! Go: the main packages of a module that serve.

use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::procfile;
use crate::repo::{Repo, base, join, split, within};

/// Modules that serve or are served with: frameworks first, then what tools use as well.
const SERVERS: [&str; 34] = [
    "gin-gonic/gin",
    "labstack/echo",
    "gofiber/fiber",
    "go-chi/chi",
    "gorilla/mux",
    "julienschmidt/httprouter",
    "beego/beego",
    "kataras/iris",
    "danielgtaylor/huma",
    "go-kratos/kratos",
    "zeromicro/go-zero",
    "go-micro.dev",
    "gobuffalo/buffalo",
    "revel/revel",
    "emicklei/go-restful",
    "99designs/gqlgen",
    "graph-gophers/graphql-go",
    "pocketbase/pocketbase",
    "go-kit/kit",
    "uptrace/bunrouter",
    "hertz",
    "encore.dev",
    "twitchtv/twirp",
    "go-fuego/fuego",
    "goravel/framework",
    "google.golang.org/grpc",
    "valyala/fasthttp",
    "a-h/templ",
    "gorilla/websocket",
    "gorilla/sessions",
    "grpc-ecosystem/grpc-gateway",
    "prometheus/client_golang",
    "swaggo/http-swagger",
    "connectrpc.com/connect",
];
/// How many of these are frameworks.
const FRAMEWORKS: usize = 25;
/// Modules by which a program talks to a database: a sign of a server where nothing else is known.
const STORES: [&str; 6] = [
    "lib/pq",
    "jackc/pgx",
    "go-sql-driver/mysql",
    "gorm.io/",
    "mongo-driver",
    "redis/go-redis",
];
/// Programs for the command line.
const TOOLS: [&str; 4] = [
    "spf13/cobra",
    "urfave/cli",
    "alecthomas/kong",
    "charmbracelet/bubbletea",
];
/// Main packages that serve, the likeliest first, and those that work beside them.
const MAIN: [&str; 14] = [
    "server",
    "api",
    "web",
    "http",
    "app",
    "httpd",
    "httpserver",
    "rest",
    "main",
    "backend",
    "service",
    "gateway",
    "grpc",
    "serve",
];
const WORKERS: [&str; 5] = ["worker", "consumer", "scheduler", "cron", "jobs"];
const ASIDE: [&str; 14] = [
    "migrat", "seed", "cli", "ctl", "tool", "gen", "test", "client", "script", "lambda", "bench",
    "example", "dump", "admin",
];

/// Candidates of all modules.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let folders = repo.with("go.mod");
    let mut found = Vec::new();
    for folder in &folders {
        let inner: Vec<&String> = folders
            .iter()
            .filter(|other| *other != folder && within(other, folder))
            .collect();
        module(repo, folder, &inner, &mut found);
    }
    found
}

/// Modules that a `go.mod` asks for directly, with their lines.
pub(crate) fn requires(repo: &Repo, folder: &str) -> Vec<(String, usize)> {
    let text = repo.text_in(folder, "go.mod");
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.contains("// indirect"));
    lines
        .filter_map(|(at, line)| {
            let line = line.trim().trim_start_matches("require ");
            let (name, version) = line.split_once(' ')?;
            (name.contains('.') && version.trim().starts_with('v'))
                .then(|| (name.to_string(), at + 1))
        })
        .collect()
}

fn module(repo: &Repo, folder: &str, inner: &[&String], found: &mut Vec<Candidate>) {
    let Some(module) = Module::read(repo, folder, inner) else {
        return;
    };
    let before = found.len();
    match repo.first(folder, &[".air.toml", ".air.conf", "air.toml"]) {
        Some(file) if module.evident || !module.mains.is_empty() => found.push(module.air(file)),
        _ => found.extend(module.servers()),
    }
    if found.len() > before {
        found.extend(module.workers());
    }
}

/// A module with what speaks for it.
struct Module<'a> {
    repo: &'a Repo,
    folder: &'a str,
    required: Vec<(String, usize)>,
    mains: Vec<String>,
    /// Whether more than a name tells that it serves.
    evident: bool,
    why: Why,
}

impl<'a> Module<'a> {
    /// The module of a folder; `None` where it is a tool or a library.
    fn read(repo: &'a Repo, folder: &'a str, inner: &[&String]) -> Option<Module<'a>> {
        let required = requires(repo, folder);
        let asks = |names: &[&str]| {
            let named = |path: &str| names.iter().any(|name| path.contains(name));
            required.iter().find(|(path, _)| named(path)).cloned()
        };
        let path = join(folder, "go.mod");
        let procfile = join(folder, "Procfile");
        let entries = procfile::entries(repo, &procfile);
        let declared = entries.into_iter().find(|entry| entry.name == "web");
        let server = asks(&SERVERS).or(asks(&STORES));
        let why = match (&server, &declared) {
            (_, Some(entry)) => Why::line(
                &procfile,
                entry.line,
                "`web` of the Procfile is this program",
            ),
            (Some((name, line)), None) => Why::line(&path, *line, &format!("requires {name}")),
            (None, None) => Why::file(&path, "a module of Go that serves"),
        };
        let contained = repo.has(folder, "fly.toml") || repo.has(folder, "app.json");
        let tool =
            asks(&TOOLS).is_some() && asks(&SERVERS[..FRAMEWORKS]).is_none() && declared.is_none();
        let module = Module {
            repo,
            folder,
            mains: mains(repo, folder, inner),
            evident: server.is_some() || declared.is_some() || contained,
            why,
            required,
        };
        let serves = module.mains.iter().any(|main| module.listens(main));
        (!tool || serves).then_some(module)
    }

    fn source(&self, main: &str) -> std::rc::Rc<str> {
        self.repo.text_in(self.folder, &join(main, "main.go"))
    }

    fn listens(&self, main: &str) -> bool {
        let text = self.source(main);
        let calls = ["ListenAndServe", "net.Listen", "http.Serve"];
        calls.iter().any(|call| text.contains(call))
    }

    fn port(&self, main: &str) -> u16 {
        ports::of_environment(self.repo, &[self.folder])
            .or_else(|| ports::in_source(&self.source(main)))
            .or_else(|| crate::settings::port(self.repo, self.folder))
            .unwrap_or(usual(&self.required))
    }

    fn web(&self, main: &str, command: &str) -> Candidate {
        let named = match (base(main), self.folder) {
            (".", ".") => "web",
            (".", folder) => base(folder),
            (name, _) => name,
        };
        let found = Candidate::new(
            Source::Framework,
            Role::Web,
            self.folder,
            command,
            self.why.clone(),
        );
        found.port(self.port(main)).named(named)
    }

    fn air(&self, file: &str) -> Candidate {
        let main = self.mains.first().map(String::as_str).unwrap_or(".");
        let command = match file {
            ".air.toml" => "air".to_string(),
            file => format!("air -c {file}"),
        };
        let mut found = self.web(main, &command).sure(0.9);
        let path = join(self.folder, file);
        found.why = Why::file(&path, "air rebuilds and restarts it on every change");
        found
    }

    fn servers(&self) -> Vec<Candidate> {
        let serves = |main: &&String| {
            let name = base(main);
            (self.evident || self.listens(main) || MAIN[..6].contains(&name))
                && !aside(name)
                && !WORKERS.contains(&name)
        };
        let serving: Vec<&String> = self.mains.iter().filter(serves).collect();
        let chosen = chosen(&serving, self.folder, self.repo).into_iter();
        chosen
            .map(|main| match main {
                "." => self.web(main, "go run ."),
                main => self.web(main, &format!("go run ./{main}")),
            })
            .collect()
    }

    fn workers(&self) -> Vec<Candidate> {
        let mains = self
            .mains
            .iter()
            .filter(|main| WORKERS.contains(&base(main)));
        mains
            .map(|main| {
                let place = join(self.folder, main);
                let why = Why::file(
                    &place,
                    "a program of this module that works in the background",
                );
                let command = format!("go run ./{main}");
                let found =
                    Candidate::new(Source::Framework, Role::Worker, self.folder, &command, why);
                found.named(base(main)).sure(0.75)
            })
            .collect()
    }
}

fn aside(name: &str) -> bool {
    ASIDE.iter().any(|word| name.contains(word))
}

/// Of several programs, those that serve by their names; all where the names tell nothing.
fn chosen<'a>(serving: &[&'a String], folder: &str, repo: &Repo) -> Vec<&'a str> {
    if let Some(top) = serving.iter().find(|main| main.as_str() == ".") {
        return vec![top.as_str()];
    }
    let text = repo.text_in(folder, "go.mod");
    let module = text
        .lines()
        .find_map(|line| line.strip_prefix("module "))
        .unwrap_or_default();
    let mut parts = module.trim().rsplit('/');
    let last = parts.next().unwrap_or_default();
    let module = if last.starts_with('v') && last.len() < 4 {
        parts.next().unwrap_or_default()
    } else {
        last
    };
    let known: Vec<&str> = serving
        .iter()
        .map(|main| main.as_str())
        .filter(|main| {
            let name = base(main);
            MAIN.iter().any(|word| {
                name == *word
                    || name.ends_with(&format!("-{word}"))
                    || name.ends_with(&format!("_{word}"))
                    || name.ends_with("service")
                    || name.ends_with("server")
                    || name.ends_with("api")
            })
        })
        .collect();
    let own: Vec<&str> = serving
        .iter()
        .map(|main| main.as_str())
        .filter(|main| base(main) == module)
        .collect();
    match (known.is_empty(), own.is_empty()) {
        (false, _) => known,
        (true, false) => own,
        (true, true) if serving.len() == 1 => vec![serving[0].as_str()],
        (true, true) => Vec::new(),
    }
}

/// Folders of main packages, relative to their module: its top, `cmd/*`, and folders of a `main.go`.
fn mains(repo: &Repo, folder: &str, inner: &[&String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for path in repo.below(folder).filter(|path| path.ends_with(".go")) {
        let (place, name) = split(&path);
        let own = !inner.iter().any(|other| within(place, other));
        let relative = match folder {
            "." => place.to_string(),
            folder if place == folder => ".".to_string(),
            folder => place[folder.len() + 1..].to_string(),
        };
        let (above, _) = split(&relative);
        let is_main = name == "main.go" || base(above) == "cmd" || relative == "cmd";
        let shallow = relative.matches('/').count() <= 2
            && !relative
                .split('/')
                .any(|part| ["internal", "pkg", "scripts", "hack", "_examples"].contains(&part));
        if own && is_main && shallow && !name.ends_with("_test.go") && !found.contains(&relative) {
            found.push(relative);
        }
    }
    // `cmd/*.go` beside `cmd/x/main.go` is a library of commands.
    if found.len() > 1 {
        found.retain(|one| one != "cmd" || repo.has(folder, "cmd/main.go"));
    }
    let rank = |main: &String| {
        MAIN.iter()
            .position(|name| *name == base(main))
            .unwrap_or(MAIN.len())
    };
    found.sort_by_key(|main| (main != ".", rank(main), main.clone()));
    found
}

fn usual(required: &[(String, usize)]) -> u16 {
    let asks = |name: &str| required.iter().any(|(path, _)| path.contains(name));
    match () {
        () if asks("gofiber/fiber") => 3000,
        () if asks("pocketbase/pocketbase") => 8090,
        () => 8080,
    }
}
