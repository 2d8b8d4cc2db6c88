//! The prompt: who asks for what, and what of it is allowed.

use std::time::{Duration, Instant};

use farhand_protocol::channel::together::Purpose;
use farhand_protocol::rights::{Right, Rights};
use slint::{ComponentHandle, Model as _, ModelRc, SharedString, TimerMode, VecModel};

use super::view::{clean, name};
use super::{Asked, Shared, Ui, place, say, with};
use crate::window::protocol::{FromWindow, ToWindow};
use farhand_agent_window::Wanted;

/// A click or key that was meant for another program cannot answer a prompt: it takes no answer but No by Escape or
/// closing before this time after it was first painted, and after a key that is none of its own.
const ARMED_AFTER: Duration = Duration::from_millis(500);

pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    ui.prompt.set_name(text("agent.title.prompt"));
    ui.prompt.set_no_label(text("agent.prompt.no"));
    ui.prompt.set_warning(text("agent.prompt.warning"));
    ui.prompt.set_choose_hint(text("agent.prompt.choose"));
}

pub fn connect(ui: &Shared) {
    let borrowed = ui.borrow();
    borrowed.prompt.on_allow(with(ui, |ui| answer(ui, true)));
    borrowed.prompt.on_refuse(with(ui, |ui| answer(ui, false)));
    borrowed.prompt.on_typed(with(ui, |ui| {
        // Somebody types, and not to this window: its next keys answer nothing.
        ui.borrow().prompt.set_armed(false);
        ui.borrow().arming.stop();
        arm_soon(ui);
    }));
    let close = with(ui, |ui| answer(ui, false));
    borrowed.prompt.window().on_close_requested(move || {
        close();
        slint::CloseRequestResponse::HideWindow
    });
    let weak = std::rc::Rc::downgrade(ui);
    borrowed.prompt.on_toggle(move |at, on| {
        if let Some(ui) = weak.upgrade() {
            toggle(&ui, usize::try_from(at).unwrap_or(usize::MAX), on);
        }
    });
}

/// Asks. Takes the place of an earlier prompt.
pub fn show(ui: &Shared, message: &ToWindow) {
    let ToWindow::Prompt { ask, seconds, rights, .. } = message else { return };
    {
        let mut ui = ui.borrow_mut();
        ui.asked = Some(Asked {
            ask: *ask,
            until: Instant::now() + Duration::from_secs(*seconds),
            seconds: *seconds,
            rights: rights.iter().map(|right| (*right, true)).collect(),
        });
        ui.prompt.set_armed(false);
        ui.arming.stop();
    }
    fill(&ui.borrow(), message);
    ui.borrow().prompt.set_share_shown(rights.contains(&Right::View));
    choices(&ui.borrow());
    tick(&ui.borrow());
    let prompt = ui.borrow().prompt.clone_strong();
    // Its screen is known for certain, and what its frame takes, once it is shown.
    super::fit(&ui.borrow());
    let _ = prompt.show();
    super::fit(&ui.borrow());
    prompt.invoke_focus_default();
    place::below(prompt.window());
    ui.borrow().countdown.start(
        TimerMode::Repeated,
        Duration::from_millis(500),
        with(ui, |ui| tick(&ui.borrow())),
    );
}

fn fill(ui: &Ui, message: &ToWindow) {
    let ToWindow::Prompt { technician, organisation, domain, rights, invited, .. } = message else { return };
    let technician = name(ui, technician);
    let others = rights.iter().any(|right| !matches!(right, Right::View | Right::Control));
    let key = match (rights.contains(&Right::View), rights.contains(&Right::Control), others) {
        (true, true, false) => "agent.prompt.asks_both",
        (false, true, false) => "agent.prompt.asks_control",
        (true, false, false) => "agent.prompt.asks_view",
        (false, false, _) if rights.len() == 1 => "agent.prompt.asks_other",
        _ => "agent.prompt.asks_several",
    };
    // A colleague of who helps already; asked for more, they ask as anybody.
    let key = match invited {
        Some(invited) if rights.contains(&Right::View) => match invited.purpose {
            Purpose::Watch => "agent.prompt.watch",
            Purpose::Help => "agent.prompt.help",
            Purpose::TakeOver => "agent.prompt.take_over",
            Purpose::Unknown => key,
        },
        Some(_) | None => key,
    };
    let by = invited.as_ref().map(|invited| clean(&invited.by)).unwrap_or_default();
    let count = rights.len().to_string();
    let places = [("technician", technician.as_str()), ("count", &count), ("by", &by)];
    ui.prompt.set_asks(ui.strings.get(key, &places).into());
    let organisation = clean(organisation);
    let domain = domain.as_deref().map(clean).filter(|domain| !domain.is_empty());
    let from = ui.strings.get("agent.prompt.from", &[("organisation", &organisation)]);
    ui.prompt.set_from(if organisation.is_empty() { SharedString::new() } else { from.into() });
    ui.prompt.set_verified(domain.is_some());
    ui.prompt.set_verified_label(verified(ui, domain.as_deref()).into());
    let danger = match (&domain, invited) {
        (_, Some(_)) => ui.strings.get("agent.prompt.invited_by", &[("by", &by)]),
        (Some(_), None) => String::new(),
        (None, None) => ui.strings.get("agent.prompt.danger", &[]),
    };
    ui.prompt.set_danger(danger.into());
}

/// Whether the organisation's domain is verified, in words.
pub fn verified(ui: &Ui, domain: Option<&str>) -> String {
    match domain {
        Some(domain) => ui.strings.get("agent.verified.yes", &[("domain", domain)]),
        None => ui.strings.get("agent.verified.no", &[]),
    }
}

/// Shows what is asked for and what of it is chosen.
fn choices(ui: &Ui) {
    let Some(asked) = &ui.asked else { return };
    let wanted: Vec<Wanted> = asked.rights.iter().map(|(right, on)| wanted(ui, *right, *on)).collect();
    let (all, chosen) = (wanted.len(), asked.rights.iter().filter(|(_, on)| *on).count());
    ui.prompt.set_count(i32::try_from(all).unwrap_or(i32::MAX));
    show_wanted(ui, wanted);
    ui.prompt.set_can_allow(chosen > 0);
    let (all_words, chosen_words) = (all.to_string(), chosen.to_string());
    let label = if all == chosen {
        ui.strings.get(if all > 1 { "agent.prompt.allow_all" } else { "agent.prompt.allow" }, &[])
    } else {
        ui.strings.get("agent.prompt.allow_some", &[("count", &chosen_words), ("of", &all_words)])
    };
    ui.prompt.set_allow_label(label.into());
}

/// Rows that are there already are changed and not made anew: whoever chooses by the keyboard stays where they are.
fn show_wanted(ui: &Ui, wanted: Vec<Wanted>) {
    let shown = ui.prompt.get_wanted();
    if shown.row_count() != wanted.len() {
        ui.prompt.set_wanted(ModelRc::new(VecModel::from(wanted)));
        return;
    }
    for (at, row) in wanted.into_iter().enumerate() {
        if shown.row_data(at).as_ref() != Some(&row) {
            shown.set_row_data(at, row);
        }
    }
}

fn wanted(ui: &Ui, right: Right, allowed: bool) -> Wanted {
    let key = |end: &str| format!("agent.right.{}{end}", word(right));
    Wanted {
        title: ui.strings.get(&key(""), &[]).into(),
        detail: ui.strings.get(&key("_detail"), &[]).into(),
        limit: ui.strings.get(&key("_not"), &[]).into(),
        allowed,
    }
}

/// A right's word in keys of sentences.
pub const fn word(right: Right) -> &'static str {
    match right {
        Right::View => "view",
        Right::Control => "control",
        Right::Files => "files",
        Right::Clipboard => "clipboard",
        Right::Diagnostics => "diagnostics",
        Right::Shell => "shell",
        Right::Camera => "camera",
        Right::Microphone => "microphone",
        Right::Unattended => "unattended",
        Right::Record => "record",
    }
}

/// Chooses a right or leaves it out, with those that it needs or that need it.
fn toggle(ui: &Shared, at: usize, on: bool) {
    {
        let mut ui = ui.borrow_mut();
        let Some(asked) = &mut ui.asked else { return };
        let Some((right, _)) = asked.rights.get(at).copied() else { return };
        let chosen: Rights = asked.rights.iter().filter(|(_, on)| *on).map(|(right, _)| *right).collect();
        let chosen = if on { chosen.with(right) } else { chosen.without(right) };
        for (right, on) in &mut asked.rights {
            *on = chosen.contains(*right);
        }
    }
    choices(&ui.borrow());
}

/// The prompt is over.
pub fn gone(ui: &Shared) {
    let mut ui = ui.borrow_mut();
    ui.asked = None;
    ui.countdown.stop();
    ui.arming.stop();
    ui.prompt.set_armed(false);
    let _ = ui.prompt.hide();
}

/// It was painted: it takes answers soon.
pub fn arm_soon(ui: &Shared) {
    let borrowed = ui.borrow();
    if borrowed.asked.is_none() || borrowed.arming.running() || borrowed.prompt.get_armed() {
        return;
    }
    let arm = with(ui, |ui| ui.borrow().prompt.set_armed(true));
    borrowed.arming.start(TimerMode::SingleShot, ARMED_AFTER, arm);
}

fn tick(ui: &Ui) {
    let Some(asked) = &ui.asked else { return };
    let left = asked.until.saturating_duration_since(Instant::now());
    let rounded = left.as_secs_f64().ceil() as u64;
    let text = ui.strings.get("agent.prompt.countdown", &[("seconds", &rounded.to_string())]);
    ui.prompt.set_countdown(text.into());
    ui.prompt.set_left(rounded as f32 / asked.seconds.max(1) as f32);
}

/// Answers the prompt that is shown, once.
fn answer(ui: &Shared, allow: bool) {
    let Some(asked) = ui.borrow_mut().asked.take() else { return };
    let ask = asked.ask;
    let rights: Rights = asked.rights.into_iter().filter(|(_, on)| *on).map(|(right, _)| right).collect();
    say(if allow { FromWindow::Allow { ask, rights } } else { FromWindow::Refuse { ask } });
    gone(ui);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strings::Strings;

    #[test]
    fn every_right_says_what_will_be_possible_and_what_not() {
        let strings = Strings::for_locale("en");
        for right in Right::ALL {
            assert_eq!(serde_json::to_value(right).unwrap(), word(right));
            for end in ["", "_detail", "_not"] {
                assert!(strings.has(&format!("agent.right.{}{end}", word(right))), "{right:?}{end}");
            }
        }
    }
}
