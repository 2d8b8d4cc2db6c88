//! Diagnostics and the command line: what is done goes into the receipt first.

use farhand_agent_core::tools::diagnostics::{Command, Output};
use farhand_protocol::rights::Rights;
use farhand_seal::receipt::{What, Who};

use super::Session;
use crate::receipt;
use crate::receipt::changes::Change;

impl Session {
    pub(super) fn diagnose(&mut self, output: Output) {
        match output {
            Output::Command(Command { by, right, text }) => {
                let (who, technician) =
                    by.map_or((Who::Agent, 0), |technician| (Who::Technician, technician));
                // What was run is in the receipt; a log is read by others.
                self.log.event("command", &[("participant", technician.into())]);
                let (what, rights) = (What::Command, Rights::of(&[right]));
                self.recorder.add(Change { who, technician, what, rights, text }, receipt::now());
            }
            Output::Say(..) | Output::Read(..) | Output::Act(..) | Output::Shell(_) => {
                self.tools.diagnostics.carry_out(output);
            }
        }
    }
}
