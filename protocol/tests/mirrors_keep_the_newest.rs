//! A mirror shows the newest snapshot that came, in whatever order and however often they come.

use farhand_protocol::consent::{ConsentSnapshot, ConsentState};
use farhand_protocol::mirror::Mirror;
use farhand_protocol::rights::{Right, Rights};
use proptest::prelude::*;

fn snapshot(revision: u64) -> ConsentSnapshot {
    let rights = if revision.is_multiple_of(2) { Rights::EMPTY } else { Rights::of(&[Right::View]) };
    ConsentSnapshot { revision, state: ConsentState::Asking { rights } }
}

proptest! {
    #[test]
    fn the_newest_stays(revisions in proptest::collection::vec(0u64..20, 1..40)) {
        let mut mirror = Mirror::new();
        let mut newest = None;
        for revision in revisions {
            let newer = newest.is_none_or(|newest| revision > newest);
            prop_assert_eq!(mirror.handle_snapshot(snapshot(revision)), newer);
            newest = newest.max(Some(revision));
            prop_assert_eq!(mirror.get().cloned(), newest.map(snapshot));
        }
    }
}

#[test]
fn a_new_owner_counts_from_the_start() {
    let mut mirror = Mirror::new();
    assert_eq!(mirror.get(), None);
    assert!(mirror.handle_snapshot(snapshot(9)));
    assert!(!mirror.handle_snapshot(snapshot(9)) && !mirror.handle_snapshot(snapshot(1)));
    mirror.clear();
    assert!(mirror.handle_snapshot(snapshot(1)));
}
