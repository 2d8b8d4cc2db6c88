//! Which back end injects on Linux.

use super::{Backend, InjectError, Injector, x11};
use crate::wayland::{self, input::WaylandInjector};

pub fn open(preference: Backend, display: Option<&str>) -> Result<Box<dyn Injector>, InjectError> {
    match preference {
        Backend::Auto if display.is_none() && wayland::is_here() => Ok(Box::new(WaylandInjector::open(None))),
        Backend::Wayland => Ok(Box::new(WaylandInjector::open(display))),
        Backend::Auto | Backend::X11 => Ok(Box::new(x11::X11Injector::open(display)?)),
        #[cfg(feature = "enigo")]
        Backend::Enigo => Ok(Box::new(super::enigo::EnigoInjector::open(display)?)),
        #[cfg(not(feature = "enigo"))]
        Backend::Enigo => Err(InjectError::NotHere { name: "enigo" }),
        Backend::Fake => Err(InjectError::NotHere { name: "fake" }),
    }
}
