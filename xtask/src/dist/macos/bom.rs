//! A bill of materials, by which macOS knows what a package installed: paths with modes, sizes and sums, in blocks that
//! point to one another. Big-endian throughout.

use anyhow::{Context, Result, bail};

/// Where the blocks begin; what is before is the head.
const HEAD: usize = 512;
/// The most paths that one block lists; no package of ours has more.
const MAX_PATHS: usize = 256;
const FILE: u8 = 1;
const FOLDER: u8 = 2;
/// Of every processor.
const ANY: u16 = 15;

/// What a package installs.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// Path without a slash before or behind it; empty for the folder that all lies in.
    pub path: &'a str,
    /// Kind and permissions, as the file system has them.
    pub mode: u16,
    /// Content; none for a folder.
    pub bytes: Option<&'a [u8]>,
}

#[derive(Default)]
struct Blocks(Vec<Vec<u8>>);

impl Blocks {
    /// The number of a new block.
    fn add(&mut self, parts: &[&[u8]]) -> u32 {
        self.0.push(parts.concat());
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    /// A tree whose only leaf lists these.
    fn tree(&mut self, size: u32, entries: &[(u32, u32)]) -> u32 {
        let count = entries.len() as u32;
        let mut leaf = [1_u16.to_be_bytes(), (count as u16).to_be_bytes()].concat();
        leaf.extend([0; 8]);
        for (about, name) in entries {
            leaf.extend(about.to_be_bytes());
            leaf.extend(name.to_be_bytes());
        }
        // A leaf has the room that the tree says.
        leaf.resize(leaf.len().max(size as usize), 0);
        let leaf = self.add(&[&leaf]);
        let numbers = [1, leaf, size, count].map(u32::to_be_bytes).concat();
        self.add(&[b"tree", &numbers, &[0]])
    }
}

/// Makes it, of items whose folders come before what lies in them.
pub fn make(items: &[Item], time: u32) -> Result<Vec<u8>> {
    if items.len() > MAX_PATHS {
        bail!("{} paths are more than one block of a bill of materials lists", items.len());
    }
    let mut blocks = Blocks::default();
    // The first block is never used.
    blocks.add(&[]);
    let total: usize = items.iter().filter_map(|item| item.bytes).map(<[u8]>::len).sum();
    let numbers = [1, items.len() as u32 + 1, 1, 0, 0, u32::try_from(total).unwrap_or(u32::MAX), 0];
    let info = blocks.add(&[&numbers.map(u32::to_be_bytes).concat()]);
    let mut known: Vec<&str> = Vec::new();
    let mut entries = Vec::new();
    for item in items {
        let (parent, name) = match (item.path, item.path.rsplit_once('/')) {
            ("", _) => (0, "."),
            (path, None) => (number(&known, "").with_context(|| format!("{path} lies nowhere"))?, path),
            (path, Some((folder, name))) => {
                (number(&known, folder).with_context(|| format!("{path} lies nowhere"))?, name)
            }
        };
        known.push(item.path);
        let own = known.len() as u32;
        let (kind, length, sum) = match item.bytes {
            Some(bytes) => (FILE, u32::try_from(bytes.len()).context("a file is too large")?, sum(bytes)),
            None => (FOLDER, 0, 0),
        };
        let about = blocks.add(&[
            &[kind, 1],
            &ANY.to_be_bytes(),
            &item.mode.to_be_bytes(),
            &[0, 0, time, length].map(u32::to_be_bytes).concat(),
            &[1],
            &[sum, 0].map(u32::to_be_bytes).concat(),
        ]);
        let pointer = blocks.add(&[&[own, about].map(u32::to_be_bytes).concat()]);
        let name = blocks.add(&[&parent.to_be_bytes(), name.as_bytes(), &[0]]);
        entries.push((pointer, name));
    }
    let paths = blocks.tree(4096, &entries);
    let links = blocks.tree(4096, &[]);
    let tree = blocks.tree(128, &[]);
    let versions = blocks.add(&[&[1, tree, 0].map(u32::to_be_bytes).concat(), &[0]]);
    let large = blocks.tree(4096, &[]);
    let names =
        [("BomInfo", info), ("Paths", paths), ("HLIndex", links), ("VIndex", versions), ("Size64", large)];
    Ok(store(&blocks.0, &names))
}

fn number(known: &[&str], path: &str) -> Option<u32> {
    known.iter().position(|other| *other == path).map(|at| at as u32 + 1)
}

fn store(blocks: &[Vec<u8>], names: &[(&str, u32)]) -> Vec<u8> {
    let mut named = (names.len() as u32).to_be_bytes().to_vec();
    for (name, block) in names {
        named.extend(block.to_be_bytes());
        named.push(name.len() as u8);
        named.extend(name.as_bytes());
    }
    let (mut body, mut index) = (Vec::<u8>::new(), (blocks.len() as u32).to_be_bytes().to_vec());
    for block in blocks {
        let place = if block.is_empty() { 0 } else { (HEAD + body.len()) as u32 };
        index.extend(place.to_be_bytes());
        index.extend((block.len() as u32).to_be_bytes());
        body.extend(block);
    }
    // No room between blocks that could be used again: two empty places.
    index.extend([0_u8; 4 + 2 * 8]);
    let named_at = HEAD + body.len();
    let index_at = named_at + named.len();
    let used = blocks.iter().filter(|block| !block.is_empty()).count();
    let numbers = [1, used, index_at, index.len(), named_at, named.len()];
    let mut all = b"BOMStore".to_vec();
    all.extend(numbers.iter().flat_map(|number| (*number as u32).to_be_bytes()));
    all.resize(HEAD, 0);
    all.extend(body);
    all.extend(named);
    all.extend(index);
    all
}

/// The sum of the program `cksum`: a CRC over the bytes and their number.
fn sum(bytes: &[u8]) -> u32 {
    let mut length = bytes.len();
    let mut count = Vec::new();
    while length > 0 {
        count.push((length & 0xff) as u8);
        length >>= 8;
    }
    let table: Vec<u32> = (0..256_u32)
        .map(|at| (0..8).fold(at << 24, |sum, _| sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }))
        .collect();
    let step = |sum: u32, byte: &u8| sum << 8 ^ table[usize::from((sum >> 24) as u8 ^ byte)];
    !bytes.iter().chain(&count).fold(0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_cksum() {
        // `printf 123456789 | cksum`
        assert_eq!(sum(b"123456789"), 930_766_865);
        assert_eq!(sum(b""), 4_294_967_295);
    }

    #[test]
    fn every_path_is_found_again_below_its_folder() {
        let items = [
            Item { path: "", mode: 0o40755, bytes: None },
            Item { path: "A.app", mode: 0o40755, bytes: None },
            Item { path: "A.app/Info", mode: 0o100_644, bytes: Some(b"hello") },
        ];
        let bom = make(&items, 1_700_000_000).expect("it is made");
        let word = |at: usize| u32::from_be_bytes(bom[at..at + 4].try_into().expect("four")) as usize;
        assert_eq!(&bom[..8], b"BOMStore");
        let (index, names) = (word(16), word(24));
        let block = |number: usize| {
            let (at, length) = (word(index + 4 + number * 8), word(index + 8 + number * 8));
            (at, &bom[at..at + length])
        };
        // Behind BomInfo's name comes Paths'.
        let at = names + 4 + 5 + 7;
        assert_eq!(&bom[at + 5..at + 10], b"Paths");
        let (tree, content) = block(word(at));
        assert_eq!(&content[..4], b"tree");
        assert_eq!(word(tree + 16), 3);
        let (leaf, _) = block(word(tree + 8));
        let mut found = Vec::new();
        for entry in 0..3 {
            let (pointer, _) = block(word(leaf + 12 + entry * 8));
            let (name, content) = block(word(leaf + 16 + entry * 8));
            let (about, _) = block(word(pointer + 4));
            assert_eq!(word(pointer), entry + 1, "its own number");
            let text = String::from_utf8_lossy(&content[4..content.len() - 1]).into_owned();
            found.push((word(name), text, bom[about], word(about + 18)));
        }
        let wanted = [(0, ".", FOLDER, 0), (1, "A.app", FOLDER, 0), (2, "Info", FILE, 5)];
        assert_eq!(found, wanted.map(|(parent, name, kind, size)| (parent, name.to_owned(), kind, size)));
        let lost = [Item { path: "a/b", mode: 0, bytes: None }];
        assert!(make(&lost, 0).is_err(), "what lies nowhere is said");
    }
}
