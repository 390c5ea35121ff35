//! The JVM: Spring Boot, Quarkus, Micronaut, Ktor, and the build tools that run them.

use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, line_of, upwards, within};
use crate::yaml::Yaml;

/// What marks a framework in a build file; its tasks for Maven and Gradle; its port.
const FRAMEWORKS: [(&str, &str, &str, u16); 8] = [
    ("spring-boot-maven-plugin", "spring-boot:run", "", 8080),
    (
        "org.springframework.boot",
        "spring-boot:run",
        "bootRun",
        8080,
    ),
    ("quarkus-maven-plugin", "quarkus:dev", "", 8080),
    ("io.quarkus", "quarkus:dev", "quarkusDev", 8080),
    ("micronaut-maven-plugin", "mn:run", "", 8080),
    ("io.micronaut", "mn:run", "run", 8080),
    ("io.ktor", "", "run", 8080),
    ("grails", "", "bootRun", 8080),
];

/// Candidates of all builds.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let folders: Vec<&str> = repo.folders().collect();
    for folder in folders {
        found.extend(
            maven(repo, folder)
                .or_else(|| gradle(repo, folder))
                .or_else(|| others(repo, folder)),
        );
    }
    found
}

/// The build files of a folder.
pub(crate) fn build_files(repo: &Repo, folder: &str) -> Vec<String> {
    let names = ["pom.xml", "build.gradle", "build.gradle.kts", "build.sbt"];
    names
        .iter()
        .filter(|name| repo.has(folder, name))
        .map(|name| join(folder, name))
        .collect()
}

fn maven(repo: &Repo, folder: &str) -> Option<Candidate> {
    let path = join(folder, "pom.xml");
    let text = repo.text(&path);
    // A parent of modules starts nothing itself.
    let is_parent = text.contains("<modules>") || text.contains("<packaging>pom</packaging>");
    let (mark, task, ..) = FRAMEWORKS
        .iter()
        .find(|(mark, task, ..)| !task.is_empty() && text.contains(mark))?;
    let serves = !mark.starts_with("org.springframework")
        || text.contains("spring-boot-maven-plugin")
        || text.contains("spring-boot-starter-web");
    if is_parent || !serves || text.contains("<packaging>maven-plugin") {
        return None;
    }
    let top = upwards(folder).find(|folder| repo.has(folder, "mvnw"));
    let (cwd, command) = match top {
        Some(top) if top != folder => {
            let module = if top == "." {
                folder
            } else {
                &folder[top.len() + 1..]
            };
            (top, format!("./mvnw {task} -pl {module}"))
        }
        Some(top) => (top, format!("./mvnw {task}")),
        None => (folder, format!("mvn {task}")),
    };
    let why = Why::line(
        &path,
        line_of(&text, &[mark]),
        &format!("builds with {mark}"),
    );
    Some(web(repo, folder, cwd, &command, why))
}

fn gradle(repo: &Repo, folder: &str) -> Option<Candidate> {
    let name = repo.first(folder, &["build.gradle", "build.gradle.kts"])?;
    let path = join(folder, name);
    let text = repo.text(&path);
    let applied = |mark: &&(&str, &str, &str, u16)| {
        !mark.2.is_empty()
            && text.lines().any(|line| {
                line.contains(mark.0)
                    && !line.contains("apply false")
                    && !line.contains("testImplementation")
            })
    };
    let (mark, _, task, _) = FRAMEWORKS.iter().find(applied)?;
    let run = *task != "run" || text.contains("application");
    let plugin = !mark.starts_with("org.springframework")
        || text.contains("plugins") && !text.contains("java-library");
    if !run || !plugin {
        return None;
    }
    let top = upwards(folder).find(|folder| repo.has(folder, "gradlew"));
    let (cwd, program) = match top {
        Some(top) => (top, "./gradlew"),
        None => (folder, "gradle"),
    };
    let inner = if cwd == "." {
        folder
    } else {
        folder
            .strip_prefix(cwd)
            .unwrap_or(folder)
            .trim_start_matches('/')
    };
    let module = match cwd == folder {
        true => String::new(),
        false => format!(":{}:", inner.replace('/', ":")),
    };
    let why = Why::line(
        &path,
        line_of(&text, &[mark]),
        &format!("builds with {mark}"),
    );
    Some(web(
        repo,
        folder,
        cwd,
        &format!("{program} {module}{task}"),
        why,
    ))
}

fn others(repo: &Repo, folder: &str) -> Option<Candidate> {
    let sbt = repo.text_in(folder, "build.sbt");
    if repo.has(folder, "build.sbt")
        && ["PlayScala", "PlayJava", "play"]
            .iter()
            .any(|word| sbt.contains(word))
    {
        let why = Why::file(&join(folder, "build.sbt"), "a project of Play");
        return Some(web(repo, folder, folder, "sbt run", why).port(9000));
    }
    if ["http4s", "akka-http", "zio-http", "cask"]
        .iter()
        .any(|word| sbt.contains(word))
    {
        let why = Why::file(&join(folder, "build.sbt"), "a server of Scala");
        return Some(web(repo, folder, folder, "sbt run", why).sure(0.75));
    }
    let lein = repo.text_in(folder, "project.clj");
    (lein.contains("ring")).then(|| {
        let why = Why::line(
            &join(folder, "project.clj"),
            line_of(&lein, &["ring"]),
            "a server of Clojure",
        );
        let command = if lein.contains("lein-ring") {
            "lein ring server-headless"
        } else {
            "lein run"
        };
        web(repo, folder, folder, command, why).port(3000).sure(0.8)
    })
}

fn web(repo: &Repo, folder: &str, cwd: &str, command: &str, why: Why) -> Candidate {
    let name = if folder == "." { "app" } else { base(folder) };
    let found = Candidate::new(Source::Framework, Role::Web, cwd, command, why).named(name);
    found.port(port(repo, folder).unwrap_or(8080))
}

/// `server.port` of Spring, `quarkus.http.port`, `ktor.deployment.port`.
fn port(repo: &Repo, folder: &str) -> Option<u16> {
    resources(repo, folder).iter().find_map(|path| {
        let text = repo.text(path);
        if path.ends_with(".properties") {
            let mut values = text.lines().filter_map(|line| {
                let (key, value) = line.split_once('=')?;
                ["server.port", "quarkus.http.port", "micronaut.server.port"]
                    .contains(&key.trim())
                    .then_some(value)
            });
            return number(values.next()?);
        }
        let yaml = Yaml::parse(&text)?;
        let keys: [&[&str]; 5] = [
            &["server", "port"],
            &["quarkus", "http", "port"],
            &["micronaut", "server", "port"],
            &["ktor", "deployment", "port"],
            &["server.port"],
        ];
        keys.iter().find_map(|keys| number(yaml.at(keys)?.text()?))
    })
}

/// `8081`, or `${PORT:8081}`.
fn number(value: &str) -> Option<u16> {
    let value = value.trim();
    let inner = value
        .strip_prefix("${")
        .and_then(|inner| inner.strip_suffix('}'));
    match inner {
        Some(inner) => ports::port(inner.split_once(':')?.1),
        None => ports::port(value),
    }
}

/// Settings of an application of a folder: its own for development before those for all.
pub(crate) fn resources(repo: &Repo, folder: &str) -> Vec<String> {
    let top = join(folder, "src/main/resources");
    let stems = [
        "application-dev",
        "application-local",
        "application",
        "config/application-dev",
        "config/application",
        "bootstrap",
    ];
    let mut found = Vec::new();
    for stem in stems {
        for ending in ["properties", "yml", "yaml"] {
            let path = join(&top, &format!("{stem}.{ending}"));
            if within(&path, folder) && repo.has(".", &path) {
                found.push(path);
            }
        }
    }
    found
}
