//! What the customer does, and what lies over their screen.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::pointing::Pointing;
use farhand_protocol::consent::Local;
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Right;

use super::Agent;
use crate::output::{FromCustomer, Output};

impl Agent {
    /// The customer did something in the agent's window, or by the chord.
    pub fn handle_customer(&mut self, action: FromCustomer, now: Instant) {
        if self.customer_on_colleagues(action, now) {
            return;
        }
        let local = match action {
            FromCustomer::Allow { ask, rights } => Local::Allow { ask, rights },
            FromCustomer::Refuse(ask) => Local::Refuse { ask },
            FromCustomer::Pause => Local::Hold,
            FromCustomer::Resume => Local::Resume,
            FromCustomer::TakeBackControl => Local::Withdraw(Right::Control),
            FromCustomer::Withdraw(right) => Local::Withdraw(right),
            FromCustomer::RevokeAll => Local::WithdrawAll,
            FromCustomer::Block => Local::Block,
            FromCustomer::Stop => Local::Stop,
            FromCustomer::EraseMarks => {
                self.erase_marks();
                return;
            }
            FromCustomer::LockAtEnd(lock) => return self.lock_chosen(lock),
            FromCustomer::AskRestart => return self.restart_by_customer(now),
            FromCustomer::AllowRestart { question, minutes } => {
                return self.restart_allowed(question, minutes);
            }
            FromCustomer::RefuseRestart(question) => return self.restart_refused(question),
        };
        if let FromCustomer::Allow { rights, .. } = action
            && let Some(prompt) = self.prompt
        {
            self.restart_allowed_anew(rights.intersection(prompt.rights));
        }
        self.local(local, now);
        // A command line is control too: whoever takes that back does not think of another name for it.
        if action == FromCustomer::TakeBackControl && self.consent.granted().contains(Right::Shell) {
            self.local(Local::Withdraw(Right::Shell), now);
        }
    }

    /// Whether technicians' marks or lights lie over the screen.
    #[must_use]
    pub fn is_pointed_at(&self) -> bool {
        !self.pointing.is_empty()
    }

    /// A technician points. It needs the view and nothing else; while a question is asked nobody draws over it.
    pub(super) fn point(&mut self, sender: ParticipantId, message: Pointing, now: Instant) {
        if !self.link_up || !self.permits(Right::View, sender) {
            self.counters.input_without_right += 1;
            return;
        }
        if self.is_asking() {
            self.counters.input_during_prompt += 1;
            return;
        }
        self.pointing.handle_message(sender, message, self.area(), now);
        self.drain_pointing();
    }

    /// Takes away what is drawn, and tells the consoles if there was anything.
    pub(super) fn erase_marks(&mut self) {
        if self.pointing.handle_end() {
            let mut body = Vec::new();
            let cleared = Chat::Pointing { pointing: Pointing::Cleared };
            farhand_protocol::channel::encode(&cleared, &mut body);
            self.send(Stream::Chat, &body);
        }
        self.drain_pointing();
    }

    pub(super) fn drain_pointing(&mut self) {
        if let Some(scene) = self.pointing.poll_output() {
            self.outputs.push_back(Output::Pointing(scene));
        }
    }
}
