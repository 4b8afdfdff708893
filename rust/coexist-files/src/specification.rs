//! A new specification on disk, with its schema beside it, filled in from what the snapshots say of their tenants.

use std::path::Path;

use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::Tenant;
use coexist_core::specification::{Specification, VERSION};
use serde_json::{json, Map, Value};

use crate::read::read_text;
use crate::write::{failed, write_atomically};

/// The schema that editors complete from, as it is published.
pub const SCHEMA: &str = include_str!("../../../schema/coexist.schema.json");
const SCHEMA_FILE: &str = "coexist.schema.json";

/// Writes `given` (any part of a specification; `source.snapshot` and `target.snapshot` at least) with the defaults for the rest. Names, tenant ids and the
/// delivery domain that are not given are taken from `tenant.json` of the snapshots, where they exist.
///
/// # Errors
/// `SpecificationExists`, `SpecificationInvalid`, and those of writing.
pub fn new_specification(path: &Path, given: Value, replace: bool) -> Result<String, Problem> {
    let name = path.display().to_string();
    if path.exists() && !replace {
        let message = format!("'{name}' exists and was not replaced; it may hold decisions that are nowhere else. Use -Force, or another -Path.");
        return Err(Problem::new("SpecificationExists", Category::ResourceExists, message).about(name));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let Value::Object(mut given) = given else {
        return Err(Problem::new("SpecificationInvalid", Category::InvalidArgument, "A specification is a JSON object; nothing was written."));
    };
    given.insert("version".into(), VERSION.into());
    for side in ["source", "target"] {
        if let Some(Value::Object(tenant)) = given.get_mut(side) {
            fill_in(tenant, folder, side == "target");
        }
    }
    let specification = Specification::parse(&Value::Object(given).to_string())?;
    let text = specification.to_text();
    for (path, text) in [(folder.join(SCHEMA_FILE), SCHEMA), (path.to_path_buf(), text.as_str())] {
        write_atomically(&path, |file| file.write_all(text.as_bytes()).map_err(|cause| failed(&path, &cause)))?;
    }
    Ok(name)
}

fn fill_in(tenant: &mut Map<String, Value>, folder: &Path, is_target: bool) {
    let Some(snapshot) = tenant.get("snapshot").and_then(Value::as_str).map(String::from) else { return };
    let known: Option<Tenant> = read_text(&folder.join(&snapshot).join("tenant.json")).ok().and_then(|(text, _)| serde_json::from_str(&text).ok());
    let Some(known) = known else {
        tenant.entry("name").or_insert_with(|| json!(snapshot));
        return;
    };
    tenant.entry("name").or_insert_with(|| json!(known.name));
    if let Some(id) = known.id {
        tenant.entry("tenantId").or_insert_with(|| json!(id));
    }
    if let Some(domain) = known.initial_domain.filter(|_| is_target) {
        tenant.entry("deliveryDomain").or_insert_with(|| json!(domain));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_specification_takes_what_the_snapshots_know_and_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::fs::create_dir(&target).unwrap();
        std::fs::write(target.join("tenant.json"), r#"{"id":"t1","name":"fabrikam.onmicrosoft.com","initialDomain":"fabrikam.onmicrosoft.com"}"#).unwrap();
        let path = folder.path().join("coexist.json");
        let given = json!({"source": {"snapshot": "source"}, "target": {"snapshot": "target", "name": "Fabrikam"}, "domainMap": {"contoso.com": "fabrikam.com"}});
        new_specification(&path, given.clone(), false).unwrap();
        let (text, _) = read_text(&path).unwrap();
        let read = Specification::parse(&text).unwrap();
        assert_eq!((read.source.name.as_str(), read.target.name.as_str()), ("source", "Fabrikam"));
        assert_eq!((read.target.tenant_id.as_deref(), read.target.delivery_domain.as_deref()), (Some("t1"), Some("fabrikam.onmicrosoft.com")));
        assert!(folder.path().join("coexist.schema.json").exists());

        assert_eq!(new_specification(&path, given.clone(), false).unwrap_err().code, "SpecificationExists");
        new_specification(&path, given, true).unwrap();
        let nonsense = json!({"source": {"snapshot": "s"}, "target": {"snapshot": "t"}, "nonsense": 1});
        assert_eq!(new_specification(&folder.path().join("x.json"), nonsense, false).unwrap_err().code, "SpecificationInvalid");
        assert!(!folder.path().join("x.json").exists());
    }
}
