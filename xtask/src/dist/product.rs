//! installer/product.toml.

use std::fs;

use anyhow::{Context, Result};
use toml::Table;

use crate::shell;

/// What every package says of the program.
#[derive(Clone, Debug)]
pub struct Product {
    /// For people.
    pub name: String,
    /// The file's name.
    pub program: String,
    pub publisher: String,
    pub summary: String,
    pub description: String,
    pub website: String,
    pub licence: String,
    pub identifier: String,
    pub scheme: String,
    pub maintainer: String,
    pub section: String,
    pub depends: Vec<String>,
    /// What it works without, with less.
    pub recommends: Vec<String>,
    pub upgrade_code: String,
    /// The oldest macOS.
    pub least: String,
}

impl Product {
    /// Reads it.
    pub fn read() -> Result<Self> {
        let path = shell::root().join("installer/product.toml");
        Self::parse(&fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?)
    }

    fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse().context("installer/product.toml is not TOML")?;
        let of = |table: &Table, name: &str| {
            let value = table.get(name).and_then(toml::Value::as_str).map(str::to_owned);
            value.with_context(|| format!("installer/product.toml has no text `{name}`"))
        };
        let part = |name: &str| {
            table
                .get(name)
                .and_then(toml::Value::as_table)
                .with_context(|| format!("product.toml has no [{name}]"))
        };
        let (deb, msi, pkg) = (part("deb")?, part("msi")?, part("pkg")?);
        let list = |name: &str| -> Result<Vec<String>> {
            let list = deb.get(name).and_then(toml::Value::as_array);
            let list = list.with_context(|| format!("[deb] has no list `{name}`"))?;
            Ok(list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect())
        };
        Ok(Self {
            name: of(&table, "name")?,
            program: of(&table, "program")?,
            publisher: of(&table, "publisher")?,
            summary: of(&table, "summary")?,
            description: of(&table, "description")?,
            website: of(&table, "website")?,
            licence: of(&table, "licence")?,
            identifier: of(&table, "identifier")?,
            scheme: of(&table, "scheme")?,
            maintainer: of(deb, "maintainer")?,
            section: of(deb, "section")?,
            depends: list("depends")?,
            recommends: list("recommends")?,
            upgrade_code: of(msi, "upgrade_code")?,
            least: of(pkg, "least")?,
        })
    }

    /// A text with its `@PLACES@` filled in.
    pub fn fill(&self, text: &str, more: &[(&str, &str)]) -> String {
        let own = [
            ("NAME", &self.name),
            ("PROGRAM", &self.program),
            ("PUBLISHER", &self.publisher),
            ("SUMMARY", &self.summary),
            ("WEBSITE", &self.website),
            ("IDENTIFIER", &self.identifier),
            ("SCHEME", &self.scheme),
            ("UPGRADE_CODE", &self.upgrade_code),
            ("LEAST", &self.least),
        ];
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        own.chain(more.iter().copied())
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_whole_and_its_templates_are_filled() {
        let product = Product::read().expect("installer/product.toml");
        assert_eq!(product.program, "farhand-agent");
        assert_eq!(product.upgrade_code.len(), 36);
        assert_eq!(product.fill("@NAME@ @X@ @SCHEME@", &[("X", "1")]), "Farhand 1 farhand");
        assert!(Product::parse("name = 1").is_err());
    }
}
