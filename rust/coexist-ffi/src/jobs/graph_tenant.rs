//! Which tenant a connection leads to.

use coexist_graph::{read, Cancel, Fault};
use serde::Deserialize;
use serde_json::{json, Value};

use super::graph::{block_on, of_graph, Connection};
use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    connection: Connection,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        let cancel = Cancel::new();
        let engine = request.connection.engine(context, &cancel)?;
        let asked = block_on(context, &cancel, async {
            match read::tenant(&engine).await {
                Ok(tenant) => Ok(Some(tenant)),
                // Not every sign-in may read who its tenant is; then what it claims is all there is.
                Err(error) if error.fault() == Fault::PermissionDenied => Ok(None),
                Err(error) => Err(of_graph(error)),
            }
        })?;
        let Some(tenant) = asked else {
            return encode(&json!({"id": request.connection.claimed_tenant(context), "displayName": null, "initialDomain": null, "domains": []}));
        };
        let domains: Vec<&str> = tenant.verified_domains.iter().map(|domain| domain.name.as_str()).collect();
        let initial = tenant.verified_domains.iter().find(|domain| domain.is_initial).map(|domain| &domain.name);
        encode(&json!({"id": tenant.id, "displayName": tenant.display_name, "initialDomain": initial, "domains": domains}))
    }))
}
