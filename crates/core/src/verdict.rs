//! What the end of a run means.

use forge_facts::Exit;

use crate::process::Ending;
use crate::spec::ProcessSpec;

/// Whether a run that nobody asked to end has ended well.
///
/// A oneshot ends well with exit code 0 or another of `success_codes`, and so does any other
/// process: only its restart policy tells whether it should have gone on.
pub(crate) fn verdict(spec: &ProcessSpec, exit: Exit) -> Ending {
    match exit {
        Exit::Code(code) if spec.restart.success_codes.contains(&code) => Ending::Well,
        Exit::Code(_) | Exit::Signal { .. } | Exit::Unknown => Ending::Badly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::CommandSpec;
    use crate::template::Template;

    fn check(success_codes: &[i32], exit: Exit, expected: Ending) {
        let command = CommandSpec::Shell(Template::text("true"));
        let mut spec = ProcessSpec::new("dev", "job", command, "/".into());
        spec.restart.success_codes = success_codes.to_vec();
        assert_eq!(verdict(&spec, exit), expected, "{exit:?}");
    }

    #[test]
    fn only_a_success_code_ends_well() {
        let term = Exit::Signal {
            signal: 15,
            core: false,
        };
        check(&[0], Exit::Code(0), Ending::Well);
        check(&[0], Exit::Code(1), Ending::Badly);
        check(&[0, 3], Exit::Code(3), Ending::Well);
        check(&[143], term, Ending::Badly);
        check(&[0], Exit::Unknown, Ending::Badly);
    }
}
