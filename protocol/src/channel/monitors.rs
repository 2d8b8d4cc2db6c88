//! Monitors: which there are, what the customer shares of them, and which part the picture shows. In
//! [`super::Control::Monitors`] and [`super::Control::ShowMonitor`].

use serde::{Deserialize, Serialize};

use super::{ChannelError, limit};

/// The most monitors that are told.
pub const MAX_MONITORS: usize = 16;
/// The longest name of a monitor, in bytes.
pub const MAX_MONITOR_NAME: usize = 64;

/// Agent → consoles: everything about monitors, whole. Told when it changes and to whoever is let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Monitors {
    /// What the customer shares. No choice of the technician's goes beyond it.
    pub share: Share,
    /// The monitors that can be chosen, in the order in which people count them; at most [`MAX_MONITORS`].
    pub list: Vec<Monitor>,
    /// What the technician chose last.
    pub choice: Choice,
    /// What the picture shows now.
    pub area: Area,
    /// Windows that are kept out of the picture now.
    pub hidden: u16,
    /// Control pauses, for a window is in front in which nobody else may act.
    pub paused: bool,
}

/// What the customer shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Share {
    /// Every monitor.
    Everything,
    /// One monitor.
    Monitor {
        /// It is plugged in. While it is not, the picture is empty.
        here: bool,
    },
    /// One window.
    Window {
        /// It can be seen. While it is closed or put away, the picture is empty.
        here: bool,
    },
    /// A newer version's way to share.
    #[serde(other)]
    Unknown,
}

/// Which monitors the technician would like to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "show", rename_all = "snake_case")]
pub enum Choice {
    /// All of them, as one picture.
    #[default]
    All,
    /// This one.
    One {
        /// Its [`Monitor::id`].
        id: u32,
    },
    /// The one that the pointer is on.
    Pointer,
    /// A newer version's choice; ignored.
    #[serde(other)]
    Unknown,
}

/// A monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Monitor {
    /// The same for as long as the monitor is plugged in.
    pub id: u32,
    /// The system's name for it, such as `HDMI-1`; at most [`MAX_MONITOR_NAME`] bytes.
    pub name: String,
    /// Where it is, and its size as it is turned.
    pub area: Area,
    /// How much larger than usual things are drawn on it, percent.
    pub scale: u16,
    /// Where the desktop's bars are.
    pub primary: bool,
}

/// A part of the customer's desktop, pixels. The desktop begins at 0, 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Area {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Area {
    /// Whether a point of the desktop lies in it.
    #[must_use]
    pub fn contains(self, x: i32, y: i32) -> bool {
        let within = |at: i32, start: i32, length: u32| {
            at >= start && i64::from(at) < i64::from(start) + i64::from(length)
        };
        within(x, self.x, self.width) && within(y, self.y, self.height)
    }

    /// What two parts have in common; `None` when that is nothing.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<Self> {
        let along = |a: i32, a_len: u32, b: i32, b_len: u32| {
            let start = a.max(b);
            let end = (i64::from(a) + i64::from(a_len)).min(i64::from(b) + i64::from(b_len));
            u32::try_from(end - i64::from(start))
                .ok()
                .filter(|length| *length > 0)
                .map(|length| (start, length))
        };
        let (x, width) = along(self.x, self.width, other.x, other.width)?;
        let (y, height) = along(self.y, self.height, other.y, other.height)?;
        Some(Self { x, y, width, height })
    }
}

impl Monitors {
    /// Whether its sizes are within their limits.
    ///
    /// # Errors
    /// [`ChannelError::Limit`].
    pub fn check(&self) -> Result<(), ChannelError> {
        limit("list of monitors", self.list.len() <= MAX_MONITORS)?;
        limit("monitor's name", self.list.iter().all(|monitor| monitor.name.len() <= MAX_MONITOR_NAME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x: i32, y: i32, width: u32, height: u32) -> Area {
        Area { x, y, width, height }
    }

    #[test]
    fn what_two_parts_have_in_common_is_in_both() {
        assert_eq!(area(0, 0, 10, 10).overlap(area(5, -5, 10, 10)), Some(area(5, 0, 5, 5)));
        assert_eq!(area(0, 0, 10, 10).overlap(area(10, 0, 10, 10)), None);
        assert_eq!(area(0, 0, 0, 10).overlap(area(0, 0, 10, 10)), None);
        let huge = area(i32::MAX, i32::MAX, u32::MAX, u32::MAX);
        assert_eq!(huge.overlap(huge), Some(huge));
        assert_eq!(area(i32::MIN, 0, 5, 5).overlap(huge), None);
        assert!(huge.contains(i32::MAX, i32::MAX) && !huge.contains(0, 0));
        assert!(!area(0, 0, 10, 10).contains(10, 0));
    }

    #[test]
    fn a_list_of_many_monitors_is_refused() {
        let monitor = Monitor { id: 1, name: "x".into(), area: Area::default(), scale: 100, primary: false };
        let mut all = Monitors {
            share: Share::Everything,
            list: vec![monitor.clone(); MAX_MONITORS],
            choice: Choice::All,
            area: Area::default(),
            hidden: 0,
            paused: false,
        };
        assert!(all.check().is_ok());
        all.list[0].name = "x".repeat(MAX_MONITOR_NAME + 1);
        assert!(all.check().is_err());
        all.list[0].name.clear();
        all.list.push(monitor);
        assert!(all.check().is_err());
    }
}
