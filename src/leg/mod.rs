//! The line as [`call`](crate::call) knows it: plain data between the two halves of a leg and the
//! call that joins them.
//!
//! A leg has two halves that share no state. [`signal`] lives on the event loop and speaks SIP;
//! [`media`] is owned by a media thread and speaks RTP. Both tell what happened in the words below,
//! which know no SIP and no RTP type, so that the script and the verdict fit a modem as well.

pub mod key;
pub mod media;
pub mod pipe;
pub mod record;
pub mod signal;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clip::Clip;
use key::Press;
use pipe::{Pipe, PipeEnd};

/// The G.711 law of the audio we send and hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// PCMU, G.711 µ-law, static payload type 0 (RFC 3551 §6).
    Pcmu,
    /// PCMA, G.711 A-law, static payload type 8 (RFC 3551 §6).
    Pcma,
}

impl Codec {
    /// The encoding name as SDP and the result write it.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
        }
    }
}

/// What offer and answer agreed: all that the media half needs to send and to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFormat {
    /// Where our RTP goes; `None` while the far end names no address (`c=0.0.0.0`).
    pub remote: Option<SocketAddr>,
    /// Where our RTCP goes: `a=rtcp` (RFC 3605), else the RTP port plus one.
    pub remote_rtcp: Option<SocketAddr>,
    /// The law that we send.
    pub codec: Codec,
    /// The payload type of the audio that we send (the far end's numbering).
    pub send_payload: u8,
    /// Audio payload types in which the far end may send to us, with their law (our numbering).
    pub receive_payloads: Vec<(u8, Codec)>,
    /// Payload type of telephone-event/8000 towards the far end, if it takes events (RFC 4733).
    pub send_event_payload: Option<u8>,
    /// Payload type of telephone-event/8000 towards us, if we offered it.
    pub receive_event_payload: Option<u8>,
    /// Length of the packets that we send.
    pub ptime: Duration,
    /// Whether the far end wants to hear us (false on hold: `sendonly` or `inactive` from them).
    pub sending: bool,
}

/// An order to the media half of one line.
#[derive(Debug, Clone)]
pub enum MediaCommand {
    /// Send and receive as agreed; also sent after a re-INVITE or UPDATE, and at the answer.
    Negotiated(Arc<MediaFormat>),
    /// Stop what is said now; after `lead` of silence say these clips one after the other.
    Play {
        /// Names this saying in [`MediaEvent::Played`].
        saying: u32,
        /// Silence before the first clip.
        lead: Duration,
        /// The clips, shared by all calls, encoded once per law.
        clips: Vec<Arc<Clip>>,
    },
    /// Tell also voices, beeps and call tones, these as the country has them.
    Attend {
        /// ISO 3166 region of the number called; empty for none.
        region: &'static str,
    },
    /// Stop what is said now; silence goes on (RTP never pauses between answer and BYE).
    Stop,
    /// Press these keys (the phone's hand): in-band tones or RFC 4733 events.
    Press(Vec<PressOrder>),
    /// Hand what is heard to another line, and say what that one hears in place of all clips (the phone's
    /// attendant, which puts a caller through).
    Bridge {
        /// Takes what this line hears.
        hears: Arc<Pipe>,
        /// Gives what this line says.
        says: PipeEnd,
    },
    /// Pause or go on: while held nothing of the saying is consumed.
    Hold(bool),
    /// Read the socket empty, tell what came, then end with [`MediaEvent::Closed`].
    Close,
}

/// One key for the media half to press.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PressOrder {
    /// Which key.
    pub digit: key::Digit,
    /// By tone or by event; [`key::KeyPath::SipInfo`] and the modem's are not the media half's.
    pub path: key::KeyPath,
    /// Silence before the press, counted from the end of the one before.
    pub after: Duration,
    /// How long the key is held.
    pub held: Duration,
    /// Level of each tone of an in-band press, in dBm0.
    pub level_dbm0: f32,
}

/// What the media half tells of one line.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// A key press heard on a media path, at its first evidence.
    Key(Press),
    /// Something like a key that fell short of one, or a stretch in which one may have been lost.
    Undecided {
        /// Where it began, on the gateway's media clock.
        from: Instant,
        /// Where it ended.
        to: Instant,
    },
    /// A key that must not count, whichever it was: our own sound came back, or a stranger sent it.
    Untrusted {
        /// Why not.
        why: key::Distrust,
        /// When it began, on the gateway's media clock.
        began: Instant,
    },
    /// The far end's voice was heard from `at` on; our own echo is none, and no key's tone is one.
    VoiceBegan {
        /// When, on the gateway's media clock.
        at: Instant,
    },
    /// That voice ended at `at`: it has paused 0.2 s at least.
    VoiceEnded {
        /// When, on the gateway's media clock.
        at: Instant,
    },
    /// A telephone rings behind whoever answered: this burst of its ringing began at `at`.
    RingbackBegan {
        /// When, on the gateway's media clock.
        at: Instant,
    },
    /// That burst ended at `at`; the next may follow after its pause.
    RingbackEnded {
        /// When, on the gateway's media clock.
        at: Instant,
    },
    /// A busy or congestion tone is heard: told once while it goes on.
    Engaged {
        /// When it began, on the gateway's media clock.
        from: Instant,
    },
    /// The line said what no person says; but for [`LineSound::Tone`] told once it is over and sure.
    Sound {
        /// What it was.
        sound: LineSound,
        /// When it began, on the gateway's media clock.
        from: Instant,
    },
    /// The last sample of the saying's clip with this index was sent.
    Played {
        /// Which saying.
        saying: u32,
        /// Which of its clips, from 0.
        clip: usize,
        /// When the packet that holds the last sample left.
        at: Instant,
    },
    /// A key of a [`MediaCommand::Press`] is being sent.
    Pressed {
        /// When the first packet that holds any of it left.
        first_packet: Instant,
    },
    /// The socket is read empty and closed; nothing follows.
    Closed(MediaFigures),
}

/// A sound that no person makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineSound {
    /// A tone that no key makes and no voice holds; told while it sounds, before it has a name.
    Tone,
    /// An answering machine begins to record.
    Beep,
    /// A telephone rings behind whoever answered.
    Ringback,
    /// Busy, congestion or dial tone.
    CallTone,
    /// The special information tone: the network is about to say why the call cannot be made.
    Information,
    /// A fax machine calls or answers.
    Fax,
}

/// What one line sent and received, at its end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MediaFigures {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets received from the locked source.
    pub packets_received: u64,
    /// Packets lost on the way to us (RFC 3550 §6.4.1, cumulative number lost; never below 0).
    pub lost_received: u64,
    /// Packets lost on the way to the far end, as its last receiver report tells; `None` if none came.
    pub lost_sent: Option<u64>,
    /// Interarrival jitter towards us (RFC 3550 §6.4.1), in milliseconds.
    pub jitter_ms: f64,
    /// Packets that came too late for their place in the ring.
    pub late: u64,
    /// Packets dropped because they came from another source or were no RTP of this call.
    pub foreign: u64,
    /// Estimated listening quality towards us (ITU-T G.107 R mapped to MOS); `None` without audio.
    pub mos: Option<f64>,
    /// Whether any RTCP came.
    pub rtcp_received: bool,
}

/// What the signalling half tells.
#[derive(Debug, Clone, PartialEq)]
pub enum SignalEvent {
    /// The network took the call (a 100 or any other provisional answer).
    Trying,
    /// The phone rings: a 180, or a 183 where the trunk says that it means so.
    Ringing,
    /// Media may come before the answer: a provisional answer with SDP.
    EarlyMedia(Arc<MediaFormat>),
    /// Answered: a 2xx with what was agreed in the end.
    Answered(Arc<MediaFormat>),
    /// Agreed anew in the call (re-INVITE, UPDATE).
    Renegotiated(Arc<MediaFormat>),
    /// The far end holds us (`true`) or took us back (`false`).
    Held(bool),
    /// A key press by SIP INFO.
    Key(Press),
    /// A key by SIP INFO that must not count, whichever it was.
    Untrusted {
        /// Why not.
        why: key::Distrust,
        /// When its press began.
        began: Instant,
    },
    /// The network says that it led the call elsewhere (181, History-Info, Diversion).
    Diverted,
    /// The far end hung up and our 200 has left; the media half is to be read empty now.
    HungUp(Cause),
    /// The leg ended otherwise, before or after the answer.
    Ended(Cause),
}

/// Why a leg ended, as plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What ended it.
    pub kind: CauseKind,
    /// How far the leg had come.
    pub stage: Stage,
    /// The last final status of the network (SIP), if there was one.
    pub code: Option<u16>,
    /// The Q.850 cause of a Reason header (RFC 3326), if there was one.
    pub q850: Option<u8>,
    /// What the network said in words: reason phrase, Reason text or Warning, or our own error.
    pub text: String,
    /// When the network asked us to come back (RFC 3261 §20.33).
    pub retry_after: Option<Duration>,
}

/// What ended a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseKind {
    /// A final answer other than 2xx, in `code`.
    Refused,
    /// 401 or 407 again after our credentials, or without any of ours that fit.
    Unauthorised,
    /// Nothing final came in time (Timer B, or the ringing limit before any sign of ringing).
    TimedOut,
    /// We cancelled it or hung up.
    HungUpByUs,
    /// The far end sent BYE.
    HungUpByFar,
    /// A 2xx whose SDP we cannot use, or without any.
    NoUsableMedia,
    /// The transport failed (connection refused, unroutable address, name not found).
    Transport,
}

/// How far a leg had come when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// No INVITE left.
    Unsent,
    /// An INVITE left and nothing came back.
    Sent,
    /// A provisional answer came.
    Trying,
    /// The phone rang.
    Ringing,
    /// The call was answered.
    Answered,
}
