//! Moving bytes in every way there is, with rotation.

use super::*;
use forge_facts::layout::segment_file;
use forge_facts::{LogRules, RunId};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

struct Room {
    folder: PathBuf,
    write: OwnedFd,
    channel: Channel,
}

fn room(name: &str, segment_bytes: u64, kept: u32) -> Room {
    let folder = std::env::temp_dir().join(format!("forge-pump-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("mkdir");
    let rules = LogRules {
        segment_bytes,
        segments_kept: kept,
        block_max_ms: 100,
    };
    let log = Log::open(&folder, Stream::Stdout, RunId::new(1, 1), rules, false).expect("log");
    let (read, write) = forge_os::pipe().expect("pipe");
    forge_os::set_nonblocking(&read, true).expect("nonblocking");
    let channel = Channel::new(
        Stream::Stdout,
        Source::Pipe(read),
        log,
        Duration::from_millis(100),
    );
    Room {
        folder,
        write,
        channel,
    }
}

impl Room {
    fn say(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(5_000) {
            assert_eq!(
                forge_os::write(&self.write, piece).expect("write"),
                piece.len()
            );
            assert!(self.channel.drain(&mut Vec::new()));
        }
    }

    fn segments(&self) -> Vec<Vec<u8>> {
        crate::shim::segment::segments(&self.folder, Stream::Stdout)
            .expect("list")
            .into_iter()
            .map(|n| {
                std::fs::read(self.folder.join(segment_file(Stream::Stdout, n))).expect("read")
            })
            .collect()
    }
}

fn lines(count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|n| format!("line {n} of many\n").into_bytes())
        .collect()
}

#[test]
fn segments_end_where_lines_end_and_nothing_is_missing() {
    for copying in [false, true] {
        let mut room = room(if copying { "copy" } else { "splice" }, 4096, 1000);
        if copying {
            room.channel.copy_instead();
        }
        let all = lines(5_000);
        room.say(&all);
        let segments = room.segments();
        assert!(segments.len() > 10);
        for segment in &segments[..segments.len() - 1] {
            assert!(segment.ends_with(b"\n"));
            assert!(segment.len() < 4096 + 64, "{}", segment.len());
        }
        assert_eq!(segments.concat(), all);
        std::fs::remove_dir_all(&room.folder).expect("remove");
    }
}

#[test]
fn a_line_longer_than_two_segments_is_split_and_complete() {
    let mut room = room("long", 4096, 1000);
    let line = vec![b'x'; 50_000];
    room.say(&line);
    room.say(b"\nnext\n");
    let segments = room.segments();
    assert!(segments.iter().all(|segment| segment.len() <= 2 * 4096));
    assert_eq!(segments.concat(), [&line[..], b"\nnext\n"].concat());
    std::fs::remove_dir_all(&room.folder).expect("remove");
}

#[test]
fn only_the_newest_segments_are_kept() {
    let mut room = room("kept", 4096, 3);
    let all = lines(5_000);
    room.say(&all);
    let segments = room.segments();
    assert_eq!(segments.len(), 3);
    assert!(all.ends_with(&segments.concat()));
    std::fs::remove_dir_all(&room.folder).expect("remove");
}

#[test]
fn a_file_that_was_removed_or_cut_is_followed_by_a_new_one() {
    let mut room = room("removed", 1 << 20, 9);
    room.say(b"one\n");
    let path = room.folder.join(segment_file(Stream::Stdout, 1));
    std::fs::write(&path, b"").expect("cut");
    forge_os::pause(crate::shim::segment::CHECK_EVERY);
    room.say(b"two\n");
    assert_eq!(room.segments(), [b"".to_vec(), b"two\n".to_vec()]);
    std::fs::remove_dir_all(&room.folder).expect("remove");
    forge_os::pause(crate::shim::segment::CHECK_EVERY);
    room.say(b"three\n");
    assert_eq!(room.segments(), [b"three\n".to_vec()]);
    std::fs::remove_dir_all(&room.folder).expect("remove");
}
