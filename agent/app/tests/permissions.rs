//! The window that explains what the system asks its owner for, on a real X server. The system is a fake: only macOS asks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod common;

use common::{Desktop, WindowProcess, wait_for};
use farhand_agent::window::permissions::{
    FromPermissions, PermissionShown, PermissionState, PermissionWhat, PermissionsShown,
};
use farhand_agent::window::protocol::{FromWindow, ToWindow};

const TITLE: &str = "Farhand(.permissions|-Berechtigungen)";

fn shown(screen: PermissionState, control: PermissionState) -> ToWindow {
    let list = [
        (PermissionWhat::Screen, screen),
        (PermissionWhat::Control, control),
        (PermissionWhat::Microphone, PermissionState::Unused),
    ];
    let list = list.into_iter().map(|(what, state)| PermissionShown { what, state }).collect();
    ToWindow::Permissions { shown: PermissionsShown { list } }
}

fn start(desktop: &Desktop, first: &ToWindow, environment: &[(&str, &str)]) -> WindowProcess {
    let mut window = WindowProcess::start(desktop, environment);
    window.show(first);
    assert_eq!(window.next(), FromWindow::Ready);
    let place = desktop.wait_for_window(TITLE);
    wait_for("it has the keyboard", || {
        (desktop.xdotool(&["getactivewindow"]).trim() == place.id).then_some(())
    });
    window
}

fn said(message: FromPermissions) -> FromWindow {
    FromWindow::Permissions { permissions: message }
}

/// Keys until the window says something.
fn press(desktop: &Desktop, window: &WindowProcess, keys: &[&str]) -> FromWindow {
    wait_for("an answer", || {
        keys.iter().for_each(|key| desktop.key(key));
        window.said()
    })
}

#[test]
fn what_is_missing_is_opened_and_what_is_granted_is_seen() {
    use PermissionState::{Granted, Missing};
    let desktop = Desktop::start();
    let mut window = start(&desktop, &shown(Missing, Missing), &[]);
    desktop.shot("permissions-missing");
    let opens = |what: PermissionWhat| {
        wait_for("the button of that one", || {
            desktop.key("Tab");
            desktop.key("Return");
            (window.said()? == said(FromPermissions::Settings { what })).then_some(())
        });
    };
    opens(PermissionWhat::Screen);
    opens(PermissionWhat::Control);
    window.show(&shown(Granted, Missing));
    desktop.shot("permissions-screen");
    window.show(&shown(Granted, Granted));
    let place = desktop.wait_for_window(TITLE);
    desktop.shot("permissions-granted");
    // Continue stands in the lower right corner.
    let go_on = || {
        let now = desktop.window(TITLE).unwrap_or_else(|| place.clone());
        Some((now.x + now.w - 28 - 40, now.y + now.h - 28 - 21))
    };
    desktop
        .click_until("it goes on", go_on, || (window.said()? == said(FromPermissions::GoOn)).then_some(()));
    // What comes next takes its place.
    window.show(&ToWindow::Start { code: String::new(), server: String::new(), link: false, problem: None });
    wait_for("it goes", || desktop.window(TITLE).is_none().then_some(()));
}

#[test]
fn nothing_begins_without_the_screen_and_escape_leaves() {
    let desktop = Desktop::start();
    let first = shown(PermissionState::Missing, PermissionState::Granted);
    let window = start(
        &desktop,
        &first,
        &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "de_DE.UTF-8"), ("FARHAND_COLOUR_SCHEME", "dark")],
    );
    desktop.shot("permissions-german-dark");
    let place = desktop.wait_for_window(TITLE);
    desktop.click(place.x + place.w - 28 - 40, place.y + place.h - 28 - 21);
    // Keys come in order behind the click: the first word is that of Escape.
    assert_eq!(press(&desktop, &window, &["Escape"]), FromWindow::Stop);
}
