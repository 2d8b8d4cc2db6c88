//! Which crate may lean on which. The table is DESIGN's, and a crate that is not in it fails.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;

/// A crate, and the workspace's crates that it may use outside its tests.
const ALLOWED: &[(&str, &[&str])] = &[
    // What all programs share.
    ("farhand-protocol", &[]),
    ("farhand-seal", &["farhand-protocol"]),
    // Releases and start tokens: whoever signs, offers or takes them checks by this.
    ("farhand-release", &[]),
    // Pure cores.
    ("farhand-screen", &["farhand-protocol"]),
    ("farhand-room", &["farhand-protocol"]),
    ("farhand-agent-core", &["farhand-protocol", "farhand-screen"]),
    // Shells.
    // Both ends share one congestion controller.
    ("farhand-media-server", &["farhand-protocol", "farhand-room", "farhand-link"]),
    ("farhand-link", &["farhand-protocol"]),
    ("farhand-agent-host", &["farhand-protocol", "farhand-screen"]),
    ("farhand-agent-window", &[]),
    ("farhand-wasm", &["farhand-protocol", "farhand-seal", "farhand-screen"]),
    // Programs.
    // Its doctor is a client, and trusts as every client does.
    (
        "farhand-service",
        &["farhand-protocol", "farhand-release", "farhand-link", "farhand-room", "farhand-media-server"],
    ),
    (
        "farhand-agent",
        &[
            "farhand-protocol",
            "farhand-release",
            "farhand-seal",
            "farhand-screen",
            "farhand-link",
            "farhand-agent-core",
            "farhand-agent-host",
            "farhand-agent-window",
        ],
    ),
    ("farhand-console-core", &["farhand-protocol", "farhand-release", "farhand-link"]),
    ("farhand-console", &["farhand-release", "farhand-link", "farhand-console-core"]),
    // Tools and test programs.
    ("farhand-target-app", &[]),
    ("farhand-probe", &[]),
    ("farhand-netem", &[]),
    // Ends in the wrong hands, made of the right ones' parts.
    ("farhand-impostor", &["farhand-protocol", "farhand-seal", "farhand-screen"]),
    // Every parser of far-side bytes, whoever's.
    (
        "farhand-fuzz-targets",
        &[
            "farhand-protocol",
            "farhand-release",
            "farhand-agent-core",
            "farhand-seal",
            "farhand-room",
            "farhand-screen",
            "farhand-service",
            "farhand-console-core",
        ],
    ),
    // Signs releases.
    ("xtask", &["farhand-release"]),
];

/// The cores, which have no runtime, clock or socket.
pub const CORES: &[&str] =
    &["farhand-protocol", "farhand-seal", "farhand-screen", "farhand-room", "farhand-agent-core"];

/// What no core may use, whatever for.
const RUNTIMES: &[&str] =
    &["tokio", "async-std", "smol", "mio", "quinn", "hyper", "reqwest", "socket2", "x11rb"];

/// Programs and their parts that never know each other, in tests neither.
const STRANGERS: &[&[&str]] = &[
    &["farhand-service", "farhand-media-server"],
    &["farhand-agent", "farhand-agent-core", "farhand-agent-host", "farhand-agent-window"],
    &["farhand-console", "farhand-console-core"],
];

/// Checks every arrow between the workspace's crates.
pub fn check(metadata: &Value) -> Result<Vec<Finding>> {
    let members: Vec<&Value> =
        metadata["workspace_members"].as_array().context("metadata without members")?.iter().collect();
    let packages = metadata["packages"].as_array().context("metadata without packages")?;
    let ours: Vec<&Value> = packages.iter().filter(|package| members.contains(&&package["id"])).collect();
    let names: Vec<&str> = ours.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut findings = Vec::new();
    for package in ours {
        let name = package["name"].as_str().context("a package without a name")?;
        let allowed = ALLOWED.iter().find(|(known, _)| *known == name).map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            findings.push(Finding::new(name, 0, "say in xtask/src/tidy/arrows.rs what this crate may use"));
            continue;
        };
        for dependency in package["dependencies"].as_array().context("a package without dependencies")? {
            let target = dependency["name"].as_str().context("a dependency without a name")?;
            let in_tests = dependency["kind"].as_str() == Some("dev");
            if let Some(what) = judge(name, allowed, target, names.contains(&target), in_tests) {
                findings.push(Finding::new(name, 0, what));
            }
        }
    }
    Ok(findings)
}

fn judge(name: &str, allowed: &[&str], target: &str, ours: bool, in_tests: bool) -> Option<String> {
    if !ours {
        let forbidden = CORES.contains(&name) && RUNTIMES.contains(&target) && !in_tests;
        return forbidden.then(|| format!("a core uses no `{target}`: it has no runtime, clock or socket"));
    }
    let group = |of: &str| STRANGERS.iter().position(|group| group.contains(&of));
    if let (Some(a), Some(b)) = (group(name), group(target))
        && a != b
    {
        return Some(format!("agent, console and service never depend on each other, so not on `{target}`"));
    }
    if name == "farhand-agent-core" && target == "farhand-agent-host" {
        return Some(
            "agent/core does not know agent/host: the shell turns one's outputs into the other's calls"
                .into(),
        );
    }
    (!in_tests && !allowed.contains(&target)).then(|| format!("must not depend on `{target}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate with its dependencies and their kinds.
    type Package<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

    fn workspace(packages: &[Package<'_>]) -> Value {
        let packages: Vec<Value> = packages
            .iter()
            .map(|(name, dependencies)| {
                let dependencies: Vec<Value> = dependencies
                    .iter()
                    .map(|(name, kind)| serde_json::json!({"name": name, "kind": kind}))
                    .collect();
                serde_json::json!({"name": name, "id": name, "dependencies": dependencies})
            })
            .collect();
        let members: Vec<Value> = packages.iter().map(|package| package["id"].clone()).collect();
        serde_json::json!({"packages": packages, "workspace_members": members})
    }

    fn broken(packages: &[Package<'_>]) -> Vec<String> {
        check(&workspace(packages)).expect("it reads").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_arrows_of_the_design_pass() {
        assert!(
            broken(&[
                ("farhand-protocol", &[("serde", None)]),
                ("farhand-room", &[("farhand-protocol", None)]),
                ("farhand-media-server", &[("farhand-room", None), ("tokio", None)]),
                ("farhand-service", &[("farhand-media-server", None)]),
            ])
            .is_empty()
        );
    }

    #[test]
    fn the_protocol_leans_on_nothing_of_ours() {
        let found = broken(&[("farhand-room", &[]), ("farhand-protocol", &[("farhand-room", None)])]);
        assert_eq!(found, ["farhand-protocol: must not depend on `farhand-room`"]);
    }

    #[test]
    fn agent_and_service_are_strangers_even_in_tests() {
        let found = broken(&[
            ("farhand-service", &[]),
            ("farhand-media-server", &[]),
            ("farhand-agent", &[("farhand-service", Some("dev"))]),
            ("farhand-agent-core", &[("farhand-media-server", None)]),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn the_agents_core_does_not_know_its_host() {
        let found = broken(&[
            ("farhand-agent-host", &[]),
            ("farhand-agent-core", &[("farhand-agent-host", Some("dev"))]),
        ]);
        assert!(found[0].contains("does not know agent/host"), "{found:?}");
    }

    #[test]
    fn a_core_has_no_runtime_but_its_tests_may() {
        assert_eq!(broken(&[("farhand-room", &[("tokio", None)])]).len(), 1);
        assert!(broken(&[("farhand-room", &[("tokio", Some("dev"))])]).is_empty());
    }

    #[test]
    fn tests_may_use_the_other_end_of_the_wire() {
        assert!(
            broken(&[
                ("farhand-media-server", &[]),
                ("farhand-link", &[("farhand-media-server", Some("dev"))])
            ])
            .is_empty()
        );
        assert_eq!(
            broken(&[("farhand-media-server", &[]), ("farhand-link", &[("farhand-media-server", None)])])
                .len(),
            1
        );
    }

    #[test]
    fn a_new_crate_must_say_where_it_stands() {
        assert!(broken(&[("farhand-new", &[])])[0].contains("say in xtask/src/tidy/arrows.rs"));
    }
}
