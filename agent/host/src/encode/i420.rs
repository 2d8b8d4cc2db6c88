//! From the screen's pixels to what video codecs take: planes of brightness and, at half the size, of colour.

use dcv_color_primitives::{ColorSpace, ImageFormat, PixelFormat, convert_image};

use super::{FrameView, MIN_SIDE, Rect, VideoError};

const SCREEN: ImageFormat =
    ImageFormat { pixel_format: PixelFormat::Bgra, color_space: ColorSpace::Rgb, num_planes: 1 };
/// BT.709, limited range.
const PICTURE: ImageFormat =
    ImageFormat { pixel_format: PixelFormat::I420, color_space: ColorSpace::Bt709, num_planes: 3 };

/// A picture in planes, kept between pictures so that nothing is allocated for each.
#[derive(Debug, Default)]
pub struct Planes {
    bytes: Vec<u8>,
    width: u32,
    height: u32,
}

impl Planes {
    /// Takes over a region of a frame.
    ///
    /// # Errors
    /// The region is not in the frame, has an odd side or one under [`MIN_SIDE`].
    pub fn fill(&mut self, frame: FrameView<'_>, region: Rect) -> Result<(), VideoError> {
        let bounds = Rect { x: 0, y: 0, w: frame.width, h: frame.height };
        let even = region.w.is_multiple_of(2) && region.h.is_multiple_of(2);
        if !frame.is_consistent() || !bounds.contains(region) || !even || region.w.min(region.h) < MIN_SIDE {
            let Rect { x, y, w, h } = region;
            return Err(VideoError(format!("a region of {w} by {h} pixels at {x}, {y} cannot be encoded")));
        }
        (self.width, self.height) = (region.w, region.h);
        self.bytes.resize(region.w as usize * region.h as usize / 2 * 3, 0);
        let start = region.y as usize * frame.stride + region.x as usize * 4;
        let pixels = &frame.pixels[start..];
        if pixels.len() >= frame.stride * region.h as usize {
            return self.convert(pixels, frame.stride, 0..region.h);
        }
        // The converter takes rows of whole strides only, and leaves the others out without a word. At the end of the
        // frame the last row of a region can be shorter: the last two go through a copy.
        let whole = region.h - 2;
        self.convert(pixels, frame.stride, 0..whole)?;
        let row = |y| frame.row(region.y + y, region.x, region.w);
        let last = [row(whole), row(whole + 1)].concat();
        self.convert(&last, region.w as usize * 4, whole..region.h)
    }

    /// Converts pixels, whose first row is the first of `rows`, into these rows of the planes.
    fn convert(
        &mut self,
        pixels: &[u8],
        stride: usize,
        rows: std::ops::Range<u32>,
    ) -> Result<(), VideoError> {
        let width = self.width as usize;
        let (first, last) = (rows.start as usize, rows.end as usize);
        let (y, colours) = self.bytes.split_at_mut(width * self.height as usize);
        let (u, v) = colours.split_at_mut(y.len() / 4);
        let planes: &mut [&mut [u8]] = &mut [
            &mut y[first * width..last * width],
            &mut u[first / 2 * (width / 2)..last / 2 * (width / 2)],
            &mut v[first / 2 * (width / 2)..last / 2 * (width / 2)],
        ];
        let (from, to) = (&[stride], &[width, width / 2, width / 2]);
        let height = rows.end - rows.start;
        convert_image(self.width, height, &SCREEN, Some(from), &[pixels], &PICTURE, Some(to), planes)
            .map_err(|error| VideoError(error.to_string()))
    }

    /// Width and height of the brightness.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Brightness and the two colours, rows without gaps.
    pub fn planes(&self) -> (&[u8], &[u8], &[u8]) {
        let brightness = self.width as usize * self.height as usize;
        let (y, colours) = self.bytes.split_at(brightness);
        let (u, v) = colours.split_at(brightness / 4);
        (y, u, v)
    }

    /// All three planes in one piece.
    #[cfg(feature = "av1")]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_standard() {
        let frame = [[0, 0, 255, 9]; 32 * 32].concat();
        let frame = FrameView { pixels: &frame, stride: 128, width: 32, height: 32 };
        let mut planes = Planes::default();
        planes.fill(frame, Rect { x: 8, y: 8, w: 16, h: 16 }).unwrap();
        let (y, u, v) = planes.planes();
        assert_eq!((y.len(), u.len(), v.len()), (256, 64, 64));
        // Pure red, ITU-R BT.709 limited range: 63, 102, 240.
        let near = |plane: &[u8], value: u8| plane.iter().all(|byte| byte.abs_diff(value) <= 1);
        assert!(near(y, 63) && near(u, 102) && near(v, 240), "{} {} {}", y[0], u[0], v[0]);
    }

    #[test]
    fn every_pixel_is_taken_over_whatever_the_size() {
        let pixels: Vec<u8> = (0..200 * 100 * 4_u32).map(|at| (at % 251) as u8).collect();
        let frame = FrameView { pixels: &pixels, stride: 800, width: 200, height: 100 };
        for region in [
            Rect::new(0, 0, 200, 100),
            Rect::new(2, 2, 198, 98),
            Rect::new(4, 6, 18, 22),
            Rect::new(66, 2, 134, 98),
        ] {
            let mut planes = Planes::default();
            planes.fill(frame, region).unwrap();
            let (y, _, _) = planes.planes();
            for row in 0..region.h {
                for (column, pixel) in
                    frame.row(region.y + row, region.x, region.w).chunks_exact(4).enumerate()
                {
                    let [blue, green, red] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
                    let expected = 16.0 + 219.0 / 255.0 * (0.2126 * red + 0.7152 * green + 0.0722 * blue);
                    let is = f64::from(y[row as usize * region.w as usize + column]);
                    assert!((is - expected).abs() < 2.0, "{region:?} {column}, {row}: {is} for {expected}");
                }
            }
        }
    }

    #[test]
    fn regions_that_no_codec_takes_are_refused() {
        let frame = FrameView { pixels: &[0; 64 * 64 * 4], stride: 256, width: 64, height: 64 };
        for (x, y, w, h) in
            [(0, 0, 17, 16), (0, 0, 16, 8), (50, 0, 16, 16), (0, 60, 16, 16), (u32::MAX, 0, 16, 16)]
        {
            assert!(Planes::default().fill(frame, Rect { x, y, w, h }).is_err());
        }
        let short = FrameView { pixels: &[0; 100], ..frame };
        assert!(Planes::default().fill(short, Rect { x: 0, y: 0, w: 16, h: 16 }).is_err());
    }
}
