//! What people type: the six digits or eight letters that go out by mail, the relay code that a link shows, and the
//! backup code that they have on paper.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::entropy::{self, Entropy};

/// Six decimal digits, leading zeros kept. Lives in a mail and in what somebody types; a store has only its MAC.
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

/// What was typed is not six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is six digits")]
pub struct NotACode;

impl Code {
    /// The number of digits.
    pub const DIGITS: usize = 6;
    const SPACE: u32 = 1_000_000;

    /// A code drawn uniformly from all million (S11): numbers past the last whole multiple are drawn again.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        const LIMIT: u32 = u32::MAX - u32::MAX % Code::SPACE;
        loop {
            let drawn = u32::from_le_bytes(entropy::bytes(entropy));
            if drawn < LIMIT {
                return Self(Zeroizing::new(format!("{:06}", drawn % Self::SPACE)));
            }
        }
    }

    /// The digits, for the mail and for the MAC.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = NotACode;

    /// Takes what people type and paste: spaces and dashes between the digits do not count (S13).
    fn from_str(typed: &str) -> Result<Self, NotACode> {
        if typed.len() > 64 {
            return Err(NotACode);
        }
        let mut digits = Zeroizing::new(String::with_capacity(Self::DIGITS));
        for character in typed.chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '-' | '\u{a0}' | '\t' | '\r' | '\n' | '\u{2013}' | '\u{2011}' => {}
                _ => return Err(NotACode),
            }
        }
        if digits.len() == Self::DIGITS { Ok(Self(digits)) } else { Err(NotACode) }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Eight letters: what a link, opened in another browser, shows for the browser that asked (S17), and what a mail about a
/// forgotten password carries. Of twenty consonants, so that no words come out: 2.6e10, too many to guess within any
/// budget.
#[derive(Clone)]
pub struct RelayCode(Zeroizing<String>);

impl RelayCode {
    const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    const LENGTH: usize = 8;

    /// A code drawn uniformly from all of them: bytes past the last whole multiple are drawn again.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        const LIMIT: u8 = u8::MAX - u8::MAX % 20;
        let mut letters = Zeroizing::new(String::with_capacity(Self::LENGTH));
        while letters.len() < Self::LENGTH {
            let [drawn] = entropy::bytes(entropy);
            if drawn < LIMIT {
                letters.extend(Self::LETTERS.get(usize::from(drawn % 20)).copied().map(char::from));
            }
        }
        Self(letters)
    }

    /// The code that `seed`, a MAC, stands for.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let mut rest = seed.iter().take(16).fold(0_u128, |sum, &byte| sum << 8 | u128::from(byte));
        let letters = (0..Self::LENGTH).map(|_| {
            let place = usize::try_from(rest % 20).unwrap_or_default();
            rest /= 20;
            char::from(Self::LETTERS.get(place).copied().unwrap_or(b'B'))
        });
        Self(Zeroizing::new(letters.collect()))
    }

    /// The letters, for the MAC.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The letters in two groups, for the page: `BCDF-GHJK`.
    pub fn for_people(&self) -> Zeroizing<String> {
        let (first, second) = self.0.split_at_checked(4).unwrap_or((&self.0, ""));
        Zeroizing::new(format!("{first}-{second}"))
    }
}

impl fmt::Debug for RelayCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayCode(…)")
    }
}

/// Ten characters that an account keeps for the day on which it gets no mail. Of Crockford's thirty-two, which look like
/// no other: 2^50, too many to guess within any budget.
#[derive(Clone)]
pub struct BackupCode(Zeroizing<String>);

impl BackupCode {
    /// How many an account has at first.
    pub const SET: usize = 10;
    const LENGTH: usize = 10;
    const CHARACTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// A code drawn uniformly from all of them.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let drawn: [u8; Self::LENGTH] = entropy::bytes(entropy);
        let characters = drawn.iter().map(|byte| {
            let place = usize::from(byte & 31);
            char::from(Self::CHARACTERS.get(place).copied().unwrap_or(b'0'))
        });
        Self(Zeroizing::new(characters.collect()))
    }

    /// The characters, for the MAC.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The characters in two groups, for the page: `7ZK3M-4QWXB`.
    pub fn for_people(&self) -> Zeroizing<String> {
        let (first, second) = self.0.split_at_checked(5).unwrap_or((&self.0, ""));
        Zeroizing::new(format!("{first}-{second}"))
    }
}

impl FromStr for BackupCode {
    type Err = NotACode;

    /// Takes either case, spaces and dashes, and the letters that look like `0` and `1` for those.
    fn from_str(typed: &str) -> Result<Self, NotACode> {
        if typed.len() > 64 {
            return Err(NotACode);
        }
        let kept = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let read = kept.map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
        let characters: Zeroizing<String> = Zeroizing::new(read.collect());
        let well_formed = characters.len() == Self::LENGTH
            && characters.bytes().all(|byte| Self::CHARACTERS.contains(&byte));
        if well_formed { Ok(Self(characters)) } else { Err(NotACode) }
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode(…)")
    }
}

/// A code as it is typed, and as it is mailed.
#[derive(Clone, Debug)]
pub enum TypedCode {
    /// Six digits.
    Code(Code),
    /// Eight letters.
    Relay(RelayCode),
    /// Ten characters.
    Backup(BackupCode),
}

impl TypedCode {
    /// The digits or letters, for the MAC.
    pub fn expose(&self) -> &str {
        match self {
            Self::Code(code) => code.expose(),
            Self::Relay(relay) => relay.expose(),
            Self::Backup(backup) => backup.expose(),
        }
    }

    /// The digits, or the letters in two groups.
    pub fn for_people(&self) -> Zeroizing<String> {
        match self {
            Self::Code(code) => Zeroizing::new(code.expose().to_owned()),
            Self::Relay(relay) => relay.for_people(),
            Self::Backup(backup) => backup.for_people(),
        }
    }
}

impl FromStr for TypedCode {
    type Err = NotACode;

    fn from_str(typed: &str) -> Result<Self, NotACode> {
        if let Ok(code) = typed.parse() {
            return Ok(Self::Code(code));
        }
        if let Ok(backup) = typed.parse() {
            return Ok(Self::Backup(backup));
        }
        if typed.len() > 64 {
            return Err(NotACode);
        }
        let kept = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let letters: Zeroizing<String> =
            Zeroizing::new(kept.map(|c| c.to_ascii_uppercase()).collect());
        let well_formed = letters.len() == RelayCode::LENGTH
            && letters.bytes().all(|byte| RelayCode::LETTERS.contains(&byte));
        if well_formed { Ok(Self::Relay(RelayCode(letters))) } else { Err(NotACode) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;

    #[test]
    fn s11_codes_are_uniform_with_leading_zeros() {
        let mut tallies = [[0_u32; 10]; Code::DIGITS];
        for _ in 0..10_000 {
            let code = Code::generate(&OsEntropy);
            assert_eq!(code.expose().len(), Code::DIGITS);
            for (place, digit) in code.expose().bytes().enumerate() {
                tallies[place][usize::from(digit - b'0')] += 1;
            }
        }
        assert!(tallies[0][0] > 0, "no code began with a zero");
        for (place, tally) in tallies.iter().enumerate() {
            let chi_squared: f64 =
                tally.iter().map(|&seen| (f64::from(seen) - 1000.0).powi(2) / 1000.0).sum();
            // 9 degrees of freedom; 44.8 is passed by chance once in a million places.
            assert!(chi_squared < 44.8, "place {place} is not uniform: {chi_squared}");
        }
    }

    #[test]
    fn s13_spaces_and_dashes_are_taken_anything_else_is_not() {
        for typed in ["123456", "123 456", "123-456", " 1 2 3-4 5 6\n"] {
            assert_eq!(typed.parse::<Code>().unwrap().expose(), "123456");
        }
        for typed in ["", "12345", "1234567", "12345a", "[]", "null", "１２３４５６", "+12345"]
        {
            assert!(typed.parse::<Code>().is_err(), "{typed:?} was taken");
        }
        assert!(" ".repeat(1 << 20).parse::<Code>().is_err());
    }

    #[test]
    fn s44_backup_codes_are_uniform_and_read_as_they_were_written_or_nearly() {
        let mut tally = [0_u32; 32];
        for _ in 0..1000 {
            let code = BackupCode::generate(&OsEntropy);
            for byte in code.expose().bytes() {
                let place = BackupCode::CHARACTERS.iter().position(|&known| known == byte).unwrap();
                tally[place] += 1;
            }
            let shown = code.for_people();
            assert_eq!(shown.len(), 11);
            for typed in [shown.to_string(), shown.to_lowercase(), shown.replace('-', " ")] {
                let TypedCode::Backup(read) = typed.parse().unwrap() else { panic!("{typed}") };
                assert_eq!(read.expose(), code.expose());
            }
        }
        let chi_squared: f64 =
            tally.iter().map(|&seen| (f64::from(seen) - 312.5).powi(2) / 312.5).sum();
        // 31 degrees of freedom; 83 is passed by chance once in a million times.
        assert!(chi_squared < 83.0, "not uniform: {chi_squared}");
        let read: BackupCode = "oil0o-il234".parse().unwrap();
        assert_eq!(read.expose(), "0110011234");
        for bad in ["", "ABCDE-FGHJ", "ABCDE-FGHJKM", "ABCDE-FGHJU", "ABCDE-FGHJé"] {
            assert!(bad.parse::<BackupCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_relay_code_is_typed_in_any_case_with_or_without_its_dash() {
        let relay = RelayCode::from_seed(&[7; 32]);
        let shown = relay.for_people();
        assert_eq!(shown.len(), 9);
        for typed in [shown.to_string(), shown.to_lowercase(), shown.replace('-', " ")] {
            let TypedCode::Relay(read) = typed.parse().unwrap() else { panic!("{typed}") };
            assert_eq!(read.expose(), relay.expose());
        }
        for bad in ["BCDF", "BCDFGHJA", "BCDFGHJKL", "12345678"] {
            assert!(bad.parse::<TypedCode>().is_err(), "{bad}");
        }
    }
}
