//! Decoders of far-side bytes. What they accept must survive being written and read again.

use bytes::Bytes;
use farhand_protocol::channel::together::{COLLEAGUE_DIGITS, Together};
use farhand_protocol::channel::{
    Control, Input, MAX_CURSOR_BYTES, MAX_NOTICE, MAX_TEXT, Notice, Pointer, ScreenFeedback, encode,
};
use farhand_protocol::envelope::{Head, ScreenHead};
use farhand_protocol::framing::{
    Accepted, Datagram, FrameReader, REORDER_WINDOW, Reorder, read_websocket, write_frame,
};
use farhand_protocol::screen::{Assembler, PIECE, Pushed};
use farhand_protocol::session::MAX_NAME;
use farhand_protocol::session::code::{Code, Number};
use farhand_protocol::signal::{FromService, ToService};
use farhand_room::ticket::TicketKey;
use farhand_screen::{Decoder, Limits};

/// Signals of a session's socket, and join codes.
pub fn signals(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(signal) = ToService::decode(text) {
        assert_eq!(ToService::decode(&signal.encode()).expect("what was read can be read again"), signal);
    }
    if let Ok(signal) = FromService::decode(text) {
        assert_eq!(FromService::decode(&signal.encode()).expect("what was read can be read again"), signal);
    }
    if let Ok(code) = Code::parse(text) {
        assert_eq!(Code::parse(&code.to_string()), Ok(code));
        assert_eq!(format!("{}{}", code.number().digits(), code.secret()), code.digits());
    }
    if let Ok(number) = Number::parse(text) {
        assert_eq!(Number::parse(&number.to_string()), Ok(number));
        assert!(Code::parse(text).is_err(), "nothing is both");
    }
}

/// Bodies of session messages. The first byte chooses the stream.
pub fn channel(data: &[u8]) {
    let Some((&kind, body)) = data.split_first() else { return };
    let mut again = Vec::new();
    match kind % 5 {
        0 => {
            let Ok(message) = Control::decode(body) else { return };
            check_control(&message);
            encode(&message, &mut again);
            assert_eq!(Control::decode(&again).expect("what was read can be read again"), message);
        }
        1 => {
            let Ok(message) = Input::decode(body) else { return };
            if let Input::Text { text } = &message {
                assert!(text.len() <= MAX_TEXT);
            }
            encode(&message, &mut again);
            assert_eq!(Input::decode(&again).expect("what was read can be read again"), message);
        }
        2 => {
            let Ok(message) = Pointer::decode(body) else { return };
            encode(&message, &mut again);
            assert_eq!(Pointer::decode(&again).expect("what was read can be read again"), message);
        }
        3 => {
            let Ok(message) = ScreenFeedback::decode(body) else { return };
            encode(&message, &mut again);
            assert_eq!(ScreenFeedback::decode(&again).expect("what was read can be read again"), message);
        }
        _ => {
            let Ok(message) = Accepted::decode(body) else { return };
            assert_eq!(
                Accepted::decode(&message.encode()).expect("what was read can be read again"),
                message
            );
        }
    }
}

fn check_control(message: &Control) {
    match message {
        Control::Cursor { cursor } => {
            assert!(cursor.rgba.len() <= MAX_CURSOR_BYTES);
            assert_eq!(cursor.rgba.len(), usize::from(cursor.width) * usize::from(cursor.height) * 4);
        }
        Control::Notice { notice: Notice::CaptureFailed { text } | Notice::InputFailed { text } } => {
            assert!(text.len() <= MAX_NOTICE);
        }
        Control::Together { message: Together::Introduce { name, organisation, digits, .. } } => {
            assert!(name.len() <= MAX_NAME && organisation.len() <= MAX_NAME);
            assert!(digits.len() == COLLEAGUE_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()));
        }
        Control::Together { message: _ }
        | Control::Wish { .. }
        | Control::ScreenLock { .. }
        | Control::Restart { .. }
        | Control::Notice { notice: Notice::Unknown }
        | Control::Ask { .. }
        | Control::GiveUp { .. }
        | Control::End
        | Control::Consent { .. }
        | Control::CursorAt { .. }
        | Control::Monitors { .. }
        | Control::ShowMonitor { .. }
        | Control::Receipt { .. }
        | Control::ReceiptSigned { .. }
        | Control::Ping { .. }
        | Control::Pong { .. }
        | Control::Unknown => {}
    }
}

/// Bytes as they come from a carrier: a stream of frames, each of them as a message, a datagram and a WebSocket's.
pub fn frames(data: &[u8]) {
    const LIMIT: usize = 40_000;
    let mut reader = FrameReader::new();
    let mut reorder = Reorder::new();
    let mut assembler = Assembler::with_limit(LIMIT);
    for part in data.chunks(97) {
        reader.push(part);
        loop {
            let message = match reader.poll_frame() {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(_) => return,
            };
            let mut again = Vec::new();
            write_frame(&message, &mut again).expect("what was read can be written");
            one_message(&message, &mut reorder, &mut assembler);
            assert!(assembler.held() <= 2 * LIMIT + PIECE);
            assert!(reorder.waiting() < REORDER_WINDOW as usize);
        }
    }
}

fn one_message(message: &Bytes, reorder: &mut Reorder, assembler: &mut Assembler) {
    if let Ok(head) = Head::read(message) {
        let mut again = Vec::new();
        head.write(&mut again);
        assert_eq!(again, message[..again.len()]);
        if let Ok(screen) = ScreenHead::read(message) {
            screen.write(&mut again);
            assert_eq!(again, message[..again.len()]);
        }
    }
    let _ = read_websocket(message.clone());
    match Datagram::read(message.clone()) {
        Ok(datagram) => {
            assert_eq!(datagram.write(), *message);
            match datagram {
                Datagram::Copy { index, message, .. } => reorder.handle_copy(index, message),
                Datagram::Pointer { .. } => {}
            }
        }
        Err(_) => reorder.handle_stream(message.clone()),
    }
    while let Some(message) = reorder.poll_message() {
        if let Ok(Pushed::Frame(_, payload)) = assembler.push(&message) {
            assert!(payload.len() <= 40_000);
        }
    }
    let _ = assembler.push(message);
}

/// Payloads of the screen stream, one after the other: `length u16 | payload`.
pub fn screen(data: &[u8]) {
    const PIXELS: u64 = 256 * 256;
    let limits = Limits { max_pixels: PIXELS, ..Limits::default() };
    let mut decoder = Decoder::new(limits).expect("there is memory for a small decoder");
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let (payload, tail) = tail.split_at(usize::from(u16::from_be_bytes(*length)).min(tail.len()));
        rest = tail;
        let fine = decoder.decode(payload).is_ok();
        let (width, height) = decoder.size();
        assert!(u64::from(width) * u64::from(height) <= PIXELS);
        assert_eq!(decoder.framebuffer().len() as u64, u64::from(width) * u64::from(height) * 4);
        if fine {
            let update = decoder.update().clone();
            for rect in &update.dirty {
                assert!(rect.x + rect.w <= width && rect.y + rect.h <= height);
            }
            for unit in update.video {
                assert!(unit.region.x + unit.region.w <= width && unit.region.y + unit.region.h <= height);
                let picture = vec![0x80; unit.region.w as usize * unit.region.h as usize * 4];
                decoder.put(unit.ticket, &picture);
            }
        }
    }
}

/// Tickets as a stranger presents them.
pub fn ticket(data: &[u8]) {
    let key = TicketKey::from_bytes(&[7; 32]);
    if let Ok(ticket) = key.verify(data, 1) {
        let again = key.sign(&ticket).expect("a genuine ticket can be signed again");
        assert_eq!(key.verify(again.as_bytes(), 1), Ok(ticket));
    }
}
