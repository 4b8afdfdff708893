//! Plans: what must be done, on which surface, in which stage, after what, how it is checked and how it is undone.

mod form;
pub mod mc01;
mod operation;
mod writer;

pub(crate) use form::{escaped, expand_member, value};
pub use form::{expand, Form};
pub use operation::{Command, Condition, Gate, Listed, Operation, Parameter, Request, Secret, Stage, Step, SubjectRef, Surface, Test, Undo, WaitFor};
pub use writer::{footer, push_text, Body, Header, Input, PlanFinding, Summary, TenantRef, BETWEEN, VERSION};
