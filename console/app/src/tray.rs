//! The icon beside the clock: waiting and open sessions, and the way back to the windows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use farhand_console_core::deep_link::{SCHEME, is_session};
use farhand_console_core::shell::TraySession;
use tauri::menu::{Menu, MenuBuilder, MenuItemBuilder};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager as _, Wry};

use crate::shell::Console;
use crate::strings::Strings;
use crate::windows;

const ICON: &str = "tray";
const OPEN: &str = "tray-open";
const QUIT: &str = "quit";
/// What the entry of a session begins with.
const SESSION: &str = "tray-session-";

/// Puts the icon there. A desktop that has no place for it, or lacks the library for it, goes without.
pub fn open(app: &AppHandle, strings: &Strings) {
    let build = || -> tauri::Result<()> {
        let mut builder =
            TrayIconBuilder::with_id(ICON).tooltip("Farhand Console").menu(&menu(app, strings, &[])?);
        if let Some(icon) = app.default_window_icon() {
            builder = builder.icon(icon.clone());
        }
        builder.build(app).map(|_| ())
    };
    // The library behind it is looked for when it is needed, and its absence is a panic there.
    match catch_unwind(AssertUnwindSafe(build)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!(%error, "there is no icon beside the clock"),
        Err(_) => tracing::info!("there is no icon beside the clock: its library is missing"),
    }
}

/// Whether there is one.
pub fn is_there(app: &AppHandle) -> bool {
    app.tray_by_id(ICON).is_some()
}

/// Shows these sessions in its menu.
pub fn show(app: &AppHandle, strings: &Strings, sessions: &[TraySession]) {
    let Some(icon) = app.tray_by_id(ICON) else { return };
    let tooltip = match sessions.len() {
        0 => "Farhand Console".to_owned(),
        number => format!("Farhand Console ({number})"),
    };
    let shown = menu(app, strings, sessions).and_then(|menu| icon.set_menu(Some(menu)));
    if let Err(error) = shown.and_then(|()| icon.set_tooltip(Some(tooltip))) {
        tracing::debug!(%error, "the menu beside the clock could not be changed");
    }
}

fn menu(app: &AppHandle, strings: &Strings, sessions: &[TraySession]) -> tauri::Result<Menu<Wry>> {
    let mut builder = MenuBuilder::new(app);
    for TraySession { session, label } in sessions {
        // An underscore or an ampersand would mark a key.
        let label = label.replace('&', "&&");
        builder = builder.item(&MenuItemBuilder::with_id(format!("{SESSION}{session}"), label).build(app)?);
    }
    if sessions.is_empty() {
        let none = MenuItemBuilder::new(strings.get("console.tray.none", &[])).enabled(false).build(app)?;
        builder = builder.item(&none);
    }
    let open = MenuItemBuilder::with_id(OPEN, strings.get("console.tray.open", &[])).build(app)?;
    let quit = MenuItemBuilder::with_id(QUIT, strings.get("console.menu.quit", &[])).build(app)?;
    builder.separator().item(&open).item(&quit).build()
}

/// An entry of its menu was chosen.
pub fn chosen(app: &AppHandle, name: &str) {
    if name == OPEN {
        windows::show_main(app);
    } else if let Some(session) = name.strip_prefix(SESSION).filter(|session| is_session(session)) {
        app.state::<Console>().shown_by_address(&format!("{SCHEME}://session/{session}"));
    }
}
