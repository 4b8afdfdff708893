//! Which tenant a connection leads to.

use coexist_graph::{read, Cancel};
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
        let tenant = block_on(context, &cancel, async { read::tenant(&engine).await.map_err(of_graph) })?;
        let domains: Vec<&str> = tenant.verified_domains.iter().map(|domain| domain.name.as_str()).collect();
        let initial = tenant.verified_domains.iter().find(|domain| domain.is_initial).map(|domain| &domain.name);
        encode(&json!({"id": tenant.id, "displayName": tenant.display_name, "initialDomain": initial, "domains": domains}))
    }))
}
