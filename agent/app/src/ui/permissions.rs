//! The window that explains what the system asks its owner for.

use slint::{ComponentHandle, ModelRc, SharedString, VecModel};

use super::{Shared, Ui, place, say, with};
use crate::window::permissions::{
    FromPermissions, PermissionShown, PermissionState, PermissionWhat, PermissionsShown,
};
use crate::window::protocol::FromWindow;
use farhand_agent_window::{Allowance, PermissionsWindow};

/// The window, and what it shows.
pub struct Pane {
    pub window: PermissionsWindow,
    shown: PermissionsShown,
}

impl Pane {
    pub fn new(window: PermissionsWindow) -> Self {
        Self { window, shown: PermissionsShown::default() }
    }
}

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    let window = &ui.permissions.window;
    window.set_name(text("agent.permissions.title"));
    window.set_heading(text("agent.permissions.heading"));
    window.set_lead(text("agent.permissions.lead"));
    window.set_close_label(text("agent.start.cancel"));
}

/// What people do in it, and what to do when it is painted.
pub fn connect(ui: &Shared, painted: impl FnMut() + 'static) {
    let borrowed = ui.borrow();
    let window = &borrowed.permissions.window;
    let weak = std::rc::Rc::downgrade(ui);
    window.on_settings(move |at| {
        let Some(ui) = weak.upgrade() else { return };
        let what =
            usize::try_from(at).ok().and_then(|at| Some(ui.borrow().permissions.shown.list.get(at)?.what));
        if let Some(what) = what {
            say(FromWindow::Permissions { permissions: FromPermissions::Settings { what } });
        }
    });
    window.on_go(with(ui, |ui| {
        if ui.borrow().permissions.shown.is_enough() {
            say(FromWindow::Permissions { permissions: FromPermissions::GoOn });
        }
    }));
    window.on_closed(|| say(FromWindow::Stop));
    window.window().on_close_requested(|| {
        say(FromWindow::Stop);
        slint::CloseRequestResponse::HideWindow
    });
    place::watch(window.window(), place::centre, painted);
}

/// Shows where everything stands.
pub fn show(ui: &Shared, shown: &PermissionsShown) {
    let (window, first) = {
        let mut ui = ui.borrow_mut();
        ui.permissions.shown = shown.clone();
        let rows: Vec<Allowance> = shown.list.iter().map(|it| row(&ui, *it)).collect();
        let window = ui.permissions.window.clone_strong();
        let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
        window.set_allowances(ModelRc::new(VecModel::from(rows)));
        window.set_enough(shown.is_enough());
        let (go, hint) = match (shown.is_complete(), shown.is_enough()) {
            (true, _) => ("agent.permissions.go", "agent.permissions.hint_complete"),
            (false, true) => ("agent.permissions.go_without", "agent.permissions.hint_enough"),
            (false, false) => ("agent.permissions.go", "agent.permissions.hint_missing"),
        };
        window.set_go_label(text(go));
        window.set_hint(text(hint));
        let first = !window.window().is_visible();
        (window, first)
    };
    if !first {
        return;
    }
    super::fit(&ui.borrow());
    let _ = window.show();
    super::fit(&ui.borrow());
    window.invoke_focus_first();
    place::centre(window.window());
}

/// It has done what it is for.
pub fn gone(ui: &Ui) {
    let _ = ui.permissions.window.hide();
}

fn row(ui: &Ui, PermissionShown { what, state }: PermissionShown) -> Allowance {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    let (title, detail) = match what {
        PermissionWhat::Screen => ("agent.permissions.screen", "agent.permissions.screen_detail"),
        PermissionWhat::Control => ("agent.permissions.control", "agent.permissions.control_detail"),
        PermissionWhat::Microphone => ("agent.permissions.microphone", "agent.permissions.microphone_detail"),
    };
    let (said, open) = match state {
        PermissionState::Granted => ("agent.permissions.granted", false),
        PermissionState::Missing => ("agent.permissions.missing", true),
        PermissionState::Refused => ("agent.permissions.refused", true),
        PermissionState::Unused => ("agent.permissions.unused", false),
    };
    Allowance {
        title: text(title),
        detail: text(detail),
        state: text(said),
        granted: state == PermissionState::Granted,
        open,
        button: text("agent.permissions.open"),
    }
}
