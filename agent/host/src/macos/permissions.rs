//! macOS' own questions (TCC). What was answered is read as often as somebody asks; the screen's is told to a running
//! program only by what it sees of other programs' windows, since the answer itself is the one of its start.
#![allow(unsafe_code, reason = "the system's calls")]

use std::process::{Command, Stdio};

use objc2::msg_send;
use objc2::rc::Retained;
use objc2::runtime::AnyClass;
use objc2_core_foundation::{CFBoolean, CFDictionary, CFString};
use objc2_core_graphics::{
    CGPreflightScreenCaptureAccess, CGRequestScreenCaptureAccess, CGWindowListCopyWindowInfo,
    CGWindowListOption,
};
use objc2_foundation::{NSArray, NSString, ns_string};

use super::{Permission, Permissions, State};
use crate::macos::{Table, is_trusted, number, text};

/// The pages of the system's settings.
const PANE: &str = "x-apple.systempreferences:com.apple.preference.security?Privacy_";
/// Layers of windows whose titles are told without a permission: bars, and what the system draws.
const ORDINARY: i64 = 0;

#[link(name = "AVFoundation", kind = "framework")]
unsafe extern "C" {
    static AVMediaTypeAudio: &'static NSString;
}

#[link(name = "ApplicationServices", kind = "framework")]
unsafe extern "C" {
    static kAXTrustedCheckOptionPrompt: &'static CFString;
    fn AXIsProcessTrustedWithOptions(options: Option<&CFDictionary>) -> bool;
}

struct Tcc;

pub fn open() -> Box<dyn Permissions> {
    Box::new(Tcc)
}

impl Permissions for Tcc {
    fn look(&mut self) -> Vec<(Permission, State)> {
        let granted = |granted| if granted { State::Granted } else { State::Missing };
        let microphone = match microphone() {
            // AVAuthorizationStatusDenied and AVAuthorizationStatusRestricted, AVAuthorizationStatusAuthorized.
            1 | 2 => State::Refused,
            3 => State::Granted,
            _ => State::Unused,
        };
        vec![
            (Permission::Screen, granted(CGPreflightScreenCaptureAccess() || sees_titles())),
            (Permission::Control, granted(is_trusted())),
            (Permission::Microphone, microphone),
        ]
    }

    fn open_settings(&mut self, permission: Permission) {
        let page = match permission {
            Permission::Screen => {
                // Asks once, and puts this program on the list.
                CGRequestScreenCaptureAccess();
                "ScreenCapture"
            }
            Permission::Control => {
                // SAFETY: a table of one constant and one truth; it lives as long as the call.
                unsafe {
                    let (key, value) = (kAXTrustedCheckOptionPrompt, CFBoolean::new(true));
                    let options = CFDictionary::<CFString, CFBoolean>::from_slices(&[key], &[value]);
                    AXIsProcessTrustedWithOptions(Some(options.as_opaque()));
                }
                "Accessibility"
            }
            // Only a program that uses it is listed there, and nothing is asked for that is not used.
            Permission::Microphone => "Microphone",
        };
        let mut command = Command::new("/usr/bin/open");
        command.arg(format!("{PANE}{page}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Err(error) = command.status() {
            tracing::warn!(%error, "the system's settings cannot be opened");
        }
    }
}

/// AVAuthorizationStatus; 0 while nobody was asked.
fn microphone() -> isize {
    let Some(class) = AnyClass::get(c"AVCaptureDevice") else { return 0 };
    // SAFETY: so the method is declared.
    unsafe { msg_send![class, authorizationStatusForMediaType: AVMediaTypeAudio] }
}

/// Whether the title of any window of another program is told.
fn sees_titles() -> bool {
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let Some(list) = CGWindowListCopyWindowInfo(CGWindowListOption::OptionOnScreenOnly, 0) else {
        return false;
    };
    // SAFETY: an array of Core Foundation is one of Foundation; its elements are dictionaries whose keys are texts.
    let list: Retained<NSArray<Table>> =
        match unsafe { Retained::retain((&raw const *list).cast_mut().cast()) } {
            Some(list) => list,
            None => return false,
        };
    list.iter().any(|window| {
        let layer = number(&window, ns_string!("kCGWindowLayer")).map(|it| it.as_i64());
        let owner = number(&window, ns_string!("kCGWindowOwnerPID")).map(|it| it.as_i32());
        let named = text(&window, ns_string!("kCGWindowName")).is_some_and(|name| !name.is_empty());
        layer == Some(ORDINARY) && owner != Some(me) && named
    })
}
