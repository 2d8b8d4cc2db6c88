//! A tar archive (POSIX ustar), as much of it as an export needs: plain files, one after the other.

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

const BLOCK: usize = 512;

/// Writes files one after the other.
pub struct Archive<W> {
    out: W,
    /// Seconds since 1970, of every file.
    at: u64,
}

impl<W: AsyncWrite + Unpin> Archive<W> {
    /// Into `out`; every file carries this time (seconds since 1970).
    pub fn new(out: W, at: u64) -> Self {
        Self { out, at }
    }

    /// Writes a file. Names are plain ASCII of at most 100 bytes.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// # Panics
    /// When the name is longer, which is a mistake in this program.
    pub async fn file(&mut self, name: &str, content: &[u8]) -> std::io::Result<()> {
        self.out.write_all(&header(name, content.len() as u64, self.at)).await?;
        self.out.write_all(content).await?;
        let rest = content.len() % BLOCK;
        if rest > 0 {
            self.out.write_all(&[0; BLOCK][rest..]).await?;
        }
        Ok(())
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// Those of the writer.
    pub async fn finish(mut self) -> std::io::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK]).await?;
        self.out.shutdown().await
    }
}

fn header(name: &str, size: u64, at: u64) -> [u8; BLOCK] {
    assert!(name.len() <= 100 && name.is_ascii(), "names in the archive are short and plain");
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", at & 0o77_777_777_777).as_bytes());
    // The sum is taken with blanks in its own place.
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
