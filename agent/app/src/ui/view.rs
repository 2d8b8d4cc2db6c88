//! Which words stand where.

use std::io::ErrorKind;
use std::time::Duration;

use farhand_protocol::rights::Right;
use slint::{ComponentHandle, ModelRc, SharedString, VecModel};

use super::compiled::{Lamp, Wanted};
use super::{Ui, place};
use crate::window::protocol::{Detail, Stage, ToWindow};

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    ui.prompt.set_no_label(text("agent.prompt.no"));
    ui.prompt.set_allow_label(text("agent.prompt.allow"));
    ui.prompt.set_warning(text("agent.prompt.warning"));
    ui.banner.set_take_back_label(text("agent.banner.take_back"));
    ui.banner.set_end_label(text("agent.banner.end"));
    ui.status.set_about_label(text("agent.status.about"));
    ui.status.set_close_label(text("agent.status.close"));
    let version = env!("CARGO_PKG_VERSION");
    ui.status.set_about_text(ui.strings.get("agent.status.about_text", &[("version", version)]).into());
}

/// Fills the prompt.
pub fn prompt(ui: &Ui, message: &ToWindow) {
    let ToWindow::Prompt { technician, organisation, domain, rights, .. } = message else { return };
    let technician = name(ui, technician);
    let key = match (rights.contains(&Right::View), rights.contains(&Right::Control)) {
        (true, true) => "agent.prompt.asks_both",
        (false, true) => "agent.prompt.asks_control",
        (true, false) => "agent.prompt.asks_view",
        (false, false) => "agent.prompt.asks_other",
    };
    ui.prompt.set_asks(ui.strings.get(key, &[("technician", &technician)]).into());
    let organisation = clean(organisation);
    let from = match domain.as_deref().map(clean) {
        Some(domain) => ui
            .strings
            .get("agent.prompt.from_verified", &[("organisation", &organisation), ("domain", &domain)]),
        None => ui.strings.get("agent.prompt.from_unverified", &[("organisation", &organisation)]),
    };
    ui.prompt.set_from(if organisation.is_empty() { SharedString::new() } else { from.into() });
    let wanted: Vec<Wanted> = rights.iter().map(|right| wanted(ui, *right)).collect();
    ui.prompt.set_wanted(ModelRc::new(VecModel::from(wanted)));
}

fn wanted(ui: &Ui, right: Right) -> Wanted {
    let name = match right {
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
    };
    let detail = format!("agent.right.{name}_detail");
    let detail = if ui.strings.has(&detail) { detail } else { "agent.right.other_detail".into() };
    Wanted {
        title: ui.strings.get(&format!("agent.right.{name}"), &[]).into(),
        detail: ui.strings.get(&detail, &[]).into(),
    }
}

/// Shows how long there is to answer.
pub fn countdown(ui: &Ui, left: Duration, seconds: u64) {
    let rounded = left.as_secs_f64().ceil() as u64;
    let text = ui.strings.get("agent.prompt.countdown", &[("seconds", &rounded.to_string())]);
    ui.prompt.set_countdown(text.into());
    ui.prompt.set_left(rounded as f32 / seconds.max(1) as f32);
}

/// Shows where the session stands, in the banner or in the window for waiting.
pub fn status(ui: &mut Ui, message: &ToWindow) {
    let ToWindow::Status { stage, technician, organisation, detail } = message else { return };
    let (technician, organisation) = (name(ui, technician), clean(organisation));
    let places = [("technician", technician.as_str()), ("organisation", organisation.as_str())];
    // Names the organisation where there is one.
    let of = |key: &str| {
        let key = if organisation.is_empty() { key.into() } else { format!("{key}_of") };
        SharedString::from(ui.strings.get(&key, &places))
    };
    let text = |key: &str| SharedString::from(ui.strings.get(key, &places));
    let banner = match stage {
        Stage::Connecting | Stage::Waiting => {
            let connecting = *stage == Stage::Connecting;
            let (heading, body, button) = if connecting {
                (text("agent.status.connecting"), "agent.status.connecting_body", "agent.status.cancel")
            } else {
                (of("agent.status.waiting"), "agent.status.waiting_body", "agent.status.end")
            };
            ui.status.set_heading(heading);
            ui.status.set_body(text(body));
            ui.status.set_button_label(text(button));
            if !ui.status.window().is_visible() {
                let _ = ui.status.show();
                place::centre(ui.status.window());
            }
            let _ = ui.banner.hide();
            return;
        }
        Stage::Asking => (text("agent.banner.asking"), Lamp::Paused, false, false),
        Stage::Sees => (of("agent.banner.sees"), Lamp::Sees, false, true),
        Stage::Controls => (of("agent.banner.controls"), Lamp::Controls, true, true),
        Stage::Nothing => (text("agent.banner.nothing"), Lamp::Paused, false, false),
        Stage::Paused => (text("agent.banner.paused"), Lamp::Paused, false, true),
        Stage::Locked => (text("agent.banner.locked"), Lamp::Paused, false, false),
        Stage::Interrupted => (text("agent.banner.interrupted"), Lamp::Paused, false, false),
    };
    let (state, lamp, can_take_back, can_pause) = banner;
    ui.banner.set_state(state);
    ui.banner.set_lamp(lamp);
    ui.banner.set_can_take_back(can_take_back);
    ui.banner.set_can_pause(can_pause);
    let paused = *stage == Stage::Paused;
    ui.banner.set_pause_label(text(if paused { "agent.banner.resume" } else { "agent.banner.pause" }));
    let detail = match detail {
        None => String::new(),
        Some(detail @ (Detail::WebSocket | Detail::Refused | Detail::Missing)) => {
            ui.strings.get(detail.sentence(), &[])
        }
        Some(detail @ Detail::CaptureFailed { reason }) => {
            ui.strings.get(detail.sentence(), &[("reason", reason)])
        }
    };
    ui.banner.set_detail(detail.into());
    let _ = ui.status.hide();
    if !ui.banner.window().is_visible() {
        let _ = ui.banner.show();
    }
    place::top(ui.banner.window());
}

/// Shows how it ended.
pub fn over(ui: &Ui, message: &ToWindow) {
    let ToWindow::Over { begun, sentence, technician, reason } = message else { return };
    let heading = if *begun { "agent.over.heading" } else { "agent.over.not_started" };
    ui.status.set_heading(ui.strings.get(heading, &[]).into());
    let technician = name(ui, technician);
    let places = [("technician", technician.as_str()), ("reason", reason.as_str())];
    ui.status.set_body(ui.strings.get(sentence, &places).into());
    ui.status.set_button_label(ui.strings.get("agent.status.close", &[]).into());
    ui.status.set_about_shown(false);
    let _ = ui.banner.hide();
    let _ = ui.status.show();
    place::centre(ui.status.window());
}

/// Offers the receipt for saving.
pub fn receipt(ui: &Ui, offered: &str, countersigned: bool) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    let about = if countersigned { "agent.receipt.ready_both" } else { "agent.receipt.ready_alone" };
    ui.status.set_receipt_text(text(about));
    ui.status.set_receipt_label(text("agent.receipt.save"));
    ui.status.set_receipt_path_label(text("agent.receipt.path"));
    ui.status.set_receipt_path(offered.into());
    ui.status.set_receipt_said(SharedString::new());
    ui.status.set_receipt_saved(false);
    ui.status.set_receipt_offered(true);
}

/// Says how saving went.
pub fn saved(ui: &Ui, saved: &std::io::Result<std::path::PathBuf>) {
    let said = match saved {
        Ok(path) => {
            let path = path.to_string_lossy();
            ui.status.set_receipt_path(path.as_ref().into());
            ui.strings.get("agent.receipt.saved", &[])
        }
        Err(error) => {
            let key = match error.kind() {
                ErrorKind::AlreadyExists => "agent.receipt.exists",
                ErrorKind::InvalidInput => "agent.receipt.no_path",
                ErrorKind::NotFound => "agent.receipt.no_folder",
                ErrorKind::PermissionDenied => "agent.receipt.denied",
                _ => "agent.receipt.failed",
            };
            ui.strings.get(key, &[("reason", &error.to_string())])
        }
    };
    ui.status.set_receipt_failed(saved.is_err());
    ui.status.set_receipt_saved(saved.is_ok());
    ui.status.set_receipt_said(said.into());
}

fn name(ui: &Ui, technician: &str) -> String {
    let technician = clean(technician);
    if technician.is_empty() { ui.strings.get("agent.prompt.somebody", &[]) } else { technician }
}

/// A name from far away on one line: no line ends, no direction marks, not too long, so that it cannot look like
/// words of this program.
fn clean(text: &str) -> String {
    let plain = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut clean: String = text.chars().filter(plain).take(61).collect();
    if clean.chars().count() > 60 {
        clean = clean.chars().take(59).chain(['…']).collect();
    }
    clean.trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strings::Strings;

    #[test]
    fn names_from_far_away_stay_on_one_line() {
        assert_eq!(clean("Ada\nLovelace\u{202e}\u{0}"), "AdaLovelace");
        assert_eq!(clean("  x "), "x");
        assert_eq!(clean(&"y".repeat(500)).chars().count(), 60);
    }

    #[test]
    fn every_right_has_its_words() {
        let strings = Strings::for_locale("en");
        for right in Right::ALL {
            let name = serde_json::to_value(right).unwrap();
            let key = format!("agent.right.{}", name.as_str().unwrap());
            assert!(strings.has(&key), "{key}");
        }
    }
}
