//! One session: turns what the window, the service, the link, the screen and the clock say into inputs of the
//! [`Agent`], and its outputs into calls.

mod at_end;
mod customer;
mod diagnose;
mod files;
mod over;
mod restart;
mod share;
mod shown;
mod talk;
mod together;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_agent_core::hands::Meaning;
use farhand_agent_core::resume::{Left, Record};
use farhand_agent_core::{Agent, AgentConfig, FromCustomer, Output};
use farhand_agent_host::capture::{Backend, CaptureError};
use farhand_agent_host::input::InjectError;
use farhand_agent_host::keeper::Terminals;
use farhand_link::{Carrier, LinkConfig, LinkEvent, LinkHandle};
use farhand_protocol::ParticipantId;
use farhand_protocol::api::Joined;
use farhand_protocol::channel::Notice;
use farhand_protocol::consent::{AskId, Carried, ConsentConfig, ConsentEnd, ConsentState};
use farhand_protocol::envelope::{Head, Stream};
use farhand_protocol::framing::close;
use farhand_protocol::rights::Rights;
use farhand_protocol::session::EndReason;
use farhand_protocol::signal::ToService;
use farhand_seal::context::Identity;
use farhand_seal::secret::Secret;
use rustls::ClientConfig;
use tokio::sync::mpsc;

use self::at_end::Locker;
pub use self::over::Over;
use self::over::{SealFailure, say_goodbye, show_over, turn_away};
use self::restart::Restarts;
use crate::api::Server;
use crate::blocked::Blocked;
use crate::brakes::Brakes;
use crate::fail::Fail;
use crate::input::InputHandle;
use crate::log::Log;
use crate::noticed::Noticed;
use crate::receipt::changes::Cause;
use crate::receipt::keep::{self, environment};
use crate::receipt::{self, Recorder};
use crate::screen::{self, ScreenEvent, ScreenHandle, SharedAgent, lock};
use crate::sealing::{Me, SealEvent, Sealing};
use crate::signal::{self, SignalConfig, SignalEvent};
use crate::tools::{Tools, Wake};
use crate::window::protocol::{FromWindow, ToWindow};
use crate::window::{WindowEvent, WindowPort};

/// When the far side said that it is over, the service has this long to say why.
const REASON_WITHIN: Duration = Duration::from_millis(1500);
/// The consoles have this long to sign the receipt's end.
const SIGNED_WITHIN: Duration = Duration::from_millis(800);

/// What a session is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where the service is.
    pub server: Server,
    /// Trust in it.
    pub tls: Arc<ClientConfig>,
    /// The answer to the code.
    pub joined: Joined,
    /// What the session's two ends share: four digits of its code, or what its link carries.
    pub secret: Secret,
    /// How the screen is captured.
    pub capture: Backend,
    /// Keys and pointer.
    pub input: InputHandle,
    /// Failures of the input thread.
    pub input_failures: mpsc::UnboundedReceiver<InjectError>,
    /// Policy, time for an answer, grace.
    pub consent: ConsentConfig,
    /// Where events go.
    pub log: Log,
    /// Tells the keeper of command lines.
    pub terminals: Terminals,
    /// Whom the customer never wants to be asked by again, where that is who asks.
    pub blocked: Option<Blocked>,
    /// The one certificate that is trusted, where that is so.
    pub fingerprint: Option<String>,
    /// Seconds that a question waits.
    pub answer_within: u16,
    /// This session goes on after a restart of this computer, and what is left of it by this computer's clock.
    pub back: Option<Box<(Record, Left)>>,
}

/// Comes back when the customer closes or cancels, or the window is lost, before there is a session.
pub async fn stopped(window: &mut WindowPort) {
    while let Some(event) = window.events.recv().await {
        match event {
            WindowEvent::Said(FromWindow::Stop) | WindowEvent::Lost => return,
            WindowEvent::Said(_) | WindowEvent::Restarted => {}
        }
    }
}

/// Runs a session to its end.
///
/// # Errors
/// [`Fail`] when it could not begin.
pub async fn run(parts: Parts, window: &mut WindowPort) -> Result<Over, Fail> {
    let (signals, mut from_service) = signal::spawn(SignalConfig {
        server: parts.server.clone(),
        tls: Arc::clone(&parts.tls),
        session: parts.joined.session.clone(),
        token: parts.joined.token.clone(),
        // After a restart the network may take its time.
        grace: parts.back.as_ref().map_or(parts.consent.grace, |back| back.1.waits.max(parts.consent.grace)),
    });
    let (participant, snapshot, offer, version, service_now) = loop {
        let event = tokio::select! {
            event = from_service.recv() => event,
            () = stopped(window) => {
                let _ = signals.send(ToService::End);
                say_goodbye(signals, &mut from_service).await;
                return Ok(Over::before_it_began());
            }
        };
        match event {
            Some(SignalEvent::Welcome { participant, session, media, version, now }) => {
                break (participant, session, media, version, now);
            }
            Some(SignalEvent::Away(why)) => parts.log.event("service_away", &[("why", why.into())]),
            Some(SignalEvent::Session(_) | SignalEvent::Media(_)) => {}
            Some(SignalEvent::Version) => return Err(Fail::Version),
            Some(SignalEvent::Ended(reason)) => {
                let over = Over { consent: None, reason: Some(reason), window_lost: false, seal: None };
                show_over(window, over, &parts.joined.technician, None, None);
                return Ok(over);
            }
            Some(SignalEvent::Lost(detail)) if parts.back.is_some() => {
                parts.log.event("not_back", &[("why", detail.into())]);
                let over = Over::not_back();
                show_over(window, over, &parts.joined.technician, None, None);
                return Ok(over);
            }
            Some(SignalEvent::Lost(detail)) => return Err(Fail::Service { detail }),
            None => return Err(Fail::Service { detail: "the socket ended".into() }),
        }
    };

    if let Some(by) = parts.blocked {
        return Ok(turn_away(window, signals, &mut from_service, &parts.joined.technician, by).await);
    }
    // What the technician's group may do at most; the customer is asked for no more, whatever comes later.
    let ceiling = &parts.joined.ceiling;
    let policy = parts.consent.policy.intersection(ceiling.rights);
    let consent = ConsentConfig { policy, ..parts.consent };
    let mut agent = Agent::new(AgentConfig { participant, consent });
    let minutes = |minutes: Option<u32>| minutes.map(|m| Duration::from_secs(u64::from(m) * 60));
    let length = match &parts.back {
        Some(back) => back.0.of_session(receipt::now()),
        None => minutes(ceiling.session_minutes),
    };
    agent.handle_limits(length, minutes(ceiling.idle_minutes), Instant::now());
    if let Some((record, left)) = parts.back.as_deref() {
        let left = record.left_by_service(*left, service_now, snapshot.back_until);
        let now = Instant::now();
        let rights = if left.allowed.is_zero() { Rights::EMPTY } else { record.carried.rights };
        let carried = Carried { rights, ..record.carried };
        agent.handle_carried(carried, record.console, now + left.allowed, now + left.waits, record.chat);
        if let Some(lock) = record.lock_at_end {
            agent.handle_customer(FromCustomer::LockAtEnd(lock), now);
        }
        parts.log.event("back", &[("rights", serde_json::to_value(rights).unwrap_or_default())]);
    }
    let agent: SharedAgent = Arc::new(Mutex::new(agent));
    let host = parts.server.host.clone();
    let (link, from_link) =
        farhand_link::spawn(LinkConfig::new(offer, host, parts.server.port, Arc::clone(&parts.tls)));
    let (told, from_screen) = mpsc::unbounded_channel();
    let wake = told.clone();
    let wake: Wake = Arc::new(move || {
        let _ = wake.send(ScreenEvent::Outputs);
    });
    let me = Me { session: parts.joined.session.clone(), participant, version, rights: policy };
    let sealing = match parts.back.as_deref() {
        Some((record, _)) => {
            let name =
                Identity { name: record.technician.clone(), organisation: record.organisation.clone() };
            Sealing::back(me, parts.secret, record.seed, record.console, name)
        }
        None => Sealing::new(me, parts.secret),
    };
    let way = screen::Way { link: link.clone(), sealing: sealing.clone() };
    let rules: Arc<[_]> = Arc::from(ceiling.windows.clone());
    let screen = screen::spawn(parts.capture, Arc::clone(&agent), way, Arc::clone(&rules), move |event| {
        let _ = told.send(event);
    })
    .map_err(|error| Fail::Service { detail: error.to_string() })?;

    let folder = keep::folder(environment);
    if let Some(folder) = &folder {
        keep::tidy(folder, std::time::SystemTime::now());
    }
    let mut recorder = Recorder::new(sealing.receipt_seed(), parts.joined.session.clone(), folder);
    if let Some((record, _)) = parts.back.as_deref()
        && let Some(name) = &record.receipt
        && !recorder.go_on(name)
    {
        tracing::warn!("the receipt of before the restart is not there any more, or was changed");
    }
    let mut restarts = Restarts::default();
    (restarts.joined_at, restarts.lock_at_end) = match parts.back.as_deref() {
        Some((record, _)) => (record.joined_at, record.lock_at_end),
        None => (receipt::now(), None),
    };
    restarts.server = format!("https://{}", parts.server.authority());
    (restarts.fingerprint, restarts.answer_within) = (parts.fingerprint, parts.answer_within);
    let (means, hands) = mpsc::unbounded_channel();
    let brakes = Brakes::start(means);
    show(window, brakes.choices());
    let mut session = Session {
        agent,
        recorder,
        cause: Cause::Agent,
        asker: 0,
        sign_by: None,
        parting: Vec::new(),
        link,
        sealing,
        screen,
        input: parts.input,
        signals,
        log: parts.log,
        joined: parts.joined,
        stage: None,
        carrier: None,
        capture_failed: None,
        noticed: Noticed::default(),
        tools: Tools::default(),
        brakes,
        sharing: share::Sharing::new(rules),
        server: parts.server.authority(),
        over: Over { consent: None, reason: None, window_lost: false, seal: None },
        ended: false,
        quiet: false,
        locker: Locker::default(),
        lock_by: None,
        last_words: None,
        restarts,
        participant,
        went_on: parts.back.is_some(),
    };
    session.tools.clipboard.start(Arc::clone(&session.agent), Arc::clone(&wake));
    session.locker.start(Arc::clone(&session.agent), Arc::clone(&wake));
    session.restarts.start(Arc::clone(&session.agent), Arc::clone(&wake));
    session.tools.diagnostics.start(Arc::clone(&session.agent), wake, parts.terminals);
    session.snapshot(&snapshot);
    session.show_stage(window);
    let streams = Streams { hands, from_link, from_screen, input_failures: parts.input_failures };
    session.run(window, &mut from_service, streams).await;
    Ok(session.finish(window, from_service).await)
}

struct Streams {
    hands: mpsc::UnboundedReceiver<Meaning>,
    from_link: mpsc::Receiver<LinkEvent>,
    from_screen: mpsc::UnboundedReceiver<ScreenEvent>,
    input_failures: mpsc::UnboundedReceiver<InjectError>,
}

struct Session {
    agent: SharedAgent,
    recorder: Recorder,
    /// What is handled now: the cause of what changes by it.
    cause: Cause,
    /// Who asked last.
    asker: ParticipantId,
    /// Until then a console may sign the receipt's end.
    sign_by: Option<Instant>,
    /// Said to the service when the receipt is signed: it ends the session by them.
    parting: Vec<ToService>,
    link: LinkHandle,
    sealing: Sealing,
    screen: ScreenHandle,
    input: InputHandle,
    signals: mpsc::UnboundedSender<ToService>,
    log: Log,
    joined: Joined,
    /// Where it stands, as the window shows it.
    stage: Option<ToWindow>,
    carrier: Option<Carrier>,
    capture_failed: Option<CaptureError>,
    noticed: Noticed,
    tools: Tools,
    brakes: Brakes,
    sharing: share::Sharing,
    /// Address of the service.
    server: String,
    over: Over,
    ended: bool,
    /// Nobody was heard of for a while.
    quiet: bool,
    /// Locks the screen at the end, where that is wanted.
    locker: Locker,
    /// It was told to; until then what comes of it can be said.
    lock_by: Option<Instant>,
    /// The far side ended it; until then the service may say why.
    last_words: Option<Instant>,
    restarts: Restarts,
    /// This agent's number.
    participant: ParticipantId,
    /// It goes on after a restart of this computer.
    went_on: bool,
}

impl Session {
    async fn run(
        &mut self,
        window: &mut WindowPort,
        from_service: &mut mpsc::Receiver<SignalEvent>,
        mut streams: Streams,
    ) {
        let mut link_open = true;
        loop {
            self.carry_out(window);
            if self.recorder.is_countersigned() {
                self.sign_by = None;
            }
            let waits = [self.last_words, self.sign_by, self.lock_by];
            if self.ended && waits.iter().all(Option::is_none) {
                return;
            }
            let due = lock(&self.agent).poll_timeout();
            self.cause = Cause::Agent;
            let due = due.into_iter().chain(waits.into_iter().flatten()).min();
            let timer = async move {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(meaning) = streams.hands.recv() => self.hands_mean(meaning, window),
                event = streams.from_link.recv(), if link_open => match event {
                    Some(event) => self.link_says(event),
                    None => link_open = false,
                },
                event = window.events.recv(), if !self.restarts.window_gone => self.window_says(event, window),
                event = from_service.recv() => self.service_says(event),
                Some(event) = streams.from_screen.recv() => self.screen_says(event),
                Some(said) = self.tools.files.next() => self.files_said(said),
                said = self.restarts.next() => self.restarted(said, window),
                Some(error) = streams.input_failures.recv() => {
                    lock(&self.agent).handle_notice(Notice::InputFailed { text: error.to_string() });
                }
                () = timer => {
                    let now = Instant::now();
                    lock(&self.agent).handle_timeout(now);
                    self.last_words = self.last_words.filter(|at| *at > now);
                    self.sign_by = self.sign_by.filter(|at| *at > now);
                    self.lock_by = self.lock_by.filter(|at| *at > now);
                }
                _ = tokio::signal::ctrl_c() => {
                    self.cause = Cause::Customer;
                    lock(&self.agent).handle_customer(FromCustomer::Stop, Instant::now());
                }
            }
        }
    }

    fn link_says(&mut self, event: LinkEvent) {
        let now = Instant::now();
        match event {
            LinkEvent::Message { stream, message } => {
                if let Some(message) = self.sealing.incoming(stream, message) {
                    self.cause =
                        Head::read(&message).map_or(Cause::Agent, |head| Cause::Technician(head.sender));
                    self.noticed.hand_in(&self.agent, self.log, stream, &message, now);
                }
            }
            LinkEvent::Connected { carrier, participant: _ } => {
                self.carrier(carrier);
                self.noticed.way_stands();
                self.sealing.link_up();
                self.recorder.tell_again();
                lock(&self.agent).handle_link_up(now);
            }
            LinkEvent::Switched { carrier } => {
                self.carrier(carrier);
                self.sealing.link_up();
                self.recorder.tell_again();
                lock(&self.agent).handle_link_switched();
            }
            LinkEvent::Lost { why } => {
                self.log.event("link_lost", &[("why", why.into())]);
                lock(&self.agent).handle_link_lost(now);
            }
            LinkEvent::OfferNeeded => self.signal(ToService::RenewMedia),
            LinkEvent::Refused { code, why } => {
                self.log.event("link_refused", &[("code", code.into()), ("why", why.into())]);
                lock(&self.agent).handle_link_lost(now);
                match code {
                    close::TICKET_REFUSED | close::NO_TICKET | close::BUSY => {}
                    // The link is over: the session ended, another took this agent's place, or this end broke the
                    // protocol. None of them can be mended from here.
                    _ => lock(&self.agent).handle_session_ended(now),
                }
            }
        }
    }

    fn service_says(&mut self, event: Option<SignalEvent>) {
        let now = Instant::now();
        match event {
            Some(SignalEvent::Welcome { participant: _, session, media, version: _, now: _ }) => {
                self.log.event("service_back", &[]);
                self.link.renew(media);
                lock(&self.agent).handle_service_back();
                self.snapshot(&session);
            }
            Some(SignalEvent::Session(snapshot)) => self.snapshot(&snapshot),
            Some(SignalEvent::Media(offer)) => self.link.renew(offer),
            Some(SignalEvent::Away(why)) => self.log.event("service_away", &[("why", why.into())]),
            Some(SignalEvent::Ended(reason)) => self.service_ended(reason, now),
            Some(SignalEvent::Version) => self.service_ended(EndReason::Service, now),
            Some(SignalEvent::Lost(why)) => {
                self.log.event("service_lost", &[("why", why.into())]);
                self.service_ended(EndReason::Lost, now);
            }
            None if self.over.reason.is_none() => self.service_ended(EndReason::Lost, now),
            None => {}
        }
    }

    fn service_ended(&mut self, reason: EndReason, now: Instant) {
        self.over.reason.get_or_insert(reason);
        self.last_words = None;
        lock(&self.agent).handle_session_ended(now);
        // The room is closed: nobody can sign any more, and nobody hears whether the screen is locked.
        (self.sign_by, self.lock_by) = (None, None);
        // Also where consent had nothing left to end.
        self.ended = true;
    }

    fn carrier(&mut self, carrier: Carrier) {
        self.carrier = Some(carrier);
        let name = match carrier {
            Carrier::Quic => "quic",
            Carrier::WebSocket => "websocket",
        };
        self.log.event("carrier", &[("carrier", name.into())]);
    }

    /// Carries out what the agent wants, and shows where the session stands.
    fn carry_out(&mut self, window: &WindowPort) {
        self.carry_out_sealing();
        loop {
            self.carry_out_agent(window);
            self.show_files(window);
            let news = self.recorder.news();
            if news.is_empty() {
                break;
            }
            let mut agent = lock(&self.agent);
            news.into_iter().for_each(|part| agent.handle_receipt(part));
        }
        self.recorder.keep();
        self.keep_record_true();
        self.show_stage(window);
    }

    fn carry_out_agent(&mut self, window: &WindowPort) {
        loop {
            let output = lock(&self.agent).poll_output();
            let Some(output) = output else { return };
            match output {
                Output::Send { stream, message } => self.send(stream, message),
                Output::Signal(ToService::Consent { snapshot })
                    if matches!(snapshot.state, ConsentState::Ended { .. }) =>
                {
                    self.parting.push(ToService::Consent { snapshot });
                }
                Output::Signal(signal) => self.signal(signal),
                Output::Inject(inject) => self.input.inject(inject),
                Output::Prompt(prompt) => {
                    self.asker = prompt.asker;
                    self.prompt(window, prompt);
                }
                Output::PromptGone(AskId(ask)) => show(window, ToWindow::PromptGone { ask }),
                Output::Consent(snapshot) => {
                    self.screen.wake();
                    self.brake(&snapshot.state);
                    self.shares_changed(window);
                    self.recorder.consent(&snapshot.state, self.cause, self.asker, receipt::now());
                    let state = serde_json::to_value(&snapshot.state).unwrap_or_default();
                    self.log.event("consent", &[("consent", state)]);
                }
                Output::ScreenOpen => self.screen.wake(),
                Output::CodecRefused(codec) => self.screen.refuse_codec(codec),
                Output::ShowMonitor(choice) => self.screen.choose(choice),
                Output::ReceiptSigned { sender, signed } => {
                    if let Some(theirs) = self.sealing.known(sender) {
                        self.recorder.signed(theirs.key, &signed);
                    }
                }
                Output::Chat(output) => self.tools.chat.carry_out(output, window),
                Output::Clipboard(output) => self.tools.clipboard.carry_out(output),
                Output::Files(output) => self.tools.files.carry_out(output),
                Output::Diagnostics(output) => self.diagnose(output),
                Output::Introduce { participant, name, organisation, digits } => {
                    self.introduced(participant, name, organisation, &digits);
                }
                Output::Admit(colleague) => self.admitted(colleague),
                Output::PutOut(console) => self.put_out(console),
                Output::ColleagueConsent { participant, by, snapshot } => {
                    self.colleague_consent(participant, by, &snapshot);
                }
                Output::TookOver { to, rights } => self.took_over(to, rights),
                Output::Quiet(quiet) => self.quiet = quiet,
                Output::Prefer(prefer) => self.screen.prefer(prefer),
                Output::ScreenLock(lock) => self.screen_lock(lock, window),
                Output::LockNow => self.lock_now(),
                Output::Restart(output) => self.restarting(output, window),
                Output::Pointing(scene) => self.brakes.show(scene),
                Output::Ended(why) => self.consent_ended(why),
            }
        }
    }

    fn send(&self, stream: Stream, message: Bytes) {
        let Some(message) = self.sealing.outgoing(stream, message) else { return };
        if let Err(error) = self.link.send(stream, message) {
            tracing::debug!(%error, ?stream, "a message was not taken by the link");
        }
    }

    /// What the two ends do about their keys.
    fn carry_out_sealing(&mut self) {
        while let Some(event) = self.sealing.poll_event() {
            match event {
                SealEvent::Send(message) => {
                    if let Err(error) = self.link.send(Stream::Control, message) {
                        tracing::debug!(%error, "a hand-shake message was not taken by the link");
                    }
                }
                SealEvent::Sealed(console) => self.met(console),
                SealEvent::WrongSecret if self.went_on => self.not_sealed(SealFailure::NotBack),
                SealEvent::WrongSecret => self.not_sealed(SealFailure::Secret),
                SealEvent::Tampered => self.not_sealed(SealFailure::Tampered),
                SealEvent::Unproven(colleague) => self.unproven(colleague),
                SealEvent::Refused(refusal) => self.noticed.refused(self.log, refusal),
            }
        }
    }

    fn not_sealed(&mut self, why: SealFailure) {
        if self.over.seal.is_none() {
            self.over.seal = Some(why);
            self.signal(ToService::End);
            self.service_ended(EndReason::Customer, Instant::now());
        }
    }

    fn signal(&self, signal: ToService) {
        // The socket's task ends only after it said that the session is over.
        let _ = self.signals.send(signal);
    }

    fn consent_ended(&mut self, why: ConsentEnd) {
        self.over.consent = Some(why);
        self.ended = true;
        let ours = match why {
            ConsentEnd::Refused
            | ConsentEnd::TimedOut
            | ConsentEnd::Stopped
            | ConsentEnd::Blocked
            | ConsentEnd::GraceOver => true,
            ConsentEnd::EndedRemotely | ConsentEnd::Unknown => false,
        };
        if self.over.reason.is_none() && self.recorder.begun() {
            self.sign_by = Some(Instant::now() + SIGNED_WITHIN);
        }
        if ours {
            self.parting.push(ToService::End);
        } else if self.over.reason.is_none() {
            self.last_words = Some(Instant::now() + REASON_WITHIN);
        }
    }
}

fn show(window: &WindowPort, message: ToWindow) {
    // A window that is gone says so by its events.
    let _ = window.show.send(message);
}
