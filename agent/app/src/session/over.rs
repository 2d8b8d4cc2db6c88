//! How a session ended.

use farhand_protocol::consent::ConsentEnd;
use farhand_protocol::session::EndReason;

use crate::fail::exit;

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
}

impl Over {
    /// The customer cancelled before the session began.
    #[must_use]
    pub fn before_it_began() -> Self {
        Self { consent: Some(ConsentEnd::Stopped), reason: None, window_lost: false, seal: None }
    }

    /// The exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self.code() {
            "lost" | "service" | "window" | "seal_secret" | "seal_tampered" => exit::LOST,
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
