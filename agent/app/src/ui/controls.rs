//! The window of controls, and what can be chosen for good when a session is over.

use std::time::{SystemTime, UNIX_EPOCH};

use farhand_protocol::channel::at_end::LockWay;
use farhand_protocol::rights::Right;
use slint::{ComponentHandle, ModelRc, SharedString, VecModel};

use super::view::{clean, name};
use super::{RECEIPT_STAYS, Shared, Ui, banner, place, prompt, say, stay, with};
use crate::blocked::{Blocked, List};
use crate::window::protocol::{FromWindow, Stage, ToWindow};
use farhand_agent_window::Item;

pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    let controls = &ui.controls;
    controls.set_name(text("agent.title.controls"));
    controls.set_granted_heading(text("agent.controls.granted"));
    controls.set_nothing(text("agent.controls.nothing"));
    controls.set_take_back_label(text("agent.banner.take_back"));
    controls.set_revoke_label(text("agent.banner.revoke"));
    controls.set_erase_label(text("agent.banner.erase"));
    controls.set_end_label(text("agent.status.end"));
    controls.set_close_label(text("agent.status.close"));
    controls.set_own_heading(text("agent.controls.own"));
    controls.set_chord_label(text("agent.controls.chord"));
    controls.set_chord_save(text("agent.controls.chord_save"));
    controls.set_touch_label(text("agent.controls.touch"));
    controls.set_touch_detail(text("agent.controls.touch_detail"));
    controls.set_lock_heading(text("agent.controls.at_end"));
    controls.set_lock_label(text("agent.controls.lock_at_end"));
    controls.set_locked_text(text("agent.controls.locked"));
    controls.set_never_heading(text("agent.never.heading"));
    controls.set_never_text(text("agent.never.text"));
    controls.set_never_sure(text("agent.never.sure"));
    controls.set_never_yes(text("agent.never.yes"));
    controls.set_never_no(text("agent.never.no"));
    controls.set_blocked_heading(text("agent.never.list"));
}

pub fn connect(ui: &Shared) {
    let borrowed = ui.borrow();
    let controls = &borrowed.controls;
    controls.on_pause(with(ui, banner::pause));
    controls.on_take_back(|| say(FromWindow::TakeBackControl));
    controls.on_revoke(|| say(FromWindow::RevokeAll));
    controls.on_erase(|| say(FromWindow::EraseMarks));
    controls.on_end(|| say(FromWindow::Stop));
    controls.on_closed(with(ui, close));
    let closed = with(ui, close);
    controls.window().on_close_requested(move || {
        closed();
        slint::CloseRequestResponse::HideWindow
    });
    controls.on_save_chord(with(ui, |ui| {
        let chord = ui.borrow().controls.get_chord().into();
        say(FromWindow::Chord { chord });
    }));
    controls.on_set_touch(|on| say(FromWindow::Touch { on }));
    controls.on_set_lock(|on| say(FromWindow::LockAtEnd { on }));
    controls.on_never(|organisation| say(FromWindow::Never { organisation }));
    let weak = std::rc::Rc::downgrade(ui);
    controls.on_withdraw(move |at| {
        let right =
            weak.upgrade().and_then(|ui| granted(&ui.borrow()).get(usize::try_from(at).ok()?).copied());
        if let Some(right) = right {
            say(FromWindow::Withdraw { right });
        }
    });
    let weak = std::rc::Rc::downgrade(ui);
    controls.on_unblock(move |at| {
        let entry = weak.upgrade().and_then(|ui| {
            let ui = ui.borrow();
            let Some(ToWindow::Choices { blocked, .. }) = &ui.choices else { return None };
            blocked.get(usize::try_from(at).ok()?).cloned()
        });
        if let Some(entry) = entry {
            say(FromWindow::Unblock { entry });
        }
    });
    let weak = std::rc::Rc::downgrade(ui);
    borrowed.status.on_never(move |organisation| {
        if let Some(ui) = weak.upgrade() {
            never_after(&ui, organisation);
        }
    });
    borrowed.status.on_undo(with(ui, undo));
}

/// Opens it, with the keyboard.
pub fn open(ui: &Shared) {
    let ui = ui.borrow();
    if ui.over {
        return;
    }
    fill(&ui);
    if let Some(ToWindow::Choices { chord, .. }) = &ui.choices {
        ui.controls.set_chord(banner::keys(&ui, chord).into());
    }
    ui.controls.set_sure(0);
    if matches!(ui.told, Some(ToWindow::Status { marks: true, .. })) {
        // Nothing may lie over what is chosen here.
        say(FromWindow::EraseMarks);
    }
    super::fit(&ui);
    let _ = ui.controls.show();
    ui.controls.invoke_focus_first();
    place::below(ui.controls.window());
}

fn close(ui: &Shared) {
    let _ = ui.borrow().controls.hide();
}

/// What is granted, in the order in which it is listed.
fn granted(ui: &Ui) -> Vec<Right> {
    match &ui.told {
        Some(ToWindow::Status { rights, .. }) => rights.iter().collect(),
        Some(_) | None => Vec::new(),
    }
}

/// Fills in everything that it says.
pub fn fill(ui: &Ui) {
    let controls = &ui.controls;
    if let Some(ToWindow::Status { stage, technician, organisation, domain, rights, since, marks, .. }) =
        &ui.told
    {
        let (technician, organisation) = (name(ui, technician), clean(organisation));
        let places = [("technician", technician.as_str()), ("organisation", organisation.as_str())];
        let text = |key: &str| SharedString::from(ui.strings.get(key, &places));
        controls.set_heading(ui.banner.get_state());
        controls.set_who(since.map(|since| banner::began(ui, since)).unwrap_or_default().into());
        let domain = domain.as_deref().map(clean).filter(|domain| !domain.is_empty());
        controls.set_verified(domain.is_some());
        controls.set_verified_label(prompt::verified(ui, domain.as_deref()).into());
        controls.set_can_take_back(*stage == Stage::Controls);
        controls.set_can_pause(banner::can_pause(*stage, *rights));
        controls.set_can_revoke(!rights.is_empty());
        controls.set_can_erase(*marks);
        controls.set_pause_label(text(banner::pause_key(*stage)));
        controls.set_locked(rights.contains(Right::Control));
        let known = !technician.is_empty() && !matches!(stage, Stage::Connecting);
        controls.set_never_technician(if known { text("agent.never.technician") } else { "".into() });
        let house = known && !organisation.is_empty();
        controls.set_never_organisation(if house { text("agent.never.organisation") } else { "".into() });
        let items: Vec<Item> = granted(ui)
            .into_iter()
            .map(|right| Item {
                title: ui.strings.get(&format!("agent.right.{}", prompt::word(right)), &[]).into(),
                detail: SharedString::new(),
                action: text("agent.controls.withdraw"),
            })
            .collect();
        controls.set_granted(ModelRc::new(VecModel::from(items)));
    }
    let lock = ui.screen_lock;
    controls.set_lock_wanted(lock.wanted);
    controls.set_lock_can(lock.way != LockWay::None);
    let about = match lock.way {
        LockWay::None => "agent.controls.lock_none",
        LockWay::Covers => "agent.controls.lock_covers",
        LockWay::Locks | LockWay::Unknown | LockWay::Newer => "agent.controls.lock_locks",
    };
    controls.set_lock_detail(ui.strings.get(about, &[]).into());
    if let Some(ToWindow::Choices { chord, touch, wrong, blocked }) = &ui.choices {
        controls.set_touch(*touch);
        controls.set_chord_wrong(*wrong);
        let said = match (wrong, chord.is_empty()) {
            (true, _) => ui.strings.get("agent.controls.chord_wrong", &[]),
            (false, true) => ui.strings.get("agent.controls.chord_none", &[]),
            (false, false) => {
                ui.strings.get("agent.controls.chord_is", &[("chord", &banner::keys(ui, chord))])
            }
        };
        controls.set_chord_said(said.into());
        let items: Vec<Item> = blocked.iter().map(|entry| blocked_item(ui, entry)).collect();
        controls.set_blocked(ModelRc::new(VecModel::from(items)));
    }
}

fn blocked_item(ui: &Ui, entry: &Blocked) -> Item {
    Item {
        title: whom(ui, entry).into(),
        detail: clean(&entry.server).into(),
        action: ui.strings.get("agent.never.undo", &[]).into(),
    }
}

/// "Ada of Demo Help", or "everybody of Demo Help".
fn whom(ui: &Ui, entry: &Blocked) -> String {
    let organisation = clean(&entry.organisation);
    match &entry.technician {
        Some(technician) => {
            let technician = clean(technician);
            let places = [("technician", technician.as_str()), ("organisation", organisation.as_str())];
            ui.strings.get("agent.never.one", &places)
        }
        None => ui.strings.get("agent.never.all", &[("organisation", &organisation)]),
    }
}

/// The session is over: what kept them out can be undone, or whoever helped can be kept out.
pub fn after(ui: &Ui) {
    let text = |key: &str, places: &[(&str, &str)]| SharedString::from(ui.strings.get(key, places));
    let status = &ui.status;
    status.set_never_text("".into());
    status.set_never_technician("".into());
    status.set_never_organisation("".into());
    status.set_undo_label("".into());
    if let Some(by) = &ui.by {
        let who = whom(ui, by);
        status.set_never_text(text("agent.never.blocked", &[("whom", &who)]));
        status.set_undo_label(text("agent.never.undo", &[]));
    } else if let Some(whom) = &ui.whom {
        let (technician, organisation) = (clean(&whom.technician), clean(&whom.organisation));
        let places = [("technician", technician.as_str()), ("organisation", organisation.as_str())];
        if !technician.is_empty() {
            status.set_never_text(text("agent.never.after", &places));
            status.set_never_technician(text("agent.never.technician", &places));
            if !organisation.is_empty() {
                status.set_never_organisation(text("agent.never.organisation", &places));
            }
        }
    }
}

fn never_after(ui: &Shared, organisation: bool) {
    let mut ui = ui.borrow_mut();
    stay(&ui, RECEIPT_STAYS);
    let Some(whom) = ui.whom.clone() else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let entry = Blocked::new(&whom, organisation, now);
    match List::of_this_person().add(entry.clone()) {
        Ok(()) => {
            ui.by = Some(entry);
            after(&ui);
        }
        Err(error) => failed(&ui, &error),
    }
}

fn undo(ui: &Shared) {
    let mut ui = ui.borrow_mut();
    stay(&ui, RECEIPT_STAYS);
    let Some(by) = ui.by.clone() else { return };
    match List::of_this_person().remove(&by) {
        Ok(()) => {
            ui.by = None;
            after(&ui);
            let who = whom(&ui, &by);
            ui.status.set_never_text(ui.strings.get("agent.never.undone", &[("whom", &who)]).into());
        }
        Err(error) => failed(&ui, &error),
    }
}

fn failed(ui: &Ui, error: &std::io::Error) {
    let reason = error.to_string();
    ui.status.set_never_text(ui.strings.get("agent.never.failed", &[("reason", &reason)]).into());
}
