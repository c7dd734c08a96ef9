//! The media engine: threads that own each call's sockets and [`Line`](crate::leg::media::Line).
//!
//! A few dedicated threads walk their lines in sub-slots of 5 ms against absolute deadlines: they
//! read what came, then send what is due. No packet meets a task, a lock or an allocation; two
//! sockets a call make it unambiguous whose packets these are. The event loop talks to the threads
//! by a bounded queue of orders, and hears from them by a bounded queue of events; what does not
//! fit there waits in its line and is told a sub-slot later.

mod engine;
mod lateness;
mod limits;
mod pace;
mod port_pool;
mod realtime;
mod slot;
mod sockets;
mod thread;

pub use engine::{LocalMedia, MediaEngine, MediaError, MediaHandle, Options};
pub use limits::capacity;
pub use port_pool::NoPort;

#[cfg(test)]
mod tests;
