//! `farhand-agent join`: from the code to the end of the session.

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farhand_agent_core::resume::{Left, Record};
use farhand_agent_host::capture::Backend;
use farhand_agent_host::input::{Backend as InputBackend, open_injector};
use farhand_agent_host::keeper::Keeper;
use farhand_agent_host::permissions::{Backend as Permitted, open_permissions};
use farhand_agent_host::restart::{Backend as Restarts, open_restarter};
use farhand_protocol::api::Joined;
use farhand_protocol::consent::ConsentConfig;
use farhand_protocol::rights::{Right, Rights};
use farhand_seal::secret::Secret;

use crate::api::{self, Server};
use crate::blocked::{List, Whom};
use crate::fail::{Fail, exit};
use crate::log::Log;
use crate::receipt;
use crate::resume::{NoRecord, Place};
use crate::sealing::Invitation;
use crate::session::{self, Over, Parts};
use crate::start::{self, Chosen, Suggestion};
use crate::tls::{self, Fingerprint};
use crate::tried::Tried;
use crate::update::Updates;
use crate::window::child::WindowError;
use crate::window::protocol::{FromWindow, ToWindow};
use crate::window::{WindowEvent, WindowPort, child};
use crate::{input, permissions, screen};

/// What this version can carry out, and so all that can be asked for.
const POLICY: Rights = Rights::of(&[
    Right::View,
    Right::Control,
    Right::Clipboard,
    Right::Files,
    Right::Diagnostics,
    Right::Shell,
]);

/// Runs the command; returns the exit code.
#[must_use]
pub fn main(
    code: &str,
    server: &str,
    fingerprint: Option<&str>,
    log: Log,
    answer_within: Duration,
) -> ExitCode {
    let given = || -> Result<Begin, Fail> {
        let server = Server::parse(server)?;
        let fingerprint =
            fingerprint.map(Fingerprint::parse).transpose().map_err(|_| Fail::FingerprintMalformed)?;
        let invitation = Invitation::parse(code).map_err(Fail::CodeMalformed)?;
        Ok(Begin::Given(Box::new(Chosen { invitation, server, fingerprint, link: None })))
    };
    finish(log, async { run(given()?, log, answer_within).await })
}

/// A session to go on with after this computer was restarted. It is taken from the disk, once, when this program can run.
#[derive(Clone, Debug)]
pub struct Found {
    place: Place,
    machine: Option<String>,
}

/// Looks for a session to go on with. Of one that cannot be gone on with nothing stays.
#[must_use]
pub fn look_back(log: Log) -> Option<Found> {
    let place = Place::of_this_person();
    let machine = open_restarter(Restarts::Auto).machine();
    let why = match place.look(machine.as_deref()) {
        Ok(record) if record.left(receipt::now()).is_some() => return Some(Found { place, machine }),
        // Where it does not open in a moment either, a window says so.
        Err(NoRecord::Keyring(_) | NoRecord::NoKey) => return Some(Found { place, machine }),
        Ok(_) => Some(OVER.to_owned()),
        Err(NoRecord::None) => None,
        Err(why) => Some(why.to_string()),
    };
    if let Some(why) = why {
        log.event("nothing_to_resume", &[("why", why.into())]);
    }
    place.remove();
    start_nothing();
    None
}

/// Why a record is not gone on with.
const OVER: &str = "its time is over";

fn start_nothing() {
    if let Err(error) = open_restarter(Restarts::Auto).start_nothing() {
        tracing::warn!(%error, "this program may be started again at the next sign-in");
    }
}

impl Found {
    /// The record, and how long it counts. From now on it is not there any more.
    fn take(self, log: Log) -> Option<(Record, Left)> {
        let taken = self.place.take(self.machine.as_deref());
        start_nothing();
        let why = match taken {
            Ok(record) => match record.left(receipt::now()) {
                Some(left) => return Some((record, left)),
                None => OVER.to_owned(),
            },
            Err(why) => why.to_string(),
        };
        log.event("nothing_to_resume", &[("why", why.into())]);
        None
    }

    /// Whether the keyring gives out the key, where there is one. It may ask the person first.
    async fn opens(&self) -> Result<(), Fail> {
        let Self { place, machine } = self.clone();
        let looked = tokio::task::spawn_blocking(move || place.look(machine.as_deref())).await;
        match looked {
            Ok(Err(NoRecord::Keyring(error))) => Err(Fail::Keyring(error.to_string())),
            // What else may be wrong with it is found when it is taken.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Nobody goes on with it.
    fn give_up(self) {
        self.place.remove();
        start_nothing();
    }
}

/// Goes on with it; returns the exit code. Nobody is asked for a code.
#[must_use]
pub fn back(found: Found, log: Log) -> ExitCode {
    finish(log, resume(found, log))
}

/// A desktop that has just begun may not have all that this program needs. It has this long for it.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// And is looked at so often.
const LOOKED_AT: Duration = Duration::from_secs(1);

/// Tries until it works, or until then.
async fn in_time<T>(
    until: Instant,
    log: Log,
    mut attempt: impl AsyncFnMut() -> Result<T, Fail>,
) -> Result<T, Fail> {
    loop {
        match attempt().await {
            Err(fail) if Instant::now() < until => {
                log.event("not_ready", &[("message", fail.to_string().into())]);
                tokio::time::sleep(LOOKED_AT).await;
            }
            ended => return ended,
        }
    }
}

async fn resume(found: Found, log: Log) -> Result<Over, Fail> {
    let until = Instant::now() + READY_WITHIN;
    // What fails on this computer is told in a window, and leaves the record for the next try.
    let (window, writer) = in_time(until, log, async || Ok(child::spawn(child::connecting()).await?)).await?;
    let shown = window.show.clone();
    let ended = go_on(found, window, until, log).await;
    if let Err(fail) = &ended {
        let _ = shown.send(over(fail));
    }
    drop(shown);
    let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
    ended
}

async fn go_on(found: Found, mut window: WindowPort, until: Instant, log: Log) -> Result<Over, Fail> {
    List::of_this_person().read().map_err(|error| Fail::Blocked(error.to_string()))?;
    let ready = in_time(until, log, async || {
        screen::probe(Backend::Auto)?;
        let injector = open_injector(InputBackend::Auto)?;
        found.opens().await?;
        Ok(injector)
    });
    let injector = tokio::select! {
        ready = ready => match ready {
            // Started by hand it would say the same each time, and never ask for a code.
            Err(fail @ Fail::Keyring(_)) => {
                found.give_up();
                return Err(fail);
            }
            ready => ready?,
        },
        stopped = customer_stops(&mut window) => {
            if !stopped {
                return Err(WindowError::NotSeen.into());
            }
            // Nobody goes on with it.
            let _ = found.take(log);
            return Ok(Over::before_it_began());
        }
    };
    let Some((record, left)) = found.take(log) else {
        let over = Over::not_back();
        let sentence = format!("agent.over.{}", over.code());
        let (technician, reason) = (String::new(), String::new());
        let _ = window.show.send(ToWindow::Over {
            begun: true,
            sentence,
            technician,
            reason,
            whom: None,
            by: None,
        });
        return Ok(over);
    };
    let server = Server::parse(&record.server)?;
    let fingerprint = record
        .fingerprint
        .as_deref()
        .map(Fingerprint::parse)
        .transpose()
        .map_err(|_| Fail::FingerprintMalformed)?;
    let answer_within = Duration::from_secs(record.answer_within.clamp(1, 300).into());
    let consent = ConsentConfig { policy: POLICY, answer_within, ..ConsentConfig::default() };
    Connection { server, fingerprint, log, consent, window, injector }.go_on(record, left).await
}

/// Whether the customer wants nothing of it; otherwise the window is gone.
async fn customer_stops(window: &mut WindowPort) -> bool {
    loop {
        match window.events.recv().await {
            Some(WindowEvent::Said(FromWindow::Stop)) => return true,
            Some(WindowEvent::Lost) | None => return false,
            Some(WindowEvent::Said(_) | WindowEvent::Restarted) => {}
        }
    }
}

/// Asks for code and service in a window first, with what is known already; returns the exit code.
#[must_use]
pub fn from_window(suggestion: Suggestion, log: Log, answer_within: Duration) -> ExitCode {
    finish(log, run(Begin::Asked(suggestion), log, answer_within))
}

/// How a start says which session it is for.
enum Begin {
    /// By itself.
    Given(Box<Chosen>),
    /// A person says so.
    Asked(Suggestion),
}

fn finish(log: Log, work: impl Future<Output = Result<Over, Fail>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log.event("failed", &[("code", "internal".into()), ("message", error.to_string().into())]);
            return ExitCode::from(exit::INTERNAL);
        }
    };
    let ended = runtime.block_on(work);
    // Whatever hangs in a look-up of names does not keep the program.
    runtime.shutdown_background();
    ExitCode::from(match ended {
        Ok(over) => {
            log.event("ended", &[("why", over.code().into())]);
            over.exit_code()
        }
        Err(fail) => {
            log.event("failed", &[("code", fail.code().into()), ("message", fail.to_string().into())]);
            fail.exit_code()
        }
    })
}

async fn run(begin: Begin, log: Log, answer_within: Duration) -> Result<Over, Fail> {
    let consent = ConsentConfig { policy: POLICY, answer_within, ..ConsentConfig::default() };
    let tried = Tried::of_this_person();
    let known = |chosen: &Chosen| tried.contains(&chosen.server, chosen.invitation.number, unix_seconds());
    if let Begin::Given(chosen) = &begin
        && known(chosen)
    {
        return Err(Fail::CodeTried);
    }
    // All that can fail on this machine fails before the code is used up.
    List::of_this_person().read().map_err(|error| Fail::Blocked(error.to_string()))?;
    let first = match &begin {
        Begin::Given(_) => child::connecting(),
        Begin::Asked(suggestion) => start::shown(suggestion),
    };
    let mut allowed = open_permissions(Permitted::Auto);
    let missing = permissions::look(&mut *allowed);
    let mut early = None;
    if !missing.is_complete() {
        let (mut window, writer) = child::spawn(permissions::message(missing)).await?;
        if !permissions::settle(&mut window, &mut *allowed).await {
            return Ok(Over::before_it_began());
        }
        let _ = window.show.send(first.clone());
        early = Some((window, writer));
    }
    let ready = screen::probe(Backend::Auto)
        .map_err(Fail::from)
        .and_then(|()| open_injector(InputBackend::Auto).map_err(Fail::from));
    let injector = match ready {
        Ok(injector) => injector,
        Err(fail) => {
            // Whoever went on from that window waits for what comes next.
            if let Some((window, writer)) = early {
                let _ = window.show.send(over(&fail));
                drop(window);
                let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
            }
            return Err(fail);
        }
    };
    let (mut window, writer) = match early {
        Some(window) => window,
        None => child::spawn(first).await?,
    };
    let shown = window.show.clone();
    let chosen = match begin {
        Begin::Given(chosen) => *chosen,
        Begin::Asked(suggestion) => match start::ask(&mut window, suggestion).await {
            Some(chosen) => chosen,
            None => return Ok(Over::before_it_began()),
        },
    };
    let _ = shown.send(child::connecting());
    let (server, fingerprint, number) = (chosen.server.clone(), chosen.fingerprint, chosen.invitation.number);
    let ended = match known(&chosen) {
        true => Err(Fail::CodeTried),
        false => match start::check(&chosen).await {
            Ok(()) => {
                let server = server.clone();
                Connection { server, fingerprint, log, consent, window, injector }
                    .join(chosen.invitation)
                    .await
            }
            Err(fail) => Err(fail),
        },
    };
    if ended.as_ref().is_ok_and(|over| over.by_wrong_secret())
        && let Err(error) = tried.note(&server, number, unix_seconds())
    {
        tracing::warn!(%error, "that this code failed cannot be remembered");
    }
    if let Err(fail) = &ended {
        let _ = shown.send(over(fail));
    }
    if ended.is_ok() || matches!(ended, Err(Fail::Version)) {
        update(&server, fingerprint, log, &shown).await;
    }
    // The window has read its last words before this process ends.
    drop(shown);
    let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
    ended
}

/// It never began.
fn over(fail: &Fail) -> ToWindow {
    ToWindow::Over {
        begun: false,
        sentence: fail.sentence().into(),
        technician: String::new(),
        reason: fail.to_string(),
        whom: None,
        by: None,
    }
}

/// Takes a newer version of this program, and says so in the window.
async fn update(
    server: &Server,
    fingerprint: Option<Fingerprint>,
    log: Log,
    shown: &tokio::sync::mpsc::UnboundedSender<ToWindow>,
) {
    let Some(updates) = Updates::built_in() else { return };
    let Ok(config) = tls::client_config(fingerprint) else { return };
    let outcome = match updates.run(server, config).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::warn!(%error, "no newer version could be looked for");
            return;
        }
    };
    let Some((sentence, version)) = outcome.said() else { return };
    log.event("update", &[("outcome", sentence.into()), ("version", version.as_str().into())]);
    let _ = shown.send(ToWindow::Update { sentence: sentence.into(), version });
}

/// What a session begins with, for the first time or after a restart.
struct Connection {
    server: Server,
    fingerprint: Option<Fingerprint>,
    log: Log,
    consent: ConsentConfig,
    window: WindowPort,
    injector: Box<dyn farhand_agent_host::input::Injector>,
}

impl Connection {
    async fn join(mut self, invitation: Invitation) -> Result<Over, Fail> {
        let config = tls::client_config(self.fingerprint)?;
        let pinned = self.fingerprint.is_some();
        let joined = tokio::select! {
            joined = api::join(&self.server, invitation.number, config, pinned) => joined?,
            () = session::stopped(&mut self.window) => return Ok(Over::before_it_began()),
        };
        self.log.event("joined", &[("session", joined.session.as_str().into())]);
        begin(self, joined, invitation.secret, None).await
    }

    async fn go_on(self, record: Record, left: Left) -> Result<Over, Fail> {
        self.log.event("resumes", &[("session", record.joined.session.as_str().into())]);
        let (joined, secret) = (record.joined.clone(), Secret::Resumed(record.resumption));
        begin(self, joined, secret, Some(Box::new((record, left)))).await
    }
}

async fn begin(
    connection: Connection,
    joined: Joined,
    secret: Secret,
    back: Option<Box<(Record, Left)>>,
) -> Result<Over, Fail> {
    let Connection { server, fingerprint, log, consent, mut window, injector } = connection;
    let config = tls::client_config(fingerprint)?;
    let whom = Whom {
        server: server.authority(),
        organisation: joined.organisation.clone(),
        domain: joined.domain.clone(),
        technician: joined.technician.clone(),
    };
    let blocked = List::of_this_person().find(&whom).map_err(|error| Fail::Blocked(error.to_string()))?;
    if blocked.is_some() {
        log.event("turned_away", &[("session", joined.session.as_str().into())]);
    }
    let keeper = match keeper_command().and_then(|mut command| Keeper::start(&mut command)) {
        Ok(keeper) => Some(keeper),
        Err(error) => {
            tracing::warn!(%error, "no keeper: a killed agent could leave keys held");
            None
        }
    };
    let (failed, input_failures) = tokio::sync::mpsc::unbounded_channel();
    let input = input::spawn(injector, move |error| {
        let _ = failed.send(error);
    })
    .map_err(|error| Fail::Service { detail: error.to_string() })?;
    let parts = Parts {
        server,
        tls: Arc::new(config),
        joined,
        secret,
        capture: Backend::Auto,
        input,
        input_failures,
        consent,
        log,
        terminals: keeper.as_ref().map(Keeper::terminals).unwrap_or_default(),
        blocked,
        fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
        answer_within: u16::try_from(consent.answer_within.as_secs()).unwrap_or(60),
        back,
    };
    let ended = session::run(parts, &mut window).await;
    if let Some(keeper) = keeper {
        let _ = tokio::task::spawn_blocking(|| keeper.goodbye()).await;
    }
    ended
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn keeper_command() -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("keeper");
    Ok(command)
}
