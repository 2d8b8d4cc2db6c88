//! Services and log, by systemd's own programs.

use std::collections::BTreeMap;

use farhand_protocol::channel::diagnostics::{LogLine, Service, ServiceState};
use serde_json::Value;

use super::programs::{Said, run};
use crate::system::{LogWanted, ServiceChange, SystemError};

/// The longest name of a unit, as systemd has it.
const MAX_UNIT: usize = 255;
/// The longest place in the log.
const MAX_PLACE: usize = 512;

/// The most services that are asked for by their names.
const MAX_NAMED: usize = 2_000;

/// All services: those that are loaded, and those that are installed. One that was stopped, or never started, is only the
/// latter.
pub fn services() -> Result<Vec<Service>, SystemError> {
    let installed =
        run("systemctl", &["list-unit-files", "--no-pager", "--no-legend", "--plain", "--type=service"])?;
    if !installed.well {
        return Err(refused(&installed));
    }
    let properties = "--property=Id,Description,LoadState,ActiveState,SubState";
    let mut arguments = vec!["show", "--no-pager", properties, "--", "*.service"];
    arguments.extend(read_installed(&installed.text));
    let said = run("systemctl", &arguments)?;
    // Where one of them cannot be read it ends badly, and has said the others.
    if !said.well && said.text.is_empty() {
        return Err(refused(&said));
    }
    Ok(read_services(&said.text))
}

/// The first word of each line. What only makes others (`getty@.service`) is none.
fn read_installed(text: &str) -> impl Iterator<Item = &str> {
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| is_unit(name) && !name.contains("@.")).take(MAX_NAMED)
}

/// Blocks of `NAME=VALUE` with empty lines between.
fn read_services(text: &str) -> Vec<Service> {
    let mut services: Vec<Service> = text
        .split("\n\n")
        .filter_map(|block| {
            let fields: BTreeMap<&str, &str> =
                block.lines().filter_map(|line| line.split_once('=')).collect();
            let field = |name| fields.get(name).copied().unwrap_or_default();
            // Others only name one that is not there.
            if field("Id").is_empty() || field("LoadState") == "not-found" {
                return None;
            }
            let state = match field("ActiveState") {
                "active" => ServiceState::Active,
                "activating" | "deactivating" | "reloading" | "maintenance" | "refreshing" => {
                    ServiceState::Changing
                }
                "inactive" => ServiceState::Inactive,
                "failed" => ServiceState::Failed,
                _ => ServiceState::Unknown,
            };
            let text = |name| field(name).to_owned();
            Some(Service {
                name: text("Id"),
                description: text("Description"),
                state,
                detail: text("SubState"),
            })
        })
        .collect();
    services.sort_by(|one, other| one.name.cmp(&other.name));
    services.dedup_by(|one, other| one.name == other.name);
    services
}

/// Whether this can be the name of a unit, and nothing else: no option, no pattern, no path.
fn is_unit(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_.\\-@".contains(&byte));
    !name.is_empty() && name.len() <= MAX_UNIT && letters && !name.starts_with(['-', '.'])
}

/// Starts or stops a service.
pub fn change(name: &str, change: ServiceChange) -> Result<(), SystemError> {
    if !is_unit(name) || !name.ends_with(".service") {
        return Err(SystemError::Gone(format!("There is no service {name}.")));
    }
    let verb = match change {
        ServiceChange::Start => "start",
        ServiceChange::Stop => "stop",
        ServiceChange::Restart => "restart",
    };
    let said = run("systemctl", &["--no-pager", "--no-ask-password", verb, "--", name])?;
    if said.well { Ok(()) } else { Err(refused(&said)) }
}

fn refused(said: &Said) -> SystemError {
    let text = said.complaint.trim().to_owned();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["booted with systemd", "connect to bus", "connect to system scope bus"]) {
        SystemError::NotHere(text)
    } else if says(&[
        "ccess denied",
        "authentication required",
        "not permitted",
        "ermission denied",
        "not authorized",
    ]) {
        SystemError::Denied(text)
    } else if says(&["not found", "not loaded", "does not exist"]) {
        SystemError::Gone(text)
    } else {
        SystemError::Failed(text)
    }
}

/// Lines of the journal.
pub fn log(wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError> {
    let lines = format!("--lines={}", wanted.newest);
    let priority = format!("--priority={}", wanted.priority.min(7));
    let mut arguments = vec![
        "--no-pager",
        "--quiet",
        "--output=json",
        "--output-fields=PRIORITY,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,SYSLOG_IDENTIFIER,MESSAGE",
        &lines,
        &priority,
    ];
    let (unit, after);
    if !wanted.unit.is_empty() {
        if !is_unit(&wanted.unit) {
            return Err(SystemError::Gone(format!("There is no unit {}.", wanted.unit)));
        }
        unit = format!("--unit={}", wanted.unit);
        arguments.push(&unit);
    }
    if !wanted.after.is_empty() {
        if !is_place(&wanted.after) {
            return Err(SystemError::Gone("There is no such place in the log.".into()));
        }
        after = format!("--after-cursor={}", wanted.after);
        arguments.push(&after);
    }
    let said = run("journalctl", &arguments)?;
    if !said.well {
        let text = said.complaint.trim();
        return Err(match text {
            // "No journal files were opened due to insufficient permissions": there are some.
            _ if text.contains("ermission") => SystemError::Denied(text.into()),
            _ if text.contains("No journal files") => SystemError::NotHere(text.into()),
            _ => SystemError::Failed(text.into()),
        });
    }
    let (lines, place) = read_log(&said.text);
    Ok((lines, if place.is_empty() { wanted.after.clone() } else { place }))
}

/// Places are written by the journal: letters, digits, and signs between them.
fn is_place(place: &str) -> bool {
    place.len() <= MAX_PLACE
        && place.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=;-".contains(&byte))
}

/// One object a line. What cannot be read is passed over.
fn read_log(text: &str) -> (Vec<LogLine>, String) {
    let mut place = String::new();
    let lines = text
        .lines()
        .filter_map(|line| {
            let entry: Value = serde_json::from_str(line).ok()?;
            let text = |name: &str| words(entry.get(name));
            let at = text("__REALTIME_TIMESTAMP").parse::<u64>().ok()? / 1000;
            place = text("__CURSOR");
            let names = ["_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "SYSLOG_IDENTIFIER"].map(text);
            Some(LogLine {
                at,
                priority: text("PRIORITY").parse().unwrap_or(6).min(7),
                unit: names.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
                message: text("MESSAGE"),
            })
        })
        .collect();
    (lines, place)
}

/// A field is a text, or a list of numbers where its bytes are none, or a list of fields.
fn words(field: Option<&Value>) -> String {
    match field {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) if list.iter().all(Value::is_u64) => {
            let bytes: Vec<u8> =
                list.iter().filter_map(Value::as_u64).filter_map(|byte| u8::try_from(byte).ok()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Some(Value::Array(list)) => list.first().map(|first| words(Some(first))).unwrap_or_default(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Object(_)) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read_from_blocks_and_those_that_are_not_there_are_left_out() {
        let text = "Id=cups.service\nDescription=CUPS = Scheduler\nLoadState=loaded\nActiveState=active\n\
                    SubState=running\n\nId=gone.service\nLoadState=not-found\nActiveState=inactive\n\n\
                    Id=b.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\n\nnonsense\n";
        let services = read_services(text);
        let names: Vec<_> = services.iter().map(|service| (service.name.as_str(), service.state)).collect();
        assert_eq!(names, [("b.service", ServiceState::Failed), ("cups.service", ServiceState::Active)]);
        assert_eq!(services[1].description, "CUPS = Scheduler");
    }

    #[test]
    fn installed_services_are_named_and_templates_are_none() {
        let text = "cups.service           enabled enabled\ngetty@.service enabled enabled\n\n--help.service x\n\
                    alsa-utils.service     masked  enabled\n";
        assert_eq!(read_installed(text).collect::<Vec<_>>(), ["cups.service", "alsa-utils.service"]);
    }

    #[test]
    fn only_names_of_services_are_handed_on() {
        for name in [
            "",
            "-",
            "--force.service",
            "a b.service",
            "../x.service",
            "*.service",
            "a;b.service",
            "x.target",
        ] {
            assert!(matches!(change(name, ServiceChange::Stop), Err(SystemError::Gone(_))), "{name:?}");
        }
        assert!(is_unit("getty@tty1.service") && is_unit("dev-disk-by\\x2dlabel.device"));
        let wanted = |unit: &str, after: &str| LogWanted {
            newest: 1,
            priority: 7,
            unit: unit.into(),
            after: after.into(),
        };
        for wanted in
            [wanted("--file=/etc/shadow", ""), wanted("a\nb", ""), wanted("", "x --file=/etc/shadow")]
        {
            assert!(matches!(log(&wanted), Err(SystemError::Gone(_))), "{wanted:?}");
        }
    }

    #[test]
    fn what_systemd_refuses_is_told_apart() {
        let refused = |complaint: &str| {
            refused(&Said { well: false, text: String::new(), complaint: complaint.into() })
        };
        let denied = "Failed to stop cups.service: Interactive authentication required.\nSee system logs.";
        assert!(matches!(refused(denied), SystemError::Denied(text) if text == denied));
        assert!(matches!(refused("Failed to stop x.service: Access denied"), SystemError::Denied(_)));
        assert!(matches!(
            refused("Failed to stop x.service: Unit x.service not loaded."),
            SystemError::Gone(_)
        ));
        let no_systemd = "System has not been booted with systemd as init system (PID 1). Can't operate.";
        assert!(matches!(refused(no_systemd), SystemError::NotHere(_)));
        assert!(matches!(refused("Job for x.service failed."), SystemError::Failed(_)));
    }

    #[test]
    fn the_journal_is_read_line_by_line_whatever_stands_in_it() {
        let text = concat!(
            r#"{"__CURSOR":"s=1;i=1","__REALTIME_TIMESTAMP":"1790000000123456","PRIORITY":"3","_SYSTEMD_UNIT":"a.service","MESSAGE":"one"}"#,
            "\n",
            r#"{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1790000001000000","SYSLOG_IDENTIFIER":"b","MESSAGE":[27,91,49,109,255]}"#,
            "\nnonsense\n{}\n",
            r#"{"__CURSOR":"s=1;i=3","__REALTIME_TIMESTAMP":"1790000002000000","PRIORITY":"99","MESSAGE":null}"#,
            "\n"
        );
        let (lines, place) = read_log(text);
        assert_eq!(place, "s=1;i=3");
        let read: Vec<_> = lines
            .iter()
            .map(|line| (line.at, line.priority, line.unit.as_str(), line.message.as_str()))
            .collect();
        assert_eq!(
            read,
            [
                (1_790_000_000_123, 3, "a.service", "one"),
                (1_790_000_001_000, 6, "b", "\u{1b}[1m\u{fffd}"),
                (1_790_000_002_000, 7, "", ""),
            ]
        );
    }
}
