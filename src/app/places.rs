//! Countries of addresses, from a file in MaxMind's format (GeoLite2 Country, DB-IP, …).

use std::net::IpAddr;
use std::path::Path;

use maxminddb::{MaxMindDbError, PathElement, Reader};

use crate::domain::place::{Country, Places};

/// A file that was read whole: no request waits for a disk.
pub(super) struct PlacesFile(Reader<Vec<u8>>);

impl PlacesFile {
    pub(super) fn open(path: &Path) -> Result<Self, MaxMindDbError> {
        Reader::open_readfile(path).map(Self)
    }
}

impl Places for PlacesFile {
    fn country(&self, address: IpAddr) -> Option<Country> {
        let found = self.0.lookup(address.to_canonical()).ok()?;
        let path = [PathElement::Key("country"), PathElement::Key("iso_code")];
        let code: Option<&str> = found.decode_path(&path).ok()?;
        code?.parse().ok()
    }
}
