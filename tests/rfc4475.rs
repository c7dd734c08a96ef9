//! RFC 4475: each of the 49 messages does what its section asks for.
//!
//! "Accepted" messages are also written and read again: nothing changes. Where the section leaves the
//! answer to the application, the test asserts the fact that the answer follows from and names the status.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use octothorpe::sip::framing::{Frame, FrameError, StreamFramer};
use octothorpe::sip::message::{
    CSeq, Contacts, Flaw, HeaderError, HeaderFlaw, Host, Message, Method, Name, NameAddr, ReadError, Request,
    Response, Status, Transport, Uri,
};

macro_rules! bytes {
    ($name:literal) => {
        include_bytes!(concat!("rfc4475/", $name, ".dat")).as_slice()
    };
}

fn accepted(bytes: &[u8]) -> Message {
    let message = Message::read(bytes).unwrap();
    let written = message.write().unwrap();
    assert_eq!(Message::read(&written).as_ref(), Ok(&message), "written and read again");
    message
}

fn request(bytes: &[u8]) -> Request {
    match accepted(bytes) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

fn response(bytes: &[u8]) -> Response {
    match accepted(bytes) {
        Message::Response(response) => response,
        Message::Request(_) => panic!("a request"),
    }
}

/// Refused, and the client is told: the flaw and the status. The answer can be written.
fn answered(bytes: &[u8]) -> (Flaw, u16) {
    let ReadError { flaw, refusal } = Message::read(bytes).unwrap_err();
    let refusal = refusal.expect("an answer");
    for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
        assert!(refusal.headers.get(name).is_some(), "{name} is copied");
    }
    refusal.write().unwrap();
    (flaw, refusal.status.code())
}

/// Refused without an answer.
fn dropped(bytes: &[u8]) -> Flaw {
    let ReadError { flaw, refusal } = Message::read(bytes).unwrap_err();
    assert_eq!(refusal, None);
    flaw
}

fn header(name: Name, flaw: HeaderFlaw) -> Flaw {
    Flaw::Header(HeaderError { name, flaw })
}

fn list(contacts: Contacts) -> Vec<NameAddr> {
    match contacts {
        Contacts::List(list) => list,
        Contacts::All => panic!("a star"),
    }
}

fn text(uri: &Uri) -> String {
    uri.to_string()
}

// §3.1.1: valid messages.

#[test]
fn s3_1_1_1_wsinv_a_short_tortuous_invite() {
    let request = request(bytes!("wsinv"));
    assert_eq!(request.method, Method::Invite);
    assert!(request.uri.params().unwrap().has("unknownparam"));
    let headers = &request.headers;
    assert_eq!(headers.to_tag().as_deref(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(headers.cseq(), Ok(CSeq { number: 9, method: Method::Invite }));
    assert_eq!(headers.get(Name::Subject), Some(""));
    assert_eq!(headers.get_named("NewFangledHeader"), Some("newfangled value continued newfangled value"));
    assert_eq!(headers.get_named("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;"));
    let vias = headers.vias().unwrap();
    let hosts: Vec<String> = vias.iter().map(|via| via.host.to_string()).collect();
    assert_eq!(hosts, ["192.0.2.2", "spindle.example.com", "192.168.255.111"]);
    assert_eq!(vias[0].branch(), Some("390skdjuw"));
    assert!(!vias[0].has_rfc3261_branch());
    assert_eq!(vias[1].transport, Transport::Tcp);
    assert_eq!(vias[1].branch(), Some("z9hG4bK9ikj8"));
    assert_eq!(vias[2].branch(), Some("z9hG4bK30239"));
    let routes = headers.routes().unwrap();
    let route = routes[0].uri.sip().unwrap();
    assert!(route.is_loose_router() && route.params.has("unknown-no-value"));
    assert_eq!(route.params.get("unknownwith"), Some("value"));
    let contact = headers.contact().unwrap().unwrap();
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(contact.q_thousandths(), Some(330));
    assert!(contact.params.has("secondparam"));
    assert_eq!(request.body.len(), 150);
}

#[test]
fn s3_1_1_2_intmeth_wide_range_of_valid_characters() {
    let request = request(bytes!("intmeth"));
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    assert_eq!(request.method, Method::Other(method.to_owned()));
    let uri = request.uri.sip().unwrap();
    assert_eq!(uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(uri.host, Host::Name("example.com".into()));
    let headers = &request.headers;
    assert_eq!(headers.top_via().unwrap().branch(), Some("z9hG4bK-.!%66*_+`'~"));
    let to = headers.to().unwrap();
    assert_eq!(to.display.as_deref(), Some("BEL:\x07 NUL:\0 DEL:\x7f"));
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(from.params.get_unquoted("fromParam''~+*_!.-%").as_deref(), Some("работающий"));
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(headers.call_id(), Ok("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
    assert_eq!(headers.cseq().unwrap().number, 139_122_385);
    assert_eq!(headers.max_forwards(), Ok(Some(255)));
    assert_eq!(headers.get_named("extensionHeader-!.%*+_`'~"), Some("\u{feff}大停電"));
}

#[test]
fn s3_1_1_3_esc01_percent_escapes_are_kept_and_compared() {
    let request = request(bytes!("esc01"));
    let uri = request.uri.sip().unwrap();
    assert_eq!(uri.user.as_deref(), Some("sips%3Auser%40example.com"));
    assert_eq!(uri.host, Host::Name("example.net".into()));
    let to = request.headers.to().unwrap().uri;
    assert!(to.is_equivalent(&Uri::parse("sip:user@example.com").unwrap()));
    assert_eq!(request.headers.from().unwrap().uri.user(), Some("I%20have%20spaces"));
    let contact = request.headers.contact().unwrap().unwrap();
    assert_eq!(contact.uri.params().unwrap().get("n%61me"), Some("v%61lue%25%34%31"));
    assert!(contact.params.is_empty());
}

#[test]
fn s3_1_1_4_escnull_escaped_nulls_in_uris() {
    let request = request(bytes!("escnull"));
    assert_eq!(request.headers.to().unwrap().uri.user(), Some("null-%00-null"));
    let contacts = list(request.headers.contacts().unwrap());
    assert_eq!(contacts.iter().map(|c| c.uri.user().unwrap()).collect::<Vec<_>>(), ["%00", "%00%00"]);
    assert!(!contacts[0].uri.is_equivalent(&contacts[1].uri));
}

#[test]
fn s3_1_1_5_esc02_percent_is_no_escape_outside_uris() {
    let request = request(bytes!("esc02"));
    // "the method name is not REGISTER": it is unknown, so the endpoint answers 501 or 405.
    assert_eq!(request.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(request.headers.to().unwrap().display.as_deref(), Some("%Z%45"));
    assert_eq!(request.headers.top_via().unwrap().branch(), Some("z9hG4bK209%fzsnel234"));
    assert_eq!(list(request.headers.contacts().unwrap()).len(), 2, "C%6Fntact is another header");
}

#[test]
fn s3_1_1_6_lwsdisp_no_space_between_display_name_and_bracket() {
    let from = request(bytes!("lwsdisp")).headers.from().unwrap();
    assert_eq!(
        (from.display.as_deref(), text(&from.uri).as_str()),
        (Some("caller"), "sip:caller@example.com")
    );
}

#[test]
fn s3_1_1_7_longreq_long_values() {
    let request = request(bytes!("longreq"));
    assert_eq!(request.headers.vias().unwrap().len(), 34);
    assert_eq!(request.headers.to().unwrap().uri.port(), Some(6000));
    assert!(request.headers.from_tag().unwrap().len() > 100);
    assert!(request.headers.call_id().unwrap().starts_with("longreq.onereallyreally"));
    assert_eq!(request.body.len(), 150);
}

#[test]
fn s3_1_1_8_dblreq_bytes_behind_the_message_are_cut() {
    let first = request(bytes!("dblreq"));
    assert_eq!(first.method, Method::Register);
    assert!(first.body.is_empty());
    // On a stream the second message is the next one; the line ends between them are passed.
    let mut framer = StreamFramer::new();
    framer.push(bytes!("dblreq"));
    let Ok(Some(Frame::Message(one))) = framer.next_frame() else { panic!("no first message") };
    assert_eq!(request(&one), first);
    let Ok(Some(Frame::Message(two))) = framer.next_frame() else { panic!("no second message") };
    assert_eq!(request(&two).method, Method::Invite);
    // Its body is five bytes longer than its Content-Length: what follows is no message.
    assert_eq!(framer.next_frame(), Err(FrameError::ContentLength(HeaderFlaw::Missing)));
}

#[test]
fn s3_1_1_9_semiuri_semicolon_in_the_user_part() {
    let request = request(bytes!("semiuri"));
    let uri = request.uri.sip().unwrap();
    assert_eq!(uri.user.as_deref(), Some("user;par=u%40example.net"));
    assert!(uri.params.is_empty());
    assert!(request.headers.get(Name::Accept).unwrap().ends_with("message/sip, message/sipfrag"));
}

#[test]
fn s3_1_1_10_transports_known_and_unknown() {
    let vias = request(bytes!("transports")).headers.vias().unwrap();
    let transports: Vec<&str> = vias.iter().map(|via| via.transport.as_str()).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

#[test]
fn s3_1_1_11_mpart01_binary_bodies_are_kept() {
    let request = request(bytes!("mpart01"));
    assert_eq!(request.method, Method::Message);
    let content_type = request.headers.content_type().unwrap().unwrap();
    assert!(content_type.is("multipart", "mixed"));
    assert_eq!(content_type.params.get("boundary"), Some("7a9cbec02ceef655"));
    assert_eq!(request.body.len(), 553);
    assert!(bytes!("mpart01").ends_with(&request.body));
    assert!(std::str::from_utf8(&request.body).is_err());
}

#[test]
fn s3_1_1_12_unreason_utf8_reason_phrase() {
    let response = response(bytes!("unreason"));
    assert_eq!(response.status, Status::OK);
    assert_eq!(response.reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
}

#[test]
fn s3_1_1_13_noreason_empty_reason_phrase() {
    let response = response(bytes!("noreason"));
    assert_eq!((response.status, response.reason.as_str()), (Status::TRYING, ""));
}

// §3.1.2: invalid messages.

#[test]
fn s3_1_2_1_badinv01_extraneous_separators() {
    let (flaw, status) = answered(bytes!("badinv01"));
    assert!(matches!(
        flaw,
        Flaw::Header(HeaderError { name: Name::Via, flaw: HeaderFlaw::Unexpected { .. } })
    ));
    assert_eq!(status, 400);
}

#[test]
fn s3_1_2_2_clerr_content_length_larger_than_the_message() {
    assert_eq!(answered(bytes!("clerr")), (Flaw::BodyTooShort, 400));
    // "a receiver on a stream must wait for the rest": more bytes complete it.
    let mut framer = StreamFramer::new();
    framer.push(bytes!("clerr"));
    assert_eq!(framer.next_frame(), Ok(None));
}

#[test]
fn s3_1_2_3_ncl_negative_content_length() {
    assert_eq!(answered(bytes!("ncl")), (header(Name::ContentLength, HeaderFlaw::Number), 400));
    let mut framer = StreamFramer::new();
    framer.push(bytes!("ncl"));
    assert_eq!(framer.next_frame(), Err(FrameError::ContentLength(HeaderFlaw::Number)));
}

#[test]
fn s3_1_2_4_scalar02_request_scalars_out_of_range() {
    assert_eq!(answered(bytes!("scalar02")), (header(Name::CSeq, HeaderFlaw::Number), 400));
}

#[test]
fn s3_1_2_5_scalarlg_response_scalars_out_of_range() {
    // "An element receiving this response will simply discard it."
    assert_eq!(dropped(bytes!("scalarlg")), header(Name::CSeq, HeaderFlaw::Number));
}

#[test]
fn s3_1_2_6_quotbal_unterminated_quoted_string() {
    assert_eq!(answered(bytes!("quotbal")), (header(Name::To, HeaderFlaw::Quote), 400));
}

#[test]
fn s3_1_2_7_ltgtruri_brackets_around_the_request_uri() {
    assert_eq!(answered(bytes!("ltgtruri")), (Flaw::RequestUri, 400));
}

#[test]
fn s3_1_2_8_lwsruri_spaces_in_the_request_uri() {
    assert_eq!(answered(bytes!("lwsruri")), (Flaw::StartLine, 400));
}

#[test]
fn s3_1_2_9_lwsstart_several_spaces_in_the_start_line() {
    assert_eq!(answered(bytes!("lwsstart")), (Flaw::StartLine, 400));
}

#[test]
fn s3_1_2_10_trws_spaces_at_the_end_of_the_start_line() {
    assert_eq!(answered(bytes!("trws")), (Flaw::StartLine, 400));
}

#[test]
fn s3_1_2_11_escruri_headers_in_the_request_uri() {
    assert_eq!(answered(bytes!("escruri")), (Flaw::RequestUri, 400));
}

#[test]
fn s3_1_2_12_baddate_time_zone_other_than_gmt() {
    // "It is acceptable to ignore the Date": a header that we do not use makes no call fail.
    let request = request(bytes!("baddate"));
    assert_eq!(request.headers.get(Name::Date), Some("Fri, 01 Jan 2010 16:00:00 EST"));
}

#[test]
fn s3_1_2_13_regbadct_contact_with_a_question_mark_outside_brackets() {
    // 400 at the application that reads the Contact.
    let request = request(bytes!("regbadct"));
    let expected = HeaderError { name: Name::Contact, flaw: HeaderFlaw::Unbracketed };
    assert_eq!(request.headers.contacts(), Err(expected));
}

#[test]
fn s3_1_2_14_badaspec_spaces_within_an_addr_spec() {
    assert_eq!(answered(bytes!("badaspec")), (header(Name::To, HeaderFlaw::Uri), 400));
}

#[test]
fn s3_1_2_15_baddn_display_name_that_is_no_token() {
    let (flaw, status) = answered(bytes!("baddn"));
    assert!(matches!(flaw, Flaw::Header(HeaderError { name: Name::From, .. })));
    assert_eq!(status, 400);
}

#[test]
fn s3_1_2_16_badvers_unknown_protocol_version() {
    assert_eq!(answered(bytes!("badvers")), (Flaw::Version, 505));
}

#[test]
fn s3_1_2_17_mismatch01_cseq_method_differs() {
    assert_eq!(answered(bytes!("mismatch01")), (Flaw::CSeqMismatch, 400));
}

#[test]
fn s3_1_2_18_mismatch02_unknown_method_and_cseq_method_differs() {
    assert_eq!(answered(bytes!("mismatch02")), (Flaw::CSeqMismatch, 501));
}

#[test]
fn s3_1_2_19_bigcode_status_code_out_of_range() {
    // "must not crash ... will simply discard it"; 4294967301 is 5 in 32 bits.
    assert_eq!(dropped(bytes!("bigcode")), Flaw::StatusCode);
}

// §3.2: transaction layer.

#[test]
fn s3_2_1_badbranch_cookie_alone() {
    let via = request(bytes!("badbranch")).headers.top_via().unwrap();
    assert_eq!(via.branch(), Some("z9hG4bK"));
    assert!(!via.has_rfc3261_branch(), "matched by the rules of RFC 2543, never by its branch");
}

// §3.3: application layer.

#[test]
fn s3_3_1_insuf_required_headers_missing() {
    // Deviation: "ideally 400": without From, To and Call-ID no answer of ours could be matched.
    assert_eq!(dropped(bytes!("insuf")), header(Name::From, HeaderFlaw::Missing));
}

#[test]
fn s3_3_2_unkscm_request_uri_of_unknown_scheme() {
    // 416.
    let request = request(bytes!("unkscm"));
    assert_eq!(request.uri.scheme(), "nobodyknowsthisscheme");
    assert_eq!(request.uri.sip(), None);
}

#[test]
fn s3_3_3_novelsc_request_uri_of_known_but_atypical_scheme() {
    // 416.
    let request = request(bytes!("novelsc"));
    assert_eq!(text(&request.uri), "soap.beep://192.0.2.103:3002");
    assert_eq!(request.uri.sip(), None);
}

#[test]
fn s3_3_4_unksm2_unknown_schemes_in_headers() {
    let request = request(bytes!("unksm2"));
    assert_eq!(text(&request.headers.to().unwrap().uri), "isbn:2983792873");
    assert_eq!(text(&request.headers.from().unwrap().uri), "http://www.example.com");
    assert_eq!(request.headers.from_tag().as_deref(), Some("3234233"));
    assert_eq!(text(&request.headers.contact().unwrap().unwrap().uri), "name:John_Smith");
}

#[test]
fn s3_3_5_bext01_unknown_extensions_required() {
    // 420 with Unsupported; Proxy-Require is no business of a UAS.
    let headers = request(bytes!("bext01")).headers;
    assert_eq!(headers.tokens(Name::Require).unwrap(), ["nothingSupportsThis", "nothingSupportsThisEither"]);
    assert!(headers.has_token(Name::Require, "NOTHINGSUPPORTSTHIS"));
    assert_eq!(headers.tokens(Name::ProxyRequire).unwrap().len(), 2);
}

#[test]
fn s3_3_6_invut_unknown_content_type() {
    // 415 with Accept.
    let content_type = request(bytes!("invut")).headers.content_type().unwrap().unwrap();
    assert!(content_type.is("application", "unknownformat") && !content_type.is("application", "sdp"));
}

#[test]
fn s3_3_7_regaut01_unknown_authorization_scheme() {
    // 401, as if there were no credentials.
    let request = request(bytes!("regaut01"));
    let credentials = request.headers.challenges(Name::Authorization).unwrap();
    assert_eq!(credentials[0].scheme, "NoOneKnowsThisScheme");
    assert_eq!(credentials[0].get("opaque-data"), Some("here"));
}

#[test]
fn s3_3_8_multi01_several_values_where_one_may_be() {
    let (flaw, status) = answered(bytes!("multi01"));
    assert_eq!((flaw, status), (header(Name::From, HeaderFlaw::Duplicate), 400));
}

#[test]
fn s3_3_9_mcl01_several_content_lengths() {
    let expected = header(Name::ContentLength, HeaderFlaw::Duplicate);
    assert_eq!(answered(bytes!("mcl01")), (expected, 400));
    // "if this had arrived over a stream-based transport, the receiver must close the connection".
    let mut framer = StreamFramer::new();
    framer.push(bytes!("mcl01"));
    let error = Err(FrameError::ContentLength(HeaderFlaw::Duplicate));
    assert_eq!(framer.next_frame(), error);
    framer.push(bytes!("dblreq"));
    assert_eq!(framer.next_frame(), error, "and it stays closed");
}

#[test]
fn s3_3_10_bcast_response_with_a_second_via() {
    // A UAC discards a response with more than one Via (RFC 3261 §8.1.3.3).
    let response = response(bytes!("bcast"));
    let vias = response.headers.vias().unwrap();
    assert_eq!(vias.len(), 2);
    assert_eq!(vias[1].host.to_string(), "255.255.255.255");
}

#[test]
fn s3_3_11_zeromf_max_forwards_zero() {
    // A UAS answers as always; a proxy would say 483.
    assert_eq!(request(bytes!("zeromf")).headers.max_forwards(), Ok(Some(0)));
}

#[test]
fn s3_3_12_cparam01_unknown_contact_parameter() {
    let contact = request(bytes!("cparam01")).headers.contact().unwrap().unwrap();
    assert!(contact.params.has("unknownparam"), "without brackets it is the header's");
    assert!(contact.uri.params().unwrap().is_empty());
}

#[test]
fn s3_3_13_cparam02_unknown_contact_uri_parameter() {
    let contact = request(bytes!("cparam02")).headers.contact().unwrap().unwrap();
    assert!(contact.uri.params().unwrap().has("unknownparam"), "within brackets it is the URI's");
    assert!(contact.params.is_empty());
}

#[test]
fn s3_3_14_regescrt_escaped_headers_in_a_contact_uri() {
    let contact = request(bytes!("regescrt")).headers.contact().unwrap().unwrap();
    assert_eq!(contact.uri.sip().unwrap().headers.as_deref(), Some("Route=%3Csip:sip.example.com%3E"));
}

#[test]
fn s3_3_15_sdp01_accept_without_sdp() {
    // 406, unless the UAS answers with a type that the list takes.
    let request = request(bytes!("sdp01"));
    let accept = request.headers.list::<octothorpe::sip::message::ContentType>(Name::Accept).unwrap();
    assert!(accept.iter().all(|range| !range.takes("application", "sdp")));
}

// §3.4: backward compatibility.

#[test]
fn s3_4_1_inv2543_an_invite_of_rfc_2543() {
    let request = request(bytes!("inv2543"));
    let headers = &request.headers;
    let via = headers.top_via().unwrap();
    assert_eq!((via.branch(), via.has_rfc3261_branch(), via.sent_by_port()), (None, false, 5060));
    assert_eq!((headers.from_tag(), headers.to_tag(), headers.max_forwards()), (None, None, Ok(None)));
    let record_routes = headers.record_routes().unwrap();
    assert!(!record_routes[0].uri.sip().unwrap().is_loose_router());
    assert!(request.body.ends_with(b"RTP/AVP 0\r\n"), "without Content-Length the body goes to the end");
    // On a stream it cannot be told where it ends.
    let mut framer = StreamFramer::new();
    framer.push(bytes!("inv2543"));
    assert_eq!(framer.next_frame(), Err(FrameError::ContentLength(HeaderFlaw::Missing)));
}
