//! Monitors and windows that exist in memory only.

use super::scene::{Focus, Scene, Top};
use super::{Desktop, Monitor, Shareable, WindowRule};
use crate::capture::CaptureError;

/// What a test says that there is.
#[derive(Clone, Debug, Default)]
pub struct FakeDesktop {
    /// Monitors.
    pub monitors: Vec<Monitor>,
    /// Windows, the foremost last.
    pub windows: Vec<Top>,
    /// Where keys go.
    pub focus: Focus,
}

impl FakeDesktop {
    /// Makes a scene like this.
    pub fn put_into(&self, scene: &mut Scene) {
        scene.set_monitors(self.monitors.clone());
        scene.set_windows(self.windows.clone());
        scene.set_focus(self.focus);
    }
}

impl Desktop for FakeDesktop {
    fn look(&mut self, rules: &[WindowRule]) -> Result<Shareable, CaptureError> {
        let mut scene = Scene::default();
        self.put_into(&mut scene);
        Ok(scene.shareable(rules))
    }
}
