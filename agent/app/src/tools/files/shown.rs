//! What the customer's window shows of files.

use std::time::{Duration, Instant};

use farhand_agent_core::Agent;
use farhand_agent_core::tools::files::{Question, RowState};
use farhand_protocol::ParticipantId;
use farhand_protocol::transfer::Direction;

use super::Files;
use crate::window::files::{FilesQuestion, FilesRow, FilesRowState, FilesShown, MAX_NAME_SHOWN};

/// Rows that are shown, at most: as many as the window is high.
const ROWS: usize = 8;
/// Progress alone is shown this often.
const EVERY: Duration = Duration::from_millis(200);

/// What is shown at once when it changes: the question, and where each file stands.
pub type Key = (Option<u32>, Vec<(u32, FilesRowState)>);

impl Files {
    /// What the window is to show now, if that is due.
    pub fn show(
        &mut self,
        agent: &Agent,
        now: Instant,
        name: impl Fn(ParticipantId) -> String,
    ) -> Option<FilesShown> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let files = agent.files_shown();
        let rows: Vec<FilesRow> = files
            .rows(ROWS)
            .into_iter()
            .map(|row| FilesRow {
                row: row.row,
                incoming: row.direction == Direction::In,
                name: short(&row.name),
                size: row.size,
                moved: row.moved,
                state: match row.state {
                    RowState::Waits => FilesRowState::Waits,
                    RowState::Flows => FilesRowState::Flows,
                    RowState::Finished => FilesRowState::Finished,
                    RowState::Over(why) => FilesRowState::Over { why: why.word().into() },
                },
            })
            .collect();
        let key = (
            files.question().map(|question| question.ask),
            rows.iter().map(|row| (row.row, row.state.clone())).collect(),
        );
        if let Some((at, before)) = &self.shown
            && *before == key
            && now.saturating_duration_since(*at) < EVERY
        {
            self.changed = true;
            return None;
        }
        self.shown = Some((now, key));
        let question = files.question().map(|question| asked(question, now, name(question.console)));
        let earlier = u32::try_from(files.count().saturating_sub(rows.len())).unwrap_or(u32::MAX);
        Some(FilesShown { question, rows, earlier })
    }
}

fn asked(question: &Question, now: Instant, technician: String) -> FilesQuestion {
    FilesQuestion {
        ask: question.ask,
        technician,
        incoming: question.direction == Direction::In,
        name: question.name.as_deref().map(short),
        size: question.size,
        more: question.more,
        more_size: question.more_size,
        seconds: question.expires.saturating_duration_since(now).as_secs(),
    }
}

/// A name as one line that cannot look like another, its ending kept.
fn short(name: &str) -> String {
    let plain = farhand_seal::receipt::plain(name);
    let count = plain.chars().count();
    if count <= MAX_NAME_SHOWN {
        return plain;
    }
    let ending: String = plain.chars().skip(count - 12).collect();
    plain.chars().take(MAX_NAME_SHOWN - 13).chain(['…']).chain(ending.chars()).collect()
}
