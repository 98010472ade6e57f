//! The pictures of a report, as files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64ct::{Base64, Encoding};

use super::exit::Wrong;
use crate::domain::report::{PageDifference, Report};

/// Takes the pictures out of a report and writes them to a directory, two for each page:
/// `FILE-signature-1-page-2-signed.png` and `…-shown.png`.
pub(super) fn write(report: &mut Report, file: &Path, directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).map_err(|error| wrong(directory, &error))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for signature in &mut report.signatures {
        let number = signature.index + 1;
        for page in signature.appearance.iter_mut().flat_map(|look| &mut look.different) {
            let stem = format!("{name}-signature-{number}-page-{}", page.number);
            write_page(page, &directory.join(stem))?;
        }
    }
    Ok(())
}

fn write_page(page: &mut PageDifference, stem: &Path) -> anyhow::Result<()> {
    let Some(pictures) = page.pictures.take() else { return Ok(()) };
    for (kind, picture) in [("signed", pictures.signed), ("shown", pictures.shown)] {
        let path = PathBuf::from(format!("{}-{kind}.png", stem.display()));
        let bytes = Base64::decode_vec(&picture).unwrap_or_default();
        fs::write(&path, bytes).map_err(|error| wrong(&path, &error))?;
    }
    Ok(())
}

fn wrong(path: &Path, error: &std::io::Error) -> Wrong {
    Wrong(format!("{}: {error}", path.display()))
}
