use farhand_protocol::envelope::{MAX_MESSAGE, ScreenHead, flags};

use super::*;

const AGENT: ParticipantId = 1;
const VIEWER: ParticipantId = 2;
const SECOND: ParticipantId = 3;
const RESET: u8 = flags::FIRST | flags::LAST | flags::RESET;
const FRAME: u8 = flags::FIRST | flags::LAST;
const MS: Duration = Duration::from_millis(1);

fn message(sender: ParticipantId, stream: Stream, flags: u8, sequence: u32, length: usize) -> Bytes {
    let mut out = Vec::new();
    Head { stream, flags, sender, sequence }.write(&mut out);
    if sender == AGENT && stream == Stream::Screen {
        ScreenHead { frame: sequence, captured_us: 0 }.write(&mut out);
    }
    if sender == AGENT && stream.is_addressed() {
        out.push(SECOND);
    }
    out.resize(out.len() + length, 0);
    out.into()
}

/// A room in which connection numbers are those of the participants.
struct World {
    room: Room,
    now: Instant,
    sequence: u32,
}

impl World {
    fn new(limits: Limits) -> Self {
        let mut room = Room::new(limits);
        for (id, role) in [(AGENT, Role::Agent), (VIEWER, Role::Technician), (SECOND, Role::Technician)] {
            room.handle_join(id.into(), id, role, false).unwrap();
        }
        Self { room, now: Instant::now(), sequence: 0 }
    }

    fn send(&mut self, sender: ParticipantId, stream: Stream, flags: u8, length: usize) -> u32 {
        let sequence = self.sequence;
        self.sequence += 1;
        let message = message(sender, stream, flags, sequence, length);
        self.room.handle_message(sender.into(), stream, message, self.now).unwrap();
        sequence
    }

    fn take(&mut self, to: ParticipantId) -> Option<(Stream, u32)> {
        let (stream, message) = self.room.take(to.into(), Reach::Files, self.now)?;
        Some((stream, Head::read(&message).unwrap().sequence))
    }

    fn take_all(&mut self, to: ParticipantId) -> Vec<u32> {
        std::iter::from_fn(|| self.take(to)).map(|(_, sequence)| sequence).collect()
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.room.poll_output()).collect()
    }
}

fn world() -> World {
    World::new(Limits::default())
}

/// Every stream in every direction: who gets it, or that it is refused.
#[test]
fn messages_go_from_the_agent_to_viewers_and_from_viewers_to_the_agent_and_nowhere_else() {
    for sender in [AGENT, VIEWER, SECOND] {
        for stream in Stream::ALL {
            let mut world = world();
            let message = message(sender, stream, RESET, 0, 10);
            let relayed = world.room.handle_message(sender.into(), stream, message, world.now);
            let receivers: Vec<_> =
                [AGENT, VIEWER, SECOND].into_iter().filter(|id| world.take(*id).is_some()).collect();
            let expected: Result<&[ParticipantId], Violation> = match (sender, stream) {
                (AGENT, Stream::Control | Stream::Screen | Stream::Chat) => Ok(&[VIEWER, SECOND]),
                (AGENT, Stream::Clipboard | Stream::Files | Stream::Diagnostics) => Ok(&[SECOND]),
                (AGENT, _) => Err(Violation::Direction),
                (_, _) => Ok(&[AGENT]),
            };
            assert_eq!(relayed.map(|()| receivers.as_slice()), expected, "{sender} {stream:?}");
        }
    }
}

#[test]
fn what_is_for_one_viewer_goes_to_nobody_where_that_one_is_not_or_is_not_named() {
    let mut world = world();
    for to in [AGENT, 77] {
        let mut bytes = Vec::new();
        Head { stream: Stream::Files, flags: 0, sender: AGENT, sequence: 0 }.write(&mut bytes);
        bytes.extend_from_slice(&[to, 1, 2, 3]);
        world.room.handle_message(AGENT.into(), Stream::Files, bytes.into(), world.now).unwrap();
    }
    let mut short = Vec::new();
    Head { stream: Stream::Files, flags: 0, sender: AGENT, sequence: 1 }.write(&mut short);
    let refused = world.room.handle_message(AGENT.into(), Stream::Files, short.into(), world.now);
    assert_eq!(refused, Err(EnvelopeError::Short.into()));
    assert_eq!(world.outputs(), []);
    for participant in [AGENT, VIEWER, SECOND] {
        assert_eq!(world.take(participant), None);
    }
}

#[test]
fn files_leave_when_nothing_else_wants_to_and_a_flood_of_them_closes_the_viewer() {
    let limits = Limits { file_bytes: 30_000, ..Limits::default() };
    let mut world = World::new(limits);
    world.send(VIEWER, Stream::Files, 0, 10_000);
    world.send(VIEWER, Stream::Chat, 0, 10);
    world.send(VIEWER, Stream::Screen, 0, 10);
    assert_eq!(world.room.take(AGENT.into(), Reach::Screen, world.now).unwrap().0, Stream::Screen);
    let rest: Vec<_> = std::iter::from_fn(|| world.take(AGENT)).map(|(stream, _)| stream).collect();
    assert_eq!(rest, [Stream::Chat, Stream::Files]);
    for _ in 0..4 {
        world.send(VIEWER, Stream::Files, 0, 9_000);
    }
    let closed = Output::Close { connection: VIEWER.into(), why: Closed::Overflow };
    assert!(world.outputs().contains(&closed));
}

#[test]
fn a_receiver_is_woken_once_for_each_message() {
    let mut world = world();
    world.send(VIEWER, Stream::Input, 0, 4);
    assert_eq!(world.outputs(), [Output::Wake { connection: AGENT.into() }]);
    world.send(AGENT, Stream::Control, 0, 4);
    let woken = [Output::Wake { connection: VIEWER.into() }, Output::Wake { connection: SECOND.into() }];
    assert_eq!(world.outputs(), woken);
}

#[test]
fn a_message_that_is_not_its_senders_is_refused() {
    let mut world = world();
    let cases: [(Bytes, Violation); 6] = [
        (message(SECOND, Stream::Input, 0, 0, 1), Violation::ForgedSender),
        (message(AGENT, Stream::Input, 0, 0, 1), Violation::ForgedSender),
        (message(VIEWER, Stream::Control, 0, 0, 1), Violation::StreamMismatch),
        (Bytes::from_static(&[1, 1, 0]), EnvelopeError::Short.into()),
        (Bytes::from_static(&[7, 1, 0, VIEWER, 0, 0, 0, 0]), EnvelopeError::Layout(7).into()),
        (message(VIEWER, Stream::Input, 0, 0, MAX_MESSAGE), EnvelopeError::Long.into()),
    ];
    for (message, violation) in cases {
        let refused = world.room.handle_message(VIEWER.into(), Stream::Input, message, world.now);
        assert_eq!(refused, Err(violation));
    }
    let pointer = message(VIEWER, Stream::Pointer, 0, 0, MAX_DATAGRAM);
    let refused = world.room.handle_message(VIEWER.into(), Stream::Pointer, pointer, world.now);
    assert_eq!(refused, Err(Violation::Long));
    let mut short = Vec::new();
    Head { stream: Stream::Screen, flags: RESET, sender: AGENT, sequence: 0 }.write(&mut short);
    let refused = world.room.handle_message(AGENT.into(), Stream::Screen, short.into(), world.now);
    assert_eq!(refused, Err(EnvelopeError::Short.into()));
    assert_eq!(world.take(AGENT), None);
    assert_eq!(world.take(VIEWER), None);
}

#[test]
fn a_message_without_a_receiver_goes_nowhere() {
    let mut room = Room::new(Limits::default());
    room.handle_join(7, VIEWER, Role::Technician, false).unwrap();
    let input = message(VIEWER, Stream::Input, 0, 0, 1);
    assert_eq!(room.handle_message(7, Stream::Input, input, Instant::now()), Ok(()));
    assert_eq!(room.poll_output(), None);
    assert_eq!(room.stats(), Stats::default());
}

#[test]
fn urgent_messages_overtake_the_screen_and_keep_their_order() {
    let mut world = world();
    let frame = world.send(AGENT, Stream::Screen, RESET, 100);
    let consent = world.send(AGENT, Stream::Control, 0, 1);
    let notice = world.send(AGENT, Stream::Control, 0, 1);
    assert_eq!(world.take_all(VIEWER), [consent, notice, frame]);

    let feedback = world.send(VIEWER, Stream::Screen, 0, 1);
    let old = world.send(VIEWER, Stream::Pointer, 0, 1);
    let key = world.send(SECOND, Stream::Input, 0, 1);
    let new = world.send(VIEWER, Stream::Pointer, 0, 1);
    let ask = world.send(VIEWER, Stream::Control, 0, 1);
    let other = world.send(SECOND, Stream::Pointer, 0, 1);
    assert!(old < new);
    assert_eq!(world.take_all(AGENT), [ask, key, feedback, new, other]);
}

#[test]
fn urgent_only_leaves_a_viewers_screen_where_it_is() {
    let mut world = world();
    let frame = world.send(AGENT, Stream::Screen, RESET, 100);
    assert_eq!(world.room.take(VIEWER.into(), Reach::Urgent, world.now), None);
    assert_eq!(world.take_all(VIEWER), [frame]);
    let feedback = world.send(VIEWER, Stream::Screen, 0, 1);
    let taken = world.room.take(AGENT.into(), Reach::Urgent, world.now).unwrap();
    assert_eq!(Head::read(&taken.1).unwrap().sequence, feedback);
}

#[test]
fn a_new_viewer_sees_nothing_before_a_reset_begins() {
    let mut world = world();
    world.send(AGENT, Stream::Screen, FRAME, 10);
    world.send(AGENT, Stream::Screen, flags::RESET | flags::LAST, 10);
    assert!(world.take_all(VIEWER).is_empty());
    let first = world.send(AGENT, Stream::Screen, flags::FIRST | flags::RESET, 10);
    let last = world.send(AGENT, Stream::Screen, flags::LAST | flags::RESET, 10);
    let frame = world.send(AGENT, Stream::Screen, FRAME, 10);
    assert_eq!(world.take_all(VIEWER), [first, last, frame]);
}

#[test]
fn a_slow_viewer_is_cut_and_the_other_gets_every_message() {
    let mut world = World::new(Limits { screen_bytes: 10_000, ..Limits::default() });
    let reset = world.send(AGENT, Stream::Screen, RESET, 1000);
    assert_eq!((world.take_all(VIEWER), world.take_all(SECOND)), (vec![reset], vec![reset]));
    let mut sent = Vec::new();
    for _ in 0..50 {
        sent.push(world.send(AGENT, Stream::Screen, FRAME, 1000));
        assert_eq!(world.take_all(SECOND), sent[sent.len() - 1..]);
    }
    assert_eq!(world.room.stats().cuts, 1);
    // The newest shows it the gap, and then nothing until a reset.
    assert_eq!(world.take_all(VIEWER), sent[49..]);
    world.send(AGENT, Stream::Screen, FRAME, 1000);
    assert!(world.take_all(VIEWER).is_empty());
    let reset = world.send(AGENT, Stream::Screen, RESET, 1000);
    let frame = world.send(AGENT, Stream::Screen, FRAME, 1000);
    assert_eq!(world.take_all(VIEWER), [reset, frame]);
}

#[test]
fn what_waited_too_long_is_not_shown() {
    let mut world = world();
    let reset = world.send(AGENT, Stream::Screen, RESET, 1000);
    assert_eq!(world.take_all(VIEWER), [reset]);
    world.send(AGENT, Stream::Screen, FRAME, 10);
    world.now += SCREEN_AGE;
    let newest = world.send(AGENT, Stream::Screen, FRAME, 10);
    world.now += MS;
    assert_eq!(world.take_all(VIEWER), [newest]);
    assert_eq!(world.room.stats().cuts, 1);
}

#[test]
fn the_gap_is_shown_again_while_the_viewer_does_not_ask() {
    let mut world = world();
    let reset = world.send(AGENT, Stream::Screen, RESET, 10);
    assert_eq!(world.take_all(VIEWER), [reset]);
    world.send(AGENT, Stream::Screen, FRAME, 10);
    world.now += 2 * SCREEN_AGE;
    assert_eq!(world.take_all(VIEWER).len(), 1);
    let probe = world.send(AGENT, Stream::Screen, FRAME, 10);
    assert!(world.take_all(VIEWER).is_empty());
    world.now += Limits::default().probe_every;
    assert_eq!(world.take_all(VIEWER), [probe]);
    assert!(world.take_all(VIEWER).is_empty());
}

#[test]
fn a_reset_may_take_its_time_and_what_follows_it_is_not_to_blame() {
    let mut world = World::new(Limits { screen_bytes: 5_000, ..Limits::default() });
    let mut sent = vec![world.send(AGENT, Stream::Screen, flags::FIRST | flags::RESET, 2000)];
    for _ in 0..10 {
        sent.push(world.send(AGENT, Stream::Screen, flags::RESET, 2000));
    }
    sent.push(world.send(AGENT, Stream::Screen, FRAME, 1000));
    let mut taken = Vec::new();
    for _ in 0..12 {
        world.now += SCREEN_AGE;
        taken.extend(world.take(VIEWER).map(|(_, sequence)| sequence));
    }
    assert_eq!(taken, sent);
    assert_eq!(world.room.stats().cuts, 0);
}

#[test]
fn a_reset_takes_the_place_of_everything_before_it() {
    let mut world = world();
    world.send(AGENT, Stream::Screen, RESET, 1000);
    world.send(AGENT, Stream::Screen, FRAME, 1000);
    let reset = world.send(AGENT, Stream::Screen, RESET, 1000);
    assert_eq!(world.take_all(VIEWER), [reset]);
}

#[test]
fn even_a_reset_is_bounded() {
    let limits = Limits { reset_bytes: 100_000, ..Limits::default() };
    let mut world = World::new(limits);
    world.send(AGENT, Stream::Screen, flags::FIRST | flags::RESET, 10_000);
    for _ in 0..30 {
        world.send(AGENT, Stream::Screen, flags::RESET, 10_000);
    }
    assert_eq!(world.room.stats().cuts, 2, "both viewers are cut");
    assert_eq!(world.take_all(VIEWER).len(), 1, "only what shows the gap is left");
}

#[test]
fn a_newer_connection_takes_over_and_the_older_is_closed() {
    let mut world = world();
    world.outputs();
    let others = world.room.handle_join(20, VIEWER, Role::Technician, false).unwrap();
    assert_eq!(others, [AGENT, SECOND]);
    assert_eq!(world.outputs(), [Output::Close { connection: VIEWER.into(), why: Closed::Replaced }]);
    // What the old one still says goes nowhere, and its end does not take the new one out.
    let late = message(VIEWER, Stream::Input, 0, 0, 1);
    assert_eq!(world.room.handle_message(VIEWER.into(), Stream::Input, late, world.now), Ok(()));
    assert_eq!(world.take(AGENT), None);
    world.room.handle_leave(VIEWER.into());
    assert_eq!(world.room.connection_of(VIEWER), Some(20));
}

#[test]
fn what_waited_is_carried_over_only_when_nothing_before_it_was_lost() {
    for carry_over in [false, true] {
        let mut world = world();
        let ask = world.send(VIEWER, Stream::Control, 0, 1);
        world.outputs();
        world.room.handle_join(10, AGENT, Role::Agent, carry_over).unwrap();
        let taken = world
            .room
            .take(10, Reach::Files, world.now)
            .map(|(_, message)| Head::read(&message).unwrap().sequence);
        assert_eq!(taken, carry_over.then_some(ask));
        assert_eq!(world.outputs().contains(&Output::Wake { connection: 10 }), carry_over);
    }
}

#[test]
fn a_room_has_one_agent_and_so_many_places() {
    let mut world = World::new(Limits { participants: 3, ..Limits::default() });
    assert_eq!(world.room.handle_join(9, 9, Role::Agent, false), Err(JoinError::Role));
    assert_eq!(world.room.handle_join(9, 9, Role::Unknown, false), Err(JoinError::Role));
    assert_eq!(world.room.handle_join(9, VIEWER, Role::Agent, false), Err(JoinError::Role));
    assert_eq!(world.room.handle_join(9, 9, Role::Technician, false), Err(JoinError::Full));
    world.room.handle_leave(SECOND.into());
    assert_eq!(world.room.handle_join(9, 9, Role::Technician, false), Ok(vec![AGENT, VIEWER]));
    for connection in [AGENT.into(), VIEWER.into(), 9] {
        world.room.handle_leave(connection);
    }
    assert!(world.room.is_empty());
}

#[test]
fn a_viewer_that_floods_the_agent_is_closed_and_the_other_is_not() {
    let mut world = World::new(Limits { urgent_bytes: 10_000, ..Limits::default() });
    let key = world.send(SECOND, Stream::Input, 0, 1);
    for _ in 0..11 {
        world.send(VIEWER, Stream::Input, 0, 1000);
    }
    let closed = Output::Close { connection: VIEWER.into(), why: Closed::Overflow };
    assert!(world.outputs().contains(&closed));
    assert_eq!(world.room.connection_of(VIEWER), None);
    assert_eq!(world.room.connection_of(SECOND), Some(SECOND.into()));
    assert!(world.take_all(AGENT).contains(&key));
}

#[test]
fn a_viewer_that_does_not_read_its_control_messages_is_closed_and_the_agent_is_not() {
    let mut world = World::new(Limits { urgent_bytes: 10_000, ..Limits::default() });
    for _ in 0..11 {
        world.send(AGENT, Stream::Control, 0, 1000);
        assert_eq!(world.take_all(SECOND).len(), 1);
    }
    let closed = Output::Close { connection: VIEWER.into(), why: Closed::Overflow };
    assert!(world.outputs().contains(&closed));
    assert_eq!(world.room.connection_of(AGENT), Some(AGENT.into()));
}

#[test]
fn inputs_of_technicians_are_counted_and_nothing_else_is() {
    let mut world = world();
    world.send(VIEWER, Stream::Control, 0, 8);
    world.send(VIEWER, Stream::Screen, 0, 8);
    world.send(AGENT, Stream::Screen, RESET, 8);
    world.send(AGENT, Stream::Control, 0, 8);
    assert_eq!(world.room.inputs(), 0);
    world.send(VIEWER, Stream::Input, 0, 8);
    world.send(SECOND, Stream::Pointer, 0, 8);
    // What is refused is no input.
    let forged = message(SECOND, Stream::Input, 0, 9, 8);
    world.room.handle_message(VIEWER.into(), Stream::Input, forged, world.now).unwrap_err();
    assert_eq!(world.room.inputs(), 2);
}
