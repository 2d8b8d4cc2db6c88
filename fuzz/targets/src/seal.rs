//! Everything that a service or a media node can hand to an end of a sealed session.

use arbitrary::Unstructured;
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Rights;
use farhand_protocol::version::{Version, VersionRange};
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::epochs::open_hand_over;
use farhand_seal::handshake::{Handshake, Output, RANDOM, TRIES};
use farhand_seal::keys::{EpochSecret, Pair};
use farhand_seal::letter;
use farhand_seal::message::{Opened, Opener, Sealer};
use farhand_seal::receipt::witness::Witness;
use farhand_seal::receipt::{MAX_ENTRIES, Part, Receipt, plain, public_key};
use farhand_seal::secret::Secret;

pub(crate) const AGENT: u8 = 2;
pub(crate) const CONSOLE: u8 = 1;

pub(crate) fn offer() -> Offer {
    Offer {
        view: View {
            session: "s-1".into(),
            agent: AGENT,
            console: CONSOLE,
            technician: Identity { name: "Ada".into(), organisation: "Example".into() },
            customer: Identity::default(),
            version: Version(1),
        },
        versions: VersionRange { oldest: Version(1), newest: Version(1) },
        rights: Rights::ALL,
        key: [7; 32],
    }
}

/// Hand-shake messages, `length u16 | message`, to both ends. Nothing of it ends in keys, and tries only count down.
pub fn handshake(data: &[u8]) {
    let mut agent = Handshake::agent(offer());
    let mut console = Handshake::console(offer(), vec![Secret::Digits(*b"5710")]);
    agent.handle_secret(&Secret::Digits(*b"5710"), &[9; RANDOM]).expect("the agent may start");
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let (message, tail) = tail.split_at(usize::from(u16::from_be_bytes(*length)).min(tail.len()));
        rest = tail;
        for end in [&mut agent, &mut console] {
            let left = end.left();
            let _ = end.handle_message(message, &[3; RANDOM]);
            assert!(end.left() <= left && left <= TRIES);
            while let Some(output) = end.poll_output() {
                assert!(!matches!(output, Output::Done(_)), "nobody knows the secret");
            }
        }
    }
    if let Ok(offer) = Offer::read(data) {
        assert_eq!(offer.write(), data, "an offer has one spelling");
    }
}

/// The keys of two ends that met.
fn pair() -> Pair {
    let secret = Secret::Digits(*b"5710");
    let (mut agent, mut console) =
        (Handshake::agent(offer()), Handshake::console(offer(), vec![secret.clone()]));
    agent.handle_secret(&secret, &[1; RANDOM]).expect("the agent may start");
    loop {
        while let Some(output) = agent.poll_output() {
            match output {
                Output::Send(message) => {
                    console.handle_message(&message, &[2; RANDOM]).expect("it is genuine")
                }
                Output::Done(established) => return established.pair.clone(),
                other => panic!("{other:?}"),
            }
        }
        while let Some(Output::Send(message)) = console.poll_output() {
            agent.handle_message(&message, &[2; RANDOM]).expect("it is genuine");
        }
    }
}

/// Messages and hand-overs of a media node: replayed, moved, cut, changed, made up. What opens was sealed, and once.
pub fn sealed(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let Ok(choice) = source.arbitrary::<u8>() else { return };
    let (pair, secret) = (pair(), EpochSecret::new(1, [4; 32]));
    let stream = Stream::ALL[usize::from(choice) % Stream::ALL.len()];
    let down = choice & 4 != 0;
    let (mut sealer, mut opener) = if down {
        (Sealer::down(&secret, AGENT, stream), Opener::down(AGENT, stream))
    } else {
        (Sealer::up(&pair, 1, stream), Opener::up(CONSOLE, stream))
    };
    opener.renew(1, if down { secret.down(AGENT, stream.into()) } else { pair.up(1, stream.into()) });
    let clear: Vec<Vec<u8>> = (0..8u8)
        .map(|at| {
            let mut message = vec![1, stream as u8, 0, if down { AGENT } else { CONSOLE }, 0, 0, 0, at];
            message.resize(20 + usize::from(at) * 40, at);
            message
        })
        .collect();
    let genuine: Vec<Vec<u8>> =
        clear.iter().map(|message| sealer.seal(message).expect("it is small and next")).collect();
    let mut opened = [false; 8];
    while !source.is_empty() {
        let (Ok(which), Ok(what), Ok(at), Ok(with)) = (
            source.arbitrary::<u8>(),
            source.arbitrary::<u8>(),
            source.arbitrary::<u16>(),
            source.arbitrary::<u8>(),
        ) else {
            break;
        };
        let which = usize::from(which) % 8;
        let mut message = genuine[which].clone();
        let place = usize::from(at) % message.len();
        match what % 5 {
            0 => {}
            1 => message[place] ^= with,
            2 => message.truncate(place),
            3 => message.push(with),
            _ => message.splice(place.., genuine[usize::from(with) % 8].iter().copied()).for_each(drop),
        }
        let untouched = message == genuine[which];
        match opener.open(&message) {
            Ok(Opened::Fresh { message, .. }) => {
                let at =
                    clear.iter().position(|clear| *clear == message).expect("only what was sealed opens");
                assert!(!opened[at], "and only once");
                opened[at] = true;
            }
            Ok(Opened::Double) => assert!(!untouched || opened[which]),
            Err(_) => {}
        }
    }
    let _ = opener.open(data);
    assert!(open_hand_over(&pair, 0, data).is_err());
}

/// Receipts as a stranger presents them.
pub fn receipt(data: &[u8]) {
    if let Ok(receipt) = Receipt::read(data) {
        assert!(receipt.entries().len() <= MAX_ENTRIES);
        assert_eq!(receipt.write(), data, "a receipt has one spelling");
        let _ = receipt.verify();
        let shown = receipt.entries().iter().map(|entry| plain(&entry.text));
        assert!(shown.into_iter().all(|text| text.chars().all(|letter| !letter.is_control())));
    }
    if let Ok(part) = Part::read(data) {
        assert!(usize::from(part.from) + part.entries.len() <= MAX_ENTRIES);
    }
    // Nobody but the agent is believed, and no bytes of a stranger are a letter.
    let mut witness = Witness::new([2; 32], public_key(&[1; 32]), offer().view);
    assert!(witness.handle_part(data).is_err() || witness.receipt().is_none());
    assert!(letter::open(&[3; 32], b"", data).is_err());
}
