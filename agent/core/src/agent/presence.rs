//! Who is in the session, and who of them can be reached.

use std::time::Instant;

use farhand_protocol::consent::Remote;
use farhand_protocol::session::{Role, SessionSnapshot};

use super::{Agent, Technician};
use crate::output::Output;

impl Agent {
    /// The service tells who is in the session and whether they are reachable.
    pub fn handle_session(&mut self, snapshot: &SessionSnapshot, now: Instant) {
        for participant in &snapshot.participants {
            if participant.role != Role::Technician || participant.id == self.senders.me() {
                continue;
            }
            let reachable = participant.connected && participant.media;
            let technician = self.technicians.entry(participant.id).or_insert(Technician {
                heard: now,
                answers_pings: false,
                reachable: false,
                was_reachable: false,
            });
            let was = std::mem::replace(&mut technician.reachable, reachable);
            technician.was_reachable |= reachable;
            self.colleague_reachable(participant.id, reachable, participant.gone, now);
            if was && !reachable {
                self.pacer.handle_gone(participant.id);
                self.pointing.handle_gone(participant.id);
                self.drain_pointing();
                self.release(participant.id);
                self.clipboard_gone(participant.id);
                self.outputs.push_back(Output::ScreenOpen);
            } else if reachable && !was {
                self.send_consent();
            }
        }
        self.look_for_technicians(now);
    }

    /// When the last technician is away, the path to them is lost, as if this agent's own link were: consent is held
    /// until somebody is back, for as long as the grace lasts.
    fn look_for_technicians(&mut self, now: Instant) {
        let any = |is: fn(&Technician) -> bool| self.technicians.values().any(is);
        let away = any(|technician| technician.was_reachable) && !any(|technician| technician.reachable);
        let was_away = std::mem::replace(&mut self.all_away, away);
        if self.link_up && away != was_away {
            self.remote(if away { Remote::LinkLost } else { Remote::LinkBack }, now);
        }
    }
}
