//! The decoder for web views that have none: H.264 in, planes of I420 out. It runs on a thread of its own, for one
//! session; what the far side made is an error at worst.

use openh264::decoder::Decoder;
use openh264::formats::YUVSource as _;
use tokio::sync::mpsc;

/// Pictures that may wait to be decoded; the renderer asks for few at a time.
const WAITING: usize = 16;
/// The longest side of a picture, in pixels.
const MAX_SIDE: usize = 8192;

/// A picture to be decoded.
#[derive(Debug)]
pub struct Unit {
    /// The renderer's number for it.
    pub id: u32,
    /// Annex B.
    pub data: bytes::Bytes,
}

/// The planes of a picture, without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels; even.
    pub width: u16,
    /// In pixels; even.
    pub height: u16,
    /// Y, then U, then V.
    pub i420: Vec<u8>,
}

/// A decoder's answer: nothing when the unit gave no picture.
pub type Decoded = (u32, Option<Picture>);

/// Starts a decoder; it ends when the sender is dropped.
///
/// # Errors
/// The system's, when there is no thread.
pub fn start() -> std::io::Result<(mpsc::Sender<Unit>, mpsc::Receiver<Decoded>)> {
    let (units, mut waiting) = mpsc::channel::<Unit>(WAITING);
    let (done, pictures) = mpsc::channel(WAITING);
    std::thread::Builder::new().name("decoder".into()).spawn(move || {
        let mut decoder = Decoder::new().ok();
        while let Some(Unit { id, data }) = waiting.blocking_recv() {
            let picture = decoder.as_mut().and_then(|decoder| decode(decoder, &data));
            if done.blocking_send((id, picture)).is_err() {
                return;
            }
        }
    })?;
    Ok((units, pictures))
}

fn decode(decoder: &mut Decoder, data: &[u8]) -> Option<Picture> {
    let decoded = match decoder.decode(data) {
        Ok(decoded) => decoded?,
        Err(error) => {
            tracing::debug!(%error, "a picture could not be decoded");
            return None;
        }
    };
    let (width, height) = decoded.dimensions();
    if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE || width % 2 != 0 || height % 2 != 0
    {
        return None;
    }
    let (y, u, v) = decoded.strides();
    let mut i420 = Vec::with_capacity(width * height * 3 / 2);
    rows(&mut i420, decoded.y(), y, width, height)?;
    rows(&mut i420, decoded.u(), u, width / 2, height / 2)?;
    rows(&mut i420, decoded.v(), v, width / 2, height / 2)?;
    Some(Picture { width: u16::try_from(width).ok()?, height: u16::try_from(height).ok()?, i420 })
}

fn rows(out: &mut Vec<u8>, plane: &[u8], stride: usize, width: usize, height: usize) -> Option<()> {
    for row in 0..height {
        out.extend_from_slice(plane.get(row * stride..row * stride + width)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use openh264::encoder::Encoder;
    use openh264::formats::YUVBuffer;

    use super::*;

    #[tokio::test]
    async fn a_picture_comes_back_and_nonsense_does_not() {
        let (units, mut pictures) = start().unwrap();
        let grey = YUVBuffer::from_vec(vec![120; 64 * 48 * 3 / 2], 64, 48);
        let data = Encoder::new().unwrap().encode(&grey).unwrap().to_vec();
        for bad in [&b""[..], b"\0\0\0\x01", &[0xff; 64]] {
            units.send(Unit { id: 1, data: bad.to_vec().into() }).await.unwrap();
            assert_eq!(pictures.recv().await.unwrap(), (1, None));
        }
        units.send(Unit { id: 2, data: data.into() }).await.unwrap();
        let (id, picture) = pictures.recv().await.unwrap();
        let picture = picture.unwrap();
        assert_eq!((id, picture.width, picture.height, picture.i420.len()), (2, 64, 48, 64 * 48 * 3 / 2));
        assert!(picture.i420.iter().all(|value| value.abs_diff(120) <= 4));
    }
}
