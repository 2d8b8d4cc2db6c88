//! Displays and windows as the system lists them. It tells of no change to those who do not ask, so it is asked again for
//! each picture.
#![allow(unsafe_code, reason = "the system's calls")]

use std::collections::HashMap;

use objc2::rc::Retained;
use objc2::runtime::AnyObject;
use objc2_app_kit::NSRunningApplication;
use objc2_core_foundation::{CFDictionary, CGRect};
use objc2_core_graphics::{
    CGRectMakeWithDictionaryRepresentation, CGWindowListCopyWindowInfo, CGWindowListOption,
};
use objc2_foundation::{NSArray, NSBundle, NSDictionary, NSString, ns_string};

use super::scene::{Client, Focus, Kind, Scene, Top};
use super::{Backend, Desktop, MAX_TITLE, Shareable, WindowRule};
use crate::capture::CaptureError;
use crate::macos::layout::Layout;
use crate::macos::{Table, layout, number, text};

/// The most windows that are looked at.
const MAX_TOPS: usize = 2048;
/// The most programs whose names are remembered.
const MAX_NAMES: usize = 4096;
/// The layer of programs' windows. Below it is the desktop; above it are bars, menus and what floats.
const ORDINARY: i64 = 0;
/// How this program calls itself on every system.
const OURS: &str = "farhand-agent";
/// The layers of the Dock, of the menu bar, and of what lies in the menu bar.
const BARS: [i64; 3] = [20, 24, 25];

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Desktop>, CaptureError> {
    let name = match preference {
        Backend::Auto => return Ok(Box::new(MacDesktop::default())),
        Backend::X11 => "X11",
        Backend::Wayland => "Wayland",
        Backend::Fake => "fake",
    };
    Err(CaptureError::NotHere { name })
}

/// Keeps a scene like the desktop.
#[derive(Debug, Default)]
pub struct Tracker {
    /// Names of programs by their processes' numbers.
    programs: HashMap<i32, Vec<String>>,
}

impl Tracker {
    /// Brings the scene up to date. Returns how the displays stand.
    pub fn settle(&mut self, scene: &mut Scene) -> Layout {
        let layout = layout();
        scene.set_screen(layout.width, layout.height);
        scene.set_monitors(layout.monitors.clone());
        self.settle_windows(scene, &layout);
        layout
    }

    /// Brings the windows up to date, and where keys go.
    pub fn settle_windows(&mut self, scene: &mut Scene, layout: &Layout) {
        if self.programs.len() > MAX_NAMES {
            self.programs.clear();
        }
        let mut tops = Vec::new();
        let mut focus = Focus::Nowhere;
        // The system names the foremost first.
        for window in list().iter().take(MAX_TOPS) {
            let Some(top) = self.top(&window, layout) else { continue };
            // The program in front has its windows in front; who is asked for it answers only where a main loop runs.
            if focus == Focus::Nowhere && top.kind == Kind::Ordinary {
                focus = Focus::Window(top.id);
            }
            tops.push(top);
        }
        tops.reverse();
        scene.set_windows(tops);
        scene.set_focus(focus);
    }

    fn top(&mut self, window: &Table, layout: &Layout) -> Option<Top> {
        let id = number(window, ns_string!("kCGWindowNumber"))?.as_u32();
        let bounds = bounds(window)?;
        let (origin, size) = (bounds.origin, bounds.size);
        let area = layout.area(origin.x, origin.y, size.width, size.height);
        let process = number(window, ns_string!("kCGWindowOwnerPID")).map_or(0, |it| it.as_i32());
        let layer = number(window, ns_string!("kCGWindowLayer")).map_or(ORDINARY, |it| it.as_i64());
        let alpha = number(window, ns_string!("kCGWindowAlpha")).map_or(1.0, |it| it.as_f64());
        let kind = if area.width == 0 || area.height == 0 || alpha <= 0.0 {
            Kind::Unseen
        } else if layer < ORDINARY || BARS.contains(&layer) {
            Kind::Furniture
        } else if layer == ORDINARY {
            Kind::Ordinary
        } else {
            Kind::Free
        };
        let mut title = text(window, ns_string!("kCGWindowName")).unwrap_or_default();
        title.truncate(title.char_indices().nth(MAX_TITLE).map_or(title.len(), |(end, _)| end));
        let mut programs = self.programs(process);
        programs.extend(text(window, ns_string!("kCGWindowOwnerName")).filter(|it| !programs.contains(it)));
        let client = Client { id, programs, title, transient_for: None, owner: process.unsigned_abs() };
        // Corners are round and shadows shine through; neither is told, so nothing counts as hidden below a window.
        Some(Top {
            id,
            area,
            mapped: true,
            kind,
            shape: Vec::new(),
            opaque: Vec::new(),
            clients: Some(vec![client]),
        })
    }

    /// The names of a process's program: its own, and the reverse-DNS one.
    fn programs(&mut self, process: i32) -> Vec<String> {
        let look = || {
            let Some(program) = NSRunningApplication::runningApplicationWithProcessIdentifier(process) else {
                return Vec::new();
            };
            let bundle = program.bundleIdentifier();
            // The window's process is another one, of the same bundle.
            let own = bundle.is_some() && bundle == NSBundle::mainBundle().bundleIdentifier();
            let names = [program.localizedName(), bundle, own.then(|| NSString::from_str(OURS))];
            names.into_iter().flatten().map(|name| name.to_string()).collect()
        };
        self.programs.entry(process).or_insert_with(look).clone()
    }
}

/// The windows that are on the screen, the foremost first.
fn list() -> Retained<NSArray<NSDictionary<NSString, AnyObject>>> {
    let list = CGWindowListCopyWindowInfo(CGWindowListOption::OptionOnScreenOnly, 0);
    // SAFETY: an array of Core Foundation is one of Foundation; its elements are dictionaries whose keys are texts.
    let list = list.and_then(|list| unsafe { Retained::retain((&raw const *list).cast_mut().cast()) });
    list.unwrap_or_else(NSArray::new)
}

/// Where a window is, in points.
fn bounds(window: &Table) -> Option<CGRect> {
    let bounds = window.objectForKey(ns_string!("kCGWindowBounds"))?;
    let bounds: Retained<NSDictionary> = bounds.downcast().ok()?;
    let mut rect = CGRect::default();
    // SAFETY: a dictionary of Foundation is one of Core Foundation; one rectangle is written.
    let read = unsafe {
        let bounds: &CFDictionary = &*(&raw const *bounds).cast();
        CGRectMakeWithDictionaryRepresentation(Some(bounds), &raw mut rect)
    };
    read.then_some(rect)
}

#[derive(Debug, Default)]
struct MacDesktop {
    tracker: Tracker,
}

impl Desktop for MacDesktop {
    fn look(&mut self, rules: &[WindowRule]) -> Result<Shareable, CaptureError> {
        let mut scene = Scene::default();
        self.tracker.settle(&mut scene);
        Ok(scene.shareable(rules))
    }
}
