//! The two ends meet when they share the secret and see the same session; whoever stands between them does not get in.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod kit;

use farhand_protocol::version::Version;
use farhand_seal::context::{Difference, Offer};
use farhand_seal::handshake::{Handshake, HandshakeError, Output, Stop, TRIES};
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
    assert_eq!((ends.agent.left(), ends.console.left()), (TRIES, TRIES));
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
fn a_wrong_code_is_said_at_both_ends_and_may_be_typed_again() {
    let mut ends = Ends::new("5710");
    ends.try_code("5701", pass);
    assert_eq!(ends.at_agent, [Output::WrongSecret { left: 2 }]);
    assert_eq!(ends.at_console, [Output::OtherStopped(Stop::WrongSecret)]);
    assert_eq!(ends.console.left(), 2);
    ends.try_code("5710", pass);
    assert!(matches!(ends.established(), (Some(_), Some(_))));
}

#[test]
fn three_wrong_tries_make_the_code_void_at_both_ends() {
    let mut ends = Ends::new("5710");
    for typed in ["0000", "1111", "2222"] {
        ends.try_code(typed, pass);
    }
    assert_eq!(ends.at_agent.last(), Some(&Output::Void));
    assert_eq!(ends.at_console.last(), Some(&Output::Void));
    let random = ends.random();
    assert_eq!(ends.agent.handle_secret(&digits("5710"), &random), Err(HandshakeError::Turn));
    // A console that is void answers nobody.
    let mut stranger = Handshake::agent(offer(CONSOLE, 10));
    stranger.handle_secret(&digits("5710"), &random).unwrap();
    let Some(Output::Send(start)) = stranger.poll_output() else { panic!() };
    assert_eq!(ends.console.handle_message(&start, &random), Err(HandshakeError::Turn));
}

#[test]
fn a_service_that_plays_the_agent_gets_three_guesses_and_each_is_seen() {
    let mut console = Handshake::console(offer(CONSOLE, 20), vec![digits("5710")]);
    let mut dice = Dice(3);
    let mut answers = 0;
    for guess in 0..20 {
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
                Output::Void => {}
                told => panic!("{told:?}"),
            }
        }
        assert!(!std::iter::from_fn(|| guesser.poll_output()).any(|o| matches!(o, Output::Done(_))));
    }
    assert_eq!(answers, usize::from(TRIES));
    assert_eq!(console.left(), 0, "a guess that is dropped after the answer counts too");
}

#[test]
fn a_service_that_plays_the_console_gets_one_guess_for_each_time_a_person_types() {
    let mut agent = Handshake::agent(offer(CONSOLE, 10));
    let mut dice = Dice(4);
    for guess in ["0000", "1111", "2222"] {
        agent.handle_secret(&digits("5710"), &dice.draw()).unwrap();
        let Some(Output::Send(start)) = agent.poll_output() else { panic!() };
        for again in ["3333", guess] {
            let mut guesser = Handshake::console(offer(CONSOLE, 66), vec![digits(again)]);
            guesser.handle_message(&start, &dice.draw()).unwrap();
            let Some(Output::Send(answer)) = guesser.poll_output() else { panic!() };
            let taken = agent.handle_message(&answer, &dice.draw());
            assert_eq!(taken.is_ok(), again == "3333", "a second answer to one start is not looked at");
        }
        let told: Vec<_> = std::iter::from_fn(|| agent.poll_output()).collect();
        assert!(told.iter().any(|output| matches!(output, Output::WrongSecret { .. })), "{told:?}");
    }
    assert_eq!(agent.left(), 0);
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
        assert_eq!(ends.console.left(), TRIES, "nothing was given away");
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
