//! The programs themselves, built a second time: from a copy of the tree at another place, in another folder, with cargo's
//! own folder at another place. What comes out is held against the first, byte by byte.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::shell;

/// Names the folder for the second build; it is `twice` in the build folder where nothing is said.
const FOLDER: &str = "FARHAND_TWICE";
/// Bytes that are shown of each file where they first differ.
const SHOWN: usize = 48;

/// A copy of the tree, as it was when this was made.
pub struct Again {
    folder: PathBuf,
}

impl Again {
    /// Copies everything that git knows or would add. To be made before the first build.
    pub fn prepare() -> Result<Self> {
        let named = std::env::var_os(FOLDER).filter(|named| !named.is_empty());
        let folder =
            named.map_or_else(|| shell::target_dir().join("twice"), |named| shell::root().join(named));
        let again = Self { folder };
        let files = shell::files()?;
        again.forget_others(&files)?;
        for file in &files {
            let (from, to) = (shell::root().join(file), again.tree().join(file));
            // What is the same keeps its time: nothing of it is built anew.
            if fs::read(&to).is_ok_and(|there| fs::read(&from).is_ok_and(|here| here == there)) {
                continue;
            }
            let within = to.parent().context("a file lies in a folder")?;
            fs::create_dir_all(within).with_context(|| format!("{} cannot be made", within.display()))?;
            fs::copy(&from, &to).with_context(|| format!("{file} cannot be copied to {}", to.display()))?;
        }
        Ok(again)
    }

    /// The place of the second build of what was built at `first`.
    pub fn place(&self, first: &Place) -> Result<Place> {
        let home = self.folder.join("home");
        fs::create_dir_all(&home).with_context(|| format!("{} cannot be made", home.display()))?;
        // Downloaded once: only the way to it is another.
        for entry in
            fs::read_dir(&first.home).with_context(|| format!("{} cannot be read", first.home.display()))?
        {
            let entry = entry?;
            let link = home.join(entry.file_name());
            if !link.exists() {
                let _ = fs::remove_file(&link);
                std::os::unix::fs::symlink(entry.path(), &link)
                    .with_context(|| format!("{} cannot be made", link.display()))?;
            }
        }
        let name = first.target.file_name().context("a build folder has a name")?;
        Ok(first.elsewhere(self.tree(), self.folder.join("built").join(name), home))
    }

    /// That a program was built at `place` from what the copy holds, by the list that cargo writes beside it.
    pub fn same_sources(&self, place: &Place, program: &Path) -> Result<()> {
        let list = program.with_extension("d");
        let text = fs::read_to_string(&list).with_context(|| format!("{} cannot be read", list.display()))?;
        let mut sources = sources(&text);
        if sources.is_empty() {
            bail!("{} names no file that the program is made of", list.display());
        }
        sources.extend(["Cargo.toml", "Cargo.lock"].map(|file| place.root.join(file)));
        for source in sources.iter().filter(|source| !source.starts_with(&place.target)) {
            let Ok(within) = source.strip_prefix(&place.root) else { continue };
            if fs::read(source).ok() != fs::read(self.tree().join(within)).ok() {
                bail!("{} was changed while it was built: do it again", within.display());
            }
        }
        Ok(())
    }

    /// Puts a Windows program aside as it would be handed out: without the names of its functions, some of which are made
    /// of the name of a folder that the compiler draws by lot. The tool writes the time into it unless it keeps the old one.
    pub fn stripped(&self, program: &Path, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join("stripped");
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let to = folder.join(name);
        let mut command = Command::new("x86_64-w64-mingw32-strip");
        shell::run(command.args(["--strip-all", "--preserve-dates", "-o"]).arg(&to).arg(program))?;
        Ok(to)
    }

    fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Removes what the tree has no more.
    fn forget_others(&self, files: &[String]) -> Result<()> {
        let known: BTreeSet<&Path> = files.iter().map(Path::new).collect();
        let mut open = vec![self.tree()];
        while let Some(folder) = open.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    open.push(path);
                } else if path.strip_prefix(self.tree()).is_ok_and(|within| !known.contains(within)) {
                    fs::remove_file(&path)
                        .with_context(|| format!("{} cannot be removed", path.display()))?;
                }
            }
        }
        Ok(())
    }
}

/// That two builds of a program are the same, or where they first differ.
pub fn same(what: &str, first: &Path, second: &Path) -> Result<()> {
    let read = |file: &Path| fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    match difference(&read(first)?, &read(second)?) {
        None => Ok(()),
        Some(difference) => bail!(
            "{what} is not the same when it is built again: {difference}. Compare {} and {}.",
            first.display(),
            second.display()
        ),
    }
}

/// Where two files first differ, and what stands there.
fn difference(first: &[u8], second: &[u8]) -> Option<String> {
    if first == second {
        return None;
    }
    let lengths = match (first.len(), second.len()) {
        (one, other) if one == other => format!("{one} bytes each"),
        (one, other) => format!("{one} bytes and {other}"),
    };
    let pairs = || first.iter().zip(second);
    let Some(at) = pairs().position(|(one, other)| one != other) else {
        return Some(format!("{lengths}, and one is the beginning of the other"));
    };
    let count = pairs().filter(|(one, other)| one != other).count();
    let around = |bytes: &[u8]| {
        let from = at.saturating_sub(SHOWN / 4);
        let shown = &bytes[from..bytes.len().min(from + SHOWN)];
        let plain =
            |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '·' };
        shown.iter().map(plain).collect::<String>()
    };
    Some(format!(
        "{lengths}, the first difference at {at:#x}, `{}` and `{}`; {count} bytes differ by their place",
        around(first),
        around(second)
    ))
}

/// The files on cargo's list: `PROGRAM: FILE FILE…`, with a backslash before each space of a name.
fn sources(list: &str) -> Vec<PathBuf> {
    let Some((_, files)) = list.lines().next().and_then(|line| line.split_once(": ")) else {
        return Vec::new();
    };
    let mut found = vec![String::new()];
    let mut letters = files.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => found.last_mut().expect("never empty").extend(letters.next()),
            ' ' => found.push(String::new()),
            letter => found.last_mut().expect("never empty").push(letter),
        }
    }
    found.into_iter().filter(|file| !file.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named_with_what_stands_there() {
        assert_eq!(difference(b"the same", b"the same"), None);
        let said = difference(b"built in /one/folder", b"built in /two/folder").expect("they differ");
        assert!(
            said.starts_with("20 bytes each, the first difference at 0xa, `built in /one/folder` and"),
            "{said}"
        );
        assert!(said.ends_with("3 bytes differ by their place"), "{said}");
        let longer = difference(b"the same", b"the same and more").expect("they differ");
        assert!(longer.contains("8 bytes and 17"), "{longer}");
    }

    #[test]
    fn the_list_of_sources_is_read_as_cargo_writes_it() {
        let list = "/b/debug/farhand-agent: /a/one.rs /a/with\\ space.rs\n";
        assert_eq!(sources(list), [PathBuf::from("/a/one.rs"), PathBuf::from("/a/with space.rs")]);
        assert_eq!(sources(""), Vec::<PathBuf>::new());
    }

    #[test]
    fn two_files_that_differ_fail_by_their_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).expect("it is written");
            path
        };
        let (one, other) = (file("one", b"a program"), file("other", b"a Program"));
        same("it", &one, &one).expect("it is the same as itself");
        let error = same("the program", &one, &other).expect_err("they differ").to_string();
        assert!(
            error.starts_with("the program is not the same when it is built again: 9 bytes each"),
            "{error}"
        );
    }
}
