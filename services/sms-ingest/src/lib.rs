//! sms-ingest
