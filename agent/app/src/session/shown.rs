//! What the customer's window shows of a session.

use std::time::Instant;

use farhand_agent_core::FromCustomer;
use farhand_agent_host::agreement::{self, Standing};
use farhand_agent_host::capture::CaptureError;
use farhand_link::Carrier;
use farhand_protocol::channel::Notice;
use farhand_protocol::consent::{ConsentState, Hold};
use farhand_protocol::rights::Right;

use super::{Session, show};
use crate::receipt::changes::Cause;
use crate::receipt::keep::{self, environment};
use crate::screen::{ScreenEvent, lock};
use crate::window::WindowPort;
use crate::window::protocol::{Detail, Stage, ToWindow};

impl Session {
    /// What the screen thread tells.
    pub(super) fn screen_says(&mut self, event: ScreenEvent) {
        match event {
            ScreenEvent::Outputs => {}
            ScreenEvent::Captures => {
                self.capture_failed = None;
                // The desktop's own question left keys and pointer out: nobody is told that they can be used.
                if agreement::standing() == Standing::OnlyLook
                    && self.brakes.granted().0.contains(Right::Control)
                {
                    self.cause = Cause::Customer;
                    lock(&self.agent).handle_customer(FromCustomer::Withdraw(Right::Control), Instant::now());
                }
            }
            ScreenEvent::Failed(error) => {
                if self.capture_failed.as_ref() != Some(&error) {
                    self.log.event("capture_failed", &[("message", error.to_string().into())]);
                }
                // With each try, for whoever has come since.
                if error != CaptureError::NotAgreed || self.capture_failed.as_ref() != Some(&error) {
                    lock(&self.agent).handle_notice(Notice::CaptureFailed { text: error.to_string() });
                }
                // The customer's answer to the desktop's own question counts like one to ours.
                let said_no = matches!(error, CaptureError::Declined | CaptureError::TakenBack);
                // And one that failed is asked again only when something is granted again.
                if said_no || agreement::standing() == Standing::Over {
                    self.cause = if said_no { Cause::Customer } else { Cause::Agent };
                    lock(&self.agent).handle_customer(FromCustomer::Withdraw(Right::View), Instant::now());
                }
                self.capture_failed = Some(error);
            }
        }
    }

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
            until: self.restarts.until().filter(|_| lock(&self.agent).carried_until().is_some()),
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
