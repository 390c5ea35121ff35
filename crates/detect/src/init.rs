//! A detection as `.forge/processes.yml`: entries with their reasons, that start as they stand.

use crate::model::{Detection, Process, Service};

/// The text of the file.
pub fn render(detection: &Detection) -> String {
    let whole = detection
        .processes
        .iter()
        .any(|one| starts_all(&one.command));
    let mut file = String::from(
        "# What this project needs while it is developed; `forge dev start` starts all of it.\n\
         # Suggested by `forge dev init` from the files that are named; change it as you like.\n\
         dev:\n",
    );
    let mut taken: Vec<(u16, String)> = Vec::new();
    let mut needed: Vec<String> = Vec::new();
    let names: Vec<&str> = detection
        .processes
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    for service in &detection.services {
        let name = match names.contains(&service.name.as_str()) {
            true => format!("{}-service", service.name),
            false => service.name.clone(),
        };
        if whole {
            let text = format!("{name} comes with the compose file ({})", service.why);
            comment(&mut file, &text);
        } else {
            let entry = of_service(service, &name, &mut taken);
            // Without its program it would only crash; it is there for when there is one.
            match service.available {
                true => file.push_str(&entry),
                false => file.extend(entry.lines().map(commented)),
            }
            needed.extend(service.available.then_some(name));
        }
        file.push('\n');
    }
    for process in &detection.processes {
        let depends = if needs_services(process, detection) {
            needed.as_slice()
        } else {
            &[]
        };
        file.push_str(&of_process(process, depends, &mut taken));
        file.push('\n');
    }
    if detection.processes.is_empty() && needed.is_empty() {
        file.push_str("  # Nothing was recognised. An entry is a name and a command:\n  # - name: web\n  #   command: ./run-me\n");
    }
    let end = file.trim_end().len();
    file.truncate(end);
    file.push('\n');
    file
}

fn of_process(process: &Process, depends: &[String], taken: &mut Vec<(u16, String)>) -> String {
    let mut entry = String::new();
    comment(&mut entry, &process.why);
    field(&mut entry, "  - name", &process.name);
    field(&mut entry, "    command", &process.command);
    if process.cwd != "." {
        field(
            &mut entry,
            "    cwd",
            &format!("./{}", process.cwd.replace('$', "$$")),
        );
    }
    port(
        &mut entry,
        process.port,
        &process.name,
        starts_all(&process.command),
        taken,
    );
    if !depends.is_empty() {
        entry.push_str(&format!("    depends_on: [{}]\n", depends.join(", ")));
    }
    entry
}

fn of_service(service: &Service, name: &str, taken: &mut Vec<(u16, String)>) -> String {
    let mut entry = String::new();
    comment(&mut entry, &service.why);
    field(&mut entry, "  - name", name);
    field(&mut entry, "    command", &service.command);
    let contained = ["docker", "podman"]
        .iter()
        .any(|program| service.command.starts_with(program));
    port(&mut entry, service.port, name, contained, taken);
    if service.kind == "postgres" && !contained {
        entry.push_str("    stop: {signal: SIGINT, scope: leader} # it disconnects its clients and ends in order\n");
    }
    entry
}

/// The port, and how readiness is seen where a container's own process does not listen on it.
fn port(
    entry: &mut String,
    port: Option<u16>,
    name: &str,
    contained: bool,
    taken: &mut Vec<(u16, String)>,
) {
    let Some(port) = port else {
        return;
    };
    match taken.iter().find(|(one, _)| *one == port) {
        Some((_, other)) => {
            entry.push_str(&format!(
                "    # port: {port} is taken by {other}; give one of them another port\n"
            ));
        }
        None => {
            entry.push_str(&format!("    port: {port}\n"));
            if contained {
                entry.push_str(&format!("    health_check: tcp://127.0.0.1:{port}\n"));
            }
            taken.push((port, name.to_string()));
        }
    }
}

/// A front end beside a server of another language talks to that server alone.
fn needs_services(process: &Process, detection: &Detection) -> bool {
    let script = |one: &Process| {
        ["npm ", "yarn ", "pnpm ", "bun "]
            .iter()
            .any(|manager| one.command.starts_with(manager))
    };
    !script(process) || detection.processes.iter().all(script)
}

/// Whether it starts a whole compose file.
fn starts_all(command: &str) -> bool {
    command.starts_with("docker compose") && command.ends_with(" up")
}

fn comment(entry: &mut String, text: &str) {
    entry.push_str("  # ");
    entry.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    entry.push('\n');
}

fn commented(line: &str) -> String {
    match line.trim_start().starts_with('#') {
        true => format!("{line}\n"),
        false => format!("  # {}\n", &line[2..]),
    }
}

fn field(entry: &mut String, key: &str, value: &str) {
    entry.push_str(&format!("{key}: {}\n", scalar(value)));
}

/// A text as YAML takes it: as it is, else in quotes.
fn scalar(text: &str) -> String {
    let first = text
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || "./_".contains(c));
    let plain = |c: char| c.is_ascii_alphanumeric() || " _./:@=+,()$-".contains(c);
    let word =
        ["true", "false", "yes", "no", "on", "off", "null"].contains(&text.to_lowercase().as_str());
    let structure = text.contains(": ") || text.ends_with([':', ' ']);
    if first && !word && !structure && text.chars().all(plain) {
        return text.to_string();
    }
    match text.chars().any(char::is_control) {
        true => serde_json::Value::from(text).to_string(),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}
