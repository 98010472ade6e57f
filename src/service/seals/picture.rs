//! The picture of a seal version 印模: uploaded and checked, or drawn by the service.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Found, find, numbered_or_current, numbered_or_newest};
use crate::{
    domain::seal::Picture,
    pictures::{
        DrawError, Emblem, OvalSeal, Rank, RoundSeal, SquareSeal, Vector, compare, mark_for_test,
        read_png,
    },
    policy::Action,
    service::{Act, Error, Service},
};

/// The picture of a seal.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "from")]
pub enum NewPicture {
    /// An uploaded PNG with transparent ground, of at least 200 dots per inch on paper.
    Png {
        /// The file, base64, at most 2 MiB.
        png: String,
        /// Width on paper, millimetres, 10 to 80.
        width_mm: f64,
        /// Height on paper, millimetres, 10 to 80.
        height_mm: f64,
        /// Whether ink of another colour than red is meant.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        any_colour: bool,
    },
    /// An uploaded SVG of outlines in plain colours: sharp at any size.
    Svg {
        /// The text of the file, at most 1 MiB.
        svg: String,
        /// Width on paper, millimetres, 10 to 80.
        width_mm: f64,
        /// Height on paper, millimetres, 10 to 80.
        height_mm: f64,
        /// Whether ink of another colour than red is meant.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        any_colour: bool,
    },
    /// A round seal, drawn by the service: the seal's name along the arc.
    Round {
        /// The rank of the organization, which tells the diameter (国发〔1999〕25号).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<Rank>,
        /// Diameter on paper, millimetres, 30 to 60, where no rank tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diameter_mm: Option<f64>,
        /// What stands in the middle; a star if nothing is said.
        #[serde(default)]
        emblem: NewEmblem,
        /// A line below the emblem, such as 业务专用章. Where the seal's name ends with it, the arc
        /// bears the rest of the name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
        /// A number along the lower arc 防伪编码.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// An oval seal, drawn by the service, as for invoices.
    Oval {
        /// Width on paper, millimetres, 20 to 60.
        width_mm: f64,
        /// Height on paper, millimetres, 15 to 45.
        height_mm: f64,
        /// A line in the middle, such as a tax number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        middle: Option<String>,
        /// A line below; as for a round seal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
    },
    /// A square name seal 电子名章, drawn by the service: columns from right to left.
    Square {
        /// Side on paper, millimetres, 10 to 40.
        side_mm: f64,
    },
}

/// A picture to be seen beside the impression of the physical seal.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureComparison {
    /// The picture 印模.
    pub picture: NewPicture,
    /// The scanned impression 实物印模, PNG, base64, at most 2 MiB, cut to its edge.
    pub impression: String,
    /// Its width on paper, millimetres, 10 to 100.
    pub impression_width_mm: f64,
}

/// The forms of a picture.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PictureForm {
    /// Pixels.
    Png,
    /// Outlines; the master.
    Svg,
    /// Outlines as an OFD page.
    Ofd,
}

/// Uploaded pixels must be at least so fine when they are printed in true size.
const COARSEST_DPI: f64 = 200.0;

/// What stands in the middle of a round seal.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NewEmblem {
    /// The five-pointed star 五角星.
    #[default]
    Star,
    /// Nothing.
    None,
    /// A picture of one's own, such as the national emblem 国徽: an SVG of outlines in plain colours.
    Svg(String),
}

impl NewPicture {
    /// Draws the picture of a seal for tests only, with 测试 over it.
    ///
    /// # Errors
    /// It is uploaded, or cannot be drawn.
    pub fn load_for_test(&self, name: &str) -> Result<Picture, Error> {
        let drawn = self.load(name)?;
        let uploaded = matches!(self, Self::Png { .. } | Self::Svg { .. });
        let Some(svg) = drawn.svg.filter(|_| !uploaded) else {
            return Err(bad("the picture of a seal for tests is drawn: round, oval or square"));
        };
        let size = (drawn.width_mm, drawn.height_mm);
        picture(mark_for_test(&svg, size).map_err(bad)?, size)
    }

    /// Checks or draws the picture of a seal with a name.
    ///
    /// # Errors
    /// The picture is not acceptable, or cannot be drawn.
    pub fn load(&self, name: &str) -> Result<Picture, Error> {
        match self {
            Self::Png { png, width_mm, height_mm, any_colour } => {
                let png = Base64::decode_vec(png).map_err(|_| bad("the picture is not base64"))?;
                let pixels = read_png(&png).map_err(bad)?;
                if !any_colour {
                    pixels.check_red().map_err(bad)?;
                }
                let shape = f64::from(pixels.width) / f64::from(pixels.height);
                let (width_mm, height_mm) = size(shape, *width_mm, *height_mm)?;
                let dpi = f64::from(pixels.width) * 25.4 / width_mm;
                if dpi < COARSEST_DPI {
                    let why = format!("{dpi:.0} dots per inch on paper, {COARSEST_DPI} at least");
                    return Err(bad(format!("the picture is too coarse: {why}")));
                }
                Ok(Picture { png, svg: None, width_mm, height_mm })
            }
            Self::Svg { svg, width_mm, height_mm, any_colour } => {
                let vector = Vector::read(svg).map_err(bad)?;
                let size = size(vector.width / vector.height, *width_mm, *height_mm)?;
                let picture = picture(svg.clone(), size)?;
                if !any_colour {
                    read_png(&picture.png).and_then(|p| p.check_red()).map_err(bad)?;
                }
                Ok(picture)
            }
            Self::Round { rank, diameter_mm, emblem, line, number } => {
                let diameter_mm = match (rank, diameter_mm) {
                    (Some(rank), None) => rank.diameter_mm(),
                    (None, Some(diameter)) => *diameter,
                    _ => return Err(bad("a round seal has either a rank or a diameter")),
                };
                let emblem = match emblem {
                    NewEmblem::Star => Emblem::Star,
                    NewEmblem::None => Emblem::None,
                    NewEmblem::Svg(svg) => {
                        let emblem = Vector::read(svg).map_err(DrawError::Emblem).map_err(bad)?;
                        Emblem::Own(Box::new(emblem))
                    }
                };
                let seal = RoundSeal {
                    name: on_arc(name, line.as_deref()),
                    diameter_mm,
                    emblem,
                    line: line.as_deref(),
                    number: number.as_deref(),
                };
                picture(seal.draw().map_err(bad)?, (diameter_mm, diameter_mm))
            }
            Self::Oval { width_mm, height_mm, middle, line } => {
                let seal = OvalSeal {
                    name: on_arc(name, line.as_deref()),
                    size_mm: (*width_mm, *height_mm),
                    middle: middle.as_deref(),
                    line: line.as_deref(),
                };
                picture(seal.draw().map_err(bad)?, (*width_mm, *height_mm))
            }
            Self::Square { side_mm } => {
                let seal = SquareSeal { name, side_mm: *side_mm };
                picture(seal.draw().map_err(bad)?, (*side_mm, *side_mm))
            }
        }
    }
}

impl Service {
    /// The picture that making a seal would bind, as a PNG at 600 dpi; nothing is changed.
    ///
    /// # Errors
    /// As for making; policy lets only those see it who may make the seal.
    pub async fn preview_picture(
        &self,
        act: &Act,
        id: &str,
        picture: NewPicture,
    ) -> Result<Vec<u8>, Error> {
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(None), self.now()).await?;
        drop(tx);
        let permit = found.permit(self, act, Action::Make)?;
        permit.consume(self.now()).ok_or(Error::Overloaded)?;
        Ok(self.load_picture(picture, &found).await?.png)
    }

    /// The picture that making a seal would bind beside the impression of the physical seal 实物印模, in
    /// one scale, and one upon the other, as a PNG at 300 dpi; nothing is changed.
    ///
    /// # Errors
    /// As for making; the impression is no PNG or of an unlikely size.
    pub async fn compare_picture(
        &self,
        act: &Act,
        id: &str,
        asked: PictureComparison,
    ) -> Result<Vec<u8>, Error> {
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(None), self.now()).await?;
        drop(tx);
        let permit = found.permit(self, act, Action::Make)?;
        permit.consume(self.now()).ok_or(Error::Overloaded)?;
        let impression = Base64::decode_vec(&asked.impression)
            .map_err(|_| bad("the impression is not base64"))?;
        if !(10.0..=100.0).contains(&asked.impression_width_mm) {
            return Err(bad("an impression is 10 to 100 mm wide"));
        }
        let drawn = self.load_picture(asked.picture, &found).await?;
        let comparing = move || {
            let pixels = read_png(&drawn.png)?;
            compare((&impression, asked.impression_width_mm), (&pixels, drawn.width_mm))
        };
        self.easel.run("comparing", comparing).await?.map_err(bad)
    }

    /// The picture of the version in question: PNG, SVG or OFD.
    ///
    /// # Errors
    /// There is none in this form, or policy says no.
    pub async fn seal_picture(
        &self,
        act: &Act,
        id: &str,
        form: PictureForm,
    ) -> Result<Vec<u8>, Error> {
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_current(None), self.now()).await?;
        let _ = self.permit(act, Action::ReadSeal, found.resource())?;
        let picture = tx.picture(&found.version.id).await?;
        let picture = picture.ok_or(Error::NotFound("the picture of the seal"))?;
        drop(tx);
        if form == PictureForm::Png {
            return Ok(picture.png);
        }
        let outlines = Error::NotFound("the picture as outlines: it was uploaded as pixels");
        let svg = picture.svg.ok_or(outlines)?;
        if form == PictureForm::Svg {
            return Ok(svg.into_bytes());
        }
        let size = (picture.width_mm, picture.height_mm);
        let writing = move || {
            let vector = Vector::read(&svg).map_err(bad)?;
            Ok(crate::formats::ofd::picture(&vector, size)?)
        };
        self.easel.run("writing", writing).await?
    }

    /// Checks or draws a picture, away from the threads that answer.
    pub(super) async fn load_picture(
        &self,
        picture: NewPicture,
        found: &Found,
    ) -> Result<Picture, Error> {
        let (name, sandbox) = (found.version.name.clone(), found.seal.sandbox);
        let drawing = move || match sandbox {
            true => picture.load_for_test(&name),
            false => picture.load(&name),
        };
        self.easel.run("drawing", drawing).await?
    }
}

fn bad(error: impl std::fmt::Display) -> Error {
    Error::invalid("invalid-picture", error.to_string())
}

/// The part of a seal's name that stands on the arc.
fn on_arc<'a>(name: &'a str, line: Option<&str>) -> &'a str {
    let rest = line.and_then(|line| name.strip_suffix(line));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// A picture of outlines with its pixels.
fn picture(svg: String, (width_mm, height_mm): (f64, f64)) -> Result<Picture, Error> {
    let vector = Vector::read(&svg).map_err(bad)?;
    let png = vector.to_png(width_mm).map_err(bad)?;
    read_png(&png).map_err(bad)?;
    Ok(Picture { png, svg: Some(svg), width_mm, height_mm })
}

/// Checks the size on paper against the shape of a picture, width to height.
fn size(shape: f64, width_mm: f64, height_mm: f64) -> Result<(f64, f64), Error> {
    if ![width_mm, height_mm].iter().all(|side| (10.0..=80.0).contains(side)) {
        return Err(bad("a seal is 10 to 80 mm wide and high"));
    }
    if (shape / (width_mm / height_mm) - 1.0).abs() > 0.02 {
        return Err(bad("width and height on paper would distort the picture"));
    }
    Ok((width_mm, height_mm))
}
