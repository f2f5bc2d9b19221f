//! Secrets: typed, or of a file.

use secrecy::SecretString;

use super::context::{Context, Place};
use super::files;
use super::located::Text;

/// What stands in a printed configuration in place of a secret.
pub(crate) const MASKED_SECRET: &str = "********";

/// The secret that `name` gives, or the file that `name` with `_file` names; `None` inside where neither is there.
pub(super) fn typed_or_of_file(
    name: &str,
    typed: Option<Text>,
    file: Option<Text>,
    context: &Context<'_>,
) -> Option<Option<(Place, SecretString)>> {
    match (typed, file) {
        (None, None) => Some(None),
        (Some(_), Some(file)) => {
            let message = format!("there is `{name}`, too");
            context.refuse(&file.at, message, "take one of the two out")
        }
        (Some(text), None) => match text.value? {
            empty if empty.is_empty() => {
                context.refuse(&text.at, "is empty", "give the secret, or take the key out")
            }
            masked if masked == MASKED_SECRET => {
                let help = "this text was printed by doorward, which masks secrets: put the secret in its place";
                context.refuse(&text.at, "is a mask and no secret", help)
            }
            secret => Some(Some((text.at, SecretString::from(secret)))),
        },
        (None, Some(file)) => {
            let path = context.path(&file)?;
            let secret = files::secret(&path, &file.at, context)?;
            Some(Some((file.at, secret)))
        }
    }
}
