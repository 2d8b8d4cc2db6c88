//! Carries out what [`farhand_agent_core::tools::files`] wants.

use farhand_agent_core::tools::files::Output;

/// See the module.
#[derive(Debug, Default)]
pub struct Files {}

impl Files {
    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        match output {}
    }
}
