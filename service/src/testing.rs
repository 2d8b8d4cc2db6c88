//! What the tests of several modules use.

pub mod postgres;

use std::path::Path;

/// Every source file of this crate without its tests.
pub fn each_source(look: &mut dyn FnMut(&Path, &str)) {
    fn walk(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "tests" && name != "testing" {
                    walk(&path, look);
                }
            } else if name.ends_with(".rs") && name != "tests.rs" && name != "testing.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                look(&path, text.split("#[cfg(test)]\nmod tests").next().unwrap());
            }
        }
    }
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), look);
}

#[test]
fn the_service_never_starts_a_process() {
    let mut seen = 0;
    each_source(&mut |path, text| {
        seen += 1;
        for way in ["process::Command", "Command::new", "libc::", "execv", "posix_spawn"] {
            assert!(!text.contains(way), "{} could start a process: {way}", path.display());
        }
    });
    assert!(seen > 20, "the sources were found");
}
