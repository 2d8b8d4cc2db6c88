use farhand_protocol::api::{WindowEffect, WindowMark};

use super::*;

const SCREEN: Area = Area { x: 0, y: 0, width: 400, height: 200 };
const LEFT: Area = Area { x: 0, y: 0, width: 200, height: 200 };
const RIGHT: Area = Area { x: 200, y: 0, width: 200, height: 200 };

fn area(x: i32, y: i32, width: u32, height: u32) -> Area {
    Area { x, y, width, height }
}

fn monitor(id: u32, area: Area) -> Monitor {
    Monitor { id, name: format!("M{id}"), area, scale: 100, primary: id == 1 }
}

fn window(id: u32, program: &str, title: &str, place: Area) -> Top {
    let client = Client {
        id,
        programs: vec![program.into()],
        title: title.into(),
        transient_for: None,
        owner: id & !0xff,
    };
    let whole = area(0, 0, place.width, place.height);
    Top { id, area: place, mapped: true, opaque: vec![whole], clients: Some(vec![client]), ..Top::default() }
}

fn scene(tops: Vec<Top>) -> Scene {
    let mut scene = Scene::default();
    scene.set_screen(400, 200);
    scene.set_monitors(vec![monitor(2, RIGHT), monitor(1, LEFT)]);
    scene.set_windows(tops);
    scene
}

fn shows(scene: &mut Scene, share: Share, choice: Choice) -> Area {
    let rules = scene.view().rules.clone();
    scene.set_view(View { share, choice, rules });
    scene.area()
}

fn covered(scene: &Scene, x: i32, y: i32) -> bool {
    scene.hidden(scene.area()).iter().any(|part| part.contains(x, y))
}

fn with_rules(scene: &mut Scene, rules: &[(WindowEffect, &str)]) {
    let rules = rules
        .iter()
        .map(|(effect, title)| WindowRule {
            effect: *effect,
            by: WindowMark::Title,
            pattern: (*title).into(),
        })
        .collect();
    let view = View { rules, ..scene.view().clone() };
    scene.set_view(view);
}

#[test]
fn the_technician_chooses_within_what_is_shared() {
    let mut scene = scene(vec![]);
    assert_eq!(shows(&mut scene, Share::Everything, Choice::All), SCREEN);
    assert_eq!(shows(&mut scene, Share::Everything, Choice::One { id: 2 }), RIGHT);
    assert_eq!(shows(&mut scene, Share::Everything, Choice::One { id: 9 }), SCREEN, "no such monitor");
    for choice in [Choice::All, Choice::One { id: 2 }, Choice::Pointer, Choice::Unknown] {
        scene.set_pointer(350, 10);
        assert_eq!(shows(&mut scene, Share::Monitor(1), choice), LEFT, "{choice:?}");
        assert_eq!(scene.seen().monitors.list, vec![monitor(1, LEFT)], "others are not even told");
        assert_eq!(scene.seen().monitors.choice, Choice::All);
    }
}

#[test]
fn the_picture_follows_the_pointer_from_monitor_to_monitor() {
    let mut scene = scene(vec![]);
    scene.set_pointer(10, 10);
    assert_eq!(shows(&mut scene, Share::Everything, Choice::Pointer), LEFT);
    scene.set_pointer(200, 199);
    assert_eq!(scene.area(), RIGHT);
    scene.set_pointer(-1, 500);
    assert_eq!(scene.area(), RIGHT, "between the monitors it stays");
}

#[test]
fn monitors_that_come_go_and_turn_are_followed() {
    let mut scene = scene(vec![]);
    shows(&mut scene, Share::Everything, Choice::One { id: 2 });
    let turned = area(200, 0, 100, 200);
    scene.set_monitors(vec![monitor(1, LEFT), monitor(2, turned)]);
    assert_eq!(scene.area(), turned);
    scene.set_monitors(vec![monitor(1, LEFT)]);
    assert_eq!(scene.area(), SCREEN, "the technician's own choice falls back to all");
    scene.set_monitors(vec![monitor(1, LEFT), monitor(2, RIGHT)]);
    assert_eq!(scene.area(), RIGHT, "and holds again");
    shows(&mut scene, Share::Monitor(2), Choice::All);
    scene.set_monitors(vec![monitor(1, LEFT)]);
    assert_eq!(scene.area(), RIGHT);
    assert_eq!(scene.hidden(scene.area()), vec![RIGHT], "the customer's falls back to nothing");
    assert!(!scene.seen().keys);
    assert_eq!(scene.seen().monitors.share, monitors::Share::Monitor { here: false });
    scene.set_screen(200, 200);
    assert_eq!(scene.hidden(scene.area()), vec![scene.area()]);
    assert!(scene.area().width > 0 && scene.area().overlap(area(0, 0, 200, 200)) == Some(scene.area()));
}

#[test]
fn what_lies_over_a_shared_window_is_covered_and_its_own_dialogues_are_not() {
    let shared = window(0x100, "editor", "a", area(50, 50, 100, 100));
    let below = window(0x200, "mail", "b", area(40, 40, 300, 120));
    let above = window(0x300, "chat", "c", area(100, 60, 200, 20));
    let mut dialogue = window(0x101, "editor", "save", area(60, 100, 30, 30));
    dialogue.clients.as_mut().unwrap()[0].transient_for = Some(0x100);
    let mut menu = window(0x102, "editor", "", area(50, 50, 30, 10));
    menu.kind = Kind::Free;
    let other_window = window(0x103, "editor", "second", area(120, 120, 50, 50));
    let mut scene = scene(vec![below, shared, above, dialogue, menu, other_window]);
    assert_eq!(shows(&mut scene, Share::Window(0x100), Choice::All), area(50, 50, 100, 100));
    assert!(!covered(&scene, 55, 70), "the window itself");
    assert!(covered(&scene, 110, 65), "another program's window over it");
    assert!(!covered(&scene, 65, 105), "its dialogue");
    assert!(!covered(&scene, 55, 55), "its menu");
    assert!(covered(&scene, 125, 125), "another window of the same program");
    // It goes where the window goes, and is empty when that is away.
    scene.change(0x100, |top| top.area = area(150, 20, 120, 60));
    assert_eq!(scene.area(), area(150, 20, 120, 60));
    scene.change(0x100, |top| top.mapped = false);
    assert_eq!(scene.hidden(scene.area()), vec![area(150, 20, 120, 60)]);
    assert_eq!(scene.seen().monitors.share, monitors::Share::Window { here: false });
    scene.remove(0x100);
    assert_eq!(scene.hidden(scene.area()), vec![area(150, 20, 120, 60)]);
}

#[test]
fn a_picture_taken_while_the_shared_window_moved_shows_nothing_beside_it() {
    let mut scene = scene(vec![window(0x100, "editor", "a", area(50, 50, 100, 100))]);
    let before = shows(&mut scene, Share::Window(0x100), Choice::All);
    scene.change(0x100, |top| top.area.x = 90);
    let hidden = scene.hidden(before);
    for (x, wanted) in [(50, true), (89, true), (90, false), (149, false)] {
        assert_eq!(hidden.iter().any(|part| part.contains(x, 60)), wanted, "{x}");
    }
}

#[test]
fn control_of_a_shared_window_ends_at_its_edge() {
    let shared = window(0x100, "editor", "a", area(50, 50, 100, 100));
    let above = window(0x300, "chat", "c", area(100, 60, 200, 20));
    let mut scene = scene(vec![shared, above]);
    shows(&mut scene, Share::Window(0x100), Choice::All);
    for (focus, keys) in [
        (Focus::Window(0x100), true),
        (Focus::Window(0x300), false),
        (Focus::Window(0x999), false),
        (Focus::Nowhere, false),
        (Focus::Pointer, false),
    ] {
        scene.set_focus(focus);
        assert_eq!(scene.seen().keys, keys, "{focus:?}");
    }
    scene.set_pointer(60, 100);
    assert!(scene.seen().keys, "the pointer is over it");
    shows(&mut scene, Share::Everything, Choice::All);
    scene.set_focus(Focus::Nowhere);
    assert!(scene.seen().keys);
}

#[test]
fn a_password_manager_is_covered_wherever_it_can_be_seen() {
    let vault = window(0x500, "KeePassXC", "vault", area(20, 20, 100, 100));
    let front = window(0x300, "chat", "c", area(60, 20, 200, 50));
    let mut menu = window(0x501, "", "", area(300, 20, 40, 40));
    menu.kind = Kind::Free;
    let mut scene = scene(vec![vault, front, menu]);
    assert!(covered(&scene, 30, 30) && covered(&scene, 70, 90));
    assert!(!covered(&scene, 70, 30), "where another window lies over it, that one is seen");
    assert!(covered(&scene, 310, 30), "also its menus, which do not say whose they are");
    assert_eq!(scene.secrets(), 1);
    // What shines through counts as seen.
    scene.change(0x300, |top| top.opaque.clear());
    assert!(covered(&scene, 70, 30));
    scene.change(0x300, |top| top.opaque = vec![area(0, 0, 5, 5)]);
    assert!(!covered(&scene, 62, 22) && covered(&scene, 70, 30));
    scene.change(0x500, |top| top.mapped = false);
    assert!(!covered(&scene, 30, 30));
    scene.set_focus(Focus::Window(0x500));
    scene.change(0x500, |top| top.mapped = true);
    assert!(!scene.seen().keys, "nobody types blindly into it");
}

#[test]
fn a_window_of_which_nothing_is_known_yet_is_covered() {
    let mut unknown = window(0x600, "x", "x", area(10, 10, 50, 50));
    unknown.clients = None;
    let mut scene = scene(vec![unknown]);
    assert!(covered(&scene, 20, 20));
    assert_eq!(scene.secrets(), 0, "but nobody is told of it");
    scene.change(0x600, |top| top.clients = Some(vec![Client::default()]));
    assert!(!covered(&scene, 20, 20));
    scene.change(0x600, |top| (top.clients, top.kind) = (None, Kind::Unseen));
    assert!(!covered(&scene, 20, 20), "it has no pixels");
}

#[test]
fn windows_of_the_list_are_covered_or_pause_control() {
    let salaries = window(0x100, "calc", "Salaries.ods", area(0, 0, 100, 100));
    let bank = window(0x200, "browser", "My Bank – Browser", area(150, 0, 100, 100));
    let mut scene = scene(vec![salaries, bank]);
    with_rules(&mut scene, &[(WindowEffect::Hide, "salaries*"), (WindowEffect::Pause, "*bank*")]);
    assert!(covered(&scene, 50, 50) && !covered(&scene, 200, 50));
    assert!(scene.seen().monitors.paused, "the foremost, where no window has the keyboard");
    scene.set_focus(Focus::Window(0x100));
    assert!(!scene.seen().monitors.paused);
    scene.set_focus(Focus::Window(0x200));
    assert!(scene.seen().monitors.paused);
    scene.change(0x200, |top| top.clients.as_mut().unwrap()[0].title = "News – Browser".into());
    assert!(!scene.seen().monitors.paused, "another page is in front");
}

#[test]
fn stacking_is_followed() {
    let vault = window(0x500, "keepassxc", "v", area(0, 0, 100, 100));
    let front = window(0x300, "chat", "c", area(0, 0, 100, 100));
    let mut scene = scene(vec![vault, front]);
    assert!(!covered(&scene, 50, 50));
    scene.restack(0x500, 0x300);
    assert!(covered(&scene, 50, 50));
    scene.restack(0x500, 0);
    assert!(!covered(&scene, 50, 50));
    scene.add(window(0x501, "keepassxc", "w", area(0, 0, 10, 10)));
    assert!(covered(&scene, 5, 5));
    scene.remove(0x501);
    assert!(!covered(&scene, 5, 5));
}

#[test]
fn the_customer_is_offered_windows_that_can_be_shared() {
    let mut bar = window(0x10, "panel", "bar", area(0, 0, 400, 10));
    bar.kind = Kind::Furniture;
    let mut away = window(0x20, "editor", "away", area(0, 0, 10, 10));
    away.mapped = false;
    let scene = scene(vec![
        bar,
        window(0x30, "editor", "first", LEFT),
        away,
        window(0x40, "KeePassXC", "vault", LEFT),
        window(0x50, "Farhand-Agent", "Farhand", LEFT),
        window(0x60, "mail", "second", RIGHT),
    ]);
    let offered = scene.shareable(&[]);
    let titles: Vec<_> = offered.windows.iter().map(|window| window.title.as_str()).collect();
    assert_eq!(titles, ["second", "first"], "the foremost first");
    assert_eq!(offered.monitors.iter().map(|monitor| monitor.id).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn very_many_covered_parts_are_covered_as_one() {
    let many = (0..300)
        .map(|n| window(0x1000 * (n + 1), "keepassxc", "x", area(n as i32, (n % 100) as i32 * 2, 1, 1)));
    let scene = scene(many.collect());
    let hidden = scene.hidden(SCREEN);
    assert_eq!(hidden.len(), 1);
    assert!(hidden[0].contains(0, 0) && hidden[0].contains(299, 198));
}
