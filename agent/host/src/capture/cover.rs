//! What is covered in the captured frame, so that no pixel of it reaches the encoder.

use std::time::{Duration, Instant};

use crate::monitors::scene::Scene;
use crate::monitors::{Area, Seen, parts};

/// The colour of what is covered, blue first.
pub const COLOUR: [u8; 4] = [0x3d, 0x38, 0x33, 0];
/// Where windows are drawn together by another program, what one showed can be seen for a moment after it is gone from
/// its place, and longer where it fades away.
const LINGERS: Duration = Duration::from_millis(300);
/// The same without such a program: what a window showed stays where it was until the program below paints there.
const STAYS: Duration = Duration::from_millis(150);

/// More parts than this are gathered into one.
const MAX_GATHERED: usize = 48;

/// The covered parts of a frame, in places of the desktop.
#[derive(Debug, Default)]
pub struct Cover {
    /// In the frame now.
    covered: Vec<Area>,
    /// Still covered after the reason is gone, until a time.
    lingering: Vec<(Area, Instant)>,
}

impl Cover {
    /// The frame is taken anew.
    pub fn forget(&mut self) {
        self.covered.clear();
    }

    /// What must be covered now in a picture of `area`.
    pub fn hidden(&self, scene: &Scene, area: Area) -> Vec<Area> {
        let mut hidden = scene.hidden(area);
        hidden.extend(self.lingering.iter().filter_map(|(part, _)| part.overlap(area)));
        hidden
    }

    /// What the frame does not show yet although it may be seen.
    pub fn uncovered(&self, hidden: &[Area]) -> Vec<Area> {
        parts::without_all(self.covered.clone(), hidden)
    }

    /// Covers these parts, and nothing else any more. Returns what was not covered before. `frame` is the whole desktop,
    /// with `row` bytes a row.
    pub fn put(&mut self, hidden: Vec<Area>, frame: &mut [u8], row: usize) -> Vec<Area> {
        let newly = hidden.iter().flat_map(|part| parts::without_all(vec![*part], &self.covered)).collect();
        for part in &hidden {
            fill(*part, frame, row);
        }
        self.covered = hidden;
        newly
    }

    /// Goes on covering for a moment what was covered, and what a moved window may still show of what lay there.
    pub fn linger(&mut self, before: &Seen, after: &Seen, composited: bool, now: Instant) {
        let until = now + if composited { LINGERS } else { STAYS };
        let gone = parts::without_all(before.blocked.clone(), &after.blocked);
        let follows =
            matches!(after.monitors.share, farhand_protocol::channel::monitors::Share::Window { .. });
        let entered = if follows {
            parts::without(vec![after.monitors.area], before.monitors.area)
        } else {
            Vec::new()
        };
        self.lingering.extend(gone.into_iter().chain(entered).map(|part| (part, until)));
    }

    /// When the next lingering part is over.
    pub fn until(&self) -> Option<Instant> {
        self.lingering.iter().map(|(_, until)| *until).min()
    }

    /// Ends what has lingered long enough. Whether there was any: then the frame has to be looked at again.
    pub fn expire(&mut self, now: Instant) -> bool {
        let before = self.lingering.len();
        self.lingering.retain(|(_, until)| *until > now);
        self.lingering.len() < before
    }
}

/// Adds what was hidden at one more moment to what is covered for all of them. Many parts become one: whoever moves
/// windows faster than pictures are taken has more covered, and holds nobody up.
pub fn gather(all: &mut Vec<Area>, hidden: Vec<Area>) {
    let new: Vec<Area> = hidden.into_iter().filter(|part| !all.contains(part)).collect();
    all.extend(new);
    if all.len() > MAX_GATHERED {
        *all = vec![parts::around(all)];
    }
}

fn fill(part: Area, frame: &mut [u8], row: usize) {
    let (Ok(x), Ok(y)) = (usize::try_from(part.x), usize::try_from(part.y)) else { return };
    let (from, to) = (x * COLOUR.len(), (x + part.width as usize) * COLOUR.len());
    for line in frame.chunks_exact_mut(row).skip(y).take(part.height as usize) {
        let to = to.min(line.len());
        if let Some(pixels) = line.get_mut(from..to) {
            for pixel in pixels.chunks_exact_mut(COLOUR.len()) {
                pixel.copy_from_slice(&COLOUR);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_what_is_hidden_is_covered() {
        let mut cover = Cover::default();
        let mut frame = vec![9; 10 * 6 * 4];
        let part = |x, y, width, height| Area { x, y, width, height };
        let newly = cover.put(vec![part(2, 1, 3, 2), part(8, 4, 9, 9)], &mut frame, 40);
        assert_eq!(newly, vec![part(2, 1, 3, 2), part(8, 4, 9, 9)]);
        for (at, pixel) in frame.chunks_exact(4).enumerate() {
            let (x, y) = ((at % 10) as i32, (at / 10) as i32);
            let hidden = part(2, 1, 3, 2).contains(x, y) || part(8, 4, 9, 9).contains(x, y);
            assert_eq!(pixel == COLOUR, hidden, "{x} {y}");
        }
        assert_eq!(cover.uncovered(&[part(2, 1, 2, 2), part(8, 4, 9, 9)]), vec![part(4, 1, 1, 2)]);
        assert_eq!(cover.put(vec![part(2, 1, 3, 3)], &mut frame, 40), vec![part(2, 3, 3, 1)]);
    }
}
