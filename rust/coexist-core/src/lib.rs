//! Deriving, diffing and planning for two Microsoft 365 tenants: pure logic, no I/O, no clock, no unsafe.

pub mod watch;
