//! `.devcontainer/devcontainer.json`: a container in which the profile starts by itself.

use serde_json::{Map, Value, json};

use crate::fields::Ledger;

use super::ExportSource;
use super::common::{Notes, folded, ports, shell_line};

pub(super) fn text(source: &ExportSource<'_>, ledger: &Ledger) -> String {
    let mut features = Map::new();
    let mut forwarded = Vec::new();
    let mut attributes = Map::new();
    for (number, (spec, name, _)) in folded(source).into_iter().enumerate() {
        let notes = Notes {
            ledger,
            process: &name,
            number,
        };
        let line = shell_line(source, &spec.command);
        match super::containers::feature(&line) {
            Some(feature) => {
                features.insert(feature.to_string(), json!({}));
                notes.near("command", "a feature brings the program that it needs");
            }
            None => notes.near(
                "command",
                "the program that it needs has to be in the image",
            ),
        }
        for port in ports(spec) {
            forwarded.push(port);
            attributes.insert(port.to_string(), json!({ "label": name }));
        }
    }
    let profile = &source.profile.name;
    let document: Value = json!({
        "name": profile,
        "image": "mcr.microsoft.com/devcontainers/base:debian",
        "features": features,
        "forwardPorts": forwarded,
        "portsAttributes": attributes,
        "postStartCommand": format!("forge dev start -p {}", crate::shell::quote(profile)),
    });
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text + "\n"
}
