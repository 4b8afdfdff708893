//! Deriving, diffing and planning for two Microsoft 365 tenants: pure logic. No I/O, no clock, no `unsafe`; the same input gives the same output.

pub mod identity;
pub mod watch;
