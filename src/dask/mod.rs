//! The Dask model: what a call starts on a worker, and what reaches the function there.

#![allow(dead_code, reason = "rules of tasks are to use it")]

pub(crate) mod passages;
pub(crate) mod signature;
pub(crate) mod task;
