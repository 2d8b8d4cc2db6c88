//! What a database may hold where a sealed value should stand.

use farhand_service::vault::seal::{Key, OVERHEAD, Place, open, seal, version_of};

const HOME: Place<'static> = Place { tenant: "t", table: "users", column: "name", row: "u1" };

/// The bytes as a sealed value, and as something that is sealed and then meddled with.
pub fn column(data: &[u8]) {
    let key = Key::of([7; 32]);
    assert!(open(&key, &HOME, data).is_err(), "nobody sealed this");
    if version_of(data).is_ok() {
        assert!(data.len() >= OVERHEAD);
    }
    let (first, rest) = data.split_at(data.len().min(8));
    let mut number = [0; 8];
    number[..first.len()].copy_from_slice(first);
    let number = u64::from_le_bytes(number);
    let version = u32::from_le_bytes([number as u8; 4]);
    let sealed = seal(version, &key, &HOME, rest);
    assert_eq!(version_of(&sealed).ok(), Some(version));
    assert_eq!(open(&key, &HOME, &sealed).ok().as_deref(), Some(rest));
    // One bit, anywhere: it does not open, or names another key.
    let bit = (number % (sealed.len() as u64 * 8)) as usize;
    let mut changed = sealed.clone();
    changed[bit / 8] ^= 1 << (bit % 8);
    let other = version_of(&changed).is_ok_and(|named| named != version);
    assert!(other || open(&key, &HOME, &changed).is_err(), "bit {bit}");
    // Somewhere else, or cut, or longer.
    let row = format!("u{}", number.wrapping_add(2));
    assert!(open(&key, &Place { row: &row, ..HOME }, &sealed).is_err() || row == HOME.row);
    assert!(open(&key, &Place { tenant: "", ..HOME }, &sealed).is_err());
    let cut = (number % sealed.len() as u64) as usize;
    assert!(open(&key, &HOME, &sealed[..cut]).is_err());
    changed.clone_from(&sealed);
    changed.push(number as u8);
    assert!(open(&key, &HOME, &changed).is_err());
}
