//! email-ingest
