//! Programs of macOS as files: what they are for, what they need, and several of them in one.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

const MAGIC: u32 = 0xfeed_facf;
const FAT: u32 = 0xcafe_babe;
const EXECUTE: u32 = 2;
const X86_64: u32 = 0x0100_0007;
const ARM64: u32 = 0x0100_000c;
/// Load commands: symbols, libraries that a program needs, and the same for those that it can do without.
const SYMTAB: u32 = 0x2;
const LIBRARIES: [u32; 4] = [0xc, 0x8000_0018, 0x8000_001f, 0x20];
/// Of a symbol: it belongs to a debugger, it is another's, and it is looked for in whatever is loaded.
const STAB: u8 = 0xe0;
const TYPE: u8 = 0x0e;
const ANYWHERE: u16 = 0xfe;
/// Programs in one file begin at whole pages of the largest kind.
const PAGE: usize = 1 << 14;
/// Where the libraries are that every macOS has.
const SYSTEM: [&str; 2] = ["/System/Library/", "/usr/lib/"];

/// A processor that macOS runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Processor {
    Arm64,
    X86,
}

impl Processor {
    /// As the installer names it.
    pub const fn apple(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }

    /// As targets name it.
    pub const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64",
            Self::X86 => "x86_64",
        }
    }

    const fn number(self) -> (u32, u32) {
        match self {
            Self::Arm64 => (ARM64, 0),
            Self::X86 => (X86_64, 3),
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    let word = at.checked_add(4).and_then(|end| bytes.get(at..end)).context("the program ends too soon")?;
    Ok(u32::from_le_bytes(word.try_into().expect("four bytes")))
}

/// Which processor a program is for. Refuses what is no program, what needs libraries that a clean macOS has not, and one
/// that was linked without them: it looks for its functions wherever they may be, and was never meant to run.
pub fn check(bytes: &[u8]) -> Result<Processor> {
    if word(bytes, 0)? != MAGIC {
        bail!("this is no 64-bit program for macOS");
    }
    let processor = match word(bytes, 4)? {
        ARM64 => Processor::Arm64,
        X86_64 => Processor::X86,
        other => bail!("this is for a processor of kind {other:#x}, which no macOS of today runs on"),
    };
    if word(bytes, 12)? != EXECUTE {
        bail!("this is a library or a part of a program, not a program");
    }
    let (mut at, mut strange, mut anywhere) = (32, BTreeSet::new(), 0);
    for _ in 0..word(bytes, 16)? {
        let (kind, size) = (word(bytes, at)?, word(bytes, at + 4)? as usize);
        if size < 8 {
            bail!("the program has a command of no length");
        }
        let command = bytes.get(at..at + size).context("the program ends too soon")?;
        if LIBRARIES.contains(&kind) {
            let name = command.get(word(command, 8)? as usize..).context("a library without a name")?;
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
            let name = String::from_utf8_lossy(&name[..end]).into_owned();
            if !SYSTEM.iter().any(|folder| name.starts_with(folder)) {
                strange.insert(name);
            }
        } else if kind == SYMTAB {
            anywhere += looked_for_anywhere(bytes, word(command, 8)? as usize, word(command, 12)?)?;
        }
        at += size;
    }
    if !strange.is_empty() {
        let strange: Vec<String> = strange.into_iter().collect();
        bail!("it needs what a clean macOS has not: {}", strange.join(", "));
    }
    if anywhere > 0 {
        bail!(
            "it was linked without the libraries of macOS ({anywhere} functions without one): such a program is never handed out"
        );
    }
    Ok(processor)
}

/// How many of the symbols that are another's are bound to no library.
fn looked_for_anywhere(bytes: &[u8], from: usize, count: u32) -> Result<usize> {
    let length = (count as usize).checked_mul(16).context("too many symbols")?;
    let table =
        from.checked_add(length).and_then(|end| bytes.get(from..end)).context("symbols are missing")?;
    let undefined = table.chunks_exact(16).filter(|symbol| {
        let (kind, about) = (symbol[4], u16::from_le_bytes([symbol[6], symbol[7]]));
        kind & STAB == 0 && kind & TYPE == 0 && about >> 8 == ANYWHERE
    });
    Ok(undefined.count())
}

/// One file of the programs for several processors.
pub fn together(programs: &[(Processor, Vec<u8>)]) -> Result<Vec<u8>> {
    if let [(_, program)] = programs {
        return Ok(program.clone());
    }
    let count = u32::try_from(programs.len()).context("too many programs")?;
    let mut head = [FAT.to_be_bytes(), count.to_be_bytes()].concat();
    let mut at = PAGE;
    for (processor, program) in programs {
        let (kind, part) = processor.number();
        let place = u32::try_from(at).context("the programs are too large")?;
        let length = u32::try_from(program.len()).context("the programs are too large")?;
        for number in [kind, part, place, length, PAGE.trailing_zeros()] {
            head.extend_from_slice(&number.to_be_bytes());
        }
        at = (at + program.len()).next_multiple_of(PAGE);
    }
    for (_, program) in programs {
        head.resize(head.len().next_multiple_of(PAGE), 0);
        head.extend_from_slice(program);
    }
    Ok(head)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A program that needs one library and takes one function from it, or from anywhere.
    pub fn stand_in(processor: Processor, library: &str, ordinal: u16) -> Vec<u8> {
        let mut name = library.as_bytes().to_vec();
        name.resize((name.len() + 1).next_multiple_of(8), 0);
        let (commands, symbols) = (24 + name.len() + 24, 32 + 24 + name.len() + 24);
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let (kind, part) = processor.number();
        let mut bytes = words(&[MAGIC, kind, part, EXECUTE, 2, commands as u32, 0x85, 0]);
        bytes.extend(words(&[LIBRARIES[0], 24 + name.len() as u32, 24, 0, 0, 0]));
        bytes.extend(&name);
        bytes.extend(words(&[SYMTAB, 24, symbols as u32, 1, symbols as u32 + 16, 8]));
        bytes.extend(words(&[1]));
        bytes.extend([1, 0]);
        bytes.extend((ordinal << 8).to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(b"\0_read\0\0");
        bytes
    }

    const LIBRARY: &str = "/usr/lib/libSystem.B.dylib";

    #[test]
    fn a_program_says_what_it_is_for() {
        for processor in [Processor::Arm64, Processor::X86] {
            assert_eq!(check(&stand_in(processor, LIBRARY, 1)).expect("a program"), processor);
        }
    }

    #[test]
    fn what_would_not_run_on_a_clean_mac_is_refused() {
        let refused = |bytes: &[u8]| format!("{:#}", check(bytes).expect_err("refused"));
        assert!(refused(b"#!/bin/sh\n").contains("no 64-bit program"));
        assert!(refused(&[]).contains("ends too soon"));
        let strange = stand_in(Processor::Arm64, "@rpath/libswiftCore.dylib", 1);
        assert!(refused(&strange).contains("@rpath/libswiftCore.dylib"));
        // What is linked against empty stubs finds its functions wherever they may be.
        let stubs = stand_in(Processor::Arm64, LIBRARY, ANYWHERE);
        assert!(refused(&stubs).contains("never handed out"));
        let mut library = stand_in(Processor::Arm64, LIBRARY, 1);
        library[12] = 6;
        assert!(refused(&library).contains("not a program"));
        let whole = stand_in(Processor::Arm64, LIBRARY, 1);
        for end in 0..whole.len() - 9 {
            assert!(check(&whole[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn several_programs_lie_in_one_file_each_at_a_page() {
        let programs = [
            (Processor::Arm64, stand_in(Processor::Arm64, LIBRARY, 1)),
            (Processor::X86, stand_in(Processor::X86, LIBRARY, 1)),
        ];
        let both = together(&programs).expect("they fit");
        assert_eq!(both[..8], [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2]);
        for (at, (processor, program)) in programs.iter().enumerate() {
            let place = (at + 1) * PAGE;
            assert_eq!(&both[place..place + program.len()], program);
            assert_eq!(check(&both[place..place + program.len()]).expect("a program"), *processor);
        }
        assert_eq!(together(&programs[..1]).expect("one"), programs[0].1);
    }
}
