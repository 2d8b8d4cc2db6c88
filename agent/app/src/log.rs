//! What the program tells on standard error: one line an event, for people or as JSON for programs.

use std::io::Write;

use serde_json::Value;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Log {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line, with `event` as its first field.
    Json,
}

/// What is told without `FARHAND_AGENT_LOG`. The toolkit of the window warns about displays that are just unusual.
const QUIET: &str = "warn,winit=error,zbus=error,sctk_adwaita=off";

impl Log {
    /// Starts the diagnostic log beside the events; `FARHAND_AGENT_LOG` chooses what it tells, such as `debug`.
    pub fn start(self) {
        let filter = tracing_subscriber::EnvFilter::try_from_env("FARHAND_AGENT_LOG")
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(QUIET));
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // A second start is a test's; the first stays.
        let _ = match self {
            Self::Text => builder.try_init(),
            Self::Json => builder.json().try_init(),
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
