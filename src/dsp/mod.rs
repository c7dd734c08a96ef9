//! Signal processing at 8 kHz: companding, levels, tones, and the ear.
//!
//! Imports no sibling room and knows neither clock nor socket: samples are the
//! only time there is.
//!
//! - [`units`]: `Hz`, `Db`, `Dbm0`, `Samples`.
//! - [`g711`]: both companding laws.
//! - [`level`]: how loud samples are.
//! - [`tone`]: key tones and other pure tones, made.
//! - [`highpass`]: takes DC and mains hum away before the ear listens.
//! - [`goertzel`]: the eight bins of the DTMF frequencies.
//! - [`dtmf`]: the ear: which key was pressed, from when to when.
//! - [`echo`]: what of the received samples is our own voice.
//! - [`progress`]: what else a line says: voices, call-progress tones, beeps.

pub mod dtmf;
pub mod echo;
pub mod g711;
pub mod goertzel;
pub mod highpass;
pub mod level;
pub mod progress;
pub mod tone;
pub mod units;
