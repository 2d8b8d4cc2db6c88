//! Installed software, by the package managers' own lists.

use std::path::Path;

use farhand_protocol::channel::diagnostics::Package;

use super::programs::run;
use crate::system::SystemError;

/// Where dpkg keeps its list; without it a `dpkg-query` is only a tool.
const DPKG: &str = "/var/lib/dpkg/status";

/// All packages that are installed, by name.
pub fn software() -> Result<Vec<Package>, SystemError> {
    let (said, unit) = if Path::new(DPKG).is_file() {
        let format = "--showformat=${db:Status-Status}\\t${Package}\\t${Version}\\t${Architecture}\\t${Installed-Size}\\n";
        // Kilobytes.
        (run("dpkg-query", &["--show", format])?, 1024)
    } else {
        let format = "--queryformat=installed\\t%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SIZE}\\n";
        (run("rpm", &["--query", "--all", format])?, 1)
    };
    if !said.well {
        return Err(SystemError::Failed(said.complaint.trim().into()));
    }
    let mut packages: Vec<Package> = said.text.lines().filter_map(|line| read(line, unit)).collect();
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(packages)
}

fn read(line: &str, unit: u64) -> Option<Package> {
    let mut fields = line.split('\t');
    let mut next = || fields.next().map(str::to_owned);
    if next()? != "installed" {
        return None;
    }
    let (name, version, architecture) = (next()?, next()?, next()?);
    let size = next().and_then(|size| size.parse::<u64>().ok()).unwrap_or(0).saturating_mul(unit);
    Some(Package { name, version, architecture, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_installed_is_listed() {
        let package = read("installed\tbash\t5.2-1\tamd64\t7168", 1024).unwrap();
        assert_eq!(
            (package.name.as_str(), package.version.as_str(), package.size),
            ("bash", "5.2-1", 7_340_032)
        );
        assert_eq!(read("config-files\told\t1\tall\t", 1024), None);
        assert_eq!(read("installed\tbash", 1), None);
        assert_eq!(read("installed\tx\t1\tnoarch\tmany", 1).unwrap().size, 0);
    }
}
