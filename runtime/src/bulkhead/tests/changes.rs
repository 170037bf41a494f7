//! Settings that are changed while calls run.
