//! `sealwright picture`: see how a seal is drawn, without a service.

use std::path::PathBuf;

use anyhow::Context;

use super::{Exit, exit::Wrong, print};
use crate::service::seals::NewPicture;

/// What to draw.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name of the seal.
    name: String,
    /// The picture as `POST /v1/seals/{id}/make` takes it, such as {"from":"round","rank":"city"}.
    picture: String,
    /// Where the picture goes: a file that ends with .svg or .png (600 dpi).
    #[arg(long)]
    out: PathBuf,
}

/// Draws.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let wrong = |why: String| anyhow::Error::from(Wrong(why));
    let picture: NewPicture =
        serde_json::from_str(&arguments.picture).map_err(|error| wrong(error.to_string()))?;
    let drawn = picture.load(&arguments.name)?;
    let extension = arguments.out.extension().and_then(|extension| extension.to_str());
    let bytes = match (extension, drawn.svg) {
        (Some("png"), _) => drawn.png,
        (Some("svg"), Some(svg)) => svg.into_bytes(),
        (Some("svg"), None) => {
            return Err(wrong("the picture is made of pixels; write it to a .png".to_owned()));
        }
        _ => return Err(wrong("--out must end with .svg or .png".to_owned())),
    };
    std::fs::write(&arguments.out, bytes)
        .with_context(|| format!("{}", arguments.out.display()))?;
    print(&format!("{} × {} mm", drawn.width_mm, drawn.height_mm))?;
    Ok(Exit::Good)
}
