//! A system that says it on the command line.

pub const fn address() -> Option<String> {
    None
}
