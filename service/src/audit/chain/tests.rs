use ring::hmac;

use super::*;
use crate::identity::random;

/// Random numbers from a seed, so that a failure can be seen again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

const TENANT: &str = "t";

#[derive(Clone, PartialEq)]
struct Kept {
    head: Head,
    mac: Vec<u8>,
    entries: Vec<Entry>,
}

fn vouch(key: &hmac::Key, head: &Head) -> Vec<u8> {
    hmac::sign(key, &head.bytes(TENANT)).as_ref().to_vec()
}

fn entry(n: usize) -> Entry {
    Entry {
        number: 0,
        at: 1_000 + n as u64 / 3,
        actor: ["user:a", "agent", "service", "anonymous"][n % 4].into(),
        action: ["sign_in", "join", "consent"][n % 3].into(),
        session: (n.is_multiple_of(2)).then(|| format!("s{n}")),
        outcome: if n.is_multiple_of(5) { "wrong".into() } else { "ok".into() },
        security: n.is_multiple_of(7),
        address: vec![u8::try_from(n % 256).unwrap(); 20],
        detail: Vec::new(),
        previous: [0; 32],
    }
}

fn chain(key: &hmac::Key, length: usize) -> Kept {
    let mut head = Head::start(TENANT);
    let entries = (0..length)
        .map(|n| {
            let mut entry = entry(n);
            head.append(TENANT, &mut entry);
            entry
        })
        .collect();
    Kept { mac: vouch(key, &head), head, entries }
}

/// As the store hands them over: by their numbers.
fn verify(key: &hmac::Key, kept: &Kept) -> Report {
    let vouched = hmac::verify(key, &kept.head.bytes(TENANT), &kept.mac).is_ok();
    let mut verifier = Verifier::new(TENANT, kept.head.clone(), vouched);
    let mut entries: Vec<_> = kept.entries.iter().collect();
    entries.sort_by_key(|entry| entry.number);
    entries.into_iter().for_each(|entry| verifier.handle(entry, true));
    verifier.finish()
}

/// One change of one entry; the last kind is undone when the chain is mended.
fn change(dice: &mut Dice, entry: &mut Entry, kinds: usize) {
    let flip = |dice: &mut Dice, bytes: &mut [u8]| {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    };
    match dice.below(kinds) {
        0 => entry.at ^= 1 << dice.below(40),
        1 => entry.actor.push('x'),
        2 => entry.action = "sign_out".into(),
        3 => entry.session = if entry.session.is_some() { None } else { Some(String::new()) },
        4 => entry.outcome.insert(0, ' '),
        5 => entry.security = !entry.security,
        6 => flip(dice, &mut entry.address),
        7 => entry.detail.push(0),
        // A letter that moves from one field to the next.
        8 => {
            let letter = entry.actor.pop().unwrap();
            entry.action.insert(0, letter);
        }
        _ => flip(dice, &mut entry.previous),
    }
}

/// Makes the entries follow from each other again, as somebody would who knows how but has no key.
fn mend(kept: &mut Kept) {
    let mut head = Head { last: kept.head.first - 1, hash: kept.head.base, ..kept.head.clone() };
    kept.entries.sort_by_key(|entry| entry.number);
    for entry in &mut kept.entries {
        head.append(TENANT, entry);
    }
    kept.head = head;
}

fn tamper(dice: &mut Dice, kept: &mut Kept, older: &Kept) -> &'static str {
    let length = kept.entries.len();
    let at = dice.below(length);
    match dice.below(14) {
        0 => {
            change(dice, &mut kept.entries[at], 10);
            "one entry changed"
        }
        1 => {
            change(dice, &mut kept.entries[at], 9);
            mend(kept);
            "one entry changed and the chain mended"
        }
        2 => {
            kept.entries.remove(at);
            "one entry removed"
        }
        3 => {
            kept.entries.remove(at);
            mend(kept);
            "one entry removed and the chain mended"
        }
        4 => {
            let count = 1 + dice.below(length);
            kept.entries.truncate(length - count);
            "the tail cut off"
        }
        5 => {
            let count = 1 + dice.below(length);
            kept.entries.truncate(length - count);
            mend(kept);
            "the tail cut off and the head set back"
        }
        6 => {
            kept.entries.drain(..=at);
            "the beginning cut off"
        }
        7 => {
            let last = kept.entries[at].clone();
            kept.entries.drain(..=at);
            kept.head.first = last.number + 1;
            kept.head.base = last.hash(TENANT);
            "the beginning cut off and the head moved"
        }
        8 => {
            let other = (at + 1 + dice.below(length - 1)) % length;
            let (a, b) = (kept.entries[at].number, kept.entries[other].number);
            (kept.entries[at].number, kept.entries[other].number) = (b, a);
            "two entries swapped"
        }
        9 => {
            let other = (at + 1 + dice.below(length - 1)) % length;
            let (a, b) = (kept.entries[at].number, kept.entries[other].number);
            (kept.entries[at].number, kept.entries[other].number) = (b, a);
            mend(kept);
            "two entries swapped and the chain mended"
        }
        10 => {
            let mut copy = kept.entries[at].clone();
            copy.number = kept.head.last + 1;
            copy.previous = kept.head.hash;
            kept.entries.push(copy);
            "an entry added"
        }
        11 => {
            let mut copy = kept.entries[at].clone();
            kept.head.append(TENANT, &mut copy);
            kept.entries.push(copy);
            "an entry added with a new head"
        }
        12 => {
            let bit = dice.below(kept.mac.len() * 8);
            kept.mac[bit / 8] ^= 1 << (bit % 8);
            "the vouch changed"
        }
        _ => {
            // The head of an older state, vouched for at the time, over all entries.
            kept.head = older.head.clone();
            kept.mac = older.mac.clone();
            "an older head put back"
        }
    }
}

#[test]
fn ten_thousand_random_tamperings_are_all_found() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random::<32>());
    let seed = u64::from_be_bytes(random());
    let mut dice = Dice(seed);
    let whole = chain(&key, 40);
    let older = chain(&key, 25);
    assert!(verify(&key, &whole).is_sound() && verify(&key, &older).is_sound());
    for round in 0..10_000 {
        let mut kept = whole.clone();
        let what = tamper(&mut dice, &mut kept, &older);
        assert!(kept != whole, "seed {seed} round {round}: {what} changed nothing");
        assert!(!verify(&key, &kept).is_sound(), "seed {seed} round {round}: {what} was not found");
    }
}

#[test]
fn a_chain_whose_old_entries_were_let_go_is_sound() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random::<32>());
    let mut kept = chain(&key, 10);
    let last_gone = kept.entries[6].clone();
    kept.entries.drain(..=6);
    kept.head.first = 8;
    kept.head.base = last_gone.hash(TENANT);
    assert!(!verify(&key, &kept).is_sound(), "not before the service vouches for it");
    kept.mac = vouch(&key, &kept.head);
    assert_eq!(verify(&key, &kept), Report { entries: 3, ..Report::default() });
}

#[test]
fn findings_name_the_entry() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random::<32>());
    let whole = chain(&key, 9);
    let found = |change: &dyn Fn(&mut Kept)| {
        let mut kept = whole.clone();
        change(&mut kept);
        verify(&key, &kept).findings
    };
    assert_eq!(found(&|k| k.entries[3].actor.push('x')), [Finding::Changed { number: 5 }]);
    assert_eq!(found(&|k| k.entries[8].actor.push('x')), [Finding::Changed { number: 9 }]);
    assert_eq!(found(&|k| k.entries.truncate(6)), [Finding::Missing { from: 7, to: 9 }]);
    assert_eq!(found(&|k| drop(k.entries.drain(2..4))), [Finding::Missing { from: 3, to: 4 }]);
    assert_eq!(found(&|k| k.mac[0] ^= 1), [Finding::HeadForged]);
    assert_eq!(found(&|k| k.entries.clear()), [Finding::Missing { from: 1, to: 9 }]);
}

#[test]
fn an_empty_chain_is_sound_and_tenants_do_not_share_a_base() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random::<32>());
    assert!(verify(&key, &chain(&key, 0)).is_sound());
    assert_ne!(Head::start("a").base, Head::start("b").base);
    assert_ne!(Head::start("a").bytes("a"), Head::start("a").bytes("b"));
}

#[test]
fn a_long_list_of_findings_stays_short() {
    let mut report = Report::default();
    for number in 0..1_000 {
        report.add(Finding::Changed { number });
    }
    assert_eq!((report.findings.len(), report.wrong), (NAMED, 1_000));
}
