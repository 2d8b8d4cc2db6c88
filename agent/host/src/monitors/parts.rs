//! Parts of a desktop as lists of rectangles.

use super::Area;

/// What is left of `parts` without `cut`.
pub fn without(parts: Vec<Area>, cut: Area) -> Vec<Area> {
    let mut left = Vec::with_capacity(parts.len());
    for part in parts {
        match part.overlap(cut) {
            None => left.push(part),
            Some(hole) => strips(part, hole, &mut left),
        }
    }
    left
}

/// What is left of `parts` without any of `cuts`.
pub fn without_all(parts: Vec<Area>, cuts: &[Area]) -> Vec<Area> {
    cuts.iter().fold(parts, |left, cut| if left.is_empty() { left } else { without(left, *cut) })
}

/// What of `parts` lies within `bounds`.
pub fn within(parts: &[Area], bounds: Area) -> Vec<Area> {
    parts.iter().filter_map(|part| part.overlap(bounds)).collect()
}

/// The smallest part around all of them.
pub fn around(parts: &[Area]) -> Area {
    let end = |start: i32, length: u32| i64::from(start) + i64::from(length);
    let x = parts.iter().map(|part| part.x).min().unwrap_or(0);
    let y = parts.iter().map(|part| part.y).min().unwrap_or(0);
    let right = parts.iter().map(|part| end(part.x, part.width)).max().unwrap_or(0);
    let bottom = parts.iter().map(|part| end(part.y, part.height)).max().unwrap_or(0);
    let length = |start: i32, end: i64| u32::try_from(end - i64::from(start)).unwrap_or(0);
    Area { x, y, width: length(x, right), height: length(y, bottom) }
}

/// The strips of a part around a hole that lies in it.
fn strips(part: Area, hole: Area, left: &mut Vec<Area>) {
    let (right, bottom) = (end(part.x, part.width), end(part.y, part.height));
    let (hole_right, hole_bottom) = (end(hole.x, hole.width), end(hole.y, hole.height));
    let mut strip = |x: i32, y: i32, to_x: i64, to_y: i64| {
        if let (Ok(width), Ok(height)) =
            (u32::try_from(to_x - i64::from(x)), u32::try_from(to_y - i64::from(y)))
            && width > 0
            && height > 0
        {
            left.push(Area { x, y, width, height });
        }
    };
    strip(part.x, part.y, right, hole.y.into());
    strip(part.x, narrow(hole_bottom), right, bottom);
    strip(part.x, hole.y, hole.x.into(), hole_bottom);
    strip(narrow(hole_right), hole.y, right, hole_bottom);
}

fn end(start: i32, length: u32) -> i64 {
    i64::from(start) + i64::from(length)
}

fn narrow(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x: i32, y: i32, width: u32, height: u32) -> Area {
        Area { x, y, width, height }
    }

    #[test]
    fn each_point_is_in_what_is_left_exactly_where_it_should_be() {
        let whole = area(0, 0, 20, 15);
        let cuts =
            [area(-3, -3, 6, 6), area(10, 5, 5, 5), area(12, 0, 2, 30), area(19, 14, 9, 9), area(5, 5, 0, 9)];
        let left = without_all(vec![whole], &cuts);
        for y in -1..17 {
            for x in -1..22 {
                let wanted = whole.contains(x, y) && !cuts.iter().any(|cut| cut.contains(x, y));
                let times = left.iter().filter(|part| part.contains(x, y)).count();
                assert_eq!(times, usize::from(wanted), "{x} {y}");
            }
        }
        assert!(without(left, area(-5, -5, 100, 100)).is_empty());
    }
}
