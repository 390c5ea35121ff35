//! Which processes wait for somebody to type something.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use forge_facts::Stream;
use forge_facts::layout::parse_segment_file;

use crate::supervisor::Supervisor;

/// Who uses more of a core does not wait.
const IDLE: f32 = 2.0;

/// One look for so many samples: people do not type faster.
const EVERY: u32 = 2;

impl Supervisor {
    /// Looks who waits, after a sample.
    pub(crate) fn look_who_waits(&mut self) {
        self.sampling.looks = self.sampling.looks.wrapping_add(1);
        if !self.sampling.looks.is_multiple_of(EVERY) {
            return;
        }
        for (name, managed) in &mut self.managed {
            let leader = self.core.view(name).and_then(|view| view.pid);
            let usage = managed.usage.as_ref();
            managed.waits_for_input = match (managed.present, leader, usage) {
                (Some(_), Some(leader), Some(usage)) if is_idle(usage) => {
                    let folder = self.layout.process(name);
                    forge_inspect::waits_for_input(leader, &usage.pids, || prompts(&folder))
                }
                (_, _, _) => false,
            };
        }
    }
}

fn is_idle(usage: &forge_inspect::Usage) -> bool {
    usage.cpu_percent.is_none_or(|cpu| cpu < IDLE)
}

/// Whether the output of a process ends within a line.
fn prompts(folder: &Path) -> bool {
    [Stream::Terminal, Stream::Stdout, Stream::Stderr]
        .into_iter()
        .any(|stream| ends_open(folder, stream).unwrap_or(false))
}

fn ends_open(folder: &Path, stream: Stream) -> std::io::Result<bool> {
    let mut newest = None;
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let found = name.to_str().and_then(parse_segment_file);
        newest = newest.max(
            found
                .filter(|(of, _)| *of == stream)
                .map(|(_, number)| number),
        );
    }
    let Some(number) = newest else {
        return Ok(false);
    };
    let file = File::open(folder.join(forge_facts::layout::segment_file(stream, number)))?;
    let Some(last) = file.metadata()?.len().checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_the_beginning_of_a_line_in_the_newest_file() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert!(!prompts(folder.path()));
        write("stdout.00000001.log", "name: ");
        assert!(prompts(folder.path()));
        write("stdout.00000002.log", "name: forge\n");
        write("stderr.00000001.log", "");
        assert!(!prompts(folder.path()));
        write("terminal.00000001.log", ">>> ");
        assert!(prompts(folder.path()));
    }
}
