//! AV1 by libaom, as a low-overhead stream of OBUs with temporal delimiters, 8 bits, 4:2:0.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_uint};
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Instant;

use farhand_protocol::screen::CodecId;
use libaom_sys as aom;

use super::i420::Planes;
use super::{EncoderOptions, FrameView, Rect, VideoEncoder, VideoError, VideoUnit};

/// The fastest setting of libaom's real-time mode for video.
const SPEED: c_int = 10;
/// Stream time is counted in so many units a second.
const TICKS: c_int = 1000;
/// The least and the most the codec is told, kbit/s.
const RATES: std::ops::RangeInclusive<u32> = 50..=200_000;

/// An encoder for one region at a time; another size makes another one inside.
pub struct Av1Encoder {
    options: EncoderOptions,
    planes: Planes,
    encoder: Option<Open>,
}

impl Av1Encoder {
    pub fn new(options: EncoderOptions) -> Self {
        Self { options, planes: Planes::default(), encoder: None }
    }

    fn rate(&self) -> u32 {
        (self.options.bits_per_second / 1000).clamp(*RATES.start(), *RATES.end())
    }
}

impl VideoEncoder for Av1Encoder {
    fn codec(&self) -> u8 {
        CodecId::Av1 as u8
    }

    fn encode(
        &mut self,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        self.planes.fill(frame, region)?;
        let rate = self.rate();
        let mut open = match self.encoder.take().filter(|open| open.size() == self.planes.size()) {
            Some(mut open) => {
                open.set_rate(rate)?;
                open
            }
            None => Open::new(self.planes.size(), rate)?,
        };
        let start = out.len();
        let keyframe = open.encode(&self.planes, keyframe, self.options.frames_per_second, out)?;
        // An encoder that fails is not put back: the next picture begins anew.
        self.encoder = Some(open);
        Ok(VideoUnit { ticket: 0, region, codec: CodecId::Av1 as u8, keyframe, data: start..out.len() })
    }

    fn set_rate(&mut self, bits_per_second: u32) {
        self.options.bits_per_second = bits_per_second;
    }
}

/// A running encoder of libaom.
struct Open {
    /// On the heap, for libaom keeps pointers into its configuration.
    context: Box<aom::aom_codec_ctx_t>,
    config: Box<aom::aom_codec_enc_cfg_t>,
    since: Instant,
    last: Option<i64>,
}

// SAFETY: the context belongs to this value alone, libaom ties nothing to the thread, and nothing is shared.
unsafe impl Send for Open {}

impl Open {
    fn new((width, height): (u32, u32), rate: u32) -> Result<Self, VideoError> {
        let mut config = Box::new(MaybeUninit::uninit());
        // SAFETY: the interface is a static of libaom's, and on success the configuration is filled in whole.
        let (interface, mut config) = unsafe {
            let interface = aom::aom_codec_av1_cx();
            let status =
                aom::aom_codec_enc_config_default(interface, config.as_mut_ptr(), aom::AOM_USAGE_REALTIME);
            if status != 0 {
                return Err(VideoError(format!("libaom has no real-time mode ({status})")));
            }
            (interface, config.assume_init())
        };
        configure(&mut config, (width, height), rate);
        let mut context = Box::new(MaybeUninit::zeroed());
        // SAFETY: the context is zeroed memory of its type, of which zeros are a valid value, and interface and
        // configuration are valid; the configuration outlives the context in the same struct.
        let context = unsafe {
            let version = aom::AOM_ENCODER_ABI_VERSION as c_int;
            let status =
                aom::aom_codec_enc_init_ver(context.as_mut_ptr(), interface, &raw const *config, 0, version);
            if status != 0 {
                return Err(VideoError(format!("libaom cannot start ({status})")));
            }
            context.assume_init()
        };
        let mut open = Self { context, config, since: Instant::now(), last: None };
        open.tune()?;
        Ok(open)
    }

    fn size(&self) -> (u32, u32) {
        (self.config.g_w, self.config.g_h)
    }

    /// Switches on what is fast and off what costs more than it saves in real time.
    fn tune(&mut self) -> Result<(), VideoError> {
        let settings = [
            (aom::AOME_SET_CPUUSED, SPEED),
            (aom::AV1E_SET_AQ_MODE, 3),
            (aom::AV1E_SET_TILE_COLUMNS, 0),
            (aom::AV1E_SET_ROW_MT, 0),
            (aom::AV1E_SET_COEFF_COST_UPD_FREQ, 3),
            (aom::AV1E_SET_MODE_COST_UPD_FREQ, 3),
            (aom::AV1E_SET_MV_COST_UPD_FREQ, 3),
            (aom::AV1E_SET_CDF_UPDATE_MODE, 1),
            (aom::AV1E_SET_DELTAQ_MODE, 0),
            (aom::AV1E_SET_ENABLE_ORDER_HINT, 0),
            (aom::AV1E_SET_ENABLE_TPL_MODEL, 0),
            (aom::AV1E_SET_ENABLE_OBMC, 0),
            (aom::AV1E_SET_ENABLE_WARPED_MOTION, 0),
            (aom::AV1E_SET_ENABLE_GLOBAL_MOTION, 0),
            (aom::AV1E_SET_ENABLE_REF_FRAME_MVS, 0),
            (aom::AV1E_SET_ENABLE_CFL_INTRA, 0),
            (aom::AV1E_SET_ENABLE_SMOOTH_INTRA, 0),
            (aom::AV1E_SET_ENABLE_ANGLE_DELTA, 0),
            (aom::AV1E_SET_ENABLE_FILTER_INTRA, 0),
            (aom::AV1E_SET_ENABLE_PALETTE, 0),
            (aom::AV1E_SET_INTRA_DEFAULT_TX_ONLY, 1),
            // ITU-R BT.709 (H.273 code point 1) for all three, limited range.
            (aom::AV1E_SET_COLOR_PRIMARIES, 1),
            (aom::AV1E_SET_TRANSFER_CHARACTERISTICS, 1),
            (aom::AV1E_SET_MATRIX_COEFFICIENTS, 1),
            (aom::AV1E_SET_COLOR_RANGE, 0),
        ];
        for (control, value) in settings {
            // SAFETY: the context is initialised, and each of these controls takes one int.
            let status = unsafe { aom::aom_codec_control(&raw mut *self.context, control as c_int, value) };
            if status != 0 {
                return Err(self.failed(&format!("refuses setting {control}")));
            }
        }
        Ok(())
    }

    fn set_rate(&mut self, rate: u32) -> Result<(), VideoError> {
        if self.config.rc_target_bitrate == rate {
            return Ok(());
        }
        self.config.rc_target_bitrate = rate;
        // SAFETY: context and configuration are initialised.
        let status =
            unsafe { aom::aom_codec_enc_config_set(&raw mut *self.context, &raw const *self.config) };
        if status == 0 { Ok(()) } else { Err(self.failed("refuses the rate")) }
    }

    /// Encodes one picture. Whether it is a keyframe.
    fn encode(
        &mut self,
        planes: &Planes,
        keyframe: bool,
        frames_per_second: f32,
        out: &mut Vec<u8>,
    ) -> Result<bool, VideoError> {
        let (width, height) = self.size();
        // Time must go forward, whatever the clock does.
        let now = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        let time = self.last.map_or(now, |last| now.max(last + 1));
        self.last = Some(time);
        let duration = (TICKS as f32 / frames_per_second.max(1.0)) as _;
        let flags = if keyframe { aom::AOM_EFLAG_FORCE_KF } else { 0 };
        let mut image = MaybeUninit::uninit();
        // SAFETY: `bytes` holds the three planes of a picture of this size without gaps, which is the layout that
        // wrapping with an alignment of 1 describes; libaom only reads it, and copies it before `encode` returns.
        let status = unsafe {
            let bytes = planes.bytes().as_ptr().cast_mut();
            let wrapped =
                aom::aom_img_wrap(image.as_mut_ptr(), aom::AOM_IMG_FMT_I420, width, height, 1, bytes);
            if wrapped.is_null() {
                return Err(VideoError("libaom refuses the picture".to_owned()));
            }
            aom::aom_codec_encode(&raw mut *self.context, wrapped, time, duration, flags as _)
        };
        if status != 0 {
            return Err(self.failed("cannot encode"));
        }
        let mut is_keyframe = false;
        let mut position = ptr::null();
        loop {
            // SAFETY: the context is initialised; a packet lives until the next call on the context.
            let Some(packet) =
                (unsafe { aom::aom_codec_get_cx_data(&raw mut *self.context, &raw mut position).as_ref() })
            else {
                return Ok(is_keyframe);
            };
            if packet.kind == aom::AOM_CODEC_CX_FRAME_PKT {
                // SAFETY: the kind says which member of the union is filled in, and the buffer is of the size given.
                let (bytes, flags) = unsafe {
                    let frame = &packet.data.frame;
                    (std::slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz), frame.flags)
                };
                out.extend_from_slice(bytes);
                is_keyframe |= flags & aom::AOM_FRAME_IS_KEY != 0;
            }
        }
    }

    fn failed(&self, what: &str) -> VideoError {
        // SAFETY: the context is initialised; the detail is null or a string that lives as long as the context is not
        // used, which is until it is copied here.
        let detail = unsafe {
            let detail = aom::aom_codec_error_detail(&raw const *self.context);
            if detail.is_null() {
                String::new()
            } else {
                CStr::from_ptr(detail).to_string_lossy().into_owned()
            }
        };
        VideoError(format!("libaom {what}: {detail}"))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the context was initialised and is not used again.
        unsafe { aom::aom_codec_destroy(&raw mut *self.context) };
    }
}

/// Constant rate, no look-ahead, keyframes on request only.
fn configure(config: &mut aom::aom_codec_enc_cfg_t, (width, height): (u32, u32), rate: c_uint) {
    config.g_w = width;
    config.g_h = height;
    config.g_threads = 1;
    config.g_timebase = aom::aom_rational { num: 1, den: TICKS };
    config.g_lag_in_frames = 0;
    config.g_error_resilient = 0;
    config.rc_end_usage = aom::AOM_CBR;
    config.rc_target_bitrate = rate;
    config.rc_dropframe_thresh = 0;
    config.rc_min_quantizer = 2;
    config.rc_max_quantizer = 56;
    config.rc_undershoot_pct = 50;
    config.rc_overshoot_pct = 50;
    config.rc_buf_initial_sz = 600;
    config.rc_buf_optimal_sz = 600;
    config.rc_buf_sz = 1000;
    config.kf_mode = aom::AOM_KF_DISABLED;
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: u32 = 320;
    const HEIGHT: u32 = 192;

    /// libaom's decoder, as much of it as the tests need.
    struct Decoder(Box<aom::aom_codec_ctx_t>);

    impl Decoder {
        fn new() -> Self {
            let mut context = Box::new(MaybeUninit::zeroed());
            let version = aom::AOM_DECODER_ABI_VERSION as c_int;
            // SAFETY: as for the encoder; no configuration is the default one.
            let context = unsafe {
                let interface = aom::aom_codec_av1_dx();
                assert_eq!(
                    aom::aom_codec_dec_init_ver(context.as_mut_ptr(), interface, ptr::null(), 0, version),
                    0
                );
                context.assume_init()
            };
            Self(context)
        }

        /// The brightness of the one picture in `data`, which is as large as `region`.
        fn decode(&mut self, data: &[u8], region: Rect) -> Vec<u8> {
            let mut position = ptr::null();
            // SAFETY: the context is initialised, and the picture lives until the next call on it.
            unsafe {
                let status =
                    aom::aom_codec_decode(&raw mut *self.0, data.as_ptr(), data.len(), ptr::null_mut());
                assert_eq!(status, 0, "the decoder refuses what the encoder wrote");
                let image = aom::aom_codec_get_frame(&raw mut *self.0, &raw mut position)
                    .as_ref()
                    .expect("a picture");
                assert_eq!((image.d_w, image.d_h), (region.w, region.h));
                (0..image.d_h as usize)
                    .flat_map(|y| {
                        let row = image.planes[0].add(y * image.stride[0] as usize);
                        std::slice::from_raw_parts(row, image.d_w as usize).to_vec()
                    })
                    .collect()
            }
        }
    }

    impl Drop for Decoder {
        fn drop(&mut self) {
            // SAFETY: the context was initialised and is not used again.
            unsafe { aom::aom_codec_destroy(&raw mut *self.0) };
        }
    }

    fn film(number: u32) -> Vec<u8> {
        let wave = |at: u32| if at % 512 < 256 { (at % 512) as u8 } else { (511 - at % 512) as u8 };
        let pixel = |x, y| [wave(x + number * 4), wave(y * 2 + number * 3), wave((x + y) / 2 + number), 0];
        (0..HEIGHT).flat_map(|y| (0..WIDTH).flat_map(move |x| pixel(x, y))).collect()
    }

    fn view(pixels: &[u8]) -> FrameView<'_> {
        FrameView { pixels, stride: WIDTH as usize * 4, width: WIDTH, height: HEIGHT }
    }

    const WHOLE: Rect = Rect { x: 0, y: 0, w: WIDTH, h: HEIGHT };

    fn likeness(seen: &[u8], pixels: &[u8], region: Rect) -> f64 {
        let mut planes = Planes::default();
        planes.fill(view(pixels), region).unwrap();
        let (brightness, _, _) = planes.planes();
        let square = |(a, b): (&u8, &u8)| (f64::from(*a) - f64::from(*b)).powi(2);
        let error = seen.iter().zip(brightness).map(square).sum::<f64>() / seen.len() as f64;
        10.0 * (255.0 * 255.0 / error.max(1e-9)).log10()
    }

    #[test]
    fn pictures_are_shown_as_they_were_and_keyframes_come_when_asked_for() {
        let mut encoder = Av1Encoder::new(EncoderOptions::default());
        let mut decoder = Decoder::new();
        let mut late = None;
        for number in 0..8 {
            let (pixels, mut out) = (film(number), Vec::new());
            let unit = encoder.encode(view(&pixels), WHOLE, number == 5, &mut out).unwrap();
            assert_eq!((unit.codec, unit.data), (2, 0..out.len()));
            assert_eq!(unit.keyframe, number == 0 || number == 5, "picture {number}");
            let like = likeness(&decoder.decode(&out, WHOLE), &pixels, WHOLE);
            assert!(like > 32.0, "picture {number}: {like:.1} dB");
            if number >= 5 {
                let seen = late.get_or_insert_with(Decoder::new).decode(&out, WHOLE);
                assert!(likeness(&seen, &pixels, WHOLE) > 32.0, "a viewer that came later, picture {number}");
            }
        }
    }

    #[test]
    fn regions_of_every_size_are_shown_as_they_were() {
        // A first picture is as good as the rate allows, and this is about its size.
        let options = EncoderOptions { bits_per_second: 40_000_000, ..EncoderOptions::default() };
        let (mut encoder, mut decoder) = (Av1Encoder::new(options), Decoder::new());
        for region in [
            Rect::new(0, 0, 16, 16),
            Rect::new(304, 176, 16, 16),
            Rect::new(2, 4, 18, 22),
            Rect::new(0, 0, WIDTH, 16),
            Rect::new(66, 2, 134, 98),
            Rect::new(2, 2, 318, 190),
            WHOLE,
        ] {
            for number in 0..3 {
                let (pixels, mut out) = (film(number), Vec::new());
                let unit = encoder.encode(view(&pixels), region, number == 0, &mut out).unwrap();
                assert_eq!((unit.region, unit.keyframe), (region, number == 0));
                let like = likeness(&decoder.decode(&out, region), &pixels, region);
                assert!(like > 32.0, "{region:?}, picture {number}: {like:.1} dB");
            }
        }
    }

    #[test]
    fn another_size_begins_anew_and_another_rate_does_not() {
        let mut encoder = Av1Encoder::new(EncoderOptions::default());
        let pixels = film(0);
        let key = |encoder: &mut Av1Encoder, region| {
            encoder.encode(view(&pixels), region, false, &mut Vec::new()).unwrap().keyframe
        };
        assert!(key(&mut encoder, WHOLE));
        encoder.set_rate(300_000);
        assert!(!key(&mut encoder, WHOLE));
        encoder.set_rate(u32::MAX);
        assert!(!key(&mut encoder, WHOLE));
        assert!(key(&mut encoder, Rect { w: 64, h: 48, ..WHOLE }));
        assert!(
            encoder.encode(view(&pixels), Rect { w: 17, h: 16, ..WHOLE }, false, &mut Vec::new()).is_err()
        );
    }
}
