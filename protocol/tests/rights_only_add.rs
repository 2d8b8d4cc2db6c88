//! A right only ever adds power; control implies view; what a newer version names is left out.

use farhand_protocol::rights::{Right, Rights};
use proptest::prelude::*;

fn any_right() -> impl Strategy<Value = Right> {
    proptest::sample::select(&Right::ALL)
}

fn any_rights() -> impl Strategy<Value = Rights> {
    proptest::collection::vec(any_right(), 0..12).prop_map(Rights::from_iter)
}

fn closed(rights: Rights) -> bool {
    rights == rights.close_over() && (!rights.contains(Right::Control) || rights.contains(Right::View))
}

proptest! {
    #[test]
    fn every_operation_keeps_the_set_closed(a in any_rights(), b in any_rights(), right in any_right()) {
        let results = [a, a.with(right), a.without(right), a.union(b), a.intersection(b), a.without_all(b)];
        prop_assert!(results.into_iter().all(closed), "{a:?} {b:?} {right:?}");
        prop_assert!(a.with(right).contains(right) && a.with(right).contains_all(a));
        prop_assert!(!a.without(right).contains(right) && a.contains_all(a.without(right)));
        prop_assert!(a.contains_all(a.intersection(b)) && b.contains_all(a.intersection(b)));
        prop_assert!(a.union(b).contains_all(a) && a.union(b).contains_all(b));
        prop_assert!(a.without_all(b).intersection(b).is_empty());
        prop_assert_eq!(a.strongest().collect::<Rights>(), a, "what is left out is implied by the rest");
        prop_assert_eq!(a.beyond(b).collect::<Vec<_>>().is_empty(), b.contains_all(a));
    }

    #[test]
    fn a_set_survives_json_and_messagepack(rights in any_rights()) {
        let text = serde_json::to_string(&rights).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rights>(&text).unwrap(), rights);
        let bytes = rmp_serde::to_vec_named(&rights).unwrap();
        prop_assert_eq!(rmp_serde::from_slice::<Rights>(&bytes).unwrap(), rights);
    }
}

#[test]
fn the_data_form_is_a_list_of_names() {
    let rights = Rights::of(&[Right::Control, Right::Microphone]);
    assert_eq!(serde_json::to_string(&rights).unwrap(), r#"["view","control","microphone"]"#);
}

#[test]
fn unknown_names_are_left_out_and_control_brings_view() {
    let read = |text| serde_json::from_str::<Rights>(text).unwrap();
    assert_eq!(read(r#"["control","levitate","control"]"#), Rights::of(&[Right::View, Right::Control]));
    assert_eq!(read(r#"["levitate"]"#), Rights::EMPTY);
    assert_eq!(read("[]"), Rights::EMPTY);
}

#[test]
fn what_is_no_list_of_names_is_refused() {
    for text in ["null", "7", r#""view""#, r#"{"view":true}"#, r#"[1]"#, r#"[["view"]]"#, r#"["view",null]"#]
    {
        assert!(serde_json::from_str::<Rights>(text).is_err(), "{text}");
    }
}
