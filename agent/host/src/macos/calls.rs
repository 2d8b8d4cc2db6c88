//! The system's calls that several back ends make.
#![allow(unsafe_code, reason = "the system's calls")]

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use objc2::rc::Retained;
use objc2::runtime::AnyObject;
use objc2_core_graphics::{
    CGDisplayBounds, CGDisplayCopyDisplayMode, CGDisplayMirrorsDisplay, CGDisplayMode, CGError,
    CGGetActiveDisplayList, CGMainDisplayID, CGSessionCopyCurrentDictionary,
};
use objc2_foundation::{NSDictionary, NSNumber, NSString};

use super::layout::{Display, Layout};

/// The most displays that are asked for.
const MAX_DISPLAYS: usize = 16;

/// Rung from any thread; heard by one.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    /// Wakes whoever waits, or waits next.
    pub fn ring(&self) {
        let (rung, woken) = &*self.0;
        *rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        woken.notify_all();
    }

    /// Blocks until somebody rings or the time has come. Whether somebody rang.
    pub fn wait(&self, until: Option<Instant>) -> bool {
        let (rung, woken) = &*self.0;
        let mut now = rung.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if std::mem::take(&mut *now) {
                return true;
            }
            now = match until {
                None => woken.wait(now).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    woken.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Numbers of the displays that show something of their own.
fn display_numbers() -> Vec<u32> {
    let (mut list, mut count) = ([0_u32; MAX_DISPLAYS], 0_u32);
    // SAFETY: at most so many numbers are written, and how many they are.
    let listed = unsafe { CGGetActiveDisplayList(MAX_DISPLAYS as u32, list.as_mut_ptr(), &raw mut count) };
    if listed != CGError::Success {
        return Vec::new();
    }
    let count = (count as usize).min(MAX_DISPLAYS);
    list[..count].iter().copied().filter(|display| CGDisplayMirrorsDisplay(*display) == 0).collect()
}

/// The displays as they stand now.
pub fn layout() -> Layout {
    let main = CGMainDisplayID();
    let displays: Vec<Display> = display_numbers()
        .into_iter()
        .map(|id| {
            let bounds = CGDisplayBounds(id);
            let mode = CGDisplayCopyDisplayMode(id);
            let (points, pixels) =
                (CGDisplayMode::width(mode.as_deref()), CGDisplayMode::pixel_width(mode.as_deref()));
            let scale = if points > 0 && pixels > 0 { pixels as f64 / points as f64 } else { 1.0 };
            Display {
                id,
                x: bounds.origin.x,
                y: bounds.origin.y,
                width: bounds.size.width,
                height: bounds.size.height,
                scale,
                main: id == main,
            }
        })
        .collect();
    Layout::of(&displays)
}

/// What the system hands out as a table with names of its own.
pub type Table = NSDictionary<NSString, AnyObject>;

/// A number of a table.
pub fn number(table: &Table, key: &NSString) -> Option<Retained<NSNumber>> {
    table.objectForKey(key)?.downcast().ok()
}

/// A text of a table.
pub fn text(table: &Table, key: &NSString) -> Option<String> {
    let text: Retained<NSString> = table.objectForKey(key)?.downcast().ok()?;
    Some(text.to_string())
}

/// What the system says of the session that this program runs in, while there is one with a screen.
pub fn session() -> Option<Retained<Table>> {
    let table = CGSessionCopyCurrentDictionary()?;
    // SAFETY: a dictionary of Core Foundation is one of Foundation, and its keys are texts.
    unsafe { Retained::retain((&raw const *table).cast_mut().cast()) }
}

/// Whether that session shows its lock screen.
pub fn is_locked() -> bool {
    let locked = session().and_then(|table| number(&table, &NSString::from_str("CGSSessionScreenIsLocked")));
    locked.is_some_and(|locked| locked.boolValue())
}

#[link(name = "ApplicationServices", kind = "framework")]
unsafe extern "C" {
    fn AXIsProcessTrusted() -> bool;
}

/// Whether this program may put in keys and pointer, and listen to them.
pub fn is_trusted() -> bool {
    // SAFETY: a plain call.
    unsafe { AXIsProcessTrusted() }
}
