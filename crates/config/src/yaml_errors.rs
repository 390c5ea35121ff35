//! Syntax errors of YAML, said for people.

use granit_parser::{ErrorKind, ScanError};

/// A syntax error in the words of people who write YAML rather than parsers.
pub(crate) fn explain(error: &ScanError, tabbed: bool, max_depth: u32) -> (String, Option<String>) {
    use ErrorKind as E;
    let tab = Some("indent with spaces; YAML allows no tabs there".to_string());
    let (message, help) = match error.kind() {
        _ if tabbed => ("a tab is used for indentation", tab),
        E::TabNotAllowed | E::TabInBlockIndentation | E::TabInIndentation => {
            ("a tab is used for indentation", tab)
        }
        E::MappingValueNotAllowed | E::InvalidColonPlacement => (
            "a `: ` is not allowed here",
            Some("text that holds `: ` needs quotes; or a line above is indented otherwise".into()),
        ),
        E::UnknownAnchor => (
            "this alias names an anchor that is not defined above it",
            Some("define it first: `x-name: &name …`".into()),
        ),
        E::UnclosedQuotedScalar | E::UnexpectedEof => ("a quote is not closed", None),
        E::UnclosedFlowCollection { open } => {
            return (format!("`{open}` is not closed"), None);
        }
        E::UnexpectedEofFlowSequence | E::ExpectedFlowSequenceSeparator => {
            ("expected `,` or `]` in this list", None)
        }
        E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::ExpectedFlowMappingSeparator => ("expected `,` or `}` in this map", None),
        E::ExpectedBlockMappingKey => (
            "expected a key here",
            Some("keys of one map begin in the same column".into()),
        ),
        E::ExpectedBlockSequenceEntry => (
            "expected `- ` here",
            Some("entries of one list begin in the same column".into()),
        ),
        E::SimpleKeyExpected | E::InvalidSimpleKey => (
            "expected `:` behind this key",
            Some("write `key: value`".into()),
        ),
        E::RecursionLimitExceeded => {
            return (
                format!("lists and maps nest more than {max_depth} deep"),
                None,
            );
        }
        _ => return (format!("this is not YAML: {}", error.info()), None),
    };
    (message.to_string(), help)
}
