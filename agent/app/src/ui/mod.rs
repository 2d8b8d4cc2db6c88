//! The window's process: shows what the session process says, and says what the person does. It decides nothing.

mod place;
mod view;

use std::cell::{Cell, RefCell};
use std::io::{BufRead, Read, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use slint::{ComponentHandle, Timer, TimerMode};

use crate::receipt::keep;
use crate::strings::Strings;
use crate::window::protocol::{FromWindow, MAX_LINE, ToWindow, line};

// Generated code.
#[allow(missing_docs, clippy::all, clippy::todo, clippy::unwrap_used)]
mod compiled {
    slint::include_modules!();
}
use compiled::{BannerWindow, PromptWindow, StatusWindow, Theme};

/// The end of a session stays on the screen for this long, unless it is closed.
const OVER_STAYS: Duration = Duration::from_secs(45);
/// With a receipt to save it stays longer, and as long again whenever somebody does something about it.
const RECEIPT_STAYS: Duration = Duration::from_secs(5 * 60);
/// A click or key that was meant for another program cannot answer a prompt: it takes no answer but No by Escape or
/// closing before this time after it was first painted.
const ARMED_AFTER: Duration = Duration::from_millis(500);

struct Asked {
    ask: u32,
    until: Instant,
    seconds: u64,
}

/// The three windows and what they show.
struct Ui {
    strings: Strings,
    prompt: PromptWindow,
    banner: BannerWindow,
    status: StatusWindow,
    asked: Option<Asked>,
    over: bool,
    /// Path of the receipt that can be saved.
    kept: Option<PathBuf>,
    countdown: Timer,
    arming: Timer,
    leaving: Timer,
}

type Shared = Rc<RefCell<Ui>>;

/// Runs the window's process until its session ends.
///
/// # Errors
/// No display, or no window can be made on it.
pub fn run() -> anyhow::Result<()> {
    let kind = place::select_backend().context("no window can be shown on this display")?;
    // A component's window is made when it is first asked for.
    let prompt = PromptWindow::new()?;
    prompt.window();
    let status = StatusWindow::new()?;
    status.window();
    kind.set(place::Kind::Panel);
    let banner = BannerWindow::new()?;
    banner.window();
    kind.set(place::Kind::Ordinary);
    let ui = Rc::new(RefCell::new(Ui {
        strings: Strings::from_environment(),
        prompt,
        banner,
        status,
        asked: None,
        over: false,
        kept: None,
        countdown: Timer::default(),
        arming: Timer::default(),
        leaving: Timer::default(),
    }));
    connect(&ui);
    view::fixed_texts(&ui.borrow());
    watch(&ui);
    SHARED.with(|shared| *shared.borrow_mut() = Some(Rc::clone(&ui)));
    std::thread::Builder::new().name("session".into()).spawn(read_session)?;
    slint::run_event_loop_until_quit()?;
    Ok(())
}

thread_local! {
    /// The event loop's way to the windows from closures that another thread hands over. Set once by [`run`].
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// Reads lines of the session process until it ends.
fn read_session() {
    let mut input = std::io::stdin().lock();
    loop {
        let mut bytes = Vec::new();
        let read = (&mut input).take(MAX_LINE as u64).read_until(b'\n', &mut bytes);
        let message = match read {
            Ok(count) if count > 0 => serde_json::from_slice::<ToWindow>(&bytes).ok(),
            Ok(_) | Err(_) => None,
        };
        let end = message.is_none();
        let posted = slint::invoke_from_event_loop(move || {
            let Some(ui) = SHARED.with(|shared| shared.borrow().clone()) else { return };
            match message {
                Some(message) => handle(&ui, &message),
                None => session_gone(&ui),
            }
        });
        if end || posted.is_err() {
            return;
        }
    }
}

fn handle(ui: &Shared, message: &ToWindow) {
    match message {
        ToWindow::Prompt { ask, seconds, .. } => {
            view::prompt(&ui.borrow(), message);
            {
                let mut ui = ui.borrow_mut();
                ui.asked = Some(Asked {
                    ask: *ask,
                    until: Instant::now() + Duration::from_secs(*seconds),
                    seconds: *seconds,
                });
                ui.prompt.set_armed(false);
                ui.arming.stop();
            }
            tick(ui);
            let prompt = ui.borrow().prompt.clone_strong();
            let _ = prompt.show();
            prompt.invoke_focus_nothing();
            place::centre(prompt.window());
            let weak = Rc::downgrade(ui);
            ui.borrow().countdown.start(TimerMode::Repeated, Duration::from_millis(500), move || {
                if let Some(ui) = weak.upgrade() {
                    tick(&ui);
                }
            });
        }
        ToWindow::PromptGone { ask } => {
            if ui.borrow().asked.as_ref().is_some_and(|asked| asked.ask == *ask) {
                prompt_gone(ui);
            }
        }
        ToWindow::Status { .. } => view::status(&mut ui.borrow_mut(), message),
        ToWindow::Over { .. } => {
            prompt_gone(ui);
            let mut ui = ui.borrow_mut();
            ui.over = true;
            view::over(&ui, message);
            stay(&ui, OVER_STAYS);
        }
        ToWindow::Receipt { kept, offered, countersigned } => {
            let mut ui = ui.borrow_mut();
            ui.kept = Some(PathBuf::from(kept));
            view::receipt(&ui, offered, *countersigned);
            stay(&ui, RECEIPT_STAYS);
        }
    }
}

/// The window stays for so long from now on.
fn stay(ui: &Ui, time: Duration) {
    ui.leaving.start(TimerMode::SingleShot, time, || {
        let _ = slint::quit_event_loop();
    });
}

/// Saves the receipt where the field says.
fn save(ui: &Shared) {
    let ui = ui.borrow();
    let Some(kept) = &ui.kept else { return };
    stay(&ui, RECEIPT_STAYS);
    view::saved(&ui, &keep::save(kept, &ui.status.get_receipt_path()));
}

/// The session process is gone. After an orderly end its last words stay; otherwise nobody may think that it goes on.
fn session_gone(ui: &Shared) {
    if !ui.borrow().over {
        let _ = slint::quit_event_loop();
    }
}

fn prompt_gone(ui: &Shared) {
    let mut ui = ui.borrow_mut();
    ui.asked = None;
    ui.countdown.stop();
    ui.arming.stop();
    ui.prompt.set_armed(false);
    let _ = ui.prompt.hide();
}

fn arm_soon(ui: &Shared) {
    let weak = Rc::downgrade(ui);
    let borrowed = ui.borrow();
    if borrowed.asked.is_none() || borrowed.arming.running() || borrowed.prompt.get_armed() {
        return;
    }
    borrowed.arming.start(TimerMode::SingleShot, ARMED_AFTER, move || {
        if let Some(ui) = weak.upgrade() {
            ui.borrow().prompt.set_armed(true);
        }
    });
}

fn tick(ui: &Shared) {
    let ui = ui.borrow();
    if let Some(asked) = &ui.asked {
        let left = asked.until.saturating_duration_since(Instant::now());
        view::countdown(&ui, left, asked.seconds);
    }
}

/// Answers the prompt that is shown, once.
fn answer(ui: &Shared, allow: bool) {
    let Some(asked) = ui.borrow_mut().asked.take() else { return };
    let ask = asked.ask;
    say(if allow { FromWindow::Allow { ask } } else { FromWindow::Refuse { ask } });
    prompt_gone(ui);
}

fn say(message: FromWindow) {
    let mut output = std::io::stdout().lock();
    // When the session process is gone, the end of its pipe closes this window.
    let _ = output.write_all(line(&message).as_bytes());
    let _ = output.flush();
}

fn connect(ui: &Shared) {
    let borrowed = ui.borrow();
    if let Ok(scheme) = std::env::var("FARHAND_COLOUR_SCHEME") {
        borrowed.prompt.global::<Theme>().set_forced(scheme.clone().into());
        borrowed.banner.global::<Theme>().set_forced(scheme.clone().into());
        borrowed.status.global::<Theme>().set_forced(scheme.into());
    }
    let allow = Rc::downgrade(ui);
    borrowed.prompt.on_allow(move || {
        if let Some(ui) = allow.upgrade() {
            answer(&ui, true);
        }
    });
    let refuse = Rc::downgrade(ui);
    borrowed.prompt.on_refuse(move || {
        if let Some(ui) = refuse.upgrade() {
            answer(&ui, false);
        }
    });
    let close = Rc::downgrade(ui);
    borrowed.prompt.window().on_close_requested(move || {
        if let Some(ui) = close.upgrade() {
            answer(&ui, false);
        }
        slint::CloseRequestResponse::HideWindow
    });

    let paused = borrowed.banner.as_weak();
    borrowed.banner.on_pause(move || {
        let is_paused = paused.upgrade().is_some_and(|banner| banner.get_lamp() == compiled::Lamp::Paused);
        say(if is_paused { FromWindow::Resume } else { FromWindow::Pause });
    });
    borrowed.banner.on_take_back(|| say(FromWindow::TakeBackControl));
    borrowed.banner.on_end(|| say(FromWindow::Stop));
    borrowed.banner.window().on_close_requested(|| {
        say(FromWindow::Stop);
        slint::CloseRequestResponse::KeepWindowShown
    });

    let wanted = Rc::downgrade(ui);
    borrowed.status.on_save(move || {
        if let Some(ui) = wanted.upgrade() {
            save(&ui);
        }
    });
    let typing = Rc::downgrade(ui);
    borrowed.status.on_edited(move || {
        if let Some(ui) = typing.upgrade() {
            stay(&ui.borrow(), RECEIPT_STAYS);
        }
    });
    let pressed = Rc::downgrade(ui);
    borrowed.status.on_pressed(move || {
        if let Some(ui) = pressed.upgrade() {
            status_closed(&ui);
        }
    });
    let closed = Rc::downgrade(ui);
    borrowed.status.window().on_close_requested(move || {
        if let Some(ui) = closed.upgrade() {
            status_closed(&ui);
        }
        slint::CloseRequestResponse::HideWindow
    });
}

/// Keeps the windows in their places, says once that one can be seen, and arms a prompt that is seen.
fn watch(ui: &Shared) {
    let said = Rc::new(Cell::new(false));
    let borrowed = ui.borrow();
    let painted = || {
        let said = Rc::clone(&said);
        move || {
            if !said.replace(true) {
                say(FromWindow::Ready);
            }
        }
    };
    place::watch(borrowed.status.window(), place::centre, painted());
    place::watch(borrowed.banner.window(), place::top, painted());
    let weak = Rc::downgrade(ui);
    place::watch(borrowed.prompt.window(), place::centre, move || {
        if let Some(ui) = weak.upgrade() {
            arm_soon(&ui);
        }
    });
}

fn status_closed(ui: &Shared) {
    if ui.borrow().over {
        let _ = slint::quit_event_loop();
    } else {
        say(FromWindow::Stop);
    }
}
