//! Whole ends, with a service and a media node between them that are honest, or are not.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod kit;

use std::time::Duration;

use farhand_protocol::channel::{Control, Input};
use farhand_protocol::envelope::{Stream, Writer};
use farhand_protocol::rights::{Right, Rights};
use farhand_seal::aead::Cipher;
use farhand_seal::context::Difference;
use farhand_seal::ends::{
    self, Agent, AgentOutput, Console, ConsoleOutput, MAX_WAITING, NotOpened, NotSealed, STALE_AFTER, Told,
    WAIT_FOR_KEYS,
};
use farhand_seal::handshake::Stop;
use farhand_seal::message::OpenError;
use farhand_seal::secret::Secret;
use kit::{AGENT, CONSOLE, Dice, digits, offer, view};

/// A signal on its way: whether it goes to the agent, the console that it is from or for, and its bytes.
type Signal = (bool, u8, Vec<u8>);

struct World {
    agent: Agent,
    consoles: Vec<(u8, Console)>,
    dice: Dice,
    /// Everything that the service saw, in both directions.
    seen: Vec<Vec<u8>>,
    at_agent: Vec<(u8, Told)>,
    at_console: Vec<(u8, Told)>,
}

impl World {
    fn new(code: &str) -> Self {
        let mut world = Self {
            agent: Agent::new(offer(CONSOLE, 10)),
            consoles: Vec::new(),
            dice: Dice(11),
            seen: Vec::new(),
            at_agent: Vec::new(),
            at_console: Vec::new(),
        };
        world.add_console(CONSOLE, vec![digits(code)]);
        world
    }

    fn add_console(&mut self, number: u8, secrets: Vec<Secret>) {
        let mut console = Console::new(offer(number, 20 + number), secrets);
        self.agent.handle_view(view(number));
        console.handle_view(view(number));
        self.consoles.retain(|(known, _)| *known != number);
        self.consoles.push((number, console));
        self.settle(|signal| vec![signal]);
    }

    fn console(&mut self, number: u8) -> &mut Console {
        &mut self.consoles.iter_mut().find(|(known, _)| *known == number).unwrap().1
    }

    fn type_code(&mut self, code: &str) {
        let random = self.dice.draw();
        self.agent.handle_secret(CONSOLE, digits(code), &random).unwrap();
        self.settle(|signal| vec![signal]);
    }

    /// Passes signals on until none is left; the service may make others of each.
    fn settle(&mut self, mut service: impl FnMut(Signal) -> Vec<Signal>) {
        loop {
            let mut under_way: Vec<Signal> = Vec::new();
            while let Some(output) = self.agent.poll_output() {
                match output {
                    AgentOutput::Signal { to, signal } => under_way.push((false, to, signal)),
                    AgentOutput::Told { console, told } => self.at_agent.push((console, told)),
                }
            }
            for (number, console) in &mut self.consoles {
                while let Some(output) = console.poll_output() {
                    match output {
                        ConsoleOutput::Signal { to: _, signal } => under_way.push((true, *number, signal)),
                        ConsoleOutput::Told(told) => self.at_console.push((*number, told)),
                        ConsoleOutput::Keys(_) => {}
                    }
                }
            }
            if under_way.is_empty() {
                return;
            }
            for signal in under_way {
                self.seen.push(signal.2.clone());
                for (to_agent, number, bytes) in service(signal) {
                    let random = self.dice.draw();
                    let _ = match to_agent {
                        true => self.agent.handle_signal(number, &bytes, &random),
                        false => self.console(number).handle_signal(AGENT, &bytes, &random),
                    };
                }
            }
        }
    }

    fn met(&self) -> bool {
        self.at_agent.iter().any(|(_, told)| matches!(told, Told::Sealed(_)))
            && self.at_console.iter().any(|(_, told)| matches!(told, Told::Sealed(_)))
    }
}

fn key(writer: &mut Writer) -> Vec<u8> {
    writer.message(Stream::Input, &Input::Text { text: "secret words".into() })
}

#[test]
fn a_session_is_sealed_both_ways_on_every_stream() {
    let mut world = World::new("5710");
    assert_eq!(world.agent.seal(Stream::Control, &[0; 8]), Err(NotSealed::NoKeys));
    world.type_code("5710");
    assert!(world.met(), "{:?}", world.at_agent);
    let (mut up, mut down) = (Writer::new(CONSOLE), Writer::new(AGENT));
    for stream in [Stream::Control, Stream::Input, Stream::Pointer] {
        let clear = up.message(stream, &Control::Ask { rights: Rights::of(&[Right::View]) });
        let sealed = world.console(CONSOLE).seal(stream, &clear).unwrap();
        assert_eq!(world.agent.open(stream, &sealed), Ok(Some(clear)));
        assert_eq!(world.agent.open(stream, &sealed), Ok(None), "a double");
    }
    let clear = down.message(Stream::Control, &Control::CursorAt { x: 1, y: 2 });
    let sealed = world.agent.seal(Stream::Control, &clear).unwrap();
    assert_eq!(world.console(CONSOLE).open(Stream::Control, &sealed), Ok(Some(clear)));
}

#[test]
fn what_the_service_and_the_media_node_see_holds_no_word_of_it() {
    let mut world = World::new("5710");
    world.type_code("5710");
    let mut writer = Writer::new(CONSOLE);
    for _ in 0..50 {
        let clear = key(&mut writer);
        let sealed = world.console(CONSOLE).seal(Stream::Input, &clear).unwrap();
        world.seen.push(sealed);
    }
    for seen in &world.seen {
        for word in [&b"secret words"[..], b"words", b"5710", b"text"] {
            assert!(!seen.windows(word.len()).any(|window| window == word));
        }
    }
}

#[test]
fn messages_that_are_faster_than_their_keys_wait_for_them() {
    let mut world = World::new("5710");
    world.agent.handle_secret(CONSOLE, digits("5710"), &[1; 80]).unwrap();
    let mut late = Vec::new();
    // The hand-overs and the confirmation are slow.
    world.settle(|signal| {
        if !signal.0 && (signal.2[0] == 2 || signal.2.get(1) == Some(&3)) {
            late.push(signal);
            return Vec::new();
        }
        vec![signal]
    });
    let mut writer = Writer::new(AGENT);
    let clear: Vec<_> =
        (0..3).map(|x| writer.message(Stream::Control, &Control::CursorAt { x, y: 0 })).collect();
    for clear in &clear {
        let sealed = world.agent.seal(Stream::Control, clear).unwrap();
        assert_eq!(world.console(CONSOLE).open(Stream::Control, &sealed), Ok(None));
    }
    assert_eq!(late.len(), 2);
    for (_, number, bytes) in late {
        world.console(number).handle_signal(AGENT, &bytes, &[1; 80]).unwrap();
    }
    let out: Vec<_> = std::iter::from_fn(|| world.console(CONSOLE).poll_message()).collect();
    assert_eq!(out.into_iter().map(|(_, message)| message).collect::<Vec<_>>(), clear);
}

#[test]
fn a_console_that_is_reloaded_comes_back_without_a_code() {
    let mut world = World::new("5710");
    world.type_code("5710");
    let kept = world.console(CONSOLE).resumption().unwrap();
    world.at_console.clear();
    world.add_console(CONSOLE, vec![digits("5710"), kept]);
    assert!(matches!(&world.at_console[..], [(CONSOLE, Told::Sealed(_))]), "{:?}", world.at_console);
    let clear = key(&mut Writer::new(CONSOLE));
    let sealed = world.console(CONSOLE).seal(Stream::Input, &clear).unwrap();
    assert_eq!(world.agent.open(Stream::Input, &sealed), Ok(Some(clear)));
    // One that kept nothing does not.
    world.at_console.clear();
    world.add_console(CONSOLE, vec![digits("5710")]);
    assert!(
        world.at_console.iter().all(|(_, told)| !matches!(told, Told::Sealed(_))),
        "{:?}",
        world.at_console
    );
}

#[test]
fn a_start_that_got_lost_is_made_again_and_costs_no_try() {
    let mut world = World::new("5710");
    world.agent.handle_secret(CONSOLE, digits("5710"), &[1; 80]).unwrap();
    world.settle(|_| Vec::new());
    assert!(!world.met());
    world.add_console(CONSOLE, vec![digits("5710")]);
    assert!(world.met());
}

#[test]
fn a_confirmation_that_got_lost_keeps_nobody_out() {
    let mut world = World::new("5710");
    world.type_code("5710");
    for lost in 0..3 {
        // The agent is done and the console is not: the last of its signals never arrive.
        let mut to_console = 0;
        world.console(CONSOLE).handle_link_up();
        world.settle(|signal| {
            to_console += usize::from(!signal.0);
            if signal.0 || to_console == 1 { vec![signal] } else { Vec::new() }
        });
        assert!(to_console > 1, "the agent confirmed");
        if lost > 0 {
            // Once more, before anything else came.
            let random = world.dice.draw();
            world.agent.handle_back(CONSOLE, &random).unwrap();
            world.settle(|signal| if signal.0 { Vec::new() } else { vec![signal] });
        }
        let told = world.at_agent.len();
        world.console(CONSOLE).handle_link_up();
        world.settle(|signal| vec![signal]);
        assert!(
            matches!(world.at_agent[told..], [(CONSOLE, Told::Sealed(_))]),
            "{:?}",
            &world.at_agent[told..]
        );
        let mut writer = Writer::new(CONSOLE);
        let clear = key(&mut writer);
        let sealed = world.console(CONSOLE).seal(Stream::Input, &clear).unwrap();
        assert_eq!(world.agent.open(Stream::Input, &sealed), Ok(Some(clear)));
    }
    // What an older hand-shake left is worth nothing once the newer one is in use.
    let old = world.console(CONSOLE).resumption().unwrap();
    world.console(CONSOLE).handle_link_up();
    world.settle(|signal| vec![signal]);
    let clear = key(&mut Writer::new(CONSOLE));
    let sealed = world.console(CONSOLE).seal(Stream::Input, &clear).unwrap();
    assert_eq!(world.agent.open(Stream::Input, &sealed), Ok(Some(clear)));
    let told = world.at_agent.len();
    world.add_console(CONSOLE, vec![old]);
    assert!(
        matches!(world.at_agent[told..], [(CONSOLE, Told::WrongSecret { .. })]),
        "{:?}",
        &world.at_agent[told..]
    );
}

#[test]
fn who_leaves_opens_nothing_more_and_who_stays_goes_on() {
    let mut world = World::new("5710");
    world.type_code("5710");
    world.add_console(3, vec![digits("1234")]);
    let random = world.dice.draw();
    world.agent.handle_secret(3, digits("1234"), &random).unwrap();
    world.settle(|signal| vec![signal]);
    let mut writer = Writer::new(AGENT);
    let mut say = |world: &mut World| {
        let clear = writer.message(Stream::Control, &Control::CursorAt { x: 1, y: 2 });
        let sealed = world.agent.seal(Stream::Control, &clear).unwrap();
        [CONSOLE, 3]
            .map(|number| world.console(number).open(Stream::Control, &sealed).is_ok_and(|m| m.is_some()))
    };
    assert_eq!(say(&mut world), [true, true]);
    // The service keeps the one who left, and gives them all that it sees.
    let random = world.dice.draw();
    world.agent.handle_left(3, &random).unwrap();
    let mut agent_says = Vec::new();
    world.settle(|signal| {
        agent_says.push(signal.2.clone());
        vec![signal]
    });
    for signal in agent_says {
        assert!(world.console(3).handle_signal(AGENT, &signal, &[1; 80]).is_err());
    }
    assert_eq!(say(&mut world), [true, false]);
    let clear = key(&mut Writer::new(3));
    let sealed = world.console(3).seal(Stream::Input, &clear).unwrap();
    assert_eq!(world.agent.open(Stream::Input, &sealed), Err(NotOpened::Stranger));
}

#[test]
fn a_media_node_that_forges_replays_moves_or_turns_back_gets_nothing_accepted() {
    let mut world = World::new("5710");
    world.type_code("5710");
    let mut writer = Writer::new(CONSOLE);
    let sealed: Vec<_> = (0..5)
        .map(|_| {
            let clear = key(&mut writer);
            world.console(CONSOLE).seal(Stream::Input, &clear).unwrap()
        })
        .collect();
    assert!(world.agent.open(Stream::Input, &sealed[2]).unwrap().is_some());
    let refused = |world: &mut World, stream, message: &[u8]| world.agent.open(stream, message).unwrap_err();
    let clear = key(&mut Writer::new(CONSOLE));
    assert_eq!(refused(&mut world, Stream::Input, &clear), NotOpened::Refused(OpenError::Clear));
    assert_eq!(refused(&mut world, Stream::Input, &sealed[1]), NotOpened::Refused(OpenError::Reordered));
    assert_eq!(world.agent.open(Stream::Input, &sealed[2]), Ok(None), "a replay is a double at most");
    let mut moved = sealed[3].clone();
    moved[1] = Stream::Control as u8;
    assert_eq!(refused(&mut world, Stream::Control, &moved), NotOpened::Refused(OpenError::Broken));
    let mut as_another = sealed[3].clone();
    as_another[3] = 9;
    assert_eq!(refused(&mut world, Stream::Input, &as_another), NotOpened::Stranger);
    assert!(world.console(CONSOLE).open(Stream::Input, &sealed[3]).is_err(), "turned back to its sender");
    for at in 0..sealed[3].len() {
        let mut forged = sealed[3].clone();
        forged[at] ^= 0x40;
        assert!(world.agent.open(Stream::Input, &forged).is_err(), "byte {at}");
    }
    assert!(world.agent.open(Stream::Input, &sealed[3]).unwrap().is_some(), "and the genuine one still goes");
}

/// A service that sits between the two ends, speaks with each as the other, and guesses.
#[test]
fn a_service_in_the_middle_that_guesses_is_seen_at_both_ends() {
    let mut world = World::new("5710");
    let mut fake_agent = Agent::new(offer(CONSOLE, 66));
    let mut fake_console = Console::new(offer(CONSOLE, 67), vec![digits("0001")]);
    fake_agent.handle_view(view(CONSOLE));
    fake_console.handle_view(view(CONSOLE));
    let random = world.dice.draw();
    fake_agent.handle_secret(CONSOLE, digits("0002"), &random).unwrap();
    let random = world.dice.draw();
    world.agent.handle_secret(CONSOLE, digits("5710"), &random).unwrap();
    let mut dice = Dice(77);
    world.settle(|(to_agent, number, bytes)| {
        let mut out = Vec::new();
        if to_agent {
            let _ = fake_agent.handle_signal(number, &bytes, &dice.draw());
        } else {
            let _ = fake_console.handle_signal(AGENT, &bytes, &dice.draw());
        }
        while let Some(output) = fake_agent.poll_output() {
            if let AgentOutput::Signal { to, signal } = output {
                out.push((false, to, signal));
            }
        }
        while let Some(output) = fake_console.poll_output() {
            if let ConsoleOutput::Signal { signal, .. } = output {
                out.push((true, number, signal));
            }
        }
        out
    });
    assert!(!world.met());
    assert!(world.at_agent.contains(&(CONSOLE, Told::WrongSecret { left: 0 })), "{:?}", world.at_agent);
    assert!(world.at_console.contains(&(CONSOLE, Told::WrongSecret { left: 1 })), "{:?}", world.at_console);
}

#[test]
fn a_service_that_changes_its_story_does_not_get_more_guesses() {
    let mut console = Console::new(offer(CONSOLE, 20), vec![digits("5710")]);
    let mut dice = Dice(5);
    let (mut answers, mut told_of) = (0, 0);
    for guess in 0..12u8 {
        let mut told = view(CONSOLE);
        told.technician.name = format!("Ada {guess}");
        console.handle_view(told.clone());
        let mut theirs = offer(CONSOLE, 66);
        theirs.view = told.clone();
        let mut fake = Agent::new(theirs);
        fake.handle_view(told);
        fake.handle_secret(CONSOLE, digits(&format!("{guess:04}")), &dice.draw()).unwrap();
        while let Some(output) = fake.poll_output() {
            if let AgentOutput::Signal { signal, .. } = output {
                let _ = console.handle_signal(AGENT, &signal, &dice.draw());
            }
        }
        while let Some(output) = console.poll_output() {
            match output {
                ConsoleOutput::Signal { signal, .. } => answers += usize::from(signal.get(1) == Some(&2)),
                ConsoleOutput::Told(Told::WrongSecret { .. }) => told_of += 1,
                ConsoleOutput::Told(_) | ConsoleOutput::Keys(_) => {}
            }
        }
    }
    assert_eq!((answers, told_of), (2, 2), "each is seen");
    assert_eq!(console.left(), 0);
}

#[test]
fn a_swapped_name_or_version_ends_it_with_its_reason() {
    let mut world = World::new("5710");
    let mut told = view(CONSOLE);
    told.technician.organisation = "Your Bank".into();
    world.agent.handle_view(told);
    world.type_code("5710");
    assert!(!world.met());
    assert_eq!(world.at_console, [(CONSOLE, Told::Tampered(Some(Difference::Technician)))]);
    assert_eq!(world.at_agent, [(CONSOLE, Told::OtherStopped(Stop::Tampered))]);
}

#[test]
fn garbage_and_strangers_change_nothing() {
    let mut world = World::new("5710");
    for bytes in [&[][..], &[0, 1], &[1], &[2], &[9, 9], &[1; 4000], &[2; 51]] {
        assert!(world.agent.handle_signal(CONSOLE, bytes, &[1; 80]).is_err(), "{bytes:?}");
        assert!(world.console(CONSOLE).handle_signal(AGENT, bytes, &[1; 80]).is_err());
        assert!(world.agent.handle_signal(99, bytes, &[1; 80]).is_err());
        assert!(world.console(CONSOLE).handle_signal(99, bytes, &[1; 80]).is_err());
    }
    world.type_code("5710");
    assert!(world.met());
}

#[test]
fn a_signal_travels_as_a_message_that_only_its_receiver_takes() {
    let message = ends::carry(AGENT, CONSOLE, &[1, 2, 3]);
    assert_eq!(ends::carried(CONSOLE, &message), Some((AGENT, &[1, 2, 3][..])));
    assert_eq!(ends::carried(9, &message), None);
    for end in 0..11 {
        assert_eq!(ends::carried(CONSOLE, &message[..end]), None);
    }
    let mut world = World::new("5710");
    world.type_code("5710");
    assert!(
        world.console(CONSOLE).open(Stream::Control, &message).is_err(),
        "it is no message under any key"
    );
    let clear = key(&mut Writer::new(CONSOLE));
    let sealed = world.console(CONSOLE).seal(Stream::Control, &clear).err();
    assert!(sealed.is_some());
    let clear = Writer::new(CONSOLE).message(Stream::Control, &Control::End);
    let sealed = world.console(CONSOLE).seal(Stream::Control, &clear).unwrap();
    assert_eq!(ends::carried(AGENT, &sealed), None, "a sealed message is no signal");
}

#[test]
fn saying_often_that_it_is_ready_costs_no_try() {
    let mut world = World::new("5710");
    let random = world.dice.draw();
    world.agent.handle_secret(CONSOLE, digits("5710"), &random).unwrap();
    for _ in 0..9 {
        world.console(CONSOLE).handle_link_up();
        let random = world.dice.draw();
        world.agent.handle_link_up(&random).unwrap();
    }
    world.settle(|signal| vec![signal]);
    assert!(world.met());
    // And after that a resumption each time.
    for _ in 0..9 {
        world.console(CONSOLE).handle_link_up();
        world.settle(|signal| vec![signal]);
        let clear = key(&mut Writer::new(CONSOLE));
        let sealed = world.console(CONSOLE).seal(Stream::Input, &clear).unwrap();
        assert_eq!(world.agent.open(Stream::Input, &sealed), Ok(Some(clear)));
    }
    assert!(world.at_agent.iter().all(|(_, told)| matches!(told, Told::Sealed(_))), "{:?}", world.at_agent);
    // What is kept at the moment that a hand-shake is done is what the agent remembers, before its keys are here too.
    world.console(CONSOLE).handle_link_up();
    world.settle(|signal| if signal.0 || signal.2[0] != 2 { vec![signal] } else { Vec::new() });
    let kept = world.console(CONSOLE).resumption().unwrap();
    world.at_console.clear();
    world.add_console(CONSOLE, vec![digits("5710"), kept]);
    assert!(matches!(&world.at_console[..], [(CONSOLE, Told::Sealed(_))]), "{:?}", world.at_console);
}

#[test]
fn what_another_cipher_deciphers_is_taken_as_if_it_had_been_opened_here() {
    let mut world = World::new("5710");
    world.type_code("5710");
    let mut writer = Writer::new(AGENT);
    let mut say = |world: &mut World| {
        let clear = writer.message(Stream::Control, &Control::CursorAt { x: 1, y: 2 });
        (world.agent.seal(Stream::Control, &clear).unwrap(), clear)
    };
    let decipher = |console: &Console, sealed: &[u8]| {
        let piece = console.prepare(Stream::Control, sealed).unwrap().unwrap();
        let key = console.key(Stream::Control, piece.epoch).unwrap();
        let mut text = sealed[piece.start..].to_vec();
        let counter = u64::from(u32::from_be_bytes(sealed[4..8].try_into().unwrap()));
        assert_eq!(key.nonce(counter), piece.nonce);
        let text =
            Cipher::new(key.clone()).open(counter, &sealed[..piece.start], &mut text).unwrap().to_vec();
        (piece.generation, text)
    };
    let (one, clear) = say(&mut world);
    let (two, _) = say(&mut world);
    let console = world.console(CONSOLE);
    let (generation, text) = decipher(console, &one);
    assert_eq!(console.finish(Stream::Control, generation, &one, Some(&text)), Ok(Some(clear)));
    assert_eq!(console.finish(Stream::Control, generation, &one, Some(&text)), Ok(None), "a double");
    // Not genuine, or another message's text.
    let broken = Err(NotOpened::Refused(OpenError::Broken));
    assert_eq!(console.finish(Stream::Control, generation, &two, None), broken);
    assert_eq!(console.finish(Stream::Control, generation, &two, Some(&[0x80])), broken);
    assert!(console.finish(Stream::Control, generation, &clear_of(&two), Some(&text)).is_err(), "clear");
    // Another hand-shake came between.
    assert_eq!(console.finish(Stream::Control, generation + 1, &two, Some(&text)), Ok(None));
    let (_, text) = decipher(console, &two);
    assert!(console.finish(Stream::Control, generation, &two, Some(&text)).unwrap().is_some());
}

fn clear_of(sealed: &[u8]) -> Vec<u8> {
    let mut clear = sealed.to_vec();
    clear[2] = 0;
    clear
}

const NOW: Duration = Duration::from_secs(100);

/// What waited at the first console, opened at the agent.
fn arrived(world: &mut World, now: Duration) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((stream, clear, sealed)) = world.console(CONSOLE).poll_said(now) {
        let opened = world.agent.open(stream, &sealed).unwrap().unwrap();
        assert_eq!(opened, clear);
        out.push(opened);
    }
    out
}

#[test]
fn keys_pressed_while_the_ends_shake_hands_anew_reach_the_agent_once() {
    for counted_as_gone in [false, true] {
        let mut world = World::new("5710");
        world.type_code("5710");
        let mut writer = Writer::new(CONSOLE);
        if counted_as_gone {
            let random = world.dice.draw();
            world.agent.handle_left(CONSOLE, &random).unwrap();
            world.settle(|_| Vec::new());
        }
        world.console(CONSOLE).handle_link_up();
        world.console(CONSOLE).handle_renewal(NOW);
        let pressed: Vec<_> = (0..5).map(|_| key(&mut writer)).collect();
        for clear in &pressed {
            assert_eq!(world.console(CONSOLE).say(Stream::Input, clear, NOW), Ok(None), "it waits");
        }
        assert!(arrived(&mut world, NOW).is_empty());
        assert_eq!(world.console(CONSOLE).poll_timeout(), Some(NOW + WAIT_FOR_KEYS));
        world.settle(|signal| vec![signal]);
        let clear = key(&mut writer);
        assert_eq!(world.console(CONSOLE).say(Stream::Input, &clear, NOW), Ok(None), "none overtakes");
        let expected: Vec<_> = pressed.into_iter().chain([clear]).collect();
        assert_eq!(arrived(&mut world, NOW), expected, "gone: {counted_as_gone}");
        let clear = key(&mut writer);
        let sealed = world.console(CONSOLE).say(Stream::Input, &clear, NOW).unwrap().unwrap();
        assert_eq!(world.agent.open(Stream::Input, &sealed), Ok(Some(clear)));
    }
}

#[test]
fn what_was_on_its_way_under_the_keys_of_before_is_taken_until_the_first_under_the_new() {
    let mut world = World::new("5710");
    world.type_code("5710");
    let (mut up, mut down) = (Writer::new(CONSOLE), Writer::new(AGENT));
    let older: Vec<_> = (0..3)
        .map(|_| {
            let clear = key(&mut up);
            (world.console(CONSOLE).seal(Stream::Input, &clear).unwrap(), clear)
        })
        .collect();
    let told: Vec<_> = (0..2)
        .map(|x| {
            let clear = down.message(Stream::Control, &Control::CursorAt { x, y: 0 });
            (world.agent.seal(Stream::Control, &clear).unwrap(), clear)
        })
        .collect();
    world.console(CONSOLE).handle_link_up();
    world.settle(|signal| vec![signal]);
    for (sealed, clear) in &older[..2] {
        assert_eq!(world.agent.open(Stream::Input, sealed), Ok(Some(clear.clone())));
        assert_eq!(world.agent.open(Stream::Input, sealed), Ok(None), "once");
    }
    let (sealed, clear) = &told[0];
    assert_eq!(world.console(CONSOLE).open(Stream::Control, sealed), Ok(Some(clear.clone())));
    // From the first under the new keys on, the old ones are too late.
    let newer = key(&mut up);
    let sealed = world.console(CONSOLE).seal(Stream::Input, &newer).unwrap();
    assert_eq!(world.agent.open(Stream::Input, &sealed), Ok(Some(newer)));
    assert!(matches!(
        world.agent.open(Stream::Input, &older[2].0),
        Err(NotOpened::Refused(OpenError::Epoch(_)))
    ));
    let newer = down.message(Stream::Control, &Control::CursorAt { x: 9, y: 9 });
    let sealed = world.agent.seal(Stream::Control, &newer).unwrap();
    assert_eq!(world.console(CONSOLE).open(Stream::Control, &sealed), Ok(Some(newer)));
    assert!(world.console(CONSOLE).open(Stream::Control, &told[1].0).is_err());
}

#[test]
fn what_waited_for_too_long_is_not_pressed_and_where_nobody_shakes_hands_nothing_waits() {
    let mut world = World::new("5710");
    world.type_code("5710");
    let mut writer = Writer::new(CONSOLE);
    world.console(CONSOLE).handle_renewal(NOW);
    let (old, new) = (key(&mut writer), key(&mut writer));
    let file = writer.message(Stream::Files, &Input::Text { text: "a piece of a file".into() });
    world.console(CONSOLE).say(Stream::Input, &old, NOW).unwrap();
    world.console(CONSOLE).say(Stream::Files, &file, NOW).unwrap();
    world.console(CONSOLE).say(Stream::Input, &new, NOW + WAIT_FOR_KEYS / 2).unwrap();
    // Nobody shook hands: the keys of before are good, and what is old is not pressed any more. What is said just then
    // does not overtake what waits, and is due with it.
    let late = NOW + STALE_AFTER;
    let last = key(&mut writer);
    assert_eq!(world.console(CONSOLE).say(Stream::Input, &last, late), Ok(None));
    assert!(world.console(CONSOLE).poll_timeout().is_some_and(|due| due <= late));
    assert_eq!(arrived(&mut world, late), [file, new, last]);
    assert_eq!(world.console(CONSOLE).poll_timeout(), None);
    let clear = key(&mut writer);
    assert!(world.console(CONSOLE).say(Stream::Input, &clear, late).unwrap().is_some());
    // Only the newest wait.
    world.console(CONSOLE).handle_renewal(late);
    let many: Vec<_> = (0..MAX_WAITING + 3).map(|_| key(&mut writer)).collect();
    for clear in &many {
        world.console(CONSOLE).say(Stream::Input, clear, late).unwrap();
    }
    world.console(CONSOLE).handle_link_up();
    world.settle(|signal| vec![signal]);
    assert_eq!(arrived(&mut world, late), many[3..]);
    // Pointers and acknowledgements are worth nothing later.
    world.console(CONSOLE).handle_renewal(late);
    let clear = writer.message(Stream::Pointer, &Control::End);
    assert!(world.console(CONSOLE).say(Stream::Pointer, &clear, late).unwrap().is_some());
}

const COLLEAGUE: u8 = 3;

/// A session with a colleague whom its technician introduced; the customer has not agreed yet.
fn introduced(digits_at_colleague: &str) -> World {
    let mut world = World::new("5710");
    world.type_code("5710");
    world.add_console(COLLEAGUE, vec![digits(digits_at_colleague)]);
    let random = world.dice.draw();
    world.agent.introduce(COLLEAGUE, digits("1234"), &random).unwrap();
    world.settle(|signal| vec![signal]);
    world
}

fn say(world: &mut World, writer: &mut Writer) -> (Vec<u8>, [bool; 2]) {
    let clear = writer.message(Stream::Control, &Control::CursorAt { x: 1, y: 2 });
    let sealed = world.agent.seal(Stream::Control, &clear).unwrap();
    let hears = |world: &mut World, number| {
        world.console(number).open(Stream::Control, &sealed).is_ok_and(|m| m.is_some())
    };
    let heard = [hears(world, CONSOLE), hears(world, COLLEAGUE)];
    (sealed, heard)
}

#[test]
fn a_colleague_gets_no_keys_before_the_customer_agrees_and_nothing_of_before_then() {
    let mut world = introduced("1234");
    assert!(matches!(world.at_agent.last(), Some((COLLEAGUE, Told::Sealed(_)))), "{:?}", world.at_agent);
    assert_eq!(world.agent.members().collect::<Vec<_>>(), [CONSOLE]);
    let mut writer = Writer::new(AGENT);
    let (before, heard) = say(&mut world, &mut writer);
    assert_eq!(heard, [true, false]);
    let clear = key(&mut Writer::new(COLLEAGUE));
    assert_eq!(world.console(COLLEAGUE).seal(Stream::Input, &clear), Err(NotSealed::NoKeys));
    // However often it comes again.
    world.console(COLLEAGUE).handle_link_up();
    world.settle(|signal| vec![signal]);
    assert_eq!(say(&mut world, &mut writer).1, [true, false]);

    let random = world.dice.draw();
    world.agent.admit(COLLEAGUE, &random).unwrap();
    world.settle(|signal| vec![signal]);
    assert_eq!(say(&mut world, &mut writer).1, [true, true]);
    let sealed = world.console(COLLEAGUE).seal(Stream::Input, &clear).unwrap();
    assert_eq!(world.agent.open(Stream::Input, &sealed), Ok(Some(clear)));
    assert!(world.console(COLLEAGUE).open(Stream::Control, &before).is_err(), "the past stays closed");
    // Who was let in comes back without being asked for again.
    world.console(COLLEAGUE).handle_link_up();
    world.settle(|signal| vec![signal]);
    assert_eq!(say(&mut world, &mut writer).1, [true, true]);
}

#[test]
fn a_service_that_puts_in_a_colleague_of_its_own_gets_one_guess_and_no_keys() {
    let mut world = introduced("4321");
    assert!(world.at_agent.contains(&(COLLEAGUE, Told::WrongSecret { left: 0 })), "{:?}", world.at_agent);
    for guess in ["1234", "0000"] {
        world.add_console(COLLEAGUE, vec![digits(guess)]);
        let random = world.dice.draw();
        let _ = world.agent.introduce(COLLEAGUE, digits("1234"), &random);
        world.settle(|signal| vec![signal]);
    }
    let random = world.dice.draw();
    world.agent.admit(COLLEAGUE, &random).unwrap();
    world.settle(|signal| vec![signal]);
    assert_eq!(world.agent.members().collect::<Vec<_>>(), [CONSOLE]);
    assert_eq!(say(&mut world, &mut Writer::new(AGENT)).1, [true, false]);
    // Nor does it get in by saying that a console is somebody whom nobody introduced.
    world.add_console(9, vec![digits("1234")]);
    let random = world.dice.draw();
    world.agent.handle_back(9, &random).unwrap();
    world.settle(|signal| vec![signal]);
    assert_eq!(world.agent.members().collect::<Vec<_>>(), [CONSOLE]);
}

#[test]
fn who_is_put_out_opens_nothing_more_with_all_their_keys_and_does_not_come_back() {
    let mut world = introduced("1234");
    let random = world.dice.draw();
    world.agent.admit(COLLEAGUE, &random).unwrap();
    world.settle(|signal| vec![signal]);
    let mut writer = Writer::new(AGENT);
    let (sealed, heard) = say(&mut world, &mut writer);
    assert_eq!(heard, [true, true]);
    // What they write down of their keys.
    let epoch = |sealed: &[u8]| u16::from_be_bytes([sealed[8], sealed[9]]);
    let written = world.console(COLLEAGUE).key(Stream::Control, epoch(&sealed)).unwrap().clone();
    let random = world.dice.draw();
    world.agent.put_out(COLLEAGUE, &random).unwrap();
    let (next, _) = say(&mut world, &mut writer);
    assert!(epoch(&next) > epoch(&sealed), "the very next message has a new key");
    let counter = u64::from(u32::from_be_bytes(next[4..8].try_into().unwrap()));
    let mut text = next[10..].to_vec();
    assert!(Cipher::new(written).open(counter, &next[..10], &mut text).is_err());
    world.settle(|signal| vec![signal]);
    assert_eq!(say(&mut world, &mut writer).1, [true, false]);
    // By what their hand-shake left them they do not come in again, nor by the digits.
    let kept = world.console(COLLEAGUE).resumption().unwrap();
    world.add_console(COLLEAGUE, vec![digits("1234"), kept]);
    let random = world.dice.draw();
    world.agent.handle_back(COLLEAGUE, &random).unwrap();
    world.settle(|signal| vec![signal]);
    let random = world.dice.draw();
    let _ = world.agent.introduce(COLLEAGUE, digits("1234"), &random);
    world.settle(|signal| vec![signal]);
    let random = world.dice.draw();
    world.agent.admit(COLLEAGUE, &random).unwrap();
    world.settle(|signal| vec![signal]);
    assert_eq!(say(&mut world, &mut writer).1, [true, false]);
    let clear = key(&mut Writer::new(COLLEAGUE));
    assert!(
        world.console(COLLEAGUE).seal(Stream::Input, &clear).is_err()
            || world.agent.members().all(|member| member == CONSOLE)
    );
}
