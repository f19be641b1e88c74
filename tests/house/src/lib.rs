//! The house as drawn in ARCHITECTURE.md, kept so by tests: who may depend on whom, what the domain must not know, how
//! long a file may grow, and that every variable of the deployment files exists.
