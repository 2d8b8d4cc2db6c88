//! What the person chose, and how the windows lay.

use serde::{Deserialize, Serialize};

/// The settings page. Unknown or missing parts of an older or newer file take their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(default)]
pub struct Settings {
    /// Every key goes to the customer while their screen has the focus, those too that the desktop otherwise keeps.
    pub all_keys: bool,
    /// A sound when a customer comes.
    pub sounds: bool,
    /// The desktop's notifications.
    pub notifications: bool,
    /// Closing the window leaves the program beside the clock.
    pub stay_in_tray: bool,
    /// Looks for a newer version when the program starts.
    pub look_for_updates: bool,
    /// How pages and messages leave this network.
    pub proxy: ProxyChoice,
    /// How a session's picture begins; its own panel changes it.
    pub picture: PictureChoice,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            all_keys: true,
            sounds: true,
            notifications: true,
            stay_in_tray: false,
            look_for_updates: true,
            proxy: ProxyChoice::System,
            picture: PictureChoice::Automatic,
        }
    }
}

/// What a picture is to be when the way does not carry both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PictureChoice {
    /// As the way allows.
    Automatic,
    /// Every pixel as it is.
    Sharp,
    /// As many pictures a second as the way carries.
    Smooth,
}

/// The HTTP proxy that TCP goes through. QUIC goes directly, where the network lets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "use", rename_all = "snake_case")]
pub enum ProxyChoice {
    /// What the environment or the desktop's settings name.
    System,
    /// None.
    Direct,
    /// This one.
    Fixed {
        /// Such as `http://proxy.example.org:3128`.
        address: String,
    },
}

/// The longest address of a proxy, in bytes.
const MAX_ADDRESS: usize = 255;

impl Settings {
    /// Whether they can be used as they are.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        match &self.proxy {
            ProxyChoice::System | ProxyChoice::Direct => true,
            ProxyChoice::Fixed { address } => {
                address.len() <= MAX_ADDRESS && farhand_link::Proxy::parse(address).is_some()
            }
        }
    }
}

/// Where a window was when it was closed, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Inner width.
    pub width: f64,
    /// Inner height.
    pub height: f64,
    /// It filled the screen.
    pub maximized: bool,
}

/// The smallest window that the pages fit in, in logical pixels.
pub const SMALLEST: (f64, f64) = (480.0, 360.0);
/// More than any desk has, in logical pixels.
const FARTHEST: f64 = 32_000.0;

impl Place {
    /// Whether a window can be put there; what a broken file says is not believed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let sane = |value: f64| value.is_finite() && value.abs() <= FARTHEST;
        [self.x, self.y, self.width, self.height].into_iter().all(sane)
            && self.width >= SMALLEST.0
            && self.height >= SMALLEST.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_version_keeps_what_it_shares() {
        let read: Settings = serde_json::from_str(r#"{"sounds":false,"from_the_future":1}"#).unwrap();
        assert_eq!(read, Settings { sounds: false, ..Settings::default() });
    }

    #[test]
    fn a_proxy_that_is_none_is_refused() {
        let with = |address: &str| Settings {
            proxy: ProxyChoice::Fixed { address: address.to_owned() },
            ..Settings::default()
        };
        assert!(with("http://proxy.example.org:3128").is_usable());
        for wrong in ["", "socks5://proxy:1080", "https://proxy", &"x".repeat(300)] {
            assert!(!with(wrong).is_usable(), "{wrong}");
        }
    }

    #[test]
    fn a_window_is_not_put_where_nobody_finds_it() {
        let place = Place { x: 10.0, y: 10.0, width: 1200.0, height: 800.0, maximized: false };
        assert!(place.is_sound());
        for wrong in [
            Place { x: f64::NAN, ..place },
            Place { y: 1e9, ..place },
            Place { width: 3.0, ..place },
            Place { height: f64::INFINITY, ..place },
        ] {
            assert!(!wrong.is_sound(), "{wrong:?}");
        }
    }
}
