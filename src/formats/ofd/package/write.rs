//! Writing a package anew: entries that are kept stay where they are byte for byte, others give way
//! to new ones at the end, and a new directory stands behind them all.

use std::{collections::HashMap, ops::Range};

use flate2::{Compression, Crc, write::DeflateEncoder};

use super::{OfdError, Package};

/// A part to be written.
#[derive(Clone, Debug)]
pub(in crate::formats::ofd) struct Addition {
    /// Its path, without a leading slash.
    pub(in crate::formats::ofd) name: String,
    pub(in crate::formats::ofd) content: Vec<u8>,
}

/// What of a source is left out, and what stands behind the rest.
pub(in crate::formats::ofd) struct Rewritten {
    /// Ranges of the source, in order.
    pub(in crate::formats::ofd) dropped: Vec<Range<u64>>,
    /// New entries and the directory.
    pub(in crate::formats::ofd) tail: Vec<u8>,
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Bit 11: names are UTF-8.
const UTF8: u16 = 1 << 11;
/// 1980-01-01, the beginning of time in an archive: a seal's time stands in its signature.
const DATE: u32 = 0x0021_0000;

/// Puts `additions` into a package in place of entries of the same paths.
pub(in crate::formats::ofd) fn rewrite(
    package: &Package<'_>,
    size: u64,
    additions: &[Addition],
) -> Result<Rewritten, OfdError> {
    let too_large = || OfdError::Limit("the archive would be over 4 GiB".to_owned());
    let is_replaced = |name: &str| {
        let name = super::super::path::normal(name);
        additions.iter().any(|addition| Some(&addition.name) == name.as_ref())
    };
    // What belongs to no entry goes, too: nobody would see it.
    let mut dropped: Vec<Range<u64>> = Vec::new();
    let mut kept: Vec<_> = package.entries().iter().filter(|e| !is_replaced(&e.name)).collect();
    kept.sort_by_key(|entry| entry.header);
    let (mut reached, mut gone) = (0, 0);
    let mut places = HashMap::new();
    for entry in &kept {
        if entry.header > reached {
            dropped.push(reached..entry.header);
            gone += entry.header - reached;
        }
        places.insert(entry.header, entry.header - gone);
        reached = entry.end;
    }
    if reached < size {
        dropped.push(reached..size);
        gone += size - reached;
    }
    let base = size - gone;

    let mut directory = Vec::new();
    for entry in package.entries().iter().filter(|entry| !is_replaced(&entry.name)) {
        let place = places.get(&entry.header).copied().ok_or_else(too_large)?;
        let place = u32::try_from(place).map_err(|_| too_large())?;
        let mut record = entry.record.clone();
        let slot = record.get_mut(42..46).ok_or_else(too_large)?;
        slot.copy_from_slice(&place.to_le_bytes());
        directory.extend(record);
    }
    let mut tail = Vec::new();
    for addition in additions {
        let place = u32::try_from(base + tail.len() as u64).map_err(|_| too_large())?;
        let (method, packed) = pack(&addition.content)?;
        let mut crc = Crc::new();
        crc.update(&addition.content);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| too_large());
        let name = addition.name.as_bytes();
        let name_length = u16::try_from(name.len()).map_err(|_| too_large())?;
        // What local header and directory say alike.
        let mut common = Vec::new();
        common.extend(20_u16.to_le_bytes());
        common.extend(UTF8.to_le_bytes());
        common.extend(method.to_le_bytes());
        common.extend(DATE.to_le_bytes());
        common.extend(crc.sum().to_le_bytes());
        common.extend(length(&packed)?.to_le_bytes());
        common.extend(length(&addition.content)?.to_le_bytes());
        common.extend(name_length.to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        tail.extend_from_slice(LOCAL);
        tail.extend_from_slice(&common);
        tail.extend_from_slice(name);
        tail.extend(packed);
        directory.extend_from_slice(CENTRAL);
        directory.extend(20_u16.to_le_bytes());
        directory.extend(common);
        // No comment, disk 0, no attributes.
        directory.extend([0; 10]);
        directory.extend(place.to_le_bytes());
        directory.extend_from_slice(name);
    }
    let count = u16::try_from(kept.len() + additions.len())
        .map_err(|_| OfdError::Limit("the archive would have over 65,535 entries".to_owned()))?;
    let place = u32::try_from(base + tail.len() as u64).map_err(|_| too_large())?;
    let length = u32::try_from(directory.len()).map_err(|_| too_large())?;
    tail.extend(directory);
    tail.extend_from_slice(END);
    tail.extend([0; 4]);
    tail.extend(count.to_le_bytes());
    tail.extend(count.to_le_bytes());
    tail.extend(length.to_le_bytes());
    tail.extend(place.to_le_bytes());
    tail.extend([0; 2]);
    Ok(Rewritten { dropped, tail })
}

/// Deflates where that helps: signatures and pictures are dense already.
fn pack(content: &[u8]) -> Result<(u16, Vec<u8>), OfdError> {
    use std::io::Write;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    let packed = encoder.finish()?;
    Ok(if packed.len() < content.len() { (8, packed) } else { (0, content.to_vec()) })
}
