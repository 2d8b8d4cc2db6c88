//! The archive that a flat package is: a table of contents in XML, and what it names.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Length of the head, and the kind of sum that everything has: the one that every macOS reads. Whether a package is
/// genuine is said by its signature, not by these.
const HEAD: u16 = 28;
const SHA1: u32 = 1;
const SUM: usize = 20;

/// What goes into it.
#[derive(Clone, Debug)]
pub enum Member {
    File { name: String, bytes: Vec<u8> },
    Folder { name: String, members: Vec<Member> },
}

impl Member {
    /// A file.
    pub fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::File { name: name.to_owned(), bytes: bytes.into() }
    }
}

fn sum(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

/// Makes it. `time` is as XML says times.
pub fn make(members: &[Member], time: &str) -> Vec<u8> {
    // The sum of the table comes first.
    let mut heap = vec![0; SUM];
    let (mut listed, mut id) = (String::new(), 0);
    for member in members {
        list(member, time, 2, &mut id, &mut heap, &mut listed);
    }
    let table = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xar>\n <toc>\n  <creation-time>{time}</creation-time>\n  \
         <checksum style=\"sha1\">\n   <offset>0</offset>\n   <size>{SUM}</size>\n  </checksum>\n{listed} </toc>\n</xar>\n"
    );
    let packed = zlib(table.as_bytes());
    heap[..SUM].copy_from_slice(&sum(&packed));
    let mut all = b"xar!".to_vec();
    all.extend(HEAD.to_be_bytes());
    all.extend(1_u16.to_be_bytes());
    all.extend((packed.len() as u64).to_be_bytes());
    all.extend((table.len() as u64).to_be_bytes());
    all.extend(SHA1.to_be_bytes());
    all.extend(packed);
    all.extend(heap);
    all
}

fn list(member: &Member, time: &str, depth: usize, id: &mut u32, heap: &mut Vec<u8>, out: &mut String) {
    *id += 1;
    let space = " ".repeat(depth);
    out.push_str(&format!("{space}<file id=\"{id}\">\n"));
    let mut put = |line: String| out.push_str(&format!("{space} {line}\n"));
    let times = format!("<ctime>{time}Z</ctime><mtime>{time}Z</mtime><atime>{time}Z</atime>");
    match member {
        Member::File { name, bytes } => {
            let sum: String = sum(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            put("<data>".to_owned());
            put(format!(" <length>{}</length>", bytes.len()));
            put(" <encoding style=\"application/octet-stream\"/>".to_owned());
            put(format!(" <offset>{}</offset>", heap.len()));
            put(format!(" <size>{}</size>", bytes.len()));
            put(format!(" <extracted-checksum style=\"sha1\">{sum}</extracted-checksum>"));
            put(format!(" <archived-checksum style=\"sha1\">{sum}</archived-checksum>"));
            put("</data>".to_owned());
            put(times);
            put("<type>file</type>".to_owned());
            put("<mode>0644</mode>".to_owned());
            put(format!("<name>{name}</name>"));
            heap.extend(bytes);
        }
        Member::Folder { name, members } => {
            put(times);
            put("<type>directory</type>".to_owned());
            put("<mode>0755</mode>".to_owned());
            put(format!("<name>{name}</name>"));
            for member in members {
                list(member, time, depth + 1, id, heap, out);
            }
        }
    }
    out.push_str(&format!("{space}</file>\n"));
}

/// The form of zlib, as it stands: a table is short.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let pieces = bytes.chunks(usize::from(u16::MAX));
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.enumerate() {
        let length = piece.len() as u16;
        out.push(u8::from(at == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(piece);
    }
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    out.extend((high << 16 | low).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_it_lies_where_the_table_says() {
        let inner = Member::Folder { name: "a.pkg".into(), members: vec![Member::file("Bom", *b"bom")] };
        let archive = make(&[Member::file("Distribution", *b"<x/>"), inner], "2023-11-14T22:13:20");
        let long = |at: usize| u64::from_be_bytes(archive[at..at + 8].try_into().expect("eight")) as usize;
        let (packed, length) = (long(8), long(16));
        // As it stands: two bytes, five of a block's head, and four of a sum around it.
        assert_eq!(packed, length + 2 + 5 + 4);
        let table = String::from_utf8_lossy(&archive[28 + 7..28 + 7 + length]).into_owned();
        let heap = &archive[28 + packed..];
        assert_eq!(heap[..SUM], sum(&archive[28..28 + packed]));
        let (_, rest) = table.split_once("<name>a.pkg</name>").expect("the folder");
        assert!(rest.contains("<offset>24</offset>") && rest.contains("<name>Bom</name>"));
        assert_eq!(&heap[20..], b"<x/>bom");
        assert_eq!(table.matches("<file id=").count(), 3);
    }

    #[test]
    fn adler_is_adler() {
        assert_eq!(zlib(b"Wikipedia")[2 + 5 + 9..], 0x11e6_0398_u32.to_be_bytes());
    }
}
