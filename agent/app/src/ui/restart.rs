//! The window about restarting this computer: the question, that it is back, and that it could not be done.

use std::time::{Duration, Instant};

use farhand_protocol::rights::Right;
use slint::{ComponentHandle, ModelRc, SharedString, Timer, TimerMode, VecModel};

use super::view::{clean, name};
use super::{Shared, Ui, banner, place, prompt, say, with};
use crate::window::protocol::FromWindow;
use crate::window::restart::{FromRestart, RestartShown};
use farhand_agent_window::RestartWindow;

/// As in the prompt: a click or key that was meant for another program answers nothing.
const ARMED_AFTER: Duration = Duration::from_millis(500);
/// That the computer is back is said for so long; the banner stays.
const BACK_STAYS: u64 = 45;

/// What the window asks or says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shows {
    Question { question: u32, minutes: Vec<u32> },
    Back { allowed: bool },
    Failed,
}

/// The window, and what it shows.
pub struct Pane {
    pub window: RestartWindow,
    shows: Option<Shows>,
    until: Instant,
    seconds: u64,
    countdown: Timer,
    arming: Timer,
}

impl Pane {
    pub fn new(window: RestartWindow) -> Self {
        Self {
            window,
            shows: None,
            until: Instant::now(),
            seconds: 1,
            countdown: Timer::default(),
            arming: Timer::default(),
        }
    }
}

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    ui.restart.window.set_name(text("agent.restart.title"));
    ui.controls.set_restart_label(text("agent.restart.own_button"));
    ui.controls.set_restart_detail(text("agent.restart.own_detail"));
}

/// What people do in it.
pub fn connect(ui: &Shared) {
    let borrowed = ui.borrow();
    borrowed.controls.on_restart(|| say(FromWindow::Restart { restart: FromRestart::Ask }));
    let window = &borrowed.restart.window;
    window.on_yes(with(ui, |ui| answer(ui, true)));
    window.on_no(with(ui, |ui| answer(ui, false)));
    window.on_typed(with(ui, |ui| {
        ui.borrow().restart.window.set_armed(false);
        ui.borrow().restart.arming.stop();
        arm_soon(ui);
    }));
    let close = with(ui, |ui| {
        let question = matches!(ui.borrow().restart.shows, Some(Shows::Question { .. }));
        // To close what says that the computer is back takes nothing away.
        if question { answer(ui, false) } else { gone(ui) }
    });
    window.window().on_close_requested(move || {
        close();
        slint::CloseRequestResponse::HideWindow
    });
    place::watch(window.window(), place::below, with(ui, arm_soon));
}

/// Of restarting this computer, from the session process.
pub fn handle(ui: &Shared, shown: &RestartShown) {
    match shown {
        RestartShown::Possible { possible } => ui.borrow().controls.set_restart_possible(*possible),
        RestartShown::Ask { question, technician, organisation, own, rights, choices, seconds } => {
            ask(ui, *question, technician, organisation, *own, rights, choices, *seconds);
        }
        RestartShown::Gone { question } => {
            let shown = matches!(&ui.borrow().restart.shows, Some(Shows::Question { question: it, .. }) if it == question);
            if shown {
                gone(ui);
            }
        }
        RestartShown::Failed { sentence, reason } => failed(ui, sentence, reason),
        RestartShown::Back { technician, rights, until } => back(ui, technician, rights, *until),
    }
}

#[expect(clippy::too_many_arguments, reason = "the fields of one message")]
fn ask(
    ui: &Shared,
    question: u32,
    technician: &str,
    organisation: &str,
    own: bool,
    rights: &[Right],
    choices: &[u32],
    seconds: u64,
) {
    let mut minutes = vec![0];
    if !rights.is_empty() {
        minutes.extend(choices);
    }
    {
        let ui = ui.borrow();
        let technician = name(&ui, technician);
        let get = |key: &str, places: &[(&str, &str)]| ui.strings.get(key, places);
        let places = [("technician", technician.as_str())];
        let window = &ui.restart.window;
        let key = if own { "agent.restart.own_asks" } else { "agent.restart.asks" };
        window.set_heading(get(key, &places).into());
        let organisation = clean(organisation);
        let from = match organisation.is_empty() || own {
            true => String::new(),
            false => get("agent.prompt.from", &[("organisation", &organisation)]),
        };
        window.set_from(from.into());
        let points =
            ["agent.restart.point_restarts", "agent.restart.point_unsaved", "agent.restart.point_starts"];
        window.set_points(list(points.map(|key| get(key, &places))));
        window.set_picks_label(get("agent.restart.how_long", &places).into());
        window.set_picks(list(minutes.iter().map(|minutes| match minutes {
            0 => get("agent.restart.ask_again", &[]),
            60 => get("agent.restart.hour", &[]),
            other => get("agent.restart.minutes", &[("minutes", &other.to_string())]),
        })));
        window.set_chosen(0);
        let names: Vec<String> =
            rights.iter().map(|right| get(&format!("agent.right.{}", prompt::word(*right)), &[])).collect();
        let note = match names.is_empty() {
            true => get("agent.restart.note_anew", &places),
            false => get("agent.restart.note", &[places[0], ("rights", &names.join(", "))]),
        };
        window.set_note(note.into());
        window.set_no_label(get("agent.restart.no", &[]).into());
        window.set_yes_label(get("agent.restart.yes", &[]).into());
    }
    show(ui, Shows::Question { question, minutes }, seconds);
}

fn back(ui: &Shared, technician: &str, rights: &[Right], until: u64) {
    let allowed = !rights.is_empty();
    {
        let ui = ui.borrow();
        let technician = name(&ui, technician);
        let names: Vec<String> = rights
            .iter()
            .map(|right| ui.strings.get(&format!("agent.right.{}", prompt::word(*right)), &[]))
            .collect();
        let (names, time) = (names.join(", "), banner::clock(&ui, until));
        let places =
            [("technician", technician.as_str()), ("rights", names.as_str()), ("time", time.as_str())];
        let get = |key: &str| SharedString::from(ui.strings.get(key, &places));
        let window = &ui.restart.window;
        window.set_from(SharedString::new());
        window.set_picks(list([]));
        window.set_note(get("agent.restart.back_note"));
        let points: Vec<String> = if allowed {
            window.set_heading(get("agent.restart.back_heading"));
            vec![get("agent.restart.back_rights").into(), get("agent.restart.back_until").into()]
        } else {
            window.set_heading(get("agent.restart.back_heading_anew"));
            vec![get("agent.restart.back_anew").into()]
        };
        window.set_points(list(points));
        window.set_no_label(if allowed { get("agent.restart.back_stop") } else { SharedString::new() });
        window.set_yes_label(get("agent.restart.back_ok"));
    }
    show(ui, Shows::Back { allowed }, BACK_STAYS);
}

fn failed(ui: &Shared, sentence: &str, reason: &str) {
    {
        let ui = ui.borrow();
        let get = |key: &str| SharedString::from(ui.strings.get(key, &[]));
        let window = &ui.restart.window;
        window.set_heading(get("agent.restart.failed"));
        window.set_from(SharedString::new());
        window.set_picks(list([]));
        window.set_points(list([get(sentence).into()]));
        window.set_note(clean(reason).into());
        window.set_no_label(SharedString::new());
        window.set_yes_label(get("agent.restart.back_ok"));
    }
    show(ui, Shows::Failed, BACK_STAYS);
}

fn list(texts: impl IntoIterator<Item = String>) -> ModelRc<SharedString> {
    ModelRc::new(VecModel::from(texts.into_iter().map(SharedString::from).collect::<Vec<_>>()))
}

fn show(ui: &Shared, shows: Shows, seconds: u64) {
    {
        let mut ui = ui.borrow_mut();
        ui.restart.shows = Some(shows);
        (ui.restart.until, ui.restart.seconds) = (Instant::now() + Duration::from_secs(seconds), seconds);
        ui.restart.arming.stop();
        ui.restart.window.set_armed(false);
    }
    tick(ui);
    let window = ui.borrow().restart.window.clone_strong();
    super::fit(&ui.borrow());
    let _ = window.show();
    super::fit(&ui.borrow());
    window.invoke_focus_default();
    place::below(window.window());
    ui.borrow().restart.countdown.start(TimerMode::Repeated, Duration::from_millis(500), with(ui, tick));
}

fn tick(ui: &Shared) {
    let over = {
        let ui = ui.borrow();
        let Some(shows) = &ui.restart.shows else { return };
        let left = ui.restart.until.saturating_duration_since(Instant::now());
        let rounded = left.as_secs_f64().ceil() as u64;
        let key = match shows {
            Shows::Question { .. } => "agent.prompt.countdown",
            Shows::Back { .. } | Shows::Failed => "agent.restart.closes",
        };
        let text = ui.strings.get(key, &[("seconds", &rounded.to_string())]);
        ui.restart.window.set_countdown(text.into());
        ui.restart.window.set_left(rounded as f32 / ui.restart.seconds.max(1) as f32);
        // A question's end is the session's to say.
        left.is_zero() && !matches!(shows, Shows::Question { .. })
    };
    if over {
        gone(ui);
    }
}

fn arm_soon(ui: &Shared) {
    let borrowed = ui.borrow();
    let pane = &borrowed.restart;
    if pane.shows.is_none() || pane.arming.running() || pane.window.get_armed() {
        return;
    }
    pane.arming.start(
        TimerMode::SingleShot,
        ARMED_AFTER,
        with(ui, |ui| ui.borrow().restart.window.set_armed(true)),
    );
}

/// It is not shown any more.
pub fn gone(ui: &Shared) {
    let mut ui = ui.borrow_mut();
    ui.restart.shows = None;
    ui.restart.countdown.stop();
    ui.restart.arming.stop();
    let _ = ui.restart.window.hide();
}

/// Answers what is shown, once.
fn answer(ui: &Shared, yes: bool) {
    let Some(shows) = ui.borrow_mut().restart.shows.take() else { return };
    match shows {
        Shows::Question { question, minutes } if yes => {
            let chosen = usize::try_from(ui.borrow().restart.window.get_chosen()).unwrap_or(0);
            let minutes = minutes.get(chosen).copied().unwrap_or(0);
            say(FromWindow::Restart { restart: FromRestart::Allow { question, minutes } });
        }
        Shows::Question { question, .. } => {
            say(FromWindow::Restart { restart: FromRestart::Refuse { question } });
        }
        Shows::Back { allowed: true } if !yes => say(FromWindow::RevokeAll),
        Shows::Back { .. } | Shows::Failed => {}
    }
    gone(ui);
}
