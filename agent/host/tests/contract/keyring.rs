//! What a keyring promises: kept by the one in memory, and by the system's own where this program keeps anything in it.

use farhand_agent_host::keyring::{Backend, Keyring, open_keyring};

/// Runs each promise as a test of each keyring.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod in_memory {
            $(#[test] fn $promise() {
                super::$promise(&*super::open_keyring(super::Backend::Fake).unwrap());
            })*
        }
        #[cfg(any(target_os = "macos", target_os = "windows"))]
        mod of_the_system {
            $(#[test] fn $promise() {
                super::$promise(&*super::open_keyring(super::Backend::Auto).unwrap());
            })*
        }
    };
}

promises! {
    what_is_put_is_had_again_byte_by_byte,
    what_is_put_takes_the_place_of_what_was_there,
    what_is_removed_is_gone_and_nothing_else_is,
    nothing_is_there_before_anything_was_put,
}

/// Takes its entries out again, however a test ends.
struct Names<'a>(&'a dyn Keyring, Vec<String>);

impl<'a> Names<'a> {
    fn new(keyring: &'a dyn Keyring, test: &str) -> Self {
        let names: Vec<String> =
            ["one", "two"].iter().map(|name| format!("test-{}-{test}-{name}", std::process::id())).collect();
        Self(keyring, names)
    }
}

impl Drop for Names<'_> {
    fn drop(&mut self) {
        for name in &self.1 {
            let _ = self.0.remove(name);
        }
    }
}

fn what_is_put_is_had_again_byte_by_byte(keyring: &dyn Keyring) {
    let names = Names::new(keyring, "bytes");
    let [one, two] = [&names.1[0], &names.1[1]];
    // Neither a text in any form nor of an even length.
    let bytes: Vec<u8> = (0..=255).chain([0, 0, 0xd8]).collect();
    keyring.put(one, &bytes).unwrap();
    keyring.put(two, &[0; 32]).unwrap();
    // Whoever opens it anew finds the same.
    for _ in 0..2 {
        assert_eq!(keyring.get(one).unwrap().as_deref(), Some(bytes.as_slice()));
        assert_eq!(keyring.get(two).unwrap().as_deref(), Some([0; 32].as_slice()));
    }
}

fn what_is_put_takes_the_place_of_what_was_there(keyring: &dyn Keyring) {
    let names = Names::new(keyring, "place");
    let name = &names.1[0];
    for secret in [[1; 32].as_slice(), &[2; 40], &[3; 5]] {
        keyring.put(name, secret).unwrap();
        assert_eq!(keyring.get(name).unwrap().as_deref(), Some(secret));
    }
}

fn what_is_removed_is_gone_and_nothing_else_is(keyring: &dyn Keyring) {
    let names = Names::new(keyring, "removed");
    let [one, two] = [&names.1[0], &names.1[1]];
    keyring.put(one, b"one").unwrap();
    keyring.put(two, b"two").unwrap();
    keyring.remove(one).unwrap();
    assert_eq!(keyring.get(one).unwrap(), None);
    assert_eq!(keyring.get(two).unwrap().as_deref(), Some(b"two".as_slice()));
    keyring.remove(one).unwrap();
    keyring.remove(two).unwrap();
    assert_eq!(keyring.get(two).unwrap(), None);
}

fn nothing_is_there_before_anything_was_put(keyring: &dyn Keyring) {
    let names = Names::new(keyring, "nothing");
    assert_eq!(keyring.get(&names.1[0]).unwrap(), None);
    keyring.remove(&names.1[0]).unwrap();
}

/// There a keyring may still be locked when this program needs what it kept.
#[cfg(target_os = "linux")]
#[test]
fn on_linux_nothing_is_kept_in_one() {
    assert!(open_keyring(Backend::Auto).is_none());
}

/// What lies there is this machine's, and is there after a restart: Windows forgets other kinds at the sign-out, or takes
/// them along to other machines.
#[cfg(target_os = "windows")]
#[test]
#[allow(unsafe_code, reason = "the system's calls")]
fn what_is_kept_stays_on_this_machine() {
    use std::ptr::null_mut;

    use farhand_agent_host::keyring::SERVICE;
    use windows_sys::Win32::Security::Credentials::{
        CRED_PERSIST_LOCAL_MACHINE, CRED_TYPE_GENERIC, CredFree, CredReadW,
    };

    let keyring = open_keyring(Backend::Auto).unwrap();
    let names = Names::new(&*keyring, "persists");
    let name = &names.1[0];
    keyring.put(name, &[9; 32]).unwrap();
    let target = super::windows::wide(&format!("{name}.{SERVICE}"));
    let mut found = null_mut();
    // SAFETY: what was found is looked at before it is freed.
    let persists = unsafe {
        assert_ne!(CredReadW(target.as_ptr(), CRED_TYPE_GENERIC, 0, &raw mut found), 0);
        let persists = (*found).Persist;
        CredFree(found.cast());
        persists
    };
    assert_eq!(persists, CRED_PERSIST_LOCAL_MACHINE);
}
