//! A provider of captchas, asked about tokens: one shape (`siteverify`) that reCAPTCHA, hCaptcha and Turnstile share.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::domain::captcha::{ProviderAnswer, ProviderAway, Siteverify};

/// More than any answer.
const MOST_BYTES: usize = 64 * 1024;

/// The provider.
pub(super) struct SiteverifyClient {
    client: reqwest::Client,
    url: Url,
    secret: SecretString,
    site_key: String,
}

/// Its answer. What else it says is of no use here.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    hostname: Option<String>,
    action: Option<String>,
    score: Option<f64>,
    #[serde(default, rename = "error-codes")]
    errors: Vec<String>,
}

impl SiteverifyClient {
    pub(super) fn new(
        url: Url,
        secret: SecretString,
        site_key: String,
        timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        let client = super::http_client(timeout)?;
        Ok(Self { client, url, secret, site_key })
    }

    async fn ask(&self, token: &str) -> Result<Vec<u8>, ProviderAway> {
        // The address of who asks is not told: the provider has seen it already, or need not.
        let form = Zeroizing::new(
            form_urlencoded::Serializer::new(String::new())
                .append_pair("secret", self.secret.expose_secret())
                .append_pair("response", token)
                .append_pair("sitekey", &self.site_key)
                .finish(),
        );
        let kind = "application/x-www-form-urlencoded";
        let asked = self.client.post(self.url.clone()).header("Content-Type", kind);
        let mut response = asked.body(form.to_string()).send().await.map_err(away)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(ProviderAway(format!("it said {}", response.status())));
        }
        super::whole_body(&mut response, MOST_BYTES).await.map_err(ProviderAway)
    }
}

fn away(error: reqwest::Error) -> ProviderAway {
    ProviderAway(super::why_not(&error).to_owned())
}

/// The errors that are about us, and not about who fills in a form.
const OURS: &[&str] = &["missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch"];

#[async_trait]
impl Siteverify for SiteverifyClient {
    async fn verify(&self, token: &str) -> Result<ProviderAnswer, ProviderAway> {
        let body = self.ask(token).await?;
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| ProviderAway("its answer cannot be read".to_owned()))?;
        if let Some(ours) = answer.errors.iter().find(|error| OURS.contains(&error.as_str())) {
            tracing::error!(error = %ours, "captcha.provider: it does not take the secret or site key");
            return Err(ProviderAway("it does not know us".to_owned()));
        }
        let Answer { success, hostname, action, score, .. } = answer;
        Ok(ProviderAnswer { success, hostname, action, score })
    }
}
