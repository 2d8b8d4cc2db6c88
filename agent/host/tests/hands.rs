//! What is done to the keyboard and the mouse, by a device or by a program: the same promises of the fake and of X11.
//!
//! Xvfb has a keyboard and a mouse of its own besides those of XTEST; XTEST can press keys of either, which is how a
//! person's hand is told from a program's here.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::mpsc::{Receiver, channel};

use farhand_agent_host::hands::fake::FakeHands;
use farhand_agent_host::hands::{Backend, Done, Hands, open_hands_on};
use farhand_agent_host::input::{Backend as InputBackend, Injector, open_injector_on};
use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use support::{Desktop, PATIENCE};
use x11rb::connection::RequestConnection as _;
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

const A: Usage = Usage(4);

/// Hands that a test moves.
trait Puppet {
    fn key(&mut self, usage: Usage, down: bool, physical: bool);
    fn button(&mut self, physical: bool);
    fn motion(&mut self, physical: bool);
}

impl Puppet for FakeHands {
    fn key(&mut self, usage: Usage, down: bool, physical: bool) {
        self.does(Done::Key { usage, down, physical });
    }
    fn button(&mut self, physical: bool) {
        self.does(Done::Button { physical });
    }
    fn motion(&mut self, physical: bool) {
        self.does(Done::Motion { physical });
    }
}

/// A person at Xvfb's own devices, and the agent's injector.
struct Xvfb {
    connection: RustConnection,
    first_event: u8,
    keyboard: u8,
    mouse: u8,
    injector: Box<dyn Injector>,
    moved: i16,
}

impl Xvfb {
    fn new(desktop: &Desktop) -> Self {
        let (connection, _) = RustConnection::connect(Some(&desktop.display)).unwrap();
        let extension = connection.extension_information(xinput::X11_EXTENSION_NAME).unwrap().unwrap();
        connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let devices = connection.xinput_xi_query_device(xinput::Device::ALL).unwrap().reply().unwrap();
        let named = |name: &str| {
            let found = devices.infos.iter().find(|device| device.name == name.as_bytes());
            u8::try_from(found.unwrap_or_else(|| panic!("Xvfb has no {name}")).deviceid).unwrap()
        };
        let injector = open_injector_on(InputBackend::Auto, Some(&desktop.display)).unwrap();
        let (keyboard, mouse) = (named("Xvfb keyboard"), named("Xvfb mouse"));
        Self { connection, first_event: extension.first_event, keyboard, mouse, injector, moved: 10 }
    }

    /// `kind` counts from XInput's first event: 1 and 2 are keys down and up, 3 and 4 buttons, 5 is motion.
    fn by_device(&self, kind: u8, detail: u8, device: u8) {
        let kind = self.first_event + kind;
        self.connection.xtest_fake_input(kind, detail, 0, x11rb::NONE, 0, 0, device).unwrap();
        self.connection.sync().unwrap();
    }
}

impl Puppet for Xvfb {
    fn key(&mut self, usage: Usage, down: bool, physical: bool) {
        if physical {
            let code = u8::try_from(usage.evdev().unwrap() + 8).unwrap();
            self.by_device(if down { 1 } else { 2 }, code, self.keyboard);
        } else {
            self.injector.key(usage, down).unwrap();
            self.injector.flush().unwrap();
        }
    }
    fn button(&mut self, physical: bool) {
        if physical {
            self.by_device(3, 1, self.mouse);
            self.by_device(4, 1, self.mouse);
        } else {
            self.injector.button(Button::Left, true).unwrap();
            self.injector.button(Button::Left, false).unwrap();
            self.injector.flush().unwrap();
        }
    }
    fn motion(&mut self, physical: bool) {
        self.moved += 7;
        if physical {
            // XTEST moves a device by further events, which x11rb does not write; the wheel is as good a touch.
            self.by_device(3, 4, self.mouse);
            self.by_device(4, 4, self.mouse);
        } else {
            self.injector.pointer(self.moved.into(), 20).unwrap();
            self.injector.flush().unwrap();
        }
    }
}

fn next(heard: &Receiver<Done>) -> Done {
    heard.recv_timeout(PATIENCE).expect("something is heard")
}

/// The promises, whoever keeps them.
fn keeps_its_promises(hands: &dyn Hands, puppet: &mut dyn Puppet, heard: &Receiver<Done>) {
    // Keys are told with where they came from; buttons and motion are not, before they are wanted.
    puppet.motion(false);
    puppet.button(false);
    for physical in [true, false] {
        puppet.key(A, true, physical);
        assert_eq!(next(heard), Done::Key { usage: A, down: true, physical });
        puppet.key(A, false, physical);
        assert_eq!(next(heard), Done::Key { usage: A, down: false, physical });
    }
    hands.listen_to_all(true);
    for physical in [true, false] {
        // Whether it listens already is seen by what it hears.
        let mut late = 0;
        loop {
            puppet.button(physical);
            match heard.recv_timeout(std::time::Duration::from_millis(300)) {
                Ok(done) if done == (Done::Button { physical }) => break,
                Err(_) => {}
                // Of the round before, heard late.
                Ok(Done::Button { .. }) if late < 50 => late += 1,
                Ok(other) => panic!("{other:?}"),
            }
        }
        // What is left of tries that it heard too.
        while heard.recv_timeout(std::time::Duration::from_millis(50)).is_ok() {}
    }
    puppet.motion(false);
    let after_buttons =
        std::iter::repeat_with(|| next(heard)).find(|done| !matches!(done, Done::Button { .. }));
    assert_eq!(after_buttons, Some(Done::Motion { physical: false }));
}

#[test]
fn the_fake_keeps_its_promises() {
    let (tell, heard) = channel();
    let hands = FakeHands::new(Box::new(move |done| tell.send(done).unwrap()));
    keeps_its_promises(&hands.clone(), &mut hands.clone(), &heard);
}

#[test]
fn x11_keeps_its_promises() {
    let desktop = Desktop::start(640, 400);
    let _client = desktop.client();
    let (tell, heard) = channel();
    let tell = Box::new(move |done| tell.send(done).unwrap_or_default());
    let hands = open_hands_on(Backend::Auto, Some(&desktop.display), tell).unwrap();
    keeps_its_promises(hands.as_ref(), &mut Xvfb::new(&desktop), &heard);
}

#[test]
fn a_grab_of_the_keyboard_hides_nothing() {
    use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode};
    let desktop = Desktop::start(640, 400);
    let client = desktop.client();
    let (tell, heard) = channel();
    let tell = Box::new(move |done| tell.send(done).unwrap_or_default());
    let _hands = open_hands_on(Backend::X11, Some(&desktop.display), tell).unwrap();
    let (now, mode) = (x11rb::CURRENT_TIME, GrabMode::ASYNC);
    client.connection.grab_keyboard(true, client.window, now, mode, mode).unwrap().reply().unwrap();
    let mut person = Xvfb::new(&desktop);
    person.key(A, true, true);
    assert_eq!(next(&heard), Done::Key { usage: A, down: true, physical: true });
}
