//! Our side of one session: offers, answers, and what they came to.

use std::net::IpAddr;

use super::agreed::{Agreed, Direction};
use super::audio::Audio;
use super::compose::{self, SentAudio, SentSection};
use super::description::{Description, MediaLine};
use super::encoding::Encoding;
use super::error::SdpError;

/// The payload type that our offers give to telephone-event: the one nearly everybody uses.
const EVENT_PAYLOAD: u8 = 101;
/// Plain RTP, the profile of our offers.
const PROFILE: &str = "RTP/AVP";

/// Where our media lives, as the far end shall see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// The advertised address.
    pub address: IpAddr,
    /// The RTP port; RTCP is at the next one.
    pub port: u16,
}

/// What we are willing to speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Encodings in our order of preference; not empty.
    pub encodings: Vec<Encoding>,
    /// Whether telephone-event/8000 is offered and taken.
    pub events: bool,
}

impl Default for Settings {
    /// Both laws, µ-law first, and events.
    fn default() -> Settings {
        Settings { encodings: vec![Encoding::Pcmu, Encoding::Pcma], events: true }
    }
}

/// Our answer to an offer, and what it agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The text to send.
    pub body: String,
    /// What holds from now on.
    pub agreed: Agreed,
}

/// One session of RFC 3264. Cloned for each To tag, since every fork answers for itself.
#[derive(Debug, Clone)]
pub struct Session {
    local: Local,
    settings: Settings,
    session_id: u64,
    version: u64,
    /// What we sent last; the next description's version differs only if this does.
    sent: Vec<SentSection>,
    /// Our offer that waits for its answer.
    open_offer: Option<SentAudio>,
    /// The encoding in use, kept through later offers.
    encoding: Option<Encoding>,
    /// The payload type of telephone-event in our next offer: once the far end has given it a
    /// number, that number keeps its meaning (RFC 3264 §8.3.2).
    event_payload: u8,
}

impl Session {
    /// A session that has said nothing yet. `session_id` is random and unique (RFC 8866 §5.2).
    pub fn new(session_id: u64, local: Local, settings: Settings) -> Session {
        Session {
            local,
            settings,
            // Many peers read both numbers of `o=` as signed 64-bit ones.
            session_id: session_id >> 1,
            version: 1,
            sent: Vec::new(),
            open_offer: None,
            encoding: None,
            event_payload: EVENT_PAYLOAD,
        }
    }

    /// Offers no telephone-event from now on: the second try after a 488 or 606.
    pub fn drop_events(&mut self) {
        self.settings.events = false;
    }

    /// Our offer: all that we speak, the encoding in use first.
    pub fn offer(&mut self) -> String {
        let audio = SentAudio {
            port: self.local.port,
            profile: PROFILE.to_owned(),
            encodings: self.preferred().map(|e| (e.static_payload(), e)).collect(),
            events: self.settings.events.then_some(self.event_payload),
            direction: Direction::SendRecv,
        };
        self.open_offer = Some(audio.clone());
        // RFC 3264 §8: a later offer has every line of the earlier ones at its place.
        let mut sections = self.sent.clone();
        match sections.iter_mut().find(|section| matches!(section, SentSection::Audio(_))) {
            Some(ours) => *ours = SentSection::Audio(audio),
            None => sections.push(SentSection::Audio(audio)),
        }
        self.compose(sections)
    }

    /// The far end's answer to our open offer. On an error the offer stays open.
    pub fn handle_answer(&mut self, body: &[u8]) -> Result<Agreed, SdpError> {
        let offered = self.open_offer.as_ref().ok_or(SdpError::Unexpected)?;
        let place = self.sent.iter().position(|section| matches!(section, SentSection::Audio(_)));
        let description = Description::read(body)?;
        let audio = Audio::read(&description, place.unwrap_or(0), self.local.address)?;
        let speaks = |(_, encoding): &&(u8, Encoding)| self.settings.encodings.contains(encoding);
        let &(send_payload, encoding) = audio.encodings.iter().find(speaks).ok_or(SdpError::NoCodec)?;
        let agreed = Agreed {
            remote_rtp: audio.rtp,
            remote_rtcp: audio.rtcp,
            encoding,
            send_payload,
            receive_payloads: receivable(offered, &audio),
            send_events: audio.events.filter(|_| offered.events.is_some()),
            receive_events: offered.events,
            ptime: audio.ptime,
            direction: audio.direction,
        };
        self.open_offer = None;
        self.encoding = Some(encoding);
        Ok(agreed)
    }

    /// The far end's offer: our answer, or why it is to be refused with 488.
    ///
    /// A refused offer changes nothing (RFC 3264 §8: the session goes on as before).
    pub fn handle_offer(&mut self, body: &[u8]) -> Result<Answer, SdpError> {
        let description = Description::read(body)?;
        let (place, audio) = self.first_usable(&description)?;
        let &(number, encoding) = self.choose(&audio).ok_or(SdpError::NoCodec)?;
        let events = audio.events.filter(|_| self.settings.events);
        // RFC 3264 §6.1: the answer keeps the numbers of the offer, so one numbering serves both.
        let ours = SentAudio {
            port: self.local.port,
            profile: audio.profile.clone(),
            encodings: vec![(number, encoding)],
            events,
            direction: audio.direction,
        };
        let lines = description.sections.into_iter().map(|section| section.line);
        let body = self.compose(answer_sections(lines, place, ours));
        self.encoding = Some(encoding);
        self.event_payload = events.unwrap_or(self.event_payload);
        let agreed = Agreed {
            remote_rtp: audio.rtp,
            remote_rtcp: audio.rtcp,
            encoding,
            send_payload: number,
            receive_payloads: vec![(number, encoding)],
            send_events: events,
            receive_events: events,
            ptime: audio.ptime,
            direction: audio.direction,
        };
        Ok(Answer { body, agreed })
    }

    /// The first audio section that we can use, else why the first audio section is of no use.
    fn first_usable(&self, description: &Description) -> Result<(usize, Audio), SdpError> {
        let mut refusal = SdpError::NoAudio;
        for place in 0..description.sections.len() {
            match Audio::read(description, place, self.local.address) {
                Ok(audio) if self.choose(&audio).is_some() => return Ok((place, audio)),
                Ok(_) => refusal = SdpError::NoCodec,
                Err(SdpError::NoAudio) => {}
                Err(error) if refusal == SdpError::NoAudio => refusal = error,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    /// The encoding in use where the offer has it, else the offer's first that we speak.
    fn choose<'a>(&self, audio: &'a Audio) -> Option<&'a (u8, Encoding)> {
        let kept = audio.encodings.iter().find(|(_, encoding)| self.encoding == Some(*encoding));
        let spoken = |(_, encoding): &&(u8, Encoding)| self.settings.encodings.contains(encoding);
        kept.or_else(|| audio.encodings.iter().find(spoken))
    }

    fn preferred(&self) -> impl Iterator<Item = Encoding> + '_ {
        let others = self.settings.encodings.iter().copied();
        self.encoding.into_iter().chain(others.filter(|encoding| self.encoding != Some(*encoding)))
    }

    fn compose(&mut self, sections: Vec<SentSection>) -> String {
        // RFC 3264 §8: the version rises by one when the description changes, else it stays.
        if !self.sent.is_empty() && self.sent != sections {
            self.version += 1;
        }
        self.sent = sections;
        compose::description(self.session_id, self.version, self.local.address, &self.sent)
    }
}

/// What may come: all that we offered, and the answer's own numbers, which many peers use for
/// what they send although RFC 3264 §6.1 has them send in ours.
fn receivable(offered: &SentAudio, answer: &Audio) -> Vec<(u8, Encoding)> {
    let mut payloads = offered.encodings.clone();
    for &(number, encoding) in &answer.encodings {
        let taken = payloads.iter().any(|(ours, _)| *ours == number);
        if !taken && offered.events != Some(number) {
            payloads.push((number, encoding));
        }
    }
    payloads
}

fn answer_sections(
    lines: impl Iterator<Item = MediaLine>,
    place: usize,
    ours: SentAudio,
) -> Vec<SentSection> {
    let mut sections: Vec<SentSection> = lines.map(SentSection::Refused).collect();
    if let Some(section) = sections.get_mut(place) {
        *section = SentSection::Audio(ours);
    }
    sections
}
