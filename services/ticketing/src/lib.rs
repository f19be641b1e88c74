//! ticketing
