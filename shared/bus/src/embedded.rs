//! The bus inside one process, kept in SQLite.
