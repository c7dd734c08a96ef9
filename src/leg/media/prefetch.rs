//! Memory that is wanted soon: a thousand lines do not fit the cache.

/// Bytes that the processor fetches at once.
const CACHE_LINE: usize = 64;
/// As near to the processor as can be.
const L1: i32 = 0;

/// Has a value brought into the cache, but for what it points to; what follows runs meanwhile.
pub fn prefetch<T>(value: &T) {
    let begin = std::ptr::from_ref(value).cast::<[u8; CACHE_LINE]>();
    for line in 0..size_of::<T>().div_ceil(CACHE_LINE) {
        branches::prefetch_read_data::<_, L1>(begin.wrapping_add(line));
    }
}
