//! `${VAR}` and `${VAR:-default}` in values.

/// The variables, by name.
pub(super) type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Why a value cannot be expanded: what is wrong, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotExpanded {
    pub(super) message: String,
    pub(super) help: String,
}

/// `text` with each `${VAR}` replaced by the variable, and each `${VAR:-default}` by the variable or, when that is
/// not set or empty, the default. `$${` stands for `${`; any other dollar for itself. What a variable holds is not
/// looked at again.
pub(super) fn expand(text: &str, environment: &Environment<'_>) -> Result<String, NotExpanded> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            expanded.push_str(escaped);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        let (reference, behind) = after.split_once('}').ok_or_else(|| NotExpanded {
            message: "`${` without its `}`".to_owned(),
            help: "write ${NAME}, or $${ for these two characters themselves".to_owned(),
        })?;
        expanded.push_str(before);
        expanded.push_str(&resolve(reference, environment)?);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// `text` written so that [`expand`] gives it back.
pub(crate) fn escape(text: &str) -> String {
    text.replace("${", "$${")
}

fn resolve(reference: &str, environment: &Environment<'_>) -> Result<String, NotExpanded> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let well_formed = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !well_formed {
        return Err(NotExpanded {
            message: format!("`{name}` is no name of a variable"),
            help: "write ${NAME} or ${NAME:-default}; the name has letters, digits and underscores"
                .to_owned(),
        });
    }
    match (environment(name), default) {
        (Some(value), Some(default)) if value.is_empty() => Ok(default.to_owned()),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(NotExpanded {
            message: format!("the environment variable `{name}` is not set"),
            help: format!("set it where doorward is started, or give a default: ${{{name}:-…}}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("wiki.example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("${HOST}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_put_in() {
        for (text, expanded) in [
            ("plain", "plain"),
            ("https://${HOST}/", "https://wiki.example.com/"),
            ("${HOST}${HOST}", "wiki.example.comwiki.example.com"),
            ("${NONE:-8080}", "8080"),
            ("${NONE:-}", ""),
            ("${EMPTY}", ""),
            ("${EMPTY:-x}", "x"),
            ("${TRICK}", "${HOST}"),
            ("$${HOST}", "${HOST}"),
            ("$HOST $5 }", "$HOST $5 }"),
        ] {
            assert_eq!(expand(text, &environment).unwrap(), expanded);
            assert_eq!(expand(&escape(text), &environment).unwrap(), text);
        }
    }

    #[test]
    fn what_cannot_be_put_in_is_an_error() {
        for (text, message) in [
            ("${NONE}", "the environment variable `NONE` is not set"),
            ("${HOST", "`${` without its `}`"),
            ("${}", "`` is no name of a variable"),
            ("${1A}", "`1A` is no name of a variable"),
            ("${A B}", "`A B` is no name of a variable"),
        ] {
            assert_eq!(expand(text, &environment).unwrap_err().message, message);
        }
    }
}
