//! Messages of diagnostics and the command line.

use crate::channel::diagnostics::{
    Action, Diagnostics, Disk, Guard, GuardKind, LogLine, Network, Outcome, Package, Process, Rows, Service,
    ServiceState, ShellEnd, Summary, Topic,
};

pub(super) fn all() -> Vec<Diagnostics> {
    let topics = [
        Topic::Summary,
        Topic::Processes,
        Topic::Services,
        Topic::Log { newest: 200, priority: 4, unit: "cups.service".into(), after: "s=1;i=2".into() },
        Topic::Software,
    ];
    let mut list: Vec<Diagnostics> = topics
        .into_iter()
        .zip(1..)
        .map(|(topic, request)| Diagnostics::Fetch { request, topic, pages: 8 })
        .collect();
    list.push(Diagnostics::More { request: 2, pages: 16 });
    let actions = [
        Action::EndProcess { pid: 4711, started: 1_790_000_000, name: "sleep".into(), force: false },
        Action::EndProcess { pid: 4711, started: 1_790_000_000, name: "sleep".into(), force: true },
        Action::StartService { name: "cups.service".into() },
        Action::StopService { name: "cups.service".into() },
        Action::RestartService { name: "cups.service".into() },
    ];
    list.extend(actions.into_iter().zip(6..).map(|(action, request)| Diagnostics::Act { request, action }));
    let pages = [Rows::Summary { summary: Box::new(summary()) }, processes(), services(), log(), software()];
    let pages = pages.into_iter().zip(1..);
    list.extend(pages.map(|(rows, request)| Diagnostics::Rows {
        request,
        rows,
        more: request == 2,
        cut: request == 5,
    }));
    let outcomes = [
        Outcome::Done,
        Outcome::NotAllowed,
        Outcome::Denied,
        Outcome::Gone,
        Outcome::NotHere,
        Outcome::Busy,
        Outcome::TimedOut,
        Outcome::Failed,
    ];
    let answered = outcomes.into_iter().zip(6..);
    list.extend(answered.map(|(outcome, request)| Diagnostics::Answered {
        request,
        outcome,
        text: "Größe".into(),
    }));
    list.extend([
        Diagnostics::ShellOpen { cols: 120, rows: 40 },
        Diagnostics::ShellOpened {
            shell: 1,
            program: "/bin/bash".into(),
            user: "ada".into(),
            taken: 0,
            received: 0,
        },
        Diagnostics::ShellGrant { shell: 1, received: 0, until: 131_072, again: false },
        Diagnostics::ShellInput { shell: 1, at: 0, data: b"ls\r".to_vec() },
        Diagnostics::ShellTaken { shell: 1, taken: 3 },
        Diagnostics::ShellOutput { shell: 1, at: 0, data: b"\x1b[1mls\x1b[0m\r\n".to_vec() },
        Diagnostics::ShellResize { shell: 1, cols: 80, rows: 24 },
        Diagnostics::ShellGrant { shell: 1, received: 14, until: 131_086, again: true },
        Diagnostics::ShellClose { shell: 1 },
    ]);
    let ends = [
        ShellEnd::Exited,
        ShellEnd::Closed,
        ShellEnd::NotAllowed,
        ShellEnd::Failed,
        ShellEnd::Gone,
        ShellEnd::Full,
    ];
    list.extend(ends.map(|why| Diagnostics::ShellEnded { shell: 1, why, text: String::new() }));
    list
}

fn summary() -> Summary {
    Summary {
        at: 1_790_000_000_000,
        host: "office-14".into(),
        user: "ada".into(),
        system: "Debian GNU/Linux 12".into(),
        kernel: "6.1.0".into(),
        architecture: "x86_64".into(),
        model: "Example Corp. Book 13".into(),
        desktop: "GNOME, x11".into(),
        uptime: 86_461,
        processor: "Example CPU @ 2.40GHz".into(),
        cores: 8,
        load: 142,
        memory: 16_000_000_000,
        memory_used: 6_000_000_000,
        swap: 0,
        swap_used: 0,
        disks: vec![Disk {
            name: "/dev/sda1".into(),
            mount: "/".into(),
            kind: "ext4".into(),
            size: 500_000_000_000,
            free: 1_000_000_000,
        }],
        networks: vec![Network {
            name: "eth0".into(),
            mac: "02:00:00:00:00:01".into(),
            addresses: vec!["192.0.2.7/24".into(), "2001:db8::7/64".into()],
            received: 1 << 40,
            sent: 77,
        }],
        security: vec![
            Guard { name: "ClamAV".into(), kind: GuardKind::Antivirus, active: true },
            Guard { name: "ufw".into(), kind: GuardKind::Firewall, active: false },
            Guard { name: "AppArmor".into(), kind: GuardKind::Confinement, active: true },
        ],
    }
}

fn processes() -> Rows {
    let row = Process {
        pid: 4711,
        parent: 1,
        name: "sleep".into(),
        user: "ada".into(),
        own: true,
        cpu: 1003,
        memory: 4096,
        started: 1_790_000_000,
        command: "sleep 1000".into(),
    };
    let other = Process {
        pid: 1,
        parent: 0,
        name: "<b>init</b>".into(),
        user: "root".into(),
        own: false,
        ..row.clone()
    };
    Rows::Processes { rows: vec![row, other] }
}

fn services() -> Rows {
    let states = [
        ServiceState::Active,
        ServiceState::Changing,
        ServiceState::Inactive,
        ServiceState::Failed,
        ServiceState::Unknown,
    ];
    let row = |state| Service {
        name: "cups.service".into(),
        description: "CUPS Scheduler".into(),
        state,
        detail: "running".into(),
    };
    Rows::Services { rows: states.map(row).into() }
}

fn log() -> Rows {
    let row = LogLine {
        at: 1_790_000_000_123,
        priority: 3,
        unit: "cups.service".into(),
        message: "No printer\n\u{1b}[31m".into(),
    };
    Rows::Log { rows: vec![row], place: "s=1;i=2".into() }
}

fn software() -> Rows {
    let row = Package {
        name: "bash".into(),
        version: "5.2.15-2+b7".into(),
        architecture: "amd64".into(),
        size: 7_340_032,
    };
    Rows::Software { rows: vec![row] }
}
