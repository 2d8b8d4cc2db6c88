//! The kept corpus goes through every target: what once broke one stays mended.

use std::fs;
use std::path::Path;

use farhand_fuzz_targets::TARGETS;

/// All of the corpus together stays small enough to be kept in the tree.
const MAX_CORPUS: u64 = 200 * 1024;

#[test]
fn every_kept_input_goes_through_its_target() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for (name, target) in TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(root.join(name)).unwrap_or_else(|e| panic!("the corpus of {name}: {e}")) {
            let path = entry.unwrap().path();
            // Named first, so that a crash says which input it was.
            println!("{}", path.display());
            target(&fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count > 0, "the corpus of {name} is empty");
    }
}

#[test]
fn the_corpus_stays_small_and_each_folder_has_its_target() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut bytes = 0;
    for folder in fs::read_dir(&root).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().into_string().unwrap();
        let known = TARGETS.iter().any(|(target, _)| *target == name);
        assert!(
            known
                || ["hub", "passkey", "column", "outward", "release", "start", "deep_link"]
                    .contains(&name.as_str())
                    && cfg!(not(feature = "hub")),
            "no target for {name}"
        );
        let binary = root.join("../fuzz_targets").join(&name).with_extension("rs");
        assert!(binary.exists(), "{} is missing", binary.display());
        bytes +=
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum::<u64>();
    }
    assert!(bytes <= MAX_CORPUS, "the corpus has {bytes} bytes");
}

#[test]
fn targets_take_nothing_and_noise() {
    for (_, target) in TARGETS {
        target(&[]);
        let noise: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        target(&noise);
        target(&[0xff; 300]);
        target(&[0; 300]);
    }
}
