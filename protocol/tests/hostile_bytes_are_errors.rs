//! Whatever bytes come from the far side: an error or a message within its limits, never a panic.

use bytes::Bytes;
use farhand_protocol::api::MediaOffer;
use farhand_protocol::channel::{
    Button, ChannelError, Control, Cursor, Input, MAX_CURSOR_BYTES, MAX_NOTICE, MAX_TEXT, Notice, Pointer,
    ScreenFeedback, encode,
};
use farhand_protocol::envelope::{
    EnvelopeError, HEAD_LEN, Head, LAYOUT, MAX_FILES_MESSAGE, MAX_MESSAGE, Stream, Writer, flags,
};
use farhand_protocol::framing::{Accepted, Datagram, FrameError, read_websocket};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::Rights;
use farhand_protocol::signal::{FromService, MAX_PROGRAM, MAX_SIGNAL, SignalError, ToService};
use farhand_protocol::version::VersionRange;
use proptest::prelude::*;

fn body<T: serde::Serialize>(message: &T) -> Vec<u8> {
    let mut out = Vec::new();
    encode(message, &mut out);
    out
}

fn decode_everything(bytes: &[u8]) {
    let _ = Control::decode(bytes);
    let _ = Input::decode(bytes);
    let _ = Pointer::decode(bytes);
    let _ = ScreenFeedback::decode(bytes);
    let _ = Accepted::decode(bytes);
    let _ = Head::read(bytes);
    let _ = Datagram::read(Bytes::copy_from_slice(bytes));
    let _ = read_websocket(Bytes::copy_from_slice(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = ToService::decode(text);
        let _ = FromService::decode(text);
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    let button = proptest::sample::select(&[
        Button::Left,
        Button::Middle,
        Button::Right,
        Button::Back,
        Button::Forward,
    ]);
    prop_oneof![
        (any::<u16>(), any::<bool>()).prop_map(|(usage, down)| Input::Key { usage: Usage(usage), down }),
        (button, any::<bool>(), any::<i32>(), any::<i32>()).prop_map(|(button, down, x, y)| Input::Button {
            button,
            down,
            x,
            y
        }),
        (any::<i32>(), any::<i32>(), any::<i32>(), any::<i32>()).prop_map(|(dx, dy, x, y)| Input::Wheel {
            dx,
            dy,
            x,
            y
        }),
        ".{0,200}".prop_map(|text| Input::Text { text }),
        "\\PC".prop_map(|letter| Input::Letter { letter }),
        (any::<i32>(), any::<i32>()).prop_map(|(dx, dy)| Input::PointerBy { dx, dy }),
        Just(Input::StopText),
        Just(Input::ReleaseAll),
    ]
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_everything(&bytes);
    }

    #[test]
    fn messages_with_a_few_bytes_changed(
        input in any_input(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = body(&input);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        decode_everything(&bytes);
        decode_everything(&bytes[..cut.index(bytes.len() + 1)]);
    }

    #[test]
    fn input_survives_the_wire(input in any_input()) {
        prop_assert_eq!(Input::decode(&body(&input)).unwrap(), input);
    }

    #[test]
    fn pointers_and_feedback_survive_the_wire(x in any::<i32>(), y in any::<i32>(), frame in any::<u32>()) {
        let pointer = Pointer { x, y };
        prop_assert_eq!(Pointer::decode(&body(&pointer)).unwrap(), pointer);
        let drawn = ScreenFeedback::Drawn { frame, draw_us: frame };
        prop_assert_eq!(ScreenFeedback::decode(&body(&drawn)).unwrap(), drawn);
    }

    #[test]
    fn cursors_survive_the_wire_and_fit(width in 0u32..300, height in 0u32..300, hot in any::<u32>()) {
        let rgba = vec![7; width as usize * height as usize * 4];
        let cursor = Cursor::fitted(width, height, hot, hot, &rgba).unwrap();
        prop_assert!(cursor.rgba.len() <= MAX_CURSOR_BYTES);
        prop_assert!(cursor.width == 0 || (cursor.hot_x < cursor.width && cursor.hot_y < cursor.height));
        let message = Control::Cursor { cursor };
        let bytes = Writer::new(1).message(Stream::Control, &message);
        prop_assert!(bytes.len() + 16 <= MAX_MESSAGE, "no room for a seal's tag");
        prop_assert_eq!(Control::decode(&bytes[HEAD_LEN..]).unwrap(), message);
    }
}

#[test]
fn a_cursor_keeps_its_look_when_it_is_made_smaller() {
    let rgba: Vec<u8> = (0..128u32 * 128).flat_map(|i| [(i % 128) as u8, (i / 128) as u8, 0, 255]).collect();
    let cursor = Cursor::fitted(128, 128, 100, 40, &rgba).unwrap();
    assert_eq!((cursor.width, cursor.height, cursor.hot_x, cursor.hot_y), (64, 64, 50, 20));
    assert_eq!(&cursor.rgba[(20 * 64 + 50) * 4..][..4], [100, 40, 0, 255]);
    assert_eq!(Cursor::fitted(2, 2, 0, 0, &[0; 15]), None);
    assert_eq!(Cursor::fitted(u32::MAX, u32::MAX, 0, 0, &[]), None);
}

#[test]
fn limits_are_kept() {
    let refused = |result: Result<(), ChannelError>| matches!(result, Err(ChannelError::Limit { .. }));
    let letter = |letter: &str| Input::decode(&body(&Input::Letter { letter: letter.into() })).is_ok();
    assert!(letter("😀") && !letter("abcde"));
    let text = |length| Input::decode(&body(&Input::Text { text: "x".repeat(length) })).map(|_| ());
    assert!(text(MAX_TEXT).is_ok() && refused(text(MAX_TEXT + 1)));
    let notice = |length| {
        let notice = Notice::CaptureFailed { text: "x".repeat(length) };
        Control::decode(&body(&Control::Notice { notice })).map(|_| ())
    };
    assert!(notice(MAX_NOTICE).is_ok() && refused(notice(MAX_NOTICE + 1)));
    let cursor = |width, height, length| {
        let cursor = Cursor { width, height, hot_x: 0, hot_y: 0, rgba: vec![0; length] };
        Control::decode(&body(&Control::Cursor { cursor })).map(|_| ())
    };
    assert!(cursor(64, 64, 64 * 64 * 4).is_ok());
    for (width, height, length) in
        [(64, 64, 5), (65, 64, 65 * 64 * 4), (129, 1, 129 * 4), (1, 129, 129 * 4), (0, 0, 1)]
    {
        assert!(refused(cursor(width, height, length)), "{width}x{height} with {length}");
    }
    assert!(refused(Pointer::decode(&vec![0; MAX_MESSAGE + 1]).map(|_| ())));
}

#[test]
fn nothing_may_follow_a_message() {
    let mut bytes = body(&Input::ReleaseAll);
    bytes.push(0xc0);
    assert!(matches!(Input::decode(&bytes), Err(ChannelError::Trailing(1))));
}

#[test]
fn deep_nests_and_false_lengths_are_errors() {
    let mut nest = vec![0x82, 0xa4, b't', b'y', b'p', b'e', 0xa1, b'x', 0xa1, b'y'];
    nest.extend(std::iter::repeat_n(0x91, 10_000));
    nest.push(0xc0);
    assert!(matches!(Control::decode(&nest), Err(ChannelError::Malformed(_))));
    // An array, a map, a text and a blob that say they have four thousand million entries.
    for head in [[0xdd; 5], [0xdf; 5], [0xdb; 5], [0xc6; 5]] {
        let mut bytes = head;
        bytes[1..].fill(0xff);
        assert!(Control::decode(&bytes).is_err());
        let mut ask = body(&Control::Ask { rights: Rights::EMPTY });
        ask.pop();
        ask.extend(bytes);
        assert!(Control::decode(&ask).is_err());
    }
    let deep = format!("{{\"type\":\"x\",\"y\":{}", "[".repeat(MAX_SIGNAL - 20));
    assert!(ToService::decode(&deep).is_err());
}

#[test]
fn a_name_given_twice_is_refused() {
    for text in [r#"{"type":"media","up":true,"up":false}"#, r#"{"type":"end","type":"ping","nonce":1}"#] {
        assert!(ToService::decode(text).is_err(), "{text}");
    }
}

#[test]
fn signals_are_bounded() {
    let hello =
        |length| ToService::Hello { versions: VersionRange::ours(), program: "p".repeat(length) }.encode();
    assert!(ToService::decode(&hello(MAX_PROGRAM)).is_ok());
    assert!(matches!(ToService::decode(&hello(MAX_PROGRAM + 1)), Err(SignalError::Limit { .. })));
    let long = format!("{{\"type\":\"ping\",\"nonce\":{}1}}", " ".repeat(MAX_SIGNAL));
    assert!(matches!(ToService::decode(&long), Err(SignalError::Long)));
    assert!(matches!(FromService::decode(&long), Err(SignalError::Long)));
}

#[test]
fn a_signal_of_a_newer_version_is_unknown_whatever_it_carries() {
    let text = r#"{"type":"hologram","of":{"who":[1,null]},"up":true}"#;
    assert_eq!(ToService::decode(text).unwrap(), ToService::Unknown);
    assert_eq!(FromService::decode(text).unwrap(), FromService::Unknown);
    let offer: MediaOffer = serde_json::from_str(
        r#"{"ticket":"t","expires_at":1,"port":2,"certificate_sha256":[],"webtransport_path":"/m","websocket_path":"/w","speed":9}"#,
    )
    .unwrap();
    assert_eq!(offer.host, None);
}

#[test]
fn a_sealed_message_is_refused_until_there_are_keys() {
    let mut message = Writer::new(3).message(Stream::Input, &Input::ReleaseAll);
    assert!(Head::read(&message).is_ok());
    message[2] |= flags::SEALED;
    assert!(Head::read(&message).is_ok(), "the room relays it");
    assert_eq!(Head::read_clear(&message), Err(EnvelopeError::Sealed));
}

#[test]
fn heads_are_read_as_written_and_refused_otherwise() {
    let head = Head { stream: Stream::Screen, flags: flags::FIRST, sender: 9, sequence: 0xdead_beef };
    let mut bytes = Vec::new();
    head.write(&mut bytes);
    assert_eq!(bytes, [LAYOUT, 2, 1, 9, 0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(Head::read(&bytes), Ok(head));
    assert_eq!(Head::read(&bytes[..7]), Err(EnvelopeError::Short));
    assert_eq!(Head::read(&[2, 0, 0, 1, 0, 0, 0, 0]), Err(EnvelopeError::Layout(2)));
    assert_eq!(Head::read(&[1, 8, 0, 1, 0, 0, 0, 0]), Err(EnvelopeError::Stream(8)));
    assert_eq!(Head::read(&vec![1; MAX_MESSAGE + 1]), Err(EnvelopeError::Long));
    let of_files = |length: usize| {
        let mut message = vec![0; length];
        message[..2].copy_from_slice(&[LAYOUT, Stream::Files as u8]);
        Head::read(&message).map(|head| head.stream)
    };
    assert_eq!(of_files(MAX_FILES_MESSAGE), Ok(Stream::Files));
    assert_eq!(of_files(MAX_FILES_MESSAGE + 1), Err(EnvelopeError::Long));
}

#[test]
fn carriers_refuse_what_is_empty_or_foreign() {
    let read = |bytes: &'static [u8]| Datagram::read(Bytes::from_static(bytes));
    assert_eq!(read(&[]), Err(FrameError::Empty));
    assert_eq!(read(&[9, 1]), Err(FrameError::Stream(9)));
    assert_eq!(read(&[0, 0, 0]), Err(FrameError::Empty));
    assert_eq!(read(&[0, 0, 0, 0, 1]), Err(FrameError::Empty));
    assert_eq!(read(&[3]), Err(FrameError::Empty));
    assert!(read(&[0, 0, 0, 0, 1, 5]).is_ok() && read(&[3, 5]).is_ok());
    let socket = |bytes: &'static [u8]| read_websocket(Bytes::from_static(bytes));
    assert_eq!(socket(&[]), Err(FrameError::Empty));
    assert_eq!(socket(&[1]), Err(FrameError::Empty));
    assert_eq!(socket(&[8, 1]), Err(FrameError::Stream(8)));
    assert_eq!(socket(&[1, 2]), Ok((Stream::Input, Bytes::from_static(&[2]))));
    let long = Bytes::from(vec![0; MAX_MESSAGE + 2]);
    assert_eq!(read_websocket(long.clone()), Err(FrameError::Long(MAX_MESSAGE + 1)));
    let of_files = |length: usize| {
        let mut bytes = vec![0; length + 1];
        bytes[0] = Stream::Files as u8;
        read_websocket(Bytes::from(bytes)).map(|(stream, message)| (stream, message.len()))
    };
    assert_eq!(of_files(MAX_FILES_MESSAGE), Ok((Stream::Files, MAX_FILES_MESSAGE)));
    assert_eq!(of_files(MAX_FILES_MESSAGE + 1), Err(FrameError::Long(MAX_FILES_MESSAGE + 1)));
    assert!(matches!(Datagram::read(long), Err(FrameError::Long(_))));
}
