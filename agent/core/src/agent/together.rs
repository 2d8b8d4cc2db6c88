//! Several technicians: who brings in whom, what the customer allows each, and who goes on in another's place. What a
//! colleague may do is never more than the customer allowed them, and never goes on while the session is held.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::Control;
use farhand_protocol::channel::together::{Purpose, Together};
use farhand_protocol::consent::{self, ConsentState, Local, Remote};
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::signal::ToService;

use super::Agent;
use crate::colleagues::{Colleague, MAX_COLLEAGUES};
use crate::output::{FromCustomer, Invited, Output, Prompt};

impl Agent {
    /// The one gate for each effect: whether whoever sends may have it now.
    #[must_use]
    pub fn permits(&self, right: Right, sender: ParticipantId) -> bool {
        match self.colleagues.get(&sender) {
            Some(colleague) => colleague.admitted && self.runs() && colleague.consent.permits(right),
            None => !self.put_out.contains(&sender) && self.consent.permits(right),
        }
    }

    /// Whether whoever sends was given a right, be it on hold or not. What this says is no leave for anything.
    pub(super) fn is_granted(&self, right: Right, sender: ParticipantId) -> bool {
        match self.colleagues.get(&sender) {
            Some(colleague) => colleague.admitted && colleague.consent.granted().contains(right),
            None => !self.put_out.contains(&sender) && self.consent.granted().contains(right),
        }
    }

    /// Colleagues whom the customer let in, and what they may do.
    #[must_use]
    pub fn colleagues(&self) -> Vec<(ParticipantId, Rights)> {
        let admitted = self.colleagues.iter().filter(|(_, colleague)| colleague.admitted);
        admitted.map(|(id, colleague)| (*id, colleague.consent.granted())).collect()
    }

    /// Whether the session's own consent stands: granted, and held by nothing.
    fn runs(&self) -> bool {
        matches!(self.consent.snapshot().state, ConsentState::Granted { .. })
    }

    pub(super) fn together(&mut self, sender: ParticipantId, message: Together) {
        match message {
            Together::Introduce { participant, name, organisation, purpose, rights, digits } => {
                let known = self.colleagues.contains_key(&participant)
                    || self.leads.contains(&participant)
                    || self.put_out.contains(&participant);
                let foreign = participant == sender || participant == self.senders.me() || participant == 0;
                let fits = self.colleagues.len() < MAX_COLLEAGUES && purpose != Purpose::Unknown;
                // Only whoever has a part of their own brings somebody in.
                if !self.leads.contains(&sender) || known || foreign || !fits {
                    self.counters.consent_refused += 1;
                    return;
                }
                let colleague = Colleague::new(participant, sender, purpose, rights, self.consent_config);
                self.colleagues.insert(participant, colleague);
                self.outputs.push_back(Output::Introduce { participant, name, organisation, digits });
                self.say_rights(participant);
            }
            Together::Dismiss { participant } => {
                let theirs = self.colleagues.get(&participant).is_some_and(|c| c.by == sender);
                if theirs || (self.leads.contains(&sender) && self.colleagues.contains_key(&participant)) {
                    self.part_with(participant);
                } else {
                    self.counters.consent_refused += 1;
                }
            }
            // An agent's own messages mean nothing from a viewer.
            Together::Rights { .. } | Together::TookOver { .. } | Together::Unproven { .. } => {
                self.counters.malformed += 1;
            }
            Together::Unknown => {}
        }
    }

    /// A console and this agent know each other. The session's own are let in; for a colleague the customer is asked, and
    /// only then they get keys.
    pub fn handle_met(&mut self, sender: ParticipantId, now: Instant) {
        let Some(colleague) = self.colleagues.get_mut(&sender) else {
            if !self.put_out.contains(&sender) {
                self.leads.insert(sender);
                self.handle_let_in(sender);
                self.restart_met(sender, now);
            }
            return;
        };
        colleague.away = None;
        if colleague.admitted {
            return self.handle_let_in(sender);
        }
        let wanted = match colleague.purpose {
            Purpose::TakeOver => self.consent.granted(),
            purpose @ (Purpose::Watch | Purpose::Help | Purpose::Unknown) => purpose.rights(),
        };
        match self.colleagues.get(&sender).map(|colleague| colleague.consent.snapshot().state) {
            Some(ConsentState::Fresh) if !wanted.is_empty() => {
                self.colleague_remote(sender, Remote::Ask { rights: wanted }, now);
                // Nothing of it can be granted: nobody is asked.
                if let Some(colleague) = self.colleagues.get(&sender)
                    && colleague.consent.snapshot().state == ConsentState::Fresh
                {
                    self.part_with(sender);
                }
            }
            Some(ConsentState::Fresh) => self.part_with(sender),
            Some(
                ConsentState::Asking { .. }
                | ConsentState::Granted { .. }
                | ConsentState::Held { .. }
                | ConsentState::Ended { .. }
                | ConsentState::Unknown,
            )
            | None => {}
        }
    }

    /// A colleague whom the customer let in has the keys now: they are told everything.
    pub fn handle_admitted(&mut self, participant: ParticipantId) {
        self.handle_let_in(participant);
    }

    /// What a colleague asks or gives back.
    pub(super) fn colleague_remote(&mut self, participant: ParticipantId, remote: Remote, now: Instant) {
        let Some(colleague) = self.colleagues.get_mut(&participant) else { return };
        if let Err(refused) = colleague.consent.handle_remote(remote, now) {
            tracing::debug!(%refused, "a remote input changes nothing");
            self.counters.consent_refused += 1;
        }
        self.drain_colleague(participant, now);
    }

    fn colleague_local(&mut self, participant: ParticipantId, local: Local, now: Instant) {
        let Some(colleague) = self.colleagues.get_mut(&participant) else { return };
        if let Err(refused) = colleague.consent.handle_local(local, now) {
            tracing::debug!(%refused, "the customer's action changes nothing");
        }
        self.drain_colleague(participant, now);
    }

    /// What the customer does about colleagues; whether that was all.
    pub(super) fn customer_on_colleagues(&mut self, action: FromCustomer, now: Instant) -> bool {
        let asked = |agent: &Self, ask| {
            let mut prompts = agent.prompt.iter().chain(&agent.prompts);
            let prompt = prompts.find(|prompt| prompt.ask == ask).copied();
            prompt.filter(|prompt| agent.colleagues.contains_key(&prompt.asker))
        };
        match action {
            FromCustomer::Allow { ask, rights } => {
                // Only what is shown can be allowed.
                let Some(prompt) = asked(self, ask).filter(|_| self.prompt.is_some_and(|p| p.ask == ask))
                else {
                    return false;
                };
                let rights = rights.intersection(prompt.rights);
                self.colleague_local(prompt.asker, Local::Allow { ask, rights }, now);
                true
            }
            FromCustomer::Refuse(ask) => {
                let Some(prompt) = asked(self, ask) else { return false };
                self.colleague_local(prompt.asker, Local::Refuse { ask }, now);
                true
            }
            FromCustomer::TakeBackControl => {
                self.withdraw_from_colleagues(&[Right::Control, Right::Shell], now);
                false
            }
            FromCustomer::Withdraw(right) => {
                self.withdraw_from_colleagues(&[right], now);
                false
            }
            FromCustomer::RevokeAll => {
                self.withdraw_from_colleagues(&Right::ALL, now);
                false
            }
            // Whoever asks through a colleague's prompt is that colleague: the session goes on without them.
            FromCustomer::Block => match self.prompt.filter(|p| self.colleagues.contains_key(&p.asker)) {
                Some(prompt) => {
                    self.part_with(prompt.asker);
                    true
                }
                None => false,
            },
            FromCustomer::Pause
            | FromCustomer::Resume
            | FromCustomer::Stop
            | FromCustomer::EraseMarks
            | FromCustomer::AskRestart
            | FromCustomer::AllowRestart { .. }
            | FromCustomer::RefuseRestart(_)
            | FromCustomer::LockAtEnd(_) => false,
        }
    }

    /// The customer takes rights back from all of them; from whom nothing is left, parts.
    pub(super) fn withdraw_from_colleagues(&mut self, rights: &[Right], now: Instant) {
        let ids: Vec<_> = self.colleagues.keys().copied().collect();
        for id in ids {
            for right in rights {
                let has = |agent: &Self| {
                    agent
                        .colleagues
                        .get(&id)
                        .is_some_and(|colleague| colleague.consent.granted().contains(*right))
                };
                if has(self) {
                    self.colleague_local(id, Local::Withdraw(*right), now);
                }
            }
            let seeing = self.colleagues.get(&id).is_some_and(|c| c.consent.granted().contains(Right::View));
            if rights.contains(&Right::View) && !seeing {
                self.part_with(id);
            }
        }
    }

    /// Time passes for the colleagues.
    pub(super) fn colleagues_timeout(&mut self, now: Instant) {
        let ids: Vec<_> = self.colleagues.keys().copied().collect();
        for id in ids {
            if let Some(colleague) = self.colleagues.get_mut(&id) {
                colleague.consent.handle_timeout(now);
            }
            self.drain_colleague(id, now);
            if self.colleagues.get(&id).is_some_and(|colleague| colleague.lapsed(now)) {
                self.part_with(id);
            }
        }
    }

    pub(super) fn colleagues_due(&self) -> Option<Instant> {
        self.colleagues.values().filter_map(Colleague::poll_timeout).min()
    }

    /// A colleague came or went, by the service's word.
    pub(super) fn colleague_reachable(
        &mut self,
        id: ParticipantId,
        reachable: bool,
        gone: bool,
        now: Instant,
    ) {
        if gone {
            if self.colleagues.contains_key(&id) {
                self.forget_colleague(id);
            } else if self.leads.remove(&id) {
                self.shut_out(id);
            }
        } else if let Some(colleague) = self.colleagues.get_mut(&id) {
            match (reachable, colleague.admitted) {
                (true, _) => colleague.away = None,
                (false, true) => drop(colleague.away.get_or_insert(now)),
                // Who was not let in may take their time.
                (false, false) => {}
            }
        }
    }

    /// The session's consent changed: what it holds is held for all.
    pub(super) fn tell_colleagues(&mut self) {
        let ids: Vec<_> = self.colleagues.keys().copied().collect();
        ids.into_iter().for_each(|id| self.say_rights(id));
    }

    /// Tells where the consent of each colleague stands, and who went on in whose place.
    pub(super) fn send_together(&mut self) {
        if let Some((from, to)) = self.took_over {
            self.say(&Control::Together { message: Together::TookOver { from, to } });
        }
        self.tell_colleagues();
    }

    fn say_rights(&mut self, to: ParticipantId) {
        let session = self.consent.snapshot().state;
        let Some(colleague) = self.colleagues.get_mut(&to) else { return };
        let snapshot = colleague.told(&session);
        self.say(&Control::Together { message: Together::Rights { to, snapshot } });
    }

    fn drain_colleague(&mut self, id: ParticipantId, now: Instant) {
        let mut over = false;
        let mut changed = false;
        while let Some(colleague) = self.colleagues.get_mut(&id)
            && let Some(output) = colleague.consent.poll_output()
        {
            let (by, purpose) = (colleague.by, colleague.purpose);
            let granted = colleague.consent.granted();
            match output {
                consent::Output::Prompt { ask, rights, expires } => {
                    let invited = Some(Invited { by, purpose });
                    self.show_prompt(Prompt { ask, asker: id, rights, granted, expires, invited });
                }
                consent::Output::PromptGone { ask } => self.prompt_gone(ask),
                consent::Output::Snapshot(snapshot) => {
                    changed = true;
                    // Who goes on in another's place is allowed the session, and nothing of their own.
                    let takes_over = purpose == Purpose::TakeOver && !granted.is_empty();
                    if !takes_over {
                        self.outputs.push_back(Output::ColleagueConsent { participant: id, by, snapshot });
                    }
                }
                consent::Output::ControlEnded => self.release(id),
                consent::Output::Ended(_) => over = true,
            }
        }
        if changed {
            self.say_rights(id);
        }
        if over {
            return self.part_with(id);
        }
        let Some(colleague) = self.colleagues.get_mut(&id) else { return };
        let seeing = colleague.consent.granted().contains(Right::View);
        match (colleague.admitted, seeing) {
            (false, true) => match colleague.purpose {
                Purpose::Watch | Purpose::Help => {
                    colleague.admitted = true;
                    self.outputs.push_back(Output::Admit(id));
                    self.outputs.push_back(Output::ScreenOpen);
                }
                Purpose::TakeOver => self.take_over(id, now),
                Purpose::Unknown => {}
            },
            // Whoever has the keys sees: who may not see any more, gets none.
            (true, false) => self.part_with(id),
            (true, true) | (false, false) => {}
        }
        if !self.permits(Right::Control, id) {
            self.release(id);
        }
        self.files_gate_moved();
        self.gate_moved();
    }

    /// The customer agreed: a colleague has the session, with no more than was agreed, and who brought them in has no part
    /// any more.
    fn take_over(&mut self, to: ParticipantId, now: Instant) {
        let Some(colleague) = self.colleagues.remove(&to) else { return };
        let from = colleague.by;
        let agreed = colleague.consent.granted();
        let beyond: Vec<_> = self.consent.granted().beyond(agreed).collect();
        self.leads.insert(to);
        self.took_over = Some((from, to));
        self.say(&Control::Together { message: Together::TookOver { from, to } });
        self.outputs.push_back(Output::TookOver { to, rights: agreed });
        self.outputs.push_back(Output::Admit(to));
        self.leads.remove(&from);
        // Those whom the leaver brought in stay, and are the newcomer's now.
        self.colleagues.values_mut().filter(|c| c.by == from).for_each(|c| c.by = to);
        self.shut_out(from);
        for right in beyond {
            self.local(Local::Withdraw(right), now);
        }
        self.signal(ToService::HandOver { to });
    }

    /// A colleague has no part any more, and the service is told.
    pub(super) fn part_with(&mut self, id: ParticipantId) {
        self.forget_colleague(id);
        self.signal(ToService::Remove { participant: id });
    }

    /// Whoever came as a colleague has not their digits, or another name: the invitation is void, here and at the service,
    /// and who brought them in learns why.
    pub fn handle_unproven(&mut self, id: ParticipantId) {
        if self.colleagues.get(&id).is_none_or(|colleague| colleague.admitted) {
            return;
        }
        self.say(&Control::Together { message: Together::Unproven { participant: id } });
        self.forget_colleague(id);
        self.signal(ToService::Unproven { participant: id });
    }

    fn forget_colleague(&mut self, id: ParticipantId) {
        let Some(mut colleague) = self.colleagues.remove(&id) else { return };
        // The others learn that it is over; the colleague by the service.
        let snapshot = colleague.told(&ConsentState::Ended { why: consent::ConsentEnd::EndedRemotely });
        self.say(&Control::Together { message: Together::Rights { to: id, snapshot: snapshot.clone() } });
        self.outputs.push_back(Output::ColleagueConsent { participant: id, by: colleague.by, snapshot });
        let prompts: Vec<_> =
            self.prompt.iter().chain(&self.prompts).filter(|p| p.asker == id).copied().collect();
        prompts.into_iter().for_each(|prompt| self.prompt_gone(prompt.ask));
        self.shut_out(id);
    }

    /// Nothing that this participant says has an effect any more, and it opens nothing of the next message on.
    fn shut_out(&mut self, id: ParticipantId) {
        self.put_out.insert(id);
        self.release(id);
        self.pacer.handle_gone(id);
        // What they began ends here, and not only when somebody asks the gate again; what they drew goes too.
        self.pointing.handle_gone(id);
        self.drain_pointing();
        self.files_gate_moved();
        self.gate_moved();
        self.outputs.push_back(Output::PutOut(id));
        self.outputs.push_back(Output::ScreenOpen);
    }

    /// Shows a prompt, when no other is shown; a newer one of the same asker takes the place of the older.
    pub(super) fn show_prompt(&mut self, prompt: Prompt) {
        if self.prompt.is_some_and(|shown| shown.asker != prompt.asker && shown.ask != prompt.ask) {
            self.prompts.push_back(prompt);
            return;
        }
        self.prompt = Some(prompt);
        // A held key or button must not reach the prompt, and nothing may lie over it.
        self.release_all();
        self.erase_marks();
        self.outputs.push_back(Output::Prompt(prompt));
    }

    /// A prompt is over; the next one is shown, if one waits.
    pub(super) fn prompt_gone(&mut self, ask: consent::AskId) {
        self.prompts.retain(|prompt| prompt.ask != ask);
        if self.prompt.is_none_or(|prompt| prompt.ask != ask) {
            return;
        }
        self.prompt = None;
        self.outputs.push_back(Output::PromptGone(ask));
        if let Some(next) = self.prompts.pop_front() {
            self.show_prompt(next);
        }
    }
}
