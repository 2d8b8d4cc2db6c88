//! Marks as pixels: which rectangles of the screen a line with a width covers.

use std::collections::BTreeMap;

use farhand_protocol::channel::pointing::{Mark, Place, Shape};

/// A rectangle: left, top, width, height.
pub type Span = (i32, i32, i32, i32);

/// How long an arrow's head is at most, in pixels; shorter arrows have shorter ones.
const HEAD: f64 = 26.0;
/// No line is longer than the longest screen's diagonal: more steps than that are not walked.
const MAX_STEPS: i32 = 24_000;

/// The strokes that make up a mark, each from place to place.
#[must_use]
pub fn strokes(mark: &Mark) -> Vec<Vec<Place>> {
    let (Some(&first), Some(&last)) = (mark.places.first(), mark.places.last()) else { return Vec::new() };
    let place = |x, y| Place { x, y };
    match mark.shape {
        Shape::Line => vec![vec![first, last]],
        Shape::Box => {
            let corners = [place(last.x, first.y), last, place(first.x, last.y)];
            vec![[first].into_iter().chain(corners).chain([first]).collect()]
        }
        Shape::Arrow => {
            let (dx, dy) = (f64::from(last.x - first.x), f64::from(last.y - first.y));
            let length = dx.hypot(dy);
            let head = HEAD.min(length * 0.6);
            let side = |turn: f64| {
                let angle = dy.atan2(dx) + turn;
                place(
                    last.x - (head * angle.cos()).round() as i32,
                    last.y - (head * angle.sin()).round() as i32,
                )
            };
            vec![vec![first, last], vec![side(0.5), last, side(-0.5)]]
        }
        Shape::Free | Shape::Unknown => vec![mark.places.clone()],
    }
}

/// The rectangles that strokes with this radius cover, without overlap. Nothing outside of `(0, 0)` to `limit`.
#[must_use]
pub fn covered(strokes: &[Vec<Place>], radius: i32, limit: (i32, i32)) -> Vec<Span> {
    let mut rows: BTreeMap<i32, Vec<(i32, i32)>> = BTreeMap::new();
    let half: Vec<i32> = (-radius..=radius)
        .map(|dy| f64::from(radius * radius - dy * dy).max(0.0).sqrt().round() as i32)
        .collect();
    let mut dot = |x: i32, y: i32| {
        for (dy, wide) in (-radius..=radius).zip(&half) {
            let (row, from, to) = (y + dy, (x - wide).max(0), (x + wide + 1).min(limit.0));
            if row >= 0 && row < limit.1 && from < to {
                rows.entry(row).or_default().push((from, to));
            }
        }
    };
    for stroke in strokes {
        if let [only] = stroke.as_slice() {
            dot(only.x, only.y);
        }
        for pair in stroke.windows(2) {
            let ((x, y), (dx, dy)) = ((pair[0].x, pair[0].y), (pair[1].x - pair[0].x, pair[1].y - pair[0].y));
            let steps = dx.abs().max(dy.abs()).clamp(1, MAX_STEPS);
            for step in 0..=steps {
                let along =
                    |delta: i32| (f64::from(delta) * f64::from(step) / f64::from(steps)).round() as i32;
                dot(x + along(dx), y + along(dy));
            }
        }
    }
    merge(rows)
}

/// Joins what touches within a row, and rows that are alike.
fn merge(rows: BTreeMap<i32, Vec<(i32, i32)>>) -> Vec<Span> {
    let mut done: Vec<Span> = Vec::new();
    // Rectangles of the row before, which may go on.
    let mut open: Vec<Span> = Vec::new();
    for (y, mut spans) in rows {
        spans.sort_unstable();
        let mut joined: Vec<(i32, i32)> = Vec::new();
        for (from, to) in spans {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                Some(_) | None => joined.push((from, to)),
            }
        }
        let mut next = Vec::with_capacity(joined.len());
        for (from, to) in joined {
            let goes_on =
                open.iter().position(|(x, top, w, h)| *x == from && *w == to - from && top + h == y);
            next.push(match goes_on {
                Some(at) => {
                    let (x, top, w, h) = open.swap_remove(at);
                    (x, top, w, h + 1)
                }
                None => (from, y, to - from, 1),
            });
        }
        done.append(&mut open);
        open = next;
    }
    done.append(&mut open);
    done
}

/// The smallest rectangle around all of them.
#[must_use]
pub fn around(spans: &[Span]) -> Option<Span> {
    let (left, top) = (spans.iter().map(|s| s.0).min()?, spans.iter().map(|s| s.1).min()?);
    let (right, bottom) = (spans.iter().map(|s| s.0 + s.2).max()?, spans.iter().map(|s| s.1 + s.3).max()?);
    Some((left, top, right - left, bottom - top))
}

#[cfg(test)]
mod tests {
    use farhand_protocol::channel::pointing::Colour;

    use super::*;

    const SCREEN: (i32, i32) = (200, 100);

    fn mark(shape: Shape, places: &[(i32, i32)]) -> Mark {
        let places = places.iter().map(|(x, y)| Place { x: *x, y: *y }).collect();
        Mark { shape, colour: Colour::Red, places }
    }

    fn pixels(spans: &[Span]) -> Vec<(i32, i32)> {
        let mut all: Vec<(i32, i32)> = spans
            .iter()
            .flat_map(|(x, y, w, h)| (*y..y + h).flat_map(move |row| (*x..x + w).map(move |at| (at, row))))
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "rectangles overlap");
        all
    }

    #[test]
    fn a_straight_line_is_one_rectangle_with_round_ends() {
        let spans = covered(&strokes(&mark(Shape::Line, &[(20, 50), (120, 50)])), 2, SCREEN);
        assert_eq!(around(&spans), Some((18, 48, 105, 5)));
        assert!(spans.len() <= 5, "{spans:?}");
        assert!(pixels(&spans).contains(&(70, 52)) && !pixels(&spans).contains(&(70, 53)));
    }

    #[test]
    fn every_shape_passes_through_its_places() {
        for shape in [Shape::Arrow, Shape::Line, Shape::Free, Shape::Box, Shape::Unknown] {
            let drawn = pixels(&covered(&strokes(&mark(shape, &[(10, 10), (90, 60)])), 2, SCREEN));
            assert!(drawn.contains(&(10, 10)) && drawn.contains(&(90, 60)), "{shape:?}");
            assert_eq!(drawn.contains(&(50, 35)), shape != Shape::Box, "{shape:?}");
            assert_eq!(drawn.contains(&(90, 10)), shape == Shape::Box, "{shape:?}");
        }
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_screen() {
        let far = i32::MAX / 4;
        for places in [vec![(-50, -50), (300, 200)], vec![(-far, 5), (far, 5)], vec![(199, 99)]] {
            let spans = covered(&strokes(&mark(Shape::Free, &places)), 3, SCREEN);
            assert!(spans.iter().all(|(x, y, w, h)| *x >= 0 && *y >= 0 && x + w <= 200 && y + h <= 100));
        }
        assert_eq!(covered(&strokes(&mark(Shape::Free, &[])), 3, SCREEN), []);
    }

    #[test]
    fn a_longest_line_has_few_rectangles() {
        let zigzag: Vec<(i32, i32)> = (0..1024).map(|at| (at % 200, (at * 37) % 100)).collect();
        let spans = covered(&strokes(&mark(Shape::Free, &zigzag)), 2, SCREEN);
        assert!(spans.len() < 5_000, "{}", spans.len());
    }
}
