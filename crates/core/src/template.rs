//! Text with `${process.NAME.port}` in it: what is known only once ports are chosen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text whose references to the ports of other processes are filled in at each start.
///
/// Everything else (`${NAME}`, `$$`) has been replaced when a template is made.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// Taken as it is.
    Text(String),
    /// The port that this process really has.
    PortOf(String),
}

/// A template needs the port of a process that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPort {
    /// The process that was named.
    pub process: String,
}

impl fmt::Display for NoPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.process;
        write!(f, "${{process.{name}.port}}: `{name}` has no port")
    }
}

impl std::error::Error for NoPort {}

impl Template {
    /// Text that needs nothing.
    pub fn text(text: impl Into<String>) -> Self {
        Template {
            parts: vec![Part::Text(text.into())],
        }
    }

    /// A template of these parts.
    pub fn from_parts(parts: Vec<Part>) -> Self {
        Template { parts }
    }

    /// Finds `${process.NAME.port}` in text in which all else is meant literally.
    pub fn scan(text: &str) -> Self {
        const OPEN: &str = "${process.";
        const CLOSE: &str = ".port}";
        let mut parts = Vec::new();
        let mut rest = text;
        let mut plain = String::new();
        while let Some(at) = rest.find(OPEN) {
            let behind = &rest[at + OPEN.len()..];
            let name = behind
                .split_once('}')
                .and_then(|(inside, _)| inside.strip_suffix(".port"));
            match name {
                Some(name) if !name.is_empty() => {
                    plain.push_str(&rest[..at]);
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::PortOf(name.to_string()));
                    rest = &behind[name.len() + CLOSE.len()..];
                }
                _ => {
                    plain.push_str(&rest[..at + OPEN.len()]);
                    rest = behind;
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() || parts.is_empty() {
            parts.push(Part::Text(plain));
        }
        Template { parts }
    }

    /// The pieces.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The processes whose ports are needed.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::PortOf(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text, with the ports that `port_of` knows.
    ///
    /// # Errors
    ///
    /// Names the first process whose port is needed and unknown.
    pub fn resolve(&self, port_of: impl Fn(&str) -> Option<u16>) -> Result<String, NoPort> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::PortOf(name) => {
                    let port = port_of(name).ok_or_else(|| NoPort {
                        process: name.clone(),
                    })?;
                    text.push_str(&port.to_string());
                }
            }
        }
        Ok(text)
    }
}

/// As it would stand in the file.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::PortOf(name) => write!(f, "${{process.{name}.port}}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_filled_in_and_the_rest_is_left_alone() {
        let template =
            Template::scan("db:${process.db.port}/${HOME} ${process.} ${process.a.b.port}");
        let port = |name: &str| match name {
            "db" => Some(5432),
            "a.b" => Some(1),
            _ => None,
        };
        assert_eq!(
            template.resolve(port).as_deref(),
            Ok("db:5432/${HOME} ${process.} 1")
        );
        assert_eq!(template.needs().collect::<Vec<_>>(), ["db", "a.b"]);
    }

    #[test]
    fn a_process_without_a_port_is_named() {
        let error = Template::scan("${process.db.port}").resolve(|_| None);
        assert_eq!(error.unwrap_err().process, "db");
    }
}
