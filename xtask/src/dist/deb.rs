//! The Debian package of the customer's program.

use anyhow::{Result, bail};
use farhand_release::Version;

use super::archive::{self, Entry};
use super::facts::Facts;
use super::product::Product;
use crate::shell;

/// What Debian calls this processor.
pub fn architecture(processor: &str) -> Result<&'static str> {
    Ok(match processor {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => bail!("no Debian package is made for {other}"),
    })
}

/// The package, of this program.
pub fn make(product: &Product, facts: &Facts, program: &[u8]) -> Result<Vec<u8>> {
    let read = |path: &str| std::fs::read(shell::root().join(path));
    let desktop = product.fill(&String::from_utf8(read("installer/deb/agent.desktop")?)?, &[]);
    let Product { program: name, identifier, .. } = product;
    let data = archive::with_folders(vec![
        Entry::file(format!("usr/bin/{name}"), 0o755, program),
        Entry::file(format!("usr/share/applications/{identifier}.desktop"), 0o644, desktop),
        Entry::file(
            format!("usr/share/icons/hicolor/scalable/apps/{identifier}.svg"),
            0o644,
            read("assets/icons/farhand.svg")?,
        ),
        Entry::file(format!("usr/share/doc/{name}/copyright"), 0o644, copyright(product)),
    ]);
    let control = control(product, data.iter().map(|entry| entry.bytes.len()).sum())?;
    let control = archive::with_folders(vec![Entry::file("control", 0o644, control)]);
    let packed = |entries: &[Entry]| archive::gzip(&archive::tar(entries, facts.epoch)?);
    let (control, data) = (packed(&control)?, packed(&data)?);
    let members: [(&str, &[u8]); 3] =
        [("debian-binary", b"2.0\n"), ("control.tar.gz", &control), ("data.tar.gz", &data)];
    Ok(archive::ar(&members, facts.epoch))
}

fn control(product: &Product, bytes: usize) -> Result<String> {
    let Product { program, maintainer, section, website, summary, description, .. } = product;
    Ok(format!(
        "Package: {program}\nVersion: {}\nArchitecture: {}\nMaintainer: {maintainer}\nInstalled-Size: {}\n\
         Depends: {}\nRecommends: {}\nSection: {section}\nPriority: optional\nHomepage: {website}\nDescription: {summary}\n {description}\n",
        Version::ours(),
        architecture(std::env::consts::ARCH)?,
        bytes.div_ceil(1024),
        product.depends.join(", "),
        product.recommends.join(", "),
    ))
}

fn copyright(product: &Product) -> String {
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: {}\nSource: {}\n\n\
         Files: *\nCopyright: {}\nLicense: {}\n",
        product.name, product.website, product.publisher, product.licence,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_the_same_to_the_bit_when_it_is_made_again() {
        let product = Product::read().expect("installer/product.toml");
        let make = |epoch| make(&product, &Facts::for_tests(epoch), b"a program").expect("it is made");
        assert_eq!(make(1_700_000_000), make(1_700_000_000));
        assert_ne!(
            make(1_700_000_000),
            make(1_700_000_001),
            "the time comes from the commit and nowhere else"
        );
    }
}
