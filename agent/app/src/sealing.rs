//! Sealing at the agent's edge: what leaves for the link is sealed here, and what comes from it is opened, before the
//! agent sees it. A session that was joined by a link with a secret takes nothing clear.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Rights;
use farhand_protocol::session::{Participant, Role, SessionSnapshot};
use farhand_protocol::version::{Version, VersionRange};
use farhand_seal::Random;
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::ends::{self, AgentOutput, NotOpened, Told};
use farhand_seal::handshake::RANDOM;
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
    /// The link's secret is not the console's: it is mistyped or old, or somebody else answered.
    WrongSecret,
    /// Somebody between the two ends changed something.
    Tampered,
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
pub struct Sealing(Option<Arc<Mutex<End>>>);

#[derive(Debug)]
struct End {
    me: Me,
    agent: ends::Agent,
    /// Until it is handed to the hand-shake with the first technician.
    secret: Option<Secret>,
    /// Consoles that were here when the service last told.
    here: Vec<ParticipantId>,
    events: VecDeque<SealEvent>,
    /// A console and this agent know each other.
    met: bool,
    refused: u64,
}

fn random() -> Random {
    let mut random = [0; RANDOM];
    SystemRandom::new().fill(&mut random).expect("the system has random bytes");
    random
}

impl Sealing {
    /// With the secret of the link that was opened; without one the session is not sealed.
    #[must_use]
    pub fn new(me: Me, secret: Option<Secret>) -> Self {
        let Some(secret) = secret else { return Self(None) };
        let seed = *random().first_chunk::<32>().expect("32 of 80 bytes");
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
            here: Vec::new(),
            events: VecDeque::new(),
            met: false,
            refused: 0,
        };
        Self(Some(Arc::new(Mutex::new(end))))
    }

    fn end(&self) -> Option<MutexGuard<'_, End>> {
        // A panic elsewhere cannot leave keys half changed.
        self.0.as_ref().map(|end| end.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether messages are sealed.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.0.is_some()
    }

    /// What goes on the wire instead of a clear message; nothing while nobody could open it.
    #[must_use]
    pub fn outgoing(&self, stream: Stream, message: Bytes) -> Option<Bytes> {
        let Some(mut end) = self.end() else { return Some(message) };
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
        let Some(mut end) = self.end() else { return Some(message) };
        if let Some((from, signal)) = ends::carried(end.me.participant, &message) {
            if let Err(error) = end.agent.handle_signal(from, signal, &random()) {
                tracing::debug!(%error, from, "a signal of a console was refused");
            }
            end.drain();
            return None;
        }
        match end.agent.open(stream, &message) {
            Ok(opened) => opened.map(Bytes::from),
            Err(NotOpened::Stranger) => None,
            Err(error) => {
                end.refused += 1;
                tracing::debug!(%error, ?stream, refused = end.refused, "a message was refused");
                None
            }
        }
    }

    /// The service tells who is in the session.
    pub fn session(&self, snapshot: &SessionSnapshot) {
        let Some(mut end) = self.end() else { return };
        let customer = snapshot.participants.iter().find(|p| p.id == end.me.participant).map(identity);
        let customer = customer.unwrap_or_default();
        for technician in snapshot.participants.iter().filter(|p| p.role == Role::Technician) {
            let view = end.me.view(technician.id, &identity(technician), &customer);
            end.agent.handle_view(view);
            let here = technician.connected || technician.media;
            let was = end.here.contains(&technician.id);
            if here && !was {
                end.here.push(technician.id);
                if let Some(secret) = end.secret.take()
                    && let Err(error) = end.agent.handle_secret(technician.id, secret, &random())
                {
                    tracing::warn!(%error, "the hand-shake cannot begin");
                }
            } else if was && !here {
                end.here.retain(|id| *id != technician.id);
                if let Err(error) = end.agent.handle_left(technician.id, &random()) {
                    tracing::warn!(%error, "no new keys");
                }
            }
        }
        end.drain();
    }

    /// The link to the media service stands, for the first time or again.
    pub fn link_up(&self) {
        let Some(mut end) = self.end() else { return };
        if let Err(error) = end.agent.handle_link_up(&random()) {
            tracing::warn!(%error, "the hand-shake cannot begin");
        }
        end.drain();
    }

    /// What to do next. Drain it after each message and each snapshot.
    #[must_use]
    pub fn poll_event(&self) -> Option<SealEvent> {
        self.end()?.events.pop_front()
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
    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            let event = match output {
                AgentOutput::Signal { to, signal } => {
                    SealEvent::Send(ends::carry(self.me.participant, to, &signal).into())
                }
                AgentOutput::Told { console, told } => match told {
                    Told::Sealed(_) => {
                        self.met = true;
                        SealEvent::Sealed(console)
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
                    // Said without proof, and this end saw nothing of it: the session just does not begin.
                    Told::OtherStopped(why) => {
                        tracing::warn!(?why, "the console stopped the hand-shake");
                        continue;
                    }
                },
            };
            self.events.push_back(event);
        }
    }
}

/// A code as a person has it, and the secret of the link that it came from: `4821935710.secret`, alone or at the end of
/// an address.
#[must_use]
pub fn split(text: &str) -> (&str, Option<Secret>) {
    let text = text.trim();
    let text = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
    match text.rsplit_once('.').and_then(|(code, secret)| Some((code, Secret::link(secret)?))) {
        Some((code, secret)) => (code, Some(secret)),
        None => (text, None),
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
        let mut told = Vec::new();
        loop {
            let mut moved = false;
            while let Some(event) = agent.poll_event() {
                moved = true;
                match event {
                    SealEvent::Send(message) => {
                        let (from, signal) = ends::carried(CONSOLE, &message).unwrap();
                        let _ = console.handle_signal(from, signal, &random());
                    }
                    event => told.push(event),
                }
            }
            while let Some(output) = console.poll_output() {
                moved = true;
                if let ConsoleOutput::Signal { to, signal } = output {
                    let message = ends::carry(CONSOLE, to, &signal);
                    assert_eq!(agent.incoming(Stream::Control, message.into()), None);
                }
            }
            if !moved {
                return told;
            }
        }
    }

    #[test]
    fn a_link_is_split_into_code_and_secret_and_a_code_is_left_alone() {
        let letters = secret(0).shown();
        let link = format!("4821935710.{letters}");
        let address = format!(" https://help.example.org/join#{link} ");
        for text in [link.as_str(), address.as_str()] {
            assert_eq!(split(text), ("4821935710", Some(secret(0))));
        }
        for text in ["482 193 5710", "482.193.5710", "4821935710", "4821935710.short"] {
            assert_eq!(split(text), (text, None));
        }
    }

    #[test]
    fn the_right_link_seals_both_ways_and_nothing_clear_is_taken() {
        let (agent, mut console) = (Sealing::new(me(), Some(secret(0))), console(secret(0)));
        let mut writer = Writer::new(AGENT);
        let clear = Bytes::from(writer.message(Stream::Control, &Control::CursorAt { x: 1, y: 2 }));
        assert_eq!(agent.outgoing(Stream::Control, clear.clone()), None, "nobody could open it");
        agent.session(&snapshot("Example", true));
        assert_eq!(settle(&agent, &mut console), [SealEvent::Sealed(CONSOLE)]);
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
        let (agent, mut other) = (Sealing::new(me(), Some(secret(0))), console(secret(1)));
        agent.session(&snapshot("Example", true));
        assert_eq!(settle(&agent, &mut other), [SealEvent::WrongSecret]);
        let (agent, mut console) = (Sealing::new(me(), Some(secret(0))), console(secret(0)));
        agent.session(&snapshot("Your Bank", true));
        assert!(!settle(&agent, &mut console).contains(&SealEvent::Sealed(CONSOLE)));
    }

    #[test]
    fn who_left_is_sealed_out() {
        let (agent, mut console) = (Sealing::new(me(), Some(secret(0))), console(secret(0)));
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

    #[test]
    fn without_a_link_nothing_changes() {
        let agent = Sealing::new(me(), None);
        let message = Bytes::from_static(b"as it stands");
        assert_eq!(agent.outgoing(Stream::Input, message.clone()), Some(message.clone()));
        assert_eq!(agent.incoming(Stream::Input, message.clone()), Some(message));
        agent.session(&snapshot("Example", true));
        assert_eq!(agent.poll_event(), None);
    }
}
