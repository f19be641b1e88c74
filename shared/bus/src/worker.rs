//! What both transports do with a delivered batch: run the handler, panics included.
