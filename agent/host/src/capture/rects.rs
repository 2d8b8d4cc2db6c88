//! Few rectangles out of many: each costs a request of its own, so near ones are taken together.

use super::Rect;

/// The most rectangles that are left.
pub const MAX_RECTS: usize = 64;
/// Pixels that may be taken in needlessly to save a rectangle.
const SLACK: u64 = 8 * 1024;

/// The smallest rectangle around two.
pub fn around(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, w: (a.x + a.w).max(b.x + b.w) - x, h: (a.y + a.h).max(b.y + b.h) - y }
}

/// Joins rectangles that are near one another until joining costs more pixels than it saves requests, and until at
/// most [`MAX_RECTS`] are left. Expects them in the order of a region, so that neighbours in the list are near.
pub fn tidy(rects: &mut Vec<Rect>) {
    if rects.len() > MAX_RECTS {
        let run = rects.len().div_ceil(MAX_RECTS);
        *rects = rects.chunks(run).filter_map(|run| run.iter().copied().reduce(around)).collect();
    }
    let mut at = 0;
    while at < rects.len() {
        let joined = (at + 1..rects.len()).find(|other| worth_joining(rects[at], rects[*other]));
        match joined {
            Some(other) => {
                rects[at] = around(rects[at], rects[other]);
                rects.swap_remove(other);
                // The larger rectangle may now be near to one that was passed over.
                at = 0;
            }
            None => at += 1,
        }
    }
}

fn worth_joining(a: Rect, b: Rect) -> bool {
    area(around(a, b)) <= area(a) + area(b) + SLACK
}

fn area(rect: Rect) -> u64 {
    u64::from(rect.w) * u64::from(rect.h)
}

#[cfg(test)]
mod tests {
    use super::{MAX_RECTS, Rect, tidy};

    fn rect(x: u32, y: u32, w: u32, h: u32) -> Rect {
        Rect { x, y, w, h }
    }

    fn covers(rects: &[Rect], part: Rect) -> bool {
        rects.iter().any(|r| {
            r.x <= part.x && r.y <= part.y && r.x + r.w >= part.x + part.w && r.y + r.h >= part.y + part.h
        })
    }

    #[test]
    fn near_ones_are_joined_and_far_ones_are_not() {
        let mut rects = vec![rect(0, 0, 10, 10), rect(1800, 900, 10, 10), rect(12, 0, 10, 10)];
        tidy(&mut rects);
        assert_eq!(rects.len(), 2);
        assert!(rects.contains(&rect(0, 0, 22, 10)) && rects.contains(&rect(1800, 900, 10, 10)));
    }

    #[test]
    fn however_many_there_are_few_are_left_and_they_cover_all() {
        let many: Vec<_> = (0..10_000).map(|n| rect(n % 100 * 70, n / 100 * 70, 3, 3)).collect();
        let mut rects = many.clone();
        tidy(&mut rects);
        assert!(rects.len() <= MAX_RECTS);
        assert!(many.iter().all(|part| covers(&rects, *part)));
    }
}
