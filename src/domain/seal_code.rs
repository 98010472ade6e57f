//! The public seal code 印章编码: how it is put together.

/// A scheme such as `{area}{serial:8}`: literal characters and pieces in braces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealCodeScheme(Vec<Piece>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    /// As it stands.
    Literal(String),
    /// The area code in the owner's unified social credit code, six digits.
    Area,
    /// The serial number among the codes that are alike before it, with so many digits.
    Serial(usize),
    /// A check digit over all digits before it (ISO 7064 MOD 11,10, as in GB/T 17710).
    Check,
}

impl SealCodeScheme {
    /// Reads a scheme.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            let (name, after) =
                after.split_once('}').ok_or("a brace of the seal code is not closed")?;
            pieces.push(match name.split_once(':') {
                None if name == "area" => Piece::Area,
                None if name == "check" => Piece::Check,
                Some(("serial", digits)) => match digits.parse() {
                    Ok(digits) if (4..=12).contains(&digits) => Piece::Serial(digits),
                    _ => return Err("a serial number of a seal code has 4 to 12 digits".to_owned()),
                },
                _ => return Err(format!("{{{name}}} is no piece of a seal code")),
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let literal = |piece: &Piece| match piece {
            Piece::Literal(text) => text.chars().all(fits),
            _ => true,
        };
        if !pieces.iter().all(literal) {
            return Err("a seal code has ASCII letters, digits and hyphens".to_owned());
        }
        if pieces.iter().filter(|piece| matches!(piece, Piece::Serial(_))).count() != 1 {
            return Err("a seal code has one {serial:N}".to_owned());
        }
        Ok(Self(pieces))
    }

    /// What comes before the serial number of an owner's code; codes of one such beginning are
    /// numbered together.
    pub fn series(&self, area: &str) -> String {
        let before = self.0.iter().take_while(|piece| !matches!(piece, Piece::Serial(_)));
        self.put_together(before, area, 0).unwrap_or_default()
    }

    /// The code of an area and a serial number; none where the number has too many digits.
    pub fn code(&self, area: &str, serial: i64) -> Option<String> {
        self.put_together(self.0.iter(), area, serial)
    }

    fn put_together<'a>(
        &self,
        pieces: impl Iterator<Item = &'a Piece>,
        area: &str,
        serial: i64,
    ) -> Option<String> {
        let mut code = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(text) => code.push_str(text),
                Piece::Area => code.push_str(area),
                Piece::Serial(digits) => {
                    let text = format!("{serial:0digits$}");
                    if text.len() != *digits {
                        return None;
                    }
                    code.push_str(&text);
                }
                Piece::Check => code.push(check_digit(&code)),
            }
        }
        Some(code)
    }
}

/// ISO 7064 MOD 11,10 over the digits of a text.
fn check_digit(text: &str) -> char {
    let product = text.chars().filter_map(|c| c.to_digit(10)).fold(10, |product, digit| {
        let sum = match (product + digit) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    char::from_digit((11 - product) % 10, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_put_together() {
        let scheme = SealCodeScheme::parse("{area}{serial:8}").unwrap();
        assert_eq!(scheme.code("990101", 7).as_deref(), Some("99010100000007"));
        assert_eq!(scheme.series("990101"), "990101");
        assert_eq!(scheme.code("990101", 123_456_789), None, "the digits are used up");
        let other = SealCodeScheme::parse("E-{area}-{serial:5}{check}").unwrap();
        assert_eq!(other.code("990101", 7).unwrap().len(), 15);
        assert_eq!(other.series("990101"), "E-990101-");
    }

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        // The examples of ISO 7064 and of the tax number in Germany.
        assert_eq!(check_digit("0794"), '5');
        assert_eq!(check_digit("8609574271"), '9');
    }

    #[test]
    fn a_changed_digit_changes_the_check_digit() {
        for digit in 0..10 {
            let code = format!("99010100{digit}00007");
            let same = check_digit(&code) == check_digit("99010100000007");
            assert_eq!(same, digit == 0, "{code}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "{area}",
            "{serial:3}",
            "{serial:x}",
            "{serial:8",
            "{town}{serial:8}",
            "{serial:8}{serial:8}",
            "{serial:8} ",
        ] {
            assert!(SealCodeScheme::parse(text).is_err(), "{text}");
        }
    }
}
