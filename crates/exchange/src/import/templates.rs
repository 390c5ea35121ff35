//! `{{ .NAME }}` of process-compose: replaced where the name is known, left alone where it is not.

use std::rc::Rc;

use crate::node::{Kind, Node};

/// The variables of a template, the nearer first.
#[derive(Debug, Default, Clone)]
pub(crate) struct Variables {
    pub(crate) maps: Vec<Rc<Node>>,
    pub(crate) own: Vec<(String, String)>,
}

impl Variables {
    fn get(&self, path: &str) -> Option<String> {
        let mut parts = path.split('.');
        let first = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        if let (Some((_, value)), true) = (
            self.own.iter().find(|(name, _)| name == first),
            rest.is_empty(),
        ) {
            return Some(value.clone());
        }
        self.maps.iter().find_map(|map| {
            let mut node = map.get(first)?;
            for part in &rest {
                node = node.get(part)?;
            }
            match &node.kind {
                Kind::Scalar { text, .. } => Some(text.clone()),
                Kind::Null | Kind::List(_) | Kind::Map(_) => None,
            }
        })
    }

    /// The text with all that is known filled in, and whether something was left.
    pub(crate) fn fill(&self, text: &str) -> (String, bool) {
        let mut out = String::new();
        let mut left = false;
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            let Some(end) = rest[at..].find("}}") else {
                break;
            };
            let inside =
                rest[at + 2..at + end].trim_matches(|c: char| c == '-' || c.is_whitespace());
            let value = inside.strip_prefix('.').and_then(|path| self.get(path));
            out.push_str(&rest[..at]);
            match value {
                Some(value) => out.push_str(&value),
                None => {
                    left = true;
                    out.push_str(&rest[at..at + end + 2]);
                }
            }
            rest = &rest[at + end + 2..];
        }
        out.push_str(rest);
        (out, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_in_and_others_stay() {
        let map = crate::read_yaml::read(0, "A: 1\nB: {C: x}").expect("yaml");
        let variables = Variables {
            maps: vec![map],
            own: vec![("N".into(), "0".into())],
        };
        let (text, left) = variables.fill("{{.A}} {{ .B.C }}{{.N}} {{.Names}} {{");
        assert_eq!((text.as_str(), left), ("1 x0 {{.Names}} {{", true));
    }
}
