//! The window in which the customer chooses what is shared.

use slint::{ComponentHandle, Model as _, ModelRc, SharedString, VecModel};

use super::view::clean;
use super::{Shared, Ui, place, say, with};
use crate::window::protocol::FromWindow;
use crate::window::share::{FromShare, ShareOffer, ShareShown, ShareWhat};
use farhand_agent_window::{Offer, ShareWindow};

/// The window, and what it offers.
pub struct Pane {
    pub window: ShareWindow,
    shown: ShareShown,
}

impl Pane {
    pub fn new(window: ShareWindow) -> Self {
        Self { window, shown: ShareShown::default() }
    }
}

/// The words that never change.
pub fn fixed_texts(ui: &Ui) {
    let text = |key: &str| SharedString::from(ui.strings.get(key, &[]));
    let window = &ui.share.window;
    window.set_name(text("agent.title.share"));
    window.set_heading(text("agent.share.heading"));
    window.set_lead(text("agent.share.lead"));
    window.set_close_label(text("agent.status.close"));
    window.set_chosen_label(text("agent.share.chosen"));
    window.set_locked_text(text("agent.share.locked"));
    ui.prompt.set_share_label(text("agent.share.choose"));
    ui.controls.set_share_label(text("agent.share.choose"));
    ui.controls.set_share_heading(text("agent.share.heading"));
    said(ui);
}

/// What people do in it.
pub fn connect(ui: &Shared) {
    let borrowed = ui.borrow();
    borrowed.prompt.on_share(with(ui, open));
    borrowed.controls.on_share(with(ui, open));
    let window = &borrowed.share.window;
    window.on_closed(with(ui, close));
    let weak = std::rc::Rc::downgrade(ui);
    window.on_choose(move |at| {
        let Some(ui) = weak.upgrade() else { return };
        let what = usize::try_from(at).ok().and_then(|at| Some(ui.borrow().share.shown.offers.get(at)?.what));
        if let Some(what) = what {
            say(FromWindow::Share { share: FromShare::Choose { what } });
        }
    });
    let closed = with(ui, close);
    window.window().on_close_requested(move || {
        closed();
        slint::CloseRequestResponse::HideWindow
    });
    place::watch(window.window(), place::below, || {});
}

fn open(ui: &Shared) {
    say(FromWindow::Share { share: FromShare::Look });
    let window = ui.borrow().share.window.clone_strong();
    super::fit(&ui.borrow());
    let _ = window.show();
    window.invoke_focus_close();
    place::below(window.window());
}

fn close(ui: &Shared) {
    let _ = ui.borrow().share.window.hide();
}

/// The session is over.
pub fn gone(ui: &Shared) {
    close(ui);
}

/// What there is to share, from the session process.
pub fn handle(ui: &Shared, shown: &ShareShown) {
    let mut ui = ui.borrow_mut();
    ui.share.shown = shown.clone();
    let offers: Vec<Offer> = shown.offers.iter().map(|offer| row(&ui, shown, offer)).collect();
    let window = &ui.share.window;
    show_offers(window, offers);
    window.set_locked(shown.locked);
    let lead = if shown.desktop_asks { "agent.share.lead_desktop" } else { "agent.share.lead" };
    window.set_lead(SharedString::from(ui.strings.get(lead, &[])));
    said(&ui);
}

/// Rows that are there already are changed and not made anew: whoever has chosen by the keyboard stays where they are.
fn show_offers(window: &ShareWindow, offers: Vec<Offer>) {
    let shown = window.get_offers();
    if shown.row_count() != offers.len() {
        window.set_offers(ModelRc::new(VecModel::from(offers)));
        return;
    }
    for (at, offer) in offers.into_iter().enumerate() {
        if shown.row_data(at).as_ref() != Some(&offer) {
            shown.set_row_data(at, offer);
        }
    }
}

/// What is shared, for the other windows.
fn said(ui: &Ui) {
    let shown = &ui.share.shown;
    let name = clean(&shown.name);
    let key = match shown.chosen {
        ShareWhat::Everything if shown.desktop_asks => "agent.share.now_desktop",
        ShareWhat::Everything => "agent.share.now_everything",
        ShareWhat::Monitor { .. } => "agent.share.now_monitor",
        ShareWhat::Window { .. } => "agent.share.now_window",
    };
    let text = SharedString::from(ui.strings.get(key, &[("name", &name)]));
    ui.prompt.set_share_text(text.clone());
    ui.controls.set_share_text(text);
}

fn row(ui: &Ui, shown: &ShareShown, offer: &ShareOffer) -> Offer {
    let name = clean(&offer.name);
    let (title, detail) = match offer.what {
        ShareWhat::Everything => (
            ui.strings.get("agent.share.everything", &[]),
            ui.strings.get("agent.share.everything_detail", &[]),
        ),
        ShareWhat::Monitor { .. } => {
            (ui.strings.get("agent.share.monitor", &[("name", &name)]), clean(&offer.detail))
        }
        ShareWhat::Window { .. } => {
            (name, ui.strings.get("agent.share.window", &[("program", &clean(&offer.detail))]))
        }
    };
    let chosen = offer.what == shown.chosen;
    Offer { title: title.into(), detail: detail.into(), chosen, enabled: chosen || !shown.locked }
}
