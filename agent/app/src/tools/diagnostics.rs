//! Carries out what [`farhand_agent_core::tools::diagnostics`] wants.

use farhand_agent_core::tools::diagnostics::Output;

/// See the module.
#[derive(Debug, Default)]
pub struct Diagnostics {}

impl Diagnostics {
    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        match output {}
    }
}
