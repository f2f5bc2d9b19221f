//! `sites[].upstream_tls`: how apps behind https are recognised, and recognise doorward.

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Context, Place};
use super::files;
use super::located::{Located, Text};
use crate::config::settings::{self, Certificates, ClientCertificate, TlsKey};

/// How apps that are reached over https are recognised, and recognise doorward.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamTls {
    /// The name that their certificate must be for. Left out: the host of their address.
    server_name: Option<Text>,
    /// A file of certificates (PEM), one of which must have signed theirs, instead of those that the system trusts.
    ca: Option<Text>,
    /// The certificate (PEM) that doorward shows to apps that ask for one, and the chain behind it.
    certificate: Option<Text>,
    /// Its key (PEM), its owner's alone (chmod 600).
    key: Option<Text>,
    /// Takes any certificate, whoever shows it: whoever can come between doorward and the app reads and changes
    /// everything, identity and cookies included.
    #[schemars(extend("default" = false))]
    danger_accept_any_certificate: Option<Located<bool>>,
}

/// `any_https` says whether any app of the site is reached over https.
pub(super) fn upstream_tls(
    section: Option<Located<UpstreamTls>>,
    any_https: bool,
    context: &Context<'_>,
) -> Option<settings::UpstreamTls> {
    let Some(section) = section else { return Some(settings::UpstreamTls::default()) };
    let (at, typed) = (section.at, section.value?);
    if !any_https {
        let help = "write https:// where the app speaks TLS, or take this out";
        return context.refuse(&at, "does nothing: no app of the site has https", help);
    }
    let accept_any = typed.danger_accept_any_certificate.map_or(Some(false), |field| field.value);
    if accept_any == Some(true)
        && let Some(text) = typed.server_name.as_ref().or(typed.ca.as_ref())
    {
        let help = "take one of the two out";
        return context.refuse(&text.at, "is not looked at: any certificate is taken", help);
    }
    let name = typed.server_name.map_or(Some(None), |text| server_name(&text, context).map(Some));
    let ca = typed.ca.map_or(Some(None), |text| authorities(&text, context).map(Some));
    let client = client(typed.certificate, typed.key, &at, context);
    Some(settings::UpstreamTls {
        server_name: name?,
        ca: ca?,
        client: client?,
        accept_any: accept_any?,
    })
}

fn server_name(text: &Text, context: &Context<'_>) -> Option<String> {
    let typed = text.value.as_deref()?;
    if ServerName::try_from(typed).is_ok() {
        return Some(typed.to_owned());
    }
    let help = "write the name as the app's certificate has it, such as app.internal";
    context.refuse(&text.at, "is no name that a certificate could be for", help)
}

fn authorities(text: &Text, context: &Context<'_>) -> Option<Certificates> {
    let path = context.path(text)?;
    let der = files::certificates_in(&path, &text.at, context)?;
    let mut trusted = RootCertStore::empty();
    for certificate in &der {
        if let Err(cause) = trusted.add(CertificateDer::from(certificate.as_slice())) {
            let message = format!("{} has a certificate of no use: {cause}", path.display());
            return context.refuse(&text.at, message, "give the certificates of whoever signs");
        }
    }
    Some(Certificates { path, der })
}

fn client(
    certificate: Option<Text>,
    key: Option<Text>,
    at: &Place,
    context: &Context<'_>,
) -> Option<Option<ClientCertificate>> {
    if certificate.is_none() && key.is_none() {
        return Some(None);
    }
    let help = "a certificate needs its key: certificate: client.crt, key: client.key";
    let required = |field, name| {
        let (at, value) = context.required(field, at, name, help)?;
        Some(Text { at, value: Some(value) })
    };
    let (certificate, key) = (required(certificate, "certificate"), required(key, "key"));
    let (certificate, key) = (certificate?, key?);
    let path = context.path(&certificate)?;
    let der = files::certificates_in(&path, &certificate.at, context)?;
    let key_file = context.path(&key)?;
    let secret = files::private_key_in(&key_file, &key.at, context)?;
    go_together(&der, secret.clone_key(), &key.at, context)?;
    let key = TlsKey::new(secret.secret_der());
    Some(Some(ClientCertificate { chain: Certificates { path, der }, key_file, key }))
}

fn go_together(
    chain: &[Vec<u8>],
    key: PrivateKeyDer<'static>,
    at: &Place,
    context: &Context<'_>,
) -> Option<()> {
    let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
        Ok(_) => Some(()),
        Err(cause) => {
            let help = "give the key with which the certificate was asked for";
            context.refuse(at, format!("does not go with the certificate: {cause}"), help)
        }
    }
}
