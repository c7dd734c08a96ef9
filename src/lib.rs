//! Octothorpe: an open telephony verification gateway. It phones people, hears them press `#`, and
//! puts one trustworthy verdict on a queue.
//!
//! # The path of a call
//!
//! A job comes in by [`http`] (or [`cli`]) and is durable in [`queue`]. [`gateway`] claims it, asks
//! [`policy`] whether it may be dialled and [`route`] by which trunk, and makes a [`call`]. The
//! call's signalling half, [`leg::signal`], speaks [`sip`] and [`sdp`] on the event loop; its media
//! half, [`leg::media`], speaks [`rtp`] and listens with [`dsp`] on a media thread. The script says
//! the clips of [`prompt`], the verdict becomes a record of [`report`], and the queue keeps it until
//! its consumer has it.
//!
//! # The rooms, and what each may import
//!
//! Imports point one way: `cli`, `http` → `gateway` → `queue`, `route`, `policy`, `call`, `report`;
//! `call` → `job`, `leg`; `leg::signal` → `sip`, `sdp`; `leg::media` → `rtp`, `dsp`, `clip`.
//!
//! | room | what it is | imports |
//! | --- | --- | --- |
//! | [`cli`] | the command line, one file a command | everything |
//! | [`http`] | the front door | `gateway`'s snapshots, `queue`, `job`, `report`, `policy`'s blocks, `access`, `secure` |
//! | [`gateway`] | the edge: event loop, sockets, media threads, clock | the rooms below |
//! | [`phone`], [`load`] | the answering phone, be it an attendant, and the load run | `gateway`, `leg`, `sip` |
//! | [`config`] | files as written → checked `Config` | nothing |
//! | [`queue`] | job in, result out, durable | `job`, `report`, `reason`, `leg`'s record, `access` |
//! | [`access`] | tokens, tenants, roles | `job`'s time |
//! | [`secure`] | certificates and keys → what TLS is served by | `job`'s time |
//! | [`route`] | job + trunks → trunk, caller id, addresses | `config`'s plain trunk, `number`, `reason` |
//! | [`policy`] | may this job be dialled now | `config`'s limits, `job`, `number`, `reason` |
//! | [`call`] | one call: joins signalling, media and script | `leg`, `clip`, `reason`, `report` |
//! | [`leg`] | the line in two halves that share no state | `sip`, `sdp`; `rtp`, `dsp`, `clip` |
//! | [`sip`] | RFC 3261 without I/O | nothing |
//! | [`sdp`] | offer and answer | nothing |
//! | [`rtp`] | packets, ring, events, RTCP | nothing |
//! | [`dsp`] | G.711, the ear, levels, tones | nothing |
//! | [`audio`] | recorded file → 8 kHz PCM | nothing |
//! | [`clip`] | a spoken clip in both laws | `dsp` |
//! | [`prompt`] | packs under `prompts/` → clips, and their lint | `audio`, `clip`, `dsp`, `locale`, `job`'s purpose and mode |
//! | [`report`] | result, attempt record, snapshots: plain records | `reason`, `job`, `leg`'s key path |
//! | [`reason`] | verdict, reason, fault: the one table; its sentences by language | `locale` |
//! | [`job`], [`number`] | one order; an E.164 number that masks itself | `locale`, `reason`, `number` |
//! | [`locale`] | language tags: which of several fits best | nothing |
//!
//! # What is absent, and stays so
//!
//! Only `main`, `cli`, `config`, `gateway`, `http`, the engines in `queue`, `prompt`, `audio`,
//! `phone` and `load` name the runtime, sockets, files or a clock. `rsip` is named in
//! `sip::message` alone. A test reads `src/` and enforces both, and the arrows above.

pub mod access;
pub mod audio;
pub mod call;
pub mod cli;
pub mod clip;
pub mod config;
pub mod dsp;
pub mod gateway;
pub mod http;
pub mod job;
pub mod leg;
pub mod load;
pub mod locale;
pub mod number;
pub mod phone;
pub mod policy;
pub mod prompt;
pub mod queue;
pub mod reason;
pub mod report;
pub mod route;
pub mod rtp;
pub mod sdp;
pub mod secure;
pub mod sip;
