//! The Dask model: what a call starts on a worker, and what reaches the function there.

pub(crate) mod arguments;
pub(crate) mod made;
pub(crate) mod mismatch;
pub(crate) mod passages;
pub(crate) mod results;
pub(crate) mod signature;
pub(crate) mod task;
