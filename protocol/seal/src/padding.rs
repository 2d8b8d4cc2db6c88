//! Lengths that tell little: a text gets a 1 bit and zeros behind it (ISO/IEC 7816-4), up to the next of few sizes.
//!
//! Sizes: 48 bytes (not for the picture), each 64 bytes up to 512, then eight steps for each doubling, so that a message
//! grows by an eighth at most; above 16 KB there is one size only, which a full piece of a screen frame has. Of files,
//! whose messages may be longer, the steps go on up to 60 KB, and the one size above is that of a full large piece.

use farhand_protocol::envelope::{SCREEN_HEAD_LEN, Stream};

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
/// What a message takes at most besides its padded text: head, epoch and tag.
const AROUND: usize = SCREEN_HEAD_LEN + 2 + 16;
/// So far above the last step lies the largest size.
const BEYOND: usize = 256 - AROUND;

/// The sizes on a stream in a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    smallest: usize,
    /// With head, epoch and tag it is the longest message of its stream; the last step is [`BEYOND`] below it.
    largest: usize,
}

/// The longest text on a stream.
#[must_use]
pub const fn max_text(stream: Stream) -> usize {
    stream.max_message() - AROUND - 1
}

/// The sizes on a stream in a direction.
#[must_use]
pub const fn sizes(stream: Stream, direction: Direction) -> Sizes {
    Sizes { smallest: smallest(stream, direction), largest: stream.max_message() - AROUND }
}

const fn smallest(stream: Stream, direction: Direction) -> usize {
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

/// The padded length of a text; nothing when it is too long.
#[must_use]
pub const fn padded(length: usize, sizes: Sizes) -> Option<usize> {
    let Sizes { smallest, largest } = sizes;
    let least = length + 1;
    if least > largest {
        return None;
    }
    if least <= smallest {
        return Some(smallest);
    }
    if least > largest - BEYOND {
        return Some(largest);
    }
    let step = if least <= SMALL { STEP } else { least.next_power_of_two() / 16 };
    Some(least.div_ceil(step) * step)
}

/// Appends the padding to a text that starts at `start`; nothing, and nothing changed, when it is too long.
#[must_use]
pub fn pad(out: &mut Vec<u8>, start: usize, sizes: Sizes) -> Option<()> {
    let length = padded(out.len() - start, sizes)?;
    out.push(0x80);
    out.resize(start + length, 0);
    Some(())
}

/// The length of the text in front of its padding; nothing when there is no padding, or not the one that [`pad`] makes.
#[must_use]
pub fn unpadded(text: &[u8], sizes: Sizes) -> Option<usize> {
    let end = text.iter().rposition(|byte| *byte != 0)?;
    (text[end] == 0x80 && padded(end, sizes) == Some(text.len())).then_some(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use farhand_protocol::envelope::{MAX_FILES_MESSAGE, MAX_MESSAGE};

    use super::*;

    const SAYS: Sizes = sizes(Stream::Control, Direction::Up);
    const SHOWS: Sizes = sizes(Stream::Screen, Direction::Down);
    const FILES: Sizes = sizes(Stream::Files, Direction::Down);
    const LARGE: usize = 16 * 1024;

    #[test]
    fn every_length_goes_there_and_back() {
        let there_and_back = |length: usize, sizes: Sizes| {
            let mut text = vec![0xff; length + 3];
            pad(&mut text, 3, sizes).unwrap();
            assert_eq!(text.len() - 3, padded(length, sizes).unwrap());
            assert_eq!(unpadded(&text[3..], sizes), Some(length), "{length}");
        };
        for length in 0..=max_text(Stream::Control) {
            there_and_back(length, if length % 2 == 0 { SAYS } else { SHOWS });
        }
        for length in (0..=max_text(Stream::Files)).rev().take(500) {
            there_and_back(length, FILES);
        }
        assert_eq!(padded(max_text(Stream::Control) + 1, SAYS), None);
        assert_eq!(padded(max_text(Stream::Files) + 1, FILES), None);
    }

    #[test]
    fn a_message_grows_by_an_eighth_at_most_and_few_sizes_are_seen() {
        let seen = |stream: Stream, these: Sizes| {
            let mut sizes = BTreeSet::new();
            for length in 0..=max_text(stream) {
                let size = padded(length, these).unwrap();
                assert!(
                    size <= (length + 1 + STEP).max((length + 1) * 9 / 8 + 1),
                    "{length} grows to {size}"
                );
                assert!(AROUND + size <= stream.max_message());
                sizes.insert(size);
            }
            sizes.len()
        };
        assert_eq!(seen(Stream::Screen, SHOWS), 8 + 5 * 8 + 1);
        assert_eq!(seen(Stream::Files, FILES), 1 + 8 + 5 * 8 + 8 + 7 + 1);
        assert_eq!(padded(LARGE, SHOWS), Some(MAX_MESSAGE - AROUND));
        assert_eq!(padded(LARGE, FILES), Some(LARGE + 2048), "small pieces of files are another size");
        assert_eq!(padded(60 * 1024, FILES), Some(MAX_FILES_MESSAGE - AROUND));
        assert_eq!(
            [46, 47, 48, 63].map(|length| padded(length, SAYS)),
            [Some(48), Some(48), Some(64), Some(64)]
        );
        assert_eq!(
            [0, 47, 63, 64].map(|length| padded(length, SHOWS)),
            [Some(64), Some(64), Some(64), Some(128)]
        );
    }

    #[test]
    fn other_padding_is_none() {
        assert_eq!(unpadded(&[], SAYS), None);
        assert_eq!(unpadded(&[0; 64], SAYS), None);
        assert_eq!(unpadded(&[1; 64], SAYS), None);
        let mut longer = vec![0x80];
        longer.resize(128, 0);
        assert_eq!(unpadded(&longer, SAYS), None, "the same text in a larger size");
        longer.truncate(PICTURE);
        assert_eq!((unpadded(&longer, SHOWS), unpadded(&longer, SAYS)), (Some(0), None));
    }
}
