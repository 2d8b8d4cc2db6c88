//! The same pages that the service serves: built into a release, read from the folder by a development build.

use std::borrow::Cow;

use rust_embed::RustEmbed;
use tauri::utils::assets::{AssetKey, AssetsIter, CspHash};
use tauri::{Assets, Runtime};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct BuiltIn;

/// Shown when the pages were not built before the program.
const MISSING: &str = "<!doctype html><meta charset=\"utf-8\"><title>Farhand</title><p>The pages were not built into \
                       this program. Build them (npm run build in web/), then the program again.</p>";

/// The pages as Tauri asks for them.
pub struct Pages;

impl<R: Runtime> Assets<R> for Pages {
    fn get(&self, key: &AssetKey) -> Option<Cow<'_, [u8]>> {
        let name = key.as_ref().trim_start_matches('/');
        match BuiltIn::get(name) {
            Some(file) => Some(file.data),
            None if name == "index.html" => Some(Cow::Borrowed(MISSING.as_bytes())),
            None => None,
        }
    }

    fn iter(&self) -> Box<AssetsIter<'_>> {
        Box::new(BuiltIn::iter().filter_map(|name| {
            let file = BuiltIn::get(&name)?;
            Some((Cow::Owned(name.into_owned()), file.data))
        }))
    }

    fn csp_hashes(&self, _html_path: &AssetKey) -> Box<dyn Iterator<Item = CspHash<'_>> + '_> {
        // No page has a script or a style of its own.
        Box::new(std::iter::empty())
    }
}
