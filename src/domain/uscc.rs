//! The unified social credit code 统一社会信用代码 (GB 32100-2015).

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A unified social credit code: 18 characters, the last a check character.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uscc(String);

/// Why a text is not a unified social credit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UsccError {
    /// Not 18 characters.
    #[error("a unified social credit code has 18 characters")]
    Length,
    /// A character that the code does not use (I, O, S, V, Z and lower case among them).
    #[error("a character is not used in unified social credit codes")]
    Character,
    /// The check character does not fit the first 17.
    #[error("the check character of the unified social credit code is wrong")]
    CheckDigit,
}

impl Uscc {
    /// Reads a code and checks its check character (GB 32100-2015 §4.6, ISO 7064 MOD 31).
    ///
    /// # Errors
    /// See [`UsccError`].
    pub fn parse(text: &str) -> Result<Self, UsccError> {
        if text.chars().count() != 18 {
            return Err(UsccError::Length);
        }
        let values = text
            .bytes()
            .map(|byte| ALPHABET.iter().position(|known| *known == byte))
            .collect::<Option<Vec<_>>>()
            .ok_or(UsccError::Character)?;
        let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        if values.last() == Some(&((31 - sum % 31) % 31)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UsccError::CheckDigit)
        }
    }

    /// The code of the area 行政区划代码 where it was given: six digits.
    pub fn area(&self) -> &str {
        self.0.get(2..8).unwrap_or_default()
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Uscc {
    type Error = UsccError;
    fn try_from(text: String) -> Result<Self, UsccError> {
        Self::parse(&text)
    }
}

impl From<Uscc> for String {
    fn from(code: Uscc) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_published_codes() {
        // Codes printed on public licences: Huawei, Alibaba (China), Tencent Computer.
        for code in ["914403001922038216", "91330100799655058B", "9144030071526726XG"] {
            assert!(Uscc::parse(code).is_ok(), "{code}");
        }
    }

    #[test]
    fn refuses_a_wrong_check_character_length_and_alphabet() {
        assert_eq!(Uscc::parse("914403001922038217"), Err(UsccError::CheckDigit));
        assert_eq!(Uscc::parse("91440300192203821"), Err(UsccError::Length));
        assert_eq!(Uscc::parse("91440300192203821I"), Err(UsccError::Character));
    }
}
