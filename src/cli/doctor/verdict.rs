//! What an answer says of the app: it is compared with what the app says to nobody.

use super::wire::{Answer, NoAnswer};

/// What came of a request that claims to be somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The app was told the name: it stands in the answer.
    Believed,
    /// The answer is another than to nobody.
    Different,
    /// The answer is the one to nobody.
    NoEffect,
    /// The gateway asks for a sign-in, as it does without the claim.
    AsksToSignIn,
    /// The request was refused.
    Refused(u16),
    /// There was no answer.
    NoAnswer(String),
}

impl Verdict {
    /// Whether something got through that should not.
    pub(super) const fn got_through(&self) -> bool {
        matches!(self, Self::Believed | Self::Different)
    }

    /// The name for programs.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Believed => "believed",
            Self::Different => "different",
            Self::NoEffect => "no_effect",
            Self::AsksToSignIn => "asks_to_sign_in",
            Self::Refused(_) => "refused",
            Self::NoAnswer(_) => "no_answer",
        }
    }
}

/// What the app says to nobody.
pub(super) struct Baseline {
    pub(super) answer: Answer,
    shape: Shape,
    /// Whether it says the same each time, as far as is compared.
    pub(super) steady: bool,
}

impl Baseline {
    /// From several answers to the same request; at least one.
    pub(super) fn of(answers: Vec<Answer>) -> Option<Self> {
        let shapes: Vec<Shape> = answers.iter().map(Shape::of).collect();
        let shape = shapes.first()?.clone();
        let steady = shapes.iter().all(|other| *other == shape);
        Some(Self { answer: answers.into_iter().next()?, shape, steady })
    }

    /// Whether a sign-in is asked for.
    pub(super) fn asks_to_sign_in(&self) -> bool {
        asks_to_sign_in(&self.answer)
    }

    /// What `answered` says, where `marker` is the name that was claimed.
    pub(super) fn judge(&self, answered: &Result<Answer, NoAnswer>, marker: &str) -> Verdict {
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => return Verdict::NoAnswer(error.to_string()),
        };
        if shows(answer, marker) {
            return Verdict::Believed;
        }
        let shape = Shape::of(answer);
        if shape == self.shape || (!self.steady && shape.status == self.shape.status) {
            return if self.asks_to_sign_in() { Verdict::AsksToSignIn } else { Verdict::NoEffect };
        }
        match answer.status {
            400 | 405 | 421 | 431 | 501 | 505 => Verdict::Refused(answer.status),
            401 | 403 if !asks_to_sign_in(&self.answer) => Verdict::Refused(answer.status),
            _ if asks_to_sign_in(answer) && self.asks_to_sign_in() => Verdict::AsksToSignIn,
            _ => Verdict::Different,
        }
    }
}

/// Whether `marker` stands anywhere in the answer, in whichever case.
pub(super) fn shows(answer: &Answer, marker: &str) -> bool {
    let holds = |text: &str| text.to_ascii_lowercase().contains(marker);
    holds(&answer.body) || answer.headers.iter().any(|(_, value)| holds(value))
}

fn asks_to_sign_in(answer: &Answer) -> bool {
    answer.status == 401
        || ((300..400).contains(&answer.status)
            && answer.header("location").is_some_and(|to| {
                let to = to.to_ascii_lowercase();
                ["login", "signin", "sign-in", "sso", "auth"].iter().any(|word| to.contains(word))
            }))
}

/// What of an answer stays the same as long as the app thinks of the same person.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: String,
}

impl Shape {
    fn of(answer: &Answer) -> Self {
        let mut cookies: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, value)| value.split('=').next().map(str::to_owned))
            .collect();
        cookies.sort();
        Self {
            status: answer.status,
            location: without_chance(answer.header("location").unwrap_or_default()),
            cookies,
            body: without_chance(&answer.body),
        }
    }
}

/// Without what changes from one answer to the next: numbers, and words too long for words.
fn without_chance(text: &str) -> String {
    const LONGEST_WORD: usize = 20;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=');
    let mut shape = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !is_part(c)) {
        let word = piece.trim_end_matches(|c: char| !is_part(c));
        if word.len() > LONGEST_WORD || word.bytes().any(|b| b.is_ascii_digit()) {
            shape.push('#');
        } else {
            shape.push_str(word);
        }
        shape.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Answer { status, headers, body: body.to_owned() }
    }

    const NAME: &str = "dw0123456789abcdef";

    #[test]
    fn an_app_that_shows_the_name_has_believed_it() {
        let nobody = Baseline::of(vec![answer(200, &[], "Log in, it is 12:03:04")]).unwrap();
        let judge = |said: Answer| nobody.judge(&Ok(said), NAME);
        assert_eq!(judge(answer(200, &[], "Log in, it is 12:03:59")), Verdict::NoEffect);
        assert_eq!(judge(answer(200, &[], "Hello DW0123456789ABCDEF")), Verdict::Believed);
        let cookie = [("Set-Cookie", "user=dw0123456789abcdef")];
        assert_eq!(judge(answer(200, &cookie, "Log in, it is 12:03:59")), Verdict::Believed);
        assert_eq!(judge(answer(200, &[], "Log out, it is 12:03:59")), Verdict::Different);
        assert_eq!(judge(answer(302, &[("Location", "/home")], "")), Verdict::Different);
        assert_eq!(judge(answer(400, &[], "what?")), Verdict::Refused(400));
        assert_eq!(judge(answer(403, &[], "no")), Verdict::Refused(403));
    }

    #[test]
    fn an_app_that_changes_by_itself_is_known_by_the_name_and_the_status_alone() {
        let words = ["apple", "pear", "plum"].map(|word| answer(200, &[], word));
        let nobody = Baseline::of(words.to_vec()).unwrap();
        assert!(!nobody.steady);
        assert_eq!(nobody.judge(&Ok(answer(200, &[], "quince")), NAME), Verdict::NoEffect);
        assert_eq!(nobody.judge(&Ok(answer(500, &[], "quince")), NAME), Verdict::Different);
        assert_eq!(nobody.judge(&Ok(answer(200, &[], NAME)), NAME), Verdict::Believed);
    }

    #[test]
    fn where_a_sign_in_is_asked_for_nothing_has_reached_the_app() {
        let login = [("Location", "/_doorward/login?rd=%2F")];
        let nobody = Baseline::of(vec![answer(303, &login, "")]).unwrap();
        assert!(nobody.asks_to_sign_in());
        assert_eq!(nobody.judge(&Ok(answer(303, &login, "")), NAME), Verdict::AsksToSignIn);
        assert_eq!(nobody.judge(&Ok(answer(401, &[], "")), NAME), Verdict::AsksToSignIn);
        assert_eq!(nobody.judge(&Ok(answer(200, &[], "in")), NAME), Verdict::Different);
    }
}
