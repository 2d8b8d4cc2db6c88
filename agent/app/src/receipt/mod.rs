//! The consent receipt at the agent: writes down what happens, has the consoles sign it, and keeps it.

pub mod changes;
pub mod keep;
pub mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use farhand_protocol::ParticipantId;
use farhand_protocol::consent::{ConsentState, Hold};
use farhand_protocol::rights::Rights;
use farhand_seal::context::{Offer, View};
use farhand_seal::receipt::witness::Standing;
use farhand_seal::receipt::{
    Entry, Header, MAX_ENTRIES, MAX_RECEIPT, Part, Party, Receipt, Signed, What, Who, begin_text, public_key,
    read_signed,
};

use self::changes::{Cause, Change, changes, of_colleague};

/// Two entries are left for the words that there was no room for more, and the end.
const ROOM: usize = MAX_ENTRIES - 2;

/// Milliseconds since 1970.
#[must_use]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Writes one session's receipt.
pub struct Recorder {
    seed: [u8; 32],
    session: String,
    folder: Option<PathBuf>,
    /// From the first meeting on, with the consoles' signatures only.
    receipt: Option<Receipt>,
    state: ConsentState,
    /// Of the colleagues, by their numbers.
    colleagues: BTreeMap<ParticipantId, ConsentState>,
    /// Entries that the consoles were told of.
    told: Option<u16>,
    kept: Option<PathBuf>,
    changed: bool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("session", &self.session)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// Nothing has happened yet. `seed` is that of the key that the hand-shakes prove; without a folder nothing is kept.
    #[must_use]
    pub const fn new(seed: [u8; 32], session: String, folder: Option<PathBuf>) -> Self {
        Self {
            seed,
            session,
            folder,
            receipt: None,
            state: ConsentState::Fresh,
            colleagues: BTreeMap::new(),
            told: None,
            kept: None,
            changed: false,
        }
    }

    /// Goes on with a receipt of this session that lies in the folder; whether it is there and whole.
    #[must_use]
    pub fn go_on(&mut self, name: &str) -> bool {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)) else { return false };
        let Ok(bytes) = keep::read(&path, MAX_RECEIPT as u64) else { return false };
        let Ok(kept) = Receipt::read(&bytes) else { return false };
        let header = kept.header();
        let ours = header.session == self.session && header.key == public_key(&self.seed);
        if !ours || kept.ended() || kept.verify().is_err() {
            return false;
        }
        // Without this agent's signature, which closes it.
        let mut receipt = Receipt::new(header.clone());
        let whole = kept.entries().iter().all(|entry| receipt.add(entry.clone()).is_ok());
        let signed = kept.signatures().iter().filter(|signed| signed.by == Party::Technician);
        if !whole || !signed.copied().all(|signed| receipt.attach(signed).is_ok()) {
            return false;
        }
        let Standing { rights, held, .. } = Standing::of(receipt.entries());
        self.state = match held {
            true => ConsentState::Held { rights, holds: vec![Hold::LinkLost] },
            false => ConsentState::Granted { rights, more: None },
        };
        (self.receipt, self.kept) = (Some(receipt), Some(path));
        true
    }

    /// A console and this agent know each other: what it said of itself, and what both see alike. Once for each key.
    pub fn met(&mut self, theirs: &Offer, now: u64) {
        let Offer { view: View { console, technician, customer, .. }, key, .. } = theirs;
        let receipt = self.receipt.get_or_insert_with(|| {
            Receipt::new(Header {
                session: self.session.clone(),
                started: now,
                key: public_key(&self.seed),
                technician: technician.clone(),
                customer: customer.clone(),
            })
        });
        let text = begin_text(key, technician);
        let begun =
            |entry: &Entry| entry.what == What::Begin && entry.technician == *console && entry.text == text;
        if !receipt.entries().iter().any(begun) {
            let (what, rights) = (What::Begin, Rights::EMPTY);
            self.add(Change { who: Who::Agent, technician: *console, what, rights, text }, now);
        }
    }

    /// Whether something was written down yet.
    #[must_use]
    pub const fn begun(&self) -> bool {
        self.receipt.is_some()
    }

    /// Consent changed. Before the first meeting nobody could have changed it.
    pub fn consent(&mut self, state: &ConsentState, cause: Cause, asker: ParticipantId, now: u64) {
        let found = changes(&self.state, state, cause, asker);
        self.state = state.clone();
        found.into_iter().for_each(|change| self.add(change, now));
    }

    /// The consent of a colleague changed, whom `by` brought in.
    pub fn colleague(
        &mut self,
        colleague: ParticipantId,
        by: ParticipantId,
        state: &ConsentState,
        cause: Cause,
        now: u64,
    ) {
        let before = self.colleagues.insert(colleague, state.clone()).unwrap_or(ConsentState::Fresh);
        let found = of_colleague(&before, state, cause, colleague, by);
        found.into_iter().for_each(|change| self.add(change, now));
    }

    /// The customer agreed that another technician goes on with these rights.
    pub fn took_over(&mut self, by: ParticipantId, rights: Rights, now: u64) {
        let text = format!("technician {by}");
        self.add(Change { who: Who::Customer, technician: 0, what: What::Grant, rights, text }, now);
    }

    /// Something was done.
    pub fn add(&mut self, change: Change, now: u64) {
        let Some(receipt) = &mut self.receipt else { return };
        let Change { who, technician, what, rights, text } = change;
        let mut entry = Entry { at: now, who, technician, what, rights, text };
        if usize::from(receipt.count()) >= ROOM && what != What::End {
            if receipt.entries().last().is_some_and(|last| last.what == What::Full) {
                return;
            }
            entry = Entry { who: Who::Agent, technician: 0, what: What::Full, text: String::new(), ..entry };
        }
        match receipt.add(entry) {
            Ok(()) => self.changed = true,
            Err(error) => tracing::warn!(%error, "something is not in the receipt"),
        }
    }

    /// Consoles may have missed what they were told: [`Recorder::news`] gives everything again.
    pub const fn tell_again(&mut self) {
        self.told = None;
    }

    /// What the consoles were not told of yet.
    #[must_use]
    pub fn news(&mut self) -> Vec<Vec<u8>> {
        let Some(receipt) = &self.receipt else { return Vec::new() };
        let count = receipt.count();
        match self.told.replace(count) {
            Some(told) if told == count => Vec::new(),
            told => Part::cut(receipt, told.unwrap_or(0), &self.seed),
        }
    }

    /// A console answers, by the key that it proved. An answer that does not fit has no effect.
    pub fn signed(&mut self, key: [u8; 32], answer: &[u8]) {
        let (Some(receipt), Some((entries, signature))) = (&mut self.receipt, read_signed(answer)) else {
            return;
        };
        match receipt.attach(Signed { by: Party::Technician, key, entries, signature }) {
            Ok(()) => self.changed = true,
            Err(error) => tracing::warn!(%error, "a console's signature of the receipt was refused"),
        }
    }

    /// Whether a console has signed all of it.
    #[must_use]
    pub fn is_countersigned(&self) -> bool {
        self.receipt.as_ref().is_some_and(|receipt| receipt.countersigned() == Some(receipt.count()))
    }

    /// How many entries there are, and how many of them a console signed.
    #[must_use]
    pub fn counts(&self) -> (u16, u16) {
        let receipt = self.receipt.as_ref();
        receipt.map_or((0, 0), |receipt| (receipt.count(), receipt.countersigned().unwrap_or(0)))
    }

    /// The receipt as a file, signed by this agent.
    #[must_use]
    pub fn file(&self) -> Option<Vec<u8>> {
        let mut receipt = self.receipt.clone()?;
        let signed = receipt.sign(Party::Agent, &self.seed);
        receipt.attach(signed).ok()?;
        Some(receipt.write())
    }

    /// Keeps what there is, if something changed: a killed agent loses nothing that was consented to.
    pub fn keep(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let (Some(folder), Some(receipt), Some(file)) = (&self.folder, &self.receipt, self.file()) else {
            return;
        };
        match keep::write(folder, &keep::file_name(receipt.header().started), &file) {
            Ok(path) => self.kept = Some(path),
            Err(error) => tracing::warn!(%error, "the receipt cannot be kept"),
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use farhand_protocol::rights::Right;
    use farhand_protocol::version::{Version, VersionRange};
    use farhand_seal::context::Identity;
    use farhand_seal::receipt::witness::{Seen, Witness};

    use super::*;

    const SEED: [u8; 32] = [2; 32];

    fn console() -> Offer {
        let view = View {
            session: "s-1".into(),
            agent: 2,
            console: 1,
            technician: Identity { name: "Ada".into(), organisation: "Example".into() },
            customer: Identity::default(),
            version: Version(1),
        };
        Offer { view, versions: VersionRange::ours(), rights: Rights::ALL, key: public_key(&SEED) }
    }

    fn met(folder: Option<PathBuf>) -> Recorder {
        let mut recorder = Recorder::new([1; 32], "s-1".into(), folder);
        recorder.met(&console(), 1_000);
        recorder
    }

    #[test]
    fn the_file_is_whole_after_every_step_and_lies_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = met(Some(folder.path().to_owned()));
        let view = Rights::of(&[Right::View]);
        for state in
            [ConsentState::Asking { rights: view }, ConsentState::Granted { rights: view, more: None }]
        {
            recorder.consent(&state, Cause::Customer, 1, 2_000);
            recorder.keep();
            // As if the agent were killed now.
            let kept = Receipt::read(&std::fs::read(recorder.kept().unwrap()).unwrap()).unwrap();
            assert_eq!(kept.verify(), Ok(()));
            assert!(!kept.ended());
        }
        assert_eq!(recorder.counts(), (3, 0));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_console_that_goes_along_signs_and_a_stranger_does_not() {
        let mut recorder = met(None);
        let mut witness = Witness::new(SEED, public_key(&[1; 32]), console().view);
        let parts = recorder.news();
        assert!(recorder.news().is_empty(), "told once");
        let Ok(Seen::Sign { answer, .. }) = witness.handle_part(&parts[0]) else { panic!("it signs") };
        recorder.signed([9; 32], &answer);
        recorder.signed(public_key(&SEED), &answer[1..]);
        assert!(!recorder.is_countersigned());
        recorder.signed(public_key(&SEED), &answer);
        assert!(recorder.is_countersigned());
        recorder.tell_again();
        assert_eq!(recorder.news(), parts);
        let file = Receipt::read(&recorder.file().unwrap()).unwrap();
        assert_eq!((file.verify(), file.countersigned()), (Ok(()), Some(1)));
    }

    #[test]
    fn a_session_without_end_leaves_room_for_the_end() {
        let mut recorder = met(None);
        for turn in 0..MAX_ENTRIES as u64 {
            let what = if turn % 2 == 0 { What::Hold } else { What::Resume };
            let change =
                Change { who: Who::Agent, technician: 0, what, rights: Rights::EMPTY, text: String::new() };
            recorder.add(change, turn);
        }
        recorder.consent(
            &ConsentState::Ended { why: farhand_protocol::consent::ConsentEnd::Stopped },
            Cause::Customer,
            1,
            9_000,
        );
        let receipt = recorder.receipt.as_ref().unwrap();
        let last: Vec<What> = receipt.entries()[MAX_ENTRIES - 3..].iter().map(|entry| entry.what).collect();
        assert_eq!(last[1..], [What::Full, What::End]);
    }
}
