//! What must hold of every input, whatever it is. Used by the fuzz targets, and by the tests of the crate, which
//! include this file.

pub mod checks;
mod identity;
mod input;
mod markers;
mod memory;
mod mutate;

pub use input::{Input, limits};
pub use memory::{allowance, peak_during};
pub use mutate::{Random, mend_checksums, mutated};
