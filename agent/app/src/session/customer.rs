//! What the customer does: at the window, and by the chord or a touch of their own keyboard and mouse.

use std::time::Instant;

use farhand_agent_core::hands::Meaning;
use farhand_agent_core::{FromCustomer, Prompt};
use farhand_protocol::ParticipantId;
use farhand_protocol::consent::{AskId, ConsentState};
use farhand_protocol::rights::Right;
use farhand_seal::context::Identity;

use super::{Session, show};
use crate::blocked::Whom;
use crate::receipt::changes::Cause;
use crate::screen::lock;
use crate::tools::chat::from_window;
use crate::window::protocol::{FromWindow, InvitedBy, ToWindow};
use crate::window::{WindowEvent, WindowPort};

impl Session {
    pub(super) fn window_says(&mut self, event: Option<WindowEvent>, window: &WindowPort) {
        let now = Instant::now();
        self.cause = Cause::Customer;
        let action = match event {
            Some(WindowEvent::Said(said)) => match said {
                FromWindow::Ready | FromWindow::Begin { .. } | FromWindow::Permissions { .. } => return,
                FromWindow::Allow { ask, rights } => FromCustomer::Allow { ask: AskId(ask), rights },
                FromWindow::Refuse { ask } => FromCustomer::Refuse(AskId(ask)),
                FromWindow::Pause => FromCustomer::Pause,
                FromWindow::Resume => FromCustomer::Resume,
                FromWindow::TakeBackControl => FromCustomer::TakeBackControl,
                FromWindow::Withdraw { right } => FromCustomer::Withdraw(right),
                FromWindow::RevokeAll => FromCustomer::RevokeAll,
                FromWindow::EraseMarks => FromCustomer::EraseMarks,
                FromWindow::LockAtEnd { on } => {
                    self.restarts.lock_at_end = Some(on);
                    FromCustomer::LockAtEnd(on)
                }
                FromWindow::Restart { restart } => self.restart_decided(restart),
                FromWindow::Never { organisation } => {
                    self.never(organisation);
                    FromCustomer::Block
                }
                FromWindow::Stop => FromCustomer::Stop,
                FromWindow::Files { files } => return self.files_decided(files),
                FromWindow::Share { share } => return self.share_decided(share, window),
                FromWindow::Chat { chat } => {
                    return lock(&self.agent).handle_chat(from_window(chat), now);
                }
                FromWindow::Unblock { entry } => return self.choose(window, |brakes| brakes.unblock(&entry)),
                FromWindow::Chord { chord } => return self.choose(window, |brakes| brakes.set_chord(&chord)),
                FromWindow::Touch { on } => return self.choose(window, |brakes| brakes.set_touch(on)),
            },
            Some(WindowEvent::Restarted) => {
                self.log.event("window_restarted", &[]);
                self.tools.chat.window_restarted(&self.agent, window, now);
                let asked = lock(&self.agent).restart_asked();
                if let Some(asked) = asked {
                    lock(&self.agent).handle_customer(FromCustomer::RefuseRestart(asked.question), now);
                }
                let prompt = lock(&self.agent).prompt();
                match prompt {
                    Some(prompt) => FromCustomer::Refuse(prompt.ask),
                    None => return,
                }
            }
            Some(WindowEvent::Lost) | None => {
                self.restarts.window_gone = true;
                // The display goes before this program does; if neither goes, `restart_stands` ends it.
                if self.is_restarting() {
                    return lock(&self.agent).handle_restart_alone(now);
                }
                self.over.window_lost = true;
                FromCustomer::Stop
            }
        };
        lock(&self.agent).handle_customer(action, now);
    }

    /// The chord, or a touch. Both take control back; where nobody has it, the chord opens the window of controls.
    pub(super) fn hands_mean(&mut self, meaning: Meaning, window: &WindowPort) {
        let (granted, _) = self.brakes.granted();
        let controlled = granted.contains(Right::Control);
        match meaning {
            Meaning::Chord if !controlled => show(window, ToWindow::Controls),
            Meaning::Chord | Meaning::Touch if controlled => {
                let how = if meaning == Meaning::Chord { "chord" } else { "touch" };
                self.log.event("taken_back", &[("by", how.into())]);
                self.cause = Cause::Customer;
                lock(&self.agent).handle_customer(FromCustomer::TakeBackControl, Instant::now());
            }
            Meaning::Chord | Meaning::Touch => {}
        }
    }

    /// What is chosen for good is not changed while somebody else has the keyboard and the mouse: it might be them.
    fn choose(&mut self, window: &WindowPort, change: impl FnOnce(&mut crate::brakes::Brakes)) {
        let (granted, _) = self.brakes.granted();
        if granted.contains(Right::Control) {
            tracing::debug!("nothing is chosen for good while somebody controls");
            return;
        }
        change(&mut self.brakes);
        show(window, self.brakes.choices());
    }

    fn never(&mut self, organisation: bool) {
        let whom = self.whom(self.asker);
        let kept = self.brakes.block(&whom, organisation);
        self.log.event("blocked", &[("organisation", organisation.into()), ("kept", kept.is_ok().into())]);
        if let Err(error) = kept {
            tracing::warn!(%error, "the list of whom you blocked cannot be written");
        }
    }

    /// Whom a console belongs to, as the two ends have proven to one another; before that as the service said.
    pub(super) fn whom(&self, console: ParticipantId) -> Whom {
        let Identity { name: technician, organisation } =
            self.sealing.verified(console).unwrap_or_else(|| self.announced());
        let domain = self.joined.domain.clone().filter(|_| organisation == self.joined.organisation);
        Whom { server: self.server.clone(), organisation, domain, technician }
    }

    /// Who the service said at first would help.
    pub(super) fn announced(&self) -> Identity {
        Identity { name: self.joined.technician.clone(), organisation: self.joined.organisation.clone() }
    }

    /// Asks the customer; or, where they have said that this one may never ask again, says so instead.
    pub(super) fn prompt(&mut self, window: &WindowPort, prompt: Prompt) {
        let whom = self.whom(prompt.asker);
        if self.brakes.is_blocked(&whom) {
            self.log.event("turned_away", &[("participant", prompt.asker.into())]);
            self.cause = Cause::Customer;
            lock(&self.agent).handle_customer(FromCustomer::Block, Instant::now());
            return;
        }
        let Whom { technician, organisation, domain, .. } = whom;
        let left = prompt.expires.saturating_duration_since(Instant::now());
        let rights: Vec<Right> = prompt.rights.beyond(prompt.granted).collect();
        self.log.event(
            "prompt",
            &[("ask", prompt.ask.0.into()), ("rights", serde_json::to_value(&rights).unwrap_or_default())],
        );
        let seconds = left.as_secs_f64().round() as u64;
        let invited = prompt.invited.map(|invited| InvitedBy {
            by: self.sealing.verified(invited.by).map(|who| who.name).unwrap_or_default(),
            purpose: invited.purpose,
        });
        // What is shared was chosen before anybody else was brought in.
        if rights.contains(&Right::View) && invited.is_none() {
            self.offer_shares(window);
        }
        show(
            window,
            ToWindow::Prompt {
                ask: prompt.ask.0,
                technician,
                organisation,
                domain,
                rights,
                seconds,
                invited,
            },
        );
    }

    /// Consent changed: what lies over the screen goes with it.
    pub(super) fn brake(&mut self, state: &ConsentState) {
        self.brakes.consent(state);
        self.ask_desktop();
    }
}
