//! The one zstd stream between an encoder and its viewers.

use std::io;

use zstd::stream::raw::{CParameter, DParameter, InBuffer, Operation, OutBuffer};

use crate::wire::WINDOW_LOG;

/// The sender's end.
pub(crate) struct Compressor {
    zstd: zstd::stream::raw::Encoder<'static>,
}

/// Room made for zstd's output at a time, bytes.
const OUT_STEP: usize = 64 * 1024;

impl Compressor {
    pub(crate) fn new(level: i32) -> io::Result<Self> {
        let mut zstd = zstd::stream::raw::Encoder::new(level)?;
        zstd.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
        // Remembers more of the window than the level does: a fifth less for photos that scroll, at the same speed.
        zstd.set_parameter(CParameter::HashLog(17))?;
        zstd.set_parameter(CParameter::ContentSizeFlag(false))?;
        Ok(Self { zstd })
    }

    /// Forgets everything: the next bytes start a new stream.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.zstd.reinit()
    }

    /// Compresses `bytes`; what comes out at once is appended to `out`.
    pub(crate) fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            out.reserve(OUT_STEP);
            let start = out.len();
            let mut output = OutBuffer::around_pos(out, start);
            self.zstd.run(&mut input, &mut output)?;
        }
        Ok(())
    }

    /// Appends everything that was written and not yet put out.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        loop {
            out.reserve(OUT_STEP);
            let start = out.len();
            let mut output = OutBuffer::around_pos(out, start);
            if self.zstd.flush(&mut output)? == 0 {
                return Ok(());
            }
        }
    }
}

/// The viewer's end.
pub(crate) struct Decompressor {
    zstd: zstd::stream::raw::Decoder<'static>,
}

impl Decompressor {
    /// A stream whose window is at most the encoder's: no byte of it can make the decoder allocate more.
    pub(crate) fn new() -> io::Result<Self> {
        let mut zstd = zstd::stream::raw::Decoder::new()?;
        zstd.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self { zstd })
    }

    /// Forgets everything: the next bytes start a new stream.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.zstd.reinit()
    }

    /// Decompresses from `input` into `out` until either is used up; says how many bytes were put into `out`.
    pub(crate) fn read(&mut self, input: &mut InBuffer<'_>, out: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < out.len() {
            let before = input.pos();
            let mut output = OutBuffer::around(&mut out[done..]);
            self.zstd.run(input, &mut output)?;
            let written = output.pos();
            done += written;
            if written == 0 && input.pos() == before {
                break;
            }
        }
        Ok(done)
    }
}
