//! What holds for the repository as a whole, and is nobody's own test: which crate may know which, what a file looks
//! like, and that what is cited exists; besides, the bodies of the fuzz targets.
//!
//! Each check is a function from what was found to a list of sentences, one for each thing that is not as it should be,
//! with tests of its own over made-up cases; `tests/*.rs` applies it to the repository.

pub mod arrows;
pub mod citations;
pub mod fuzz;
pub mod tidy;
pub mod workspace;
