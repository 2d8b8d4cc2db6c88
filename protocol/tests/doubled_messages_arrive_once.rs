//! Each message of an ordered stream is delivered once and in order, whichever of its copies comes first, in bounded
//! memory.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::envelope::{MAX_FILES_MESSAGE, MAX_MESSAGE, Stream};
use farhand_protocol::framing::{
    DOUBLE_AFTER_MS, DOUBLE_UP_TO, DOUBLER_WINDOW, Datagram, Doubler, FrameError, FrameReader,
    REORDER_WINDOW, Reorder, write_frame,
};
use proptest::prelude::*;

fn content(index: u32) -> Bytes {
    Bytes::copy_from_slice(&index.to_be_bytes())
}

fn drain(reorder: &mut Reorder, into: &mut Vec<Bytes>) {
    into.extend(std::iter::from_fn(|| reorder.poll_message()));
    assert!(reorder.waiting() <= REORDER_WINDOW as usize);
}

/// What the network does next.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// The stream brings its next message.
    Stream,
    /// Some copy of those sent so far comes, perhaps not for the first time.
    Copy(prop::sample::Index),
    /// A copy comes whose index nobody sent.
    Forged(u32),
}

proptest! {
    #[test]
    fn each_once_in_order_for_any_interleaving(
        count in 1u32..200,
        events in proptest::collection::vec(
            prop_oneof![
                3 => Just(Next::Stream),
                3 => any::<prop::sample::Index>().prop_map(Next::Copy),
                1 => (300u32..).prop_map(Next::Forged),
            ],
            0..600,
        ),
    ) {
        let mut reorder = Reorder::new();
        let mut delivered = Vec::new();
        let mut on_stream = 0;
        for event in events {
            match event {
                Next::Stream if on_stream < count => {
                    reorder.handle_stream(content(on_stream));
                    on_stream += 1;
                }
                Next::Stream => {}
                Next::Copy(which) => {
                    let index = u32::try_from(which.index(count as usize)).unwrap();
                    reorder.handle_copy(index, content(index));
                }
                Next::Forged(index) => reorder.handle_copy(index, Bytes::from_static(b"forged")),
            }
            drain(&mut reorder, &mut delivered);
        }
        for index in on_stream..count {
            reorder.handle_stream(content(index));
            drain(&mut reorder, &mut delivered);
        }
        prop_assert_eq!(delivered, (0..count).map(content).collect::<Vec<_>>());
    }

    #[test]
    fn frames_come_out_however_the_bytes_were_cut(
        lengths in proptest::collection::vec(1usize..2000, 1..20),
        cuts in proptest::collection::vec(1usize..700, 1..60),
    ) {
        let messages: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(i, length)| vec![i as u8; *length]).collect();
        let mut bytes = Vec::new();
        for message in &messages {
            write_frame(message, &mut bytes).unwrap();
        }
        let mut reader = FrameReader::new();
        let mut read = Vec::new();
        let mut rest = bytes.as_slice();
        let mut cuts = cuts.iter().cycle();
        while !rest.is_empty() {
            let (now, later) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            rest = later;
            reader.push(now);
            while let Some(message) = reader.poll_frame().unwrap() {
                read.push(message.to_vec());
            }
            prop_assert!(reader.waiting() < 2 + MAX_MESSAGE);
        }
        prop_assert_eq!(read, messages);
        prop_assert_eq!(reader.waiting(), 0);
    }

    #[test]
    fn datagrams_survive_the_wire(stream in 0u8..3, index in any::<u32>(), message in proptest::collection::vec(any::<u8>(), 1..1024)) {
        let message = Bytes::from(message);
        let stream = farhand_protocol::envelope::Stream::from_byte(stream).unwrap();
        for datagram in [Datagram::Copy { stream, index, message: message.clone() }, Datagram::Pointer { message }] {
            prop_assert_eq!(Datagram::read(Bytes::from(datagram.write())).unwrap(), datagram);
        }
    }
}

#[test]
fn a_copy_of_a_lost_message_is_delivered_before_the_stream_brings_it() {
    let mut reorder = Reorder::new();
    let mut delivered = Vec::new();
    reorder.handle_copy(1, content(1));
    drain(&mut reorder, &mut delivered);
    assert_eq!(delivered, [] as [Bytes; 0], "1 waits for 0");
    reorder.handle_copy(0, content(0));
    drain(&mut reorder, &mut delivered);
    assert_eq!(delivered, [content(0), content(1)]);
    reorder.handle_stream(content(0));
    reorder.handle_stream(content(1));
    reorder.handle_stream(content(2));
    drain(&mut reorder, &mut delivered);
    assert_eq!(delivered, [0, 1, 2].map(content));
}

#[test]
fn a_message_that_its_reader_keeps_is_delivered_once_and_in_order() {
    let mut reorder = Reorder::new();
    let mut delivered = Vec::new();
    reorder.handle_copy(1, content(1));
    assert!(reorder.handle_kept(), "0 is the next");
    drain(&mut reorder, &mut delivered);
    assert_eq!(delivered, [content(1)], "behind it");
    assert!(!reorder.handle_kept(), "1 was delivered already");
    reorder.handle_stream(content(2));
    reorder.handle_copy(3, content(3));
    drain(&mut reorder, &mut delivered);
    assert!(!reorder.handle_kept());
    assert!(reorder.handle_kept(), "4");
    assert_eq!(delivered, [1, 2, 3].map(content));
    assert_eq!(reorder.waiting(), 0);
}

#[test]
fn far_copies_and_large_ones_take_no_memory() {
    let mut reorder = Reorder::new();
    for index in REORDER_WINDOW..10_000 {
        reorder.handle_copy(index, content(index));
    }
    reorder.handle_copy(1, Bytes::from(vec![0; MAX_MESSAGE]));
    assert_eq!(reorder.waiting(), 0);
    for index in 1..REORDER_WINDOW {
        reorder.handle_copy(index, content(index));
        reorder.handle_copy(index, Bytes::from_static(b"again"));
    }
    assert_eq!(reorder.waiting(), REORDER_WINDOW as usize - 1);
}

#[test]
fn empty_and_oversized_frames_end_the_stream() {
    let mut out = Vec::new();
    assert_eq!(write_frame(&[], &mut out), Err(FrameError::Empty));
    let long = MAX_FILES_MESSAGE + 1;
    assert_eq!(write_frame(&vec![0; long], &mut out), Err(FrameError::Long(long)));
    assert_eq!(write_frame(&vec![0; 70_000], &mut out), Err(FrameError::Long(70_000)));
    assert!(out.is_empty());
    let read = |bytes: &[u8]| {
        let mut reader = FrameReader::new();
        reader.push(bytes);
        reader.poll_frame()
    };
    assert_eq!(read(&[0, 0]), Err(FrameError::Empty));
    assert_eq!(read(&[0xff, 0xff]), Err(FrameError::Long(0xffff)));
    assert_eq!(read(&[0]), Ok(None));
    assert_eq!(read(&[0, 2, 5]), Ok(None));
    for stream in Stream::ORDERED {
        let longest = stream.max_message();
        assert_eq!(longest, if stream == Stream::Files { MAX_FILES_MESSAGE } else { MAX_MESSAGE });
        let read = |length: usize| {
            let mut reader = FrameReader::of(stream);
            reader.push(&u16::try_from(length).unwrap().to_be_bytes());
            reader.poll_frame()
        };
        assert_eq!(read(longest), Ok(None));
        assert_eq!(read(longest + 1), Err(FrameError::Long(longest + 1)));
    }
}

#[test]
fn small_messages_go_again_after_their_time_and_large_ones_never() {
    let mut doubler = Doubler::<Instant>::new();
    let start = Instant::now();
    let after = Duration::from_millis(DOUBLE_AFTER_MS);
    let step = Duration::from_millis(1);
    doubler.handle_sent(0, content(0), start);
    doubler.handle_sent(1, Bytes::from(vec![0; DOUBLE_UP_TO + 1]), start);
    doubler.handle_sent(2, content(2), start + step);
    assert_eq!(doubler.poll_timeout(), Some(start + after));
    doubler.handle_timeout(start + after - step);
    assert_eq!(doubler.poll_output(), None);
    doubler.handle_timeout(start + after);
    assert_eq!(doubler.poll_output(), Some((0, content(0))));
    assert_eq!(doubler.poll_output(), None);
    assert_eq!(doubler.poll_timeout(), Some(start + step + after));
    doubler.handle_timeout(start + after + after);
    assert_eq!(doubler.poll_output(), Some((2, content(2))));
    assert_eq!((doubler.poll_output(), doubler.poll_timeout()), (None, None));
}

#[test]
fn a_doubler_is_bounded_and_works_without_a_clock_type() {
    let mut doubler = Doubler::<Duration>::new();
    let many = u32::try_from(DOUBLER_WINDOW).unwrap() + 10;
    for index in 0..many {
        doubler.handle_sent(index, content(index), Duration::ZERO);
    }
    doubler.handle_timeout(Duration::from_secs(1));
    let due: VecDeque<u32> = std::iter::from_fn(|| doubler.poll_output()).map(|(index, _)| index).collect();
    assert_eq!(due, (10..many).collect::<VecDeque<_>>(), "the oldest are given up");
}
