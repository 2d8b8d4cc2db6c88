//! The hosted service: accounts, the session broker, the API, the web pages and the embedded media service.
#![forbid(unsafe_code)]

pub mod admin;
pub mod app;
pub mod audit;
pub mod broker;
pub mod clock;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod domains;
pub mod downloads;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod limits;
pub mod listener;
pub mod mail;
pub mod metrics;
pub mod names;
pub mod outward;
pub mod retention;
pub mod serve;
pub mod set_up;
pub mod store;
pub mod tls;
pub mod vault;

#[cfg(test)]
mod testing;
