//! What the tests' program shows: pixels that follow from a seed alone, so that a test can say what must be seen.

mod paint;
mod workload;

pub use paint::{BLOCK, Canvas, Part, STRIP_BITS, STRIP_CELL, mix, pattern};
pub use workload::{Drawn, Mode, Workload};
