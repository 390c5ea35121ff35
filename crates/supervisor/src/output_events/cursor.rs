//! How far output has been looked at, on disk: the next supervisor goes on there.

use std::io;
use std::path::{Path, PathBuf};

use forge_facts::Stream;
use forge_logs::{Place, Start};
use serde::{Deserialize, Serialize};

use crate::memory::write_atomically;

/// Where it lies in the folder of the workspace.
const FILE: &str = "seen.json";

/// The file.
pub(super) struct Cursor(PathBuf);

#[derive(Default, Serialize, Deserialize)]
struct Written {
    places: Vec<(String, String, u64)>,
}

impl Cursor {
    pub(super) fn of(state: &Path) -> Self {
        Cursor(state.join(FILE))
    }

    /// Where to begin. Without a file that can be read, with what is written from now on.
    pub(super) fn start(&self) -> Start {
        let Ok(text) = std::fs::read(&self.0) else {
            return Start::End;
        };
        let Ok(written) = serde_json::from_slice::<Written>(&text) else {
            return Start::End;
        };
        let places = written
            .places
            .into_iter()
            .filter_map(|(name, stream, place)| {
                let stream = Stream::ALL.into_iter().find(|one| one.name() == stream)?;
                Some(((name, stream), Place::from_number(place)))
            });
        Start::At(places.collect())
    }

    pub(super) fn save(&self, places: Vec<((String, Stream), Place)>) -> io::Result<()> {
        let places = places.into_iter();
        let written = Written {
            places: places
                .map(|((name, stream), place)| (name, stream.name().to_string(), place.number()))
                .collect(),
        };
        let text = serde_json::to_vec(&written).map_err(io::Error::other)?;
        write_atomically(&self.0, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_a_damaged_file_means_from_now_on() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = Cursor::of(folder.path());
        assert!(matches!(cursor.start(), Start::End));
        let place = Place::new(3, 77);
        let places = vec![(("web".to_string(), Stream::Stderr), place)];
        cursor.save(places.clone()).unwrap();
        assert!(matches!(cursor.start(), Start::At(back) if back == places));
        std::fs::write(folder.path().join(FILE), "{\"places\": [1").unwrap();
        assert!(matches!(cursor.start(), Start::End));
    }
}
