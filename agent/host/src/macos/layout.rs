//! Displays in one picture. macOS counts places in points, of which a fine display shows each by several pixels, and may
//! have displays of both kinds. The picture has one measure for all of them: that of the finest. A coarser display is made
//! larger to fit, so that a place in the picture is a place on the desktop by one factor.

use crate::capture::MAX_PIXELS;
use crate::monitors::{Area, Monitor};

/// A display as the system lists it, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Display {
    /// The same for as long as it is plugged in.
    pub id: u32,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// Pixels a point.
    pub scale: f64,
    /// It has the menu bar.
    pub main: bool,
}

/// All displays, in pixels of the picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Where the picture's corner is, in points.
    origin: (f64, f64),
    /// Pixels of the picture a point.
    scale: f64,
    /// The whole desktop's size.
    pub width: u32,
    pub height: u32,
    pub monitors: Vec<Monitor>,
}

impl Layout {
    pub fn of(displays: &[Display]) -> Self {
        let usable = |display: &&Display| {
            display.width >= 1.0 && display.height >= 1.0 && display.x.is_finite() && display.y.is_finite()
        };
        let displays: Vec<&Display> = displays.iter().filter(usable).collect();
        if displays.is_empty() {
            return Self { scale: 1.0, ..Self::default() };
        }
        let least = |of: fn(&Display) -> f64| displays.iter().map(|it| of(it)).fold(f64::INFINITY, f64::min);
        let most =
            |of: fn(&Display) -> f64| displays.iter().map(|it| of(it)).fold(f64::NEG_INFINITY, f64::max);
        let origin = (least(|it| it.x), least(|it| it.y));
        let (right, bottom) = (most(|it| it.x + it.width), most(|it| it.y + it.height));
        let mut scale = most(|it| it.scale).clamp(1.0, 4.0);
        if !scale.is_finite() || (right - origin.0) * (bottom - origin.1) * scale * scale > MAX_PIXELS as f64
        {
            scale = 1.0;
        }
        let layout = Self { origin, scale, ..Self::default() };
        let monitors = displays
            .iter()
            .enumerate()
            .map(|(at, display)| Monitor {
                id: display.id,
                name: format!("{}", at + 1),
                area: layout.area(display.x, display.y, display.width, display.height),
                scale: (display.scale * 100.0).round().clamp(25.0, 1000.0) as u16,
                primary: display.main,
            })
            .collect();
        let whole = layout.area(origin.0, origin.1, right - origin.0, bottom - origin.1);
        Self { width: whole.width, height: whole.height, monitors, ..layout }
    }

    /// A part of the desktop in points, in the picture.
    pub fn area(&self, x: f64, y: f64, width: f64, height: f64) -> Area {
        let (left, top) = self.to_picture(x, y);
        let (right, bottom) = self.to_picture(x + width, y + height);
        let length = |from: i32, to: i32| u32::try_from(to.saturating_sub(from)).unwrap_or(0);
        Area { x: left, y: top, width: length(left, right), height: length(top, bottom) }
    }

    /// A place in points, in the picture.
    pub fn to_picture(&self, x: f64, y: f64) -> (i32, i32) {
        // A float that is too large becomes the largest number.
        (((x - self.origin.0) * self.scale).round() as i32, ((y - self.origin.1) * self.scale).round() as i32)
    }

    /// The middle of a pixel of the picture, in points. Places outside are the edge.
    pub fn to_points(&self, x: i32, y: i32) -> (f64, f64) {
        let inside =
            |at: i32, side: u32| f64::from(at.clamp(0, i32::try_from(side).unwrap_or(i32::MAX).max(1) - 1));
        let point = |at: f64, origin: f64| origin + (at + 0.5) / self.scale;
        (point(inside(x, self.width), self.origin.0), point(inside(y, self.height), self.origin.1))
    }

    /// So many pixels of the picture, in points.
    pub fn distance(&self, pixels: i32) -> f64 {
        f64::from(pixels) / self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(id: u32, x: f64, y: f64, width: f64, height: f64, scale: f64) -> Display {
        Display { id, x, y, width, height, scale, main: id == 1 }
    }

    #[test]
    fn a_fine_and_a_coarse_display_share_one_measure() {
        let fine = display(1, 0.0, 0.0, 1440.0, 900.0, 2.0);
        let coarse = display(2, -1920.0, -180.0, 1920.0, 1080.0, 1.0);
        let layout = Layout::of(&[fine, coarse]);
        assert_eq!((layout.width, layout.height), (2 * (1920 + 1440), 2 * 1080));
        let areas: Vec<Area> = layout.monitors.iter().map(|monitor| monitor.area).collect();
        assert_eq!(areas[0], Area { x: 3840, y: 360, width: 2880, height: 1800 });
        assert_eq!(areas[1], Area { x: 0, y: 0, width: 3840, height: 2160 });
        assert_eq!(layout.monitors[0].scale, 200);
        assert_eq!(layout.monitors[1].scale, 100);
        assert!(layout.monitors[0].primary && !layout.monitors[1].primary);
    }

    #[test]
    fn a_place_comes_back_from_its_points() {
        for scale in [1.0, 1.5, 2.0] {
            let layout = Layout::of(&[display(1, 100.0, -50.0, 800.0, 600.0, scale)]);
            for (x, y) in [(0, 0), (17, 333), (799, 599)] {
                let (px, py) = layout.to_points(x, y);
                // Down to its pixel: a point lies in the middle of it.
                assert_eq!(((px - 100.0) * scale).floor() as i32, x);
                assert_eq!(((py + 50.0) * scale).floor() as i32, y);
            }
            let edge = layout.to_points(i32::MAX, i32::MIN);
            assert!(edge.0 < 900.0 && edge.1 > -50.0, "{edge:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_shown_coarser_and_nonsense_is_left_out() {
        let huge = display(1, 0.0, 0.0, 7680.0, 4320.0, 2.0);
        let layout = Layout::of(&[huge, display(2, f64::NAN, 0.0, 1.0, 1.0, 1.0)]);
        assert_eq!((layout.width, layout.height, layout.monitors.len()), (7680, 4320, 1));
        let none = Layout::of(&[]);
        assert_eq!((none.width, none.height), (0, 0));
        let _ = none.to_points(5, 5);
    }
}
