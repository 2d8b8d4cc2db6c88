//! Few rectangles around changed pixels.

use super::diff::Changes;
use crate::geometry::Rect;

/// More rectangles than this are joined into one.
const MOST: usize = crate::wire::MAX_RECTS / 2;
/// Rows without a change that a rectangle may bridge.
const BRIDGE: u32 = 3;
/// Pixels that a rectangle may grow by without need, beside a quarter of its area: about what another rectangle costs.
const SLACK: u64 = 96;

/// Gathers rows' spans into rectangles.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    open: Vec<Growing>,
    done: Vec<Rect>,
}

/// A rectangle that may grow downwards.
#[derive(Clone, Copy, Debug)]
struct Growing {
    rect: Rect,
    /// Pixels of it that changed.
    changed: u64,
}

impl Builder {
    /// Covers every changed pixel. At most [`MOST`] rectangles, whose areas add up to at most the screen's.
    pub(crate) fn build(&mut self, changes: &Changes, screen: Rect) {
        self.open.clear();
        self.done.clear();
        for (y, spans) in changes.rows() {
            let done = &mut self.done;
            self.open.retain(|growing| {
                let open = growing.rect.bottom() + BRIDGE >= y;
                if !open {
                    done.push(growing.rect);
                }
                open
            });
            for span in spans {
                let row = Rect::new(span.from, y, span.to - span.from, 1);
                let grown = self.open.iter_mut().find_map(|growing| {
                    let rect = growing.rect.union(row);
                    let changed = growing.changed + row.area();
                    let worth = rect.area() <= changed + changed / 4 + SLACK;
                    worth.then_some((growing, Growing { rect, changed }))
                });
                match grown {
                    Some((growing, bigger)) => *growing = bigger,
                    None => self.open.push(Growing { rect: row, changed: row.area() }),
                }
            }
        }
        self.done.extend(self.open.drain(..).map(|g| g.rect));
        let area: u64 = self.done.iter().map(|r| r.area()).sum();
        if self.done.len() > MOST || area > screen.area() {
            let all = self.done.drain(..).fold(Rect::default(), Rect::union);
            self.done.push(all);
        }
    }

    pub(crate) fn rects(&self) -> &[Rect] {
        &self.done
    }
}
