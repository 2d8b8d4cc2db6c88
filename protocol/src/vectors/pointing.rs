//! What the technician points at.

use crate::channel::chat::Chat;
use crate::channel::pointing::{Colour, MAX_PLACES, Mark, Place, Pointing, Shape};

pub(super) fn all() -> Vec<Chat> {
    let place = |x, y| Place { x, y };
    let mark = |shape, colour| Mark { shape, colour, places: vec![place(10, 20), place(1919, 1079)] };
    let line: Vec<Place> = (0..).map(|at| place(at * 7, at * at)).take(MAX_PLACES).collect();
    let draw = |number, stays, mark| Pointing::Draw { number, stays, mark };
    let list = vec![
        Pointing::Light { at: place(640, 360) },
        Pointing::Light { at: place(-1, i32::MAX) },
        Pointing::Dark,
        draw(1, false, mark(Shape::Arrow, Colour::Red)),
        draw(2, true, mark(Shape::Line, Colour::Yellow)),
        draw(3, true, mark(Shape::Box, Colour::Green)),
        draw(u32::MAX, false, Mark { shape: Shape::Free, colour: Colour::Blue, places: line }),
        draw(4, false, Mark { shape: Shape::Free, colour: Colour::Red, places: Vec::new() }),
        Pointing::Erase { number: 2 },
        Pointing::EraseAll,
        Pointing::Cleared,
    ];
    list.into_iter().map(|pointing| Chat::Pointing { pointing }).collect()
}
