//! What a build was made of: commit, tools and lock file (provenance), and the parts that are in the program (SBOM,
//! CycloneDX), beside the packages and their sums.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use farhand_release::{Version, sha256};
use serde_json::{Value, json};

use super::product::Product;
use super::{Package, Source};
use crate::shell;

/// Of this tree.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The commit.
    commit: String,
    /// Whether the tree is exactly that.
    clean: bool,
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
            lock: sha256(&lock),
            epoch,
        })
    }

    #[cfg(test)]
    pub fn for_tests(epoch: u64) -> Self {
        Self { commit: "0".repeat(40), clean: true, lock: String::new(), epoch }
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

    /// The time, as XML and JSON say it.
    pub fn stamp(&self) -> String {
        let (year, month, day) = civil(self.epoch / 86_400);
        let (hour, minute, second) = (self.epoch / 3600 % 24, self.epoch / 60 % 60, self.epoch % 60);
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Writes provenance, an SBOM for each system and processor, and the sums of it all beside the packages. Says what
    /// they are called, each with what it is about.
    pub fn write(
        &self,
        folder: &Path,
        product: &Product,
        packages: &[Package],
    ) -> Result<Vec<(String, String)>> {
        let mut about = Vec::new();
        let mut made = Vec::new();
        let mut sums = Vec::new();
        for package in packages {
            let sum = sha256(&fs::read(folder.join(&package.file))?);
            // The program is the same in a system's packages.
            let system =
                package.target.rsplit_once('-').map_or(package.target.as_str(), |(system, _)| system);
            let list = (format!("sbom-{system}"), format!("sbom-{system}.cdx.json"));
            made.push(self.entry(package, &sum, &list.1));
            sums.push((sum, package.file.clone()));
            if !about.contains(&list) {
                let metadata = shell::metadata_for(&package.source.built_for)?;
                put(&folder.join(&list.1), &self.sbom(product, &package.source, &metadata)?)?;
                about.push(list);
            }
        }
        // Of the tree that packed them. What built a program stands with each.
        let provenance = json!({
            "program": product.program,
            "version": Version::ours().to_string(),
            "commit": self.commit,
            "clean": self.clean,
            "time": self.stamp(),
            "cargo_lock_sha256": self.lock,
            "made": made,
        });
        put(&folder.join("provenance.json"), &provenance)?;
        about.push(("provenance".to_owned(), "provenance.json".to_owned()));
        for (_, file) in &about {
            sums.push((sha256(&fs::read(folder.join(file))?), file.clone()));
        }
        let sums: String = sums.iter().map(|(sum, file)| format!("{sum}  {file}\n")).collect();
        fs::write(folder.join("SHA256SUMS"), sums).context("the sums cannot be written")?;
        about.push(("sums".to_owned(), "SHA256SUMS".to_owned()));
        Ok(about)
    }

    /// What is known of a package, and no more: a program that was handed in may be of any commit and any compiler.
    fn entry(&self, Package { target, file, source }: &Package, sum: &str, sbom: &str) -> Value {
        let Source { compiler, sums, built_for } = source;
        let program = match compiler {
            Some(compiler) => json!({
                "built_here": true,
                "commit": self.commit,
                "clean": self.clean,
                "cargo_lock_sha256": self.lock,
                "toolchain": compiler.lines().collect::<Vec<_>>(),
                "built_for": built_for,
                "sha256": sums,
            }),
            None => json!({
                "built_here": false,
                "commit": "unknown",
                "toolchain": "unknown",
                "built_for": built_for,
                "sha256": sums,
            }),
        };
        json!({"file": file, "target": target, "sha256": sum, "sbom": sbom, "program": program})
    }

    /// Every part of the program: what it needs at run time, from Cargo's own graph. Of a program that was handed in it is
    /// what this tree would build, and says so.
    fn sbom(&self, product: &Product, source: &Source, metadata: &Value) -> Result<Value> {
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
                "properties": [
                    {"name": "farhand:commit", "value": self.commit},
                    {"name": "farhand:built_for", "value": source.built_for.join(" ")},
                    {"name": "farhand:built_here", "value": source.compiler.is_some().to_string()},
                ],
            },
            "components": components,
            "dependencies": dependencies,
        }))
    }
}

/// The compiler that a cargo command uses, as it names itself.
pub fn compiler(command: &Command) -> Result<String> {
    let named = command.get_envs().find(|(name, _)| *name == "RUSTC").and_then(|(_, value)| value);
    let mut rustc = Command::new(named.unwrap_or_else(|| "rustc".as_ref()));
    rustc.current_dir(shell::root()).arg("-vV");
    // What chooses among compilers has to choose the same.
    for (name, value) in command.get_envs().filter(|(name, _)| *name == "RUSTUP_TOOLCHAIN") {
        match value {
            Some(value) => rustc.env(name, value),
            None => rustc.env_remove(name),
        };
    }
    Ok(shell::capture(&mut rustc)?.trim().to_owned())
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

    fn source(compiler: Option<&str>) -> Source {
        Source {
            compiler: compiler.map(str::to_owned),
            sums: vec!["ab".into()],
            built_for: vec!["x86_64-pc-windows-gnu".into()],
        }
    }

    #[test]
    fn nothing_is_claimed_of_a_program_that_was_handed_in() {
        let entry = |compiler| {
            let package = Package {
                target: "windows-x86_64-exe".into(),
                file: "a.exe".into(),
                source: source(compiler),
            };
            Facts::for_tests(0).entry(&package, "cd", "sbom")["program"].clone()
        };
        let built = entry(Some("rustc 1.0.0\nhost: here"));
        assert_eq!(built["toolchain"], json!(["rustc 1.0.0", "host: here"]));
        assert_eq!((&built["built_here"], &built["commit"]), (&json!(true), &json!("0".repeat(40))));
        let other = entry(None);
        assert_eq!((&other["built_here"], &other["commit"]), (&json!(false), &json!("unknown")));
        assert_eq!((&other["toolchain"], &other["sha256"]), (&json!("unknown"), &json!(["ab"])));
    }

    #[test]
    fn the_compiler_is_the_one_that_built() {
        let mut command = Command::new("cargo");
        command.env("RUSTC", "echo");
        assert_eq!(compiler(&command).expect("it answers"), "-vV");
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
        let sbom = Facts::for_tests(0).sbom(&product, &source(None), &metadata).expect("it is made");
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
