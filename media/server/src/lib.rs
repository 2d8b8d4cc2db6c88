//! The media service: QUIC and WebTransport on one UDP port, WebSockets that the HTTPS side hands over, and a room for
//! each session in which messages are relayed unread.
#![forbid(unsafe_code)]

mod certificate;
mod counters;
mod quic;
mod rooms;
mod server;
mod websocket;
mod webtransport;

pub use server::{MediaConfig, MediaServer, Metrics, SocketIn, SocketOut, StartError, tune};
