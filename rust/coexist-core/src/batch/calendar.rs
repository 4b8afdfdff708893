//! Nights, blackouts and the moments of a batch.
