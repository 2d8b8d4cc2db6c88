//! What the worker composes is what the agent reads, and the other way round. The same code natively; what needs a
//! JavaScript engine is tested in the browser.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::time::Instant;

use farhand_protocol::channel::{Control, Input, Pointer, ScreenFeedback};
use farhand_protocol::envelope::{HEAD_LEN, Head, Stream};
use farhand_protocol::framing::Datagram;
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::screen::{FrameMeta, cut};
use farhand_screen::{Encoder, FrameView, NoVideo, Options, Pressure};
use farhand_wasm::{Composer, Doubler, FrameReader, Reorder, ScreenDecoder};

/// Reads the head and gives the body.
fn body(message: &[u8], stream: Stream, sequence: u32) -> &[u8] {
    let head = Head::read(message).unwrap();
    assert_eq!(head, Head { stream, flags: 0, sender: 9, sequence });
    &message[HEAD_LEN..]
}

#[test]
fn messages_are_counted_on_each_stream() {
    let mut composer = Composer::new(9);
    let ask = composer.ask(vec!["control".into()]).unwrap();
    let rights = Rights::of(&[Right::View, Right::Control]);
    assert_eq!(Control::decode(body(&ask, Stream::Control, 0)).unwrap(), Control::Ask { rights });
    assert_eq!(
        Control::decode(body(&composer.ping(4), Stream::Control, 1)).unwrap(),
        Control::Ping { nonce: 4 }
    );
    let key = composer.key("KeyA", true).unwrap();
    assert!(matches!(
        Input::decode(body(&key, Stream::Input, 0)).unwrap(),
        Input::Key { usage, down: true } if usage.code() == Some("KeyA")
    ));
    assert_eq!(composer.key("NoSuchKey", true), None);
    assert_eq!(composer.button(7, true, Some(0), Some(0)), None);
    let button = composer.button(2, false, Some(3), Some(-4)).unwrap();
    assert!(matches!(
        Input::decode(body(&button, Stream::Input, 1)).unwrap(),
        Input::Button { down: false, x: 3, y: -4, .. }
    ));
    let pointer = composer.pointer(5, 6);
    assert_eq!(Pointer::decode(body(&pointer, Stream::Pointer, 0)).unwrap(), Pointer { x: 5, y: 6 });
    let drawn = composer.drawn(7, 800);
    let expected = ScreenFeedback::Drawn { frame: 7, draw_us: 800 };
    assert_eq!(ScreenFeedback::decode(body(&drawn, Stream::Screen, 0)).unwrap(), expected);
}

#[test]
fn a_ping_is_answered_with_its_own_number() {
    let mut composer = Composer::new(9);
    let ping = composer.ping(77);
    let pong = composer.pong(&ping).unwrap();
    assert_eq!(Control::decode(body(&pong, Stream::Control, 1)).unwrap(), Control::Pong { nonce: 77 });
    assert_eq!(composer.pong(&pong), None);
    assert_eq!(composer.pong(b"nonsense"), None);
}

#[test]
fn doubled_messages_arrive_once_and_in_order() {
    let mut doubler = Doubler::new(Stream::Input as u8).unwrap();
    let mut reorder = Reorder::new();
    doubler.sent(b"one".to_vec(), 1000.0);
    doubler.sent(b"two".to_vec(), 1001.5);
    assert_eq!(doubler.due(1010.0), None);
    let at = doubler.due_at().unwrap();
    let mut copies = Vec::new();
    for time in [at, at + 1.5] {
        while let Some(datagram) = doubler.due(time) {
            match Datagram::read(datagram.into()).unwrap() {
                Datagram::Copy { stream, index, message } => {
                    assert_eq!(stream, Stream::Input);
                    copies.push((index, message));
                }
                Datagram::Pointer { .. } => unreachable!("no pointer was sent"),
            }
        }
    }
    assert_eq!(doubler.due_at(), None);
    // The first message is late on the stream; its copy comes after the second's.
    for (index, message) in copies.into_iter().rev() {
        reorder.from_datagram(index, message.to_vec());
    }
    assert_eq!(reorder.poll_message().as_deref(), Some(&b"one"[..]));
    assert_eq!(reorder.poll_message().as_deref(), Some(&b"two"[..]));
    reorder.from_stream(b"one".to_vec());
    reorder.from_stream(b"two".to_vec());
    reorder.from_stream(b"three".to_vec());
    assert_eq!(reorder.poll_message().as_deref(), Some(&b"three"[..]));
    assert_eq!(reorder.poll_message(), None);
}

#[test]
fn messages_come_out_of_a_stream_however_it_is_cut() {
    let mut bytes = FrameReader::frame(b"first").unwrap();
    bytes.extend(FrameReader::frame(b"second").unwrap());
    let mut reader = FrameReader::new(Stream::Input as u8).unwrap();
    let mut messages = Vec::new();
    for byte in bytes {
        reader.push(&[byte]);
        messages.extend(reader.poll_frame().unwrap());
    }
    assert_eq!(messages, [&b"first"[..], b"second"]);
}

#[test]
fn frames_become_a_picture_and_a_gap_is_told_once() {
    let (width, height) = (256_u32, 96_u32);
    let mut pixels = vec![0_u8; (width * height * 4) as usize];
    let mut encoder = Encoder::new(Options::default()).unwrap();
    let mut decoder = ScreenDecoder::new().unwrap();
    let mut sequence = 0;
    let mut messages = Vec::new();
    for frame in 0..4 {
        let mut dice = u64::from(frame) + 1;
        pixels.iter_mut().for_each(|byte| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (dice >> 40) as u8;
        });
        let view = FrameView { pixels: &pixels, stride: width as usize * 4, width, height };
        let mut payload = Vec::new();
        let all = [view.all()];
        let info =
            encoder.encode(view, &all, Instant::now(), Pressure::NONE, &mut NoVideo, &mut payload).unwrap();
        let meta = FrameMeta { frame, captured_us: 5 << 40, reset: info.reset, exact: info.exact };
        messages.push(cut(&payload, meta, 1, &mut sequence).collect::<Vec<_>>());
    }
    assert!(messages[0].len() > 1, "the frame is cut");
    let (last, first) = messages[0].split_last().unwrap();
    assert!(first.iter().all(|message| decoder.push(message).unwrap() == 0));
    assert_eq!(decoder.push(last).unwrap(), 1);
    assert_eq!((decoder.width(), decoder.height(), decoder.frame()), (width, height, 0));
    assert!(decoder.exact() && decoder.size_changed() && decoder.reset());
    assert_eq!(decoder.captured_us(), (5_u64 << 40) as f64);
    assert_eq!(decoder.dirty()[..4], [0, 0, width, height]);
    assert_eq!(decoder.framebuffer_len(), pixels.len());
    // The second frame is lost.
    let answers: Vec<u32> =
        messages[2..].iter().flatten().map(|message| decoder.push(message).unwrap()).collect();
    assert_eq!(answers[0], 2);
    assert!(answers[1..].iter().all(|answer| *answer == 0));
}
