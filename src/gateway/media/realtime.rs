//! Real-time scheduling for the media threads, where the machine allows it.

use std::sync::Once;

use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// In the middle of the range: above all ordinary work, below the kernel's own threads.
const PRIORITY: u8 = 50;

static WARNED: Once = Once::new();

/// Puts the current thread under SCHED_FIFO; warns once where that is refused, for then other work
/// on the machine can hold up packets by tens of milliseconds.
pub(super) fn claim() {
    let value = ThreadPriorityValue::try_from(PRIORITY).expect("50 lies within 0 to 99");
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let priority = ThreadPriority::Crossplatform(value);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), priority, policy) {
        WARNED.call_once(|| {
            tracing::warn!(?error, "no SCHED_FIFO for media threads (CAP_SYS_NICE): packets may leave late");
        });
    }
}
