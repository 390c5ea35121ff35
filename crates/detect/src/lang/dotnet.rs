//! .NET: projects that serve or work, with the ports of their launch settings.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, line_of, split};

/// A project file.
pub(crate) struct Project {
    pub(crate) path: String,
    pub(crate) folder: String,
    sdk: String,
    /// File names of the projects that it refers to.
    refers: Vec<String>,
    is_test: bool,
    /// Of Aspire: it starts all others and their services.
    pub(crate) is_host: bool,
    is_program: bool,
}

static SDK: LazyLock<Regex> = LazyLock::new(|| ports::pattern(r#"Sdk\s*=\s*"([^"/]+)"#));
static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| ports::pattern(r#"ProjectReference\s+Include\s*=\s*"([^"]+)""#));

impl Project {
    /// All projects of a repository.
    pub(crate) fn all(repo: &Repo) -> Vec<Project> {
        let paths = repo
            .below(".")
            .filter(|path| path.ends_with(".csproj") || path.ends_with(".fsproj"));
        paths.map(|path| Project::read(repo, path)).collect()
    }

    fn read(repo: &Repo, path: String) -> Project {
        let text = repo.text(&path);
        let sdk = SDK
            .captures(&text)
            .and_then(|found| found.get(1))
            .map_or("", |found| found.as_str());
        let refers = REFERENCE
            .captures_iter(&text)
            .filter_map(|found| found.get(1));
        let refers = refers
            .filter_map(|found| found.as_str().rsplit(['\\', '/']).next())
            .map(str::to_string);
        let (folder, name) = split(&path);
        Project {
            folder: folder.to_string(),
            sdk: sdk.to_string(),
            refers: refers.collect(),
            is_test: text.contains("Microsoft.NET.Test.Sdk")
                || name.to_lowercase().contains("test"),
            is_host: text.contains("Aspire.AppHost") || text.contains("IsAspireHost>true"),
            is_program: text.contains("<OutputType>Exe") || text.contains("<OutputType>WinExe"),
            path: path.clone(),
        }
    }
}

/// Candidates of all projects.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let projects: Vec<Project> = Project::all(repo)
        .into_iter()
        .filter(|one| !one.is_test)
        .collect();
    // Aspire's host starts all others.
    if let Some(host) = projects.iter().find(|one| one.is_host) {
        return vec![candidate(repo, host, Role::Web).sure(0.95)];
    }
    let served_by = |one: &Project| {
        projects.iter().any(|other| {
            other.sdk.ends_with(".Web") && other.refers.iter().any(|name| *name == base(&one.path))
        })
    };
    let found = projects.iter().filter_map(|one| match one.sdk.as_str() {
        "Microsoft.NET.Sdk.Web" => Some(candidate(repo, one, Role::Web)),
        // Where a server refers to it, that server serves it.
        "Microsoft.NET.Sdk.BlazorWebAssembly" if !served_by(one) => {
            Some(candidate(repo, one, Role::Web).sure(0.8))
        }
        "Microsoft.NET.Sdk.Worker" => Some(candidate(repo, one, Role::Worker)),
        "Microsoft.NET.Sdk"
            if one.is_program && base(&one.path).to_lowercase().contains("worker") =>
        {
            Some(candidate(repo, one, Role::Worker).sure(0.6))
        }
        _ => None,
    });
    found.collect()
}

fn candidate(repo: &Repo, one: &Project, role: Role) -> Candidate {
    let text = repo.text(&one.path);
    let why = Why::line(
        &one.path,
        line_of(&text, &["Sdk="]),
        &format!("a project of {}", one.sdk),
    );
    let name = base(&one.path)
        .rsplit_once('.')
        .map_or("web", |(name, _)| name);
    let name = name.rsplit('.').next().unwrap_or(name).to_lowercase();
    let found = Candidate::new(Source::Framework, role, &one.folder, "dotnet run", why);
    let port = match role {
        Role::Web => Some(port(repo, &one.folder).unwrap_or(5000)),
        Role::Assets | Role::Worker | Role::Docs => None,
    };
    found.named(&name).port(port).sure(0.9)
}

/// The first address of the first profile that `dotnet run` would take.
fn port(repo: &Repo, folder: &str) -> Option<u16> {
    let path = join(folder, "Properties/launchSettings.json");
    let text = repo.text(&path);
    let json: Value = serde_json::from_str(&text).ok()?;
    let profiles = json["profiles"].as_object()?;
    let mut fitting: Vec<(&String, &str)> = profiles
        .iter()
        .filter(|(_, profile)| profile["commandName"] == "Project")
        .filter_map(|(name, profile)| Some((name, profile["applicationUrl"].as_str()?)))
        .collect();
    // In the order of the file, which a map has lost.
    fitting.sort_by_key(|(name, _)| text.find(&format!("\"{name}\"")));
    let (_, addresses) = fitting.first()?;
    let first = addresses.split(';').next()?;
    ports::port(first.trim_end_matches('/').rsplit(':').next()?)
}
