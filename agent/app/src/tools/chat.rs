//! Carries out what [`farhand_agent_core::tools::chat`] wants.

use farhand_agent_core::tools::chat::Output;

/// See the module.
#[derive(Debug, Default)]
pub struct Chat {}

impl Chat {
    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        match output {}
    }
}
