//! The host as the one who is asked and told.

use coexist_core::apply::host::Audience;
use coexist_core::apply::Row;
use coexist_core::problem::{Category, Problem};
use coexist_core::watch::Watch;
use serde_json::{json, Value};

use super::super::host::emit;
use crate::job::Context;

pub(super) struct Told<'c> {
    pub context: &'c Context,
    pub activity: &'static str,
}

impl Told<'_> {
    fn asks(&self, question: &str, target: &str, request: Value) -> Result<bool, Problem> {
        let answer = self.context.ask_with(question, target, request).map_err(|_| Problem::cancelled())?;
        match answer {
            Value::Bool(answer) => Ok(answer),
            // The host says why nobody can be asked.
            other => Err(Problem::new("ConfirmationNeeded", Category::OperationStopped, other["failed"].as_str().unwrap_or("Nobody can be asked.").to_string())),
        }
    }
}

impl Audience for Told<'_> {
    fn row(&mut self, row: &Row) -> Result<(), Problem> {
        emit(self.context, "operations", std::slice::from_ref(row))
    }

    fn notice(&mut self, code: &'static str, message: &str) -> Result<(), Problem> {
        emit(self.context, "notices", &[json!({"code": code, "message": message})])
    }

    fn may_write(&mut self, target: &str, action: &str) -> Result<bool, Problem> {
        self.asks("shouldProcess", target, json!({"target": target, "action": action}))
    }

    fn may_for_good(&mut self, message: &str, count: u64) -> Result<bool, Problem> {
        self.asks("irreversible", message, json!({"message": message, "count": count}))
    }

    fn progress(&mut self, status: &str, done: u64, total: u64) {
        self.context.progress(self.activity, status, done, Some(total));
    }

    fn cancelled(&self) -> bool {
        self.context.cancelled()
    }
}
