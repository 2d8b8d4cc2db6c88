//! The window that shows which files go, and asks whether they may.

use std::rc::Rc;
use std::time::{Duration, Instant};

use slint::{ComponentHandle, ModelRc, SharedString, Timer, TimerMode, VecModel};

use super::view::clean;
use super::{Shared, Ui, place, say};
use crate::strings::Strings;
use crate::window::files::{FilesQuestion, FilesRow, FilesRowState, FilesShown, FromFiles};
use crate::window::protocol::FromWindow;
use farhand_agent_window::{FileRow, FilesWindow};

/// As the prompt: a click that was meant for another program cannot answer.
const ARMED_AFTER: Duration = Duration::from_millis(500);
/// The window goes by itself when nothing has happened for so long after the last file.
const STAYS: Duration = Duration::from_secs(30);

/// The window and what it asks.
pub struct Pane {
    pub window: FilesWindow,
    asked: Option<(u32, Instant, u64)>,
    /// The newest file that was shown, and how many were under way.
    newest: u32,
    countdown: Timer,
    arming: Timer,
    leaving: Timer,
}

impl Pane {
    pub fn new(window: FilesWindow) -> Self {
        Self {
            window,
            asked: None,
            newest: 0,
            countdown: Timer::default(),
            arming: Timer::default(),
            leaving: Timer::default(),
        }
    }
}

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    let files = &ui.files.window;
    files.set_name(text("agent.title.files"));
    files.set_no_label(text("agent.prompt.no"));
    files.set_allow_label(text("agent.prompt.allow"));
    files.set_heading(text("agent.files.heading"));
    files.set_stop_label(text("agent.files.stop"));
    files.set_stop_all_label(text("agent.files.stop_all"));
    files.set_hide_label(text("agent.files.hide"));
}

/// What people do in it.
pub fn connect(ui: &Shared) {
    let with = |run: fn(&Shared)| {
        let weak = Rc::downgrade(ui);
        move || {
            if let Some(ui) = weak.upgrade() {
                run(&ui);
            }
        }
    };
    let borrowed = ui.borrow();
    let files = &borrowed.files.window;
    files.on_allow(with(|ui| answer(ui, true)));
    files.on_refuse(with(|ui| answer(ui, false)));
    files.on_hidden(with(hide));
    files.on_stop(|row| {
        let row = u32::try_from(row).unwrap_or_default();
        say(FromWindow::Files { files: FromFiles::Stop { row } });
    });
    files.on_stop_all(|| say(FromWindow::Files { files: FromFiles::StopAll }));
    let close = with(hide);
    files.window().on_close_requested(move || {
        close();
        slint::CloseRequestResponse::HideWindow
    });
    let painted = with(arm_soon);
    place::watch(files.window(), place::corner, painted);
}

/// Puts the window away. What is asked is refused.
fn hide(ui: &Shared) {
    answer(ui, false);
    let _ = ui.borrow().files.window.hide();
}

fn answer(ui: &Shared, allow: bool) {
    let Some((ask, ..)) = ui.borrow_mut().files.asked.take() else { return };
    // A second answer to the same question would be one to the next.
    let files = if allow { FromFiles::Allow { ask } } else { FromFiles::Refuse { ask } };
    say(FromWindow::Files { files });
    let ui = ui.borrow();
    ui.files.window.set_armed(false);
    ui.files.window.set_asking(false);
    ui.files.countdown.stop();
}

fn arm_soon(ui: &Shared) {
    let weak = Rc::downgrade(ui);
    let borrowed = ui.borrow();
    let files = &borrowed.files;
    if files.asked.is_none() || files.arming.running() || files.window.get_armed() {
        return;
    }
    files.arming.start(TimerMode::SingleShot, ARMED_AFTER, move || {
        if let Some(ui) = weak.upgrade() {
            let ui = ui.borrow();
            ui.files.window.set_armed(ui.files.asked.is_some());
        }
    });
}

fn tick(ui: &Shared) {
    let ui = ui.borrow();
    let Some((_, until, seconds)) = ui.files.asked else { return };
    let left = until.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
    let text = ui.strings.get("agent.prompt.countdown", &[("seconds", &left.to_string())]);
    ui.files.window.set_countdown(text.into());
    ui.files.window.set_left((left / seconds.max(1) as f64) as f32);
}

/// Something of the session process.
pub fn handle(ui: &Shared, shown: &FilesShown) {
    let wanted = {
        let mut borrowed = ui.borrow_mut();
        let ui = &mut *borrowed;
        // A question leaves less room.
        let most = if shown.question.is_some() { 4 } else { shown.rows.len() };
        let first = shown.rows.len().saturating_sub(most);
        let rows: Vec<FileRow> = shown.rows[first..].iter().map(|row| file_row(&ui.strings, row)).collect();
        let live = rows.iter().any(|row| row.live);
        ui.files.window.set_any_live(live);
        ui.files.window.set_rows(ModelRc::new(VecModel::from(rows)));
        let earlier = match shown.earlier {
            0 => String::new(),
            count => ui.strings.get("agent.files.earlier", &[("count", &count.to_string())]),
        };
        ui.files.window.set_earlier(earlier.into());
        let newest = shown.rows.iter().map(|row| row.row).max().unwrap_or_default();
        let new_file = newest > ui.files.newest;
        ui.files.newest = ui.files.newest.max(newest);
        let before = ui.files.asked.map(|(ask, ..)| ask);
        let new_question = match &shown.question {
            Some(question) if before != Some(question.ask) => {
                ask(ui, question);
                true
            }
            Some(_) => false,
            None => {
                ui.files.asked = None;
                ui.files.window.set_asking(false);
                ui.files.window.set_armed(false);
                ui.files.countdown.stop();
                false
            }
        };
        ui.files.leaving.stop();
        if !live && shown.question.is_none() {
            let weak = ui.files.window.as_weak();
            ui.files.leaving.start(TimerMode::SingleShot, STAYS, move || {
                if let Some(window) = weak.upgrade() {
                    let _ = window.hide();
                }
            });
        }
        new_file || new_question
    };
    if wanted {
        tick(ui);
        let window = ui.borrow().files.window.clone_strong();
        super::fit(&ui.borrow());
        let _ = window.show();
        window.invoke_focus_nothing();
        place::corner(window.window());
        let weak = Rc::downgrade(ui);
        ui.borrow().files.countdown.start(TimerMode::Repeated, Duration::from_millis(500), move || {
            if let Some(ui) = weak.upgrade() {
                tick(&ui);
            }
        });
    }
}

/// The session is over: nothing is asked any more.
pub fn gone(ui: &Shared) {
    let mut ui = ui.borrow_mut();
    ui.files.asked = None;
    ui.files.countdown.stop();
    let _ = ui.files.window.hide();
}

fn ask(ui: &mut Ui, question: &FilesQuestion) {
    let FilesQuestion { ask, technician, incoming, name, size, more, more_size, seconds } = question;
    ui.files.asked = Some((*ask, Instant::now() + Duration::from_secs(*seconds), *seconds));
    ui.files.arming.stop();
    let window = &ui.files.window;
    window.set_armed(false);
    window.set_asking(true);
    let technician = clean(technician);
    let technician =
        if technician.is_empty() { ui.strings.get("agent.prompt.somebody", &[]) } else { technician };
    let key = if *incoming { "agent.files.asks_in" } else { "agent.files.asks_out" };
    window.set_asks(ui.strings.get(key, &[("technician", &technician)]).into());
    let what = match name {
        None => ui.strings.get("agent.files.look", &[]),
        Some(name) => {
            let first = match (*incoming, *size) {
                (false, 0) => name.clone(),
                (_, size) => format!("{name} ({})", bytes(&ui.strings, size)),
            };
            match more {
                0 => first,
                more => {
                    let (more, size) = (more.to_string(), bytes(&ui.strings, *more_size));
                    let places = [("first", first.as_str()), ("count", &more), ("size", &size)];
                    ui.strings.get("agent.files.and_more", &places)
                }
            }
        }
    };
    window.set_what(what.into());
    let meaning = if *incoming { "agent.files.meaning_in" } else { "agent.files.meaning_out" };
    window.set_meaning(ui.strings.get(meaning, &[]).into());
}

fn file_row(strings: &Strings, row: &FilesRow) -> FileRow {
    let way = strings.get(if row.incoming { "agent.files.in" } else { "agent.files.out" }, &[]);
    let size = bytes(strings, row.size);
    let (detail, live, failed) = match &row.state {
        FilesRowState::Waits => {
            (strings.get("agent.files.waits", &[("way", &way), ("size", &size)]), true, false)
        }
        FilesRowState::Flows => {
            let moved = bytes(strings, row.moved);
            let places = [("way", way.as_str()), ("moved", &moved), ("size", &size)];
            (strings.get("agent.files.flows", &places), true, false)
        }
        FilesRowState::Finished => {
            (strings.get("agent.files.finished", &[("way", &way), ("size", &size)]), false, false)
        }
        FilesRowState::Over { why } => {
            let key = format!("agent.files.why_{why}");
            let key = if strings.has(&key) { key } else { "agent.files.why_failed".into() };
            let why = strings.get(&key, &[]);
            (strings.get("agent.files.over", &[("way", &way), ("size", &size), ("why", &why)]), false, true)
        }
    };
    let part = if row.size == 0 { 0.0 } else { (row.moved as f64 / row.size as f64) as f32 };
    FileRow {
        row: i32::try_from(row.row).unwrap_or_default(),
        name: row.name.clone().into(),
        detail: detail.into(),
        part,
        live,
        failed,
    }
}

/// A size as people read it, with two or three digits.
fn bytes(strings: &Strings, count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return strings.get("agent.files.bytes", &[("count", &count.to_string())]);
    }
    let mut value = count as f64;
    let mut unit = "";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    let digits = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    format!("{}\u{a0}{unit}", digits.replace('.', &strings.get("agent.files.point", &[])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_people() {
        let (english, german) = (Strings::for_locale("en"), Strings::for_locale("de"));
        assert_eq!(bytes(&english, 1_234_567), "1.2\u{a0}MB");
        assert_eq!(bytes(&german, 1_234_567), "1,2\u{a0}MB");
        assert_eq!(bytes(&english, 999_999), "1.0\u{a0}MB");
        assert_eq!(bytes(&english, 64_000), "64\u{a0}kB");
        assert_eq!(bytes(&english, 1 << 40), "1.1\u{a0}TB");
    }

    #[test]
    fn every_reason_has_its_words() {
        for language in ["en", "de"] {
            let strings = Strings::for_locale(language);
            for why in farhand_protocol::channel::files::FileEnd::ALL {
                let key = format!("agent.files.why_{}", why.word());
                assert!(strings.has(&key), "{key}");
            }
        }
    }
}
