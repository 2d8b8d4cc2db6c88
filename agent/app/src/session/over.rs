//! How a session ended, and the last words.

use std::time::Duration;

use farhand_protocol::consent::{ConsentEnd, ConsentSnapshot, ConsentState};
use farhand_protocol::session::EndReason;
use farhand_protocol::signal::ToService;
use tokio::sync::mpsc;

use super::{Session, show};
use crate::blocked::{Blocked, Whom};
use crate::fail::exit;
use crate::screen::lock;
use crate::signal::SignalEvent;
use crate::window::WindowPort;
use crate::window::protocol::ToWindow;

/// Last words to the service take at most this long.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// A screen that is to be locked is locked within this time, or stays open.
const LOCKED_WITHIN: Duration = Duration::from_secs(5);

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    pub(super) consent: Option<ConsentEnd>,
    pub(super) reason: Option<EndReason>,
    pub(super) window_lost: bool,
    pub(super) seal: Option<SealFailure>,
}

/// Why the two ends have no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SealFailure {
    /// The secret is not the console's.
    Secret,
    /// Somebody between them changed something.
    Tampered,
    /// After a restart of this computer: the session is not there any more, or the console is another.
    NotBack,
    /// They have, and this computer restarts: the session goes on afterwards.
    Restarting,
}

impl Over {
    /// After a restart of this computer there is no session to go on with.
    #[must_use]
    pub fn not_back() -> Self {
        Self { consent: None, reason: None, window_lost: false, seal: Some(SealFailure::NotBack) }
    }

    /// The customer cancelled before the session began.
    #[must_use]
    pub fn before_it_began() -> Self {
        Self { consent: Some(ConsentEnd::Stopped), reason: None, window_lost: false, seal: None }
    }

    /// The exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self.code() {
            "lost" | "service" | "window" | "seal_secret" | "seal_tampered" | "not_back" => exit::LOST,
            _ => 0,
        }
    }

    /// Whether the code's or the link's secret was not the console's.
    #[must_use]
    pub fn by_wrong_secret(self) -> bool {
        self.seal == Some(SealFailure::Secret)
    }

    /// For programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        if self.window_lost {
            return "window";
        }
        match self.seal {
            Some(SealFailure::Secret) => return "seal_secret",
            Some(SealFailure::Tampered) => return "seal_tampered",
            Some(SealFailure::NotBack) => return "not_back",
            Some(SealFailure::Restarting) => return "restarting",
            None => {}
        }
        match (self.consent, self.reason) {
            (Some(ConsentEnd::Stopped), _) | (_, Some(EndReason::Customer)) => "stopped",
            (Some(ConsentEnd::Blocked), _) | (_, Some(EndReason::Blocked)) => "blocked",
            (Some(ConsentEnd::Refused), _) | (_, Some(EndReason::Refused)) => "refused",
            (Some(ConsentEnd::TimedOut), _) => "timed_out",
            (_, Some(EndReason::Technician)) => "technician",
            (_, Some(EndReason::CodeExpired)) => "code_expired",
            (Some(ConsentEnd::GraceOver), _) | (_, Some(EndReason::Lost)) => "lost",
            (_, Some(EndReason::Service | EndReason::Unknown)) => "service",
            (Some(ConsentEnd::EndedRemotely | ConsentEnd::Unknown) | None, None) => "technician",
        }
    }

    pub(super) fn sentence(self) -> String {
        format!("agent.over.{}", self.code())
    }
}

impl Session {
    pub(super) async fn finish(
        mut self,
        window: &WindowPort,
        mut from_service: mpsc::Receiver<SignalEvent>,
    ) -> Over {
        std::mem::take(&mut self.parting).into_iter().for_each(|signal| self.signal(signal));
        let leaving = self.over.seal == Some(SealFailure::Restarting);
        let whom = Some(self.whom(self.asker)).filter(|whom| !leaving && !self.brakes.is_blocked(whom));
        show_over(window, self.over, &self.joined.technician, whom, None);
        if !leaving {
            self.not_kept();
            self.offer_receipt(window);
        }
        if leaving {
            // What waits to be said is said, and the session stays.
        } else if self.over.reason.is_none()
            && self.over.consent.is_none_or(|why| why == ConsentEnd::EndedRemotely)
        {
            self.signal(ToService::End);
        }
        let counters = lock(&self.agent).counters();
        tracing::info!(?counters, stats = ?self.link.stats(), "the session is over");
        let (screen, input, locker) = (self.screen, self.input, self.locker);
        let stopped = tokio::task::spawn_blocking(move || {
            screen.stop();
            input.stop();
        });
        self.link.close();
        say_goodbye(self.signals, &mut from_service).await;
        let _ = tokio::time::timeout(GOODBYE_WITHIN, stopped).await;
        let _ = tokio::time::timeout(LOCKED_WITHIN, locker.finished()).await;
        self.over
    }
}

/// Lets the socket say what waits, and waits until it has.
pub(super) async fn say_goodbye(
    signals: mpsc::UnboundedSender<ToService>,
    from_service: &mut mpsc::Receiver<SignalEvent>,
) {
    drop(signals);
    let drained = async { while from_service.recv().await.is_some() {} };
    let _ = tokio::time::timeout(GOODBYE_WITHIN, drained).await;
}

/// Whoever asks is one whom the customer never wants to be asked by again: they are told so, and nothing is shared.
pub(super) async fn turn_away(
    window: &WindowPort,
    signals: mpsc::UnboundedSender<ToService>,
    from_service: &mut mpsc::Receiver<SignalEvent>,
    technician: &str,
    by: Blocked,
) -> Over {
    let state = ConsentState::Ended { why: ConsentEnd::Blocked };
    let _ = signals.send(ToService::Consent { snapshot: ConsentSnapshot { revision: 1, state } });
    let over = Over { consent: Some(ConsentEnd::Blocked), reason: None, window_lost: false, seal: None };
    show_over(window, over, technician, None, Some(by));
    say_goodbye(signals, from_service).await;
    over
}

pub(super) fn show_over(
    window: &WindowPort,
    over: Over,
    technician: &str,
    whom: Option<Whom>,
    by: Option<Blocked>,
) {
    let (sentence, technician) = (over.sentence(), technician.into());
    show(window, ToWindow::Over { begun: true, sentence, technician, reason: String::new(), whom, by });
}
