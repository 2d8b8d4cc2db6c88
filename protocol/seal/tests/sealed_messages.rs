//! What one end seals the other opens, once and in order; anything else is refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod kit;

use farhand_protocol::channel::{Input, Pointer};
use farhand_protocol::envelope::{MAX_DATAGRAM, MAX_MESSAGE, Stream, Writer};
use farhand_protocol::framing::DOUBLE_UP_TO;
use farhand_protocol::screen::{FrameMeta, PIECE, cut};
use farhand_seal::epochs::{self, Epochs, HandOverError, open_hand_over};
use farhand_seal::keys::{Channel, EpochSecret};
use farhand_seal::message::{OpenError, Opened, Opener, SealError, Sealer};
use farhand_seal::padding;
use kit::{AGENT, CONSOLE, Dice, pair};
use proptest::prelude::*;

fn up(stream: Stream) -> (Sealer, Opener, Writer) {
    let pair = pair(CONSOLE);
    let mut opener = Opener::up(CONSOLE, stream);
    opener.renew(1, pair.up(1, stream.into()));
    (Sealer::up(&pair, 1, stream), opener, Writer::new(CONSOLE))
}

fn down(stream: Stream) -> (Sealer, Opener) {
    let secret = EpochSecret::new(1, [5; 32]);
    let mut opener = Opener::down(AGENT, stream);
    opener.renew(1, secret.down(AGENT, stream.into()));
    (Sealer::down(&secret, AGENT, stream), opener)
}

fn fresh(message: &[u8]) -> Result<Opened, OpenError> {
    Ok(Opened::Fresh { message: message.to_vec(), skipped: 0 })
}

#[test]
fn messages_of_every_stream_come_out_as_they_went_in() {
    for stream in Stream::ALL {
        let (mut sealer, mut opener, mut writer) = up(stream);
        for text in ["", "a", &"Grüße ".repeat(400)] {
            let message = writer.message(stream, &Input::Text { text: text.into() });
            let sealed = sealer.seal(&message).unwrap();
            assert_eq!(opener.open(&sealed), fresh(&message));
        }
    }
    let (mut sealer, mut opener) = down(Stream::Screen);
    let meta = FrameMeta { frame: 3, captured_us: 9, reset: true, exact: false };
    let mut sequence = 0;
    for message in cut(&vec![0xab; 3 * PIECE + 5], meta, AGENT, &mut sequence) {
        let sealed = sealer.seal(&message).unwrap();
        assert_eq!(opener.open(&sealed), fresh(&message));
        assert_eq!(
            (sealed[2] & !128, &sealed[3..20]),
            (message[2], &message[3..20]),
            "the head stays readable"
        );
    }
}

#[test]
fn sealed_messages_fit_their_carriers() {
    let (mut sealer, _) = down(Stream::Screen);
    let meta = FrameMeta { frame: 0, captured_us: 0, reset: true, exact: true };
    let mut sequence = 0;
    for message in cut(&[1; PIECE], meta, AGENT, &mut sequence) {
        assert!(sealer.seal(&message).unwrap().len() <= MAX_MESSAGE);
    }
    let (mut sealer, _, mut writer) = up(Stream::Pointer);
    let pointer = writer.message(Stream::Pointer, &Pointer { x: -1, y: i32::MAX });
    assert!(sealer.seal(&pointer).unwrap().len() <= MAX_DATAGRAM);
    let (mut sealer, _, mut writer) = up(Stream::Input);
    let key = writer.message(Stream::Input, &Input::ReleaseAll);
    assert!(sealer.seal(&key).unwrap().len() <= DOUBLE_UP_TO / 4, "a key stays a small message");
    let mut long = Vec::from(&key[..8]);
    long[7] = 1;
    long.resize(8 + padding::max_text(Stream::Input) + 1, 0);
    assert_eq!(sealer.seal(&long), Err(SealError::Long));
}

#[test]
fn keys_buttons_and_the_wheel_are_of_one_length() {
    use farhand_protocol::channel::Button;
    use farhand_protocol::keys::Usage;
    let (mut sealer, _, mut writer) = up(Stream::Input);
    let lengths: std::collections::BTreeSet<usize> = [
        Input::Key { usage: Usage(4), down: true },
        Input::Key { usage: Usage::META_RIGHT, down: false },
        Input::Button { button: Button::Middle, down: true, x: 3839, y: 2159 },
        Input::Wheel { dx: 0, dy: -120, x: 3839, y: 2159 },
        Input::ReleaseAll,
        Input::Text { text: "1234".into() },
    ]
    .map(|input| sealer.seal(&writer.message(Stream::Input, &input)).unwrap().len())
    .into();
    assert_eq!(lengths.len(), 1, "{lengths:?}");
}

#[test]
fn a_double_is_neither_an_error_nor_taken_twice() {
    for stream in Stream::ALL {
        let (mut sealer, mut opener, mut writer) = up(stream);
        let messages: Vec<_> =
            (0..40).map(|_| sealer.seal(&writer.message(stream, &Input::ReleaseAll)).unwrap()).collect();
        for (at, message) in messages.iter().enumerate() {
            assert!(matches!(opener.open(message), Ok(Opened::Fresh { skipped: 0, .. })));
            assert_eq!(opener.open(message), Ok(Opened::Double));
            assert_eq!(opener.open(&messages[at / 2]), Ok(Opened::Double));
        }
    }
}

#[test]
fn what_is_long_past_is_a_replay() {
    let (mut sealer, mut opener, mut writer) = up(Stream::Input);
    let old = sealer.seal(&writer.message(Stream::Input, &Input::ReleaseAll)).unwrap();
    opener.open(&old).unwrap();
    for _ in 0..farhand_seal::window::WINDOW {
        opener.open(&sealer.seal(&writer.message(Stream::Input, &Input::ReleaseAll)).unwrap()).unwrap();
    }
    assert_eq!(opener.open(&old), Err(OpenError::Replayed));
}

#[test]
fn an_ordered_stream_says_what_is_missing_and_takes_nothing_late() {
    let (mut sealer, mut opener, mut writer) = up(Stream::Control);
    let messages: Vec<_> =
        (0..4).map(|_| sealer.seal(&writer.message(Stream::Control, &Input::ReleaseAll)).unwrap()).collect();
    opener.open(&messages[0]).unwrap();
    assert!(matches!(opener.open(&messages[3]), Ok(Opened::Fresh { skipped: 2, .. })));
    assert_eq!(opener.open(&messages[1]), Err(OpenError::Reordered));
}

#[test]
fn datagrams_come_in_any_order_each_once() {
    let (mut sealer, mut opener, mut writer) = up(Stream::Pointer);
    let messages: Vec<_> = (0..4)
        .map(|x| sealer.seal(&writer.message(Stream::Pointer, &Pointer { x, y: 0 })).unwrap())
        .collect();
    for at in [2, 0, 3, 1] {
        assert!(matches!(opener.open(&messages[at]), Ok(Opened::Fresh { .. })), "{at}");
        assert_eq!(opener.open(&messages[at]), Ok(Opened::Double));
    }
}

#[test]
fn a_number_is_sealed_once_whatever_happens_to_the_writer() {
    let (mut sealer, _, mut writer) = up(Stream::Input);
    let message = writer.message(Stream::Input, &Input::ReleaseAll);
    sealer.seal(&message).unwrap();
    assert_eq!(sealer.seal(&message), Err(SealError::Number));
    let anew = Writer::new(CONSOLE).message(Stream::Input, &Input::Text { text: "x".into() });
    assert_eq!(sealer.seal(&anew), Err(SealError::Number));
    let pair = pair(CONSOLE);
    sealer.renew(1, pair.up(1, Channel::Input));
    assert_eq!(sealer.seal(&anew), Err(SealError::Number), "the same epoch is not a new one");
}

#[test]
fn clear_foreign_and_turned_back_messages_are_refused() {
    let (mut sealer, mut opener, mut writer) = up(Stream::Input);
    let clear = writer.message(Stream::Input, &Input::ReleaseAll);
    assert_eq!(opener.open(&clear), Err(OpenError::Clear));
    let sealed = sealer.seal(&clear).unwrap();
    assert_eq!(sealer.seal(&sealed), Err(SealError::Foreign), "nothing is sealed twice");
    let mut other_sender = sealed.clone();
    other_sender[3] = 9;
    assert_eq!(opener.open(&other_sender), Err(OpenError::Foreign));
    // The same bytes on another stream, with its opener: the key is another one.
    let mut other_stream = sealed.clone();
    other_stream[1] = Stream::Control as u8;
    let (_, mut control, _) = up(Stream::Control);
    assert_eq!(control.open(&other_stream), Err(OpenError::Broken));
    // To its own sender, as if the agent had said it.
    let secret = EpochSecret::new(1, [5; 32]);
    let mut back = Opener::down(CONSOLE, Stream::Input);
    back.renew(1, secret.down(CONSOLE, Channel::Input));
    assert_eq!(back.open(&sealed), Err(OpenError::Broken));
    assert_eq!(opener.open(&sealed), fresh(&clear), "no forgery took the genuine one's place");
}

#[test]
fn no_console_speaks_as_another() {
    let (mut sealer, _, mut writer) = up(Stream::Input);
    let sealed = sealer.seal(&writer.message(Stream::Input, &Input::ReleaseAll)).unwrap();
    let mut of_another = sealed.clone();
    of_another[3] = 3;
    let mut opener = Opener::up(3, Stream::Input);
    opener.renew(1, pair(3).up(1, Channel::Input));
    assert_eq!(opener.open(&of_another), Err(OpenError::Broken));
}

proptest! {
    #[test]
    fn opening_anything_but_an_exact_sealed_message_fails(
        bits in proptest::collection::vec(any::<prop::sample::Index>(), 1..4), text in ".{0,80}",
    ) {
        let (mut sealer, mut opener, mut writer) = up(Stream::Input);
        let sealed = sealer.seal(&writer.message(Stream::Input, &Input::Text { text })).unwrap();
        let mut changed = sealed.clone();
        for bit in bits {
            let bit = bit.index(changed.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
        }
        if changed != sealed {
            prop_assert!(opener.open(&changed).is_err());
        }
    }

    #[test]
    fn random_bytes_with_a_good_head_do_not_open(
        body in proptest::collection::vec(any::<u8>(), 0..200), sequence in any::<u32>(),
    ) {
        let (_, mut opener, _) = up(Stream::Input);
        let mut message = vec![1, Stream::Input as u8, 128, CONSOLE];
        message.extend_from_slice(&sequence.to_be_bytes());
        message.extend_from_slice(&[0, 1]);
        message.extend_from_slice(&body);
        prop_assert!(opener.open(&message).is_err());
    }
}

/// Whose message it is: which way, on which stream, from whom, under which epoch's keys.
type Lane = (bool, Stream, u8, u16);

fn lanes() -> Vec<Lane> {
    let mut lanes = Vec::new();
    for down in [false, true] {
        for stream in Stream::ALL {
            for sender in if down { [AGENT, 9] } else { [CONSOLE, 3] } {
                lanes.extend([1, 2].map(|epoch| (down, stream, sender, epoch)));
            }
        }
    }
    lanes
}

fn lane_sealer((down, stream, sender, epoch): Lane) -> Sealer {
    if down {
        Sealer::down(&EpochSecret::new(epoch, [5; 32]), sender, stream)
    } else {
        Sealer::up(&pair(sender), epoch, stream)
    }
}

fn lane_opener((down, stream, sender, epoch): Lane) -> Opener {
    if down {
        let mut opener = Opener::down(sender, stream);
        opener.renew(epoch, EpochSecret::new(epoch, [5; 32]).down(sender, stream.into()));
        opener
    } else {
        let mut opener = Opener::up(sender, stream);
        opener.renew(epoch, pair(sender).up(epoch, stream.into()));
        opener
    }
}

/// A clear message of this lane, long enough for the longer head.
fn lane_message((_, stream, sender, _): Lane, sequence: u32) -> Vec<u8> {
    let mut message = vec![1, stream as u8, 0, sender];
    message.extend_from_slice(&sequence.to_be_bytes());
    message.extend_from_slice(&[0x5a; 40]);
    message
}

#[test]
fn a_message_opens_on_its_own_stream_way_sender_and_epoch_and_nowhere_else() {
    let lanes = lanes();
    let mut openers: Vec<Opener> = lanes.iter().map(|lane| lane_opener(*lane)).collect();
    for from in &lanes {
        let sealed = lane_sealer(*from).seal(&lane_message(*from, 4)).unwrap();
        for (to, opener) in lanes.iter().zip(&mut openers) {
            // Whoever moves it writes into its head what the other lane would have there.
            let mut moved = sealed.clone();
            (moved[1], moved[3]) = (to.1 as u8, to.2);
            let epoch_at = match to {
                (true, Stream::Screen, ..) => 20,
                (true, stream, ..) if stream.is_addressed() => 9,
                _ => 8,
            };
            moved[epoch_at..epoch_at + 2].copy_from_slice(&to.3.to_be_bytes());
            let opened = opener.open(&moved);
            assert_eq!(opened.is_ok(), from == to, "{from:?} at {to:?}: {opened:?}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_but_the_exact_message_opens_on_any_stream_either_way(
        lane in prop::sample::select(lanes()), sequence in any::<u32>(),
        bits in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        cut in any::<prop::sample::Index>(), more in proptest::collection::vec(any::<u8>(), 0..3), shorten in any::<bool>(),
    ) {
        let clear = lane_message(lane, sequence);
        let sealed = lane_sealer(lane).seal(&clear).unwrap();
        let mut changed = sealed.clone();
        for bit in bits {
            let bit = bit.index(changed.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
        }
        if shorten {
            changed.truncate(cut.index(sealed.len()));
        }
        changed.extend_from_slice(&more);
        let mut opener = lane_opener(lane);
        if changed != sealed {
            let opened = opener.open(&changed);
            prop_assert!(opened.is_err(), "{:?}", opened);
        }
        prop_assert_eq!(opener.open(&sealed), fresh(&clear));
    }
}

#[test]
fn every_bit_and_every_length_matter() {
    let (mut sealer, mut opener, mut writer) = up(Stream::Input);
    let clear = writer.message(Stream::Input, &Input::ReleaseAll);
    let sealed = sealer.seal(&clear).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(opener.open(&changed).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(opener.open(&sealed[..length]).is_err(), "cut at {length}");
    }
    assert!(opener.open(&[sealed.as_slice(), &[0]].concat()).is_err());
    assert_eq!(opener.open(&sealed), fresh(&clear));
}

#[test]
fn a_new_epoch_takes_over_and_the_one_before_runs_out() {
    let pair = pair(CONSOLE);
    let (mut sealer, mut opener, mut writer) = up(Stream::Input);
    let mut say =
        |sealer: &mut Sealer| sealer.seal(&writer.message(Stream::Input, &Input::ReleaseAll)).unwrap();
    let (on_its_way, late) = (say(&mut sealer), say(&mut sealer));
    sealer.renew(2, pair.up(2, Channel::Input));
    let new = say(&mut sealer);
    assert_eq!(opener.open(&new), Err(OpenError::Epoch(2)));
    opener.renew(2, pair.up(2, Channel::Input));
    assert!(matches!(opener.open(&on_its_way), Ok(Opened::Fresh { .. })));
    assert!(matches!(opener.open(&new), Ok(Opened::Fresh { skipped: 1, .. })));
    assert_eq!(opener.open(&late), Err(OpenError::Reordered));
    for epoch in 3..=4 {
        opener.renew(epoch, pair.up(epoch, Channel::Input));
        assert_eq!(opener.open(&late), Err(OpenError::Reordered), "its key is still here");
    }
    opener.renew(5, pair.up(5, Channel::Input));
    assert_eq!(opener.open(&late), Err(OpenError::Epoch(1)), "the oldest key is gone");
}

/// The agent's side with so many consoles let in.
fn room(consoles: &[u8]) -> (Epochs, Dice) {
    let (mut epochs, mut dice) = (Epochs::new(AGENT), Dice(1));
    for console in consoles {
        epochs.handle_join(pair(*console), dice.draw()).unwrap();
    }
    (epochs, dice)
}

fn drain(epochs: &mut Epochs) -> Vec<epochs::Output> {
    std::iter::from_fn(|| epochs.poll_output()).collect()
}

#[test]
fn who_comes_cannot_open_what_was_and_who_leaves_cannot_open_what_comes() {
    let (mut epochs, mut dice) = room(&[1]);
    let first = epochs.current().unwrap().clone();
    drain(&mut epochs);
    epochs.handle_join(pair(3), dice.draw()).unwrap();
    let both = drain(&mut epochs);
    let [
        epochs::Output::HandOver { to: 1, message: to_first },
        epochs::Output::HandOver { to: 3, message: to_second },
        epochs::Output::Began(2),
    ] = both.as_slice()
    else {
        panic!("{both:?}")
    };
    let second = epochs.current().unwrap().clone();
    assert_eq!(open_hand_over(&pair(1), 1, to_first).unwrap(), second);
    assert_eq!(open_hand_over(&pair(3), 0, to_second).unwrap(), second);
    assert_eq!(open_hand_over(&pair(3), 0, to_first), Err(HandOverError::Broken), "sealed for each alone");
    assert_ne!(first, second);
    epochs.handle_leave(3, dice.draw()).unwrap();
    let rest = drain(&mut epochs);
    assert!(
        matches!(&rest[..], [epochs::Output::HandOver { to: 1, .. }, epochs::Output::Began(3)]),
        "{rest:?}"
    );
    assert_ne!(*epochs.current().unwrap(), second);
    assert_eq!(epochs.up(3, Channel::Input), None);
    assert_eq!(epochs.up(1, Channel::Input), Some((3, pair(1).up(3, Channel::Input))));
}

#[test]
fn a_hand_over_that_is_old_changed_or_cut_is_refused() {
    let (mut epochs, _) = room(&[1]);
    let outputs = drain(&mut epochs);
    let epochs::Output::HandOver { message, .. } = &outputs[0] else { panic!("{outputs:?}") };
    assert!(open_hand_over(&pair(1), 0, message).is_ok());
    assert_eq!(open_hand_over(&pair(1), 1, message), Err(HandOverError::Old));
    for at in 0..message.len() {
        let mut changed = message.clone();
        changed[at] ^= 1;
        assert_eq!(open_hand_over(&pair(1), 0, &changed), Err(HandOverError::Broken), "byte {at}");
        assert_eq!(open_hand_over(&pair(1), 0, &message[..at]), Err(HandOverError::Length));
    }
}
