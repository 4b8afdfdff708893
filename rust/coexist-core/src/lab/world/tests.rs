//! Scenes: a rule each.
