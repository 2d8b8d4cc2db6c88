//! The window's process: shows what the session process says, and says what the person does. It decides nothing.

mod banner;
mod chat;
mod controls;
mod files;
mod links;
mod permissions;
mod place;
mod prompt;
mod restart;
mod share;
mod start;
mod view;

use std::cell::{Cell, RefCell};
use std::io::{BufRead, Read, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use farhand_agent_host::guard::Guard;
use farhand_protocol::channel::at_end::ScreenLock;
use farhand_protocol::rights::Right;
use slint::{ComponentHandle, Timer, TimerMode};

use crate::blocked::{Blocked, Whom};
use crate::receipt::keep;
use crate::strings::Strings;
use crate::window::protocol::{FromWindow, MAX_LINE, ToWindow, line};

use farhand_agent_window::{
    BannerWindow, ChatWindow, ControlsWindow, FilesWindow, PermissionsWindow, PromptWindow, RestartWindow,
    ShareWindow, StartWindow, StatusWindow, Theme,
};

/// The end of a session stays on the screen for this long, unless it is closed.
const OVER_STAYS: Duration = Duration::from_secs(45);
/// With a receipt to save it stays longer, and as long again whenever somebody does something about it.
const RECEIPT_STAYS: Duration = Duration::from_secs(5 * 60);
/// A screen that is lower than this, in the windows' own measure, has no room for all that the banner can say.
const LOW_SCREEN: f32 = 480.0;
struct Asked {
    ask: u32,
    until: Instant,
    seconds: u64,
    /// What is asked for, and what of it is chosen.
    rights: Vec<(Right, bool)>,
}

/// The windows and what they show.
struct Ui {
    strings: Strings,
    prompt: PromptWindow,
    banner: BannerWindow,
    controls: ControlsWindow,
    status: StatusWindow,
    start: StartWindow,
    chat: chat::Pane,
    files: files::Pane,
    share: share::Pane,
    restart: restart::Pane,
    permissions: permissions::Pane,
    asked: Option<Asked>,
    /// Where the session stands, and what the customer chose, as they were told last.
    told: Option<ToWindow>,
    choices: Option<ToWindow>,
    screen_lock: ScreenLock,
    /// Keeps the banner in sight.
    guard: Option<Box<dyn Guard>>,
    /// Who can be kept out when the session is over, and what kept them out.
    whom: Option<Whom>,
    by: Option<Blocked>,
    over: bool,
    /// Path of the receipt that can be saved.
    kept: Option<PathBuf>,
    countdown: Timer,
    minutes: Timer,
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
    let start = StartWindow::new()?;
    start.window();
    let controls = ControlsWindow::new()?;
    controls.window();
    let chat = ChatWindow::new()?;
    chat.window();
    let files = FilesWindow::new()?;
    files.window();
    let share = ShareWindow::new()?;
    share.window();
    let restart = RestartWindow::new()?;
    restart.window();
    let permissions = PermissionsWindow::new()?;
    permissions.window();
    kind.set(place::Kind::Panel);
    let banner = BannerWindow::new()?;
    banner.window();
    kind.set(place::Kind::Ordinary);
    let ui = Rc::new(RefCell::new(Ui {
        strings: Strings::from_environment(),
        prompt,
        banner,
        controls,
        status,
        start,
        chat: chat::Pane::new(chat),
        files: files::Pane::new(files),
        share: share::Pane::new(share),
        restart: restart::Pane::new(restart),
        permissions: permissions::Pane::new(permissions),
        asked: None,
        told: None,
        choices: None,
        screen_lock: ScreenLock::default(),
        guard: None,
        whom: None,
        by: None,
        over: false,
        kept: None,
        countdown: Timer::default(),
        minutes: Timer::default(),
        arming: Timer::default(),
        leaving: Timer::default(),
    }));
    connect(&ui);
    chat::connect(&ui);
    files::connect(&ui);
    share::connect(&ui);
    restart::connect(&ui);
    view::fixed_texts(&ui.borrow());
    start::fixed_texts(&ui.borrow());
    chat::fixed_texts(&ui.borrow());
    files::fixed_texts(&ui.borrow());
    share::fixed_texts(&ui.borrow());
    restart::fixed_texts(&ui.borrow());
    permissions::fixed_texts(&ui.borrow());
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
        ToWindow::Prompt { .. } => prompt::show(ui, message),
        ToWindow::PromptGone { ask } => {
            if ui.borrow().asked.as_ref().is_some_and(|asked| asked.ask == *ask) {
                prompt::gone(ui);
            }
        }
        ToWindow::Status { .. } => {
            permissions::gone(&ui.borrow());
            start::gone(&ui.borrow());
            banner::status(ui, message);
        }
        ToWindow::Start { .. } => {
            permissions::gone(&ui.borrow());
            start::show(ui, message);
        }
        ToWindow::Update { sentence, version } => {
            let ui = ui.borrow();
            ui.status.set_update_text(ui.strings.get(sentence, &[("version", version)]).into());
            stay(&ui, RECEIPT_STAYS);
        }
        ToWindow::Choices { .. } => {
            ui.borrow_mut().choices = Some(message.clone());
            let ui = ui.borrow();
            banner::fill(&ui);
            controls::fill(&ui);
        }
        ToWindow::ScreenLock { lock } => {
            ui.borrow_mut().screen_lock = *lock;
            let ui = ui.borrow();
            banner::fill(&ui);
            controls::fill(&ui);
        }
        ToWindow::Controls => controls::open(ui),
        ToWindow::Over { whom, by, .. } => {
            prompt::gone(ui);
            files::gone(ui);
            share::gone(ui);
            restart::gone(ui);
            let mut ui = ui.borrow_mut();
            ui.over = true;
            start::gone(&ui);
            permissions::gone(&ui);
            ui.whom.clone_from(whom);
            ui.by.clone_from(by);
            banner::gone(&ui);
            view::over(&ui, message);
            controls::after(&ui);
            chat::over(&mut ui);
            stay(&ui, OVER_STAYS);
        }
        ToWindow::Chat { chat } => chat::handle(ui, chat),
        ToWindow::Files { shown } => files::handle(ui, shown),
        ToWindow::Share { shown } => share::handle(ui, shown),
        ToWindow::Restart { shown } => restart::handle(ui, shown),
        ToWindow::Permissions { shown } => permissions::show(ui, shown),
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

fn say(message: FromWindow) {
    let mut output = std::io::stdout().lock();
    // When the session process is gone, the end of its pipe closes this window.
    let _ = output.write_all(line(&message).as_bytes());
    let _ = output.flush();
}

fn connect(ui: &Shared) {
    if let Ok(scheme) = std::env::var("FARHAND_COLOUR_SCHEME") {
        let ui = ui.borrow();
        ui.prompt.global::<Theme>().set_forced(scheme.clone().into());
        ui.banner.global::<Theme>().set_forced(scheme.clone().into());
        ui.chat.window.global::<Theme>().set_forced(scheme.clone().into());
        ui.files.window.global::<Theme>().set_forced(scheme.clone().into());
        ui.share.window.global::<Theme>().set_forced(scheme.clone().into());
        ui.restart.window.global::<Theme>().set_forced(scheme.clone().into());
        ui.permissions.window.global::<Theme>().set_forced(scheme.clone().into());
        ui.controls.global::<Theme>().set_forced(scheme.clone().into());
        ui.start.global::<Theme>().set_forced(scheme.clone().into());
        ui.status.global::<Theme>().set_forced(scheme.into());
    }
    prompt::connect(ui);
    banner::connect(ui);
    controls::connect(ui);
    let borrowed = ui.borrow();
    borrowed.status.on_save(with(ui, save));
    borrowed.status.on_edited(with(ui, |ui| stay(&ui.borrow(), RECEIPT_STAYS)));
    borrowed.status.on_pressed(with(ui, status_closed));
    let closed = with(ui, status_closed);
    borrowed.status.window().on_close_requested(move || {
        closed();
        slint::CloseRequestResponse::HideWindow
    });
}

/// A callback that does something with the windows, as long as there are any.
fn with(ui: &Shared, act: impl Fn(&Shared) + 'static) -> impl Fn() + 'static {
    let weak = Rc::downgrade(ui);
    move || {
        if let Some(ui) = weak.upgrade() {
            act(&ui);
        }
    }
}

/// No window is larger than its screen, nor lies below the banner: what has no room is scrolled.
fn fit(ui: &Ui) {
    let windows = [
        ui.banner.window(),
        ui.status.window(),
        ui.prompt.window(),
        ui.start.window(),
        ui.permissions.window.window(),
    ];
    if let Some((width, height)) = windows.into_iter().find_map(place::room) {
        ui.banner.set_room(width);
        ui.banner.set_brief(height < LOW_SCREEN);
    }
    // A window that was never shown does not know its screen.
    let Some((width, height)) = windows.into_iter().find_map(place::clear) else { return };
    macro_rules! fit {
        ($($window:expr),*) => { $( $window.set_room_width(width); $window.set_room_height(height); )* };
    }
    fit!(
        ui.prompt,
        ui.controls,
        ui.status,
        ui.start,
        ui.chat.window,
        ui.files.window,
        ui.share.window,
        ui.restart.window,
        ui.permissions.window
    );
}

/// The banner has come, gone or grown: the others make room.
fn banner_changed(ui: &Ui) {
    let window = ui.banner.window();
    let height = if window.is_visible() { window.size().height } else { 0 };
    if !place::keep_clear(height) {
        return;
    }
    fit(ui);
    type Place<'a> = (&'a slint::Window, fn(&slint::Window));
    let places: [Place<'_>; 4] = [
        (ui.prompt.window(), place::below),
        (ui.restart.window.window(), place::below),
        (ui.controls.window(), place::below),
        (ui.files.window.window(), place::corner),
    ];
    for (window, place) in places {
        if window.is_visible() {
            place(window);
        }
    }
}

/// Keeps the windows in their places, says once that one can be seen, and arms a prompt that is seen.
fn watch(ui: &Shared) {
    let said = Rc::new(Cell::new(false));
    let borrowed = ui.borrow();
    let painted = || {
        let (said, fit) = (Rc::clone(&said), with(ui, |ui| fit(&ui.borrow())));
        move || {
            if !said.replace(true) {
                // The first window that is shown knows its screen only now.
                fit();
                say(FromWindow::Ready);
            }
        }
    };
    place::watch(borrowed.status.window(), place::centre, painted());
    start::connect(ui, painted());
    permissions::connect(ui, painted());
    let (seen, guarded) = (painted(), with(ui, banner::watch_over));
    let changed = with(ui, |ui| banner_changed(&ui.borrow()));
    place::watch(borrowed.banner.window(), place::top, move || {
        seen();
        guarded();
        changed();
    });
    place::watch(borrowed.controls.window(), place::below, || {});
    place::watch(borrowed.prompt.window(), place::below, with(ui, prompt::arm_soon));
}

fn status_closed(ui: &Shared) {
    if ui.borrow().over {
        let _ = slint::quit_event_loop();
    } else {
        say(FromWindow::Stop);
    }
}
