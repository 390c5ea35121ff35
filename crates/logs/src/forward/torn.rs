//! Beginning in the middle of a line, for those who look back only so far.

use super::{Forward, OpenLine};
use crate::line::Place;
use crate::segments::Segments;

impl Forward {
    /// Reads from the middle of a line on, of which only the rest is of interest.
    pub(crate) fn torn(segments: Segments, from: Place, stop: Option<Place>) -> Self {
        let mut forward = Forward::new(segments, from, stop);
        let Some(before) = from.offset().checked_sub(1) else {
            return forward;
        };
        // A byte that stands for all that comes before, and is not shown again.
        forward.open = Some(OpenLine {
            place: Place::new(from.segment(), before),
            text: vec![0],
            size: 1,
            last: 0,
            shown: 1,
        });
        forward
    }
}
