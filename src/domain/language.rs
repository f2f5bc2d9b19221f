//! The languages of pages and mails, and which of them a reader wants.

use std::fmt;
use std::str::FromStr;

use fluent_langneg::{
    NegotiationStrategy, convert_vec_str_to_langids_lossy, negotiate_languages,
    parse_accepted_languages,
};
use serde::{Deserialize, Serialize};

/// A language that pages and mails are written in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub enum Language {
    /// The one that the others fall back to.
    #[default]
    English,
    /// German.
    German,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// Chinese in simplified characters.
    SimplifiedChinese,
}

/// A text names none of the languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the languages are en, de, es, fr and zh-CN")]
pub struct UnknownLanguage;

impl Language {
    /// All of them, in the order in which readers choose.
    pub const ALL: [Self; 5] =
        [Self::English, Self::German, Self::Spanish, Self::French, Self::SimplifiedChinese];

    /// Its tag (BCP 47), as in `lang` attributes, cookies, stores and folders.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::SimplifiedChinese => "zh-CN",
        }
    }

    /// Its name for those who read it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::Spanish => "Español",
            Self::French => "Français",
            Self::SimplifiedChinese => "简体中文",
        }
    }

    /// The one that suits an `Accept-Language` best (RFC 9110 section 12.5.4), if any does.
    pub fn accepted(header: &str) -> Option<Self> {
        let asked = parse_accepted_languages(&by_weight(header));
        let known = convert_vec_str_to_langids_lossy(Self::ALL.map(Self::tag));
        let found = negotiate_languages(&asked, &known, None, NegotiationStrategy::Lookup);
        found.first().and_then(|found| found.to_string().parse().ok())
    }
}

/// More than anybody reads; the rest of a header is not looked at.
const MOST: usize = 16;

/// The languages of an `Accept-Language`, the most wanted first, without those that are not wanted at all.
fn by_weight(header: &str) -> String {
    let mut ranges: Vec<(f32, &str)> = header
        .split(',')
        .take(MOST)
        .filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight.trim().strip_prefix("q=")?.trim().parse().ok()?;
            (weight > 0.0).then_some((weight, tag.trim()))
        })
        .collect();
    // Stable: of two that weigh the same, the first stays the first.
    ranges.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranges.into_iter().map(|(_, tag)| tag).collect::<Vec<_>>().join(",")
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let found = Self::ALL.into_iter().find(|known| known.tag().eq_ignore_ascii_case(tag));
        found.ok_or(UnknownLanguage)
    }
}

impl TryFrom<String> for Language {
    type Error = UnknownLanguage;

    fn try_from(tag: String) -> Result<Self, UnknownLanguage> {
        tag.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.tag().to_owned()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_wants_most() {
        for (header, wanted) in [
            ("de", Some(Language::German)),
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
            ("pt-BR,pt;q=0.9,es;q=0.5,en;q=0.4", Some(Language::Spanish)),
            ("en;q=0.1, fr;q=0.9", Some(Language::French)),
            ("en-GB", Some(Language::English)),
            ("zh", Some(Language::SimplifiedChinese)),
            ("zh-Hans", Some(Language::SimplifiedChinese)),
            ("zh-TW", Some(Language::SimplifiedChinese)),
            ("es-419", Some(Language::Spanish)),
            ("de;q=0, fr;q=0.1", Some(Language::French)),
            ("it, nl", None),
            ("*", None),
            ("", None),
            ("de;q=x", None),
            (",,;;q=,\u{fffd}", None),
        ] {
            assert_eq!(Language::accepted(header), wanted, "{header}");
        }
        let long = format!("{}de", "xx,".repeat(10_000));
        assert_eq!(Language::accepted(&long), None);
    }

    #[test]
    fn a_language_is_known_by_its_tag() {
        for language in Language::ALL {
            assert_eq!(language.tag().parse(), Ok(language));
            let json = serde_json::to_string(&language).unwrap();
            assert_eq!(serde_json::from_str::<Language>(&json).unwrap(), language);
        }
        assert_eq!("ZH-cn".parse(), Ok(Language::SimplifiedChinese));
        assert_eq!("tlh".parse::<Language>(), Err(UnknownLanguage));
    }
}
