//! The real window on a real X server, answered by real keys and clicks: only a click on Allow allows.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod common;

use common::{Desktop, Place, WindowProcess, wait_for};
use farhand_agent::window::chat::ToChat;
use farhand_agent::window::files::{FilesQuestion, FilesRow, FilesRowState, FilesShown, FromFiles};
use farhand_agent::window::protocol::{Detail, FromWindow, Stage, ToWindow};
use farhand_agent::window::share::{FromShare, ShareOffer, ShareShown, ShareWhat};
use farhand_protocol::channel::at_end::{LockWay, ScreenLock};
use farhand_protocol::rights::{Right, Rights};

// In English or in German.
const PROMPT: &str = "Farhand (asks|fragt)";
const BANNER: &str = "Farhand(.session|-Sitzung)";
const CONTROLS: &str = "Farhand(.controls|-Bedienung)";
const FILES: &str = "Farhand(.files|-Dateien)";
const START: &str = "Farhand (start|starten)";
const CHAT: &str = "Farhand[ -][cC]hat";
const VIEW: Rights = Rights::of(&[Right::View]);
const STATUS: &str = "Farhand";
const SHARE: &str = "Farhand(.shares|-Freigabe)";

fn status(stage: Stage) -> ToWindow {
    let rights = match stage {
        Stage::Controls => Rights::of(&[Right::Control]),
        Stage::Sees | Stage::Paused => Rights::of(&[Right::View]),
        Stage::Connecting
        | Stage::Waiting
        | Stage::Asking
        | Stage::Nothing
        | Stage::Locked
        | Stage::Interrupted => Rights::EMPTY,
    };
    ToWindow::Status {
        stage,
        technician: "Ada".into(),
        organisation: "Demo Help".into(),
        domain: Some("demo-help.example".into()),
        rights,
        since: (!rights.is_empty()).then_some(1_790_000_000_000),
        until: None,
        marks: false,
        detail: None,
    }
}

fn prompt(ask: u32, rights: &[Right]) -> ToWindow {
    ToWindow::Prompt {
        ask,
        technician: "Ada".into(),
        organisation: "Demo Help".into(),
        domain: Some("demo-help.example".into()),
        rights: rights.to_vec(),
        seconds: 60,
        invited: None,
    }
}

fn start(desktop: &Desktop) -> WindowProcess {
    let mut window = WindowProcess::start(desktop, &[]);
    window.show(&status(Stage::Connecting));
    assert_eq!(window.next(), FromWindow::Ready);
    window
}

fn ask(desktop: &Desktop, window: &mut WindowProcess, number: u32) -> Place {
    window.show(&prompt(number, &[Right::View]));
    let place = desktop.wait_for_window(PROMPT);
    wait_for("the prompt has the keyboard", || {
        (desktop.xdotool(&["getactivewindow"]).trim() == place.id).then_some(())
    });
    place
}

/// The middle of the Allow button: the right half of the prompt's last row.
fn allow_button(place: &Place) -> (i32, i32) {
    (place.x + place.w * 3 / 4, place.y + place.h - 28 - 21)
}

/// The banner, when it has come to rest in the middle of the upper edge.
fn banner_at_top(desktop: &Desktop) -> Place {
    wait_for("the banner is at the top", || {
        desktop.window(BANNER).filter(|place| place.y == 0 && (place.x + place.w / 2 - 640).abs() < 3)
    })
}

/// Presses the last button of the window for waiting, wherever that stands by now, until its process is gone.
fn close(desktop: &Desktop, window: &mut WindowProcess) {
    let button = || {
        let place = desktop.window(STATUS)?;
        Some((place.x + place.w - 28 - 40, place.y + place.h - 28 - 21))
    };
    desktop.click_until("closed by its button", button, || window.child.try_wait().expect("waits"));
}

/// End, the last button of the banner but the one for all controls.
fn end_button(banner: &Place) -> (i32, i32) {
    (banner.x + banner.w - 80, banner.y + 30)
}

#[test]
fn a_person_answers_and_nothing_else_does() {
    let desktop = Desktop::start();
    let mut window = start(&desktop);
    desktop.shot("status-connecting");
    window.show(&status(Stage::Waiting));

    // Escape means No.
    ask(&desktop, &mut window, 1);
    desktop.shot("prompt-view");
    desktop.key("Escape");
    assert_eq!(window.next(), FromWindow::Refuse { ask: 1 });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));

    // Closing means No.
    ask(&desktop, &mut window, 2);
    desktop.key("alt+F4");
    assert_eq!(window.next(), FromWindow::Refuse { ask: 2 });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));

    // Enter and the space bar, meant for another program, answer nothing: Escape is the first answer that comes.
    ask(&desktop, &mut window, 3);
    for key in ["Return", "space", "a", "KP_Enter", "y"] {
        desktop.key(key);
    }
    desktop.key("Escape");
    assert_eq!(window.next(), FromWindow::Refuse { ask: 3 });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));

    // A click on Allow allows, as soon as the button takes clicks.
    ask(&desktop, &mut window, 4);
    let allow = || desktop.window(PROMPT).as_ref().map(allow_button);
    let answer = desktop.click_until("an answer", allow, || window.said());
    assert_eq!(answer, FromWindow::Allow { ask: 4, rights: VIEW });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));

    // By the keyboard: No is the default and has it, the first Tab reaches Allow.
    ask(&desktop, &mut window, 5);
    let answer = wait_for("an answer", || {
        desktop.key("space");
        window.said()
    });
    assert_eq!(answer, FromWindow::Refuse { ask: 5 });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));
    ask(&desktop, &mut window, 6);
    desktop.key("Tab");
    desktop.shot("prompt-focus");
    let answer = wait_for("an answer", || {
        desktop.key("Return");
        window.said()
    });
    assert_eq!(answer, FromWindow::Allow { ask: 6, rights: VIEW });

    // A prompt that is gone takes its window along, and says nothing.
    ask(&desktop, &mut window, 7);
    window.show(&ToWindow::PromptGone { ask: 6 });
    window.show(&ToWindow::PromptGone { ask: 7 });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));
    window.show(&prompt(8, &[Right::View, Right::Control]));
    desktop.wait_for_window(PROMPT);
    desktop.shot("prompt-both");
    assert_eq!(window.said(), None);
}

#[test]
fn the_banner_shows_the_state_and_stops_things() {
    let desktop = Desktop::start();
    let mut window = start(&desktop);
    window.show(&status(Stage::Controls));
    wait_for("the window for waiting goes", || desktop.window(STATUS).is_none().then_some(()));
    let place = banner_at_top(&desktop);
    desktop.shot("banner-controls");
    assert!(place.w < 1200 && place.h < 80, "small: {place:?}");

    // End is the last button before the one for all controls.
    let (x, y) = end_button(&place);
    desktop.click(x, y);
    assert_eq!(window.next(), FromWindow::Stop);

    window.show(&ToWindow::Status {
        stage: Stage::Paused,
        technician: "Ada".into(),
        organisation: String::new(),
        domain: None,
        rights: VIEW,
        since: Some(1_790_000_000_000),
        until: None,
        marks: true,
        detail: Some(Detail::WebSocket),
    });
    desktop.shot("banner-paused");
    window.show(&status(Stage::Sees));
    desktop.shot("banner-sees");
    window.show(&ToWindow::Over {
        begun: true,
        sentence: "agent.over.technician".into(),
        technician: "Ada".into(),
        reason: String::new(),
        whom: None,
        by: None,
    });
    desktop.wait_for_window(STATUS);
    wait_for("the banner goes", || desktop.window(BANNER).is_none().then_some(()));
    desktop.shot("over");
    // The last words stay when the session process is gone, until they are closed.
    window.end_input();
    close(&desktop, &mut window);
}

#[test]
fn the_banner_cuts_nothing_short_where_its_buttons_leave_little_room() {
    let desktop = Desktop::start();
    let mut window = WindowProcess::start(&desktop, &[("LANG", "de_DE.UTF-8")]);
    window.show(&status(Stage::Controls));
    assert_eq!(window.next(), FromWindow::Ready);
    let short = banner_at_top(&desktop);
    window.show(&ToWindow::Status {
        stage: Stage::Controls,
        technician: "Maria Sommer-Bartholomäus".into(),
        organisation: "Nordlicht IT-Dienstleistungen und Beratung GmbH".into(),
        domain: Some("nordlicht-it.example".into()),
        rights: Rights::of(&[
            Right::Control,
            Right::Files,
            Right::Clipboard,
            Right::Diagnostics,
            Right::Shell,
        ]),
        since: Some(1_790_000_000_000),
        until: None,
        marks: true,
        detail: None,
    });
    // What has no room beside the buttons takes another line, and the window is as high as that needs.
    let place = wait_for("a higher banner", || desktop.window(BANNER).filter(|place| place.h > short.h + 20));
    desktop.shot("banner-long");
    assert!(place.w <= 1280 && place.h < 200, "{place:?}");
}

#[test]
fn the_banner_never_takes_the_keyboard() {
    let desktop = Desktop::start();
    let mut editor = desktop.command("xterm").args(["-T", "editor"]).spawn().expect("xterm is installed");
    let editor_place = desktop.wait_for_window("editor");
    let active = || desktop.xdotool(&["getactivewindow"]).trim().to_owned();
    let mut window = start(&desktop);
    window.show(&status(Stage::Waiting));
    ask(&desktop, &mut window, 1);
    window.show(&status(Stage::Sees));
    desktop.wait_for_window(BANNER);
    desktop.key("Escape");
    assert_eq!(window.next(), FromWindow::Refuse { ask: 1 });
    wait_for("the editor has the keyboard again", || (active() == editor_place.id).then_some(()));
    let banner = banner_at_top(&desktop);
    let (x, y) = end_button(&banner);
    desktop.click(x, y);
    assert_eq!(window.next(), FromWindow::Stop);
    assert_eq!(active(), editor_place.id);
    let _ = editor.kill();
    let _ = editor.wait();
}

#[test]
fn the_window_goes_with_its_session_process() {
    let desktop = Desktop::start();
    let mut window = start(&desktop);
    window.show(&status(Stage::Sees));
    ask(&desktop, &mut window, 1);
    window.end_input();
    window.wait_for_exit();
    assert_eq!(window.said(), None, "nothing was allowed");
}

#[test]
fn german_and_dark() {
    let desktop = Desktop::start();
    let mut window =
        WindowProcess::start(&desktop, &[("LANG", "de_DE.UTF-8"), ("FARHAND_COLOUR_SCHEME", "dark")]);
    window.show(&status(Stage::Waiting));
    assert_eq!(window.next(), FromWindow::Ready);
    desktop.shot("dark-waiting");
    window.show(&status(Stage::Controls));
    window.show(&prompt(1, &[Right::View, Right::Control]));
    let place = desktop.wait_for_window(PROMPT);
    assert!(place.y >= 0 && place.y + place.h <= 800, "the whole prompt is on the screen: {place:?}");
    wait_for("the prompt has the keyboard", || {
        (desktop.xdotool(&["getactivewindow"]).trim() == place.id).then_some(())
    });
    desktop.shot("dark-prompt");
    desktop.key("Escape");
    assert_eq!(window.next(), FromWindow::Refuse { ask: 1 });
}

/// The end of a session with a receipt that can be saved.
fn show_receipt(desktop: &Desktop, window: &mut WindowProcess, folder: &std::path::Path) -> Place {
    let kept = folder.join("kept.farhand-receipt");
    std::fs::write(&kept, b"what happened").expect("the folder takes it");
    window.show(&ToWindow::Over {
        begun: true,
        sentence: "agent.over.stopped".into(),
        technician: "Ada".into(),
        reason: String::new(),
        whom: None,
        by: None,
    });
    window.show(&ToWindow::Receipt {
        kept: kept.to_string_lossy().into(),
        offered: folder.join("mine.farhand-receipt").to_string_lossy().into(),
        countersigned: true,
    });
    wait_for("the window with the receipt", || desktop.window(STATUS).filter(|place| place.h > 300))
}

#[test]
fn the_receipt_is_saved_by_its_button_also_when_the_session_process_is_gone() {
    let (desktop, folder) = (Desktop::start(), tempfile::tempdir().expect("a folder"));
    let mut window = start(&desktop);
    show_receipt(&desktop, &mut window, folder.path());
    desktop.shot("receipt");
    window.end_input();
    let saved = folder.path().join("mine.farhand-receipt");
    // It moves to the middle of the screen after it has grown.
    let save = || {
        let place = desktop.window(STATUS)?;
        Some((place.x + place.w - 28 - 96 - 12 - 40, place.y + place.h - 28 - 21))
    };
    desktop.click_until("the receipt is saved", save, || saved.exists().then_some(()));
    assert_eq!(std::fs::read(&saved).expect("it can be read"), b"what happened");
    desktop.shot("receipt-saved");
    close(&desktop, &mut window);
}

#[test]
fn the_receipt_is_saved_by_the_keyboard_and_never_over_a_file() {
    let (desktop, folder) = (Desktop::start(), tempfile::tempdir().expect("a folder"));
    let mut window =
        WindowProcess::start(&desktop, &[("LANG", "de_DE.UTF-8"), ("FARHAND_COLOUR_SCHEME", "dark")]);
    window.show(&status(Stage::Connecting));
    assert_eq!(window.next(), FromWindow::Ready);
    let taken = folder.path().join("mine.farhand-receipt");
    std::fs::write(&taken, b"something else").expect("the folder takes it");
    let place = show_receipt(&desktop, &mut window, folder.path());
    desktop.focus(&place);
    // The first Tab reaches the field; Enter: there is such a file. Then another name.
    for key in ["Tab", "Return"] {
        desktop.key(key);
    }
    desktop.shot("dark-receipt-exists");
    for key in ["End", "2", "Return"] {
        desktop.key(key);
    }
    let other = folder.path().join("mine.farhand-receipt2");
    wait_for("the receipt is saved under another name", || other.exists().then_some(()));
    assert_eq!(std::fs::read(&taken).expect("it can be read"), b"something else");
    desktop.shot("dark-receipt-saved");
}

#[test]
fn several_rights_are_allowed_one_by_one() {
    let desktop = Desktop::start();
    let mut window = start(&desktop);
    let ask = |window: &mut WindowProcess, number| {
        window.show(&ToWindow::Prompt {
            ask: number,
            technician: "Ada".into(),
            organisation: "Quick Help".into(),
            domain: None,
            rights: vec![Right::View, Right::Control, Right::Files, Right::Shell],
            seconds: 60,
            invited: None,
        });
        let place = desktop.wait_for_window(PROMPT);
        wait_for("the prompt has the keyboard", || {
            (desktop.xdotool(&["getactivewindow"]).trim() == place.id).then_some(())
        });
        place
    };
    // The keyboard goes as the eye does: the rights, what of the screen is shared, No, Allow. It starts at No. Back from
    // there: what is shared; the last right, the command line; and once more: files. Both are left out.
    ask(&mut window, 1);
    desktop.key("shift+Tab");
    for _ in 0..2 {
        desktop.key("shift+Tab");
        desktop.key("space");
    }
    desktop.shot("prompt-several");
    for _ in 0..4 {
        desktop.key("Tab");
    }
    let answer = wait_for("an answer", || {
        desktop.key("Return");
        window.said()
    });
    assert_eq!(answer, FromWindow::Allow { ask: 1, rights: Rights::of(&[Right::Control]) });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));
    // Whoever may not see may not control: without the view control goes too.
    ask(&mut window, 2);
    for _ in 0..5 {
        desktop.key("shift+Tab");
    }
    desktop.key("space");
    for _ in 0..6 {
        desktop.key("Tab");
    }
    let answer = wait_for("an answer", || {
        desktop.key("Return");
        window.said()
    });
    assert_eq!(answer, FromWindow::Allow { ask: 2, rights: Rights::of(&[Right::Files, Right::Shell]) });
    // Nothing left: there is nothing to allow, and No is an answer.
    ask(&mut window, 3);
    desktop.key("shift+Tab");
    for _ in 0..4 {
        desktop.key("shift+Tab");
        desktop.key("space");
    }
    desktop.shot("prompt-none-left");
    desktop.key("Escape");
    assert_eq!(window.next(), FromWindow::Refuse { ask: 3 });
    wait_for("the prompt goes", || desktop.window(PROMPT).is_none().then_some(()));
    // What is shared can be looked at from there, and the prompt waits.
    ask(&mut window, 4);
    desktop.key("shift+Tab");
    desktop.key("space");
    assert_eq!(window.next(), FromWindow::Share { share: FromShare::Look });
    let share = desktop.wait_for_window(SHARE);
    wait_for("it has the keyboard", || {
        (desktop.xdotool(&["getactivewindow"]).trim() == share.id).then_some(())
    });
    desktop.shot("share");
    desktop.key("Escape");
    wait_for("it goes", || desktop.window(SHARE).is_none().then_some(()));
    wait_for("the prompt has the keyboard again", || {
        let prompt = desktop.window(PROMPT)?;
        (desktop.xdotool(&["getactivewindow"]).trim() == prompt.id).then_some(())
    });
    desktop.key("Escape");
    assert_eq!(window.next(), FromWindow::Refuse { ask: 4 });
}

#[test]
fn the_banner_comes_back_whatever_covers_or_hides_it() {
    let desktop = Desktop::start();
    let mut cover = desktop
        .command("xterm")
        .args(["-T", "cover", "-geometry", "160x60+0+0", "-bg", "black"])
        .spawn()
        .expect("xterm is installed");
    desktop.wait_for_window("cover");
    let mut window = start(&desktop);
    window.show(&status(Stage::Sees));
    let banner = desktop.wait_for_window(BANNER);
    let seen = |why: &str| {
        wait_for(why, || {
            let tree = desktop.run("xwininfo", &["-id", &banner.id, "-stats"]).0;
            tree.contains("IsViewable").then_some(())
        });
        // Whatever is above it would take the click.
        while window_said(&window).is_some() {}
        desktop.click_until(why, || Some(end_button(&banner)), || window_said(&window))
    };
    assert_eq!(seen("at first"), FromWindow::Stop);
    desktop.xdotool(&["windowunmap", &banner.id]);
    assert_eq!(seen("after it was taken off the screen"), FromWindow::Stop);
    desktop.xdotool(&["windowminimize", &banner.id]);
    assert_eq!(seen("after it was minimised"), FromWindow::Stop);
    let cover_id = desktop.wait_for_window("cover").id;
    desktop.xdotool(&["windowactivate", "--sync", &cover_id, "windowraise", &cover_id]);
    assert_eq!(seen("after another window was raised"), FromWindow::Stop);
    let _ = cover.kill();
    let _ = cover.wait();
}

fn window_said(window: &WindowProcess) -> Option<FromWindow> {
    window.said()
}

#[test]
fn a_banner_that_was_destroyed_ends_its_process_so_that_another_comes() {
    let desktop = Desktop::start();
    let mut window = start(&desktop);
    window.show(&status(Stage::Sees));
    let banner = desktop.wait_for_window(BANNER);
    desktop.xdotool(&["windowclose", &banner.id]);
    wait_for("the process ends, or the banner stays", || {
        let ended = window.child.try_wait().expect("waits").is_some();
        (ended || desktop.window(BANNER).is_some()).then_some(())
    });
}

fn choices(blocked: Vec<farhand_agent::blocked::Blocked>) -> ToWindow {
    ToWindow::Choices { chord: "Ctrl+Shift+F12".into(), touch: false, wrong: false, blocked }
}

fn ada() -> farhand_agent::blocked::Whom {
    farhand_agent::blocked::Whom {
        server: "help.example.org".into(),
        organisation: "Demo Help".into(),
        domain: Some("demo-help.example".into()),
        technician: "Ada".into(),
    }
}

#[test]
fn everything_can_be_done_by_the_keyboard_in_the_window_of_controls() {
    let desktop = Desktop::start();
    let mut window = start(&desktop);
    window.show(&status(Stage::Controls));
    window.show(&choices(Vec::new()));
    desktop.wait_for_window(BANNER);
    // As the chord does where nobody controls, and as the last button of the banner does.
    window.show(&ToWindow::Controls);
    let controls = desktop.wait_for_window(CONTROLS);
    wait_for("the controls have the keyboard", || {
        (desktop.xdotool(&["getactivewindow"]).trim() == controls.id).then_some(())
    });
    desktop.shot("controls-locked");
    for expected in [FromWindow::TakeBackControl, FromWindow::Pause, FromWindow::RevokeAll] {
        desktop.key("Tab");
        desktop.key("space");
        assert_eq!(window.next(), expected);
    }
    // One right after the other.
    desktop.key("Tab");
    desktop.key("Return");
    assert_eq!(window.next(), FromWindow::Withdraw { right: Right::View });
    // Somebody else has the keyboard: what is chosen for good stays.
    desktop.key("Tab");
    desktop.key("Tab");
    desktop.key("space");
    window.show(&status(Stage::Sees));
    wait_for("the choice can be made", || {
        desktop.key("space");
        window.said()
    });
    desktop.shot("controls");
    // Another window that the keys opened may have the keyboard by now.
    wait_for("the controls go", || {
        if desktop.window(CONTROLS).is_some() {
            desktop.xdotool(&["windowactivate", &controls.id]);
            desktop.key("Escape");
        }
        desktop.window(CONTROLS).is_none().then_some(())
    });
}

#[test]
fn whoever_is_turned_away_can_be_let_in_again() {
    let (desktop, folder) = (Desktop::start(), tempfile::tempdir().expect("a folder"));
    let config = folder.path().to_string_lossy().into_owned();
    let mut window = WindowProcess::start(&desktop, &[("XDG_CONFIG_HOME", &config)]);
    window.show(&status(Stage::Connecting));
    assert_eq!(window.next(), FromWindow::Ready);
    window.show(&ToWindow::Over {
        begun: true,
        sentence: "agent.over.stopped".into(),
        technician: "Ada".into(),
        reason: String::new(),
        whom: Some(ada()),
        by: None,
    });
    let file = folder.path().join("farhand/blocked.json");
    let kept = || std::fs::read_to_string(&file).unwrap_or_default();
    let place =
        wait_for("the window says that it is over", || desktop.window(STATUS).filter(|place| place.h > 300));
    desktop.shot("over-never");
    // The first of the two buttons below the sentence names the technician; the first Tab reaches it. Pressed once: the
    // one that undoes it takes its place.
    desktop.focus(&place);
    desktop.key("Tab");
    desktop.shot("over-never-focus");
    desktop.key("space");
    wait_for("it is written down", || kept().contains("\"technician\": \"Ada\"").then_some(()));
    desktop.shot("over-blocked");
    let list = desktop
        .command(env!("CARGO_BIN_EXE_farhand-agent"))
        .args(["blocked", "list"])
        .env("XDG_CONFIG_HOME", &config)
        .output()
        .expect("it runs");
    assert!(String::from_utf8_lossy(&list.stdout).starts_with("1  Ada of Demo Help (demo-help.example)"));
    let remove = |number: &str| {
        let mut command = desktop.command(env!("CARGO_BIN_EXE_farhand-agent"));
        command.args(["blocked", "remove", number]).env("XDG_CONFIG_HOME", &config).output().expect("it runs")
    };
    assert!(!remove("2").status.success());
    assert!(kept().contains("Ada"));
    assert!(remove("1").status.success());
    assert!(!kept().contains("Ada"), "{}", kept());
}

#[test]
fn the_customer_chooses_whether_their_screen_is_locked_at_the_end() {
    let desktop = Desktop::start();
    let mut window = start(&desktop);
    window.show(&status(Stage::Nothing));
    window.show(&choices(Vec::new()));
    let lock = |wanted| ToWindow::ScreenLock {
        lock: ScreenLock { way: LockWay::Locks, wanted, ..ScreenLock::default() },
    };
    window.show(&lock(true));
    desktop.wait_for_window(BANNER);
    desktop.shot("banner-lock");
    window.show(&ToWindow::Controls);
    let controls = desktop.wait_for_window(CONTROLS);
    wait_for("the controls have the keyboard", || {
        (desktop.xdotool(&["getactivewindow"]).trim() == controls.id).then_some(())
    });
    desktop.shot("controls-lock");
    // Nothing is granted, so nothing stands before it.
    desktop.key("Tab");
    desktop.key("space");
    assert_eq!(window.next(), FromWindow::LockAtEnd { on: false }, "a technician's wish can be refused");
    window.show(&lock(false));
    wait_for("it can be switched on", || {
        desktop.key("space");
        window.said().filter(|said| *said == FromWindow::LockAtEnd { on: true })
    });
}

/// A screen, in pixels and in the measure of its windows.
struct Screen {
    desktop: Desktop,
    width: i32,
    height: i32,
    scale: f64,
    name: String,
    shots: std::cell::Cell<u32>,
}

impl Screen {
    /// The window, once all of it is on the screen.
    fn whole(&self, title: &str) -> Place {
        let inside = |place: &Place| {
            place.x >= 0
                && place.y >= 0
                && place.x + place.w <= self.width
                && place.y + place.h <= self.height
        };
        let place = wait_for(&format!("all of {title} on a screen of {}", self.name), || {
            self.desktop.window(title).filter(inside)
        });
        let word: String = title.chars().filter(|c| c.is_ascii_alphabetic()).collect();
        self.shots.set(self.shots.get() + 1);
        self.desktop.shot(&format!("{}-{:02}-{word}", self.name, self.shots.get()));
        place
    }

    fn pixels(&self, length: i32) -> i32 {
        (f64::from(length) * self.scale).round() as i32
    }

    /// Clicks so far from the window's lower right corner, until `done`. Never outside of the screen: a window that
    /// grows may reach beyond it until it has moved, and one that stays there is given up.
    fn click<T>(&self, title: &str, right: i32, up: i32, what: &str, done: impl FnMut() -> Option<T>) -> T {
        let button = || {
            let place = self.desktop.window(title)?;
            let (x, y) = (place.x + place.w - self.pixels(right), place.y + place.h - self.pixels(up));
            (x < self.width && y < self.height).then_some((x, y))
        };
        self.desktop.click_until(&format!("{what} on a screen of {}", self.name), button, done)
    }
}

/// Every window of the customer's, with the longest words that it may have to show: all of it is on the screen, no window
/// lies below the banner, and what answers, stops or ends can be pressed.
fn everything_has_room(width: i32, height: i32, scale: f64, environment: &[(&str, &str)]) {
    let german = environment.iter().any(|(_, value)| value.starts_with("de"));
    let language = if german { "de" } else { "en" };
    let name = format!("{width}x{height}x{scale}-{language}");
    let screen =
        Screen { desktop: Desktop::sized(width, height), width, height, scale, name, shots: 0.into() };
    let factor = scale.to_string();
    let mut all = vec![("WINIT_X11_SCALE_FACTOR", factor.as_str())];
    all.extend_from_slice(environment);
    let mut window = WindowProcess::start(&screen.desktop, &all);

    window.show(&ToWindow::Start {
        code: "482 193 5710".into(),
        server: "https://fernhilfe.nordlicht-it-dienstleistungen.example:8443".into(),
        link: false,
        problem: Some("agent.start.server_wrong".into()),
    });
    assert_eq!(window.next(), FromWindow::Ready);
    screen.whole(START);
    let begun = screen.click(START, 60, 40, "Connect", || window_said(&window));
    assert!(matches!(begun, FromWindow::Begin { .. }), "{begun:?}");
    window.show(&status(Stage::Waiting));
    screen.whole(STATUS);

    let (technician, organisation) = (
        "Maria Sommer-Bartholomäus".to_owned(),
        "Nordlicht IT-Dienstleistungen und Beratung GmbH".to_owned(),
    );
    let rights =
        [Right::View, Right::Control, Right::Files, Right::Clipboard, Right::Diagnostics, Right::Shell];
    let shown = |stage, rights: Rights| ToWindow::Status {
        stage,
        technician: technician.clone(),
        organisation: organisation.clone(),
        domain: None,
        rights,
        since: (!rights.is_empty()).then_some(1_790_000_000_000),
        until: None,
        marks: !rights.is_empty(),
        detail: None,
    };
    window.show(&ToWindow::Chat { chat: ToChat::Open { technician: technician.clone() } });
    window.show(&shown(Stage::Asking, Rights::EMPTY));
    window.show(&ToWindow::Prompt {
        ask: 1,
        technician: technician.clone(),
        organisation: organisation.clone(),
        domain: None,
        rights: rights.to_vec(),
        seconds: 60,
        invited: None,
    });
    let banner = screen.whole(BANNER);
    screen.whole(PROMPT);
    wait_for("the prompt stands below the banner", || {
        screen.desktop.window(PROMPT).filter(|prompt| prompt.y >= banner.y + banner.h)
    });
    screen.whole(PROMPT);
    let allowed = screen.click(PROMPT, 60, 40, "Allow", || window_said(&window));
    assert_eq!(allowed, FromWindow::Allow { ask: 1, rights: Rights::of(&rights) });

    // Everything that the banner can say and offer.
    window.show(&shown(Stage::Controls, Rights::of(&rights)));
    window.show(&choices(Vec::new()));
    wait_for("a banner with all its buttons", || {
        screen.desktop.window(BANNER).filter(|place| place.h > banner.h || place.w > banner.w)
    });
    screen.whole(BANNER);
    // End is the last but one, below the words. While the banner still grows, another button may lie there.
    let ended = screen.click(BANNER, 80, 27, "End in the banner", || {
        window_said(&window).filter(|said| *said != FromWindow::RevokeAll)
    });
    assert_eq!(ended, FromWindow::Stop);

    // A prompt for more, below the banner at its highest.
    window.show(&ToWindow::Prompt {
        ask: 2,
        technician: technician.clone(),
        organisation: organisation.clone(),
        domain: None,
        rights: vec![Right::Record],
        seconds: 60,
        invited: None,
    });
    screen.whole(PROMPT);
    let no = || {
        let place = screen.desktop.window(PROMPT)?;
        Some((place.x + place.w / 4, place.y + place.h - screen.pixels(40)))
    };
    let refused = screen.desktop.click_until("No", no, || {
        // End may have been clicked once more than it took.
        window_said(&window).filter(|said| *said != FromWindow::Stop)
    });
    assert_eq!(refused, FromWindow::Refuse { ask: 2 });

    window.show(&ToWindow::Files {
        shown: FilesShown {
            question: Some(FilesQuestion {
                ask: 3,
                technician: technician.clone(),
                incoming: true,
                name: Some("Jahresabschluss und Steuerunterlagen 2025, endgültige Fassung.pdf".into()),
                size: 12_345_678,
                more: 12,
                more_size: 3_456_789_012,
                seconds: 60,
            }),
            rows: (1..9)
                .map(|row| FilesRow {
                    row,
                    incoming: true,
                    name: format!("Jahresabschluss und Steuerunterlagen {row}.pdf"),
                    size: 1_000_000,
                    moved: 300_000,
                    state: FilesRowState::Flows,
                })
                .collect(),
            earlier: 3,
        },
    });
    screen.whole(FILES);
    // Allow stands above the button that stops what goes already.
    let allowed = screen.click(FILES, 60, 94, "Allow for files", || window_said(&window));
    assert_eq!(allowed, FromWindow::Files { files: FromFiles::Allow { ask: 3 } });
    window.show(&ToWindow::Files { shown: FilesShown::default() });
    wait_for("the files go", || {
        screen.desktop.window(FILES).inspect(|place| {
            screen.desktop.focus(place);
            screen.desktop.key("Escape");
        });
        screen.desktop.window(FILES).is_none().then_some(())
    });

    window.show(&ToWindow::Controls);
    screen.whole(CONTROLS);
    let ended = screen.click(CONTROLS, 60, 36, "End in the controls", || {
        window_said(&window).filter(|said| *said == FromWindow::Stop)
    });
    assert_eq!(ended, FromWindow::Stop);
    // By the keyboard: take back, pause, all back, and the chat.
    let controls = screen.desktop.wait_for_window(CONTROLS);
    screen.desktop.focus(&controls);
    wait_for("the chat", || {
        if screen.desktop.window(CHAT).is_none() {
            screen.desktop.key("Tab");
            // Some of what has the keyboard on the way says something; it is not asked here.
            while window_said(&window).is_some() {}
            screen.desktop.key("space");
        }
        screen.desktop.window(CHAT)
    });
    screen.whole(CHAT);
    while window_said(&window).is_some() {}

    let offer = |id, name: &str| ShareOffer {
        what: ShareWhat::Window { id },
        name: name.into(),
        detail: "org.mozilla.firefox".into(),
    };
    window.show(&ToWindow::Share {
        shown: ShareShown {
            offers: (0..12)
                .map(|id| offer(id, "Kontoübersicht der Sparkasse Musterstadt – Mozilla Firefox"))
                .collect(),
            locked: true,
            ..ShareShown::default()
        },
    });
    window.show(&prompt(4, &[Right::View]));
    let place = screen.whole(PROMPT);
    wait_for("the prompt has the keyboard", || {
        (screen.desktop.xdotool(&["getactivewindow"]).trim() == place.id).then_some(())
    });
    for key in ["shift+Tab", "space"] {
        screen.desktop.key(key);
    }
    let looked = window.next();
    assert_eq!(looked, FromWindow::Share { share: FromShare::Look });
    screen.whole(SHARE);
    screen
        .click(SHARE, 60, 44, "the list is closed", || screen.desktop.window(SHARE).is_none().then_some(()));

    window.show(&ToWindow::Over {
        begun: true,
        sentence: "agent.over.seal_secret".into(),
        technician: technician.clone(),
        reason: String::new(),
        whom: Some(farhand_agent::blocked::Whom { technician, organisation, ..ada() }),
        by: None,
    });
    window.show(&ToWindow::Receipt {
        kept: "/home/maria/.local/share/farhand/receipts/kept.farhand-receipt".into(),
        offered: "/home/maria/Dokumente/Farhand 2026-11-22 13.45 Nordlicht.farhand-receipt".into(),
        countersigned: false,
    });
    screen.whole(STATUS);
    screen.click(STATUS, 60, 44, "the last window closes", || window.child.try_wait().expect("waits"));
}

#[test]
fn everything_has_room_on_a_screen_of_1024_by_600() {
    everything_has_room(1024, 600, 1.0, &[("LANG", "de_DE.UTF-8")]);
}

#[test]
fn everything_has_room_on_a_screen_of_800_by_600() {
    everything_has_room(800, 600, 1.0, &[("LANG", "de_DE.UTF-8"), ("FARHAND_COLOUR_SCHEME", "dark")]);
}

#[test]
fn everything_has_room_on_a_screen_of_1280_by_800_at_150_percent() {
    everything_has_room(1280, 800, 1.5, &[]);
}

#[test]
fn everything_has_room_where_text_is_twice_as_large() {
    everything_has_room(1280, 800, 2.0, &[("LANG", "de_DE.UTF-8")]);
}
