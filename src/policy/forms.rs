//! What an application has to hold: `policies/forms.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::domain::{application::ApplicationKind, seal::SealKind};

/// `policies/forms.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forms {
    #[serde(default)]
    declaration: String,
    particulars: BTreeMap<String, String>,
    attachments: BTreeMap<String, String>,
    create: FormsOfKind,
    renew: FormsOfKind,
    change: FormsOfKind,
    revoke: FormsOfKind,
}

/// The form for a kind of application, and those for kinds of seals.
#[derive(Clone, Debug, Default, Deserialize)]
struct FormsOfKind {
    #[serde(default)]
    particulars: BTreeSet<String>,
    #[serde(default)]
    attachments: BTreeSet<String>,
    #[serde(flatten)]
    of_seals: BTreeMap<String, Form>,
}

/// What has to be given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Fields.
    #[serde(default)]
    pub particulars: BTreeSet<String>,
    /// Kinds of files.
    #[serde(default)]
    pub attachments: BTreeSet<String>,
}

impl Forms {
    /// Reads and checks the forms.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let forms: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for kind in ApplicationKind::ALL {
            let of_kind = forms.of_kind(*kind);
            if let Some(word) = of_kind.of_seals.keys().find(|word| SealKind::parse(word).is_none())
            {
                return Err(format!("{kind}: {word} is not a kind of seal"));
            }
            for seal in SealKind::ALL {
                let form = forms.form(*kind, *seal);
                let unknown = form
                    .particulars
                    .iter()
                    .find(|word| !forms.particulars.contains_key(*word))
                    .or_else(|| {
                        form.attachments.iter().find(|w| !forms.attachments.contains_key(*w))
                    });
                if let Some(word) = unknown {
                    return Err(format!("{kind}.{seal}: {word} is not in the lists"));
                }
            }
        }
        Ok(forms)
    }

    /// What has to be given for a kind of application about a kind of seal.
    pub fn form(&self, kind: ApplicationKind, seal: SealKind) -> Form {
        let of_kind = self.of_kind(kind);
        match of_kind.of_seals.get(seal.as_str()) {
            Some(form) => form.clone(),
            None => Form {
                particulars: of_kind.particulars.clone(),
                attachments: of_kind.attachments.clone(),
            },
        }
    }

    /// What has to be declared; none: nothing.
    pub fn declaration(&self) -> Option<&str> {
        Some(self.declaration.trim()).filter(|text| !text.is_empty())
    }

    /// What people call a field, if there is one of this word.
    pub fn particular(&self, word: &str) -> Option<&str> {
        self.particulars.get(word).map(String::as_str)
    }

    /// What people call a kind of file, if there is one of this word.
    pub fn attachment(&self, word: &str) -> Option<&str> {
        self.attachments.get(word).map(String::as_str)
    }

    fn of_kind(&self, kind: ApplicationKind) -> &FormsOfKind {
        match kind {
            ApplicationKind::Create => &self.create,
            ApplicationKind::Renew => &self.renew,
            ApplicationKind::Change => &self.change,
            ApplicationKind::Revoke => &self.revoke,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLED: &str = include_str!("../../policies/forms.toml");

    #[test]
    fn the_form_of_a_kind_of_seal_goes_first() {
        let forms = Forms::parse(BUNDLED).unwrap();
        let named = forms.form(ApplicationKind::Create, SealKind::LegalName);
        assert!(named.attachments.contains("registration-certificate"));
        let finance = forms.form(ApplicationKind::Create, SealKind::Finance);
        assert!(finance.attachments.is_empty() && finance.particulars.is_empty());
        assert!(forms.declaration().unwrap().starts_with("本人及本单位声明"));
        assert_eq!(forms.particular("handler"), Some("handler 经办人"));
        assert_eq!(forms.attachment("handler"), None);
    }

    #[test]
    fn nonsense_is_refused() {
        let with = |from: &str, to: &str| Forms::parse(&BUNDLED.replace(from, to)).is_err();
        assert!(with("[create.legal-name]", "[create.golden]"));
        assert!(with("attachments = [\"consent\"]", "attachments = [\"photo\"]"));
        assert!(with("particulars = [\"name_owner\"]", "particulars = [\"age\"]"));
        assert!(with("[renew]", "[repeat]"));
    }
}
