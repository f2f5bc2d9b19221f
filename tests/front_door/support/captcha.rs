//! What a browser with scripts does about the sum that a form asks for, and what one without does.

use sha2::{Digest as _, Sha256};

use super::page::{attribute, hidden};

/// The sum that a page asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    pub ticket: String,
    pub salt: Vec<u8>,
    pub target: Vec<u8>,
    pub hashes: u32,
}

impl Sum {
    /// The sum of the first form that has one.
    pub fn of(html: &str) -> Option<Self> {
        let (_, rest) = html.split_once("<div class=\"captcha\" data-work=")?;
        let tag = rest.split_once('>')?.0;
        let value = |name| attribute(tag, name).unwrap_or_else(|| panic!("no {name} in {tag}"));
        let bytes = |name| data_encoding::HEXLOWER.decode(value(name).as_bytes()).expect("bytes");
        Some(Self {
            ticket: hidden(html, "captcha_ticket"),
            salt: bytes("data-salt"),
            target: bytes("data-target"),
            hashes: value("data-hashes").parse().expect("a number"),
        })
    }

    /// The number that is asked for, as the form carries it.
    pub fn answer(&self) -> String {
        let is_it = |number: &u32| {
            Sha256::digest([&self.salt[..], &number.to_be_bytes()].concat())[..] == self.target
        };
        (0..self.hashes).find(is_it).expect("it is below the bound").to_string()
    }

    /// A number that is not asked for.
    pub fn wrong_answer(&self) -> String {
        let answer: u32 = self.answer().parse().expect("a number");
        ((answer + 1) % self.hashes).to_string()
    }
}
