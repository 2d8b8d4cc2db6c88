//! macOS starts a program for an address without a word of it on the command line, and hands it over by an Apple event once
//! the program takes events.
#![allow(unsafe_code, reason = "the system's calls")]

use std::cell::RefCell;
use std::time::{Duration, Instant};

use objc2::rc::{Allocated, Retained, autoreleasepool};
use objc2::runtime::NSObject;
use objc2::{DefinedClass, MainThreadMarker, MainThreadOnly, define_class, msg_send, sel};
use objc2_app_kit::{NSApplication, NSEventMask, NSRunningApplication};
use objc2_foundation::{NSAppleEventDescriptor, NSAppleEventManager, NSDate, NSDefaultRunLoopMode};

/// `kInternetEventClass` and `kAEGetURL`.
const GET_URL: u32 = u32::from_be_bytes(*b"GURL");
/// `keyDirectObject`: what an event is about.
const ABOUT: u32 = u32::from_be_bytes(*b"----");
/// The event comes within this time or is not waited for any more.
const WITHIN: Duration = Duration::from_secs(1);
/// Nobody promises that it comes before the system says that the start is over.
const AFTERWARDS: Duration = Duration::from_millis(250);
/// How long the system is waited for at a time.
const TURN: f64 = 0.05;

define_class!(
    // SAFETY: NSObject asks nothing of its subclasses, and this one has no `Drop`.
    #[unsafe(super(NSObject))]
    #[thread_kind = MainThreadOnly]
    #[name = "FarhandOpened"]
    #[ivars = RefCell<Option<String>>]
    struct Opened;

    impl Opened {
        #[unsafe(method(opened:reply:))]
        fn opened(&self, event: &NSAppleEventDescriptor, _reply: Option<&NSAppleEventDescriptor>) {
            // SAFETY: so the method is declared.
            let about: Option<Retained<NSAppleEventDescriptor>> =
                unsafe { msg_send![event, paramDescriptorForKeyword: ABOUT] };
            let text = about.and_then(|about| about.stringValue());
            // The first one counts, as on a command line.
            self.ivars().borrow_mut().get_or_insert_with(|| text.map_or_else(String::new, |text| text.to_string()));
        }
    }
);

impl Opened {
    fn new(main: MainThreadMarker) -> Retained<Self> {
        let this: Allocated<Self> = Self::alloc(main);
        let this = this.set_ivars(RefCell::new(None));
        // SAFETY: NSObject's `init` is as it is declared.
        unsafe { msg_send![super(this), init] }
    }

    fn found(&self) -> Option<String> {
        self.ivars().borrow_mut().take()
    }
}

/// Whoever takes the event, for as long as this lives: the system does not keep them alive itself.
struct Listens(Retained<Opened>);

impl Listens {
    fn new(main: MainThreadMarker) -> Self {
        let opened = Opened::new(main);
        let manager = NSAppleEventManager::sharedAppleEventManager();
        // SAFETY: so the method is declared; the handler has this method, and stays until it is taken out below.
        unsafe {
            let _: () = msg_send![
                &*manager,
                setEventHandler: &*opened,
                andSelector: sel!(opened:reply:),
                forEventClass: GET_URL,
                andEventID: GET_URL
            ];
        }
        Self(opened)
    }
}

impl Drop for Listens {
    fn drop(&mut self) {
        let manager = NSAppleEventManager::sharedAppleEventManager();
        // SAFETY: so the method is declared.
        unsafe {
            let _: () = msg_send![
                &*manager,
                removeEventHandlerForEventClass: GET_URL,
                andEventID: GET_URL
            ];
        }
    }
}

pub fn address() -> Option<String> {
    // Events come to the thread that began the process, and to no other.
    let main = MainThreadMarker::new()?;
    autoreleasepool(|_| {
        // Before the start is over: what waits is handed out then.
        let listens = Listens::new(main);
        let program = NSApplication::sharedApplication(main);
        program.finishLaunching();
        let began = Instant::now();
        let mut launched = None;
        loop {
            turn(&program);
            if let Some(address) = listens.0.found() {
                return Some(address);
            }
            if launched.is_none() && NSRunningApplication::currentApplication().isFinishedLaunching() {
                launched = Some(Instant::now());
            }
            let over = launched.is_some_and(|launched| launched.elapsed() >= AFTERWARDS);
            if over || began.elapsed() >= WITHIN {
                return None;
            }
        }
    })
}

/// Hands on the next event, if one comes soon. Apple events are taken by whoever listens while it is waited for.
fn turn(program: &NSApplication) {
    autoreleasepool(|_| {
        let soon = NSDate::dateWithTimeIntervalSinceNow(TURN);
        // SAFETY: a text of the system's that is there as long as this process.
        let mode = unsafe { NSDefaultRunLoopMode };
        let (any, take) = (NSEventMask::Any, true);
        let event = program.nextEventMatchingMask_untilDate_inMode_dequeue(any, Some(&soon), mode, take);
        if let Some(event) = event {
            program.sendEvent(&event);
        }
    });
}
