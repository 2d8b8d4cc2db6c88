//! What guards the computer, as far as an ordinary account can see it.

use std::fs;
use std::path::Path;

use farhand_protocol::channel::diagnostics::{Guard, GuardKind};

use super::line_of;

/// Programs that run all the time where such software is at work. The kernel cuts names to 15 letters.
const PROGRAMS: [(&str, &str, GuardKind); 22] = [
    ("clamd", "ClamAV", GuardKind::Antivirus),
    ("clamonacc", "ClamAV on access", GuardKind::Antivirus),
    ("wdavdaemon", "Microsoft Defender", GuardKind::Antivirus),
    ("falcon-sensor", "CrowdStrike Falcon", GuardKind::Antivirus),
    ("falcon-sensor-bpf", "CrowdStrike Falcon", GuardKind::Antivirus),
    ("s1-agent", "SentinelOne", GuardKind::Antivirus),
    ("sentinelone-agent", "SentinelOne", GuardKind::Antivirus),
    ("savd", "Sophos", GuardKind::Antivirus),
    ("sophosd", "Sophos", GuardKind::Antivirus),
    ("esets_daemon", "ESET", GuardKind::Antivirus),
    ("eraagent", "ESET", GuardKind::Antivirus),
    ("bdsecd", "Bitdefender", GuardKind::Antivirus),
    ("kesl", "Kaspersky", GuardKind::Antivirus),
    ("ds_agent", "Trend Micro", GuardKind::Antivirus),
    ("cbagentd", "Carbon Black", GuardKind::Antivirus),
    ("mfetpd", "Trellix", GuardKind::Antivirus),
    ("wazuh-agentd", "Wazuh", GuardKind::Antivirus),
    ("ossec-agentd", "OSSEC", GuardKind::Antivirus),
    ("fail2ban-server", "fail2ban", GuardKind::Firewall),
    ("firewalld", "firewalld", GuardKind::Firewall),
    ("opensnitchd", "OpenSnitch", GuardKind::Firewall),
    ("crowdsec", "CrowdSec", GuardKind::Firewall),
];
/// The kernel's cut.
const NAME: usize = 15;

pub fn guards(running: &[String]) -> Vec<Guard> {
    let runs = |program: &str| running.iter().any(|name| *name == program[..program.len().min(NAME)]);
    let programs = PROGRAMS.iter().filter(|(program, ..)| runs(program));
    let mut found: Vec<Guard> =
        programs.map(|(_, name, kind)| Guard { name: (*name).into(), kind: *kind, active: true }).collect();
    found.dedup_by(|one, other| one.name == other.name);
    if let Some(active) = ufw(Path::new("/etc/ufw/ufw.conf")) {
        found.push(Guard { name: "ufw".into(), kind: GuardKind::Firewall, active });
    }
    let apparmor = line_of("/sys/module/apparmor/parameters/enabled");
    if !apparmor.is_empty() {
        found.push(Guard { name: "AppArmor".into(), kind: GuardKind::Confinement, active: apparmor == "Y" });
    }
    let selinux = line_of("/sys/fs/selinux/enforce");
    if !selinux.is_empty() {
        found.push(Guard { name: "SELinux".into(), kind: GuardKind::Confinement, active: selinux == "1" });
    }
    found
}

/// Whether the firewall is switched on, if there is one.
fn ufw(settings: &Path) -> Option<bool> {
    let text = fs::read_to_string(settings).ok()?;
    let value = text.lines().find_map(|line| line.trim().strip_prefix("ENABLED="))?;
    Some(value.trim_matches('"') == "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_known_by_what_runs() {
        let running = ["clamd", "bash", "sentinelone-age"].map(str::to_owned);
        let names: Vec<String> = guards(&running).into_iter().map(|guard| guard.name).collect();
        assert!(names.contains(&"ClamAV".into()) && names.contains(&"SentinelOne".into()), "{names:?}");
        assert!(!names.contains(&"Sophos".into()), "{names:?}");
    }
}
