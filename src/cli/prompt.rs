//! Reading a password.

use std::io::{BufRead, IsTerminal};

use zeroize::Zeroizing;

use super::Failure;

/// The first line of standard input, as it was typed.
pub(super) fn new_password() -> Result<Zeroizing<String>, Failure> {
    if std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "--password-stdin reads the password from a pipe: printf '%s' \"$PASSWORD\" | doorward …".into(),
        ));
    }
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line)?;
    let typed = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(typed);
    Ok(line)
}
