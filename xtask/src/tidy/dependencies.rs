//! Where dependencies come from and under which licence, by deny.toml: the same file that cargo-deny reads.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Finding, licence};

/// The part of deny.toml that is read here.
struct Rules {
    licences: Vec<String>,
    exceptions: BTreeMap<String, Vec<String>>,
    banned: Vec<String>,
}

fn strings(value: Option<&toml::Value>) -> Vec<String> {
    let list = value.and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|entry| Some(entry.as_str()?.to_owned())).collect()
}

/// `crate` or `name`, as cargo-deny takes both; without a version that may follow.
fn crate_name(entry: &toml::Value) -> Option<String> {
    let name =
        entry.as_str().or_else(|| entry.get("crate")?.as_str()).or_else(|| entry.get("name")?.as_str())?;
    Some(name.split('@').next().unwrap_or(name).to_owned())
}

fn rules(text: &str) -> Result<Rules> {
    let rules: toml::Table = toml::from_str(text).context("deny.toml cannot be read")?;
    let licences = rules.get("licenses").context("deny.toml has no [licenses]")?;
    let list =
        |value: Option<&toml::Value>| value.and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let exceptions = list(licences.get("exceptions"))
        .iter()
        .filter_map(|entry| Some((crate_name(entry)?, strings(entry.get("allow")))))
        .collect();
    let banned =
        list(rules.get("bans").and_then(|bans| bans.get("deny"))).iter().filter_map(crate_name).collect();
    Ok(Rules { licences: strings(licences.get("allow")), exceptions, banned })
}

/// Registries only, licences that are allowed, nothing that is banned.
pub fn check(metadata: &Value, deny: &str) -> Result<Vec<Finding>> {
    let rules = rules(deny)?;
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().context("metadata without packages")? {
        let name = package["name"].as_str().context("a package without a name")?;
        match package["source"].as_str() {
            // A member of the workspace, or a folder of it.
            None => continue,
            Some(source) if source.starts_with("registry+") || source.starts_with("sparse+") => {}
            Some(source) => {
                findings.push(Finding::new(name, 0, format!("comes from {source}, not from a registry")))
            }
        }
        if rules.banned.iter().any(|banned| banned == name) {
            findings.push(Finding::new(name, 0, "is banned by deny.toml"));
        }
        let extra = rules.exceptions.get(name).map(Vec::as_slice).unwrap_or_default();
        let allowed = |licence: &str| rules.licences.iter().chain(extra).any(|known| known == licence);
        match package["license"].as_str() {
            Some(expression) if licence::satisfied(expression, &allowed) => {}
            Some(expression) => {
                findings.push(Finding::new(
                    name,
                    0,
                    format!("its licence `{expression}` is not allowed by deny.toml"),
                ));
            }
            None if extra.is_empty() => findings.push(Finding::new(name, 0, "names no licence")),
            None => {}
        }
    }
    Ok(findings)
}

/// The same for npm's lock: registries only. What it installs is built into pages or runs in tests.
pub fn npm(place: &str, lock: &str) -> Result<Vec<Finding>> {
    let lock: Value = serde_json::from_str(lock).with_context(|| format!("{place} is not JSON"))?;
    let packages = lock["packages"].as_object().with_context(|| format!("{place} lists no packages"))?;
    Ok(packages
        .iter()
        .filter_map(|(name, package)| {
            let from = package["resolved"].as_str()?;
            let foreign = from.starts_with("git") || from.starts_with("http:") || from.ends_with(".git");
            foreign.then(|| Finding::new(place, 0, format!("{name} comes from {from}, not from a registry")))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT", "ISC"]
        exceptions = [{ crate = "window@1", allow = ["LicenseRef-Window"] }]
        [bans]
        deny = [{ crate = "openssl", reason = "rustls everywhere" }, "native-tls"]
    "#;

    fn broken(name: &str, source: Option<&str>, licence: Option<&str>) -> Vec<String> {
        let metadata =
            serde_json::json!({"packages": [{"name": name, "source": source, "license": licence}]});
        check(&metadata, DENY).expect("it reads").iter().map(ToString::to_string).collect()
    }

    const REGISTRY: Option<&str> = Some("registry+https://example.org/index");

    #[test]
    fn a_registry_and_an_allowed_licence_pass() {
        assert!(broken("a", REGISTRY, Some("GPL-3.0 OR MIT")).is_empty());
        assert!(broken("a", None, None).is_empty(), "our own crates are not judged");
    }

    #[test]
    fn git_sources_unknown_licences_and_banned_crates_fail() {
        assert!(
            broken("a", Some("git+https://example.org/a"), Some("MIT"))[0].contains("not from a registry")
        );
        assert!(broken("a", REGISTRY, Some("AGPL-3.0"))[0].contains("not allowed"));
        assert!(broken("a", REGISTRY, None)[0].contains("names no licence"));
        assert!(broken("openssl", REGISTRY, Some("MIT"))[0].contains("banned"));
        assert!(broken("native-tls", REGISTRY, Some("MIT"))[0].contains("banned"));
    }

    #[test]
    fn an_exception_holds_for_its_crate_only() {
        assert!(broken("window", REGISTRY, Some("LicenseRef-Window")).is_empty());
        assert_eq!(broken("other", REGISTRY, Some("LicenseRef-Window")).len(), 1);
    }

    #[test]
    fn npm_packages_come_from_a_registry() {
        let lock = r#"{"packages": {"": {}, "a": {"resolved": "https://registry.example.org/a.tgz"},
                       "b": {"resolved": "git+ssh://git@example.org/b.git#1"}}}"#;
        assert_eq!(npm("lock", lock).expect("it reads").len(), 1);
    }
}
