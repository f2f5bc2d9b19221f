//! Signing out.

use crate::store::StoreError;

use super::Auth;
use super::sessions::SignedIn;

impl Auth {
    /// Ends the session for good: its cookie opens nothing from now on, whoever replays it (S34).
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), StoreError> {
        self.revoke_session(signed_in.session.id).await.map(|_| ())
    }
}
