//! Sentences that are put together from the catalogue of tables. Every one names the tenant; nothing in them comes from
//! outside.

use crate::store::catalogue::{Column, Table};

/// Which rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// All of the tenant's.
    All,
    /// Those whose column of this name holds the value `$2`.
    Where(&'static str),
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn condition(only: Only) -> String {
    match only {
        Only::All => "tenant = $1".into(),
        Only::Where(column) => format!("tenant = $1 AND {column} = $2"),
    }
}

fn values(first: usize, columns: &[Column]) -> String {
    (first..first + columns.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// A page of rows with these columns after the key, in the order of the key; `after` is given as the last values.
pub fn page(table: &Table, columns: &[Column], only: Only, after: bool, at_most: usize) -> String {
    let mut all = table.key.to_vec();
    all.extend_from_slice(columns);
    let mut sql = format!("SELECT {} FROM {} WHERE {}", names(&all), table.name, condition(only));
    if after && !table.key.is_empty() {
        let first = if only == Only::All { 2 } else { 3 };
        sql.push_str(&format!(" AND ({}) > ({})", names(table.key), values(first, table.key)));
    }
    if !table.key.is_empty() {
        sql.push_str(&format!(" ORDER BY {}", names(table.key)));
    }
    sql.push_str(&format!(" LIMIT {at_most}"));
    sql
}

/// Deletes rows.
pub fn delete(table: &Table, only: Only) -> String {
    format!("DELETE FROM {} WHERE {}", table.name, condition(only))
}

/// Puts a newly sealed value (`$2`) in the place of the one that was read (`$3`), unless it was changed meanwhile.
pub fn reseal(table: &Table, column: &str) -> String {
    let mut sql = format!("UPDATE {} SET {column} = $2 WHERE tenant = $1 AND {column} = $3", table.name);
    for (place, (name, _)) in table.key.iter().enumerate() {
        sql.push_str(&format!(" AND {name} = ${}", place + 4));
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::catalogue::TABLES;

    #[test]
    fn every_sentence_from_the_catalogue_names_the_tenant() {
        for table in TABLES {
            for only in [Only::All, Only::Where("session")] {
                for sql in [
                    page(table, table.columns, only, false, 10),
                    page(table, table.columns, only, true, 10),
                    delete(table, only),
                    reseal(table, "name"),
                ] {
                    assert!(sql.contains("WHERE tenant = $1"), "{sql}");
                }
            }
        }
    }

    #[test]
    fn pages_follow_the_key() {
        let table = TABLES.iter().find(|table| table.name == "participants").unwrap();
        assert_eq!(
            page(table, &table.columns[..1], Only::Where("session"), true, 9),
            "SELECT session, participant, role FROM participants WHERE tenant = $1 AND session = $2 \
             AND (session, participant) > ($3, $4) ORDER BY session, participant LIMIT 9"
        );
    }
}
