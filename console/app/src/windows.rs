//! The windows: one main window, and one for each session that was torn off.

use std::path::{Path, PathBuf};

use farhand_console_core::settings::{Place, SMALLEST};
use farhand_console_core::types::{Event, MenuAction};
use tauri::webview::{DownloadEvent, NewWindowFeatures, NewWindowResponse, PageLoadEvent};
use tauri::{
    AppHandle, DragDropEvent, Manager as _, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window,
    WindowEvent, Wry,
};

use crate::shell::Console;
use crate::strings::Strings;
use crate::{menu, platform};

/// The main window's label.
pub const MAIN: &str = "main";
/// What a session window's label begins with; its session follows.
const SESSION: &str = "session-";
/// A new window's inner size, in logical pixels.
const SIZE: (f64, f64) = (1280.0, 860.0);
const TITLE: &str = "Farhand Console";
/// Runs before anything of a page.
const FREEZE: &str = include_str!("freeze.js");
/// What the label of a window begins with that shows one of a customer's monitors; a number, a colon and the label of the
/// window that opened it follow. Such a window has no code of its own and no capability: the page that opened it fills
/// it, and it goes with that page.
const MONITOR: &str = "monitor-";
/// Windows for monitors that are open at a time, at most.
const MAX_MONITORS: usize = 16;
/// The only address that a page may open in a window: nothing. `#1280x720` behind it is the size that it wishes for.
const EMPTY: &str = "about:blank";
/// No window is wished larger, in logical pixels.
const LARGEST: f64 = 16_384.0;

/// Opens the main window.
pub fn open_main(app: &AppHandle) -> tauri::Result<()> {
    let window = build(app, MAIN, "index.html")?;
    match menu::make(app, &app.state::<Strings>()) {
        Ok(menu) => {
            window.set_menu(menu)?;
        }
        Err(error) => tracing::warn!(%error, "there is no menu"),
    }
    Ok(())
}

/// Opens a session's window, or brings it to the front.
pub fn open_session(app: &AppHandle, session: &str) -> tauri::Result<()> {
    let label = format!("{SESSION}{session}");
    if let Some(window) = app.get_webview_window(&label) {
        let _ = window.unminimize();
        return window.set_focus();
    }
    // The identifier was checked: letters, digits, and two signs that mean nothing in an address.
    build(app, &label, &format!("index.html?own#session={session}")).map(|_| ())
}

fn build(app: &AppHandle, label: &str, page: &str) -> tauri::Result<WebviewWindow> {
    let console = app.state::<Console>();
    // Windows of sessions share a place: the newest of them.
    let place = console.place(if label == MAIN { MAIN } else { SESSION });
    let mut builder = WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        .title(TITLE)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .data_directory(console.shell().folder().join("pages"))
        .initialization_script(FREEZE)
        .on_navigation({
            let app = app.clone();
            move |url| !shown_outside(&app, url) && is_ours(url)
        })
        .on_new_window({
            let (app, opener) = (app.clone(), label.to_owned());
            move |url, features| {
                if shown_outside(&app, &url) {
                    return NewWindowResponse::Deny;
                }
                match open_monitor(&app, &opener, &url, features) {
                    Some(window) => NewWindowResponse::Create { window },
                    None => NewWindowResponse::Deny,
                }
            }
        })
        // What a page filled is nobody's when it is loaded anew.
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Started {
                close_monitors(window.app_handle(), window.label());
                window.app_handle().state::<Console>().forget_drops(window.label());
            }
        })
        .on_download(|_, event| match event {
            DownloadEvent::Requested { url, destination } => {
                match saved(&url, destination, dirs::download_dir()) {
                    Some(place) => {
                        *destination = place;
                        true
                    }
                    None => false,
                }
            }
            _ => true,
        });
    builder = match place {
        Some(place) => lay(builder, place),
        None => builder.inner_size(SIZE.0, SIZE.1).center(),
    };
    let window = builder.build()?;
    platform::watch_pages(&window);
    Ok(window)
}

type Builder<'a> = WebviewWindowBuilder<'a, Wry, AppHandle>;

/// Where it was before.
fn lay(builder: Builder<'_>, place: Place) -> Builder<'_> {
    let Place { x, y, width, height, maximized } = place;
    builder.position(x, y).inner_size(width, height).maximized(maximized)
}

/// A window for a customer's monitor, which a session's page asks for and fills: empty, and going nowhere.
fn open_monitor(
    app: &AppHandle,
    opener: &str,
    url: &Url,
    features: NewWindowFeatures,
) -> Option<WebviewWindow> {
    let open = app.webview_windows();
    let taken: Vec<&str> = open.keys().filter_map(|label| slot(label)).collect();
    let mut slots = (0..MAX_MONITORS).map(|number| format!("{MONITOR}{number}"));
    let free = slots.find(|slot| !taken.contains(&slot.as_str()));
    let Some(slot) = free.filter(|_| is_empty(url)) else {
        tracing::warn!(scheme = url.scheme(), "a page wanted a window of its own");
        return None;
    };
    let empty = Url::parse(EMPTY).expect("it is an address");
    let mut builder = WebviewWindowBuilder::new(app, format!("{slot}:{opener}"), WebviewUrl::External(empty))
        .title(TITLE)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .window_features(features)
        .on_navigation(is_empty)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_document_title_changed(|window, title| {
            let _ = window.set_title(&title);
        });
    builder = match app.state::<Console>().place(&slot) {
        Some(place) => lay(builder, place),
        None => {
            let (width, height) = wished(url).unwrap_or(SIZE);
            builder.inner_size(width, height)
        }
    };
    match builder.build() {
        Ok(window) => {
            platform::close_with_page(&window);
            Some(window)
        }
        Err(error) => {
            tracing::warn!(%error, "a window for a monitor could not be opened");
            None
        }
    }
}

/// Shows the service's pages for everybody in the person's browser, and says whether this was one.
fn shown_outside(app: &AppHandle, url: &Url) -> bool {
    let wanted = app.state::<Console>().is_for_browsers(url.as_str());
    if wanted && let Err(error) = platform::show_outside(url.as_str()) {
        tracing::warn!(%error, "the browser could not be opened");
    }
    wanted
}

/// Whether an address is that of an empty page.
fn is_empty(url: &Url) -> bool {
    let mut plain = url.clone();
    plain.set_fragment(None);
    plain.as_str() == EMPTY
}

/// The inner size that a page wishes for a window that it opens.
fn wished(url: &Url) -> Option<(f64, f64)> {
    let (width, height) = url.fragment()?.split_once('x')?;
    let sane = |text: &str, smallest: f64| {
        let value = f64::from(text.parse::<u16>().ok()?);
        Some(value.clamp(smallest, LARGEST))
    };
    Some((sane(width, SMALLEST.0)?, sane(height, SMALLEST.1)?))
}

/// A monitor's window by its number: what its place is remembered under, too.
fn slot(label: &str) -> Option<&str> {
    label.starts_with(MONITOR).then(|| label.split(':').next().unwrap_or(label))
}

/// Closes the windows of monitors that a window's page opened.
fn close_monitors(app: &AppHandle, opener: &str) {
    for (label, window) in app.webview_windows() {
        let opened = slot(&label).and_then(|slot| label.strip_prefix(slot)?.strip_prefix(':'));
        if opened == Some(opener) {
            let _ = window.close();
        }
    }
}

/// The window that has the focus, or this one.
pub fn used(app: &AppHandle, label: &str) -> Option<WebviewWindow> {
    let windows = app.webview_windows();
    let has_focus = |window: &&WebviewWindow| window.is_focused().unwrap_or(false);
    let this = windows.get(label);
    this.filter(has_focus).or_else(|| windows.values().find(has_focus)).or(this).cloned()
}

/// The window that has the focus, or this one, fills its screen, or does so no longer.
pub fn toggle_full_screen(app: &AppHandle, label: &str) {
    let Some(window) = used(app, label) else { return };
    let full = !window.is_fullscreen().unwrap_or(false);
    if let Err(error) = window.set_fullscreen(full) {
        tracing::warn!(%error, "the window cannot fill the screen");
        return;
    }
    let _ = if full { window.hide_menu() } else { window.show_menu() };
    app.state::<Console>().shell().tell_window(window.label(), Event::FullScreen { full });
}

/// Whether a page may go there: our own pages, and nowhere else.
fn is_ours(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ours = match url.scheme() {
        "tauri" => host == "localhost",
        "http" | "https" => host == "tauri.localhost",
        _ => false,
    };
    if !ours {
        tracing::warn!(scheme = url.scheme(), "a page wanted to go elsewhere");
    }
    ours
}

/// Where a file that one of our pages made (such as a table of sessions) is saved: among the person's downloads, under a
/// name that is free. Nothing else is ever downloaded.
fn saved(url: &Url, wanted: &Path, downloads: Option<PathBuf>) -> Option<PathBuf> {
    /// Files of the same name.
    const MAX_SAME: u32 = 1000;
    if !url
        .as_str()
        .strip_prefix("blob:")
        .is_some_and(|origin| Url::parse(origin).is_ok_and(|origin| is_ours(&origin)))
    {
        return None;
    }
    let downloads = downloads?;
    let name = wanted.file_name()?.to_str()?;
    let plain: String =
        name.chars().map(|c| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let plain = plain.trim_start_matches('.');
    let (stem, end) = plain.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((plain, ""));
    let end = if end.is_empty() { String::new() } else { format!(".{end}") };
    (0..MAX_SAME)
        .map(|number| if number == 0 { format!("{stem}{end}") } else { format!("{stem} ({number}){end}") })
        .map(|name| downloads.join(name))
        .find(|place| !place.exists())
}

/// Brings the main window to the front.
pub fn show_main(app: &AppHandle) {
    let shown = match app.get_webview_window(MAIN) {
        Some(window) => window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus()),
        None => open_main(app),
    };
    if let Err(error) = shown {
        tracing::warn!(%error, "the main window could not be shown");
    }
}

/// Whether the program goes on without a window.
pub fn stays(app: &AppHandle) -> bool {
    crate::tray::is_there(app) && app.state::<Console>().settings().stay_in_tray
}

/// What happens to windows.
pub fn handle_event(window: &Window, event: &WindowEvent) {
    let app = window.app_handle();
    let Some(console) = app.try_state::<Console>() else { return };
    match event {
        WindowEvent::CloseRequested { .. } => {
            if let Some(window) = app.get_webview_window(window.label()) {
                remember(&window, &console);
            }
        }
        WindowEvent::Destroyed => {
            console.shell().forget(window.label());
            console.forget_drops(window.label());
            close_monitors(app, window.label());
        }
        // A monitor's window has no page that could take anything.
        WindowEvent::DragDrop(event) if slot(window.label()).is_none() => {
            let label = window.label();
            match event {
                DragDropEvent::Enter { paths, .. } => console.held_over(label, paths),
                DragDropEvent::Leave => console.held_over(label, &[]),
                DragDropEvent::Drop { paths, .. } => {
                    console.dropped(label, label.strip_prefix(SESSION), paths.clone());
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// Remembers where every window is: the program ends.
pub fn remember_all(app: &AppHandle) {
    let console = app.state::<Console>();
    for window in app.webview_windows().values() {
        remember(window, &console);
    }
}

fn remember(window: &WebviewWindow, console: &Console) {
    // One that fills the screen comes back as it was before.
    if window.is_fullscreen().unwrap_or(false) {
        return;
    }
    let place = || -> tauri::Result<Place> {
        let scale = window.scale_factor()?;
        let position = window.outer_position()?.to_logical::<f64>(scale);
        let size = window.inner_size()?.to_logical::<f64>(scale);
        let maximized = window.is_maximized()?;
        Ok(Place { x: position.x, y: position.y, width: size.width, height: size.height, maximized })
    };
    match place() {
        Ok(place) => {
            let label = window.label();
            console.remember_place(if label == MAIN { MAIN } else { slot(label).unwrap_or(SESSION) }, place);
        }
        Err(error) => tracing::debug!(%error, "the window's place is not known"),
    }
}

/// Carries out a menu's entry in the window that is used now.
pub fn act(app: &AppHandle, action: MenuAction) {
    if action == MenuAction::FullScreen {
        return toggle_full_screen(app, MAIN);
    }
    let label = used(app, MAIN).map_or_else(|| MAIN.to_owned(), |window| window.label().to_owned());
    app.state::<Console>().shell().tell_window(&label, Event::Menu { action });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_pages_made_is_saved_and_nothing_is_replaced() {
        let folder = std::env::temp_dir().join(format!("farhand-downloads-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ours = Url::parse("blob:tauri://localhost/1-2").unwrap();
        let save = |url: &Url, name: &str| saved(url, Path::new(name), Some(folder.clone()));
        assert_eq!(save(&ours, "/x/sessions.csv"), Some(folder.join("sessions.csv")));
        std::fs::write(folder.join("sessions.csv"), "").unwrap();
        assert_eq!(save(&ours, "sessions.csv"), Some(folder.join("sessions (1).csv")));
        assert_eq!(save(&ours, "../../.bashrc"), Some(folder.join("bashrc")));
        assert_eq!(save(&ours, "a;b|c.csv"), Some(folder.join("a_b_c.csv")));
        for foreign in ["https://evil.example/x.deb", "blob:https://evil.example/1", "data:text/html,x"] {
            assert_eq!(save(&Url::parse(foreign).unwrap(), "x.deb"), None, "{foreign}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_page_opens_nothing_but_an_empty_window() {
        for (url, empty, size) in [
            ("about:blank", true, None),
            ("about:blank#1280x720", true, Some((1280.0, 720.0))),
            ("about:blank#3x99999", true, None),
            ("about:blank#3x5", true, Some(SMALLEST)),
            ("about:blank#60000x60000", true, Some((LARGEST, LARGEST))),
            ("about:blank#x", true, None),
            ("about:srcdoc", false, None),
            ("about:blank?x", false, None),
            ("https://evil.example/#1280x720", false, Some((1280.0, 720.0))),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!((is_empty(&url), wished(&url)), (empty, size), "{url}");
        }
    }

    #[test]
    fn a_page_goes_nowhere_but_to_our_own() {
        for (url, ours) in [
            ("tauri://localhost/", true),
            ("tauri://localhost/index.html#session=1", true),
            ("https://tauri.localhost/", true),
            ("https://evil.example/", false),
            ("https://tauri.localhost.evil.example/", false),
            ("tauri://evil/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("javascript:alert(1)", false),
            ("blob:tauri://localhost/1", false),
            ("about:blank", false),
        ] {
            assert_eq!(is_ours(&Url::parse(url).unwrap()), ours, "{url}");
        }
    }
}
