//! Several technicians: who is let in, who is put out, and whose consent the receipt tells of.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::consent::ConsentSnapshot;
use farhand_protocol::rights::Rights;
use farhand_protocol::session::SessionSnapshot;
use farhand_seal::context::Identity;
use farhand_seal::secret::Secret;

use super::Session;
use crate::receipt;
use crate::screen::lock;

impl Session {
    /// A console and this agent know each other.
    pub(super) fn met(&mut self, console: ParticipantId) {
        self.log.event("sealed", &[("participant", console.into())]);
        if let Some(theirs) = self.sealing.known(console) {
            self.recorder.met(&theirs, receipt::now());
            self.recorder.tell_again();
        }
        lock(&self.agent).handle_met(console, Instant::now());
        self.talk_with(console);
    }

    pub(super) fn introduced(
        &mut self,
        colleague: ParticipantId,
        name: String,
        organisation: String,
        digits: &str,
    ) {
        let Some(secret) = Secret::digits(digits) else { return };
        self.log.event("introduced", &[("participant", colleague.into())]);
        self.sealing.introduce(colleague, Identity { name, organisation }, secret);
        self.carry_out_sealing();
    }

    /// Somebody came as a colleague who is not the one that was introduced.
    pub(super) fn unproven(&mut self, colleague: ParticipantId) {
        self.log.event("unproven", &[("participant", colleague.into())]);
        lock(&self.agent).handle_unproven(colleague);
    }

    pub(super) fn admitted(&mut self, colleague: ParticipantId) {
        self.log.event("admitted", &[("participant", colleague.into())]);
        self.sealing.admit(colleague);
        // The keys go first, and then what is said under them.
        self.carry_out_sealing();
        self.recorder.tell_again();
        lock(&self.agent).handle_admitted(colleague);
        self.talk_with(colleague);
    }

    pub(super) fn put_out(&mut self, console: ParticipantId) {
        self.log.event("put_out", &[("participant", console.into())]);
        self.sealing.put_out(console);
        self.carry_out_sealing();
    }

    pub(super) fn colleague_consent(
        &mut self,
        colleague: ParticipantId,
        by: ParticipantId,
        snapshot: &ConsentSnapshot,
    ) {
        self.recorder.colleague(colleague, by, &snapshot.state, self.cause, receipt::now());
        self.ask_desktop();
        let state = serde_json::to_value(&snapshot.state).unwrap_or_default();
        self.log.event("colleague", &[("participant", colleague.into()), ("consent", state)]);
    }

    pub(super) fn took_over(&mut self, to: ParticipantId, rights: Rights) {
        self.log.event("took_over", &[("participant", to.into())]);
        self.recorder.took_over(to, rights, receipt::now());
        if let Some(Identity { name, organisation }) = self.sealing.verified(to) {
            (self.joined.technician, self.joined.organisation) = (name, organisation);
            self.stage = None;
        }
    }

    /// Who helps, for the customer: everybody who was let in.
    pub(super) fn helpers(&self) -> String {
        let mut names = vec![self.joined.technician.clone()];
        let colleagues = lock(&self.agent).colleagues();
        names.extend(colleagues.into_iter().filter_map(|(id, _)| Some(self.sealing.verified(id)?.name)));
        names.join(", ")
    }

    pub(super) fn snapshot(&self, snapshot: &SessionSnapshot) {
        self.sealing.session(snapshot);
        lock(&self.agent).handle_session(snapshot, Instant::now());
    }
}
