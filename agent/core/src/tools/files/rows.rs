//! The files as the customer sees them.

use super::{File, Files, Row, RowState, State};

impl Files {
    /// The newest files, the newest last.
    #[must_use]
    pub fn rows(&self, most: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = self.files.values().map(row).collect();
        // What goes stays in sight.
        rows.sort_by_key(|row| (matches!(row.state, RowState::Waits | RowState::Flows), row.row));
        rows.drain(..rows.len().saturating_sub(most));
        rows.sort_by_key(|row| row.row);
        rows
    }
}

fn row(file: &File) -> Row {
    let (moved, state) = match &file.state {
        State::Waits => (0, RowState::Waits),
        State::Opening => (0, RowState::Flows),
        State::In(taken) => (taken.written(), RowState::Flows),
        State::Out(sent) => (sent.sent(), RowState::Flows),
        State::Finished => (file.size, RowState::Finished),
        State::Over(why) => (0, RowState::Over(*why)),
    };
    let File { row, direction, name, size, .. } = file;
    Row { row: *row, direction: *direction, name: name.clone(), size: *size, moved, state }
}
