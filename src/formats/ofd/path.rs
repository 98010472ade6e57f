//! Paths within a package (ST_Loc, GB/T 33190 §7.3): absolute from its root or relative to the
//! part that names them.

/// The path without a leading slash, with `/` between its names and neither `.` nor `..` in it.
/// `None` if it leads out of the package or names nothing.
pub fn normal(path: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in path.trim().split(['/', '\\']) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name if name.contains('\0') => return None,
            name => names.push(name),
        }
    }
    (!names.is_empty()).then(|| names.join("/"))
}

/// The places that `location`, standing in the part `from`, may mean, the likeliest first. The
/// standard has it relative to the part's folder; some makers leave the leading slash out where
/// they mean the root.
pub fn candidates(from: &str, location: &str) -> Vec<String> {
    let location = location.trim();
    let from_root = normal(location);
    if location.starts_with(['/', '\\']) {
        return from_root.into_iter().collect();
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let relative = normal(&format!("{folder}/{location}"));
    relative.into_iter().chain(from_root).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(normal("/Doc_0/./Pages/../OFD.xml").as_deref(), Some("Doc_0/OFD.xml"));
        assert_eq!(normal(r"Doc_0\Pages").as_deref(), Some("Doc_0/Pages"));
        for bad in ["..", "/../a", "a/../../b", "", "/", "."] {
            assert_eq!(normal(bad), None, "{bad}");
        }
    }

    #[test]
    fn locations_are_relative_to_their_part_or_from_the_root() {
        assert_eq!(candidates("Doc_0/Signs/Signatures.xml", "/a/b"), ["a/b"]);
        assert_eq!(candidates("Doc_0/Signs/Signatures.xml", "S/b"), ["Doc_0/Signs/S/b", "S/b"]);
        assert_eq!(candidates("OFD.xml", "Doc_0/x"), ["Doc_0/x", "Doc_0/x"]);
    }
}
