//! The keeper on Windows. The system does not say which keys a program holds: whatever is down is let go of. A key that
//! somebody holds by hand at that moment is pressed again by the keyboard itself.
#![allow(unsafe_code, reason = "the system's calls")]

use std::thread;
use std::time::Duration;

use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{
    GetAsyncKeyState, INPUT, INPUT_0, INPUT_KEYBOARD, INPUT_MOUSE, KEYBDINPUT, KEYEVENTF_EXTENDEDKEY,
    KEYEVENTF_KEYUP, MAPVK_VK_TO_VSC_EX, MOUSEEVENTF_LEFTUP, MOUSEEVENTF_MIDDLEUP, MOUSEEVENTF_RIGHTUP,
    MOUSEEVENTF_XUP, MOUSEINPUT, MapVirtualKeyW, VK_CONTROL, VK_LBUTTON, VK_MBUTTON, VK_MENU, VK_RBUTTON,
    VK_SHIFT, VK_XBUTTON1, VK_XBUTTON2,
};

use crate::input::InjectError;
use crate::input::os::send;
use crate::windows::scan::Key;

/// Pauses before each look. What the agent put in before it died may be on its way still.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(500)];
/// The first and the last key that is no button.
const FIRST: u16 = 8;
const LAST: u16 = 254;

/// What ends the agent from its console leaves the keeper alive to do its work.
pub fn stand_apart() {
    // SAFETY: a plain call.
    unsafe { SetConsoleCtrlHandler(None, 1) };
}

/// Lets go of everything. Returns how many keys and buttons that were.
pub fn release() -> Result<usize, InjectError> {
    let mut released = 0;
    for pause in LOOKS {
        thread::sleep(pause);
        let held = held();
        released += held.len();
        send(&held)?;
    }
    Ok(released)
}

fn held() -> Vec<INPUT> {
    let buttons = [
        (VK_LBUTTON, MOUSEEVENTF_LEFTUP, 0),
        (VK_RBUTTON, MOUSEEVENTF_RIGHTUP, 0),
        (VK_MBUTTON, MOUSEEVENTF_MIDDLEUP, 0),
        (VK_XBUTTON1, MOUSEEVENTF_XUP, 1),
        (VK_XBUTTON2, MOUSEEVENTF_XUP, 2),
    ];
    let buttons = buttons.into_iter().filter(|(key, ..)| is_down(*key)).map(|(_, flags, which)| {
        let mi = MOUSEINPUT { mouseData: which, dwFlags: flags, ..MOUSEINPUT::default() };
        INPUT { r#type: INPUT_MOUSE, Anonymous: INPUT_0 { mi } }
    });
    // These three stand for the left or the right one, which are looked at themselves.
    let either = [VK_SHIFT, VK_CONTROL, VK_MENU];
    let keys = (FIRST..=LAST).filter(|key| !either.contains(key) && is_down(*key)).map(|virtual_key| {
        // SAFETY: a plain call.
        let key = Key::from_system(unsafe { MapVirtualKeyW(virtual_key.into(), MAPVK_VK_TO_VSC_EX) });
        let extended = if key.is_extended() { KEYEVENTF_EXTENDEDKEY } else { 0 };
        let ki = KEYBDINPUT {
            wVk: virtual_key,
            wScan: key.code(),
            dwFlags: KEYEVENTF_KEYUP | extended,
            ..KEYBDINPUT::default()
        };
        INPUT { r#type: INPUT_KEYBOARD, Anonymous: INPUT_0 { ki } }
    });
    buttons.chain(keys).collect()
}

fn is_down(key: u16) -> bool {
    // SAFETY: a plain call.
    unsafe { GetAsyncKeyState(key.into()) < 0 }
}
