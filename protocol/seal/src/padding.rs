//! Lengths that tell little: a text gets a 1 bit and zeros behind it (ISO/IEC 7816-4), up to the next of few sizes.
//!
//! Sizes: 48 bytes (not for the picture), each 64 bytes up to 512, then eight steps for each doubling, so that a message
//! grows by an eighth at most; above 16 KB there is one size only, which a full piece of a screen frame has.

use farhand_protocol::envelope::{MAX_MESSAGE, SCREEN_HEAD_LEN, Stream};

use crate::keys::Direction;

/// The smallest size of what people say: every key, button, turn of the wheel, place of the pointer and
/// acknowledgement has it.
const WORDS: usize = 48;
/// The smallest size of a piece of the picture: most typed letters have it.
const PICTURE: usize = 64;

/// Steps of the small sizes, in bytes.
const STEP: usize = 64;
/// Up to this length each [`STEP`] is a size.
const SMALL: usize = 512;
/// Above this length there is one size: [`LARGEST`].
const LARGE: usize = 16 * 1024;
/// The largest padded text: with head, epoch and tag it is a message.
pub const LARGEST: usize = MAX_MESSAGE - SCREEN_HEAD_LEN - 2 - 16;
/// The longest text.
pub const MAX_TEXT: usize = LARGEST - 1;

/// The smallest size on a stream in a direction.
#[must_use]
pub const fn smallest(stream: Stream, direction: Direction) -> usize {
    match (stream, direction) {
        (Stream::Screen, Direction::Down) => PICTURE,
        (Stream::Screen, Direction::Up)
        | (
            Stream::Control
            | Stream::Input
            | Stream::Pointer
            | Stream::Chat
            | Stream::Clipboard
            | Stream::Files
            | Stream::Diagnostics,
            Direction::Up | Direction::Down,
        ) => WORDS,
    }
}

/// The padded length of a text, where `smallest` is the smallest; nothing when it is longer than [`MAX_TEXT`].
#[must_use]
pub const fn padded(length: usize, smallest: usize) -> Option<usize> {
    let least = length + 1;
    if length > MAX_TEXT {
        return None;
    }
    if least <= smallest {
        return Some(smallest);
    }
    if least > LARGE {
        return Some(LARGEST);
    }
    let step = if least <= SMALL { STEP } else { least.next_power_of_two() / 16 };
    Some(least.div_ceil(step) * step)
}

/// Appends the padding to a text that starts at `start`; nothing, and nothing changed, when it is too long.
#[must_use]
pub fn pad(out: &mut Vec<u8>, start: usize, smallest: usize) -> Option<()> {
    let length = padded(out.len() - start, smallest)?;
    out.push(0x80);
    out.resize(start + length, 0);
    Some(())
}

/// The length of the text in front of its padding; nothing when there is no padding, or not the one that [`pad`] makes.
#[must_use]
pub fn unpadded(text: &[u8], smallest: usize) -> Option<usize> {
    let end = text.iter().rposition(|byte| *byte != 0)?;
    (text[end] == 0x80 && padded(end, smallest) == Some(text.len())).then_some(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_length_goes_there_and_back() {
        for length in 0..=MAX_TEXT {
            let mut text = vec![0xff; length + 3];
            let smallest = if length % 2 == 0 { WORDS } else { PICTURE };
            pad(&mut text, 3, smallest).unwrap();
            assert_eq!(text.len() - 3, padded(length, smallest).unwrap());
            assert_eq!(unpadded(&text[3..], smallest), Some(length), "{length}");
        }
        assert_eq!(padded(MAX_TEXT + 1, WORDS), None);
    }

    #[test]
    fn a_message_grows_by_an_eighth_at_most_and_few_sizes_are_seen() {
        let mut sizes = BTreeSet::new();
        for length in 0..=MAX_TEXT {
            let size = padded(length, PICTURE).unwrap();
            assert!(size <= (length + 1 + STEP).max((length + 1) * 9 / 8 + 1), "{length} grows to {size}");
            sizes.insert(size);
        }
        assert_eq!(sizes.len(), 8 + 5 * 8 + 1);
        assert_eq!(padded(LARGE, PICTURE), Some(LARGEST));
        assert_eq!(
            [46, 47, 48, 63].map(|length| padded(length, WORDS)),
            [Some(48), Some(48), Some(64), Some(64)]
        );
        assert_eq!(
            [0, 47, 63, 64].map(|length| padded(length, PICTURE)),
            [Some(64), Some(64), Some(64), Some(128)]
        );
    }

    #[test]
    fn other_padding_is_none() {
        assert_eq!(unpadded(&[], WORDS), None);
        assert_eq!(unpadded(&[0; 64], WORDS), None);
        assert_eq!(unpadded(&[1; 64], WORDS), None);
        let mut longer = vec![0x80];
        longer.resize(128, 0);
        assert_eq!(unpadded(&longer, WORDS), None, "the same text in a larger size");
        longer.truncate(PICTURE);
        assert_eq!((unpadded(&longer, PICTURE), unpadded(&longer, WORDS)), (Some(0), None));
    }
}
