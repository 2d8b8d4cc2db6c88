//! The customer's windows as they are drawn (`ui/*.slint`): types that the window's process fills and listens to.
//!
//! Nothing but what Slint's compiler makes of their descriptions. A crate of its own, since that is much code: it is
//! compiled when a description changes, and not with every change of the agent.
#![allow(missing_docs, clippy::all, clippy::todo, clippy::unwrap_used)]

slint::include_modules!();
