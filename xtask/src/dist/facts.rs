//! What a build was made of: commit, tools and lock file (provenance), and the parts that are in the program (SBOM,
//! CycloneDX), beside the packages and their sums.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use farhand_release::{Version, sha256};
use serde_json::{Value, json};

use super::Package;
use super::product::Product;
use crate::shell;

/// Of this tree.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The commit.
    commit: String,
    /// Whether the tree is exactly that.
    clean: bool,
    /// The compiler, as it names itself.
    toolchain: String,
    /// SHA-256 of Cargo.lock.
    lock: String,
    /// The time of everything that is made, in seconds since 1970: the commit's, or SOURCE_DATE_EPOCH.
    pub epoch: u64,
}

impl Facts {
    /// Asks git and the compiler.
    pub fn gather() -> Result<Self> {
        let git = |words: &[&str]| {
            shell::capture(shell::program("git", "").args(words)).map(|text| text.trim().to_owned())
        };
        let given = std::env::var("SOURCE_DATE_EPOCH").ok();
        let epoch = match given {
            Some(given) => given.parse().context("SOURCE_DATE_EPOCH is no number of seconds")?,
            None => git(&["log", "-1", "--format=%ct"])?.parse().context("git tells no time")?,
        };
        let lock = fs::read(shell::root().join("Cargo.lock")).context("Cargo.lock cannot be read")?;
        Ok(Self {
            commit: git(&["rev-parse", "HEAD"])?,
            clean: git(&["status", "--porcelain"])?.is_empty(),
            toolchain: shell::capture(shell::program("rustc", "").arg("-vV"))?.trim().to_owned(),
            lock: sha256(&lock),
            epoch,
        })
    }

    #[cfg(test)]
    pub fn for_tests(epoch: u64) -> Self {
        Self { commit: "0".repeat(40), clean: true, toolchain: "rustc".into(), lock: String::new(), epoch }
    }

    /// The time, as apt reads it.
    pub fn date(&self) -> String {
        let days = self.epoch / 86_400;
        let (year, month, day) = civil(days);
        let week = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][usize::try_from(days % 7).unwrap_or(0)];
        let name = MONTHS[month - 1];
        let (hour, minute, second) = (self.epoch / 3600 % 24, self.epoch / 60 % 60, self.epoch % 60);
        format!("{week}, {day:02} {name} {year} {hour:02}:{minute:02}:{second:02} UTC")
    }

    fn stamp(&self) -> String {
        let (year, month, day) = civil(self.epoch / 86_400);
        let (hour, minute, second) = (self.epoch / 3600 % 24, self.epoch / 60 % 60, self.epoch % 60);
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Writes provenance, SBOM and sums beside the packages.
    pub fn write(&self, folder: &Path, product: &Product, packages: &[Package]) -> Result<()> {
        let mut sums = String::new();
        let mut made = Vec::new();
        for Package { target, file } in packages {
            let sum = sha256(&fs::read(folder.join(file))?);
            sums.push_str(&format!("{sum}  {file}\n"));
            made.push(json!({"file": file, "target": target, "sha256": sum}));
        }
        fs::write(folder.join("SHA256SUMS"), sums)?;
        let provenance = json!({
            "program": product.program,
            "version": Version::ours().to_string(),
            "commit": self.commit,
            "clean": self.clean,
            "time": self.stamp(),
            "toolchain": self.toolchain.lines().collect::<Vec<_>>(),
            "cargo_lock_sha256": self.lock,
            "made": made,
        });
        put(&folder.join("provenance.json"), &provenance)?;
        put(&folder.join("sbom.cdx.json"), &self.sbom(product, &shell::metadata(true)?)?)
    }

    /// Every part of the program: what it needs at run time, from Cargo's own graph.
    fn sbom(&self, product: &Product, metadata: &Value) -> Result<Value> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let packages: BTreeMap<String, Value> =
            list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
        let nodes: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let runs = |dependency: &&Value| {
                    list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
                };
                let needs = list(&node["deps"]);
                (text(&node["id"]), needs.iter().filter(runs).map(|needed| text(&needed["pkg"])).collect())
            })
            .collect();
        let root = packages
            .iter()
            .find(|(_, package)| package["name"] == product.program.as_str())
            .map(|(id, _)| id.clone())
            .context("the program is no package of this workspace")?;
        let mut found = BTreeSet::new();
        let mut open = vec![root.clone()];
        while let Some(next) = open.pop() {
            if found.insert(next.clone()) {
                open.extend(nodes.get(&next).into_iter().flatten().cloned());
            }
        }
        let reference = |id: &str| {
            let package = &packages[id];
            format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]))
        };
        let components: Vec<Value> = found
            .iter()
            .filter(|id| **id != root)
            .filter_map(|id| packages.get(id).map(|package| (id, package)))
            .map(|(id, package)| {
                json!({
                    "type": "library",
                    "bom-ref": reference(id),
                    "name": package["name"],
                    "version": package["version"],
                    "purl": reference(id),
                    "licenses": [{"expression": text(&package["license"]).replace('/', " OR ")}],
                })
            })
            .collect();
        let dependencies: Vec<Value> = found
            .iter()
            .map(|id| {
                let needs: BTreeSet<String> =
                    nodes.get(id).into_iter().flatten().map(|id| reference(id)).collect();
                json!({"ref": reference(id), "dependsOn": needs})
            })
            .collect();
        Ok(json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "timestamp": self.stamp(),
                "component": {
                    "type": "application",
                    "bom-ref": reference(&root),
                    "name": product.program,
                    "version": Version::ours().to_string(),
                    "purl": reference(&root),
                },
                "properties": [{"name": "farhand:commit", "value": self.commit}],
            },
            "components": components,
            "dependencies": dependencies,
        }))
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month and day of a day since 1970.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= if leap(year) { 366 } else { 365 } {
        days -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    (year, month + 1, days + 1)
}

fn put(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    fs::write(path, text + "\n").with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(Facts::for_tests(1_700_000_000).date(), "Tue, 14 Nov 2023 22:13:20 UTC");
        assert_eq!(Facts::for_tests(1_709_164_800).stamp(), "2024-02-29T00:00:00Z");
        assert_eq!(Facts::for_tests(0).date(), "Thu, 01 Jan 1970 00:00:00 UTC");
    }

    #[test]
    fn the_list_of_parts_has_what_runs_and_not_what_only_tests() {
        let product = Product::read().expect("installer/product.toml");
        let package =
            |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0"});
        let needs = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [package("farhand-agent"), package("ring"), package("tempfile"), package("cc"), package("other")],
            "resolve": {"nodes": [
                {"id": "farhand-agent", "deps": [needs("ring", Value::Null), needs("tempfile", json!("dev"))]},
                {"id": "ring", "deps": [needs("cc", json!("build"))]},
            ]},
        });
        let sbom = Facts::for_tests(0).sbom(&product, &metadata).expect("it is made");
        let names: Vec<&str> = sbom["components"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|it| it["name"].as_str())
            .collect();
        assert_eq!(names, ["ring"]);
        assert_eq!(sbom["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(sbom["dependencies"][0]["dependsOn"], json!(["pkg:cargo/ring@1.0.0"]));
    }
}
