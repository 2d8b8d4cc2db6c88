//! The two ends meet when they share the secret and see the same session; whoever stands between them does not get in.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod kit;

use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::version::Version;
use farhand_seal::bytes::put;
use farhand_seal::context::{Difference, Offer};
use farhand_seal::handshake::{AGENT_TRIES, CONSOLE_TRIES, Handshake, HandshakeError, Output, Stop, TRIES};
use farhand_seal::secret::Secret;
use kit::{CONSOLE, Dice, Ends, digits, offer};

fn pass(_: bool, message: Vec<u8>) -> Option<Vec<u8>> {
    Some(message)
}

#[test]
fn the_right_code_gives_both_ends_the_same_keys_and_each_others_offer() {
    let mut ends = Ends::new("5710");
    ends.try_code("5710", pass);
    let (Some(agent), Some(console)) = ends.established() else { panic!("{:?}", ends.at_agent) };
    assert_eq!(agent.pair, console.pair);
    assert_eq!(agent.theirs, offer(CONSOLE, 20));
    assert_eq!(console.theirs, offer(CONSOLE, 10));
    assert_eq!((ends.agent.left(), ends.console.left()), (AGENT_TRIES, CONSOLE_TRIES));
}

#[test]
fn two_runs_give_two_keys() {
    let mut keys = Vec::new();
    for seed in [1, 2] {
        let mut ends = Ends::new("5710");
        ends.dice = Dice(seed);
        ends.try_code("5710", pass);
        keys.push(ends.established().0.unwrap().pair.clone());
    }
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_link_and_a_resumption_work_as_a_code_does_and_are_not_interchangeable() {
    let mut ends = Ends::new("5710");
    ends.try_code("5710", pass);
    let resumed = ends.established().0.unwrap().pair.resumption();
    let link = Secret::Link(*b"0123456789abcdef");
    for (ours, theirs, same) in [
        (&link, &link, true),
        (&resumed, &resumed, true),
        (&link, &resumed, false),
        (&link, &digits("5710"), false),
    ] {
        let mut ends = Ends::new("0000");
        ends.console = Handshake::console(offer(CONSOLE, 20), vec![theirs.clone()]);
        let random = ends.random();
        ends.agent.handle_secret(ours, &random).unwrap();
        let Some(Output::Send(start)) = ends.agent.poll_output() else { panic!() };
        let random = ends.random();
        ends.console.handle_message(&start, &random).unwrap();
        let Some(Output::Send(answer)) = ends.console.poll_output() else { panic!() };
        ends.agent.handle_message(&answer, &random).unwrap();
        let told: Vec<_> = std::iter::from_fn(|| ends.agent.poll_output()).collect();
        assert_eq!(told.iter().any(|output| matches!(output, Output::Done(_))), same, "{told:?}");
    }
}

#[test]
fn a_wrong_code_is_said_at_both_ends_and_the_console_answers_one_more() {
    let mut ends = Ends::new("5710");
    ends.try_code("5701", pass);
    assert_eq!(ends.at_agent, [Output::WrongSecret { left: 0 }]);
    assert_eq!(ends.at_console, [Output::WrongSecret { left: 1 }]);
    let random = ends.random();
    assert_eq!(ends.agent.handle_secret(&digits("5710"), &random), Err(HandshakeError::Turn));
    ends.agent = Handshake::agent(offer(CONSOLE, 10));
    ends.try_code("5710", pass);
    assert!(matches!(ends.established(), (Some(_), Some(_))));
    assert_eq!(ends.console.left(), 1, "what failed before stays counted");
}

#[test]
fn the_consoles_last_wrong_try_makes_the_code_void() {
    let mut ends = Ends::new("5710");
    for typed in ["0000", "1111"] {
        ends.agent = Handshake::agent(offer(CONSOLE, 10));
        ends.try_code(typed, pass);
    }
    assert_eq!(ends.at_console, [Output::WrongSecret { left: 1 }, Output::WrongSecret { left: 0 }]);
    // A console whose code is void answers nobody, with the right code neither.
    let mut dice = Dice(8);
    let mut stranger = Handshake::agent(offer(CONSOLE, 10));
    stranger.handle_secret(&digits("5710"), &dice.draw()).unwrap();
    let Some(Output::Send(start)) = stranger.poll_output() else { panic!() };
    assert_eq!(ends.console.handle_message(&start, &dice.draw()), Err(HandshakeError::Turn));
    let mut reloaded = Handshake::console(offer(CONSOLE, 20), vec![digits("5710")]).after(0);
    reloaded.handle_message(&start, &dice.draw()).unwrap();
    let told: Vec<_> = std::iter::from_fn(|| reloaded.poll_output()).collect();
    assert!(matches!(&told[..], [Output::Send(stop), Output::Void] if stop[0] == 4), "{told:?}");
}

/// Starts runs with guesses at a console; how many it answered, and what its person was told.
fn guess_at_console(console: &mut Handshake, dice: &mut Dice, guesses: u16) -> (usize, Vec<Output>) {
    let (mut answers, mut told) = (0, Vec::new());
    for guess in 0..guesses {
        let mut guesser = Handshake::agent(offer(CONSOLE, 66));
        guesser.handle_secret(&digits(&format!("{guess:04}")), &dice.draw()).unwrap();
        let Some(Output::Send(start)) = guesser.poll_output() else { panic!() };
        let _ = console.handle_message(&start, &dice.draw());
        while let Some(output) = console.poll_output() {
            match output {
                Output::Send(message) => {
                    let _ = guesser.handle_message(&message, &dice.draw());
                    answers += usize::from(message[0] == 2);
                }
                output => told.push(output),
            }
        }
        assert!(!std::iter::from_fn(|| guesser.poll_output()).any(|o| matches!(o, Output::Done(_))));
    }
    (answers, told)
}

/// Answers a person's starts with guesses; how many of the answers the agent looked at.
fn guess_at_agent(agent: &mut Handshake, dice: &mut Dice, guesses: u16) -> usize {
    let mut looked_at = 0;
    for guess in 0..guesses {
        // The right code each time, as a person types it who is told that it was wrong.
        if agent.handle_secret(&digits("5710"), &dice.draw()).is_err() {
            continue;
        }
        let Some(Output::Send(start)) = agent.poll_output() else { continue };
        for again in [guess, guess + 1000] {
            let mut guesser = Handshake::console(offer(CONSOLE, 66), vec![digits(&format!("{again:04}"))]);
            guesser.handle_message(&start, &dice.draw()).unwrap();
            let Some(Output::Send(answer)) = guesser.poll_output() else { panic!() };
            looked_at += usize::from(agent.handle_message(&answer, &dice.draw()).is_ok());
        }
        while agent.poll_output().is_some() {}
    }
    looked_at
}

#[test]
fn a_service_that_guesses_at_both_ends_gets_three_guesses_in_all() {
    let mut dice = Dice(3);
    let mut console = Handshake::console(offer(CONSOLE, 20), vec![digits("5710")]);
    let mut agent = Handshake::agent(offer(CONSOLE, 10));
    let at_agent = guess_at_agent(&mut agent, &mut dice, 20);
    let (at_console, _) = guess_at_console(&mut console, &mut dice, 20);
    assert_eq!((at_agent, at_console), (usize::from(AGENT_TRIES), usize::from(CONSOLE_TRIES)));
    assert_eq!(at_agent + at_console, 3);
    assert_eq!(TRIES, 3);
    assert_eq!((agent.left(), console.left()), (0, 0));
}

#[test]
fn the_person_at_the_console_is_told_of_every_guess_also_of_one_that_is_dropped() {
    let mut dice = Dice(4);
    let mut console = Handshake::console(offer(CONSOLE, 20), vec![digits("5710")]);
    // The guesser says nothing after the answer: a new start, or its leaving, shows it.
    let (answers, told) = guess_at_console(&mut console, &mut dice, 2);
    assert_eq!((answers, told), (2, vec![Output::WrongSecret { left: 1 }]));
    console.handle_gone();
    assert_eq!(console.poll_output(), Some(Output::WrongSecret { left: 0 }));
    console.handle_gone();
    assert_eq!(console.poll_output(), None, "once");
}

#[test]
fn an_agent_whose_link_breaks_before_its_answer_costs_one_try_and_none_when_it_comes_back() {
    let mut ends = Ends::new("5710");
    let random = ends.random();
    ends.agent.handle_secret(&digits("5710"), &random).unwrap();
    let Some(Output::Send(start)) = ends.agent.poll_output() else { panic!() };
    ends.console.handle_message(&start, &random).unwrap();
    while ends.console.poll_output().is_some() {}
    // The same start again: the same answer, and no other try.
    let random = ends.random();
    ends.console.handle_message(&start, &random).unwrap();
    let Some(Output::Send(answer)) = ends.console.poll_output() else { panic!() };
    ends.agent.handle_message(&answer, &random).unwrap();
    let Some(Output::Send(confirm)) = ends.agent.poll_output() else { panic!() };
    ends.console.handle_message(&confirm, &random).unwrap();
    assert!(matches!(ends.console.poll_output(), Some(Output::Done(_))));
    assert_eq!(ends.console.left(), CONSOLE_TRIES);
}

/// The service tells the two ends different things, and leaves their messages alone.
fn told_differently(change: impl Fn(&mut Offer)) -> Ends {
    let mut theirs = offer(CONSOLE, 10);
    change(&mut theirs);
    let mut ends = Ends::with(theirs, offer(CONSOLE, 20), "5710");
    ends.try_code("5710", pass);
    ends
}

#[test]
fn a_swapped_party_or_version_is_named_before_anything_is_given_away() {
    for (change, difference) in [
        ((|o: &mut Offer| o.view.technician.name = "Eve".into()) as fn(&mut Offer), Difference::Technician),
        (|o| o.view.technician.organisation = "Your Bank".into(), Difference::Technician),
        (|o| o.view.customer.name = "Bob".into(), Difference::Customer),
        (|o| o.view.version = Version(0), Difference::Version),
        (|o| o.view.session = "s-2".into(), Difference::Session),
        (|o| o.view.agent = 9, Difference::Participant),
    ] {
        let ends = told_differently(change);
        assert_eq!(ends.at_console, [Output::Tampered(Some(difference))]);
        assert_eq!(ends.at_agent, [Output::OtherStopped(Stop::Tampered)]);
        assert_eq!(ends.console.left(), CONSOLE_TRIES, "nothing was given away");
    }
}

/// The service tells the agent of another technician, and writes each offer anew, so that neither end sees it there.
#[test]
fn a_service_that_lies_to_both_ends_alike_is_told_from_a_wrong_code() {
    let shown = |o: &mut Offer| o.view.technician.organisation = "Your Bank".into();
    let mut at_agent = offer(CONSOLE, 10);
    shown(&mut at_agent);
    let mut ends = Ends::with(at_agent.clone(), offer(CONSOLE, 20), "5710");
    let rewrite = move |to_console: bool, message: Vec<u8>| {
        let at = match (to_console, message[0]) {
            (true, 1) => 1 + 16 + 1 + 32,
            (false, 2) => 1 + 16 + 32,
            _ => return Some(message),
        };
        // One of the lengths in front, below 128.
        let end = at + 1 + usize::from(message[at]);
        let mut offer = Offer::read(&message[at + 1..end]).unwrap();
        offer.view.technician.organisation = if to_console { "Example Help" } else { "Your Bank" }.into();
        let offer = offer.write();
        let mut out = message[..at].to_vec();
        farhand_seal::bytes::put(&mut out, &offer);
        out.extend_from_slice(&message[end..]);
        Some(out)
    };
    ends.try_code("5710", rewrite);
    assert_eq!(ends.at_agent, [Output::Tampered(None)]);
    assert_eq!(ends.at_console, [Output::OtherStopped(Stop::Tampered)]);
}

#[test]
fn no_changed_byte_gets_the_ends_to_different_keys_or_views() {
    let mut lengths = Vec::new();
    Ends::new("5710").try_code("5710", |_, message| {
        lengths.push(message.len());
        Some(message)
    });
    assert_eq!(lengths.len(), 3);
    for (which, length) in lengths.into_iter().enumerate() {
        for at in 0..length {
            let mut ends = Ends::new("5710");
            let mut count = 0;
            ends.try_code("5710", |_, mut message| {
                if count == which {
                    message[at] ^= 1;
                }
                count += 1;
                Some(message)
            });
            let (agent, console) = ends.established();
            assert!(console.is_none(), "byte {at} of message {which} went unseen by the console");
            // The agent is done before the console has its last message.
            assert!(agent.is_none() || which == 2, "byte {at} of message {which} went unseen by the agent");
        }
    }
}

#[test]
fn messages_out_of_turn_and_of_other_runs_change_nothing() {
    let mut first = Vec::new();
    Ends::new("5710").try_code("5710", |_, message| {
        first.push(message.clone());
        Some(message)
    });
    let mut ends = Ends::new("5710");
    ends.dice = Dice(99);
    for message in &first[1..] {
        let random = ends.random();
        assert_eq!(ends.console.handle_message(message, &random), Err(HandshakeError::Turn));
        assert_eq!(ends.agent.handle_message(message, &random), Err(HandshakeError::Turn));
    }
    ends.try_code("5710", |_, message| Some(message));
    assert!(matches!(ends.established(), (Some(_), Some(_))));
    // Replayed to ends that are done, too.
    for message in &first {
        let random = ends.random();
        assert_eq!(ends.console.handle_message(message, &random), Err(HandshakeError::Turn));
        assert_eq!(ends.agent.handle_message(message, &random), Err(HandshakeError::Turn));
    }
}

#[test]
fn an_ends_own_message_turned_back_is_no_answer() {
    let mut agent = Handshake::agent(offer(CONSOLE, 10));
    let mut dice = Dice(5);
    agent.handle_secret(&digits("5710"), &dice.draw()).unwrap();
    let Some(Output::Send(start)) = agent.poll_output() else { panic!() };
    assert_eq!(agent.handle_message(&start, &dice.draw()), Err(HandshakeError::Turn));
}

/// Where the offer lies in a message, its length left out: in a start behind kind, run, kind of secret and share, in an
/// answer behind kind, run and share.
fn offer_at(message: &[u8]) -> Option<(usize, usize)> {
    let at = match message[0] {
        1 => 1 + 16 + 1 + 32,
        2 => 1 + 16 + 32,
        _ => return None,
    };
    // One of the lengths below 128, in one byte.
    Some((at, at + 1 + usize::from(message[at])))
}

/// Two honest ends with the right code, and a service that writes what one of them says of itself anew.
fn rewritten(which: u8, change: fn(&mut Offer)) -> Ends {
    let mut ends = Ends::new("5710");
    ends.try_code("5710", |_, message| {
        let Some((at, end)) = offer_at(&message).filter(|_| message[0] == which) else {
            return Some(message);
        };
        let mut offer = Offer::read(&message[at + 1..end]).unwrap();
        change(&mut offer);
        let mut out = message[..at].to_vec();
        put(&mut out, &offer.write());
        out.extend_from_slice(&message[end..]);
        Some(out)
    });
    ends
}

/// Neither end has keys, and both say that somebody meddled, not that the code was wrong.
fn refused_as_tampered(ends: &Ends, what: &str) {
    let (agent, console) = ends.established();
    assert!(agent.is_none() && console.is_none(), "{what} went unseen");
    let meddled = |told: &[Output]| {
        told.iter().all(|output| matches!(output, Output::Tampered(_) | Output::OtherStopped(Stop::Tampered)))
            && !told.is_empty()
    };
    assert!(
        meddled(&ends.at_agent) && meddled(&ends.at_console),
        "{what}: {:?} {:?}",
        ends.at_agent,
        ends.at_console
    );
}

#[test]
fn a_swapped_session_id_makes_the_hand_shake_fail() {
    for which in [1, 2] {
        refused_as_tampered(&rewritten(which, |offer| offer.view.session = "s-2".into()), "the session");
    }
}

#[test]
fn a_swapped_key_of_either_end_makes_the_hand_shake_fail() {
    for which in [1, 2] {
        refused_as_tampered(&rewritten(which, |offer| offer.key = [66; 32]), "the receipt's key");
    }
    // The share itself: then the ends have no secret in common, and cannot say whose fault it is.
    for (which, at) in [(1, 1 + 16 + 1), (2, 1 + 16)] {
        let mut ends = Ends::new("5710");
        let mut other = Ends::new("5710");
        other.dice = Dice(99);
        let mut shares = Vec::new();
        other.try_code("5710", |_, message| {
            shares.push(message.clone());
            Some(message)
        });
        let foreign = shares[usize::from(which) - 1][at..at + 32].to_vec();
        ends.try_code("5710", |_, mut message| {
            if message[0] == which {
                message[at..at + 32].copy_from_slice(&foreign);
            }
            Some(message)
        });
        let (agent, console) = ends.established();
        assert!(agent.is_none() && console.is_none(), "the share of message {which}");
    }
}

#[test]
fn swapped_roles_make_the_hand_shake_fail() {
    for which in [1, 2] {
        let swap = |offer: &mut Offer| {
            (offer.view.agent, offer.view.console) = (offer.view.console, offer.view.agent);
        };
        refused_as_tampered(&rewritten(which, swap), "the roles");
    }
    // Two ends to whom the service gave the numbers the other way round have no channel in common.
    let mut theirs = offer(CONSOLE, 10);
    (theirs.view.agent, theirs.view.console) = (theirs.view.console, theirs.view.agent);
    let mut ends = Ends::with(theirs, offer(CONSOLE, 20), "5710");
    ends.try_code("5710", pass);
    assert!(matches!(ends.established(), (None, None)));
    // Two consoles, or two agents, say nothing to one another that leads anywhere.
    let mut dice = Dice(6);
    let mut agents = [10, 11].map(|key| Handshake::agent(offer(CONSOLE, key)));
    for agent in &mut agents {
        agent.handle_secret(&digits("5710"), &dice.draw()).unwrap();
    }
    let [one, two] = &mut agents;
    let Some(Output::Send(start)) = one.poll_output() else { panic!() };
    assert_eq!(two.handle_message(&start, &dice.draw()), Err(HandshakeError::Turn));
}

#[test]
fn a_swapped_version_makes_the_hand_shake_fail() {
    for which in [1, 2] {
        refused_as_tampered(&rewritten(which, |offer| offer.view.version = Version(0)), "the version");
        refused_as_tampered(
            &rewritten(which, |offer| offer.versions.newest = Version(2)),
            "the newest version",
        );
        refused_as_tampered(
            &rewritten(which, |offer| offer.versions.oldest = Version(0)),
            "the oldest version",
        );
    }
}

#[test]
fn a_swapped_right_makes_the_hand_shake_fail() {
    for which in [1, 2] {
        for change in [
            (|offer: &mut Offer| offer.rights = Rights::ALL) as fn(&mut Offer),
            |offer| offer.rights = Rights::of(&[Right::View]),
            |offer| offer.rights = Rights::EMPTY,
        ] {
            refused_as_tampered(&rewritten(which, change), "the rights");
        }
    }
}
