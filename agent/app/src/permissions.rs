//! Before anything else: what the system asks its owner for, where it asks at all. The window explains it and shows what
//! is there; the system is asked again for as long as it is shown, since it tells of no change.

use std::time::Duration;

use farhand_agent_host::permissions::{Permission, Permissions, State};

use crate::window::permissions::{
    FromPermissions, PermissionShown, PermissionState, PermissionWhat, PermissionsShown,
};
use crate::window::{FromWindow, ToWindow, WindowEvent, WindowPort};

/// Between two looks while the window is shown.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where everything stands now; nothing to show where the system asks for nothing.
pub fn look(permissions: &mut dyn Permissions) -> PermissionsShown {
    let list = permissions.look().into_iter().map(|(permission, state)| PermissionShown {
        what: match permission {
            Permission::Screen => PermissionWhat::Screen,
            Permission::Control => PermissionWhat::Control,
            Permission::Microphone => PermissionWhat::Microphone,
        },
        state: match state {
            State::Granted => PermissionState::Granted,
            State::Missing => PermissionState::Missing,
            State::Refused => PermissionState::Refused,
            State::Unused => PermissionState::Unused,
        },
    });
    PermissionsShown { list: list.collect() }
}

/// What the window shows of it.
#[must_use]
pub const fn message(shown: PermissionsShown) -> ToWindow {
    ToWindow::Permissions { shown }
}

/// Shows where everything stands until the person goes on. Whether they do: they may have closed the window.
pub async fn settle(window: &mut WindowPort, permissions: &mut dyn Permissions) -> bool {
    let mut shown = PermissionsShown::default();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        let event = tokio::select! {
            event = window.events.recv() => event,
            _ = looks.tick() => {
                let now = look(permissions);
                if now != shown {
                    shown = now;
                    let _ = window.show.send(message(shown.clone()));
                }
                continue;
            }
        };
        let said = match event {
            Some(WindowEvent::Said(FromWindow::Permissions { permissions })) => permissions,
            Some(WindowEvent::Said(FromWindow::Stop) | WindowEvent::Lost) | None => return false,
            Some(WindowEvent::Said(_) | WindowEvent::Restarted) => continue,
        };
        match said {
            FromPermissions::Settings { what } => permissions.open_settings(match what {
                PermissionWhat::Screen => Permission::Screen,
                PermissionWhat::Control => Permission::Control,
                PermissionWhat::Microphone => Permission::Microphone,
            }),
            // What the window showed may be a moment old.
            FromPermissions::GoOn if look(permissions).is_enough() => return true,
            FromPermissions::GoOn => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use farhand_agent_host::permissions::fake::FakePermissions;
    use tokio::sync::mpsc;

    use super::*;

    struct Stage {
        shown: mpsc::UnboundedReceiver<ToWindow>,
        says: mpsc::UnboundedSender<WindowEvent>,
        port: WindowPort,
        system: FakePermissions,
    }

    fn stage(screen: State, control: State) -> Stage {
        let (show, shown) = mpsc::unbounded_channel();
        let (says, events) = mpsc::unbounded_channel();
        let system = FakePermissions::of(&[
            (Permission::Screen, screen),
            (Permission::Control, control),
            (Permission::Microphone, State::Unused),
        ]);
        Stage { shown, says, port: WindowPort { show, events }, system }
    }

    async fn states(shown: &mut mpsc::UnboundedReceiver<ToWindow>) -> Vec<PermissionState> {
        match shown.recv().await {
            Some(ToWindow::Permissions { shown }) => shown.list.iter().map(|it| it.state).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn says(said: FromPermissions) -> WindowEvent {
        WindowEvent::Said(FromWindow::Permissions { permissions: said })
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_owner_changes_is_seen_while_the_window_is_shown() {
        use PermissionState::{Granted, Missing, Unused};
        let Stage { mut shown, says: person, mut port, system } = stage(State::Missing, State::Missing);
        let mut asked = system.clone();
        let task = tokio::spawn(async move { settle(&mut port, &mut asked).await });
        assert_eq!(states(&mut shown).await, [Missing, Missing, Unused]);
        person.send(says(FromPermissions::Settings { what: PermissionWhat::Control })).unwrap();
        // Nothing can begin without the screen, whatever the window says.
        person.send(says(FromPermissions::GoOn)).unwrap();
        system.set(Permission::Control, State::Granted);
        assert_eq!(states(&mut shown).await, [Missing, Granted, Unused]);
        assert_eq!(system.opened(), [Permission::Control]);
        assert!(!task.is_finished());
        system.set(Permission::Screen, State::Granted);
        assert_eq!(states(&mut shown).await, [Granted, Granted, Unused]);
        person.send(says(FromPermissions::GoOn)).unwrap();
        assert!(task.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_shares_the_screen_alone_may_go_on_and_whoever_closes_does_not() {
        let Stage { shown: _shown, says: person, mut port, mut system } =
            stage(State::Granted, State::Refused);
        person.send(says(FromPermissions::GoOn)).unwrap();
        assert!(settle(&mut port, &mut system).await);
        for end in [WindowEvent::Said(FromWindow::Stop), WindowEvent::Lost] {
            let Stage { shown: _shown, says: person, mut port, mut system } =
                stage(State::Granted, State::Missing);
            person.send(WindowEvent::Restarted).unwrap();
            person.send(end).unwrap();
            assert!(!settle(&mut port, &mut system).await);
        }
    }

    #[test]
    fn a_system_that_asks_for_nothing_shows_nothing() {
        assert!(look(&mut FakePermissions::default()).is_complete());
        let mut missing = FakePermissions::of(&[(Permission::Control, State::Missing)]);
        assert!(!look(&mut missing).is_complete() && look(&mut missing).is_enough());
    }
}
