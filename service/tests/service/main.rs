//! The service as its clients meet it: over real TCP and TLS, with a real database, each test in a folder of its own.
#![allow(clippy::unwrap_used)]

mod access_matrix;
mod admin;
mod api_keys;
mod audit_trail;
mod authority;
mod bad_input;
mod doctor;
mod domain;
mod downloads;
mod first_run;
mod foreign_origin;
mod groups;
mod invitations;
mod keys_and_audit;
mod limits;
mod mail;
mod methods;
mod organisation;
mod pages;
mod program;
mod restart_under_a_live_session;
mod security_events;
mod session;
mod sign_in;
mod start_failures;
mod talk;
mod tls_settings;
mod windows;
mod world;
