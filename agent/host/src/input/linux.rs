//! Which back end injects on Linux.

use super::{Backend, InjectError, Injector};

pub fn open(preference: Backend) -> Result<Box<dyn Injector>, InjectError> {
    let name = match preference {
        Backend::Auto => "any",
        Backend::X11 => "X11",
        Backend::Enigo => "enigo",
        Backend::Fake => "fake",
    };
    Err(InjectError::NotHere { name })
}
