//! What must hold for any input. Shared by the fuzz targets and, on the stable compiler, by
//! the tests; it knows neither.
#![forbid(unsafe_code)]

pub mod checks;
pub mod pieces;
