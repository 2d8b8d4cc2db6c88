//! What both ends of a QUIC hop share: transport settings, the congestion controller, and the framing of messages.
