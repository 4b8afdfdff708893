//! Labs that an engine has open: fictional tenants that answer as the real ones do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use coexist_core::finding::Side;
use coexist_core::lab::world::Refusal;
use coexist_core::problem::{Category, Problem};
use coexist_core::watch::Watch;
use coexist_files::lab_world::LabWorld;
use serde_json::Value;

use crate::boundary::lock;

/// The labs of one engine, by folder.
#[derive(Debug, Default)]
pub(crate) struct Labs(Mutex<BTreeMap<PathBuf, Arc<Lab>>>);

/// One lab, used by one thread at a time.
pub(crate) struct Lab {
    world: Mutex<LabWorld>,
    /// The time that was seen last, for whoever asks while the lab cannot be read.
    seen: AtomicI64,
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lab")
    }
}

impl Labs {
    /// The lab in a folder, which is read the first time.
    pub fn open(&self, folder: &Path, watch: &dyn Watch) -> Result<Arc<Lab>, Problem> {
        let mut labs = lock(&self.0);
        if let Some(lab) = labs.get(folder) {
            return Ok(lab.clone());
        }
        let lab = Arc::new(Lab { world: Mutex::new(LabWorld::open(folder, watch)?), seen: AtomicI64::new(0) });
        labs.insert(folder.to_path_buf(), lab.clone());
        Ok(lab)
    }
}

impl Lab {
    /// The lab's time.
    pub fn now(&self) -> i64 {
        match lock(&self.world).now() {
            Ok(now) => {
                self.seen.store(now, Ordering::Relaxed);
                now
            }
            Err(_) => self.seen.load(Ordering::Relaxed),
        }
    }

    /// Lets the lab's time go on.
    pub fn wait(&self, milliseconds: i64) -> Result<(), Problem> {
        let mut world = lock(&self.world);
        let until = world.now()? + milliseconds.max(0);
        world.advance_to(until).map(drop)
    }

    /// Lets the lab's time go on until a moment; it never goes back.
    pub fn advance_to(&self, moment: i64) -> Result<(), Problem> {
        lock(&self.world).advance_to(moment).map(drop)
    }

    /// A Graph request: status and body.
    pub fn request(&self, side: Side, method: &str, path: &str, body: &Value) -> Result<(u16, Value), Problem> {
        let reply = lock(&self.world).request(side, method, path, (!body.is_null()).then_some(body))?;
        Ok((reply.status, reply.body))
    }

    /// A cmdlet.
    pub fn command(&self, tenant: &str, name: &str, parameters: &Value) -> Result<Result<Vec<Value>, Refusal>, Problem> {
        let mut world = lock(&self.world);
        let side = world.tenant_side(tenant).ok_or_else(|| {
            Problem::new("LabTenantUnknown", Category::ObjectNotFound, format!("The lab has no tenant '{tenant}'; its coexist.json names its two.")).about(tenant)
        })?;
        world.command(side, name, parameters)
    }

    /// The names and ids of both tenants, source first.
    pub fn tenants(&self) -> [(String, String); 2] {
        lock(&self.world).tenants()
    }
}
