//! Who is in the session, and who of them can be reached.

use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::consent::Remote;
use farhand_protocol::session::{Role, SessionSnapshot};

use super::{Agent, Technician};
use crate::output::Output;

/// A console that measures the round trip often is missed when it says nothing for so long.
const QUIET_AFTER: Duration = Duration::from_millis(1800);
/// Measured twice within this time is often.
const OFTEN: Duration = Duration::from_millis(1000);

impl Technician {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            heard: now,
            answers_pings: false,
            reachable: false,
            was_reachable: false,
            measured: None,
            often: false,
        }
    }
}

impl Agent {
    /// A console measures the round trip.
    pub(super) fn measured(&mut self, sender: ParticipantId, now: Instant) {
        if let Some(technician) = self.technicians.get_mut(&sender) {
            let last = technician.measured.replace(now);
            technician.often |= last.is_some_and(|last| now.saturating_duration_since(last) < OFTEN);
        }
    }

    /// When the silence of all of them is worth telling; nothing while nobody would be missed. What is granted stays as it
    /// is: only the link's own end holds it.
    pub(super) fn quiet_at(&self) -> Option<Instant> {
        let known = || self.technicians.values().filter(|technician| technician.reachable);
        if !self.link_up || known().any(|technician| !technician.often) {
            return None;
        }
        known().map(|technician| technician.heard).max().map(|heard| heard + QUIET_AFTER)
    }

    pub(super) fn set_quiet(&mut self, quiet: bool) {
        if std::mem::replace(&mut self.quiet, quiet) != quiet {
            self.outputs.push_back(Output::Quiet(quiet));
        }
    }

    /// The service tells who is in the session and whether they are reachable.
    pub fn handle_session(&mut self, snapshot: &SessionSnapshot, now: Instant) {
        for participant in &snapshot.participants {
            if participant.role != Role::Technician || participant.id == self.senders.me() {
                continue;
            }
            let reachable = participant.connected && participant.media;
            let technician = self.technicians.entry(participant.id).or_insert(Technician::new(now));
            let was = std::mem::replace(&mut technician.reachable, reachable);
            technician.was_reachable |= reachable;
            self.colleague_reachable(participant.id, reachable, participant.gone, now);
            if was && !reachable {
                self.pacer.handle_away(participant.id);
                self.pointing.handle_gone(participant.id);
                self.drain_pointing();
                self.release(participant.id);
                self.clipboard_gone(participant.id);
                self.outputs.push_back(Output::ScreenOpen);
            } else if reachable && !was {
                self.send_consent();
                if self.pacer.handle_back(participant.id, now) {
                    self.reset_wanted = true;
                    self.outputs.push_back(Output::ScreenOpen);
                }
            }
        }
        self.look_for_technicians(now);
        self.restart_waited_for(snapshot.back_until.is_some(), now);
    }

    /// When the last technician is away, the path to them is lost, as if this agent's own link were: consent is held
    /// until somebody is back, for as long as the grace lasts.
    fn look_for_technicians(&mut self, now: Instant) {
        let any = |is: fn(&Technician) -> bool| self.technicians.values().any(is);
        let away = any(|technician| technician.was_reachable) && !any(|technician| technician.reachable);
        let was_away = std::mem::replace(&mut self.all_away, away);
        if self.link_up && away != was_away && (away || !self.restart.awaits()) {
            self.remote(if away { Remote::LinkLost } else { Remote::LinkBack }, now);
        }
    }
}
