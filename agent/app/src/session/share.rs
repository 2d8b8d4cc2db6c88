//! What the customer shares: everything, one screen or one window.

use std::sync::Arc;

use farhand_agent_host::agreement::{self, Wanted};
use farhand_agent_host::monitors::{self, Backend, Share, Shareable, WindowRule};
use farhand_protocol::rights::{Right, Rights};

use super::{Session, show};
use crate::screen::lock;
use crate::window::WindowPort;
use crate::window::protocol::ToWindow;
use crate::window::share::{FromShare, MAX_SHARE_NAME, ShareOffer, ShareShown, ShareWhat};

/// What is shared, and what there was to choose from when the customer looked last.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    chosen: ShareWhat,
    name: String,
    offers: Vec<ShareOffer>,
    rules: Arc<[WindowRule]>,
}

impl Sharing {
    /// Everything is shared but the windows that `rules` keep out.
    pub(super) fn new(rules: Arc<[WindowRule]>) -> Self {
        Self { rules, ..Self::default() }
    }
}

impl Session {
    pub(super) fn share_decided(&mut self, said: FromShare, window: &WindowPort) {
        match said {
            FromShare::Look => self.offer_shares(window),
            FromShare::Choose { what } => {
                let offer = self.sharing.offers.iter().find(|offer| offer.what == what);
                // Only what was offered: another window may have its number by now.
                let Some(offer) = offer else { return self.offer_shares(window) };
                let wider = self.sharing.chosen != ShareWhat::Everything && self.sharing.chosen != what;
                if !(wider && self.is_controlled()) {
                    self.sharing.name =
                        if what == ShareWhat::Everything { String::new() } else { offer.name.clone() };
                    self.sharing.chosen = what;
                    self.log.event("share", &[("what", share_word(what).into())]);
                    self.screen.share(match what {
                        ShareWhat::Everything => Share::Everything,
                        ShareWhat::Monitor { id } => Share::Monitor(id),
                        ShareWhat::Window { id } => Share::Window(id),
                    });
                }
                self.show_shares(window);
            }
        }
    }

    /// Looks at what there is to share, and shows it.
    pub(super) fn offer_shares(&mut self, window: &WindowPort) {
        // A few milliseconds; nothing of the session hurries while the customer chooses.
        let found = monitors::open_desktop(Backend::Auto).and_then(|mut desk| desk.look(&self.sharing.rules));
        self.sharing.offers = match found {
            Ok(shareable) => offers(shareable),
            Err(error) => {
                tracing::warn!(%error, "what there is to share is not known");
                vec![everything()]
            }
        };
        self.show_shares(window);
    }

    fn show_shares(&self, window: &WindowPort) {
        let Sharing { chosen, name, offers, rules: _ } = &self.sharing;
        let shown = ShareShown {
            offers: offers.clone(),
            chosen: *chosen,
            name: name.clone(),
            desktop_asks: agreement::asks_itself(),
            locked: *chosen != ShareWhat::Everything && self.is_controlled(),
        };
        show(window, ToWindow::Share { shown });
    }

    /// Where the desktop asks the customer by itself, it is asked for what they granted, and given back what is over.
    pub(super) fn ask_desktop(&self) {
        let (rights, _) = self.brakes.granted();
        let colleague = |(_, rights): (_, Rights)| rights.contains(Right::Control);
        let colleagues = || lock(&self.agent).colleagues().into_iter().any(colleague);
        let view = rights.contains(Right::View);
        agreement::want(Wanted {
            view,
            control: view && (rights.contains(Right::Control) || colleagues()),
            windows_only: !self.sharing.rules.is_empty(),
        });
    }

    /// Control began or ended, or somebody asks: the list shows what can be chosen by now.
    pub(super) fn shares_changed(&self, window: &WindowPort) {
        if !self.sharing.offers.is_empty() {
            self.show_shares(window);
        }
    }

    fn is_controlled(&self) -> bool {
        self.brakes.granted().0.contains(Right::Control)
    }
}

const fn share_word(what: ShareWhat) -> &'static str {
    match what {
        ShareWhat::Everything => "everything",
        ShareWhat::Monitor { .. } => "monitor",
        ShareWhat::Window { .. } => "window",
    }
}

const fn everything() -> ShareOffer {
    ShareOffer { what: ShareWhat::Everything, name: String::new(), detail: String::new() }
}

fn offers(shareable: Shareable) -> Vec<ShareOffer> {
    let short = |text: &str| text.chars().take(MAX_SHARE_NAME).collect::<String>();
    let Shareable { monitors, windows } = shareable;
    let several = monitors.len() > 1;
    let monitors = monitors.into_iter().filter(|_| several).map(|monitor| ShareOffer {
        what: ShareWhat::Monitor { id: monitor.id },
        name: short(&monitor.name),
        detail: format!("{} × {}", monitor.area.width, monitor.area.height),
    });
    let windows = windows.into_iter().map(|window| {
        let name = if window.title.is_empty() { &window.program } else { &window.title };
        let detail = short(&window.program);
        ShareOffer { what: ShareWhat::Window { id: window.id }, name: short(name), detail }
    });
    std::iter::once(everything()).chain(monitors).chain(windows).collect()
}

#[cfg(test)]
mod tests {
    use farhand_agent_host::monitors::{Area, MAX_WINDOWS, WindowSeen};

    use super::*;
    use crate::window::protocol::{MAX_LINE, line};

    #[test]
    fn whatever_windows_are_called_the_list_fits_into_a_line() {
        let window = |id| WindowSeen {
            id,
            title: "\u{1f600}".repeat(200),
            program: "\"\\".repeat(200),
            area: Area::default(),
        };
        let shareable =
            Shareable { monitors: Vec::new(), windows: (0..MAX_WINDOWS as u32).map(window).collect() };
        let shown = ShareShown { offers: offers(shareable), ..ShareShown::default() };
        assert_eq!(shown.offers.len(), MAX_WINDOWS + 1);
        assert!(line(&ToWindow::Share { shown }).len() < MAX_LINE);
    }

    #[test]
    fn a_single_screen_is_not_offered_beside_everything() {
        let monitor = |id| monitors::Monitor {
            id,
            name: format!("M{id}"),
            area: Area { x: 0, y: 0, width: 800, height: 600 },
            scale: 100,
            primary: false,
        };
        let one = Shareable { monitors: vec![monitor(1)], windows: Vec::new() };
        assert_eq!(offers(one).len(), 1);
        let two = Shareable { monitors: vec![monitor(1), monitor(2)], windows: Vec::new() };
        assert_eq!(offers(two)[2].detail, "800 × 600");
    }
}
