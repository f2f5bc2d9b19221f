//! A posted form, read strictly: each field once, UTF-8, of a bounded number (S13, S59).

use http::{HeaderMap, header};
use zeroize::Zeroize;

/// The fields of a form.
pub(super) struct Form(Vec<(String, String)>);

/// A body that is no such form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadForm;

const MAX_FIELDS: usize = 16;

impl Form {
    /// Reads an `application/x-www-form-urlencoded` body.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, BadForm> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(BadForm);
        }
        let mut fields = Self(Vec::new());
        for (name, value) in url::form_urlencoded::parse(body) {
            let broken = [&name, &value].into_iter().any(|text| text.contains('\u{fffd}'));
            let twice = fields.0.iter().any(|(known, _)| *known == name);
            if broken || twice || fields.0.len() == MAX_FIELDS || value.contains('\0') {
                return Err(BadForm);
            }
            fields.0.push((name.into_owned(), value.into_owned()));
        }
        Ok(fields)
    }

    /// The value of a field; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether the field is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The value of a field, moved out of the form.
    pub(super) fn take(&mut self, name: &str) -> String {
        let found = self.0.iter_mut().find(|(known, _)| known == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            value.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, body: &str) -> Result<Form, BadForm> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        Form::read(&headers, body.as_bytes())
    }

    #[test]
    fn s13_s59_only_a_plain_form_is_read() {
        const KIND: &str = "application/x-www-form-urlencoded";
        let form =
            read("application/x-www-form-urlencoded; charset=utf-8", "a=1&b=x+y%26").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), ("1", "x y&", ""));
        for bad in ["code=1&code=2", "a=%ff", "a=%00", &"a&".repeat(17)] {
            assert!(read(KIND, bad).is_err(), "{bad}");
        }
        for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
            assert!(read(kind, "a=1").is_err(), "{kind}");
        }
        assert_eq!(read(KIND, "code[]=1").unwrap().get("code"), "");
    }
}
