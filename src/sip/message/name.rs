//! Header names, long and compact (RFC 3261 §7.3.3, §20 and the registry).

use std::fmt;

macro_rules! names {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// A header that this code knows by name. Names compare without regard to case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Name {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Name {
            /// The long form as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        /// All names, by their length, shortest first.
        const BY_LENGTH: &[Name] = &[$(Name::$variant),*];
    };
}

names! {
    To "To",
    Via "Via",
    CSeq "CSeq", Date "Date", From "From", Join "Join", Path "Path", RAck "RAck", RSeq "RSeq",
    Allow "Allow", Event "Event", Route "Route",
    Accept "Accept", MinSe "Min-SE", Reason "Reason", Server "Server",
    CallId "Call-ID", Contact "Contact", Expires "Expires", Privacy "Privacy",
    Require "Require", Subject "Subject", Warning "Warning",
    Identity "Identity", Priority "Priority", ReferTo "Refer-To", Replaces "Replaces", ReplyTo "Reply-To",
    CallInfo "Call-Info", Diversion "Diversion", RecvInfo "Recv-Info", Supported "Supported",
    Timestamp "Timestamp",
    AlertInfo "Alert-Info", ErrorInfo "Error-Info", UserAgent "User-Agent",
    InReplyTo "In-Reply-To", MinExpires "Min-Expires", ReferredBy "Referred-By",
    RetryAfter "Retry-After", Unsupported "Unsupported",
    AllowEvents "Allow-Events", ContentType "Content-Type", HistoryInfo "History-Info",
    InfoPackage "Info-Package", MaxForwards "Max-Forwards", MimeVersion "MIME-Version",
    Organization "Organization", RecordRoute "Record-Route",
    Authorization "Authorization", PEarlyMedia "P-Early-Media", ProxyRequire "Proxy-Require",
    ServiceRoute "Service-Route",
    ContentLength "Content-Length",
    AcceptEncoding "Accept-Encoding", AcceptLanguage "Accept-Language",
    RemotePartyId "Remote-Party-ID", SessionExpires "Session-Expires",
    ContentEncoding "Content-Encoding", ContentLanguage "Content-Language",
    WwwAuthenticate "WWW-Authenticate",
    ProxyAuthenticate "Proxy-Authenticate", SubscriptionState "Subscription-State",
    AuthenticationInfo "Authentication-Info", ContentDisposition "Content-Disposition",
    PAssertedIdentity "P-Asserted-Identity", ProxyAuthorization "Proxy-Authorization",
    PPreferredIdentity "P-Preferred-Identity",
}

/// The longest name of the table.
const LONGEST: usize = 20;

/// Where the names of each length begin in the table.
const FIRST: [u8; LONGEST + 2] = first_by_length();

const fn first_by_length() -> [u8; LONGEST + 2] {
    let mut first = [0; LONGEST + 2];
    let mut length = 0;
    while length < first.len() {
        let mut i = 0;
        while i < BY_LENGTH.len() && BY_LENGTH[i].as_str().len() < length {
            i += 1;
        }
        first[length] = i as u8;
        length += 1;
    }
    first
}

impl Name {
    /// The header that a name, long or compact, stands for; `None` for one that we do not know.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        if let &[letter] = token.as_bytes() {
            return Self::from_compact(letter);
        }
        let length = token.len();
        if length > LONGEST {
            return None;
        }
        let same_length = FIRST[length] as usize..FIRST[length + 1] as usize;
        BY_LENGTH[same_length].iter().copied().find(|name| name.as_str().eq_ignore_ascii_case(token))
    }

    /// The compact forms of the registry (RFC 3261 §7.3.3, 3515, 3892, 3841, 4028, 6665, 8224).
    const fn from_compact(letter: u8) -> Option<Self> {
        match letter.to_ascii_lowercase() {
            b'b' => Some(Self::ReferredBy),
            b'c' => Some(Self::ContentType),
            b'e' => Some(Self::ContentEncoding),
            b'f' => Some(Self::From),
            b'i' => Some(Self::CallId),
            b'k' => Some(Self::Supported),
            b'l' => Some(Self::ContentLength),
            b'm' => Some(Self::Contact),
            b'o' => Some(Self::Event),
            b'r' => Some(Self::ReferTo),
            b's' => Some(Self::Subject),
            b't' => Some(Self::To),
            b'u' => Some(Self::AllowEvents),
            b'v' => Some(Self::Via),
            b'x' => Some(Self::SessionExpires),
            b'y' => Some(Self::Identity),
            _ => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        // RFC 3261 §7.3.1: field names are case-insensitive.
        for &name in BY_LENGTH {
            assert_eq!(Name::from_token(name.as_str()), Some(name));
            assert_eq!(Name::from_token(&name.as_str().to_ascii_uppercase()), Some(name));
            assert_eq!(Name::from_token(&name.as_str().to_ascii_lowercase()), Some(name));
        }
        assert_eq!(Name::from_token("X-Anything"), None);
        assert_eq!(Name::from_token("P-Preferred-Identity-Longer"), None);
    }

    #[test]
    fn compact_forms_stand_for_their_header() {
        // RFC 3261 §7.3.3: a compact form may be substituted at any time.
        assert_eq!(Name::from_token("v"), Some(Name::Via));
        assert_eq!(Name::from_token("I"), Some(Name::CallId));
        assert_eq!(Name::from_token("z"), None);
    }
}
