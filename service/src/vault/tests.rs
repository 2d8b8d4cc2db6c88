use super::*;

const HOME: Place<'static> = Place { tenant: "a", table: "users", column: "name", row: "u1" };

fn open(folder: &Path) -> Vault {
    Vault::open(folder, RootSource::file(folder)).unwrap()
}

#[test]
fn what_is_sealed_opens_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    assert!(vault.was_made());
    let sealed = vault.seal(&HOME, b"Ada").unwrap();
    let again = open(folder.path());
    assert!(!again.was_made());
    assert_eq!(again.open_value(&HOME, &sealed).unwrap(), b"Ada");
    let other = Place { tenant: "b", ..HOME };
    assert!(again.open_value(&other, &sealed).is_err(), "another tenant without a key");
    again.seal(&other, b"x").unwrap();
    assert!(matches!(again.open_value(&other, &sealed), Err(VaultError::Refused)), "and with one");
    assert_eq!(again.tenants().unwrap(), ["", "a", "b"]);
}

#[test]
fn after_a_rotation_old_values_open_and_new_ones_use_the_new_key() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    // Another program that has the keys in its memory, such as the service while the command runs.
    let running = open(folder.path());
    let old = running.seal(&HOME, b"Ada").unwrap();
    assert_eq!(vault.open_value(&HOME, &old).unwrap(), b"Ada");
    assert_eq!(vault.rotate().unwrap(), Rotated { root: 2, new_root: true, tenants: 2 });
    for vault in [&vault, &running, &open(folder.path())] {
        assert_eq!(vault.open_value(&HOME, &old).unwrap(), b"Ada");
        assert!(!vault.is_newest("a", &old).unwrap());
        let new = vault.seal(&HOME, b"Bob").unwrap();
        assert_eq!(seal::version_of(&new).unwrap(), 2);
        assert!(vault.is_newest("a", &new).unwrap());
    }
    // Nothing is wrapped by the old root key any more.
    vault.forget_old_root().unwrap();
    assert_eq!(open(folder.path()).open_value(&HOME, &old).unwrap(), b"Ada");
    assert_eq!(running.open_value(&HOME, &old).unwrap(), b"Ada");
}

#[test]
fn a_copy_of_the_keys_from_before_a_forgotten_root_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    vault.seal(&HOME, b"Ada").unwrap();
    let path = folder.path().join(FOLDER).join("t-a.json");
    let copy = std::fs::read(&path).unwrap();
    vault.rotate().unwrap();
    vault.forget_old_root().unwrap();
    std::fs::write(&path, copy).unwrap();
    let refused = open(folder.path()).seal(&HOME, b"x");
    assert!(matches!(refused, Err(VaultError::RootVersion { version: 1 })));
}

#[test]
fn a_destroyed_key_stays_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, running) = (open(folder.path()), open(folder.path()));
    let sealed = running.seal(&HOME, b"Ada").unwrap();
    let elsewhere = Place { tenant: "b", ..HOME };
    let other = vault.seal(&elsewhere, b"Bob").unwrap();
    vault.destroy("a", 5).unwrap();
    for vault in [&vault, &running, &open(folder.path())] {
        assert!(matches!(vault.open_value(&HOME, &sealed), Err(VaultError::Destroyed)));
        assert!(matches!(vault.seal(&HOME, b"x"), Err(VaultError::Destroyed)), "no new key is made");
        assert_eq!(vault.open_value(&elsewhere, &other).unwrap(), b"Bob");
    }
    vault.rotate().unwrap();
    assert!(matches!(vault.seal(&HOME, b"x"), Err(VaultError::Destroyed)), "a rotation brings none back");
    assert_eq!(vault.tenants().unwrap(), ["", "b"]);
}

#[test]
fn keys_without_their_root_key_are_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).seal(&HOME, b"Ada").unwrap();
    std::fs::remove_file(folder.path().join(ROOT_FILE)).unwrap();
    let said = Vault::open(folder.path(), RootSource::file(folder.path())).unwrap_err().to_string();
    assert!(said.contains("Put the root key back"), "{said}");
    let other = RootSource::Text("ab".repeat(32));
    assert!(matches!(Vault::open(folder.path(), other), Err(VaultError::Refused)));
}

#[test]
fn the_key_folder_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).seal(&HOME, b"Ada").unwrap();
    #[cfg(unix)]
    for path in [folder.path().join(FOLDER), folder.path().join(FOLDER).join("t-a.json")] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn macs_are_bound_to_their_purpose_and_version() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let mac = vault.mac(1, "head", b"x").unwrap();
    assert!(vault.verify_mac(1, "head", b"x", &mac).unwrap());
    assert!(!vault.verify_mac(1, "other", b"x", &mac).unwrap());
    assert!(!vault.verify_mac(1, "head", b"y", &mac).unwrap());
    vault.rotate().unwrap();
    assert_eq!(vault.mac_version().unwrap(), 2);
    assert!(!vault.verify_mac(2, "head", b"x", &mac).unwrap());
    assert!(vault.verify_mac(1, "head", b"x", &mac).unwrap());
    assert!(matches!(vault.mac(9, "head", b"x"), Err(VaultError::Version { version: 9 })));
}

#[test]
fn a_signed_statement_verifies_and_a_changed_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let (signer, sealed) = Signer::generate(&vault).unwrap();
    let signed = Signer::open(&vault, &sealed).unwrap().sign("{\"deleted\":1}".into());
    assert!(verify(&signed, &signer.public_key()));
    assert!(!verify(&Signed { statement: "{\"deleted\":2}".into(), ..signed.clone() }, &signer.public_key()));
    let (other, _) = Signer::generate(&vault).unwrap();
    assert!(!verify(&signed, &other.public_key()));
    assert!(!verify(&Signed { signature: "x".into(), ..signed }, &signer.public_key()));
}
