//! Sealing at the agent's edge: what leaves for the link is sealed here, and what comes from it is opened, before the
//! agent sees it. Nothing clear is sent or taken.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Rights;
use farhand_protocol::session::code::{Code, CodeError, Number};
use farhand_protocol::session::{Participant, Role, SessionSnapshot};
use farhand_protocol::version::{Version, VersionRange};
use farhand_seal::Random;
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::ends::{self, AgentOutput, NotOpened, Told};
use farhand_seal::handshake::{RANDOM, Stop};
use farhand_seal::message::OpenError;
use farhand_seal::receipt::public_key;
use farhand_seal::secret::Secret;
use ring::rand::{SecureRandom, SystemRandom};

/// What the session's task does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealEvent {
    /// Send this on the control stream as it stands.
    Send(Bytes),
    /// This console and the agent know each other: it is told everything anew.
    Sealed(ParticipantId),
    /// The code's last four digits or the link's secret are not the console's: they are mistyped or old, or somebody
    /// else answered. This agent tries no other.
    WrongSecret,
    /// Somebody between the two ends changed something.
    Tampered,
    /// Whoever came as this colleague has not the digits that they were introduced with, or another name.
    Unproven(ParticipantId),
    /// A message that came is not taken.
    Refused(Refusal),
}

/// A message without effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong with it, for programs.
    pub why: &'static str,
    /// Where it came.
    pub stream: Stream,
    /// Somebody on the way must have had a hand in it.
    pub meddling: bool,
}

/// Who this agent is, for the hand-shakes.
#[derive(Clone, Debug)]
pub struct Me {
    /// The session's id.
    pub session: String,
    /// This agent's number in it.
    pub participant: ParticipantId,
    /// The protocol version that the service agreed on.
    pub version: Version,
    /// Rights that can be granted here at all.
    pub rights: Rights,
}

/// The agent's end of the seal; shared with the screen thread. Held for microseconds.
#[derive(Clone, Debug)]
pub struct Sealing(Arc<Mutex<End>>);

#[derive(Debug)]
struct End {
    me: Me,
    agent: ends::Agent,
    /// Until it is handed to the hand-shake with the first technician.
    secret: Option<Secret>,
    /// The only one who may come by that secret, and under which name.
    awaited: Option<(ParticipantId, Identity)>,
    /// Colleagues who were introduced: who they must be, and what they prove it with, until it is handed on.
    introduced: BTreeMap<ParticipantId, (Identity, Option<Secret>)>,
    /// Consoles that were here when the service last told.
    here: Vec<ParticipantId>,
    /// Technicians as the service names them.
    names: BTreeMap<ParticipantId, Identity>,
    /// Technicians as the two ends have proven them to one another.
    verified: BTreeMap<ParticipantId, Identity>,
    events: VecDeque<SealEvent>,
    /// A console and this agent know each other.
    met: bool,
    /// Signs this session's receipt.
    seed: [u8; 32],
    /// What the consoles proved of themselves, for the receipt.
    known: BTreeMap<ParticipantId, Offer>,
}

fn random() -> Random {
    let mut random = [0; RANDOM];
    SystemRandom::new().fill(&mut random).expect("the system has random bytes");
    random
}

impl Sealing {
    /// With the secret of the code that was typed or of the link that was opened.
    #[must_use]
    pub fn new(me: Me, secret: Secret) -> Self {
        Self::with(me, secret, *random().first_chunk::<32>().expect("32 of 80 bytes"), None)
    }

    /// Goes on after a restart of this computer: with what the last hand-shake left, which only this console may come by,
    /// under the name that was proven then; and with the key that signs the session's receipt.
    #[must_use]
    pub fn back(me: Me, secret: Secret, seed: [u8; 32], console: ParticipantId, name: Identity) -> Self {
        Self::with(me, secret, seed, Some((console, name)))
    }

    fn with(me: Me, secret: Secret, seed: [u8; 32], awaited: Option<(ParticipantId, Identity)>) -> Self {
        let offer = Offer {
            view: me.view(0, &Identity::default(), &Identity::default()),
            versions: VersionRange::ours(),
            rights: me.rights,
            key: public_key(&seed),
        };
        let agent = ends::Agent::new(offer);
        let end = End {
            me,
            agent,
            secret: Some(secret),
            awaited,
            introduced: BTreeMap::new(),
            here: Vec::new(),
            names: BTreeMap::new(),
            verified: BTreeMap::new(),
            events: VecDeque::new(),
            met: false,
            seed,
            known: BTreeMap::new(),
        };
        Self(Arc::new(Mutex::new(end)))
    }

    fn end(&self) -> MutexGuard<'_, End> {
        // A panic elsewhere cannot leave keys half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The seed of the key that signs this session's receipt; each console was proven its public half.
    #[must_use]
    pub fn receipt_seed(&self) -> [u8; 32] {
        self.end().seed
    }

    /// What a console proved of itself; nothing before its hand-shake.
    #[must_use]
    pub fn known(&self, console: ParticipantId) -> Option<Offer> {
        self.end().known.get(&console).cloned()
    }

    /// What goes on the wire instead of a clear message; nothing while nobody could open it.
    #[must_use]
    pub fn outgoing(&self, stream: Stream, message: Bytes) -> Option<Bytes> {
        let mut end = self.end();
        match end.agent.seal(stream, &message) {
            Ok(sealed) => {
                if end.agent.renewal_due() {
                    let renewed = end.agent.renew(&random());
                    end.drain();
                    if let Err(error) = renewed {
                        tracing::warn!(%error, "no new keys");
                    }
                }
                Some(sealed.into())
            }
            Err(error) => {
                tracing::trace!(%error, ?stream, "a message is not sent");
                None
            }
        }
    }

    /// The clear message in one that came; nothing when it is none, or must have no effect.
    #[must_use]
    pub fn incoming(&self, stream: Stream, message: Bytes) -> Option<Bytes> {
        let mut end = self.end();
        if let Some((from, signal)) = ends::carried(end.me.participant, &message) {
            if let Err(error) = end.agent.handle_signal(from, signal, &random()) {
                tracing::debug!(%error, from, "a signal of a console was refused");
            }
            end.drain();
            return None;
        }
        let (why, meddling) = match end.agent.open(stream, &message) {
            Ok(Some(opened)) => return Some(opened.into()),
            // Once is enough, whoever said it again.
            Ok(None) => ("replayed", false),
            Err(error) => reason(error),
        };
        end.events.push_back(SealEvent::Refused(Refusal { why, stream, meddling }));
        None
    }

    /// The service tells who is in the session.
    pub fn session(&self, snapshot: &SessionSnapshot) {
        let mut end = self.end();
        let customer = snapshot.participants.iter().find(|p| p.id == end.me.participant).map(identity);
        let customer = customer.unwrap_or_default();
        let staying = |p: &&Participant| p.role == Role::Technician && !p.gone;
        for technician in snapshot.participants.iter().filter(staying) {
            let view = end.me.view(technician.id, &identity(technician), &customer);
            end.agent.handle_view(view);
            let here = technician.connected || technician.media;
            let was = end.here.contains(&technician.id);
            if here && !was {
                end.here.push(technician.id);
                end.names.insert(technician.id, identity(technician));
                end.begin(technician.id);
            } else if was && !here {
                end.here.retain(|id| *id != technician.id);
                if let Err(error) = end.agent.handle_left(technician.id, &random()) {
                    tracing::warn!(%error, "no new keys");
                }
            }
        }
        end.drain();
    }

    /// A technician whom this end knows introduced a colleague. Nobody comes in by that secret but a console that has it,
    /// under the name that the technician said.
    pub fn introduce(&self, colleague: ParticipantId, identity: Identity, secret: Secret) {
        let mut end = self.end();
        end.introduced.insert(colleague, (identity, Some(secret)));
        if end.here.contains(&colleague) {
            end.begin(colleague);
        }
        end.drain();
    }

    /// The customer agreed to a colleague.
    pub fn admit(&self, colleague: ParticipantId) {
        let mut end = self.end();
        if let Err(error) = end.agent.admit(colleague, &random()) {
            tracing::warn!(%error, "a colleague cannot be let in");
        }
        end.drain();
    }

    /// Somebody has no part any more: the next message is under keys that they do not get.
    pub fn put_out(&self, console: ParticipantId) {
        let mut end = self.end();
        end.introduced.remove(&console);
        end.here.retain(|id| *id != console);
        if let Err(error) = end.agent.put_out(console, &random()) {
            tracing::warn!(%error, "no new keys");
        }
        end.drain();
    }

    /// The link to the media service stands, for the first time or again.
    pub fn link_up(&self) {
        let mut end = self.end();
        if let Err(error) = end.agent.handle_link_up(&random()) {
            tracing::warn!(%error, "the hand-shake cannot begin");
        }
        end.drain();
    }

    /// A technician as this end and their console have proven them to one another; nothing before that.
    #[must_use]
    pub fn verified(&self, console: ParticipantId) -> Option<Identity> {
        self.end().verified.get(&console).cloned()
    }

    /// What the last hand-shake with a console left, to come back by after a restart of this computer.
    #[must_use]
    pub fn resumption(&self, console: ParticipantId) -> Option<[u8; 32]> {
        match self.end().agent.resumption(console)? {
            Secret::Resumed(left) => Some(left),
            Secret::Digits(_) | Secret::Link(_) => None,
        }
    }

    /// What to do next. Drain it after each message and each snapshot.
    #[must_use]
    pub fn poll_event(&self) -> Option<SealEvent> {
        self.end().events.pop_front()
    }
}

/// Why a message has no effect, for programs, and whether somebody on the way must have had a hand in it.
const fn reason(error: NotOpened) -> (&'static str, bool) {
    match error {
        NotOpened::Stranger => ("stranger", false),
        NotOpened::Refused(error) => {
            let why = match error {
                OpenError::Clear => "clear",
                OpenError::Epoch(_) => "no_key",
                OpenError::Replayed => "replayed",
                OpenError::Reordered => "reordered",
                OpenError::Envelope(_) | OpenError::Foreign | OpenError::Broken | OpenError::Spent => {
                    "forged"
                }
            };
            (why, error.is_meddling())
        }
    }
}

fn identity(participant: &Participant) -> Identity {
    Identity { name: participant.name.clone(), organisation: participant.organisation.clone() }
}

impl Me {
    fn view(&self, console: ParticipantId, technician: &Identity, customer: &Identity) -> View {
        View {
            session: self.session.clone(),
            agent: self.participant,
            console,
            technician: technician.clone(),
            customer: customer.clone(),
            version: self.version,
        }
    }
}

impl End {
    /// A console is here, for the first time or again.
    fn begin(&mut self, console: ParticipantId) {
        let name = self.names.get(&console);
        if let Some((awaited, expected)) = &self.awaited {
            if *awaited != console {
                return;
            }
            // The service must not say that it is somebody else's session now.
            if name != Some(expected) {
                tracing::warn!(console, "the technician comes under another name than before the restart");
                self.events.push_back(SealEvent::Tampered);
                return;
            }
        }
        let begun = match self.introduced.get_mut(&console) {
            // The service must not say that somebody else came.
            Some((expected, _)) if name != Some(expected) => {
                tracing::warn!(console, "a colleague comes under another name than they were introduced by");
                self.events.push_back(SealEvent::Unproven(console));
                return;
            }
            Some((_, secret)) => match secret.take() {
                Some(secret) => self.agent.introduce(console, secret, &random()),
                None => self.agent.handle_back(console, &random()),
            },
            None => match self.secret.take() {
                Some(secret) => self.agent.handle_secret(console, secret, &random()),
                // Their media link may have stood all the while: then they do not ask by themselves.
                None => self.agent.handle_back(console, &random()),
            },
        };
        if let Err(error) = begun {
            tracing::warn!(%error, "the hand-shake cannot begin");
        }
    }

    /// Whether this is a colleague who was introduced and has not proven who they are.
    fn awaited(&self, console: ParticipantId) -> bool {
        self.introduced.contains_key(&console) && !self.verified.contains_key(&console)
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            let event = match output {
                AgentOutput::Signal { to, signal } => {
                    SealEvent::Send(ends::carry(self.me.participant, to, &signal).into())
                }
                AgentOutput::Told { console, told } => match told {
                    Told::Sealed(theirs) => {
                        self.met = true;
                        // Who was awaited after a restart is here: from now on colleagues may come as before.
                        self.awaited.take_if(|(awaited, _)| *awaited == console);
                        self.verified.insert(console, theirs.view.technician.clone());
                        self.known.insert(console, *theirs);
                        SealEvent::Sealed(console)
                    }
                    // A colleague has one try: the next one is another invitation.
                    Told::WrongSecret { .. } | Told::Void | Told::OtherStopped(_)
                        if self.awaited(console) =>
                    {
                        tracing::warn!(
                            console,
                            "a colleague has not the digits that they were introduced with"
                        );
                        SealEvent::Unproven(console)
                    }
                    // Whoever comes back must know what was agreed on; who does not, has no part in a session that
                    // goes on with those who do.
                    Told::WrongSecret { .. } | Told::Void if self.met => {
                        tracing::warn!(console, "a console came back without what it had agreed on");
                        continue;
                    }
                    Told::WrongSecret { .. } | Told::Void => SealEvent::WrongSecret,
                    Told::Tampered(difference) => {
                        tracing::warn!(?difference, "somebody between the two ends changed something");
                        SealEvent::Tampered
                    }
                    // Said without proof. Who goes on knows better; who never met has a session that does not begin,
                    // and somebody who waits for it.
                    Told::OtherStopped(why) => {
                        tracing::warn!(?why, "the console stopped the hand-shake");
                        match why {
                            Stop::Tampered | Stop::WrongSecret | Stop::Void if self.met => continue,
                            Stop::Tampered => SealEvent::Tampered,
                            Stop::WrongSecret | Stop::Void => SealEvent::WrongSecret,
                        }
                    }
                },
            };
            self.events.push_back(event);
        }
    }
}

/// What a person has from their technician: which session, and the secret that its two ends share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The six digits that the service is given.
    pub number: Number,
    /// The four digits of a code, or what a link carries. It goes to nobody.
    pub secret: Secret,
}

impl Invitation {
    /// Reads ten digits, however they are grouped, or what a link has behind its `#`, `482193.secret`, alone or at the
    /// end of the address.
    ///
    /// # Errors
    /// [`CodeError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        let text = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
        if let Some((number, secret)) = text.rsplit_once('.')
            && let (Ok(number), Some(secret)) = (Number::parse(number), Secret::link(secret))
        {
            return Ok(Self { number, secret });
        }
        let code = Code::parse(text)?;
        let secret = Secret::digits(code.secret()).expect("a code ends with four digits");
        Ok(Self { number: code.number(), secret })
    }
}

#[cfg(test)]
mod tests {
    use farhand_protocol::channel::{Control, Input};
    use farhand_protocol::envelope::Writer;
    use farhand_protocol::rights::Right;
    use farhand_protocol::session::SessionState;
    use farhand_seal::ends::{Console, ConsoleOutput};

    use super::*;

    const AGENT: ParticipantId = 2;
    const CONSOLE: ParticipantId = 1;

    fn secret(first: u8) -> Secret {
        Secret::Link(std::array::from_fn(|at| at as u8 ^ first))
    }

    fn me() -> Me {
        Me { session: "s-1".into(), participant: AGENT, version: Version(1), rights: Rights::ALL }
    }

    fn snapshot(organisation: &str, here: bool) -> SessionSnapshot {
        let participant = |id, role, name: &str, organisation: &str| Participant {
            id,
            role,
            name: name.into(),
            organisation: organisation.into(),
            connected: here,
            media: here,
            gone: false,
        };
        SessionSnapshot {
            id: "s-1".into(),
            revision: 1,
            state: SessionState::Live,
            participants: vec![
                participant(CONSOLE, Role::Technician, "Ada", organisation),
                participant(AGENT, Role::Agent, "", ""),
            ],
            code_expires_at: 0,
            created_at: 0,
            back_until: None,
        }
    }

    fn console(made: Secret) -> Console {
        let technician = Identity { name: "Ada".into(), organisation: "Example".into() };
        let view = me().view(CONSOLE, &technician, &Identity::default());
        let mut console = Console::new(
            Offer { view: view.clone(), versions: VersionRange::ours(), rights: Rights::ALL, key: [9; 32] },
            vec![made],
        );
        console.handle_view(view);
        console
    }

    /// Passes everything on between the two until nothing is left.
    fn settle(agent: &Sealing, console: &mut Console) -> Vec<SealEvent> {
        settle_with(agent, CONSOLE, console)
    }

    fn settle_with(agent: &Sealing, number: ParticipantId, console: &mut Console) -> Vec<SealEvent> {
        let mut told = Vec::new();
        loop {
            let mut moved = false;
            while let Some(event) = agent.poll_event() {
                moved = true;
                match event {
                    SealEvent::Send(message) => {
                        // What is for somebody else does not come here.
                        if let Some((from, signal)) = ends::carried(number, &message) {
                            let _ = console.handle_signal(from, signal, &random());
                        }
                    }
                    event => told.push(event),
                }
            }
            while let Some(output) = console.poll_output() {
                moved = true;
                if let ConsoleOutput::Signal { to, signal } = output {
                    let message = ends::carry(number, to, &signal);
                    assert_eq!(agent.incoming(Stream::Control, message.into()), None);
                }
            }
            if !moved {
                return told;
            }
        }
    }

    #[test]
    fn ten_digits_and_links_are_read_however_they_come() {
        let digits =
            Invitation { number: Number::parse("482193").unwrap(), secret: Secret::Digits(*b"5710") };
        for text in [
            "4821935710",
            "482 193 5710",
            " 482-193-5710 ",
            "482.193.5710",
            "https://a.example/join#4821935710",
        ] {
            assert_eq!(Invitation::parse(text).as_ref(), Ok(&digits), "{text}");
        }
        let letters = secret(0).shown();
        let link = Invitation { number: digits.number, secret: secret(0) };
        for text in [format!("482193.{letters}"), format!(" https://help.example.org/join#482193.{letters} ")]
        {
            assert_eq!(Invitation::parse(&text).as_ref(), Ok(&link));
        }
    }

    #[test]
    fn what_is_no_code_is_told_by_what_is_wrong_with_it() {
        assert_eq!(Invitation::parse("482193"), Err(CodeError::Length(6)));
        assert_eq!(Invitation::parse("48219357101"), Err(CodeError::Length(11)));
        assert_eq!(Invitation::parse(""), Err(CodeError::Length(0)));
        for text in ["482193571o", "482193.short", "hello", "https://a.example/join"] {
            assert_eq!(Invitation::parse(text), Err(CodeError::NotDigits), "{text}");
        }
    }

    #[test]
    fn the_four_digits_of_a_code_seal_as_a_link_does_and_are_tried_once() {
        let digits = |text| Secret::digits(text).unwrap();
        let (agent, mut same) = (Sealing::new(me(), digits("5710")), console(digits("5710")));
        agent.session(&snapshot("Example", true));
        assert_eq!(settle(&agent, &mut same), [SealEvent::Sealed(CONSOLE)]);
        let (agent, mut other) = (Sealing::new(me(), digits("5710")), console(digits("5701")));
        agent.session(&snapshot("Example", true));
        assert_eq!(settle(&agent, &mut other), [SealEvent::WrongSecret]);
        // However often a console, or somebody in its place, says that it is ready.
        other.handle_link_up();
        agent.link_up();
        assert_eq!(settle(&agent, &mut other), []);
    }

    #[test]
    fn the_right_link_seals_both_ways_and_nothing_clear_is_taken() {
        let (agent, mut console) = (Sealing::new(me(), secret(0)), console(secret(0)));
        let mut writer = Writer::new(AGENT);
        let clear = Bytes::from(writer.message(Stream::Control, &Control::CursorAt { x: 1, y: 2 }));
        assert_eq!(agent.outgoing(Stream::Control, clear.clone()), None, "nobody could open it");
        agent.session(&snapshot("Example", true));
        assert_eq!(agent.verified(CONSOLE), None);
        assert_eq!(settle(&agent, &mut console), [SealEvent::Sealed(CONSOLE)]);
        // Whatever the service says later, this is who was proven.
        agent.session(&snapshot("Your Bank", true));
        assert_eq!(agent.verified(CONSOLE).unwrap().organisation, "Example");
        let sealed = agent.outgoing(Stream::Control, clear.clone()).unwrap();
        assert_ne!(sealed, clear);
        assert_eq!(console.open(Stream::Control, &sealed), Ok(Some(clear.to_vec())));
        let key = Writer::new(CONSOLE).message(Stream::Input, &Input::ReleaseAll);
        assert_eq!(agent.incoming(Stream::Input, key.clone().into()), None, "clear");
        let sealed = console.seal(Stream::Input, &key).unwrap();
        assert_eq!(agent.incoming(Stream::Input, sealed.clone().into()), Some(key.into()));
        assert_eq!(agent.incoming(Stream::Input, sealed.into()), None, "a replay");
    }

    #[test]
    fn a_wrong_link_and_a_swapped_name_end_it_with_their_reasons() {
        let (agent, mut other) = (Sealing::new(me(), secret(0)), console(secret(1)));
        agent.session(&snapshot("Example", true));
        assert_eq!(settle(&agent, &mut other), [SealEvent::WrongSecret]);
        let (agent, mut console) = (Sealing::new(me(), secret(0)), console(secret(0)));
        agent.session(&snapshot("Your Bank", true));
        assert!(!settle(&agent, &mut console).contains(&SealEvent::Sealed(CONSOLE)));
    }

    #[test]
    fn what_is_refused_is_told_with_its_reason() {
        let (agent, mut console) = (Sealing::new(me(), secret(0)), console(secret(0)));
        agent.session(&snapshot("Example", true));
        settle(&agent, &mut console);
        let mut writer = Writer::new(CONSOLE);
        let clear = |writer: &mut Writer| writer.message(Stream::Input, &Input::ReleaseAll);
        let sealed: Vec<Vec<u8>> =
            (0..3).map(|_| console.seal(Stream::Input, &clear(&mut writer)).unwrap()).collect();
        let changed = |at: usize, to: u8| {
            let mut message = sealed[1].clone();
            message[at] = to;
            message
        };
        assert!(agent.incoming(Stream::Input, sealed[1].clone().into()).is_some());
        for (message, why, meddling) in [
            (clear(&mut writer), "clear", true),
            (changed(20, 0), "forged", true),
            (changed(3, 77), "stranger", false),
            (changed(8, 77), "no_key", false),
            (sealed[1].clone(), "replayed", false),
            (sealed[0].clone(), "reordered", true),
        ] {
            assert_eq!(agent.incoming(Stream::Input, message.into()), None, "{why}");
            let refusal = Refusal { why, stream: Stream::Input, meddling };
            assert_eq!(agent.poll_event(), Some(SealEvent::Refused(refusal)));
        }
        assert!(
            agent.incoming(Stream::Input, sealed[2].clone().into()).is_some(),
            "what is genuine still goes"
        );
    }

    #[test]
    fn who_comes_back_is_let_in_again_without_asking() {
        let (agent, mut console) = (Sealing::new(me(), secret(0)), console(secret(0)));
        agent.session(&snapshot("Example", true));
        settle(&agent, &mut console);
        agent.session(&snapshot("Example", false));
        settle(&agent, &mut console);
        agent.session(&snapshot("Example", true));
        assert_eq!(settle(&agent, &mut console), [SealEvent::Sealed(CONSOLE)]);
        let key = Writer::new(CONSOLE).message(Stream::Input, &Input::ReleaseAll);
        let sealed = console.seal(Stream::Input, &key).unwrap();
        assert_eq!(agent.incoming(Stream::Input, sealed.into()), Some(key.into()));
    }

    #[test]
    fn who_left_is_sealed_out() {
        let (agent, mut console) = (Sealing::new(me(), secret(0)), console(secret(0)));
        agent.session(&snapshot("Example", true));
        settle(&agent, &mut console);
        agent.session(&snapshot("Example", false));
        settle(&agent, &mut console);
        let key = Writer::new(CONSOLE).message(Stream::Input, &Input::ReleaseAll);
        let sealed = console.seal(Stream::Input, &key).unwrap();
        assert_eq!(agent.incoming(Stream::Input, sealed.into()), None);
        let ask =
            Writer::new(AGENT).message(Stream::Control, &Control::Ask { rights: Rights::of(&[Right::View]) });
        assert_eq!(agent.outgoing(Stream::Control, ask.into()), None);
    }

    /// The service tells of a colleague, too.
    fn with_colleague(name: &str) -> SessionSnapshot {
        let mut told = snapshot("Example", true);
        let colleague = Participant { id: 3, name: name.into(), ..told.participants[0].clone() };
        told.participants.push(colleague);
        told
    }

    fn colleague(digits: &str) -> Console {
        let technician = Identity { name: "Bob".into(), organisation: "Example".into() };
        let view = me().view(3, &technician, &Identity::default());
        let offer =
            Offer { view: view.clone(), versions: VersionRange::ours(), rights: Rights::ALL, key: [9; 32] };
        let mut console = Console::new(offer, vec![Secret::digits(digits).unwrap()]);
        console.handle_view(view);
        console
    }

    #[test]
    fn after_a_restart_nobody_comes_before_the_technician_and_then_colleagues_do() {
        let name = |name: &str| Identity { name: name.into(), organisation: "Example".into() };
        let left = || Secret::Resumed([7; 32]);
        let agent = Sealing::back(me(), left(), [8; 32], CONSOLE, name("Ada"));
        let mut early = with_colleague("Bob");
        early.participants[0].connected = false;
        early.participants[0].media = false;
        agent.session(&early);
        assert_eq!(settle_with(&agent, 3, &mut colleague("5710")), [], "she is awaited, and nobody else");
        agent.session(&with_colleague("Bob"));
        assert_eq!(settle(&agent, &mut console(left())), [SealEvent::Sealed(CONSOLE)]);
        agent.introduce(3, name("Bob"), Secret::digits("5710").unwrap());
        assert_eq!(settle_with(&agent, 3, &mut colleague("5710")), [SealEvent::Sealed(3)]);
    }

    #[test]
    fn a_colleague_with_wrong_digits_or_another_name_is_unproven_at_the_first_try() {
        let bob = Identity { name: "Bob".into(), organisation: "Example".into() };
        for (name, typed, unproven) in
            [("Bob", "5711", true), ("Mallory", "5710", true), ("Bob", "5710", false)]
        {
            let (agent, mut ada) = (Sealing::new(me(), secret(0)), console(secret(0)));
            agent.session(&snapshot("Example", true));
            settle(&agent, &mut ada);
            agent.introduce(3, bob.clone(), Secret::digits("5710").unwrap());
            agent.session(&with_colleague(name));
            let told = settle_with(&agent, 3, &mut colleague(typed));
            assert_eq!(told.contains(&SealEvent::Unproven(3)), unproven, "{name} {typed}");
            assert_eq!(told.contains(&SealEvent::Sealed(3)), !unproven, "{name} {typed}");
            // Ada's own keys are good as before.
            let key = Writer::new(CONSOLE).message(Stream::Input, &Input::ReleaseAll);
            let sealed = ada.seal(Stream::Input, &key).unwrap();
            assert_eq!(agent.incoming(Stream::Input, sealed.into()), Some(key.into()), "{name} {typed}");
        }
    }
}
