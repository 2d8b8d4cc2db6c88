//! H.264 by openh264, in Annex B, constrained baseline, one slice a picture.
//!
//! The codec is told that it sees a camera: in its mode for screens it does not follow the rate it is given, and text
//! is sent exactly anyway. It may leave pictures out, without which it does not keep to the rate; never a keyframe.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

use farhand_protocol::screen::CodecId;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, Profile, RateControlMode, UsageType,
    VuiConfig,
};
use openh264::formats::YUVSlices;
use openh264::{OpenH264API, Timestamp};

use super::i420::Planes;
use super::{EncoderOptions, FrameView, Rect, VideoEncoder, VideoError, VideoUnit};

/// The least rate the codec is told, bits a second: below, its rate control gives up.
const MIN_RATE: u32 = 100_000;
/// The most it is told, what its highest level allows.
const MAX_RATE: u32 = 100_000_000;

/// The codec is never told of a longer time between two pictures: it would spend the bits of all of it on one picture,
/// which on a narrow path takes so long to arrive that the next one is as late and as large.
const LONGEST_STEP: Duration = Duration::from_millis(66);

/// An encoder for one region at a time; another size makes another one inside.
pub struct H264Encoder {
    options: EncoderOptions,
    planes: Planes,
    encoder: Option<Open>,
}

struct Open {
    encoder: Encoder,
    size: (u32, u32),
    /// When the last picture was made, and its time as the codec knows it.
    last: Instant,
    clock: Duration,
    rate: u32,
}

impl H264Encoder {
    pub fn new(options: EncoderOptions) -> Self {
        Self { options, planes: Planes::default(), encoder: None }
    }

    fn rate(&self) -> u32 {
        self.options.bits_per_second.clamp(MIN_RATE, MAX_RATE)
    }

    fn open(&self, size: (u32, u32)) -> Result<Open, VideoError> {
        let rate = self.rate();
        let config = EncoderConfig::new()
            .usage_type(UsageType::CameraVideoRealTime)
            .rate_control_mode(RateControlMode::Bitrate)
            .bitrate(BitRate::from_bps(rate))
            .max_frame_rate(FrameRate::from_hz(self.options.frames_per_second))
            .skip_frames(true)
            .complexity(Complexity::Low)
            .profile(Profile::Baseline)
            .scene_change_detect(false)
            .adaptive_quantization(false)
            .background_detection(false)
            // One thread: measured, a second one on two busy cores makes it slower.
            .num_threads(1)
            .vui(VuiConfig::bt709());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config).map_err(failed)?;
        Ok(Open { encoder, size, last: Instant::now(), clock: Duration::ZERO, rate })
    }
}

impl VideoEncoder for H264Encoder {
    fn codec(&self) -> u8 {
        CodecId::H264 as u8
    }

    fn encode(
        &mut self,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        self.planes.fill(frame, region)?;
        let size = self.planes.size();
        let rate = self.rate();
        let open = match self.encoder.take().filter(|open| open.size == size) {
            Some(mut open) => {
                if keyframe {
                    open.encoder.force_intra_frame();
                }
                if open.rate != rate {
                    set_rate(&mut open.encoder, rate)?;
                    open.rate = rate;
                }
                open
            }
            None => self.open(size)?,
        };
        // An encoder that fails is not put back: the next picture begins anew.
        let mut open = open;
        let (w, h) = (size.0 as usize, size.1 as usize);
        let picture = YUVSlices::new(self.planes.planes(), (w, h), (w, w / 2, w / 2));
        let now = Instant::now();
        open.clock += now.saturating_duration_since(open.last).min(LONGEST_STEP);
        open.last = now;
        let millis = u64::try_from(open.clock.as_millis()).unwrap_or(u64::MAX >> 1);
        let stream = open.encoder.encode_at(&picture, Timestamp::from_millis(millis)).map_err(failed)?;
        let start = out.len();
        stream.write_vec(out);
        // A picture left out is no error; a keyframe is never left out.
        let is_keyframe = match stream.frame_type() {
            FrameType::IDR => true,
            FrameType::I | FrameType::P | FrameType::Skip | FrameType::IPMixed => false,
            FrameType::Invalid => return Err(VideoError("openh264 made no picture".to_owned())),
        };
        self.encoder = Some(open);
        Ok(VideoUnit {
            ticket: 0,
            region,
            codec: CodecId::H264 as u8,
            keyframe: is_keyframe,
            data: start..out.len(),
        })
    }

    fn set_rate(&mut self, bits_per_second: u32) {
        self.options.bits_per_second = bits_per_second;
    }
}

fn failed(error: openh264::Error) -> VideoError {
    VideoError(error.to_string())
}

/// Tells a running encoder another rate, without a keyframe.
fn set_rate(encoder: &mut Encoder, bits_per_second: u32) -> Result<(), VideoError> {
    use openh264_sys2::{
        ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE, SBitrateInfo, SPATIAL_LAYER_ALL,
    };
    let Ok(rate) = i32::try_from(bits_per_second) else {
        return Err(VideoError("the rate is too large".to_owned()));
    };
    let mut info = SBitrateInfo { iLayer: SPATIAL_LAYER_ALL, iBitrate: rate };
    // The limit comes first when it rises and last when it falls, for the codec refuses a rate above it.
    for option in [ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE] {
        // SAFETY: both options read one `SBitrateInfo`, which lives until the call returns. They change nothing that
        // the wrapper relies on.
        let status = unsafe { encoder.raw_api().set_option(option, (&raw mut info).cast()) };
        if status != 0 && option == ENCODER_OPTION_BITRATE {
            return Err(VideoError(format!("openh264 refuses the rate ({status})")));
        }
    }
    Ok(())
}
