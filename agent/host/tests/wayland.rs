//! What is promised of a Wayland desktop beyond what every back end promises, on a real one: a compositor without a screen,
//! PipeWire, and the portal. Where those are missing each test says so and passes, unless FARHAND_REQUIRE_WAYLAND is
//! set.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[path = "support/wayland.rs"]
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use farhand_agent_host::agreement::{self, Standing, Wanted};
use farhand_agent_host::capture::{Backend, CaptureError, Capturer, open_capturer_on};
use farhand_agent_host::input::{self, InjectError, open_injector_on};
use farhand_agent_host::monitors::{Area, Share, View, WindowEffect, WindowMark, WindowRule};
use farhand_protocol::channel::monitors as told;
use farhand_protocol::keys::Usage;
use support::{Answer, Desktop, Got, PATIENCE};

const SIZE: (u32, u32) = (800, 500);
const VIEW: Wanted = Wanted { view: true, control: false, windows_only: false };
const CONTROL: Wanted = Wanted { control: true, ..VIEW };
/// Bits of the portal.
const DRAWN_BESIDE: u32 = 4;
const SCREENS_AND_WINDOWS: u32 = 3;
const WINDOWS: u32 = 2;
const KEYS_AND_POINTER: u32 = 3;

/// What the desktop says to this.
fn asked(desktop: &Desktop, wanted: Wanted) -> Result<Box<dyn Capturer>, CaptureError> {
    let bus = desktop.bus();
    agreement::want_on(Some(&bus), wanted);
    let until = Instant::now() + 3 * PATIENCE;
    loop {
        match open_capturer_on(Backend::Wayland, Some(&bus)) {
            // As the agent does: a picture that did not come at once is asked for again.
            Err(CaptureError::NotAgreed | CaptureError::Refused { .. }) if Instant::now() < until => {
                support::pause();
            }
            other => return other,
        }
    }
}

/// What comes of waiting, once it is no more than a change.
fn end_of(capturer: &mut dyn Capturer) -> CaptureError {
    let until = Instant::now() + PATIENCE;
    loop {
        match capturer.wait(Some(until)) {
            Ok(happened) => assert!(!happened.timed_out, "nobody said that it is over"),
            Err(error) => return error,
        }
    }
}

/// Waits for what comes of something that was begun.
fn comes(what: &str, is: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < until, "{what}");
        support::pause();
    }
}

#[test]
fn the_desktop_is_asked_for_what_was_granted_and_for_nothing_before() {
    let Some(desktop) = Desktop::start(&[SIZE]) else { return };
    let bus = desktop.bus();
    agreement::probe_on(Some(&bus)).unwrap();
    assert_eq!(open_capturer_on(Backend::Wayland, Some(&bus)).err(), Some(CaptureError::NotAgreed));
    let mut injector = open_injector_on(input::Backend::Wayland, Some(&bus)).unwrap();
    let key = Usage::from_code("KeyA").unwrap();
    assert_eq!(injector.key(key, true), Err(InjectError::NotAgreed));
    assert!(desktop.steward().asked().is_empty(), "it was asked although nothing was granted");

    drop(asked(&desktop, VIEW).unwrap());
    assert_eq!(desktop.steward().asked(), [(SCREENS_AND_WINDOWS, DRAWN_BESIDE, 0)]);
    assert_eq!(injector.key(key, true), Err(InjectError::NotAgreed), "only the screen was granted");
    // Who stops looking and looks again asks nobody anew.
    drop(asked(&desktop, VIEW).unwrap());
    assert_eq!(desktop.steward().asked().len(), 1);

    drop(asked(&desktop, CONTROL).unwrap());
    assert_eq!(desktop.steward().asked()[1..], [(SCREENS_AND_WINDOWS, DRAWN_BESIDE, KEYS_AND_POINTER)]);
    injector.key(key, true).unwrap();
    comes("the first session stayed", || desktop.steward().sessions() == 1);
}

#[test]
fn a_no_stays_one_until_it_is_granted_anew() {
    let Some(desktop) = Desktop::start(&[SIZE]) else { return };
    desktop.steward().answer(Answer::No);
    assert_eq!(asked(&desktop, CONTROL).err(), Some(CaptureError::Declined));
    for _ in 0..3 {
        assert_eq!(asked(&desktop, CONTROL).err(), Some(CaptureError::Declined));
    }
    assert_eq!(desktop.steward().asked().len(), 1, "a no was not taken for one");
    agreement::want_on(Some(&desktop.bus()), Wanted::default());
    desktop.steward().answer(Answer::Yes);
    asked(&desktop, CONTROL).unwrap();
}

#[test]
fn a_question_that_nobody_answers_goes_when_it_is_over() {
    let Some(desktop) = Desktop::start(&[SIZE]) else { return };
    desktop.steward().answer(Answer::Silence);
    let bus = desktop.bus();
    agreement::want_on(Some(&bus), CONTROL);
    comes("it was not asked", || !desktop.steward().asked().is_empty());
    assert_eq!(open_capturer_on(Backend::Wayland, Some(&bus)).err(), Some(CaptureError::NotAgreed));
    agreement::want_on(Some(&bus), Wanted::default());
    comes("the question stayed", || desktop.steward().sessions() == 0);
}

#[test]
fn what_is_over_is_given_back_and_what_is_taken_back_is_over() {
    let Some(mut desktop) = Desktop::start(&[SIZE]) else { return };
    let _painter = desktop.painter();
    let bus = desktop.bus();
    let mut first = asked(&desktop, CONTROL).unwrap();
    let mut injector = open_injector_on(input::Backend::Wayland, Some(&bus)).unwrap();
    injector.key(Usage::from_code("KeyA").unwrap(), true).unwrap();
    agreement::want_on(Some(&bus), Wanted::default());
    assert_eq!(first.grab().err(), Some(CaptureError::NotAgreed), "there was one more picture");
    comes("the desktop keeps it", || desktop.steward().sessions() == 0);
    assert!(injector.key(Usage::from_code("KeyB").unwrap(), true).is_err());
    drop(first);

    let mut second = asked(&desktop, VIEW).unwrap();
    desktop.steward().take_back();
    assert_eq!(end_of(second.as_mut()), CaptureError::TakenBack);
    drop(second);

    agreement::want_on(Some(&bus), Wanted::default());
    let mut third = asked(&desktop, VIEW).unwrap();
    desktop.end();
    assert_eq!(end_of(third.as_mut()), CaptureError::Gone);
    // The portal is gone a moment after the pictures.
    comes("it stands as if it could go on", || agreement::standing_on(&bus) == Standing::Over);
}

#[test]
fn what_cannot_be_kept_out_of_the_picture_is_not_shown_at_all() {
    let Some(desktop) = Desktop::start(&[SIZE]) else { return };
    let pattern = "*salary*".to_owned();
    let rule = WindowRule { effect: WindowEffect::Hide, by: WindowMark::Title, pattern };
    let rules: Arc<[WindowRule]> = Arc::from(vec![rule]);
    let mut whole = asked(&desktop, VIEW).unwrap();
    assert_eq!(whole.set_view(View { rules, ..View::default() }), Err(CaptureError::CannotHide));
    let window = View { share: Share::Window(7), ..View::default() };
    assert!(matches!(whole.set_view(window), Err(CaptureError::OnlyWhole { .. })));
    drop(whole);
    // A desktop that gives a whole screen where a window was asked for is not believed either.
    let windows_only = Wanted { windows_only: true, ..VIEW };
    assert_eq!(asked(&desktop, windows_only).err(), Some(CaptureError::CannotHide));
    assert_eq!(desktop.steward().asked().last(), Some(&(WINDOWS, DRAWN_BESIDE, 0)));
    // Nor one that does not say what it gives.
    agreement::want_on(Some(&desktop.bus()), Wanted::default());
    desktop.steward().answer(Answer::Unnamed);
    assert_eq!(asked(&desktop, windows_only).err(), Some(CaptureError::CannotHide));
}

#[test]
fn a_window_is_seen_and_nobody_presses_in_it_blindly() {
    let Some(desktop) = Desktop::start(&[SIZE]) else { return };
    desktop.steward().answer(Answer::Window);
    let capturer = asked(&desktop, CONTROL).unwrap();
    let seen = capturer.seen();
    assert_eq!(seen.monitors.share, told::Share::Window { here: true });
    assert_eq!(seen.blocked, [Area { x: 0, y: 0, width: SIZE.0, height: SIZE.1 }]);
    assert!(!seen.keys && seen.monitors.list.is_empty());
}

#[test]
fn where_keys_were_refused_the_picture_is_seen_and_keys_are_not_pressed() {
    let Some(desktop) = Desktop::start(&[SIZE]) else { return };
    desktop.steward().answer(Answer::OnlyLook);
    let mut capturer = asked(&desktop, CONTROL).unwrap();
    assert!(!capturer.seen().keys);
    capturer.grab().unwrap();
    let mut injector = open_injector_on(input::Backend::Wayland, Some(&desktop.bus())).unwrap();
    assert_eq!(injector.key(Usage::from_code("KeyA").unwrap(), true), Err(InjectError::NotAgreed));
    assert_eq!(injector.pointer(5, 5), Err(InjectError::NotAgreed));
    // What is wanted still is not asked for again and again, but once it is granted anew.
    let bus = desktop.bus();
    assert_eq!(agreement::standing_on(&bus), Standing::OnlyLook);
    agreement::want_on(Some(&bus), CONTROL);
    assert_eq!(desktop.steward().asked().len(), 1);
    agreement::want_on(Some(&bus), VIEW);
    desktop.steward().answer(Answer::Yes);
    drop(asked(&desktop, CONTROL).unwrap());
    comes("keys are not asked for", || agreement::standing_on(&bus) == Standing::Agreed);
    assert_eq!(desktop.steward().asked().len(), 2);
}

#[test]
fn several_monitors_are_one_desktop_and_each_can_be_shown_alone() {
    let Some(desktop) = Desktop::start(&[SIZE, (640, 400)]) else { return };
    let mut capturer = asked(&desktop, CONTROL).unwrap();
    let captured = capturer.grab().unwrap();
    assert_eq!((captured.frame.width, captured.frame.height), (SIZE.0 + 640, SIZE.1));
    let list = capturer.seen().monitors.list;
    let areas: Vec<_> = list.iter().map(|monitor| (monitor.area.x, monitor.area.width)).collect();
    assert_eq!(areas, [(0, SIZE.0), (SIZE.0 as i32, 640)]);
    let choice = told::Choice::One { id: list[1].id };
    capturer.set_view(View { choice, ..View::default() }).unwrap();
    let captured = capturer.grab().unwrap();
    assert_eq!(captured.area, list[1].area);
    assert_eq!((captured.frame.width, captured.frame.height), (640, 400));
    // The pointer goes to the monitor on which the place is, and the picture with it where that was chosen.
    let mut injector = open_injector_on(input::Backend::Wayland, Some(&desktop.bus())).unwrap();
    for at in [(SIZE.0 as i32 + 300, 200), (100, 90)] {
        injector.pointer(at.0, at.1).unwrap();
        let until = Instant::now() + PATIENCE;
        while capturer.cursor_at().unwrap() != at {
            assert!(Instant::now() < until, "it is at {:?}, not {at:?}", capturer.cursor_at());
            capturer.wait(Some(Instant::now() + Duration::from_millis(50))).unwrap();
        }
    }
    capturer.set_view(View { choice: told::Choice::Pointer, ..View::default() }).unwrap();
    assert_eq!(capturer.grab().unwrap().area, list[0].area);
    injector.pointer(SIZE.0 as i32 + 9, 9).unwrap();
    let until = Instant::now() + PATIENCE;
    while capturer.grab().unwrap().area != list[1].area {
        assert!(Instant::now() < until, "the picture stays where the pointer is not");
        capturer.wait(Some(Instant::now() + Duration::from_millis(50))).unwrap();
    }
}

#[test]
fn text_is_typed_by_its_letters_whatever_is_held() {
    let Some(desktop) = Desktop::start(&[SIZE]) else { return };
    let mut painter = desktop.painter();
    drop(asked(&desktop, CONTROL).unwrap());
    let mut injector = open_injector_on(input::Backend::Wayland, Some(&desktop.bus())).unwrap();
    let control = Usage::from_code("ControlLeft").unwrap();
    injector.key(control, true).unwrap();
    injector.text("ab").unwrap();
    injector.release_all().unwrap();
    let mut got = Vec::new();
    while got.last() != Some(&Got::Key(29, false)) || got.len() < 8 {
        got.push(painter.next(PATIENCE).unwrap_or_else(|| panic!("only {got:?}")));
    }
    // Ctrl goes up for the text, and is held again after it.
    let codes: Vec<_> = got
        .iter()
        .map(|got| if let Got::Key(code, down) = got { (*code, *down) } else { panic!("{got:?}") })
        .collect();
    assert_eq!(
        codes,
        [(29, true), (29, false), (30, true), (30, false), (48, true), (48, false), (29, true), (29, false)]
    );
}
