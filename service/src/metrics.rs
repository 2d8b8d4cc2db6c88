//! Counters, in Prometheus' text form.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Refused {
    /// Too many connections.
    Connections,
    /// HTTP without TLS.
    PlainHttp,
    /// A TLS hand-shake that failed or took too long.
    HandShake,
    /// A connection that asked nothing.
    Silent,
    /// A foreign Origin, or none where one is needed.
    Origin,
    /// A body too large, too slow or not what it should be.
    Body,
    /// No or no valid sign-in.
    SignIn,
    /// A wrong password.
    Password,
    /// Guessing too fast.
    Throttled,
    /// A code that is wrong, expired or used.
    Code,
    /// A set-up link that is not the one.
    SetUp,
    /// A socket without the right to it.
    Socket,
    /// A signal that cannot be read, is too large or comes too often.
    Signal,
    /// A signal out of order.
    Order,
}

impl Refused {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Connections,
        Self::PlainHttp,
        Self::HandShake,
        Self::Silent,
        Self::Origin,
        Self::Body,
        Self::SignIn,
        Self::Password,
        Self::Throttled,
        Self::Code,
        Self::SetUp,
        Self::Socket,
        Self::Signal,
        Self::Order,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::PlainHttp => "plain_http",
            Self::HandShake => "hand_shake",
            Self::Silent => "silent",
            Self::Origin => "origin",
            Self::Body => "body",
            Self::SignIn => "sign_in",
            Self::Password => "password",
            Self::Throttled => "throttled",
            Self::Code => "code",
            Self::SetUp => "set_up",
            Self::Socket => "socket",
            Self::Signal => "signal",
            Self::Order => "order",
        }
    }
}

/// The service's own counters.
#[derive(Debug, Default)]
pub struct Metrics {
    refused: [AtomicU64; Refused::ALL.len()],
    /// Sign-ins that succeeded.
    pub sign_ins: AtomicU64,
    /// Sessions created.
    pub sessions_created: AtomicU64,
    /// Codes used by agents.
    pub sessions_joined: AtomicU64,
    /// Session sockets that stand.
    pub sockets: AtomicI64,
    /// Signals received.
    pub signals: AtomicU64,
}

impl Metrics {
    /// Counts a refusal.
    pub fn refused(&self, why: Refused) {
        self.refused[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often that was refused.
    #[must_use]
    pub fn refusals(&self, why: Refused) -> u64 {
        self.refused[why as usize].load(Ordering::Relaxed)
    }

    /// The text, with the sessions that are open by state and the media service's own counters.
    #[must_use]
    pub fn text(&self, sessions: &[(&'static str, u64)], media: &farhand_media_server::Metrics) -> String {
        let mut text = Text(String::with_capacity(4096));
        text.family("farhand_sessions", "gauge", "Sessions that have not ended.");
        sessions.iter().for_each(|(state, count)| text.labelled("farhand_sessions", "state", state, *count));
        text.family("farhand_session_sockets", "gauge", "Session sockets that stand.");
        text.plain(
            "farhand_session_sockets",
            u64::try_from(self.sockets.load(Ordering::Relaxed)).unwrap_or(0),
        );
        for (name, help, value) in [
            ("farhand_sessions_created_total", "Sessions created.", &self.sessions_created),
            ("farhand_sessions_joined_total", "Codes used by agents.", &self.sessions_joined),
            ("farhand_sign_ins_total", "Sign-ins that succeeded.", &self.sign_ins),
            ("farhand_signals_total", "Signals received.", &self.signals),
        ] {
            text.family(name, "counter", help);
            text.plain(name, value.load(Ordering::Relaxed));
        }
        text.family("farhand_refused_total", "counter", "What was refused, by reason.");
        for why in Refused::ALL {
            text.labelled("farhand_refused_total", "reason", why.name(), self.refusals(why));
        }
        text.family("farhand_media_rooms", "gauge", "Media rooms with somebody in them.");
        text.plain("farhand_media_rooms", media.rooms);
        text.family("farhand_media_participants", "gauge", "Participants on the media path, by carrier.");
        for (carrier, count) in &media.participants {
            text.labelled("farhand_media_participants", "carrier", carrier, *count);
        }
        text.family(
            "farhand_media_refused_total",
            "counter",
            "Media connections refused or closed for cause.",
        );
        media
            .refused
            .iter()
            .for_each(|(why, n)| text.labelled("farhand_media_refused_total", "reason", why, *n));
        for (name, help, value) in [
            ("farhand_media_messages_total", "Messages relayed, once for each receiver.", media.messages),
            ("farhand_media_bytes_total", "Bytes relayed, once for each receiver.", media.bytes),
            ("farhand_media_dropped_total", "Screen messages dropped for slow viewers.", media.dropped),
            ("farhand_media_cuts_total", "Slow viewers cut to their next reset.", media.cuts),
        ] {
            text.family(name, "counter", help);
            text.plain(name, value);
        }
        text.0
    }
}

struct Text(String);

impl Text {
    const WRITES: &'static str = "writing to a string does not fail";

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n").expect(Self::WRITES);
    }

    fn plain(&mut self, name: &str, value: u64) {
        writeln!(self.0, "{name} {value}").expect(Self::WRITES);
    }

    fn labelled(&mut self, name: &str, label: &str, of: &str, value: u64) {
        writeln!(self.0, "{name}{{{label}=\"{of}\"}} {value}").expect(Self::WRITES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_comment_or_a_sample() {
        let metrics = Metrics::default();
        metrics.refused(Refused::Origin);
        let text = metrics.text(&[("live", 2)], &farhand_media_server::Metrics::default());
        assert!(text.contains("farhand_refused_total{reason=\"origin\"} 1\n"));
        assert!(text.contains("farhand_sessions{state=\"live\"} 2\n"));
        for line in text.lines() {
            let sample = line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
            assert!(line.starts_with("# ") || sample, "{line}");
        }
        for (at, why) in Refused::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, at);
        }
    }
}
