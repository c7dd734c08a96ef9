//! What a message may cost. Past any of these it is refused; nothing is cut silently but trailing bytes.

/// Bytes in a message, as read and as it would be written in long form: the largest UDP datagram, which
/// RFC 3261 §18.1.1 requires every element to take, rounded up; on TCP nothing larger is buffered.
pub const MAX_MESSAGE: usize = 65_536;

/// Bytes of the request or status line: room for a Request-URI with number portability parameters.
pub const MAX_START_LINE: usize = 4_096;

/// Header lines in a message: 34 `Via` alone in RFC 4475 §3.1.1.7, and Max-Forwards starts at 70.
pub const MAX_HEADERS: usize = 256;

/// Bytes in a header name; the longest registered one has 30, RFC 4475 §3.1.1.7 shows 97.
pub const MAX_NAME_LEN: usize = 128;

/// Bytes in one header's value after unfolding: a STIR `Identity` with a certificate URL fits twice.
pub const MAX_HEADER_LEN: usize = 8_192;

/// Values of one kind in a message, over all its header lines: a call that crossed more proxies than
/// Max-Forwards allows (70, RFC 3261 §8.1.1.6) has looped.
pub const MAX_LIST: usize = 128;

/// Bytes of user and password in a SIP URI. The reader looks this far for an `@`, which keeps its work linear.
pub const MAX_USER_LEN: usize = 512;

/// Bytes past ASCII in the values of a message that are not UTF-8. As Latin-1 each becomes two bytes, and a
/// message with more of them than a few display names is no text at all.
pub const MAX_LATIN1: usize = 1_024;
