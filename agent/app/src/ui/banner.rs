//! The banner: what happens now, who does it and since when; in sight as long as anything is granted.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use farhand_agent_host::clock::time_of_day;
use farhand_agent_host::guard;
use farhand_protocol::rights::{Right, Rights};
use slint::{ComponentHandle, SharedString, TimerMode};

use super::view::{clean, name};
use super::{Shared, Ui, controls, place, prompt, say, with};
use crate::window::protocol::{Detail, FromWindow, Stage, ToWindow};
use farhand_agent_window::Lamp;

pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    ui.banner.set_name(text("agent.title.session"));
    ui.banner.set_take_back_label(text("agent.banner.take_back"));
    ui.banner.set_revoke_label(text("agent.banner.revoke"));
    ui.banner.set_erase_label(text("agent.banner.erase"));
    ui.banner.set_end_label(text("agent.banner.end"));
    ui.banner.set_more_label(text("agent.banner.more"));
}

pub fn connect(ui: &Shared) {
    let borrowed = ui.borrow();
    borrowed.banner.on_pause(with(ui, pause));
    borrowed.banner.on_take_back(|| say(FromWindow::TakeBackControl));
    borrowed.banner.on_revoke(|| say(FromWindow::RevokeAll));
    borrowed.banner.on_erase(|| say(FromWindow::EraseMarks));
    borrowed.banner.on_end(|| say(FromWindow::Stop));
    borrowed.banner.on_more(with(ui, controls::open));
    borrowed.banner.window().on_close_requested(|| {
        say(FromWindow::Stop);
        slint::CloseRequestResponse::KeepWindowShown
    });
    borrowed.minutes.start(TimerMode::Repeated, Duration::from_secs(20), with(ui, |ui| fill(&ui.borrow())));
}

/// Pauses, or goes on after a pause.
pub fn pause(ui: &Shared) {
    let paused = matches!(ui.borrow().told, Some(ToWindow::Status { stage: Stage::Paused, .. }));
    say(if paused { FromWindow::Resume } else { FromWindow::Pause });
}

/// The session stands there: shown in the banner, or in the window for waiting.
pub fn status(ui: &Shared, message: &ToWindow) {
    ui.borrow_mut().told = Some(message.clone());
    let ToWindow::Status { stage, technician, organisation, .. } = message else { return };
    let borrowed = ui.borrow();
    let ui_ = &*borrowed;
    let (technician, organisation) = (name(ui_, technician), clean(organisation));
    let places = [("technician", technician.as_str()), ("organisation", organisation.as_str())];
    if matches!(stage, Stage::Connecting | Stage::Waiting) {
        let text = |key: &str| SharedString::from(ui_.strings.get(key, &places));
        let of = if organisation.is_empty() { "agent.status.waiting" } else { "agent.status.waiting_of" };
        let (heading, body, button) = if *stage == Stage::Connecting {
            ("agent.status.connecting", "agent.status.connecting_body", "agent.status.cancel")
        } else {
            (of, "agent.status.waiting_body", "agent.status.end")
        };
        ui_.status.set_heading(text(heading));
        ui_.status.set_body(text(body));
        ui_.status.set_button_label(text(button));
        if !ui_.status.window().is_visible() {
            super::fit(ui_);
            let _ = ui_.status.show();
            super::fit(ui_);
            place::centre(ui_.status.window());
        }
        gone(ui_);
        return;
    }
    fill(ui_);
    controls::fill(ui_);
    let _ = ui_.status.hide();
    super::fit(ui_);
    if !ui_.banner.window().is_visible() {
        let _ = ui_.banner.show();
    }
    place::top(ui_.banner.window());
    if let Some(guard) = &ui_.guard {
        guard.keep_in_sight(true);
    }
}

/// Takes the banner away: nothing is granted any more.
pub fn gone(ui: &Ui) {
    if let Some(guard) = &ui.guard {
        guard.keep_in_sight(false);
    }
    let _ = ui.banner.hide();
    let _ = ui.controls.hide();
    super::banner_changed(ui);
}

/// The banner's window is there: it is guarded from now on.
pub fn watch_over(ui: &Shared) {
    if ui.borrow().guard.is_some() {
        return;
    }
    let Some(window) = place::number(ui.borrow().banner.window()) else { return };
    // Without a banner nobody could stop the session: then this process ends, and is started again or the session ends.
    let lost = || std::process::exit(i32::from(crate::fail::exit::DISPLAY));
    match guard::guard(None, window, lost) {
        Ok(guard) => {
            guard.keep_in_sight(ui.borrow().banner.window().is_visible());
            ui.borrow_mut().guard = Some(guard);
        }
        Err(error) => tracing::warn!(%error, "the banner may be hidden"),
    }
}

/// Fills in everything that it says.
pub fn fill(ui: &Ui) {
    let Some(ToWindow::Status {
        stage,
        technician,
        organisation,
        domain,
        rights,
        since,
        until,
        marks,
        detail,
    }) = &ui.told
    else {
        return;
    };
    let (technician, organisation) = (name(ui, technician), clean(organisation));
    let places = [("technician", technician.as_str()), ("organisation", organisation.as_str())];
    // Names the organisation where there is one.
    let of = |key: &str| {
        let key = if organisation.is_empty() { key.into() } else { format!("{key}_of") };
        SharedString::from(ui.strings.get(&key, &places))
    };
    let text = |key: &str| SharedString::from(ui.strings.get(key, &places));
    let (state, lamp) = match stage {
        Stage::Connecting | Stage::Waiting => return,
        Stage::Asking => (text("agent.banner.asking"), Lamp::Paused),
        Stage::Sees => (of("agent.banner.sees"), Lamp::Sees),
        Stage::Controls => (of("agent.banner.controls"), Lamp::Controls),
        Stage::Nothing if !rights.is_empty() => (of("agent.banner.helps"), Lamp::Sees),
        Stage::Nothing => (text("agent.banner.nothing"), Lamp::Paused),
        Stage::Paused => (text("agent.banner.paused"), Lamp::Paused),
        Stage::Locked => (text("agent.banner.locked"), Lamp::Paused),
        Stage::Interrupted => (text("agent.banner.interrupted"), Lamp::Paused),
    };
    let banner = &ui.banner;
    banner.set_state(state);
    banner.set_lamp(lamp);
    banner.set_can_take_back(rights.contains(Right::Control) && *stage == Stage::Controls);
    banner.set_can_pause(can_pause(*stage, *rights));
    banner.set_can_revoke(!rights.is_empty());
    banner.set_can_erase(*marks);
    banner.set_pause_label(text(pause_key(*stage)));
    let domain = domain.as_deref().map(clean).filter(|domain| !domain.is_empty());
    banner.set_verified(domain.is_some());
    let mut facts = vec![prompt::verified(ui, domain.as_deref())];
    if !rights.is_empty() {
        let words: Vec<String> = rights.iter().map(|right| short(ui, right)).collect();
        facts.push(ui.strings.get("agent.banner.allowed", &[("rights", &words.join(", "))]));
    }
    banner.set_facts(facts.join(" · ").into());
    let mut more = Vec::new();
    if let Some(detail) = detail {
        more.push(match detail {
            Detail::WebSocket | Detail::Refused | Detail::Missing | Detail::Guarded => {
                ui.strings.get(detail.sentence(), &[])
            }
            Detail::CaptureFailed { reason } => ui.strings.get(detail.sentence(), &[("reason", reason)]),
        });
    }
    if ui.screen_lock.wanted {
        more.push(ui.strings.get("agent.banner.lock_at_end", &[]));
    }
    more.extend(since.map(|since| began(ui, since)));
    more.extend(until.map(|until| ui.strings.get("agent.banner.until", &[("time", &clock(ui, until))])));
    if let Some(ToWindow::Choices { chord, .. }) = &ui.choices
        && !chord.is_empty()
    {
        let key = if *stage == Stage::Controls { "agent.banner.chord" } else { "agent.banner.chord_opens" };
        more.push(ui.strings.get(key, &[("chord", &keys(ui, chord))]));
    }
    banner.set_detail(more.join(" · ").into());
}

/// Whether there is something to pause, or to go on with.
pub fn can_pause(stage: Stage, rights: Rights) -> bool {
    match stage {
        Stage::Sees | Stage::Controls | Stage::Paused => true,
        Stage::Nothing => !rights.is_empty(),
        Stage::Connecting | Stage::Waiting | Stage::Asking | Stage::Locked | Stage::Interrupted => false,
    }
}

pub fn pause_key(stage: Stage) -> &'static str {
    if stage == Stage::Paused { "agent.banner.resume" } else { "agent.banner.pause" }
}

/// A right in few words.
pub fn short(ui: &Ui, right: Right) -> String {
    ui.strings.get(&format!("agent.receipt.right_{}", prompt::word(right)), &[])
}

/// A combination of keys as this language's keyboards are labelled. What it gives is understood again when it is written.
pub fn keys(ui: &Ui, chord: &str) -> String {
    let named = |part: &str| match part {
        "Ctrl" => ui.strings.get("agent.keys.ctrl", &[]),
        "Shift" => ui.strings.get("agent.keys.shift", &[]),
        other => other.to_owned(),
    };
    chord.split('+').map(named).collect::<Vec<_>>().join("+")
}

/// Since when, and for how long, in whole minutes: a clock that moved each second would be a picture each second.
/// The time of day of a time in milliseconds since 1970.
pub fn clock(ui: &Ui, at: u64) -> String {
    match time_of_day(at / 1000) {
        Some((hour, minute)) => format!("{hour:02}:{minute:02}"),
        None => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
            let minutes = (at / 1000).saturating_sub(now).div_ceil(60).to_string();
            ui.strings.get("agent.restart.in_minutes", &[("minutes", &minutes)])
        }
    }
}

pub fn began(ui: &Ui, since: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let minutes = (now.saturating_sub(since / 1000) / 60).to_string();
    let long = match minutes.as_str() {
        "0" => ui.strings.get("agent.banner.for_moments", &[]),
        "1" => ui.strings.get("agent.banner.for_minute", &[]),
        _ => ui.strings.get("agent.banner.for_minutes", &[("minutes", &minutes)]),
    };
    match time_of_day(since / 1000) {
        Some((hour, minute)) => {
            let time = format!("{hour:02}:{minute:02}");
            ui.strings.get("agent.banner.since", &[("time", &time), ("long", &long)])
        }
        None => long,
    }
}
