//! The vector form of a seal's picture: an OFD of one page that is as large as the seal.

use super::{
    OfdError,
    package::{Addition, Package, rewrite},
};
use crate::{
    domain::source::Source,
    pictures::{Vector, VectorError},
};

/// An archive with nothing in it.
const EMPTY: [u8; 22] = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "xmlns:ofd=\"http://www.ofdspec.org/2016\"";

/// An OFD with one page of the given size, millimetres, on which the picture is drawn by outlines.
///
/// # Errors
/// The picture is beyond the limits of an archive.
pub fn picture(vector: &Vector, (wide, high): (f64, f64)) -> Result<Vec<u8>, OfdError> {
    let unfit = |error: VectorError| OfdError::Limit(error.to_string());
    let objects = vector.ofd_objects((wide, high), 3).map_err(unfit)?;
    let largest = 3 + objects.matches("<ofd:PathObject").count();
    let part = |name: &str, text: String| Addition {
        name: name.to_owned(),
        content: format!("{XML}{text}").into_bytes(),
    };
    let additions = [
        part(
            "OFD.xml",
            format!(
                "<ofd:OFD {NAMESPACE} Version=\"1.0\" DocType=\"OFD\"><ofd:DocBody><ofd:DocInfo>\
                 <ofd:DocID>00000000000000000000000000000000</ofd:DocID></ofd:DocInfo>\
                 <ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
            ),
        ),
        part(
            "Doc_0/Document.xml",
            format!(
                "<ofd:Document {NAMESPACE}><ofd:CommonData><ofd:MaxUnitID>{largest}</ofd:MaxUnitID>\
                 <ofd:PageArea><ofd:PhysicalBox>0 0 {wide} {high}</ofd:PhysicalBox></ofd:PageArea>\
                 </ofd:CommonData><ofd:Pages><ofd:Page ID=\"1\" BaseLoc=\"Pages/Page_0/Content.xml\"/>\
                 </ofd:Pages></ofd:Document>"
            ),
        ),
        part(
            "Doc_0/Pages/Page_0/Content.xml",
            format!(
                "<ofd:Page {NAMESPACE}><ofd:Content><ofd:Layer ID=\"2\">\n{objects}</ofd:Layer>\
                 </ofd:Content></ofd:Page>"
            ),
        ),
    ];
    let nothing = Source::memory(EMPTY.to_vec());
    let package = Package::open(&nothing)?;
    Ok(rewrite(&package, EMPTY.len() as u64, &additions)?.tail)
}
