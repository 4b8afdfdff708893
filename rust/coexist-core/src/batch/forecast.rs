//! When it will be over, and what binds.
