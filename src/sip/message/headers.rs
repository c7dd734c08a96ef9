//! The headers of a message: a list in its order, read into types on demand.

use super::typed::HeaderValue;
use super::{
    CSeq, Challenge, Contacts, ContentType, Cursor, HeaderError, HeaderFlaw, Name, NameAddr, Reason,
    RetryAfter, Via, generic,
};
use std::net::SocketAddr;

/// Header lines in their order, each with its unfolded value.
///
/// `Content-Length` is never among those that were read: the body's own length says it, and the writer
/// writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(rsip::Headers);

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No headers, with room for those of a usual INVITE.
    pub(super) fn with_room() -> Self {
        Self(Vec::with_capacity(USUAL_COUNT).into())
    }

    /// Appends a line.
    pub fn push(&mut self, name: Name, value: impl Into<String>) {
        self.0.push(generic::store(name, value.into()));
    }

    /// Appends a line under a name that may be unknown.
    pub fn push_named(&mut self, name: &str, value: impl Into<String>) {
        match Name::from_token(name) {
            Some(known) => self.push(known, value),
            None => self.0.push(rsip::Header::Other(name.to_owned(), value.into())),
        }
    }

    /// Puts a line before all others, as a new top Via must stand (RFC 3261 §16.6).
    pub fn push_front(&mut self, name: Name, value: impl Into<String>) {
        let mut list: Vec<rsip::Header> = std::mem::take(&mut self.0).into();
        list.insert(0, generic::store(name, value.into()));
        self.0 = list.into();
    }

    /// Replaces all lines of that name by one, where the first stood, or appends it.
    pub fn set(&mut self, name: Name, value: impl Into<String>) {
        let mut value = Some(value.into());
        let old: Vec<rsip::Header> = std::mem::take(&mut self.0).into();
        for header in old {
            if !generic::is(&header, name) {
                self.0.push(header);
            } else if let Some(value) = value.take() {
                self.push(name, value);
            }
        }
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    /// Removes all lines of that name.
    pub fn remove(&mut self, name: Name) {
        self.0.retain(|header| !generic::is(header, name));
    }

    /// Appends all lines of that name from another message.
    pub fn copy(&mut self, name: Name, from: &Self) {
        for value in from.all(name) {
            self.push(name, value);
        }
    }

    /// The value of the first line of that name.
    #[must_use]
    pub fn get(&self, name: Name) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of the first line under a name that may be unknown to us.
    #[must_use]
    pub fn get_named(&self, name: &str) -> Option<&str> {
        self.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of all lines of that name.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |header| generic::is(header, name)).map(generic::value_of)
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|header| (generic::name_text(header), generic::value_of(header)))
    }

    /// Reads a header that may stand once.
    ///
    /// # Errors
    /// It stands twice or is malformed.
    pub fn one<T: HeaderValue>(&self, name: Name) -> Result<Option<T>, HeaderError> {
        let mut values = self.all(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(HeaderError { name, flaw: HeaderFlaw::Duplicate });
        }
        let item = T::parse_whole(&mut Cursor::new(value));
        item.map(Some).map_err(|flaw| HeaderError { name, flaw })
    }

    /// Reads a header that must stand exactly once.
    ///
    /// # Errors
    /// It is missing, stands twice or is malformed.
    pub fn required<T: HeaderValue>(&self, name: Name) -> Result<T, HeaderError> {
        self.one(name)?.ok_or(HeaderError { name, flaw: HeaderFlaw::Missing })
    }

    /// Reads all values of that name, over lines and commas (RFC 3261 §7.3.1).
    ///
    /// # Errors
    /// One is malformed, or there are more than [`super::MAX_LIST`].
    pub fn list<T: HeaderValue>(&self, name: Name) -> Result<Vec<T>, HeaderError> {
        let mut items = Vec::new();
        for value in self.all(name) {
            T::parse_list(&mut Cursor::new(value), &mut items).map_err(|flaw| HeaderError { name, flaw })?;
        }
        Ok(items)
    }

    /// All Vias, the topmost first.
    ///
    /// # Errors
    /// There is none, or one is malformed.
    pub fn vias(&self) -> Result<Vec<Via>, HeaderError> {
        let vias = self.list(Name::Via)?;
        if vias.is_empty() {
            return Err(HeaderError { name: Name::Via, flaw: HeaderFlaw::Missing });
        }
        Ok(vias)
    }

    /// The topmost Via, which names the transaction (RFC 3261 §17.1.3).
    ///
    /// # Errors
    /// There is none, or it is malformed.
    pub fn top_via(&self) -> Result<Via, HeaderError> {
        let error = |flaw| HeaderError { name: Name::Via, flaw };
        let value = self.get(Name::Via).ok_or(error(HeaderFlaw::Missing))?;
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        Via::parse(&mut cursor).map_err(error)
    }

    /// Writes the source of a received request into its topmost Via (RFC 3261 §18.2.1, RFC 3581 §4).
    /// One that is malformed stays as it is.
    pub fn stamp_source(&mut self, source: SocketAddr) {
        let mut lines: Vec<rsip::Header> = std::mem::take(&mut self.0).into();
        let top = lines.iter_mut().find(|header| generic::is(header, Name::Via));
        if let Some(line) = top
            && let Some(value) = stamped(generic::value_of(line), source)
        {
            *line = generic::store(Name::Via, value);
        }
        self.0 = lines.into();
    }

    /// From.
    ///
    /// # Errors
    /// It is missing, stands twice or is malformed.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        self.required(Name::From)
    }

    /// To.
    ///
    /// # Errors
    /// It is missing, stands twice or is malformed.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        self.required(Name::To)
    }

    /// The tag in From; `None` also where From is malformed, and from RFC 2543 clients.
    #[must_use]
    pub fn from_tag(&self) -> Option<String> {
        self.from().ok()?.tag().map(str::to_owned)
    }

    /// The tag in To; `None` outside a dialog, and where To is malformed.
    #[must_use]
    pub fn to_tag(&self) -> Option<String> {
        self.to().ok()?.tag().map(str::to_owned)
    }

    /// Call-ID, compared byte by byte (RFC 3261 §20.8).
    ///
    /// # Errors
    /// It is missing, stands twice or is empty.
    pub fn call_id(&self) -> Result<&str, HeaderError> {
        let error = |flaw| HeaderError { name: Name::CallId, flaw };
        let mut values = self.all(Name::CallId);
        let value = values.next().ok_or(error(HeaderFlaw::Missing))?;
        if values.next().is_some() {
            return Err(error(HeaderFlaw::Duplicate));
        }
        match value.bytes().position(|b| matches!(b, b' ' | b'\t' | b',')) {
            None if !value.is_empty() => Ok(value),
            at => {
                Err(error(HeaderFlaw::Unexpected { at: u32::try_from(at.unwrap_or(0)).unwrap_or(u32::MAX) }))
            }
        }
    }

    /// CSeq.
    ///
    /// # Errors
    /// It is missing, stands twice or is malformed.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        self.required(Name::CSeq)
    }

    /// Max-Forwards, 0 to 255 (RFC 3261 §20.22); `None` from RFC 2543 clients.
    ///
    /// # Errors
    /// It stands twice, is no number, or is past 255.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        let error = HeaderError { name: Name::MaxForwards, flaw: HeaderFlaw::Number };
        let number = self.one::<u32>(Name::MaxForwards)?;
        number.map(|number| u8::try_from(number).map_err(|_| error)).transpose()
    }

    /// All Contacts.
    ///
    /// # Errors
    /// One is malformed.
    pub fn contacts(&self) -> Result<Contacts, HeaderError> {
        let mut values = self.all(Name::Contact);
        if values.next() == Some("*") && values.next().is_none() {
            return Ok(Contacts::All);
        }
        self.list(Name::Contact).map(Contacts::List)
    }

    /// The first Contact, which names the remote target (RFC 3261 §12.1).
    ///
    /// # Errors
    /// One is malformed.
    pub fn contact(&self) -> Result<Option<NameAddr>, HeaderError> {
        match self.contacts()? {
            Contacts::All => Ok(None),
            Contacts::List(list) => Ok(list.into_iter().next()),
        }
    }

    /// Route values, topmost first.
    ///
    /// # Errors
    /// One is malformed.
    pub fn routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.list(Name::Route)
    }

    /// Record-Route values, topmost first: a UAC's route set is their reverse (RFC 3261 §12.1.2).
    ///
    /// # Errors
    /// One is malformed.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.list(Name::RecordRoute)
    }

    /// A list of tokens: Require, Supported, Unsupported, Proxy-Require, Allow.
    ///
    /// # Errors
    /// One is no token.
    pub fn tokens(&self, name: Name) -> Result<Vec<String>, HeaderError> {
        self.list(name)
    }

    /// Whether a list of tokens has this one, without regard to case; a malformed list has none.
    #[must_use]
    pub fn has_token(&self, name: Name, token: &str) -> bool {
        self.tokens(name).is_ok_and(|list| list.iter().any(|one| one.eq_ignore_ascii_case(token)))
    }

    /// Content-Type.
    ///
    /// # Errors
    /// It stands twice or is malformed.
    pub fn content_type(&self) -> Result<Option<ContentType>, HeaderError> {
        self.one(Name::ContentType)
    }

    /// Retry-After.
    ///
    /// # Errors
    /// It stands twice or is malformed.
    pub fn retry_after(&self) -> Result<Option<RetryAfter>, HeaderError> {
        self.one(Name::RetryAfter)
    }

    /// All Reasons (RFC 3326).
    ///
    /// # Errors
    /// One is malformed.
    pub fn reasons(&self) -> Result<Vec<Reason>, HeaderError> {
        self.list(Name::Reason)
    }

    /// The first Q.850 cause; a malformed Reason has none.
    #[must_use]
    pub fn q850_cause(&self) -> Option<u16> {
        self.reasons().ok()?.iter().find_map(Reason::q850)
    }

    /// RSeq (RFC 3262 §7.1).
    ///
    /// # Errors
    /// It stands twice or is no number.
    pub fn rseq(&self) -> Result<Option<u32>, HeaderError> {
        self.one(Name::RSeq)
    }

    /// The challenges of WWW-Authenticate or Proxy-Authenticate, topmost first.
    ///
    /// # Errors
    /// One is malformed.
    pub fn challenges(&self, name: Name) -> Result<Vec<Challenge>, HeaderError> {
        self.list(name)
    }
}

/// Header lines of a usual INVITE that crossed a proxy or two.
const USUAL_COUNT: usize = 24;

/// A Via value whose first item has the source written in.
fn stamped(value: &str, source: SocketAddr) -> Option<String> {
    let mut cursor = Cursor::new(value);
    cursor.skip_lws();
    let mut via = Via::parse(&mut cursor).ok()?;
    via.stamp(source);
    Some(format!("{via}{}", cursor.rest()))
}
