//! A system whose keys this program cannot press yet.

use super::{Backend, InjectError, Injector};

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Injector>, InjectError> {
    let name = match preference {
        Backend::Auto => "any",
        Backend::X11 => "X11",
        Backend::Wayland => "Wayland",
        Backend::Enigo => "enigo",
        Backend::Fake => "fake",
    };
    Err(InjectError::NotHere { name })
}
