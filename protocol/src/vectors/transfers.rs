//! Messages about files.

use crate::channel::files::{FileEnd, FileEntry, FileKind, Files};

pub(crate) fn transfers() -> Vec<Files> {
    let entry = |name: &str, kind, size| FileEntry { name: name.into(), kind, size, changed: 1_790_000_000 };
    let mut list = vec![
        Files::Offer {
            transfer: 7,
            path: vec!["Bilder".into(), "Grüße.png".into()],
            size: 1 << 40,
            more: 3,
            more_size: 4096,
        },
        Files::Fetch {
            transfer: u32::MAX,
            path: "/home/ada/report.pdf".into(),
            offset: 16_384,
            until: 1_589_248,
            more: 0,
            more_size: 0,
        },
        Files::Asking { transfer: 7 },
        Files::Ready {
            transfer: 7,
            name: "Grüße (2).png".into(),
            size: 1 << 40,
            offset: 0,
            until: 1_572_864,
        },
        Files::Chunk { transfer: 7, offset: 1 << 33, bytes: vec![0, 1, 2, 255] },
        Files::Grant { transfer: 7, until: 1 << 34 },
        Files::Done { transfer: 7, hash: (0..32).collect() },
        Files::Finished { transfer: 7, name: "Grüße (2).png".into() },
        Files::List { list: 1, path: String::new() },
        Files::Listing {
            list: 1,
            path: "/home/ada".into(),
            parent: Some("/home".into()),
            entries: vec![
                entry("Bilder", FileKind::Folder, 0),
                entry("report.pdf", FileKind::File, 2048),
                entry("socket", FileKind::Other, 0),
            ],
            more: true,
            cut: false,
        },
        Files::Listing {
            list: 2,
            path: "/".into(),
            parent: None,
            entries: Vec::new(),
            more: false,
            cut: true,
        },
        Files::ListAsking { list: 1 },
        Files::ListRefused { list: 1, why: FileEnd::Denied },
    ];
    list.extend(FileEnd::ALL.map(|why| Files::Stop { transfer: 9, why }));
    list
}
