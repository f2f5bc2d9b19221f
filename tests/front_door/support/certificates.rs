//! Certificates for tests, signed by an authority of their own.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

/// An authority, in a folder that takes what it signs.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
    name: String,
}

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub struct Certified {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// An authority of this name.
    pub fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let made = Self { issuer, folder: folder.to_owned(), name: name.to_owned() };
        std::fs::write(made.file(), made.issuer.pem()).unwrap();
        made
    }

    /// Its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.pem", self.name))
    }

    /// Signs a certificate for `names`, the first of which is also what it is called.
    pub fn sign(&self, names: &[&str]) -> Certified {
        self.sign_with(names, |_| {})
    }

    /// The same, of a year that is over.
    pub fn sign_expired(&self, names: &[&str]) -> Certified {
        self.sign_with(names, |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        })
    }

    fn sign_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certified {
        use std::os::unix::fs::PermissionsExt;
        let owned: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(owned).unwrap();
        params.distinguished_name.push(DnType::CommonName, names[0]);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let nth = std::fs::read_dir(&self.folder).unwrap().count();
        let file = |end: &str| self.folder.join(format!("{}-{nth}.{end}", self.name));
        let made = Certified { certificate: file("crt"), key: file("key") };
        std::fs::write(&made.certificate, signed.pem()).unwrap();
        std::fs::write(&made.key, key.serialize_pem()).unwrap();
        std::fs::set_permissions(&made.key, std::fs::Permissions::from_mode(0o600)).unwrap();
        made
    }
}
