//! A console's side of the receipt: it goes along with what the agent writes, holds it against what it saw itself, and
//! signs as far as both agree.

use std::collections::{BTreeSet, VecDeque};

use ed25519_dalek::{Signature, VerifyingKey};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::diagnostics::Typed;
use farhand_protocol::consent::ConsentState;
use farhand_protocol::rights::Rights;

use super::{
    Entry, Header, Part, Party, Receipt, Signed, What, Who, begin_text, public_key, signed_text, write_signed,
};
use crate::context::View;

/// Asks that wait for their entry, at most; the oldest is forgotten first.
const MAX_ASKED: usize = 16;
/// Files that a page may have begun before it was loaded again, at most.
const FILES_BEFORE: usize = 64;
/// Typed lines that wait for their entry, at most; the oldest is forgotten first.
const MAX_COMMANDS: usize = 4096;
/// Lines that may be on their way into the receipt while a page is loaded again.
const COMMANDS_BEFORE: u8 = 20;
/// What a witness leaves for a reload, in bytes: `entries u16 | hash 64`.
pub const KEPT: usize = 66;

/// What the agent's entries say of the session now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Rights that are granted, held or not.
    pub rights: Rights,
    /// On hold.
    pub held: bool,
    /// Over.
    pub ended: bool,
    /// Entries are left out from here on.
    pub full: bool,
    /// Colleagues whom the customer allowed something of their own, by their numbers as bits.
    guests: u64,
}

/// A participant's bit; 0, which is nobody, and what is no participant have none.
const fn bit(participant: ParticipantId) -> u64 {
    if participant == 0 || participant >= 64 { 0 } else { 1 << participant }
}

impl Standing {
    /// After one more entry.
    #[must_use]
    pub fn after(mut self, entry: &Entry) -> Self {
        match entry.what {
            What::Begin | What::Ask | What::Refusal | What::File | What::Command | What::Restart => {}
            // What a colleague is allowed, is theirs alone.
            What::Grant if entry.technician != 0 => self.guests |= bit(entry.technician),
            What::Withdrawal if self.guests & bit(entry.technician) != 0 => {}
            What::Grant | What::Withdrawal => self.rights = entry.rights,
            What::Hold => self.held = true,
            What::Resume => self.held = false,
            What::End => (self.rights, self.ended) = (Rights::EMPTY, true),
            What::Full => self.full = true,
        }
        self
    }

    /// After all these entries.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        entries.iter().fold(Self::default(), Self::after)
    }

    /// After all these entries, for a colleague: what they are allowed.
    #[must_use]
    pub fn of_colleague(entries: &[Entry], me: ParticipantId) -> Self {
        let own =
            |entry: &&Entry| entry.technician == me && matches!(entry.what, What::Grant | What::Withdrawal);
        let rights = entries.iter().rev().find(own).map_or(Rights::EMPTY, |entry| entry.rights);
        let session = Self::of(entries);
        Self { rights: if session.ended { Rights::EMPTY } else { rights }, ..session }
    }

    /// An end fits to nothing else, and where entries are left out nobody can say.
    const fn stands(self, fits: bool) -> bool {
        !self.ended && (self.full || fits)
    }

    /// Whether this is what a consent snapshot says.
    #[must_use]
    pub fn fits(self, state: &ConsentState) -> bool {
        match state {
            ConsentState::Ended { .. } => self.ended,
            ConsentState::Unknown => true,
            ConsentState::Fresh | ConsentState::Asking { .. } => self.stands(self.rights.is_empty()),
            ConsentState::Granted { rights, more: _ } => self.stands(!self.held && self.rights == *rights),
            ConsentState::Held { rights, holds: _ } => self.stands(self.held && self.rights == *rights),
        }
    }
}

/// Why a console signs no further. It stays so for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Contradiction {
    /// It cannot be read, or is not the agent's.
    #[error("the receipt cannot be read, or is not signed by the customer's side")]
    Forged,
    /// It is of another session, or names somebody else.
    #[error("the receipt names another session, technician or customer")]
    Header,
    /// What this console signed is not in it any more.
    #[error("the receipt was changed after this side signed it")]
    Changed,
    /// It says that this console asked, gave back or ended, which it did not.
    #[error("the receipt says that this side did what it did not do")]
    NotDone,
    /// It says that something is granted, held or over, and the consent that this console was told says otherwise.
    #[error("the receipt says other rights than this side was given")]
    Standing,
}

/// What the shell does with a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Send this answer to the agent.
    Sign {
        /// See [`super::write_signed`].
        answer: Vec<u8>,
        /// For [`Witness::resume`].
        kept: Vec<u8>,
        /// The session's end is signed.
        ended: bool,
    },
    /// Something before it is still on its way: the agent will say it again.
    Wait,
}

/// A console's side.
pub struct Witness {
    seed: [u8; 32],
    /// The agent's key, which the hand-shake proved.
    agent: [u8; 32],
    view: View,
    receipt: Option<Receipt>,
    /// What this console signed before it was loaded again: so many entries with this hash.
    before: Option<(u16, [u8; 64])>,
    asked: VecDeque<Rights>,
    gave_up: bool,
    restarts_asked: usize,
    said_end: bool,
    /// What was typed and done, until it is written down.
    commands: VecDeque<String>,
    /// Commands that were taken for what was typed before this console was loaded again.
    commands_before: u8,
    typed: Typed,
    /// Typed bytes up to here are in it.
    typed_to: Option<u64>,
    consent: Option<ConsentState>,
    /// Of a console that was brought in: its own, which is not the session's.
    own: Option<ConsentState>,
    /// Files that this console began, by their numbers, and entries about them.
    files: BTreeSet<u32>,
    file_entries: usize,
    contradiction: Option<Contradiction>,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries = self.receipt.as_ref().map(Receipt::count);
        f.debug_struct("Witness")
            .field("entries", &entries)
            .field("contradiction", &self.contradiction)
            .finish()
    }
}

impl Witness {
    /// After a hand-shake: with this session's seed, the key that the agent proved, and what both ends agreed on.
    #[must_use]
    pub fn new(seed: [u8; 32], agent: [u8; 32], view: View) -> Self {
        Self {
            seed,
            agent,
            view,
            receipt: None,
            before: None,
            asked: VecDeque::new(),
            gave_up: false,
            restarts_asked: 0,
            said_end: false,
            commands: VecDeque::new(),
            commands_before: 0,
            typed: Typed::default(),
            typed_to: None,
            consent: None,
            own: None,
            files: BTreeSet::new(),
            file_entries: 0,
            contradiction: None,
        }
    }

    /// With what this console signed before it was loaded again, [`Seen::Sign`]'s `kept`. Other bytes are passed over.
    #[must_use]
    pub fn resume(mut self, kept: &[u8]) -> Self {
        if let Some((entries, hash)) = super::read_signed(kept) {
            self.before = Some((entries, hash));
        }
        self
    }

    /// Another hand-shake with the same agent, or another agent: what was seen stays, what was signed stays signed.
    pub fn handle_sealed(&mut self, agent: [u8; 32], view: View) {
        if self.agent != agent {
            self.contradiction = Some(Contradiction::Header);
        }
        self.view = view;
    }

    /// This console asked.
    pub fn handle_asked(&mut self, rights: Rights) {
        if self.asked.len() == MAX_ASKED {
            self.asked.pop_front();
        }
        self.asked.push_back(rights);
    }

    /// This console gave rights back.
    pub const fn handle_gave_up(&mut self) {
        self.gave_up = true;
    }

    /// This console asked for a restart of the customer's computer.
    pub const fn handle_restart_asked(&mut self) {
        self.restarts_asked = self.restarts_asked.saturating_add(1);
    }

    /// This console offered a file, or asked for one, under this number.
    pub fn handle_file(&mut self, transfer: u32) {
        self.files.insert(transfer);
    }

    /// This console opens a command line, or goes on with the one that stands.
    pub fn handle_shell_open(&mut self) {
        (self.typed, self.typed_to) = (Typed::default(), None);
    }

    /// This console types there; `at` is the place of the first byte. What comes again is passed over.
    pub fn handle_shell_input(&mut self, at: u64, data: &[u8]) {
        let to = *self.typed_to.get_or_insert(at);
        let again = usize::try_from(to.saturating_sub(at)).unwrap_or(usize::MAX);
        for &byte in data.get(again..).unwrap_or_default() {
            if let Some(line) = self.typed.byte(byte) {
                self.commanded(line.text);
            }
        }
        self.typed_to = Some(to.max(at.saturating_add(data.len() as u64)));
    }

    /// This console has something done, in the receipt's words.
    pub fn handle_acted(&mut self, words: String) {
        self.commanded(words);
    }

    fn commanded(&mut self, text: String) {
        if self.commands.len() == MAX_COMMANDS {
            self.commands.pop_front();
        }
        self.commands.push_back(text);
    }

    /// This console ended the session.
    pub const fn handle_said_end(&mut self) {
        self.said_end = true;
    }

    /// The agent told where consent stands.
    pub fn handle_consent(&mut self, state: ConsentState) {
        self.consent = Some(state);
    }

    /// The agent told where the consent of this console stands, which a colleague brought in.
    pub fn handle_own_consent(&mut self, state: ConsentState) {
        self.own = Some(state);
    }

    /// The session is this console's now: what is allowed in it is.
    pub fn handle_took_over(&mut self) {
        self.own = None;
    }

    /// The receipt as far as this console went along; signed by both as far as that.
    #[must_use]
    pub const fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }

    /// The agent sent a part.
    ///
    /// # Errors
    /// [`Contradiction`]: nothing is signed any more.
    pub fn handle_part(&mut self, bytes: &[u8]) -> Result<Seen, Contradiction> {
        if let Some(contradiction) = self.contradiction {
            return Err(contradiction);
        }
        self.go_along(bytes).inspect_err(|contradiction| self.contradiction = Some(*contradiction))
    }

    fn go_along(&mut self, bytes: &[u8]) -> Result<Seen, Contradiction> {
        let part = Part::read(bytes).map_err(|_| Contradiction::Forged)?;
        let receipt = match (self.receipt.clone(), &part.header) {
            (None, None) => return Ok(Seen::Wait),
            (None, Some(header)) => {
                self.check_header(header)?;
                Receipt::new(header.clone())
            }
            (Some(receipt), Some(header)) if receipt.header() != header => {
                return Err(Contradiction::Changed);
            }
            (Some(receipt), _) => receipt,
        };
        let have = usize::from(receipt.count());
        let from = usize::from(part.from);
        if from > have {
            return Ok(Seen::Wait);
        }
        let known = (have - from).min(part.entries.len());
        if receipt.entries()[from..from + known] != part.entries[..known] {
            return Err(Contradiction::Changed);
        }
        // Signatures that are there are of less than what comes now.
        let mut whole = Receipt::new(receipt.header().clone());
        for entry in receipt.entries().iter().chain(&part.entries[known..]) {
            whole.add(entry.clone()).map_err(|_| Contradiction::Forged)?;
            if whole.entries().last() != Some(entry) {
                return Err(Contradiction::Forged);
            }
        }
        let until = part.from.saturating_add(u16::try_from(part.entries.len()).unwrap_or(u16::MAX));
        self.check_signature(&whole, until, &part.signature)?;
        for (at, entry) in whole.entries().iter().enumerate().skip(have) {
            let seen_before = self.before.is_some_and(|(entries, _)| at < usize::from(entries));
            if !seen_before {
                self.check_entry(entry)?;
            }
        }
        let count = whole.count();
        if let Some((entries, hash)) = self.before {
            if count < entries {
                self.receipt = Some(whole);
                return Ok(Seen::Wait);
            }
            if whole.hash_at(entries) != Some(&hash) {
                return Err(Contradiction::Changed);
            }
        }
        let (standing, consent) = match &self.own {
            Some(own) => (Standing::of_colleague(whole.entries(), self.view.console), Some(own)),
            None => (Standing::of(whole.entries()), self.consent.as_ref()),
        };
        if consent.is_some_and(|state| !standing.fits(state)) && until == count {
            return Err(Contradiction::Standing);
        }
        let ours = whole.sign(Party::Technician, &self.seed);
        // Nobody else has put a signature to this copy, and the agent's comes last: it closes the receipt.
        whole.attach(ours).map_err(|_| Contradiction::Header)?;
        if until == count {
            let agents =
                Signed { by: Party::Agent, key: self.agent, entries: count, signature: part.signature };
            whole.attach(agents).map_err(|_| Contradiction::Forged)?;
        }
        let kept = write_signed(count, whole.hash());
        let ended = whole.ended();
        self.receipt = Some(whole);
        Ok(Seen::Sign { answer: write_signed(ours.entries, &ours.signature), kept, ended })
    }

    fn check_header(&self, header: &Header) -> Result<(), Contradiction> {
        let View { session, customer, .. } = &self.view;
        // The technician named there may be a colleague, who came first: of them this console knows nothing.
        let fits = header.session == *session && header.key == self.agent && header.customer == *customer;
        if fits { Ok(()) } else { Err(Contradiction::Header) }
    }

    fn check_signature(
        &self,
        receipt: &Receipt,
        until: u16,
        signature: &[u8; 64],
    ) -> Result<(), Contradiction> {
        let hash = receipt.hash_at(until).ok_or(Contradiction::Forged)?;
        let key = VerifyingKey::from_bytes(&self.agent).map_err(|_| Contradiction::Forged)?;
        let text = signed_text(Party::Agent, hash, until);
        key.verify_strict(&text, &Signature::from_bytes(signature)).map_err(|_| Contradiction::Forged)
    }

    fn check_entry(&mut self, entry: &Entry) -> Result<(), Contradiction> {
        let me: ParticipantId = self.view.console;
        if entry.technician != me {
            // A technician's doing without a technician would be nobody's.
            let nobody = entry.who == Who::Technician && entry.technician == 0;
            return if nobody { Err(Contradiction::NotDone) } else { Ok(()) };
        }
        let done = match entry.what {
            What::Begin => entry.text == begin_text(&public_key(&self.seed), &self.view.technician),
            What::Ask => {
                let ours = self.asked.iter().position(|asked| asked.contains_all(entry.rights));
                ours.and_then(|at| self.asked.remove(at)).is_some()
            }
            What::Withdrawal => entry.who != Who::Technician || self.gave_up,
            What::End => entry.who != Who::Technician || self.said_end,
            // Each wish is written down once at most; what a technician has done is nothing but the wish.
            What::Restart => {
                let asked = self.restarts_asked > 0;
                self.restarts_asked = self.restarts_asked.saturating_sub(1);
                entry.who == Who::Technician && asked && entry.text == super::restarts::ASKED
            }
            // Each file is written down once. What was begun before a page was loaded again is not known any more.
            What::File => {
                self.file_entries += 1;
                let before = if self.before.is_some() { FILES_BEFORE } else { 0 };
                self.file_entries <= self.files.len() + before
            }
            // Each line that was typed, and each thing that was done, is written down once at most.
            What::Command => {
                let ours = self.commands.iter().position(|said| *said == entry.text);
                let known = ours.and_then(|at| self.commands.remove(at)).is_some();
                // What was typed before a page was loaded again may be written down only now.
                let before = !known && self.before.is_some() && self.commands_before < COMMANDS_BEFORE;
                self.commands_before += u8::from(before);
                entry.who == Who::Technician && (known || before)
            }
            What::Grant | What::Refusal | What::Hold | What::Resume | What::Full => {
                entry.who != Who::Technician
            }
        };
        if done { Ok(()) } else { Err(Contradiction::NotDone) }
    }
}

#[cfg(test)]
mod tests {
    use farhand_protocol::consent::{ConsentEnd, Hold};
    use farhand_protocol::rights::Right;
    use farhand_protocol::version::Version;

    use super::super::tests::{AGENT, CONSOLE, ada, entry, header};
    use super::*;
    use crate::context::Identity;

    const ME: ParticipantId = 1;
    const VIEW: Rights = Rights::of(&[Right::View]);
    const CONTROL: Rights = Rights::of(&[Right::Control]);

    fn view() -> View {
        View {
            session: "s-1".into(),
            agent: 2,
            console: ME,
            technician: ada(),
            customer: Identity::default(),
            version: Version(1),
        }
    }

    fn witness() -> Witness {
        Witness::new(CONSOLE, public_key(&AGENT), view())
    }

    fn begun() -> Receipt {
        let mut receipt = Receipt::new(header());
        let begin = begin_text(&public_key(&CONSOLE), &ada());
        receipt.add(entry(1_000, Who::Agent, What::Begin, Rights::ALL, &begin)).unwrap();
        receipt
    }

    /// Hands all parts from an entry on to the witness; the last answer.
    fn tell(witness: &mut Witness, receipt: &Receipt, from: u16) -> Result<Seen, Contradiction> {
        let mut seen = Ok(Seen::Wait);
        for part in Part::cut(receipt, from, &AGENT) {
            seen = witness.handle_part(&part);
            seen.as_ref().map_err(|contradiction| *contradiction)?;
        }
        seen
    }

    fn add(receipt: &mut Receipt, who: Who, what: What, rights: Rights, text: &str) {
        receipt.add(entry(2_000, who, what, rights, text)).unwrap();
    }

    fn signs(receipt: &Receipt, seen: &Seen) -> bool {
        let Seen::Sign { answer, .. } = seen else { return false };
        let (entries, signature) = super::super::read_signed(answer).unwrap();
        let key = public_key(&CONSOLE);
        let mut copy = receipt.clone();
        copy.attach(Signed { by: Party::Technician, key, entries, signature }).is_ok()
    }

    #[test]
    fn what_was_done_is_signed_step_by_step() {
        let (mut witness, mut receipt) = (witness(), begun());
        assert!(signs(&receipt, &tell(&mut witness, &receipt, 0).unwrap()));
        witness.handle_asked(VIEW);
        witness.handle_consent(ConsentState::Asking { rights: VIEW });
        add(&mut receipt, Who::Technician, What::Ask, VIEW, "");
        assert!(signs(&receipt, &tell(&mut witness, &receipt, 1).unwrap()));
        witness.handle_consent(ConsentState::Granted { rights: VIEW, more: None });
        add(&mut receipt, Who::Customer, What::Grant, VIEW, "");
        assert!(signs(&receipt, &tell(&mut witness, &receipt, 2).unwrap()));
        witness.handle_consent(ConsentState::Held { rights: VIEW, holds: vec![Hold::Customer] });
        add(&mut receipt, Who::Customer, What::Hold, VIEW, "customer");
        assert!(signs(&receipt, &tell(&mut witness, &receipt, 3).unwrap()));
        witness.handle_consent(ConsentState::Ended { why: ConsentEnd::Stopped });
        add(&mut receipt, Who::Customer, What::End, Rights::EMPTY, "stopped");
        let seen = tell(&mut witness, &receipt, 4).unwrap();
        assert!(signs(&receipt, &seen));
        assert!(matches!(seen, Seen::Sign { ended: true, .. }));
        // Its copy is whole.
        let copy = Receipt::read(&witness.receipt().unwrap().write()).unwrap();
        assert_eq!(copy.verify(), Ok(()));
        assert_eq!(copy.countersigned(), Some(5));
        // Said again, it is signed again, and nothing else happens.
        assert!(signs(&receipt, &tell(&mut witness, &receipt, 0).unwrap()));
    }

    #[test]
    fn what_was_not_done_is_not_signed_and_nothing_after_it() {
        let mut receipt = begun();
        add(&mut receipt, Who::Technician, What::Ask, VIEW, "");
        let mut silent = witness();
        assert_eq!(tell(&mut silent, &receipt, 0), Err(Contradiction::NotDone));
        silent.handle_asked(VIEW);
        assert_eq!(tell(&mut silent, &receipt, 0), Err(Contradiction::NotDone), "it stays so");
        // More than was asked for.
        let mut modest = witness();
        modest.handle_asked(VIEW);
        let mut more = begun();
        add(&mut more, Who::Technician, What::Ask, CONTROL, "");
        assert_eq!(tell(&mut modest, &more, 0), Err(Contradiction::NotDone));
        // A command that no console sent, and an end and a giving back in this console's name.
        for (what, rights) in
            [(What::Command, VIEW), (What::End, Rights::EMPTY), (What::Withdrawal, Rights::EMPTY)]
        {
            let mut receipt = begun();
            add(&mut receipt, Who::Technician, what, rights, "rm -r /");
            assert_eq!(tell(&mut witness(), &receipt, 0), Err(Contradiction::NotDone), "{what:?}");
        }
    }

    #[test]
    fn a_grant_that_this_console_was_not_given_is_not_signed() {
        let (mut witness, mut receipt) = (witness(), begun());
        witness.handle_asked(CONTROL);
        add(&mut receipt, Who::Technician, What::Ask, CONTROL, "");
        add(&mut receipt, Who::Customer, What::Grant, CONTROL, "");
        witness.handle_consent(ConsentState::Granted { rights: VIEW, more: None });
        assert_eq!(tell(&mut witness, &receipt, 0), Err(Contradiction::Standing));
    }

    #[test]
    fn another_session_name_key_or_signature_is_not_signed() {
        let begin = begin_text(&public_key(&CONSOLE), &ada());
        let with = |header: Header, seed: &[u8; 32], begin: &str| {
            let mut receipt = Receipt::new(header);
            receipt.add(entry(1_000, Who::Agent, What::Begin, Rights::ALL, begin)).unwrap();
            witness().handle_part(&Part::cut(&receipt, 0, seed)[0])
        };
        assert!(with(header(), &AGENT, &begin).is_ok());
        let other = Header { session: "s-2".into(), ..header() };
        assert_eq!(with(other, &AGENT, &begin), Err(Contradiction::Header));
        let customer = Identity { name: "Bob".into(), organisation: String::new() };
        assert_eq!(with(Header { customer, ..header() }, &AGENT, &begin), Err(Contradiction::Header));
        assert_eq!(with(header(), &CONSOLE, &begin), Err(Contradiction::Forged));
        let eve = begin_text(&public_key(&CONSOLE), &Identity { name: "Eve".into(), ..ada() });
        assert_eq!(with(header(), &AGENT, &eve), Err(Contradiction::NotDone));
    }

    #[test]
    fn a_page_that_was_loaded_again_goes_on_where_it_was() {
        let (mut first, mut receipt) = (witness(), begun());
        first.handle_asked(VIEW);
        add(&mut receipt, Who::Technician, What::Ask, VIEW, "");
        let Seen::Sign { kept, .. } = tell(&mut first, &receipt, 0).unwrap() else { panic!("it signs") };
        let mut again = witness().resume(&kept);
        assert!(signs(&receipt, &tell(&mut again, &receipt, 0).unwrap()));
        // What it signed cannot be exchanged meanwhile.
        let mut other = begun();
        add(&mut other, Who::Technician, What::Ask, CONTROL, "");
        assert_eq!(tell(&mut witness().resume(&kept), &other, 0), Err(Contradiction::Changed));
    }

    #[test]
    fn a_gap_is_waited_out_and_a_changed_past_is_not_signed() {
        let (mut witness, mut receipt) = (witness(), begun());
        add(&mut receipt, Who::Agent, What::Hold, Rights::EMPTY, "link_lost");
        assert_eq!(tell(&mut witness, &receipt, 1), Ok(Seen::Wait));
        assert!(signs(&receipt, &tell(&mut witness, &receipt, 0).unwrap()));
        let mut other = begun();
        add(&mut other, Who::Agent, What::Hold, Rights::EMPTY, "locked");
        assert_eq!(tell(&mut witness, &other, 0), Err(Contradiction::Changed));
    }

    #[test]
    fn commands_are_signed_when_this_console_sent_them_and_only_as_often() {
        let command = |witness: &mut Witness, receipt: &mut Receipt, text: &str| {
            add(receipt, Who::Technician, What::Command, Rights::of(&[Right::Shell]), text);
            tell(witness, receipt, 0)
        };
        let (mut witness, mut receipt) = (witness(), begun());
        witness.handle_shell_open();
        witness.handle_shell_input(0, b"ls -");
        // A lost connection: the same comes again, with more.
        witness.handle_shell_input(2, b" -l\recho hi\r");
        witness.handle_acted("stop service cups.service".into());
        assert!(command(&mut witness, &mut receipt, "stop service cups.service").is_ok());
        assert!(command(&mut witness, &mut receipt, "ls -l").is_ok());
        // What the agent itself saw is its own word.
        add(&mut receipt, Who::Agent, What::Command, Rights::EMPTY, "→ ls -la");
        receipt = {
            let mut whole = Receipt::new(header());
            for entry in receipt.entries() {
                let technician =
                    if entry.who == Who::Agent && entry.what == What::Command { 0 } else { entry.technician };
                whole.add(Entry { technician, ..entry.clone() }).unwrap();
            }
            whole
        };
        assert!(command(&mut witness, &mut receipt, "echo hi").is_ok());
        assert_eq!(
            command(&mut witness, &mut receipt, "echo hi"),
            Err(Contradiction::NotDone),
            "it was typed once"
        );
    }

    #[test]
    fn long_receipts_come_in_parts() {
        let (mut witness, mut receipt) = (witness(), begun());
        for at in 0..100 {
            add(&mut receipt, Who::Agent, What::Hold, Rights::EMPTY, &format!("{at} {}", "x".repeat(280)));
        }
        let parts = Part::cut(&receipt, 0, &AGENT);
        assert!(parts.len() > 2 && parts.iter().all(|part| part.len() <= super::super::MAX_PART));
        assert!(signs(&receipt, &tell(&mut witness, &receipt, 0).unwrap()));
    }

    #[test]
    fn a_restart_is_signed_where_this_console_asked_for_it_and_as_often() {
        let asked = |who| Entry {
            at: 9_000,
            who,
            technician: if who == Who::Technician { ME } else { 0 },
            what: What::Restart,
            rights: Rights::EMPTY,
            text: crate::receipt::restarts::ASKED.into(),
        };
        for (wishes, entries, fits) in [(0, 1, false), (1, 1, true), (1, 2, false), (2, 2, true)] {
            let (mut witness, mut receipt) = (witness(), begun());
            (0..wishes).for_each(|_| witness.handle_restart_asked());
            (0..entries).for_each(|_| receipt.add(asked(Who::Technician)).unwrap());
            // What the customer and time do, nobody has to have asked for.
            receipt
                .add(Entry { text: crate::receipt::restarts::allowed(30), ..asked(Who::Customer) })
                .unwrap();
            let parts = Part::cut(&receipt, 0, &AGENT);
            let seen = witness.handle_part(&parts[0]);
            assert_eq!(seen.is_ok(), fits, "{wishes} wishes, {entries} entries");
        }
        assert_eq!(crate::receipt::restarts::minutes(&crate::receipt::restarts::allowed(30)), Some(30));
        assert_eq!(crate::receipt::restarts::minutes(&crate::receipt::restarts::allowed(0)), None);
    }
}
