//! `farhand-agent join`: from the code to the end of the session.

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use farhand_agent_host::capture::Backend;
use farhand_agent_host::input::{Backend as InputBackend, open_injector};
use farhand_agent_host::keeper::Keeper;
use farhand_protocol::consent::ConsentConfig;
use farhand_protocol::rights::{Right, Rights};

use crate::api::{self, Server};
use crate::blocked::{List, Whom};
use crate::fail::{Fail, exit};
use crate::log::Log;
use crate::sealing::Invitation;
use crate::session::{self, Over, Parts};
use crate::start::{self, Chosen, Suggestion};
use crate::tls::{self, Fingerprint};
use crate::tried::Tried;
use crate::update::Updates;
use crate::window::protocol::ToWindow;
use crate::window::{WindowPort, child};
use crate::{input, screen};

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
    screen::probe(Backend::Auto)?;
    let injector = open_injector(InputBackend::Auto)?;
    let first = match &begin {
        Begin::Given(_) => child::connecting(),
        Begin::Asked(suggestion) => start::shown(suggestion),
    };
    let (mut window, writer) = child::spawn(first).await?;
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
                connect(chosen.invitation, server.clone(), fingerprint, log, consent, window, injector).await
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
        let _ = shown.send(ToWindow::Over {
            begun: false,
            sentence: fail.sentence().into(),
            technician: String::new(),
            reason: fail.to_string(),
            whom: None,
            by: None,
        });
    }
    if ended.is_ok() || matches!(ended, Err(Fail::Version)) {
        update(&server, fingerprint, log, &shown).await;
    }
    // The window has read its last words before this process ends.
    drop(shown);
    let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
    ended
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

async fn connect(
    invitation: Invitation,
    server: Server,
    fingerprint: Option<Fingerprint>,
    log: Log,
    consent: ConsentConfig,
    mut window: WindowPort,
    injector: Box<dyn farhand_agent_host::input::Injector>,
) -> Result<Over, Fail> {
    let config = tls::client_config(fingerprint)?;
    let joined = tokio::select! {
        joined = api::join(&server, invitation.number, config.clone(), fingerprint.is_some()) => joined?,
        () = session::stopped(&mut window) => return Ok(Over::before_it_began()),
    };
    log.event("joined", &[("session", joined.session.as_str().into())]);
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
        secret: invitation.secret,
        capture: Backend::Auto,
        input,
        input_failures,
        consent,
        log,
        terminals: keeper.as_ref().map(Keeper::terminals).unwrap_or_default(),
        blocked,
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
