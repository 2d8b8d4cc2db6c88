//! Restarting this computer and coming back: asks the customer, writes down what is needed to go on afterwards, has this
//! program started after the next sign-in, and lets the system restart. On a thread of its own: the system may take its
//! time.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use farhand_agent_core::resume::{Record, VERSION};
use farhand_agent_core::{FromCustomer, RESTART_CHOICES, RestartAsk, RestartOutput};
use farhand_agent_host::restart::{Backend, RestartError, Start, open_restarter};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::restart::{Restart, RestartFailed, RestartStage};
use farhand_protocol::consent::Carried;
use farhand_protocol::rights::{Right, Rights};
use farhand_seal::context::Identity;
use farhand_seal::receipt::{What, Who, restarts};

use super::over::SealFailure;
use super::{Session, show};
use crate::receipt;
use crate::receipt::changes::Change;
use crate::resume::{Kept, NotKept, Place};
use crate::screen::{SharedAgent, lock};
use crate::tools::Wake;
use crate::window::WindowPort;
use crate::window::protocol::ToWindow;
use crate::window::restart::{FromRestart, RestartShown};

/// Everybody has this long to be told before the computer is.
const TOLD_WITHIN: Duration = Duration::from_millis(400);
/// Seconds that a minute lasts which the customer chooses, for tests: it can only be shorter.
const MINUTE: &str = "FARHAND_RESTART_MINUTE";

/// What the session knows of it.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    now: Option<mpsc::Sender<()>>,
    said: Option<tokio::sync::mpsc::UnboundedReceiver<Result<(), RestartError>>>,
    machine: std::sync::Arc<std::sync::OnceLock<Option<String>>>,
    place: Option<Place>,
    /// What lies on the disk.
    kept: Option<Record>,
    /// By which it is written down anew.
    sealed: Option<Kept>,
    /// When the session began here, milliseconds since 1970.
    pub joined_at: u64,
    /// Address and certificate of the service, as the next start needs them.
    pub server: String,
    pub fingerprint: Option<String>,
    pub answer_within: u16,
    /// The customer's own word on locking the screen.
    pub lock_at_end: Option<bool>,
    /// What was allowed before stays so until then: milliseconds since 1970.
    until: Option<u64>,
    /// The customer's window ended and cannot be kept: nothing comes from it any more.
    pub window_gone: bool,
    /// Why the computer does not restart, in the system's words.
    failed: String,
    /// It is the keyring that says so.
    by_keyring: bool,
}

/// What a record has to say of a session that went on since it was written.
struct Now {
    carried: Carried,
    chat: u32,
    resumption: Option<[u8; 32]>,
    lock_at_end: Option<bool>,
    receipt: Option<String>,
}

impl Now {
    /// The record as it has to be now; nothing where it is so already.
    fn into_record(self, old: &Record) -> Option<Record> {
        let record = Record {
            carried: self.carried,
            chat: self.chat,
            // Without a new one the last one is the best that there is.
            resumption: self.resumption.unwrap_or(old.resumption),
            lock_at_end: self.lock_at_end,
            receipt: self.receipt.or_else(|| old.receipt.clone()),
            ..old.clone()
        };
        (record != *old).then_some(record)
    }
}

impl Restarts {
    /// Finds out whether this computer can be restarted, and waits until it is to be.
    pub(super) fn start(&mut self, agent: SharedAgent, wake: Wake) {
        let (now, told) = mpsc::channel();
        let (say, said) = tokio::sync::mpsc::unbounded_channel();
        let minute = std::env::var(MINUTE).ok().and_then(|text| text.parse().ok()).unwrap_or(60);
        let machine = std::sync::Arc::clone(&self.machine);
        let work = move || {
            let mut restarter = open_restarter(Backend::Auto);
            let possible = restarter.is_possible();
            let _ = machine.set(restarter.machine());
            lock(&agent).handle_restart_possible(possible, Duration::from_secs(minute));
            wake();
            while told.recv().is_ok() {
                std::thread::sleep(TOLD_WITHIN);
                if say.send(restarter.restart()).is_err() {
                    return;
                }
            }
        };
        match std::thread::Builder::new().name("restart".into()).spawn(work) {
            Ok(_) => (self.now, self.said) = (Some(now), Some(said)),
            Err(error) => tracing::warn!(%error, "this computer cannot be restarted from this session"),
        }
        self.place = Some(Place::of_this_person());
    }

    /// What came of restarting the computer.
    pub(super) async fn next(&mut self) -> Result<(), RestartError> {
        let said = match &mut self.said {
            Some(said) => said.recv().await,
            None => None,
        };
        match said {
            Some(said) => said,
            None => std::future::pending().await,
        }
    }

    fn machine(&self) -> Option<&str> {
        self.machine.get()?.as_deref()
    }

    /// What was allowed before a restart stays so until then: milliseconds since 1970.
    pub(super) const fn until(&self) -> Option<u64> {
        self.until
    }

    fn forget(&mut self) {
        self.sealed = None;
        if self.kept.take().is_none() {
            return;
        }
        if let Some(place) = &self.place {
            place.remove();
        }
        if let Err(error) = open_restarter(Backend::Auto).start_nothing() {
            tracing::warn!(%error, "what would start after a restart cannot be removed");
        }
    }
}

impl Session {
    /// Of restarting this computer.
    pub(super) fn restarting(&mut self, output: RestartOutput, window: &WindowPort) {
        match output {
            RestartOutput::Ask(asked) => self.ask_for_restart(asked, window),
            RestartOutput::Gone(question) => {
                show(window, ToWindow::Restart { shown: RestartShown::Gone { question } });
            }
            RestartOutput::Now { minutes, lasts, within, carried } => {
                let text = restarts::allowed(minutes);
                self.write_restart(Who::Customer, 0, carried.rights, text);
                self.write_down(lasts, within, carried);
            }
            RestartOutput::Go => {
                if let Some(now) = &self.restarts.now {
                    // A thread that is gone restarts nothing; after a while it is given up.
                    let _ = now.send(());
                }
            }
            RestartOutput::Stands(restart) => self.restart_stands(restart, window),
        }
    }

    fn ask_for_restart(&mut self, asked: RestartAsk, window: &WindowPort) {
        let RestartAsk { question, by, rights, expires } = asked;
        let helper = by.unwrap_or(self.asker);
        let Identity { name: technician, organisation } =
            self.sealing.verified(helper).unwrap_or_else(|| self.announced());
        let (who, number) = by.map_or((Who::Customer, 0), |by| (Who::Technician, by));
        self.write_restart(who, number, Rights::EMPTY, restarts::ASKED.into());
        let seconds = expires.saturating_duration_since(Instant::now()).as_secs_f64().round() as u64;
        let shown = RestartShown::Ask {
            question,
            technician,
            organisation,
            own: by.is_none(),
            rights: rights.iter().collect(),
            choices: RESTART_CHOICES.into_iter().filter(|minutes| *minutes > 0).collect(),
            seconds,
        };
        show(window, ToWindow::Restart { shown });
    }

    fn restart_stands(&mut self, restart: Restart, window: &WindowPort) {
        self.log.event("restart", &[("restart", serde_json::to_value(restart).unwrap_or_default())]);
        // Also where nobody else may ask any more.
        let possible = lock(&self.agent).can_restart();
        show(window, ToWindow::Restart { shown: RestartShown::Possible { possible } });
        let by_agent = |text: &str| (Who::Agent, text.to_owned());
        let (who, text) = match restart.stage {
            RestartStage::Refused => (Who::Customer, restarts::REFUSED.to_owned()),
            RestartStage::Failed { why } => {
                self.restarts.forget();
                let sentence = match why {
                    RestartFailed::NotAllowed => "agent.restart.failed_denied",
                    RestartFailed::NotHere | RestartFailed::Unknown => "agent.restart.failed_here",
                    RestartFailed::NotKept if std::mem::take(&mut self.restarts.by_keyring) => {
                        "agent.restart.failed_keyring"
                    }
                    RestartFailed::NotKept => "agent.restart.failed_kept",
                };
                let reason = std::mem::take(&mut self.restarts.failed);
                let shown = RestartShown::Failed { sentence: sentence.into(), reason };
                show(window, ToWindow::Restart { shown });
                if self.restarts.window_gone {
                    // Nobody could stop what goes on without a window.
                    self.over.window_lost = true;
                    lock(&self.agent).handle_customer(FromCustomer::Stop, Instant::now());
                }
                by_agent(restarts::FAILED)
            }
            RestartStage::Back { seconds } => {
                self.back(seconds, window);
                by_agent(restarts::BACK)
            }
            RestartStage::TimeOver => by_agent(restarts::OVER),
            RestartStage::Idle
            | RestartStage::Asking
            | RestartStage::Going { .. }
            | RestartStage::Unknown => return,
        };
        let rights = lock(&self.agent).consent().state.rights();
        self.write_restart(who, 0, rights, text);
    }

    /// The console that was awaited is here: the customer is told who can do what again, and until when.
    fn back(&mut self, seconds: u32, window: &WindowPort) {
        let now = receipt::now();
        let until = now.saturating_add(u64::from(seconds) * 1000);
        self.restarts.until = (seconds > 0).then_some(until);
        let stays = lock(&self.agent).carried_until().is_some();
        let granted = lock(&self.agent).consent().state.rights();
        let rights: Vec<Right> = granted.iter().filter(|_| stays).collect();
        let technician = self.joined.technician.clone();
        show(window, ToWindow::Restart { shown: RestartShown::Back { technician, rights, until } });
    }

    fn write_restart(&mut self, who: Who, technician: ParticipantId, rights: Rights, text: String) {
        self.recorder.add(Change { who, technician, what: What::Restart, rights, text }, receipt::now());
    }

    /// The customer agreed. Nothing is restarted that could not come back.
    fn write_down(&mut self, lasts: Duration, within: Duration, carried: Carried) {
        let kept =
            self.record(lasts, within, carried).ok_or("what is needed is not known").and_then(|record| {
                let start = Start {
                    title: "Farhand".into(),
                    program: std::env::current_exe().map_err(|_| "this program's place is not known")?,
                    arguments: vec!["resume".into()],
                };
                let place = self.restarts.place.as_ref().ok_or("there is no place for it")?;
                self.restarts.kept = Some(record.clone());
                let sealed = place.keep(&record, self.restarts.machine()).map_err(|error| {
                    tracing::warn!(%error, "the record of the session");
                    if let NotKept::Keyring(error) = error {
                        (self.restarts.by_keyring, self.restarts.failed) = (true, error.to_string());
                    }
                    "it cannot be written"
                })?;
                self.restarts.sealed = Some(sealed);
                open_restarter(Backend::Auto).start_afterwards(&start).map_err(|error| {
                    tracing::warn!(%error, "the start after the restart");
                    "nothing would start this program"
                })
            });
        match (kept, &self.restarts.now) {
            (Ok(()), Some(_)) => {
                self.recorder.keep();
                lock(&self.agent).handle_restart_kept(Instant::now());
            }
            (kept, _) => {
                tracing::warn!(
                    why = kept.err().unwrap_or("nothing restarts it"),
                    "the computer is not restarted"
                );
                self.restarts.forget();
                lock(&self.agent).handle_restart_failed(RestartFailed::NotKept);
            }
        }
    }

    fn record(&mut self, lasts: Duration, within: Duration, carried: Carried) -> Option<Record> {
        let agent = lock(&self.agent);
        let console = agent.lead()?;
        let chat = agent.chat_newest();
        drop(agent);
        let Identity { name, organisation } = self.sealing.verified(console)?;
        self.recorder.keep();
        let receipt = self.receipt_name();
        let now = receipt::now();
        let at = |time: Duration| now.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let stays = if carried.rights.is_empty() { Duration::ZERO } else { lasts };
        Some(Record {
            version: VERSION,
            written: now,
            until: at(stays),
            waits: at(within.max(stays)),
            joined_at: self.restarts.joined_at.min(now),
            server: self.restarts.server.clone(),
            fingerprint: self.restarts.fingerprint.clone(),
            joined: self.joined.clone(),
            participant: self.participant,
            console,
            technician: name,
            organisation,
            resumption: self.sealing.resumption(console)?,
            seed: self.sealing.receipt_seed(),
            receipt,
            carried,
            chat,
            lock_at_end: self.restarts.lock_at_end,
            answer_within: self.restarts.answer_within,
        })
    }

    /// What came of it.
    pub(super) fn restarted(&mut self, said: Result<(), RestartError>, window: &WindowPort) {
        match said {
            // It is over, or was given up before.
            Ok(()) if self.ended || !self.is_restarting() => {}
            Ok(()) => {
                self.log.event("restarts", &[]);
                self.keep_record_true();
                // The record is the next start's now.
                self.restarts.kept = None;
                lock(&self.agent).handle_restart_begins(Instant::now());
                self.carry_out(window);
                self.over.seal = Some(SealFailure::Restarting);
                self.ended = true;
            }
            Err(error) => {
                tracing::warn!(%error, "the computer is not restarted");
                let why = match &error {
                    RestartError::NotAllowed { .. } => RestartFailed::NotAllowed,
                    RestartError::NotHere | RestartError::Failed { .. } => RestartFailed::NotHere,
                };
                self.restarts.failed = error.to_string();
                lock(&self.agent).handle_restart_failed(why);
            }
        }
    }

    fn receipt_name(&self) -> Option<String> {
        self.recorder.kept().and_then(|path| path.file_name()?.to_str().map(str::to_owned))
    }

    /// Until the computer goes down the session goes on. What the record says of it is what is so then: a hand-shake since
    /// has left another resumption, the chat has new numbers, and the customer may have taken something back, which is not
    /// carried over.
    pub(super) fn keep_record_true(&mut self) {
        let Some(old) = &self.restarts.kept else { return };
        if !self.is_restarting() {
            return;
        }
        let resumption = self.sealing.resumption(old.console);
        let agent = lock(&self.agent);
        let (carried, chat) = (agent.restart_carries(old.carried.rights), agent.chat_newest());
        drop(agent);
        let (lock_at_end, receipt) = (self.restarts.lock_at_end, self.receipt_name());
        let now = Now { carried, chat, resumption, lock_at_end, receipt };
        let Some(record) = now.into_record(old) else { return };
        let narrower = record.carried.rights != old.carried.rights;
        let kept = self.restarts.sealed.as_ref().map(|sealed| sealed.renew(&record, self.restarts.machine()));
        match kept {
            Some(Ok(())) => self.restarts.kept = Some(record),
            // Nothing is carried over that was taken back.
            Some(Err(_)) | None if narrower => self.restarts.forget(),
            Some(Err(error)) => tracing::warn!(%error, "the record of the session"),
            None => {}
        }
    }

    /// Whether the computer is about to restart: whatever goes away now goes by that.
    pub(super) fn is_restarting(&self) -> bool {
        matches!(lock(&self.agent).restart().stage, RestartStage::Going { .. })
    }

    /// The session is over: nothing is left to go on with.
    pub(super) fn not_kept(&mut self) {
        self.restarts.forget();
    }

    /// What the customer does about it, in the window.
    pub(super) fn restart_decided(&mut self, said: FromRestart) -> FromCustomer {
        match said {
            FromRestart::Ask => FromCustomer::AskRestart,
            FromRestart::Allow { question, minutes } => FromCustomer::AllowRestart { question, minutes },
            FromRestart::Refuse { question } => FromCustomer::RefuseRestart(question),
        }
    }
}
