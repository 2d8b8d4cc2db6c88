//! The chat with the technician. It is shown when the customer asks for it and never by itself: what comes meanwhile is a
//! mark at the button, so that nothing takes the keyboard from what the customer does.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use farhand_protocol::channel::chat::chat_text;
use slint::winit_030::WinitWindowAccessor;
use slint::winit_030::winit::event::WindowEvent;
use slint::winit_030::winit::window::UserAttentionType;
use slint::{ComponentHandle, LogicalSize, Model, ModelRc, SharedString, Timer, TimerMode, VecModel};

use super::links::links;
use super::view::clean;
use super::{Shared, Ui, place, say};
use crate::window::chat::{FromChat, ToChat};
use crate::window::protocol::FromWindow;
use farhand_agent_window::{ChatWindow, Link, Said};

/// Lines that are shown, and their bytes: laying out many is slow, and the ways to stop a session wait for it.
const MAX_SHOWN: usize = 60;
const MAX_SHOWN_BYTES: usize = 12 * 1024;
/// Links that are named under one message.
const MAX_LINKS: usize = 8;
/// Letters of the newest message in the window for waiting.
const PREVIEW: usize = 90;
/// That the customer types is told at most this often, and of the technician believed for a little longer.
const TYPING_EVERY: Duration = Duration::from_secs(3);
const TYPING_FOR: Duration = Duration::from_secs(6);

/// The chat's window and what it shows.
pub struct Pane {
    pub window: ChatWindow,
    said: Rc<VecModel<Said>>,
    /// The number of each line that is shown, and whether it is the customer's.
    numbers: Vec<(u32, bool)>,
    delivered: u32,
    unread: u32,
    preview: String,
    open: bool,
    ids: u32,
    told_typing: Option<Instant>,
    typing: Timer,
}

impl Pane {
    pub fn new(window: ChatWindow) -> Self {
        let said = Rc::new(VecModel::default());
        window.set_lines(ModelRc::from(Rc::clone(&said)));
        Self {
            window,
            said,
            numbers: Vec::new(),
            delivered: 0,
            unread: 0,
            preview: String::new(),
            open: false,
            ids: 0,
            told_typing: None,
            typing: Timer::default(),
        }
    }
}

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    let chat = &ui.chat.window;
    chat.set_name(text("agent.title.chat"));
    chat.set_lead(text("agent.chat.lead"));
    chat.set_none(text("agent.chat.none"));
    chat.set_earlier(text("agent.chat.earlier"));
    chat.set_field_label(text("agent.chat.field"));
    chat.set_send_label(text("agent.chat.send"));
    chat.set_copy_label(text("agent.chat.copy"));
    chat.set_copied_label(text("agent.chat.copied"));
}

/// What people do in it.
pub fn connect(ui: &Shared) {
    let borrowed = ui.borrow();
    let with = |run: fn(&Shared)| {
        let weak = Rc::downgrade(ui);
        move || {
            if let Some(ui) = weak.upgrade() {
                run(&ui);
            }
        }
    };
    borrowed.banner.on_chat(with(open));
    borrowed.status.on_chat(with(open));
    borrowed.controls.on_chat(with(open));
    borrowed.chat.window.on_send(with(send));
    borrowed.chat.window.on_edited(with(edited));
    let chat = borrowed.chat.window.as_weak();
    borrowed.chat.window.on_hidden(move || {
        if let Some(chat) = chat.upgrade() {
            let _ = chat.hide();
        }
    });
    borrowed.chat.window.window().on_close_requested(|| slint::CloseRequestResponse::HideWindow);
    looked_at(&borrowed, Rc::downgrade(ui));
}

/// Whoever turns to the window has read what is new.
fn looked_at(ui: &Ui, weak: Weak<RefCell<Ui>>) {
    ui.chat.window.window().on_winit_window_event(move |_, event| {
        if matches!(event, WindowEvent::Focused(true)) {
            let weak = weak.clone();
            // After this event: what it changes is asked about it.
            let _ = slint::spawn_local(async move {
                if let Some(ui) = weak.upgrade() {
                    read(&mut ui.borrow_mut());
                }
            });
        }
        slint::winit_030::EventResult::Propagate
    });
}

/// Something of the session process.
pub fn handle(ui: &Shared, message: &ToChat) {
    let mut borrowed = ui.borrow_mut();
    match message {
        ToChat::Open { technician } => {
            borrowed.chat.open = true;
            let technician = name(&borrowed, technician);
            let heading = borrowed.strings.get("agent.chat.heading", &[("technician", &technician)]);
            borrowed.chat.window.set_heading(heading.into());
            borrowed.chat.window.set_writable(true);
            marks(&borrowed);
        }
        ToChat::Line { number, mine, name, text } => line(&mut borrowed, *number, *mine, name, text),
        ToChat::Delivered { number } => delivered(&mut borrowed, *number),
        ToChat::Typing { name: who } => {
            let who = name(&borrowed, who);
            let typing = borrowed.strings.get("agent.chat.typing", &[("technician", &who)]);
            borrowed.chat.window.set_typing(typing.into());
            let chat = borrowed.chat.window.as_weak();
            borrowed.chat.typing.start(TimerMode::SingleShot, TYPING_FOR, move || {
                if let Some(chat) = chat.upgrade() {
                    chat.set_typing(SharedString::new());
                }
            });
        }
    }
}

/// The session is over: what was said can be read on, and nothing be added.
pub fn over(ui: &mut Ui) {
    ui.chat.open = false;
    ui.chat.window.set_writable(false);
    ui.chat.window.set_typing(SharedString::new());
    ui.chat.window.set_problem(ui.strings.get("agent.chat.over", &[]).into());
    marks(ui);
}

fn line(ui: &mut Ui, number: u32, mine: bool, who: &str, text: &str) {
    if ui.chat.numbers.iter().any(|(known, _)| *known == number) {
        return;
    }
    let links: Vec<Link> = links(text)
        .into_iter()
        .take(MAX_LINKS)
        .map(|link| Link {
            to: ui.strings.get("agent.chat.link", &[("host", &link.host)]).into(),
            address: link.address.into(),
        })
        .collect();
    let who = if mine { ui.strings.get("agent.chat.you", &[]) } else { name(ui, who) };
    if !mine {
        ui.chat.typing.stop();
        ui.chat.window.set_typing(SharedString::new());
        ui.chat.preview = format!("{who}: {}", shortened(text));
        let focused = ui.chat.window.window().with_winit_window(|window| window.has_focus());
        if !ui.chat.window.window().is_visible() || focused != Some(true) {
            ui.chat.unread += 1;
            // A sign in the task bar, not the keyboard.
            ui.chat.window.window().with_winit_window(|window| {
                window.request_user_attention(Some(UserAttentionType::Informational));
            });
        }
    }
    let said = Said {
        mine,
        who: who.into(),
        text: text.into(),
        mark: mark(ui, number, mine),
        links: ModelRc::new(VecModel::from(links)),
    };
    ui.chat.said.push(said);
    ui.chat.numbers.push((number, mine));
    let mut bytes: usize = ui.chat.said.iter().map(|said| said.text.len()).sum();
    while ui.chat.numbers.len() > MAX_SHOWN || (bytes > MAX_SHOWN_BYTES && ui.chat.numbers.len() > 1) {
        ui.chat.numbers.remove(0);
        bytes -= ui.chat.said.remove(0).text.len();
        ui.chat.window.set_shortened(true);
    }
    to_end(&ui.chat.window);
    marks(ui);
}

fn mark(ui: &Ui, number: u32, mine: bool) -> SharedString {
    let key = if number <= ui.chat.delivered { "agent.chat.delivered" } else { "agent.chat.sent" };
    if mine { ui.strings.get(key, &[]).into() } else { SharedString::new() }
}

fn delivered(ui: &mut Ui, number: u32) {
    ui.chat.delivered = ui.chat.delivered.max(number);
    for (at, (number, mine)) in ui.chat.numbers.iter().enumerate() {
        let mark = mark(ui, *number, *mine);
        if let Some(mut said) = ui.chat.said.row_data(at)
            && said.mark != mark
        {
            said.mark = mark;
            ui.chat.said.set_row_data(at, said);
        }
    }
}

fn open(ui: &Shared) {
    let chat = ui.borrow().chat.window.clone_strong();
    let shown = chat.window().is_visible();
    super::fit(&ui.borrow());
    if !shown {
        let now = chat.window().size().to_logical(chat.window().scale_factor());
        // A window that was never shown says that it is as small as it may be.
        let fits = |now: f32, usual: f32, room: f32| now.max(usual).min(room);
        let (room_width, room_height) = (chat.get_room_width(), chat.get_room_height());
        let size = LogicalSize::new(fits(now.width, 400.0, room_width), fits(now.height, 520.0, room_height));
        chat.window().set_size(size);
    }
    let _ = chat.show();
    if !shown {
        // Where its heading is not under the banner. Whoever moves it finds it there as long as it is open.
        place::aside(chat.window());
    }
    chat.window().with_winit_window(|window| window.focus_window());
    chat.invoke_write();
    to_end(&chat);
    read(&mut ui.borrow_mut());
}

/// Once what is new has its place.
fn to_end(chat: &ChatWindow) {
    let chat = chat.as_weak();
    Timer::single_shot(Duration::ZERO, move || {
        if let Some(chat) = chat.upgrade() {
            chat.invoke_to_end();
        }
    });
}

fn read(ui: &mut Ui) {
    ui.chat.unread = 0;
    marks(ui);
}

/// How much is new, at the buttons.
fn marks(ui: &Ui) {
    let unread = ui.chat.unread;
    let label = match unread {
        0 => ui.strings.get("agent.chat.button", &[]),
        count => ui.strings.get("agent.chat.button_news", &[("count", &count.to_string())]),
    };
    let label = SharedString::from(label);
    ui.banner.set_chat_label(label.clone());
    ui.banner.set_chat_shown(ui.chat.open);
    ui.banner.set_chat_news(unread > 0);
    ui.controls.set_chat_label(label.clone());
    ui.controls.set_chat_shown(ui.chat.open);
    ui.controls.set_chat_news(unread > 0);
    ui.status.set_chat_label(label);
    ui.status.set_chat_shown(ui.chat.open);
    ui.status.set_chat_news(unread > 0);
    let preview = if unread > 0 { ui.chat.preview.as_str() } else { "" };
    ui.status.set_chat_preview(preview.into());
}

fn send(ui: &Shared) {
    let mut ui = ui.borrow_mut();
    let draft = ui.chat.window.get_draft();
    if draft.trim().is_empty() || !ui.chat.open {
        return;
    }
    let Some(text) = chat_text(&draft) else {
        ui.chat.window.set_problem(ui.strings.get("agent.chat.too_long", &[]).into());
        return;
    };
    ui.chat.ids += 1;
    // A window that was started again is another process.
    let id = format!("w{}-{}", std::process::id(), ui.chat.ids);
    ui.chat.told_typing = None;
    ui.chat.window.set_problem(SharedString::new());
    ui.chat.window.set_draft(SharedString::new());
    say(FromWindow::Chat { chat: FromChat::Say { id, text } });
}

fn edited(ui: &Shared) {
    let mut ui = ui.borrow_mut();
    ui.chat.window.set_problem(SharedString::new());
    if ui.chat.open && ui.chat.told_typing.is_none_or(|at| at.elapsed() >= TYPING_EVERY) {
        ui.chat.told_typing = Some(Instant::now());
        say(FromWindow::Chat { chat: FromChat::Typing });
    }
    if ui.chat.unread > 0 {
        read(&mut ui);
    }
}

fn name(ui: &Ui, who: &str) -> String {
    let who = clean(who);
    if who.is_empty() { ui.strings.get("agent.prompt.somebody", &[]) } else { who }
}

/// A text on one line, for a glance.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= PREVIEW {
        return line;
    }
    line.chars().take(PREVIEW - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_is_one_short_line() {
        assert_eq!(shortened("one\n two\n\nthree"), "one two three");
        assert_eq!(shortened(&"x".repeat(500)).chars().count(), PREVIEW);
    }
}
