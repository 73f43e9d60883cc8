//! Opening what records hold sealed, for whoever has the tenants' keys.

use std::borrow::Cow;

use inferlayer_ledger::read::Contents;
use inferlayer_ledger::{Record, TenantKeys};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::data_dir::DataDir;

/// The tenants' keys, and where content lies.
pub(crate) struct Opener {
    contents: Contents,
    keys: TenantKeys,
}

impl Opener {
    pub(crate) fn of(data_dir: &DataDir) -> Opener {
        let contents = Contents::at(&data_dir.journal());
        Opener { contents, keys: TenantKeys::at(&data_dir.keys()) }
    }

    /// The content, or why it does not open.
    pub(crate) fn open(&self, record: &Record<'_>) -> Result<Zeroizing<Vec<u8>>, String> {
        let tenant = tenant_of(record).ok_or("the record does not say whose it is")?;
        let seal = self.keys.find(&tenant).map_err(|error| error.to_string())?;
        let seal = seal.ok_or("the tenant's key is not here")?;
        if record.tenant_tag() != Some(seal.tag()) {
            let why = "it was sealed under another key of the tenant, which is not here";
            return Err(why.to_owned());
        }
        self.contents.open(record, &seal).map_err(|error| error.to_string())
    }
}

/// The tenant that a record names.
pub(crate) fn tenant_of<'a>(record: &Record<'a>) -> Option<Cow<'a, str>> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        tenant: Cow<'a, str>,
    }
    serde_json::from_slice::<Named<'a>>(record.metadata()).ok().map(|named| named.tenant)
}
