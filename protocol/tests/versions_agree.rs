//! Two programs agree on the newest version that both speak, or find out that there is none.

use farhand_protocol::version::{CURRENT, OLDEST, Version, VersionRange};

const fn range(oldest: u16, newest: u16) -> VersionRange {
    VersionRange { oldest: Version(oldest), newest: Version(newest) }
}

#[test]
fn the_newest_common_version_is_taken_whoever_asks() {
    for (a, b, agreed) in [
        (range(1, 1), range(1, 1), Some(1)),
        (range(1, 3), range(2, 5), Some(3)),
        (range(1, 9), range(4, 4), Some(4)),
        (range(1, 2), range(3, 4), None),
        (range(0, u16::MAX), range(7, 7), Some(7)),
    ] {
        assert_eq!(a.agree(b), agreed.map(Version), "{a:?} {b:?}");
        assert_eq!(b.agree(a), agreed.map(Version), "{b:?} {a:?}");
    }
}

#[test]
fn a_range_turned_around_agrees_with_nobody() {
    assert_eq!(range(3, 1).agree(range(1, 5)), None);
    assert_eq!(range(1, 5).agree(range(3, 1)), None);
}

#[test]
fn this_build_agrees_with_itself() {
    assert!(OLDEST <= CURRENT);
    assert_eq!(VersionRange::ours().agree(VersionRange::ours()), Some(CURRENT));
}
