//! The menus, with the platform's shortcuts.

use farhand_console_core::types::MenuAction;
use tauri::menu::{
    Menu, MenuBuilder, MenuEvent, MenuItem, MenuItemBuilder, MenuItemKind, Submenu, SubmenuBuilder,
};
use tauri::{AppHandle, Manager as _, Wry};

use crate::strings::Strings;
use crate::{tray, windows};

const QUIT: &str = "quit";

/// The menu of the main window.
pub fn make(app: &AppHandle, strings: &Strings) -> tauri::Result<Menu<Wry>> {
    let item = |wanted: MenuAction| -> tauri::Result<MenuItem<Wry>> {
        let (_, name, keys) = MenuAction::ALL
            .into_iter()
            .find(|(action, ..)| *action == wanted)
            .expect("every action is in the list");
        MenuItemBuilder::with_id(name, strings.get(&format!("console.menu.{name}"), &[]))
            .accelerator(keys)
            .build(app)
    };
    let quit = MenuItemBuilder::with_id(QUIT, strings.get("console.menu.quit", &[]))
        .accelerator("CmdOrCtrl+Q")
        .build(app)?;
    let title = |name: &str| strings.get(&format!("console.menu.{name}"), &[]);
    let program: Submenu<Wry> = SubmenuBuilder::new(app, title("program"))
        .item(&item(MenuAction::NewSession)?)
        .item(&item(MenuAction::Home)?)
        .separator()
        .item(&item(MenuAction::Settings)?)
        .separator()
        .item(&quit)
        .build()?;
    let edit = SubmenuBuilder::new(app, title("edit"))
        .undo()
        .redo()
        .separator()
        .cut()
        .copy()
        .paste()
        .select_all()
        .build()?;
    let session = SubmenuBuilder::new(app, title("session"))
        .item(&item(MenuAction::FullScreen)?)
        .item(&item(MenuAction::TearOff)?)
        .item(&item(MenuAction::CloseTab)?)
        .build()?;
    let help = SubmenuBuilder::new(app, title("help")).item(&item(MenuAction::Log)?).build()?;
    MenuBuilder::new(app).items(&[&program, &edit, &session, &help]).build()
}

/// Switches all entries on or off: while keys go to the customer, a shortcut is theirs.
pub fn enable(app: &AppHandle, enabled: bool) {
    let Some(menu) = app.get_webview_window(windows::MAIN).and_then(|window| window.menu()) else { return };
    for entry in menu.items().unwrap_or_default() {
        if let MenuItemKind::Submenu(submenu) = entry {
            let _ = submenu.set_enabled(enabled);
            for entry in submenu.items().unwrap_or_default() {
                if let MenuItemKind::MenuItem(item) = entry {
                    let _ = item.set_enabled(enabled);
                }
            }
        }
    }
}

/// An entry of a menu, the tray's included, was chosen.
pub fn handle_event(app: &AppHandle, event: MenuEvent) {
    let name = event.id().as_ref();
    if name == QUIT {
        windows::remember_all(app);
        app.exit(0);
    } else if let Some(action) = MenuAction::named(name) {
        windows::act(app, action);
    } else {
        tray::chosen(app, name);
    }
}
