//! Transport settings and UDP sockets of every QUIC hop.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use quinn::{AckFrequencyConfig, EndpointConfig, IdleTimeout, TransportConfig, VarInt};
use socket2::{Domain, Protocol, Socket, Type};

use super::controller::CalmConfig;

/// A peer that is silent for so long is usually taken for gone.
pub const IDLE_AFTER: Duration = Duration::from_secs(5);
/// A peer that has nothing to say says so this often.
pub const KEEP_ALIVE_EVERY: Duration = Duration::from_millis(1500);
/// Both buffers of a UDP socket.
const SOCKET_BUFFER: usize = 4 * 1024 * 1024;
/// Bytes that a connection holds unacknowledged at most; the gauge keeps it far below.
const SEND_WINDOW: u64 = 16 * 1024 * 1024;
const STREAM_RECEIVE_WINDOW: u32 = 4 * 1024 * 1024;
const RECEIVE_WINDOW: u32 = 8 * 1024 * 1024;
const DATAGRAM_BUFFER: usize = 64 * 1024;
/// Streams that a peer may open each way: our seven, HTTP/3's own, and room.
const STREAMS: u32 = 12;

/// The settings of a QUIC connection that ends when its peer is silent for so long; of two ends the shorter counts.
#[must_use]
pub fn transport(idle_after: Duration) -> TransportConfig {
    let mut acks = AckFrequencyConfig::default();
    acks.ack_eliciting_threshold(VarInt::from_u32(0)).max_ack_delay(Some(Duration::from_millis(2)));
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS))
        .max_concurrent_uni_streams(VarInt::from_u32(STREAMS))
        // Longer than the protocol can say is for ever.
        .max_idle_timeout(IdleTimeout::try_from(idle_after).ok())
        .keep_alive_interval(Some(KEEP_ALIVE_EVERY))
        .stream_receive_window(VarInt::from_u32(STREAM_RECEIVE_WINDOW))
        .receive_window(VarInt::from_u32(RECEIVE_WINDOW))
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER))
        .datagram_send_buffer_size(DATAGRAM_BUFFER)
        .initial_rtt(Duration::from_millis(100))
        .time_threshold(1.0625)
        .ack_frequency_config(Some(acks))
        .congestion_controller_factory(Arc::new(CalmConfig::default()));
    config
}

/// The settings of a QUIC endpoint. The fixed bit stays fixed, so that other protocols can share the port by the first
/// byte (RFC 9443).
#[must_use]
pub fn endpoint() -> EndpointConfig {
    let mut config = EndpointConfig::default();
    config.grease_quic_bit(false);
    config
}

/// Opens a UDP socket with large buffers. The system may grant less than asked for.
///
/// # Errors
/// When the address cannot be had.
pub fn socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // One socket for both families where the system allows it.
        let _ = socket.set_only_v6(false);
    }
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}
