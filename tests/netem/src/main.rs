//! The impaired path as a program.
fn main() {}
