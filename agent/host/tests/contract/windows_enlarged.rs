//! A display on which everything is enlarged. Whoever runs these tests sets how much, and runs what is promised of pictures
//! and places once more there.

use farhand_agent_host::capture::Geometry;

use super::World as _;
use super::windows::Windows;

/// Percent.
const SCALE: &str = "FARHAND_WINDOWS_SCALE";
/// Width and height of the display in pixels.
const SCREEN: &str = "FARHAND_WINDOWS_SCREEN";

#[test]
fn pixels_are_true_ones_however_much_is_enlarged_and_it_is_told_how_much() {
    let told = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let percent: u16 = told(SCALE).parse().unwrap();
    let screen = told(SCREEN);
    let (width, height) = screen.split_once('x').unwrap();
    let true_size = Geometry { width: width.parse().unwrap(), height: height.parse().unwrap() };
    let world = Windows::new();
    assert_eq!(world.size(), true_size);
    assert_eq!(world.capturer().geometry(), true_size);
    let monitors = world.desktop().look(&[]).unwrap().monitors;
    let [monitor] = monitors.as_slice() else { panic!("{monitors:?}") };
    assert_eq!(monitor.scale, percent);
    assert_eq!((monitor.area.width, monitor.area.height), (true_size.width, true_size.height));
}
