//! The chat's real window on a real X server: it is shown when somebody asks for it, by pointer or by keys, and takes the
//! keyboard from nobody before.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod common;

use common::{Desktop, WindowProcess, wait_for};
use farhand_agent::window::chat::{FromChat, ToChat};
use farhand_agent::window::protocol::{FromWindow, Stage, ToWindow};
use farhand_protocol::rights::Rights;

const STATUS: &str = "Farhand";
const CHAT: &str = "Farhand[ -][cC]hat";

fn status(stage: Stage) -> ToWindow {
    ToWindow::Status {
        stage,
        technician: "Ada".into(),
        organisation: "Demo Help".into(),
        domain: None,
        rights: Rights::EMPTY,
        since: None,
        until: None,
        marks: false,
        detail: None,
    }
}

fn chat(chat: ToChat) -> ToWindow {
    ToWindow::Chat { chat }
}

fn line(number: u32, mine: bool, text: &str) -> ToWindow {
    chat(ToChat::Line {
        number,
        mine,
        name: if mine { String::new() } else { "Ada".into() },
        text: text.into(),
    })
}

fn start(desktop: &Desktop, environment: &[(&str, &str)]) -> WindowProcess {
    let mut window = WindowProcess::start(desktop, environment);
    window.show(&status(Stage::Waiting));
    assert_eq!(window.next(), FromWindow::Ready);
    window.show(&chat(ToChat::Open { technician: "Ada".into() }));
    window
}

fn active(desktop: &Desktop) -> String {
    desktop.xdotool(&["getactivewindow"]).trim().to_owned()
}

#[test]
fn it_waits_until_it_is_asked_for_and_is_reached_by_keys() {
    let desktop = Desktop::start();
    let mut window = start(&desktop, &[]);
    desktop.wait_for_window(STATUS);
    let mut editor = desktop.command("xterm").args(["-T", "editor"]).spawn().expect("xterm is installed");
    let editor_place = desktop.wait_for_window("editor");
    wait_for("the editor has the keyboard", || (active(&desktop) == editor_place.id).then_some(()));
    for number in 1..4 {
        window.show(&line(number, false, "Are you there? <b>https://bank.example@evil.example</b>"));
    }
    window.show(&chat(ToChat::Typing { name: "Ada".into() }));
    // Told last: when it shows, what came before was taken.
    window.show(&status(Stage::Sees));
    let banner = desktop.wait_for_window("Farhand session");
    assert!(banner.w > 0);
    assert_eq!(desktop.window(CHAT).map(|place| place.id), None, "it does not open by itself");
    assert_eq!(active(&desktop), editor_place.id, "whoever had the keyboard has it");
    let _ = editor.kill();
    let _ = editor.wait();

    // By keys alone: the first Tab reaches the chat's button.
    window.show(&status(Stage::Waiting));
    let waiting = desktop.wait_for_window(STATUS);
    desktop.focus(&waiting);
    desktop.key("Tab");
    desktop.shot("chat-focus");
    let place = wait_for("the chat", || {
        if desktop.window(CHAT).is_none() {
            desktop.key("space");
        }
        desktop.window(CHAT)
    });
    wait_for("the chat has the keyboard", || (active(&desktop) == place.id).then_some(()));
    desktop.xdotool(&["type", "--delay", "20", "not <i>so</i> fast"]);
    assert_eq!(window.next(), FromWindow::Chat { chat: FromChat::Typing });
    desktop.key("shift+Return");
    desktop.xdotool(&["type", "--delay", "20", "please"]);
    desktop.key("Return");
    match window.next() {
        FromWindow::Chat { chat: FromChat::Say { id, text } } => {
            assert!(!id.is_empty() && id.len() <= 32, "{id}");
            assert_eq!(text, "not <i>so</i> fast\nplease");
        }
        other => panic!("{other:?}"),
    }
    desktop.key("Return");
    window.show(&line(4, true, "not <i>so</i> fast\nplease"));
    window.show(&chat(ToChat::Delivered { number: 4 }));
    desktop.shot("chat-window");
    desktop.key("Escape");
    wait_for("Escape closes it", || desktop.window(CHAT).is_none().then_some(()));
    assert_eq!(window.said(), None, "an empty message is none, and closing it ends nothing");
}

#[test]
fn german_dark_and_over() {
    let desktop = Desktop::start();
    let mut window = start(&desktop, &[("LANG", "de_DE.UTF-8"), ("FARHAND_COLOUR_SCHEME", "dark")]);
    let waiting = desktop.wait_for_window(STATUS);
    window.show(&line(1, false, &"Ein langes Wort: Donaudampfschifffahrt. ".repeat(90)));
    for number in 2..420 {
        window.show(&line(number, number % 2 == 0, "Bitte sehen Sie unter https://hilfe.example/a nach."));
    }
    desktop.focus(&waiting);
    desktop.key("Tab");
    let place = wait_for("the chat", || {
        if desktop.window(CHAT).is_none() {
            desktop.key("space");
        }
        desktop.window(CHAT)
    });
    wait_for("the chat has the keyboard", || (active(&desktop) == place.id).then_some(()));
    desktop.shot("chat-dark");
    // A long message makes nothing wider: each of the technician's begins at the left edge.
    wait_for("messages that begin where they should", || {
        // It moves to its place after it has appeared.
        let place = desktop.window(CHAT)?;
        let column = format!("1x{}+{}+{}", place.h - 270, place.x + 19, place.y + 160);
        let pixels = desktop.run("import", &["-window", "root", "-crop", &column, "-depth", "8", "txt:-"]).0;
        pixels.contains("#1E242C").then_some(())
    });
    window.show(&ToWindow::Over {
        begun: true,
        sentence: "agent.over.technician".into(),
        technician: "Ada".into(),
        reason: String::new(),
        whom: None,
        by: None,
    });
    desktop.xdotool(&["type", "--delay", "20", "too late"]);
    desktop.key("Return");
    desktop.shot("chat-over");
    assert!(desktop.window(CHAT).is_some(), "what was said can be read on");
    while let Some(said) = window.said() {
        assert_eq!(said, FromWindow::Chat { chat: FromChat::Typing }, "nothing is said after the end");
    }
}
