//! From the screen's pixels to what video codecs take: planes of brightness and, at half the size, of colour.

use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

use super::{FrameView, MIN_SIDE, Rect, VideoError};

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
        let even = region.w % 2 == 0 && region.h % 2 == 0;
        if !frame.is_consistent() || !bounds.contains(region) || !even || region.w.min(region.h) < MIN_SIDE {
            let Rect { x, y, w, h } = region;
            return Err(VideoError(format!("a region of {w} by {h} pixels at {x}, {y} cannot be encoded")));
        }
        (self.width, self.height) = (region.w, region.h);
        let brightness = region.w as usize * region.h as usize;
        self.bytes.resize(brightness / 2 * 3, 0);
        let (y, colours) = self.bytes.split_at_mut(brightness);
        let (u, v) = colours.split_at_mut(brightness / 4);
        let mut planes = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(y),
            y_stride: region.w,
            u_plane: BufferStoreMut::Borrowed(u),
            u_stride: region.w / 2,
            v_plane: BufferStoreMut::Borrowed(v),
            v_stride: region.w / 2,
            width: region.w,
            height: region.h,
        };
        let start = region.y as usize * frame.stride + region.x as usize * 4;
        let stride = u32::try_from(frame.stride).map_err(|_| VideoError("rows are too long".to_owned()))?;
        yuv::bgra_to_yuv420(
            &mut planes,
            &frame.pixels[start..],
            stride,
            YuvRange::Limited,
            YuvStandardMatrix::Bt709,
            YuvConversionMode::Balanced,
        )
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
