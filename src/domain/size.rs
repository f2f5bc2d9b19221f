//! Sizes in bytes, as the configuration writes them.

use std::fmt;
use std::str::FromStr;

/// So many bytes: `64KiB`, `10MiB`, `4GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// Why a text is not a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a size of the form 64KiB: a number, and KiB, MiB or GiB")]
pub struct NotASize;

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl ByteSize {
    /// So many times 1024 bytes.
    pub const fn kib(count: u32) -> Self {
        Self((count as u64) << 10)
    }

    /// The bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, NotASize> {
        let unit = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
        let (number, bytes) = unit.ok_or(NotASize)?;
        let number = number.trim_end();
        if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotASize);
        }
        let number: u64 = number.parse().map_err(|_| NotASize)?;
        number.checked_mul(*bytes).map(Self).ok_or(NotASize)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, bytes)| self.0.is_multiple_of(*bytes) && self.0 > 0) {
            Some((unit, bytes)) => write!(f, "{}{unit}", self.0 / bytes),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_they_are_written() {
        for text in ["1KiB", "64KiB", "10MiB", "4GiB", "1025KiB"] {
            assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
        }
        assert_eq!("1024KiB".parse::<ByteSize>().unwrap().to_string(), "1MiB");
        assert_eq!("64 KiB".parse(), Ok(ByteSize::kib(64)));
        for bad in
            ["", "64", "KiB", "-1KiB", "1.5MiB", "64kb", "99999999999GiB", "+1KiB", "1KiBKiB"]
        {
            assert_eq!(bad.parse::<ByteSize>(), Err(NotASize), "{bad}");
        }
    }
}
