//! The window that asks for a code, when the program was started without one.

use slint::{ComponentHandle, SharedString};

use super::view::clean;
use super::{Shared, Ui, place, say, with};
use crate::window::protocol::{FromWindow, ToWindow};

/// What may be typed, in characters.
const MAX_TYPED: usize = 300;

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    ui.start.set_name(text("agent.title.start"));
    ui.start.set_heading(text("agent.start.heading"));
    ui.start.set_code_label(text("agent.start.code"));
    ui.start.set_server_label(text("agent.start.server"));
    ui.start.set_warning(text("agent.start.warning"));
    ui.start.set_go_label(text("agent.start.go"));
    ui.start.set_close_label(text("agent.start.cancel"));
}

/// What people do in it, and what to do when it is painted.
pub fn connect(ui: &Shared, painted: impl FnMut() + 'static) {
    let borrowed = ui.borrow();
    borrowed.start.on_go(with(ui, go));
    borrowed.start.on_closed(|| say(FromWindow::Stop));
    borrowed.start.window().on_close_requested(|| {
        say(FromWindow::Stop);
        slint::CloseRequestResponse::HideWindow
    });
    place::watch(borrowed.start.window(), place::centre, painted);
}

fn go(ui: &Shared) {
    let ui = ui.borrow();
    let typed = |text: SharedString| text.chars().take(MAX_TYPED).collect::<String>();
    say(FromWindow::Begin { code: typed(ui.start.get_code()), server: typed(ui.start.get_server()) });
}

/// Shows what is known so far, and what is wrong with it.
pub fn show(ui: &Shared, message: &ToWindow) {
    let ToWindow::Start { code, server, link, problem } = message else { return };
    let start = {
        let ui = ui.borrow();
        let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
        ui.start.set_lead(text(if *link { "agent.start.lead_link" } else { "agent.start.lead" }));
        ui.start.set_fixed(*link);
        ui.start.set_code(grouped(&clean(code)).into());
        ui.start.set_server(clean_address(server).into());
        ui.start.set_problem(problem.as_deref().map(text).unwrap_or_default());
        ui.start.clone_strong()
    };
    super::fit(&ui.borrow());
    let _ = start.show();
    super::fit(&ui.borrow());
    start.invoke_focus_first();
    place::centre(start.window());
}

/// It has done what it is for.
pub fn gone(ui: &Ui) {
    let _ = ui.start.hide();
}

/// Ten digits as people read them.
fn grouped(code: &str) -> String {
    match code.len() == 10 && code.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("{} {} {}", &code[..3], &code[3..6], &code[6..]),
        false => code.to_owned(),
    }
}

/// An address on one line, whole: what is cut could look like another one.
fn clean_address(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TYPED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_digits_are_grouped_and_nothing_else_is() {
        assert_eq!(grouped("4821935710"), "482 193 5710");
        for other in ["", "482", "482193.aB3-_xyz00", "äöü4821935"] {
            assert_eq!(grouped(other), other);
        }
    }
}
