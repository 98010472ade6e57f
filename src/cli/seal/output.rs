//! Which files are sealed, and where the sealed ones go.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{cli::exit::Wrong, formats::written::write};

/// The files that are named, and the PDF and OFD files of folders that are.
pub(super) fn files(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        let bad = |error: std::io::Error| Wrong(format!("{}: {error}", path.display()));
        if !path.metadata().map_err(bad)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let listing = std::fs::read_dir(path).map_err(bad)?;
        let mut inside: Vec<_> = listing
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_document(path) && !is_sealed(path))
            .collect();
        if inside.is_empty() {
            return Err(
                Wrong(format!("{}: there is no *.pdf or *.ofd in it", path.display())).into()
            );
        }
        inside.sort();
        files.append(&mut inside);
    }
    Ok(files)
}

fn is_document(path: &Path) -> bool {
    let known = |extension: &std::ffi::OsStr| {
        ["pdf", "ofd"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    };
    path.is_file() && path.extension().is_some_and(known)
}

/// `X.sealed.pdf` beside `X.pdf`, and likewise for other names.
fn beside(file: &Path) -> PathBuf {
    let extension = file.extension().unwrap_or("pdf".as_ref()).to_string_lossy().into_owned();
    file.with_extension(format!("sealed.{extension}"))
}

/// Whether an earlier run of the command wrote it.
fn is_sealed(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with(".sealed"))
}

/// Where each file goes. Nothing is written over unless `force` says so.
pub(super) fn targets(
    files: &[PathBuf],
    out: Option<&Path>,
    force: bool,
) -> anyhow::Result<Vec<PathBuf>> {
    let folder =
        out.filter(|out| files.len() > 1 || out.is_dir() || out.to_string_lossy().ends_with('/'));
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)
            .map_err(|error| Wrong(format!("{}: {error}", folder.display())))?;
    }
    let mut targets = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default();
        targets.push(match (folder, out) {
            (Some(folder), _) => folder.join(name),
            (None, Some(out)) => out.to_owned(),
            (None, None) => beside(file),
        });
    }
    let receipts: Vec<_> = targets.iter().map(|target| receipt_of(target)).collect();
    let written: Vec<_> = targets.iter().chain(&receipts).collect();
    let distinct: BTreeSet<_> = written.iter().collect();
    if distinct.len() < written.len() {
        return Err(Wrong("two files would be written to the same place".to_owned()).into());
    }
    for path in written {
        let place = path.canonicalize().ok();
        let is_input = |file: &PathBuf| place.is_some() && file.canonicalize().ok() == place;
        if files.iter().any(is_input) {
            return Err(Wrong(format!("{} would be written over itself", path.display())).into());
        }
        if place.is_some() && !force {
            return Err(Wrong(format!("{} is there already; --force", path.display())).into());
        }
    }
    Ok(targets)
}

/// Writes the receipt beside a sealed file.
pub(super) fn write_receipt(target: &Path, receipt: &str, like: &Path) -> anyhow::Result<PathBuf> {
    let path = receipt_of(target);
    write(&path, &mut receipt.as_bytes(), like)?;
    Ok(path)
}

fn receipt_of(target: &Path) -> PathBuf {
    target.with_extension("receipt.sd-jwt")
}
