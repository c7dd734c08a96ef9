//! `rsip`'s header enum as the store of one header: a value of ours goes in and comes out unchanged.

use super::Name;
use rsip::Header;
use rsip::prelude::UntypedHeader;

macro_rules! held {
    (typed: $($typed:ident),*; other: $($other:ident),* $(,)?) => {
        /// The name that a stored header has a variant for.
        fn variant_of(header: &Header) -> Option<Name> {
            match header {
                $(Header::$typed(_) => Some(Name::$typed),)*
                Header::Other(..) => None,
            }
        }

        /// The name as it is written.
        pub(super) fn name_text(header: &Header) -> &str {
            match header {
                $(Header::$typed(_) => Name::$typed.as_str(),)*
                Header::Other(name, _) => name,
            }
        }

        /// The value as text.
        pub(super) fn value_of(header: &Header) -> &str {
            match header {
                $(Header::$typed(inner) => inner.value(),)*
                Header::Other(_, value) => value,
            }
        }

        /// Whether `rsip` has no variant for the header, so that it is kept under its name.
        const fn is_held_by_name(name: Name) -> bool {
            match name {
                $(Name::$typed => false,)*
                $(Name::$other => true,)*
            }
        }

        /// Stores a value.
        pub(super) fn store(name: Name, value: String) -> Header {
            match name {
                $(Name::$typed => Header::$typed(rsip::headers::$typed::new(value)),)*
                $(Name::$other => Header::Other(Name::$other.as_str().to_owned(), value),)*
            }
        }
    };
}

held! {
    typed: Accept, AcceptEncoding, AcceptLanguage, AlertInfo, Allow, AuthenticationInfo, Authorization,
        CSeq, CallId, CallInfo, Contact, ContentDisposition, ContentEncoding, ContentLanguage,
        ContentLength, ContentType, Date, ErrorInfo, Event, Expires, From, InReplyTo, MaxForwards,
        MimeVersion, MinExpires, Organization, Priority, ProxyAuthenticate, ProxyAuthorization,
        ProxyRequire, RecordRoute, ReplyTo, Require, RetryAfter, Route, Server, Subject,
        SubscriptionState, Supported, Timestamp, To, Unsupported, UserAgent, Via, Warning,
        WwwAuthenticate;
    other: AllowEvents, Diversion, HistoryInfo, Identity, InfoPackage, Join, MinSe, PAssertedIdentity,
        PEarlyMedia, PPreferredIdentity, Path, Privacy, RAck, RSeq, Reason, RecvInfo, ReferTo,
        ReferredBy, RemotePartyId, Replaces, ServiceRoute, SessionExpires,
}

/// Whether a stored header is the one asked for.
pub(super) fn is(header: &Header, name: Name) -> bool {
    match variant_of(header) {
        Some(held) => held == name,
        None => is_held_by_name(name) && name_text(header).eq_ignore_ascii_case(name.as_str()),
    }
}
