//! `forge schema`: the JSON Schema of `.forge/processes.yml`.

use crate::configuration;
use crate::context::Context;
use crate::failure::{Outcome, exit};

pub(crate) fn run(context: &Context) -> Outcome {
    context.ui.out.line(configuration::schema().trim_end());
    Ok(exit::DONE)
}
