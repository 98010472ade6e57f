//! Writing files. One is there as a whole or not at all.

use std::{
    fs::{File, Metadata, metadata},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::Path,
};

use tempfile::NamedTempFile;

use super::Sealed;
use crate::domain::source::{Checksum, Source, for_each_chunk};

/// Writes a file as a whole, for the same eyes as another file, in the place of what is there.
///
/// # Errors
/// The medium fails; what was there before is there still.
pub fn write(target: &Path, content: &mut dyn Read, like: &Path) -> io::Result<()> {
    let like = metadata(like)?;
    let file = filled(target, &like, |mut file| io::copy(content, &mut file).map(drop))?;
    file.persist(target)?;
    Ok(())
}

/// Writes a sealed file, for the same eyes as the original.
///
/// # Errors
/// As for [`write()`], or the original is not what it was.
pub fn write_sealed(target: &Path, sealed: &Sealed, like: &Path) -> io::Result<()> {
    filled(target, &metadata(like)?, |file| fill(file, sealed))?.persist(target)?;
    Ok(())
}

/// Writes a sealed file in the place of the original, which keeps its owner, unless something else is there
/// when all is written; whether it did.
///
/// # Errors
/// As for [`write_sealed()`], or the file cannot be given to the owner of the original.
pub fn replace_sealed(
    original: &Path,
    sealed: &Sealed,
    is_still_there: impl FnOnce() -> bool,
) -> io::Result<bool> {
    let like = metadata(original)?;
    let file = filled(original, &like, |file| fill(file, sealed))?;
    let given = file.as_file().metadata()?;
    if (given.uid(), given.gid()) != (like.uid(), like.gid()) {
        let why = "the service may not give files to their owner and group";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    if !is_still_there() {
        return Ok(false);
    }
    file.persist(original)?;
    Ok(true)
}

/// The original is copied by its range, which file systems that share blocks between files do without
/// copying; then what was written is compared with what was sealed.
fn fill(mut file: &File, sealed: &Sealed) -> io::Result<()> {
    let (Source::File(original, size), true) = (&sealed.received.source, sealed.dropped.is_empty())
    else {
        return io::copy(&mut sealed.clone().into_reader(), &mut file).map(drop);
    };
    let mut original = original.as_ref();
    original.rewind()?;
    io::copy(&mut original.take(*size), &mut file)?;
    file.write_all(&sealed.tail)?;
    let mut written = Checksum::default();
    for_each_chunk(&Source::file(file.try_clone()?)?, 0, *size, |c| written.update(c))?;
    written.compare(sealed.received.checksum())
}

/// A temporary file beside its place. Such files are for their owner alone; who may read the document may
/// read what comes of it.
fn filled(
    target: &Path,
    like: &Metadata,
    fill: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    fill(file.as_file())?;
    // Not everybody may give files away; what is written beside belongs to whoever writes it then.
    let _ = fchown(file.as_file(), Some(like.uid()), Some(like.gid()));
    file.as_file().set_permissions(like.permissions())?;
    file.as_file().sync_all()?;
    Ok(file)
}
