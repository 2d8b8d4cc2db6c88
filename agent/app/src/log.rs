//! What the program tells on standard error: one line an event, for people or as JSON for programs.

use std::io::Write;

use serde_json::Value;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Log {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line, with `event` as its first field.
    Json,
}

/// What is told: levels by parts of the program, such as `debug` or `warn,farhand_link=trace`. Without such words, and
/// where they make no sense, warnings; the toolkit of the window warns about displays that are just unusual.
fn filter(chosen: Option<&str>) -> Targets {
    let quiet = || {
        let quieter =
            [("winit", LevelFilter::ERROR), ("zbus", LevelFilter::ERROR), ("sctk_adwaita", LevelFilter::OFF)];
        Targets::new().with_default(LevelFilter::WARN).with_targets(quieter)
    };
    chosen.and_then(|chosen| chosen.parse().ok()).unwrap_or_else(quiet)
}

impl Log {
    /// Starts the diagnostic log beside the events; `FARHAND_AGENT_LOG` chooses what it tells, such as `debug`.
    pub fn start(self) {
        let filter = filter(std::env::var("FARHAND_AGENT_LOG").ok().as_deref());
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let registry = tracing_subscriber::registry();
        // A second start is a test's; the first stays.
        let _ = match self {
            Self::Text => registry.with(lines.with_filter(filter)).try_init(),
            Self::Json => registry.with(lines.json().with_filter(filter)).try_init(),
        };
    }

    /// Writes one event. Fields never hold codes, tokens, tickets or names.
    pub fn event(self, event: &str, fields: &[(&str, Value)]) {
        let line = match self {
            Self::Json => {
                let mut line = format!("{{\"event\":{}", Value::from(event));
                for (key, value) in fields {
                    line.push_str(&format!(",{}:{value}", Value::from(*key)));
                }
                line.push('}');
                line
            }
            Self::Text => {
                let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let fields: Vec<String> =
                    fields.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect();
                let event = event.replace('_', " ");
                if fields.is_empty() { event } else { format!("{event} ({})", fields.join(", ")) }
            }
        };
        // Whoever closed standard error does not want to know.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::filter;

    #[test]
    fn what_is_told_can_be_chosen_for_parts_of_the_program() {
        let told = |chosen: Option<&str>, target: &str| {
            let filter = filter(chosen);
            [tracing::Level::TRACE, tracing::Level::DEBUG, tracing::Level::WARN, tracing::Level::ERROR]
                .into_iter()
                .find(|level| filter.would_enable(target, level))
                .map_or(LevelFilter::OFF, LevelFilter::from_level)
        };
        for nothing in [None, Some("no such=words=at all")] {
            assert_eq!(told(nothing, "farhand_agent::session"), LevelFilter::WARN);
            assert_eq!(told(nothing, "winit::platform"), LevelFilter::ERROR);
            assert_eq!(told(nothing, "sctk_adwaita"), LevelFilter::OFF);
        }
        assert_eq!(told(Some("debug"), "winit"), LevelFilter::DEBUG);
        let one = Some("warn,farhand_link=trace");
        assert_eq!(told(one, "farhand_link::quic"), LevelFilter::TRACE);
        assert_eq!(told(one, "farhand_agent"), LevelFilter::WARN);
    }
}
