//! A program that is opened by a double click has no console, and an environment without a language.

use objc2_foundation::NSLocale;

pub const fn attach() {}

pub fn locale() -> Option<String> {
    Some(NSLocale::preferredLanguages().firstObject()?.to_string())
}
