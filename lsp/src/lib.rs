//! Language-server adapter.
