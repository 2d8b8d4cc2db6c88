//! The agent: what comes in passes the gate here, or it has no effect.

mod at_end;
mod clip;
mod customer;
mod desk;
mod diagnose;
mod files;
mod messages;
mod presence;
mod restart;
mod screen;
mod to_tools;
mod together;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::clipboard::Clipboard;
use farhand_protocol::channel::diagnostics::Diagnostics;
use farhand_protocol::channel::files::Files;
use farhand_protocol::channel::{self, Control, Cursor, Input, Notice, Pointer, ScreenFeedback};
use farhand_protocol::consent::{self, Consent, ConsentConfig, ConsentSnapshot, Local, Remote};
use farhand_protocol::envelope::{HEAD_LEN, Head, Stream, TO_HEAD_LEN};
use farhand_protocol::rights::Right;
use farhand_protocol::signal::ToService;

use self::at_end::AtEnd;
use self::desk::Desk;
pub use self::desk::DeskSeen;
use self::restart::Restarting;
pub use self::restart::{
    CHOICES as RESTART_CHOICES, GOES_ALONE_WITHIN, GOES_WITHIN, KEPT_WITHIN, WAITS as RESTART_WAITS,
};
pub use self::screen::{FrameReady, Turn};
use crate::colleagues::Colleagues;
use crate::counters::Counters;
use crate::keyboard::Keyboard;
use crate::limits::Limits;
use crate::output::{Output, Prompt};
use crate::pacer::Pacer;
use crate::senders::{SenderRefused, Senders};
use crate::tools;

/// A technician who holds a key is asked for a sign of life this often.
const PING_EVERY: Duration = Duration::from_millis(500);
/// A technician who holds a key and gives no sign of life for this long holds it no more (kill -9 of a browser).
const HOLDER_SILENT: Duration = Duration::from_millis(1800);
/// Positions that this agent gave the pointer, remembered so that they are not told back.
const OWN_POSITIONS: usize = 64;
/// For how long they are remembered.
const OWN_POSITION_FOR: Duration = Duration::from_millis(500);

/// How an agent is set up.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Who it is in the session.
    pub participant: ParticipantId,
    /// Policy, time for an answer, grace.
    pub consent: ConsentConfig,
}

#[derive(Clone, Copy, Debug)]
struct Technician {
    heard: Instant,
    answers_pings: bool,
    /// Socket and media link stand, by the service's word.
    reachable: bool,
    was_reachable: bool,
    /// When they measured the round trip last, and whether they do so often enough to be missed.
    measured: Option<Instant>,
    often: bool,
}

/// The agent without an operating system; see the crate.
#[derive(Debug)]
pub struct Agent {
    consent: Consent,
    senders: Senders,
    keyboard: Keyboard,
    pacer: Pacer,
    technicians: BTreeMap<ParticipantId, Technician>,
    prompt: Option<Prompt>,
    /// Of other technicians, until that one is answered.
    prompts: VecDeque<Prompt>,
    consent_config: ConsentConfig,
    colleagues: Colleagues,
    /// Who has the session itself: by its code, or because another left it to them.
    leads: BTreeSet<ParticipantId>,
    /// Whose part is over.
    put_out: BTreeSet<ParticipantId>,
    /// Who went on in whose place last.
    took_over: Option<(ParticipantId, ParticipantId)>,
    /// Who asked last.
    asker: ParticipantId,
    link_up: bool,
    /// Nobody was heard of for so long that people should know.
    quiet: bool,
    /// Every technician who was here is away.
    all_away: bool,
    desk: Desk,
    reset_wanted: bool,
    reset_given: Option<Instant>,
    pinged: Option<Instant>,
    own_positions: VecDeque<(Instant, i32, i32)>,
    /// Who sent text to be typed last, since the shell was told to stop.
    typist: Option<ParticipantId>,
    cursor: Option<Bytes>,
    limits: Option<Limits>,
    chat: tools::chat::Chat,
    clipboard: tools::clipboard::Clipboard,
    files: tools::files::Files,
    diagnostics: tools::diagnostics::Diagnostics,
    pointing: tools::pointing::Pointing,
    at_end: AtEnd,
    restart: Restarting,
    counters: Counters,
    outputs: VecDeque<Output>,
}

impl Agent {
    /// An agent whose customer has allowed nothing yet.
    #[must_use]
    pub fn new(config: AgentConfig) -> Self {
        Self {
            consent: Consent::new(config.consent),
            senders: Senders::new(config.participant),
            keyboard: Keyboard::new(),
            pacer: Pacer::new(),
            technicians: BTreeMap::new(),
            prompt: None,
            prompts: VecDeque::new(),
            consent_config: config.consent,
            colleagues: Colleagues::new(),
            leads: BTreeSet::new(),
            put_out: BTreeSet::new(),
            took_over: None,
            asker: 0,
            link_up: false,
            quiet: false,
            all_away: false,
            desk: Desk::default(),
            reset_wanted: false,
            reset_given: None,
            pinged: None,
            own_positions: VecDeque::new(),
            typist: None,
            cursor: None,
            limits: None,
            chat: tools::chat::Chat::default(),
            clipboard: tools::clipboard::Clipboard::default(),
            files: tools::files::Files::default(),
            diagnostics: tools::diagnostics::Diagnostics::default(),
            pointing: tools::pointing::Pointing::default(),
            at_end: AtEnd::default(),
            restart: Restarting::default(),
            counters: Counters::default(),
            outputs: VecDeque::new(),
        }
    }

    /// The ceiling's times, from now on: how long the session may last, and how long it may stand unused.
    pub fn handle_limits(&mut self, session: Option<Duration>, idle: Option<Duration>, now: Instant) {
        self.limits = Some(Limits::new(session, idle, now));
    }

    /// The desktop was locked or unlocked.
    pub fn handle_desktop(&mut self, locked: bool, now: Instant) {
        self.local(if locked { Local::DesktopLocked } else { Local::DesktopUnlocked }, now);
    }

    /// A message came over the link. Nothing that it holds can do more than the customer allowed; whatever is wrong
    /// with it is counted.
    pub fn handle_message(&mut self, stream: Stream, message: &[u8], now: Instant) {
        let head = match Head::read(message) {
            Ok(head) => head,
            Err(error) => {
                tracing::debug!(%error, "message refused");
                self.counters.malformed += 1;
                return;
            }
        };
        match self.senders.check(stream, head, now) {
            Ok(accepted) => {
                self.counters.missing += u64::from(accepted.missing);
                if accepted.missing > 0 && stream == Stream::Input {
                    // A key's release may be among what did not come.
                    self.release(head.sender);
                }
                self.heard(head.sender, now);
                if accepted.new {
                    self.speaker_is_new(head.sender, now);
                }
            }
            Err(SenderRefused::Head) => return self.counters.wrong_sender += 1,
            Err(SenderRefused::OutOfOrder) => return self.counters.out_of_order += 1,
            Err(SenderRefused::OverLimit) => {
                self.counters.over_limit += 1;
                if stream == Stream::Input {
                    // A key's release may be among what is dropped.
                    self.release(head.sender);
                }
                return;
            }
        }
        let body = &message[HEAD_LEN..];
        let read = match stream {
            Stream::Control => Control::decode(body).map(|m| self.control(head.sender, m, now)),
            Stream::Input => Input::decode(body).map(|m| self.input(head.sender, m, now)),
            Stream::Screen => ScreenFeedback::decode(body).map(|m| self.feedback(head.sender, m, now)),
            Stream::Pointer => Pointer::decode(body).map(|m| self.pointer(head.sender, m, now)),
            Stream::Chat => Chat::decode(body).map(|m| self.chat(head.sender, m, now)),
            Stream::Clipboard => Clipboard::decode(body).map(|m| self.clipboard(head.sender, m)),
            Stream::Files => Files::decode(body).map(|m| self.files(head.sender, m, now)),
            Stream::Diagnostics => Diagnostics::decode(body).map(|m| self.diagnose(head.sender, m, now)),
        };
        if let Err(error) = read {
            tracing::debug!(%error, ?stream, "message refused");
            self.counters.malformed += 1;
        }
    }

    /// The service says that the session is over.
    pub fn handle_session_ended(&mut self, now: Instant) {
        self.remote(Remote::End, now);
    }

    /// The link to the media service stands, for the first time or again.
    pub fn handle_link_up(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.link_up, true) {
            self.signal(ToService::Media { up: true });
            if !self.all_away && !self.restart.awaits() {
                self.remote(Remote::LinkBack, now);
            }
        }
        self.handle_link_switched();
    }

    /// The link goes over another carrier now; what was under way may be lost.
    pub fn handle_link_switched(&mut self) {
        self.pacer.handle_path_changed();
        self.reset_wanted = true;
        self.send_consent();
        self.send_cursor();
        self.outputs.push_back(Output::ScreenOpen);
    }

    /// The link is down.
    pub fn handle_link_lost(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.link_up, false) {
            return;
        }
        self.pacer.handle_path_changed();
        self.remote(Remote::LinkLost, now);
        self.release_all();
        self.signal(ToService::Media { up: false });
        self.outputs.push_back(Output::ScreenOpen);
    }

    /// The signalling socket stands again: the service may have missed what was said meanwhile.
    pub fn handle_service_back(&mut self) {
        self.signal(ToService::Media { up: self.link_up });
        self.signal(ToService::Consent { snapshot: self.consent.snapshot() });
        self.restart_service_back();
    }

    /// The pointer has another shape.
    pub fn handle_cursor(&mut self, cursor: Cursor) {
        let mut body = Vec::new();
        channel::encode(&Control::Cursor { cursor }, &mut body);
        let body = Bytes::from(body);
        if self.cursor.as_ref() != Some(&body) {
            self.cursor = Some(body);
            self.send_cursor();
        }
    }

    /// The pointer is here now. Told to the viewers unless this agent moved it there.
    pub fn handle_cursor_at(&mut self, x: i32, y: i32, now: Instant) {
        while self
            .own_positions
            .front()
            .is_some_and(|(at, ..)| now.saturating_duration_since(*at) > OWN_POSITION_FOR)
        {
            self.own_positions.pop_front();
        }
        let own = self.own_positions.iter().any(|(_, px, py)| (*px, *py) == (x, y));
        if !own && self.may_capture() {
            self.tell_cursor(x, y);
        }
    }

    /// Something is wrong on this machine that the technician must know.
    pub fn handle_notice(&mut self, notice: Notice) {
        self.say(&Control::Notice { notice });
    }

    /// A part of the receipt, for all consoles. Where consent stands was told before.
    pub fn handle_receipt(&mut self, part: Vec<u8>) {
        self.say(&Control::Receipt { part });
    }

    /// The time has come that [`Agent::poll_timeout`] named.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.consent.handle_timeout(now);
        self.drain_consent();
        self.restart_timeout(now);
        self.colleagues_timeout(now);
        self.files_due(now);
        self.pointing.handle_timeout(now);
        self.drain_pointing();
        if self.limits.take_if(|limits| limits.over(now)).is_some() {
            self.remote(Remote::End, now);
        }
        if self.quiet_at().is_some_and(|at| at <= now) {
            self.set_quiet(true);
        }
        for holder in self.keyboard.holders() {
            if self.silent_at(holder).is_some_and(|at| at <= now) {
                self.release(holder);
            }
        }
        if !self.keyboard.is_empty() && self.ping_due().is_some_and(|due| due <= now) {
            self.pinged = Some(now);
            self.say(&Control::Ping { nonce: 0 });
        }
    }

    /// When [`Agent::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ping = if self.keyboard.is_empty() { None } else { self.ping_due() };
        let silent = self.keyboard.holders().into_iter().filter_map(|holder| self.silent_at(holder)).min();
        let limits = self.limits.and_then(|limits| limits.poll_timeout());
        let quiet = self.quiet_at().filter(|_| !self.quiet);
        let pointing = self.pointing.poll_timeout();
        let files = self.files.poll_timeout();
        let restart = self.restart.poll_timeout();
        [
            self.consent.poll_timeout(),
            restart,
            self.colleagues_due(),
            quiet,
            ping,
            silent,
            limits,
            pointing,
            files,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.diagnostics_gates_moved();
        }
        self.outputs.pop_front()
    }

    /// Whether the screen may be captured and sent now.
    #[must_use]
    pub fn may_capture(&self) -> bool {
        self.link_up && self.consent.permits(Right::View)
    }

    /// The prompt that waits for an answer.
    #[must_use]
    pub fn prompt(&self) -> Option<Prompt> {
        self.prompt
    }

    /// Where consent stands.
    #[must_use]
    pub fn consent(&self) -> ConsentSnapshot {
        self.consent.snapshot()
    }

    /// What was refused so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            impossible_acks: self.pacer.impossible(),
            reopened: self.pacer.reopened(),
            ..self.counters
        }
    }

    /// The path of the screen stream: round trip, queue and rate, for the log.
    #[must_use]
    pub fn pacer(&self) -> &Pacer {
        &self.pacer
    }

    fn release(&mut self, sender: ParticipantId) {
        self.buttons_let_go(Some(sender));
        let up = self.keyboard.release(sender);
        self.outputs.extend(up.into_iter().map(Output::Inject));
    }

    fn release_all(&mut self) {
        self.buttons_let_go(None);
        self.stop_typing();
        let up = self.keyboard.release_all();
        self.outputs.extend(up.into_iter().map(Output::Inject));
    }

    fn heard(&mut self, sender: ParticipantId, now: Instant) {
        self.technicians.entry(sender).or_insert(Technician::new(now)).heard = now;
        self.set_quiet(false);
        self.pacer.handle_heard(sender, now);
    }

    /// The seal has let a participant in, for the first time or again: nothing that was said before could be opened
    /// there, and what it said meanwhile did not come through.
    pub fn handle_let_in(&mut self, sender: ParticipantId) {
        self.release(sender);
        self.clipboard_gone(sender);
        self.senders.restart(sender);
        self.handle_link_switched();
    }

    /// Somebody speaks for the first time, or from the beginning again: what it held is let go, and it is told where
    /// consent stands.
    fn speaker_is_new(&mut self, sender: ParticipantId, _now: Instant) {
        self.release(sender);
        self.send_consent();
        self.send_cursor();
    }

    fn local(&mut self, local: Local, now: Instant) {
        if let Err(refused) = self.consent.handle_local(local, now) {
            tracing::debug!(%refused, "the customer's action changes nothing");
            self.counters.local_refused += 1;
        }
        self.drain_consent();
    }

    fn remote(&mut self, remote: Remote, now: Instant) {
        if let Err(refused) = self.consent.handle_remote(remote, now) {
            tracing::debug!(%refused, "a remote input changes nothing");
            self.counters.consent_refused += 1;
        }
        self.drain_consent();
    }

    fn drain_consent(&mut self) {
        while let Some(output) = self.consent.poll_output() {
            match output {
                consent::Output::Prompt { ask, rights, expires } => {
                    let granted = self.consent.granted();
                    let asker = self.asker;
                    self.show_prompt(Prompt { ask, asker, rights, granted, expires, invited: None });
                }
                consent::Output::PromptGone { ask } => self.prompt_gone(ask),
                consent::Output::Snapshot(snapshot) => {
                    self.say(&Control::Consent { snapshot: snapshot.clone() });
                    self.signal(ToService::Consent { snapshot: snapshot.clone() });
                    self.outputs.push_back(Output::Consent(snapshot));
                    self.tell_colleagues();
                }
                consent::Output::ControlEnded => {}
                consent::Output::Ended(why) => {
                    self.release_all();
                    self.restart_over();
                    self.lock_now();
                    self.outputs.push_back(Output::Ended(why));
                }
            }
        }
        for holder in self.keyboard.holders() {
            if !self.permits(Right::Control, holder) {
                self.release(holder);
            }
        }
        self.files_gate_moved();
        self.gate_moved();
        if !self.consent.permits(Right::View) {
            self.erase_marks();
        }
    }

    /// When a technician who holds keys has been silent for too long.
    fn silent_at(&self, holder: ParticipantId) -> Option<Instant> {
        let technician = self.technicians.get(&holder).filter(|technician| technician.answers_pings)?;
        Some(technician.heard + HOLDER_SILENT)
    }

    fn ping_due(&self) -> Option<Instant> {
        let pressed =
            self.keyboard.holders().iter().filter_map(|id| self.technicians.get(id)?.heard.into()).max();
        match (self.pinged, pressed) {
            (Some(pinged), _) => Some(pinged + PING_EVERY),
            (None, pressed) => pressed.map(|at: Instant| at + PING_EVERY),
        }
    }

    fn send_consent(&mut self) {
        // Whoever was brought in learns first that the other is not theirs.
        self.send_together();
        let snapshot = self.consent.snapshot();
        self.say(&Control::Consent { snapshot });
        self.say_screen_lock();
        self.say_restart();
    }

    fn send_cursor(&mut self) {
        self.send_monitors();
        if let Some(body) = self.cursor.clone()
            && self.may_capture()
        {
            self.send(Stream::Control, &body);
        }
    }

    fn say(&mut self, control: &Control) {
        let mut body = Vec::new();
        channel::encode(control, &mut body);
        self.send(Stream::Control, &body);
    }

    /// Without a link nothing is sent and no number is used; whoever comes then is told everything anew.
    fn send(&mut self, stream: Stream, body: &[u8]) {
        if !self.link_up {
            return;
        }
        let mut message = Vec::with_capacity(HEAD_LEN + body.len());
        self.senders.next_head(stream).write(&mut message);
        message.extend_from_slice(body);
        self.outputs.push_back(Output::Send { stream, message: Bytes::from(message) });
    }

    /// The same to one console, on a stream that is for one.
    fn send_to(&mut self, to: ParticipantId, stream: Stream, body: &[u8]) {
        if !self.link_up {
            return;
        }
        let mut message = Vec::with_capacity(TO_HEAD_LEN + body.len());
        self.senders.next_head(stream).write(&mut message);
        message.push(to);
        message.extend_from_slice(body);
        self.outputs.push_back(Output::Send { stream, message: Bytes::from(message) });
    }

    fn signal(&mut self, signal: ToService) {
        self.outputs.push_back(Output::Signal(signal));
    }
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
