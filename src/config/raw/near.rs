//! "Did you mean": the known word that somebody most likely meant.

/// The remedy for a word that is none of `known`: the nearest of them, if one is near, or all of them.
pub(crate) fn remedy(typed: &str, known: &[&str]) -> String {
    match nearest(typed, known) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// The word of `known` that is a few slips of the fingers away from `typed`: one in three letters, three at most.
pub(crate) fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace(['-', ' '], "_");
    let allowed = (typed.chars().count().max(3) / 3).min(3);
    known
        .iter()
        .map(|word| (distance(&typed, &word.to_lowercase()), *word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The letters to put in, take out, change, or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_letter = None;
    for (row, letter) in a.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let at =
                |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&last, column) + usize::from(letter != *other);
            let mut cost = changed.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let before = column.checked_sub(1).and_then(|index| b.get(index));
            if previous_letter == Some(*other) && before == Some(&letter) {
                cost = cost.min(at(&before_last, column.saturating_sub(1)) + 1);
            }
            current.push(cost);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_letter = Some(letter);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_seen_and_other_words_are_not() {
        let known = ["upstreams", "rules", "host", "origin", "preserve_host"];
        assert_eq!(nearest("upstream", &known), Some("upstreams"));
        assert_eq!(nearest("ruels", &known), Some("rules"));
        assert_eq!(nearest("preserve-host", &known), Some("preserve_host"));
        assert_eq!(nearest("hsot", &known), Some("host"));
        assert_eq!(nearest("devices", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(remedy("devices", &["a", "b"]), "known here: a, b");
    }

    #[test]
    fn distances_are_counted_in_slips() {
        for (a, b, slips) in [
            ("", "", 0),
            ("a", "", 1),
            ("abc", "abc", 0),
            ("abcd", "acbd", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), slips, "{a} {b}");
            assert_eq!(distance(b, a), slips, "{b} {a}");
        }
    }
}
