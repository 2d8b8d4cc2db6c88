//! A frame's payload comes out of the assembler as it went into the cutter, or the viewer learns that it must ask for
//! a reset; a hostile sender costs bounded memory.

use farhand_protocol::envelope::{HEAD_LEN, Head, MAX_MESSAGE, SCREEN_HEAD_LEN, ScreenHead, Stream, flags};
use farhand_protocol::screen::{
    AssembleError, Assembler, CodecId, FrameMeta, GAP_AGAIN_US, PIECE, Pushed, cut,
};
use proptest::prelude::*;

const SENDER: u8 = 1;

fn meta(frame: u32, reset: bool) -> FrameMeta {
    FrameMeta { frame, captured_us: u64::from(frame) * 16_667, reset, exact: frame.is_multiple_of(2) }
}

fn payload(frame: u32, length: usize) -> Vec<u8> {
    (0..length).map(|i| (i as u32).wrapping_mul(31).wrapping_add(frame) as u8).collect()
}

/// A run of frames, each with its messages; the first is a reset.
fn run(
    lengths: &[usize],
    resets: &[bool],
    first: u32,
    sequence: &mut u32,
) -> Vec<(FrameMeta, Vec<u8>, Vec<Vec<u8>>)> {
    let frames = lengths.iter().zip(resets).enumerate();
    let frames = frames.map(|(at, (length, reset))| {
        let number = first.wrapping_add(at as u32);
        let meta = meta(number, at == 0 || *reset);
        let content = payload(number, *length);
        let messages = cut(&content, meta, SENDER, sequence).collect();
        (meta, content, messages)
    });
    frames.collect()
}

fn message(bits: u8, sequence: u32, frame: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Head { stream: Stream::Screen, flags: bits, sender: SENDER, sequence }.write(&mut out);
    ScreenHead { frame, captured_us: 0 }.write(&mut out);
    out.extend_from_slice(body);
    out
}

proptest! {
    #[test]
    fn every_frame_comes_out_as_it_went_in(
        lengths in proptest::collection::vec(prop_oneof![0usize..100, Just(PIECE), PIECE - 2..PIECE + 2, 0..3 * PIECE], 1..6),
        first in any::<u32>(),
        mut sequence in any::<u32>(),
    ) {
        let resets = vec![false; lengths.len()];
        let mut assembler = Assembler::new();
        for (meta, content, messages) in run(&lengths, &resets, first, &mut sequence) {
            let (last, before) = messages.split_last().unwrap();
            for message in before {
                prop_assert!(message.len() <= MAX_MESSAGE);
                prop_assert_eq!(assembler.push(message), Ok(Pushed::More));
            }
            prop_assert_eq!(assembler.push(last), Ok(Pushed::Frame(meta, &content)));
        }
    }

    #[test]
    fn a_lost_message_is_a_gap_said_once_until_a_reset(
        lengths in proptest::collection::vec(0..3 * PIECE, 2..8),
        resets in proptest::collection::vec(prop::bool::weighted(0.3), 8),
        lost in proptest::collection::hash_set(0usize..16, 1..4),
        mut sequence in any::<u32>(),
    ) {
        let frames = run(&lengths, &resets, 5, &mut sequence);
        let mut assembler = Assembler::new();
        let mut at = 0;
        // What a viewer that knows all would say: a frame counts when it and all since the last reset arrived whole.
        let mut sound = false;
        let mut said = false;
        for (meta, content, messages) in frames {
            let mut whole = true;
            sound |= meta.reset;
            said &= !meta.reset;
            for (piece, message) in messages.iter().enumerate() {
                let dropped = lost.contains(&at);
                at += 1;
                if dropped {
                    whole = false;
                    sound = false;
                    continue;
                }
                let pushed = assembler.push(message).unwrap();
                match pushed {
                    Pushed::Frame(got, bytes) => {
                        prop_assert!(whole && sound && piece + 1 == messages.len());
                        prop_assert_eq!((got, bytes), (meta, content.as_slice()));
                    }
                    Pushed::Gap => {
                        prop_assert!(!sound && !said, "a gap where none is, or told twice");
                        said = true;
                    }
                    Pushed::More => prop_assert!(sound && whole),
                    Pushed::Dropped => prop_assert!(!sound),
                }
            }
            if !whole && meta.reset && lost.contains(&(at - messages.len())) {
                // The reset's first piece was lost: the state before it goes on to be broken.
                sound = false;
            }
        }
    }

    #[test]
    fn hostile_messages_cost_bounded_memory(
        messages in proptest::collection::vec(
            (0u8..16, 0u32..6, 0u32..3, 0usize..5000),
            0..200,
        ),
    ) {
        let mut assembler = Assembler::with_limit(20_000);
        for (bits, sequence, frame, length) in messages {
            let pushed = assembler.push(&message(bits, sequence, frame, &vec![0; length]));
            if let Ok(Pushed::Frame(_, bytes)) = pushed {
                prop_assert!(bytes.len() <= 20_000);
            }
            prop_assert!(assembler.held() <= 2 * 20_000 + PIECE);
        }
    }

    #[test]
    fn any_bytes_are_taken_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), layout in any::<bool>()) {
        let mut bytes = bytes;
        if layout && bytes.len() >= 2 {
            (bytes[0], bytes[1]) = (1, 2);
        }
        let _ = Assembler::new().push(&bytes);
    }
}

#[test]
fn a_late_viewer_waits_for_a_reset_without_a_gap() {
    let mut assembler = Assembler::new();
    assert_eq!(assembler.push(&message(flags::FIRST | flags::LAST, 7, 3, b"x")), Ok(Pushed::Dropped));
    assert_eq!(
        assembler.push(&message(flags::RESET, 8, 3, b"x")),
        Ok(Pushed::Dropped),
        "not its first piece"
    );
    let whole = flags::FIRST | flags::LAST | flags::RESET;
    let meta = FrameMeta { frame: 4, captured_us: 0, reset: true, exact: false };
    assert_eq!(assembler.push(&message(whole, 9, 4, b"y")), Ok(Pushed::Frame(meta, b"y")));
}

#[test]
fn a_gap_is_said_again_while_no_reset_comes() {
    let at = |captured_us, bits, sequence| {
        let mut out = Vec::new();
        Head { stream: Stream::Screen, flags: bits, sender: SENDER, sequence }.write(&mut out);
        ScreenHead { frame: sequence, captured_us }.write(&mut out);
        out
    };
    let (whole, reset) = (flags::FIRST | flags::LAST, flags::RESET);
    let mut assembler = Assembler::new();
    let mut push =
        |captured_us, bits, sequence| match assembler.push(&at(captured_us, bits, sequence)).unwrap() {
            Pushed::Frame(..) => "frame",
            Pushed::Gap => "gap",
            Pushed::Dropped => "dropped",
            Pushed::More => "more",
        };
    assert_eq!(push(1_000_000, whole, 4), "dropped", "a new viewer asked already");
    assert_eq!(push(1_000_000 + GAP_AGAIN_US - 1, whole, 5), "dropped");
    assert_eq!(push(1_000_000 + GAP_AGAIN_US, whole, 6), "gap", "its reset did not come");
    assert_eq!(push(1_000_001 + GAP_AGAIN_US, whole | reset, 7), "frame");
    assert_eq!(push(2_000_000, whole, 9), "gap");
    assert_eq!(push(2_000_001, whole, 10), "dropped");
    assert_eq!(push(2_000_000 + GAP_AGAIN_US, flags::LAST, 11), "gap");
    assert_eq!(push(2_000_001 + GAP_AGAIN_US, whole | reset, 12), "frame");
}

#[test]
fn a_reset_is_taken_wherever_it_comes() {
    let whole = flags::FIRST | flags::LAST | flags::RESET;
    let mut assembler = Assembler::new();
    for (sequence, frame) in [(100, 9), (0, 0), (5_000, 77)] {
        let meta = FrameMeta { frame, captured_us: 0, reset: true, exact: false };
        assert_eq!(assembler.push(&message(whole, sequence, frame, b"z")), Ok(Pushed::Frame(meta, b"z")));
    }
    assert_eq!(assembler.push(&message(flags::FIRST | flags::LAST, 4_999, 76, b"old")), Ok(Pushed::Dropped));
}

#[test]
fn pieces_that_do_not_fit_together_are_refused() {
    let begin = || {
        let mut assembler = Assembler::new();
        assert_eq!(assembler.push(&message(flags::FIRST | flags::RESET, 0, 0, b"a")), Ok(Pushed::More));
        assembler
    };
    for (bits, frame) in
        [(flags::FIRST, 0), (flags::FIRST, 1), (0, 1), (flags::LAST, 0), (flags::RESET | flags::EXACT, 0)]
    {
        assert_eq!(
            begin().push(&message(bits, 1, frame, b"b")),
            Err(AssembleError::Disorder),
            "{bits} {frame}"
        );
    }
    let mut assembler = begin();
    assert_eq!(assembler.push(&message(flags::RESET, 1, 0, b"b")), Ok(Pushed::More));
    let meta = FrameMeta { frame: 0, captured_us: 0, reset: true, exact: false };
    assert_eq!(
        assembler.push(&message(flags::RESET | flags::LAST, 2, 0, b"c")),
        Ok(Pushed::Frame(meta, b"abc"))
    );
    assert_eq!(
        assembler.push(&message(flags::LAST, 3, 1, b"d")),
        Err(AssembleError::Disorder),
        "no first piece"
    );
    assert_eq!(
        assembler.push(&message(flags::FIRST, 4, 1, b"d")),
        Ok(Pushed::Dropped),
        "then it waits for a reset"
    );
}

#[test]
fn other_streams_and_short_messages_are_refused() {
    let mut other = Vec::new();
    Head { stream: Stream::Input, flags: 0, sender: SENDER, sequence: 0 }.write(&mut other);
    other.extend([0; 12]);
    assert_eq!(Assembler::new().push(&other), Err(AssembleError::Stream));
    let short = message(flags::FIRST, 0, 0, b"");
    assert!(matches!(Assembler::new().push(&short[..SCREEN_HEAD_LEN - 1]), Err(AssembleError::Envelope(_))));
    assert!(matches!(Assembler::new().push(&short[..HEAD_LEN - 1]), Err(AssembleError::Envelope(_))));
}

#[test]
fn codecs_have_their_numbers() {
    for codec in [CodecId::H264, CodecId::Av1] {
        assert_eq!(CodecId::from_byte(codec as u8), Some(codec));
    }
    assert_eq!(CodecId::from_byte(0), None);
}
