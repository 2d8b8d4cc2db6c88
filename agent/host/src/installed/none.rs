//! No package for this system takes an address.

pub fn server() -> Option<String> {
    None
}
