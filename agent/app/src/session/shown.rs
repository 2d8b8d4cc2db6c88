//! What the customer's window shows of a session.

use farhand_link::Carrier;
use farhand_protocol::consent::{ConsentState, Hold};
use farhand_protocol::rights::Right;

use super::{Session, show};
use crate::receipt::keep::{self, environment};
use crate::screen::lock;
use crate::window::WindowPort;
use crate::window::protocol::{Detail, Stage, ToWindow};

impl Session {
    pub(super) fn show_stage(&mut self, window: &WindowPort) {
        let consent = lock(&self.agent).consent().state;
        let stage = match consent {
            ConsentState::Fresh => Stage::Waiting,
            ConsentState::Asking { .. } => Stage::Asking,
            ConsentState::Granted { rights, more: _ } => {
                if self.quiet && rights.contains(Right::View) {
                    Stage::Interrupted
                } else if rights.contains(Right::Control) {
                    Stage::Controls
                } else if rights.contains(Right::View) {
                    Stage::Sees
                } else {
                    Stage::Nothing
                }
            }
            ConsentState::Held { rights: _, holds } => {
                if holds.contains(&Hold::Customer) {
                    Stage::Paused
                } else if holds.contains(&Hold::LinkLost) {
                    Stage::Interrupted
                } else {
                    Stage::Locked
                }
            }
            ConsentState::Ended { .. } | ConsentState::Unknown => return,
        };
        let detail = match (&self.capture_failed, self.carrier) {
            (Some(error), _) => Some(Detail::CaptureFailed { reason: error.to_string() }),
            (None, Some(Carrier::WebSocket)) => Some(Detail::WebSocket),
            (None, Some(Carrier::Quic) | None) => None,
        };
        self.brakes.share(lock(&self.agent).area());
        let (rights, since) = self.brakes.granted();
        let guarded = rights.contains(Right::Control) && lock(&self.agent).is_paused_by_window();
        let status = ToWindow::Status {
            stage,
            technician: self.helpers(),
            organisation: self.joined.organisation.clone(),
            domain: self.joined.domain.clone(),
            rights,
            since,
            marks: self.brakes.has_marks(),
            detail: if guarded { Some(Detail::Guarded) } else { self.noticed.detail().or(detail) },
        };
        if self.stage.as_ref() != Some(&status) {
            show(window, status.clone());
            self.stage = Some(status);
        }
    }

    /// The customer can save what happened.
    pub(super) fn offer_receipt(&self, window: &WindowPort) {
        let Some(kept) = self.recorder.kept() else { return };
        let (entries, signed) = self.recorder.counts();
        self.log.event("receipt", &[("entries", entries.into()), ("signed", signed.into())]);
        let offered =
            keep::documents(environment).zip(kept.file_name()).map(|(folder, name)| folder.join(name));
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let offered = offered.as_deref().map(text).unwrap_or_default();
        show(window, ToWindow::Receipt { kept: text(kept), offered, countersigned: entries == signed });
    }
}
