//! A video encoder in a thread of its own, so that a key that was typed never waits for a picture of a film.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use farhand_screen::Begun;

use super::{FrameView, Rect, VideoEncoder, VideoError, VideoUnit};

/// What goes to the thread and comes back: its buffers are used again and again.
#[derive(Default)]
struct Job {
    pixels: Vec<u8>,
    region: Rect,
    keyframe: bool,
    /// The rate from this picture on, when it changed.
    rate: Option<u32>,
    /// Somebody waits for this one, and need not be woken.
    awaited: bool,
    out: Vec<u8>,
}

struct Done {
    job: Job,
    unit: Result<VideoUnit, VideoError>,
    codec: u8,
}

enum State {
    Idle(Job),
    Busy,
    Ready(Done),
    /// The thread ended.
    Gone,
}

/// Hands pictures to an encoder in another thread, which begins with the first of them. At most one is there at a time; it
/// ends with its owner.
pub struct Beside {
    /// What the thread will do, until there is one: most screens never show a film.
    work: Option<Box<dyn FnOnce() + Send>>,
    jobs: SyncSender<Job>,
    done: Receiver<Done>,
    state: State,
    codec: u8,
    rate: Option<u32>,
}

impl Beside {
    /// Gives the encoder a thread. `wake` is called there whenever a picture that was begun is finished.
    pub fn new(mut encoder: Box<dyn VideoEncoder + Send>, wake: impl Fn() + Send + 'static) -> Self {
        let codec = encoder.codec();
        let (jobs, inbox) = sync_channel::<Job>(1);
        let (outbox, done) = sync_channel(1);
        let work = move || {
            for mut job in inbox {
                if let Some(rate) = job.rate.take() {
                    encoder.set_rate(rate);
                }
                job.out.clear();
                let (w, h) = (job.region.w, job.region.h);
                let frame = FrameView { pixels: &job.pixels, stride: w as usize * 4, width: w, height: h };
                let unit = encoder.encode(frame, Rect::new(0, 0, w, h), job.keyframe, &mut job.out);
                let awaited = job.awaited;
                if outbox.send(Done { job, unit, codec: encoder.codec() }).is_err() {
                    return;
                }
                if !awaited {
                    wake();
                }
            }
        };
        let state = State::Idle(Job::default());
        Self { work: Some(Box::new(work)), jobs, done, state, codec, rate: None }
    }

    /// Starts the thread where there is none yet. Without one nothing takes what is posted.
    fn start(&mut self) {
        let Some(work) = self.work.take() else { return };
        if let Err(error) = std::thread::Builder::new().name("video".into()).spawn(work) {
            tracing::warn!(%error, "no thread for the video codec");
        }
    }

    fn post(
        &mut self,
        mut job: Job,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        awaited: bool,
    ) -> bool {
        job.pixels.clear();
        for y in region.y..region.bottom() {
            job.pixels.extend_from_slice(frame.row(y, region.x, region.w));
        }
        job = Job { region, keyframe, awaited, rate: self.rate.take(), ..job };
        self.start();
        let posted = self.jobs.send(job).is_ok();
        self.state = if posted { State::Busy } else { State::Gone };
        posted
    }

    /// The buffers, when the thread is not at work; whatever it had ready is thrown away.
    fn take_idle(&mut self) -> Option<Job> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Idle(job) => Some(job),
            State::Ready(done) => Some(done.job),
            State::Busy => {
                self.state = State::Busy;
                None
            }
            State::Gone => None,
        }
    }

    fn receive(&mut self, done: Done, out: &mut Vec<u8>) -> Result<VideoUnit, VideoError> {
        self.codec = done.codec;
        let start = out.len();
        out.extend_from_slice(&done.job.out);
        let region = done.job.region;
        self.state = State::Idle(done.job);
        done.unit.map(|unit| VideoUnit { region, data: start..out.len(), ..unit })
    }
}

impl VideoEncoder for Beside {
    fn codec(&self) -> u8 {
        self.codec
    }

    fn encode(
        &mut self,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        let ended = || VideoError("the codec's thread ended".to_owned());
        let job = match self.take_idle() {
            Some(job) => job,
            None => self.done.recv().map_err(|_| ended())?.job,
        };
        if !self.post(job, frame, region, keyframe, true) {
            return Err(ended());
        }
        let done = self.done.recv().map_err(|_| ended())?;
        self.receive(done, out)
    }

    fn set_rate(&mut self, bits_per_second: u32) {
        self.rate = Some(bits_per_second);
    }

    fn begin(&mut self, frame: FrameView<'_>, region: Rect) -> Begun {
        if self.is_finished() {
            return Begun::Busy;
        }
        match self.take_idle() {
            Some(job) => {
                if self.post(job, frame, region, false, false) {
                    Begun::Taken
                } else {
                    Begun::Never
                }
            }
            None if matches!(self.state, State::Busy) => Begun::Busy,
            None => Begun::Never,
        }
    }

    fn is_finished(&mut self) -> bool {
        if let State::Busy = self.state {
            match self.done.try_recv() {
                Ok(done) => self.state = State::Ready(done),
                Err(std::sync::mpsc::TryRecvError::Empty) => {}
                Err(std::sync::mpsc::TryRecvError::Disconnected) => self.state = State::Gone,
            }
        }
        matches!(self.state, State::Ready(_))
    }

    fn finished(&mut self, out: &mut Vec<u8>) -> Option<Result<VideoUnit, VideoError>> {
        if !self.is_finished() {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Ready(done) => Some(self.receive(done, out)),
            other => {
                self.state = other;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::FakeEncoder;
    use super::*;
    use std::sync::mpsc::channel;

    const PIXELS: [u8; 64 * 32 * 4] = [7; 64 * 32 * 4];
    const FRAME: FrameView<'_> = FrameView { pixels: &PIXELS, stride: 64 * 4, width: 64, height: 32 };
    const REGION: Rect = Rect::new(16, 8, 32, 16);

    #[test]
    fn a_picture_that_was_begun_comes_as_if_it_had_been_made_at_once() {
        let (woken, wakes) = channel();
        let mut beside =
            Beside::new(Box::<FakeEncoder>::default(), move || woken.send(()).expect("the test waits"));
        let mut plain = FakeEncoder::default();
        let (mut ours, mut theirs) = (vec![9], vec![9]);
        let first = beside.encode(FRAME, REGION, true, &mut ours).unwrap();
        assert_eq!(first, plain.encode(FRAME, REGION, true, &mut theirs).unwrap());
        assert_eq!(beside.begin(FRAME, REGION), Begun::Taken);
        wakes.recv().unwrap();
        assert!(beside.is_finished());
        assert_eq!(beside.begin(FRAME, REGION), Begun::Busy, "what is ready must be taken first");
        let second = beside.finished(&mut ours).unwrap().unwrap();
        assert_eq!(second, plain.encode(FRAME, REGION, false, &mut theirs).unwrap());
        assert_eq!(ours, theirs);
        assert!(beside.finished(&mut ours).is_none());
    }

    #[test]
    fn a_keyframe_does_not_wait_for_what_was_begun_to_be_taken() {
        let mut beside = Beside::new(Box::<FakeEncoder>::default(), || {});
        let mut out = Vec::new();
        beside.encode(FRAME, REGION, true, &mut out).unwrap();
        assert_eq!(beside.begin(FRAME, REGION), Begun::Taken);
        let wider = Rect::new(0, 0, 64, 32);
        let unit = beside.encode(FRAME, wider, true, &mut out).unwrap();
        assert_eq!((unit.region, unit.keyframe), (wider, true));
        assert!(!beside.is_finished(), "the picture before it is gone");
    }

    #[test]
    fn a_codec_begins_with_its_first_picture_and_keeps_the_rate_told_before() {
        struct Watched(std::sync::mpsc::Sender<Option<u32>>);
        impl VideoEncoder for Watched {
            fn codec(&self) -> u8 {
                5
            }
            fn encode(
                &mut self,
                _: FrameView<'_>,
                region: Rect,
                keyframe: bool,
                out: &mut Vec<u8>,
            ) -> Result<VideoUnit, VideoError> {
                self.0.send(None).unwrap();
                Ok(VideoUnit { ticket: 0, region, codec: 5, keyframe, data: out.len()..out.len() })
            }
            fn set_rate(&mut self, rate: u32) {
                self.0.send(Some(rate)).unwrap();
            }
        }
        let (tell, told) = channel();
        let mut beside = Beside::new(Box::new(Watched(tell)), || {});
        assert_eq!(beside.codec(), 5);
        beside.set_rate(70_000);
        assert!(!beside.is_finished() && beside.work.is_some(), "nothing to do yet");
        beside.encode(FRAME, REGION, true, &mut Vec::new()).unwrap();
        assert!(beside.work.is_none());
        assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [Some(70_000), None]);
    }

    #[test]
    fn a_codec_that_panics_is_an_error() {
        struct Broken;
        impl VideoEncoder for Broken {
            fn codec(&self) -> u8 {
                5
            }
            fn encode(
                &mut self,
                _: FrameView<'_>,
                _: Rect,
                _: bool,
                _: &mut Vec<u8>,
            ) -> Result<VideoUnit, VideoError> {
                panic!("a broken codec")
            }
            fn set_rate(&mut self, _: u32) {}
        }
        let mut beside = Beside::new(Box::new(Broken), || {});
        assert!(beside.encode(FRAME, REGION, true, &mut Vec::new()).is_err());
        assert_eq!(beside.begin(FRAME, REGION), Begun::Never);
        assert!(beside.encode(FRAME, REGION, true, &mut Vec::new()).is_err());
    }
}
