//! HTML of strangers: measured before it is parsed, then reduced to what cannot do harm.

mod measure;
mod sanitise;
mod text;

pub use measure::is_tame;
pub use sanitise::sanitise;
pub use text::to_text;
