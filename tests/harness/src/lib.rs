//! The product from outside: starts the real executable in either shape on free ports, and drives it as phones,
//! mail servers, visitors and agents do.

pub mod process;
