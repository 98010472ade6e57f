//! Outbound HTTP: time limits, size limits and redirects in one place. Who calls a client waits in a
//! thread of his own.

pub mod tsa;
