//! An event tap that only listens. The system says of each event which program posted it; what a device did has none.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ffi::c_void;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use farhand_protocol::keys::Usage;
use objc2_core_foundation::{
    CFMachPort, CFRetained, CFRunLoop, kCFRunLoopCommonModes, kCFRunLoopDefaultMode,
};
use objc2_core_graphics::{
    CGEvent, CGEventField, CGEventMask, CGEventTapLocation, CGEventTapOptions, CGEventTapPlacement,
    CGEventTapProxy, CGEventType,
};

use super::{Done, Hands, HandsError, Tell};
use crate::macos::keys;

/// Seconds after which the loop looks whether anybody listens still.
const TURN: f64 = 1.0;

pub fn open(_display: Option<&str>, tell: Tell) -> Result<Box<dyn Hands>, HandsError> {
    let refused = |detail: String| HandsError::Refused { detail };
    let orders = Arc::new(Orders::default());
    let theirs = Arc::clone(&orders);
    let (ready, is_ready) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("hands".into())
        .spawn(move || {
            let ear = Box::new(Ear { tell, orders: theirs, tap: std::cell::OnceCell::new() });
            listen(&ear, &ready);
        })
        .map_err(|error| refused(error.to_string()))?;
    let run_loop = is_ready.recv().unwrap_or_else(|_| Err("its thread ended".to_owned())).map_err(refused)?;
    Ok(Box::new(MacHands { orders, run_loop, thread: Some(thread) }))
}

/// The thread's loop, which any thread may stop.
struct Loop(CFRetained<CFRunLoop>);

// SAFETY: the system's loops may be stopped by any thread, which is all that is done with this one.
unsafe impl Send for Loop {}

#[derive(Debug, Default)]
struct Orders {
    all: AtomicBool,
    quit: AtomicBool,
}

struct MacHands {
    orders: Arc<Orders>,
    run_loop: Loop,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for MacHands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacHands")
    }
}

impl Hands for MacHands {
    fn listen_to_all(&self, all: bool) {
        self.orders.all.store(all, Ordering::Relaxed);
    }
}

impl Drop for MacHands {
    fn drop(&mut self) {
        self.orders.quit.store(true, Ordering::SeqCst);
        self.run_loop.0.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Ear {
    tell: Tell,
    orders: Arc<Orders>,
    tap: std::cell::OnceCell<CFRetained<CFMachPort>>,
}

const KINDS: [CGEventType; 11] = [
    CGEventType::KeyDown,
    CGEventType::KeyUp,
    CGEventType::FlagsChanged,
    CGEventType::LeftMouseDown,
    CGEventType::RightMouseDown,
    CGEventType::OtherMouseDown,
    CGEventType::ScrollWheel,
    CGEventType::MouseMoved,
    CGEventType::LeftMouseDragged,
    CGEventType::RightMouseDragged,
    CGEventType::OtherMouseDragged,
];

/// Until the loop is stopped.
fn listen(ear: &Ear, ready: &mpsc::Sender<Result<Loop, String>>) {
    let mask: CGEventMask = KINDS.iter().fold(0, |mask, kind| mask | 1 << kind.0);
    // SAFETY: `ear` outlives the tap, which ends below; `heard` takes it for what it is.
    let tap = unsafe {
        CGEvent::tap_create(
            CGEventTapLocation::SessionEventTap,
            CGEventTapPlacement::HeadInsertEventTap,
            CGEventTapOptions::ListenOnly,
            mask,
            Some(heard),
            std::ptr::from_ref(ear).cast_mut().cast(),
        )
    };
    let parts = tap.and_then(|tap| {
        let source = CFMachPort::new_run_loop_source(None, Some(&tap), 0)?;
        Some((tap, source, CFRunLoop::current()?))
    });
    let Some((tap, source, run_loop)) = parts else {
        let _ = ready.send(Err("the permission for Accessibility is missing".to_owned()));
        return;
    };
    // SAFETY: constants of the framework.
    let (modes, mode) = unsafe { (kCFRunLoopCommonModes, kCFRunLoopDefaultMode) };
    run_loop.add_source(Some(&source), modes);
    CGEvent::tap_enable(&tap, true);
    let _ = ear.tap.set(tap.clone());
    let _ = ready.send(Ok(Loop(run_loop.clone())));
    // A stop that comes before the loop runs would be forgotten.
    while !ear.orders.quit.load(Ordering::SeqCst) {
        CFRunLoop::run_in_mode(mode, TURN, false);
    }
    run_loop.remove_source(Some(&source), modes);
    tap.invalidate();
}

unsafe extern "C-unwind" fn heard(
    _proxy: CGEventTapProxy,
    kind: CGEventType,
    event: NonNull<CGEvent>,
    ear: *mut c_void,
) -> *mut CGEvent {
    // SAFETY: what was given to `tap_create`, which ends before it does; used on the loop's thread alone.
    let (ear, about) = unsafe { (&*ear.cast::<Ear>(), event.as_ref()) };
    let field = |field| CGEvent::integer_value_field(Some(about), field);
    let physical = || field(CGEventField::EventSourceUnixProcessID) == 0;
    // A key without a number is a touch all the same.
    let usage = || {
        let number = u16::try_from(field(CGEventField::KeyboardEventKeycode)).unwrap_or(u16::MAX);
        keys::usage(number).unwrap_or(Usage(0))
    };
    let all = ear.orders.all.load(Ordering::Relaxed);
    match kind {
        // Whoever is slow is no longer told; here nothing is, and the next one counts again.
        CGEventType::TapDisabledByTimeout | CGEventType::TapDisabledByUserInput => {
            if let Some(tap) = ear.tap.get() {
                CGEvent::tap_enable(tap, true);
            }
        }
        // A key that is held is one touch.
        CGEventType::KeyDown if field(CGEventField::KeyboardEventAutorepeat) != 0 => {}
        CGEventType::KeyDown | CGEventType::KeyUp => {
            let down = kind == CGEventType::KeyDown;
            (ear.tell)(Done::Key { usage: usage(), down, physical: physical() });
        }
        CGEventType::FlagsChanged => {
            let (usage, flags) = (usage(), CGEvent::flags(Some(about)).0);
            let down = match usage.is_modifier() {
                true => keys::is_down(usage, flags),
                false => flags & keys::CAPS_LOCK != 0,
            };
            (ear.tell)(Done::Key { usage, down, physical: physical() });
        }
        CGEventType::MouseMoved
        | CGEventType::LeftMouseDragged
        | CGEventType::RightMouseDragged
        | CGEventType::OtherMouseDragged => {
            if all {
                (ear.tell)(Done::Motion { physical: physical() });
            }
        }
        _ => {
            if all {
                (ear.tell)(Done::Button { physical: physical() });
            }
        }
    }
    event.as_ptr()
}
