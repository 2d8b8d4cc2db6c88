//! Which words stand where.

use std::io::ErrorKind;

use slint::{ComponentHandle, SharedString};

use super::{Ui, place};
use crate::window::protocol::ToWindow;

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    super::prompt::fixed_texts(ui);
    super::banner::fixed_texts(ui);
    super::controls::fixed_texts(ui);
    ui.status.set_about_label(text("agent.status.about"));
    ui.status.set_close_label(text("agent.status.close"));
    let version = env!("CARGO_PKG_VERSION");
    ui.status.set_about_text(ui.strings.get("agent.status.about_text", &[("version", version)]).into());
}

/// Shows how it ended.
pub fn over(ui: &Ui, message: &ToWindow) {
    let ToWindow::Over { begun, sentence, technician, reason, .. } = message else { return };
    let heading = match (begun, sentence.as_str()) {
        // It goes on afterwards.
        (true, "agent.over.restarting") => "agent.restart.leaves",
        (true, _) => "agent.over.heading",
        (false, _) => "agent.over.not_started",
    };
    ui.status.set_heading(ui.strings.get(heading, &[]).into());
    let technician = name(ui, technician);
    let places = [("technician", technician.as_str()), ("reason", reason.as_str())];
    ui.status.set_body(ui.strings.get(sentence, &places).into());
    ui.status.set_button_label(ui.strings.get("agent.status.close", &[]).into());
    ui.status.set_about_shown(false);
    super::fit(ui);
    let _ = ui.status.show();
    super::fit(ui);
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

/// A technician's name, or words in its place.
pub fn name(ui: &Ui, technician: &str) -> String {
    let technician = clean(technician);
    if technician.is_empty() { ui.strings.get("agent.prompt.somebody", &[]) } else { technician }
}

/// A name from far away on one line: no line ends, no direction marks, not too long, so that it cannot look like
/// words of this program.
pub fn clean(text: &str) -> String {
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

    #[test]
    fn names_from_far_away_stay_on_one_line() {
        assert_eq!(clean("Ada\nLovelace\u{202e}\u{0}"), "AdaLovelace");
        assert_eq!(clean("  x "), "x");
        assert_eq!(clean(&"y".repeat(500)).chars().count(), 60);
    }
}
