//! The media service on real sockets. One program for all: what it leans on is linked once.

mod blocked_udp;
mod common;
mod exchange;
mod hostile;
mod loss;
mod webtransport;
