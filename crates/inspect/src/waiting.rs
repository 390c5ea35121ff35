//! Whether a process waits for somebody to type something.
//!
//! The kernel tells in which call a process sleeps. One that reads its own input waits for it. One
//! that waits for many things at once, as a line editor or a server does, waits for input only where
//! it has shown a prompt: the beginning of a line. Asked is only who has the input that Forge gave to
//! the leader of the tree, and no children: who has children waits for them.

use std::fs::read_to_string;

/// Whether any of these processes waits for input; `prompts` tells whether the last line that they
/// have written has no end, and is asked only where that decides.
pub fn waits_for_input(leader: i32, pids: &[i32], prompts: impl FnOnce() -> bool) -> bool {
    let Some(input) = input_of(leader).filter(|input| can_be_typed(input)) else {
        return false;
    };
    let sleeps = pids
        .iter()
        .filter(|pid| input_of(**pid).as_ref() == Some(&input) && is_leaf(**pid))
        .filter_map(|pid| sleep_of(*pid));
    let mut many = false;
    for sleep in sleeps {
        match sleep {
            Sleep::Input => return true,
            Sleep::Many => many = true,
        }
    }
    many && prompts()
}

/// In what a process sleeps, where that may be its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sleep {
    /// In a read of its input.
    Input,
    /// Until one of many things happens.
    Many,
}

fn input_of(pid: i32) -> Option<std::path::PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/fd/0")).ok()
}

fn can_be_typed(input: &std::path::Path) -> bool {
    let text = input.to_string_lossy();
    text.starts_with("pipe:") || text.starts_with("/dev/pts/") || text.ends_with(".stdin")
}

fn is_leaf(pid: i32) -> bool {
    let children = read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    // A kernel that does not tell children is asked nothing more.
    children.is_ok_and(|children| children.trim().is_empty())
}

fn sleep_of(pid: i32) -> Option<Sleep> {
    let place = read_to_string(format!("/proc/{pid}/wchan")).ok()?;
    // Who may not trace it does not hear the arguments.
    let call = read_to_string(format!("/proc/{pid}/syscall")).ok();
    asleep_in(&place, call.as_deref())
}

/// From the kernel's function in which a process sleeps, and its call (`NUMBER ARGUMENT…`).
fn asleep_in(place: &str, call: Option<&str>) -> Option<Sleep> {
    let first = call
        .and_then(|call| call.split_ascii_whitespace().nth(1))
        .and_then(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let reads = ["pipe_read", "tty_read", "wait_woken"];
    if reads.iter().any(|one| place.contains(one)) {
        return first.is_none_or(|file| file == 0).then_some(Sleep::Input);
    }
    if place.contains("poll_schedule") || place.contains("do_select") || place.contains("do_poll") {
        // A select among one file can only mean the first; a poll has an address here.
        return Some(match first {
            Some(1) => Sleep::Input,
            Some(_) | None => Sleep::Many,
        });
    }
    (place.contains("ep_poll") || place.contains("epoll_wait")).then_some(Sleep::Many)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_call_tells_what_is_waited_for() {
        let check = |place, call, sleep_is| assert_eq!(asleep_in(place, call), sleep_is, "{place}");
        check(
            "anon_pipe_read",
            Some("0 0x0 0x7ffc 0x1"),
            Some(Sleep::Input),
        );
        check("anon_pipe_read", Some("0 0x3 0x7ffc 0x1"), None);
        check("wait_woken", None, Some(Sleep::Input));
        check(
            "poll_schedule_timeout.constprop.0",
            Some("270 0x1 0x7f"),
            Some(Sleep::Input),
        );
        check(
            "poll_schedule_timeout.constprop.0",
            Some("7 0x7f56 0x1"),
            Some(Sleep::Many),
        );
        check("do_epoll_wait", Some("281 0xd 0x7f"), Some(Sleep::Many));
        check("do_wait", Some("61 0xffffffff"), None);
        check("0", None, None);
    }

    #[test]
    fn who_reads_its_input_waits_and_who_reads_something_else_does_not() {
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command
                .args(["-c", script])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
            command.spawn().expect("sh runs")
        };
        let mut reads = sh("echo ready; read line");
        let mut other = sh("echo ready; x=$(tail -f /dev/null)");
        for child in [&mut reads, &mut other] {
            let mut ready = [0; 6];
            child
                .stdout
                .as_mut()
                .expect("piped")
                .read_exact(&mut ready)
                .expect("it writes");
        }
        let pid = |child: &std::process::Child| i32::try_from(child.id()).expect("a pid");
        let waits = |pid: i32| waits_for_input(pid, &[pid], || false);
        let deadline = Instant::now() + Duration::from_secs(30);
        while !waits(pid(&reads)) {
            // Kernels without the names of functions tell nothing.
            if read_to_string(format!("/proc/{}/wchan", pid(&reads))).is_ok_and(|text| text == "0")
                && sleep_of(1).is_none()
            {
                eprintln!("skipped: this kernel does not tell where processes sleep");
                break;
            }
            assert!(Instant::now() < deadline, "it never waits");
            std::thread::yield_now();
        }
        assert!(!waits(pid(&other)));
        let of_other = format!("/proc/{0}/task/{0}/children", pid(&other));
        let children = read_to_string(of_other).unwrap_or_default();
        let _ = Command::new("kill")
            .args(children.split_whitespace())
            .status();
        for mut child in [reads, other] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
