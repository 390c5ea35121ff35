//! What a tool answers: a short text and the same as data; or what went wrong and what to do next.

use forge_api::{ClientError, Problem};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};

use crate::budget;
use crate::mask;

/// Most characters of a text, whatever was asked for.
const MOST_TEXT: usize = 60_000;

/// A tool has done what was asked, or says that it has not come about.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) data: Value,
    /// What was asked for has not come about.
    pub(crate) failed: bool,
}

/// A tool could not do what was asked.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The supervisor refused, or nobody answers.
    Client(ClientError),
    /// The arguments mean nothing: what is wrong, and how to say it.
    Arguments(String),
}

pub(crate) type Answer = Result<Reply, Trouble>;

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        Trouble::Client(error)
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Trouble::Client(ClientError::Problem(problem))
    }
}

impl Reply {
    pub(crate) fn new(text: impl Into<String>, data: Value) -> Self {
        Reply {
            text: text.into(),
            data,
            failed: false,
        }
    }

    /// Marked as not having come about.
    pub(crate) fn failed_if(mut self, failed: bool) -> Self {
        self.failed = failed;
        self
    }

    pub(crate) fn into_result(self) -> CallToolResult {
        let text = budget::clip(&mask::text(&self.text), MOST_TEXT);
        let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
        let mut data = self.data;
        mask::value(&mut data);
        result.structured_content = Some(data);
        result.is_error = Some(self.failed);
        result
    }
}

impl Trouble {
    pub(crate) fn into_result(self) -> CallToolResult {
        let problem = self.into_problem();
        let mut text = budget::clip(&mask::text(&problem.detail), MOST_TEXT);
        if let Some(hint) = &problem.hint {
            text.push_str("\nnext: ");
            text.push_str(&mask::text(hint));
        }
        let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
        let mut data = json!({ "error": problem });
        mask::value(&mut data);
        result.structured_content = Some(data);
        result
    }

    /// The same as a problem, with the next step for an agent.
    pub(crate) fn into_problem(self) -> Problem {
        let mut problem = match self {
            Trouble::Client(ClientError::Problem(problem)) => problem,
            Trouble::Client(ClientError::Connection(why)) => Problem::failed(format!(
                "no answer from the supervisor: {why}"
            ))
            .with_hint("call the tool again; if that fails, run `forge dev doctor` in a shell"),
            Trouble::Arguments(why) => {
                Problem::usage(why).with_hint("correct the arguments and call the tool again")
            }
        };
        if problem.hint.is_none() {
            problem.hint = match problem.kind.as_str() {
                "unknown-process" => {
                    Some("`status` lists the processes, `profiles` all that the file names".into())
                }
                "usage" => Some("correct the arguments and call the tool again".into()),
                "failed" => Some("`status` shows how things are, `logs` what was said".into()),
                "configuration" => Some(
                    "correct .forge/processes.yml at the places marked, then call `start` again"
                        .into(),
                ),
                _ => None,
            };
        }
        problem
    }
}
