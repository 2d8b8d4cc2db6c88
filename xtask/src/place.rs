//! Where programs are built, and what they call it. A program says where it was built in its messages of what went
//! wrong; the same tree makes the same program only where each place goes by the same name.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// A place to build at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder that holds the workspace.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// Where cargo keeps what it downloads.
    pub home: PathBuf,
    /// What programs call the three.
    called: [String; 3],
}

impl Place {
    /// This tree, called what it is called.
    pub fn everyday(target: PathBuf) -> Result<Self> {
        let (root, home) = (shell::root(), home()?);
        let called = [&root, &target, &home].map(|folder| folder.display().to_string());
        Ok(Self { root, target, home, called })
    }

    /// This tree, with no word of this machine in what is built.
    pub fn handed_out(target: PathBuf) -> Result<Self> {
        let called = ["farhand", "build", "cargo"].map(str::to_owned);
        Ok(Self { called, ..Self::everyday(target)? })
    }

    /// Other folders, called what these are called.
    pub fn elsewhere(&self, root: PathBuf, target: PathBuf, home: PathBuf) -> Self {
        Self { root, target, home, called: self.called.clone() }
    }

    /// Has a cargo command build here.
    ///
    /// # Errors
    ///
    /// When a folder that has to go by another name has a space in its path, which compilers for C take for an end.
    pub fn furnish(&self, command: &mut Command) -> Result<()> {
        command.current_dir(&self.root).env("CARGO_HOME", &self.home).arg("--target-dir").arg(&self.target);
        let names = self.names();
        if names.is_empty() {
            return Ok(());
        }
        command
            .env("RUSTC_WRAPPER", self.root.join("xtask/dist/rustc"))
            .env("FARHAND_NAMES", names.join("\n"));
        for variable in ["CFLAGS", "CXXFLAGS"] {
            let mut flags = env::var(variable).unwrap_or_default();
            for name in &names {
                if name.contains(char::is_whitespace) {
                    bail!(
                        "{name} has a space in it: compilers for C cannot be told to call it otherwise. Build at a place \
                         without one: CARGO_TARGET_DIR and CARGO_HOME name others."
                    );
                }
                flags.push_str(&format!(" -ffile-prefix-map={name}"));
            }
            command.env(variable, flags);
        }
        Ok(())
    }

    /// `FOLDER=NAME` for each that goes by another name. Of two that fit compilers take the last.
    fn names(&self) -> Vec<String> {
        [&self.root, &self.target, &self.home]
            .iter()
            .zip(&self.called)
            .map(|(folder, name)| (folder.display().to_string(), name))
            .filter(|(folder, name)| folder != *name)
            .map(|(folder, name)| format!("{folder}={name}"))
            .collect()
    }
}

/// Where cargo keeps what it downloads.
fn home() -> Result<PathBuf> {
    match env::var_os("CARGO_HOME").filter(|named| !named.is_empty()) {
        Some(named) => Ok(named.into()),
        None => env::home_dir()
            .map(|home| home.join(".cargo"))
            .context("neither CARGO_HOME nor HOME names a folder"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_goes_by_another_name_is_told_to_compilers() {
        let everyday = Place::everyday("/build".into()).expect("there is a home");
        assert_eq!(everyday.names(), Vec::<String>::new());
        let again = everyday.elsewhere("/a/tree".into(), "/a/build".into(), "/a/home".into());
        let root = shell::root().display().to_string();
        assert_eq!(again.names()[..2], [format!("/a/tree={root}"), "/a/build=/build".to_owned()]);
        let out = Place::handed_out("/build".into()).expect("there is a home");
        assert_eq!(out.names()[..2], [format!("{root}=farhand"), "/build=build".to_owned()]);
    }

    #[test]
    fn both_kinds_of_compilers_are_told() {
        let place = Place::handed_out("/build".into()).expect("there is a home");
        let mut command = Command::new("cargo");
        place.furnish(&mut command).expect("no space is in it");
        let told = |name: &str| {
            let found = command.get_envs().find(|(variable, _)| *variable == name);
            found.and_then(|(_, value)| value?.to_str()).unwrap_or_default().to_owned()
        };
        assert!(
            told("CFLAGS").ends_with("=cargo")
                && told("CXXFLAGS").contains(" -ffile-prefix-map=/build=build ")
        );
        assert_eq!(told("FARHAND_NAMES").lines().count(), 3);
        let spaced = place.elsewhere("/a tree".into(), "/b".into(), "/c".into());
        assert!(spaced.furnish(&mut Command::new("cargo")).is_err());
    }

    #[test]
    fn the_compiler_is_started_with_every_name_and_what_it_was_asked() {
        let mut command = Command::new(shell::root().join("xtask/dist/rustc"));
        command.args(["echo", "a b", "*"]).env("FARHAND_NAMES", "/x y=farhand\n/z=build");
        let said = shell::capture(&mut command).expect("it runs");
        assert_eq!(said.trim(), "a b * --remap-path-prefix=/x y=farhand --remap-path-prefix=/z=build");
    }
}
