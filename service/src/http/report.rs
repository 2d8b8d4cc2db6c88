//! Sessions that were, and the report over them (O7).

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use farhand_protocol::api::{self, Scope, SessionResult};
use farhand_protocol::session::EndReason;
use http::{Method, header};
use serde::Deserialize;

use super::Refusal;
use super::extract::Asked;
use super::gate::Caller;
use super::operation::{Access, Kind, Operation, Parameter, may, must};
use crate::app::App;
use crate::store::{PastRow, TenantStore};

/// Sessions on a page, if nobody says otherwise, and at most.
const PAGE: u32 = 50;
const MAX_PAGE: u32 = 200;
/// Sessions that are looked through for one page.
const LOOKED_THROUGH: u32 = 20_000;
/// Sessions read from the database at once.
const AT_ONCE: u32 = 1_000;
/// Days of a report.
const MAX_DAYS: u64 = 366;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

const FROM: Parameter = may("from", Kind::Number, "From this time on.");
const TO: Parameter = may("to", Kind::Number, "Until before this time.");

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/history", "history", Access::Technician, || get(history))
        .about("Sessions, newest first: everybody's for administrators, one's own for technicians.")
        .scope(Scope::SessionsRead)
        .query(&[
            FROM,
            TO,
            may("technician", Kind::Text, "Of this technician, by identifier."),
            may("outcome", Kind::Text, "That ended like this; `open` for those that have not."),
            may("result", Kind::Text, "With this result; `none` for those without one."),
            may("search", Kind::Text, "Whose technician's name, identifier or note holds this."),
            may("before", Kind::Text, "The next page after the one that gave this."),
            may("limit", Kind::Number, "At most so many, up to 200."),
        ])
        .gives::<api::History>(200),
    Operation::new(Method::GET, "/api/v1/report", "report", Access::Administrator, || get(report))
        .about("Sessions by day, technician and outcome.")
        .scope(Scope::SessionsRead)
        .query(&[
            must("from", Kind::Number, "From this time on."),
            must("to", Kind::Number, "Until before this time; at most 366 days later."),
        ])
        .gives::<api::Report>(200),
    Operation::new(Method::GET, "/api/v1/report.csv", "report_csv", Access::Administrator, || {
        get(report_csv)
    })
    .about("The report as a table for spreadsheets.")
    .scope(Scope::SessionsRead)
    .query(&[
        must("from", Kind::Number, "From this time on."),
        must("to", Kind::Number, "Until before this time; at most 366 days later."),
    ])
    .gives_other(200, "text/csv"),
];

/// The history's query.
#[derive(Debug, Default, Deserialize)]
struct HistoryAsked {
    from: Option<u64>,
    to: Option<u64>,
    technician: Option<String>,
    outcome: Option<String>,
    result: Option<String>,
    search: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Between {
    from: u64,
    to: u64,
}

async fn history(caller: Caller, Asked(asked): Asked<HistoryAsked>) -> Result<Json<api::History>, Refusal> {
    let (from, to) = (asked.from.unwrap_or(0), asked.to.unwrap_or(u64::MAX));
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE) as usize;
    let outcome = match asked.outcome.as_deref() {
        None | Some("") => None,
        Some("open") => Some(None),
        Some(name) => Some(Some(outcome_named(name)?)),
    };
    let result = match asked.result.as_deref() {
        None | Some("") => None,
        Some("none") => Some(None),
        Some(name) => Some(Some(result_named(name)?)),
    };
    let tenant = caller.tenant();
    let names = Names::of(tenant, from, to).await?;
    let search = asked.search.unwrap_or_default().trim().to_lowercase();
    let fits = |row: &PastRow| {
        caller.only_own().is_none_or(|own| own == row.owner)
            && asked.technician.as_deref().is_none_or(|id| id.is_empty() || id == row.owner)
            && outcome.is_none_or(|outcome| outcome == row.reason)
            && result.is_none_or(|result| result == row.result)
            && (search.is_empty()
                || names.of_id(&row.owner).to_lowercase().contains(&search)
                || row.note.to_lowercase().contains(&search)
                || row.id.starts_with(&search))
    };
    let mut before = match asked.before.as_deref() {
        None | Some("") => None,
        Some(text) => Some(mark(text)?),
    };
    let (mut found, mut looked, mut more) = (Vec::new(), 0, true);
    while more && found.len() <= limit && looked < LOOKED_THROUGH {
        let mark = before.as_ref().map(|(at, id): &(u64, String)| (*at, id.as_str()));
        let rows = tenant.history(from, to, mark, AT_ONCE).await?;
        looked += AT_ONCE;
        more = rows.len() == AT_ONCE as usize;
        before = rows.last().map(|row| (row.created_at, row.id.clone())).or(before);
        found.extend(rows.into_iter().filter(|row| fits(row)));
    }
    let next = match found.len() > limit {
        true => found.get(limit - 1).map(|row| (row.created_at, row.id.clone())),
        // Looked through enough for now, and there is more.
        false => before.filter(|_| more),
    };
    found.truncate(limit);
    Ok(Json(api::History {
        sessions: found.into_iter().map(|row| names.shown(row)).collect(),
        next: next.map(|(at, id)| format!("{at}-{id}")),
    }))
}

fn mark(text: &str) -> Result<(u64, String), Refusal> {
    text.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned()))).ok_or_else(|| {
        Refusal::invalid("page_unknown", "This is no place in the list. Load it from its beginning.")
    })
}

fn outcome_named(name: &str) -> Result<EndReason, Refusal> {
    let reason: EndReason = serde_json::from_value(name.into()).unwrap_or(EndReason::Unknown);
    match reason {
        EndReason::Unknown => {
            Err(Refusal::invalid("outcome_unknown", "Sessions end in no such way. Leave the filter out."))
        }
        EndReason::Technician
        | EndReason::Customer
        | EndReason::Refused
        | EndReason::Blocked
        | EndReason::CodeExpired
        | EndReason::Lost
        | EndReason::Service => Ok(reason),
    }
}

fn result_named(name: &str) -> Result<SessionResult, Refusal> {
    serde_json::from_value(name.into()).map_err(|_| {
        Refusal::invalid("result_unknown", "Sessions have no such result. Leave the filter out.")
    })
}

/// Names of technicians by their identifiers: of those who are here, and of those who were.
struct Names(HashMap<String, String>);

impl Names {
    async fn of(tenant: &TenantStore, from: u64, to: u64) -> Result<Self, Refusal> {
        let mut names = tenant.former_names(from, to).await?;
        names.extend(tenant.names().await?);
        Ok(Self(names))
    }

    fn of_id(&self, id: &str) -> &str {
        self.0.get(id).map_or("", String::as_str)
    }

    fn shown(&self, row: PastRow) -> api::PastSession {
        api::PastSession {
            technician_name: self.of_id(&row.owner).to_owned(),
            technician: row.owner,
            id: row.id,
            created_at: row.created_at,
            joined_at: row.joined_at,
            ended_at: row.ended_at,
            outcome: row.reason,
            recorded: row.recorded,
            result: row.result,
            note: Some(row.note).filter(|note| !note.is_empty()),
            chat: row.chat,
        }
    }
}

async fn report(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<Between>,
) -> Result<Json<api::Report>, Refusal> {
    Ok(Json(reported(&app, &caller, &asked).await?))
}

/// A report's row: the day since 1970, the technician, and the outcome's name.
type RowKey = (u64, String, Option<String>);
/// What it sums up.
#[derive(Default)]
struct RowSum {
    outcome: Option<EndReason>,
    sessions: u32,
    joined: u32,
    seconds: u64,
    /// In the order of [`SessionResult::ALL`].
    results: [u32; SessionResult::ALL.len()],
}

impl RowSum {
    fn add(&mut self, row: &PastRow, now: u64) {
        self.outcome = row.reason;
        self.sessions += 1;
        self.joined += u32::from(row.joined_at.is_some());
        self.seconds += row.joined_at.map_or(0, |at| row.ended_at.unwrap_or(now).saturating_sub(at) / 1000);
        for (count, result) in self.results.iter_mut().zip(SessionResult::ALL) {
            *count += u32::from(row.result == Some(result));
        }
    }
}

async fn reported(app: &App, caller: &Caller, asked: &Between) -> Result<api::Report, Refusal> {
    let Between { from, to } = *asked;
    if to <= from || to - from > (MAX_DAYS + 1) * DAY_MS {
        return Err(Refusal::invalid(
            "range_invalid",
            format!("Ask for a time that ends after it begins, of at most {MAX_DAYS} days."),
        ));
    }
    let tenant = caller.tenant();
    let names = Names::of(tenant, from, to).await?;
    let now = app.now().unix_ms;
    let mut rows: BTreeMap<RowKey, RowSum> = BTreeMap::new();
    let mut before: Option<(u64, String)> = None;
    loop {
        let mark = before.as_ref().map(|(at, id)| (*at, id.as_str()));
        let page = tenant.history(from, to, mark, AT_ONCE).await?;
        let more = page.len() == AT_ONCE as usize;
        before = page.last().map(|row| (row.created_at, row.id.clone()));
        for row in page {
            let reason = row.reason.map(|reason| format!("{reason:?}"));
            rows.entry((row.created_at / DAY_MS, row.owner.clone(), reason)).or_default().add(&row, now);
        }
        if !more {
            break;
        }
    }
    let rows = rows
        .into_iter()
        .map(|((day, technician, _), sum)| {
            let [solved, not_solved, follow_up, passed_on] = sum.results;
            api::ReportRow {
                day: date(day),
                technician_name: names.of_id(&technician).to_owned(),
                technician,
                outcome: sum.outcome,
                sessions: sum.sessions,
                joined: sum.joined,
                seconds: sum.seconds,
                solved,
                not_solved,
                follow_up,
                passed_on,
            }
        })
        .collect();
    Ok(api::Report { rows })
}

async fn report_csv(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<Between>,
) -> Result<Response, Refusal> {
    let report = reported(&app, &caller, &asked).await?;
    let mut text = String::from(
        "day,technician,outcome,sessions,joined,seconds,solved,not_solved,follow_up,passed_on\r\n",
    );
    for row in report.rows {
        let outcome = row.outcome.map(|outcome| serde_json::json!(outcome));
        writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{}\r",
            row.day,
            cell(&row.technician_name),
            outcome.as_ref().and_then(|o| o.as_str()).unwrap_or("open"),
            row.sessions,
            row.joined,
            row.seconds,
            row.solved,
            row.not_solved,
            row.follow_up,
            row.passed_on
        )
        .expect("writing to a string does not fail");
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"farhand-report.csv\""),
    ];
    Ok((headers, text).into_response())
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if formula { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", guarded.replace('"', "\"\""))
}

/// A day since 1970 as `YYYY-MM-DD` (Howard Hinnant's days-from-civil, reversed).
fn date(day: u64) -> String {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (day, text) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_778, "2026-11-21")]
        {
            assert_eq!(date(day), text);
        }
    }

    #[test]
    fn a_name_is_no_formula() {
        assert_eq!(cell("Ada \"A\" Lovelace"), "\"Ada \"\"A\"\" Lovelace\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
    }

    #[test]
    fn a_place_in_the_list_reads_back() {
        assert_eq!(mark("12-ab-c").unwrap(), (12, "ab-c".to_owned()));
        assert!(mark("x").is_err());
    }
}
