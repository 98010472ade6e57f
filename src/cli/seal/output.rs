//! Which files are sealed, and where the sealed ones go. A file is there as a whole or not at all.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use super::Wrong;
use crate::{
    domain::source::{Checksum, Source, for_each_chunk},
    formats::Sealed,
};

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

/// Writes a file as a whole, for the same eyes as another file.
pub(super) fn write(target: &Path, content: &mut dyn Read, like: &Path) -> anyhow::Result<()> {
    replace(target, like, |mut file| Ok(std::io::copy(content, &mut file).map(drop)?))
}

/// Writes a sealed file. The original is copied by its range, which file systems that share blocks
/// between files do without copying; then what was written is compared with what was sealed.
pub(super) fn write_sealed(target: &Path, sealed: &Sealed, like: &Path) -> anyhow::Result<()> {
    let (Source::File(original, size), true) = (&sealed.received.source, sealed.dropped.is_empty())
    else {
        return write(target, &mut sealed.clone().into_reader(), like);
    };
    replace(target, like, |mut file| {
        let mut original = original.as_ref();
        original.rewind()?;
        std::io::copy(&mut original.take(*size), &mut file)?;
        file.write_all(&sealed.tail)?;
        let mut written = Checksum::default();
        for_each_chunk(&Source::file(file.try_clone()?)?, 0, *size, |c| written.update(c))?;
        Ok(written.compare(sealed.received.checksum())?)
    })
}

fn replace(
    target: &Path,
    like: &Path,
    fill: impl FnOnce(&File) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    fill(file.as_file())?;
    file.as_file().sync_all()?;
    // Temporary files are for their owner alone; who may read the document may read what comes of it.
    file.as_file().set_permissions(std::fs::metadata(like)?.permissions())?;
    file.persist(target)?;
    Ok(())
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
