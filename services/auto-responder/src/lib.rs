//! auto-responder
