//! The proxy model: how `Proxy[T]` becomes `Proxy[T] & T`, and what the inferred types say about it.

pub(crate) mod carry;
pub(crate) mod class;
pub(crate) mod declared;
pub(crate) mod display;
pub(crate) mod edit;
pub mod foreign;
pub mod lower;
pub(crate) mod model;
pub(crate) mod passed;
pub(crate) mod qualified_name;
pub(crate) mod repair;
pub(crate) mod returns;
pub(crate) mod sighting;
