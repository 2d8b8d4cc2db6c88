//! Carries out what [`farhand_agent_core::tools::clipboard`] wants.

use farhand_agent_core::tools::clipboard::Output;

/// See the module.
#[derive(Debug, Default)]
pub struct Clipboard {}

impl Clipboard {
    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        match output {}
    }
}
