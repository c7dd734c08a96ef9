use super::super::{JobRefused, JobRules, ModeKind, Problem, Purpose};
use super::*;

const NOW: UnixMs = UnixMs(1_795_300_245_007);
const KEY: [u8; 32] = [7; 32];

fn read(text: &str) -> Result<Job, JobRefused> {
    Job::read(text.as_bytes(), "default", NOW, 5)
}

fn problems(text: &str) -> Vec<Problem> {
    read(text).unwrap_err().problems()
}

fn fields(text: &str) -> Vec<String> {
    problems(text).into_iter().map(|p| p.field).collect()
}

fn same(one: &str, other: &str) -> bool {
    let print = |text| read(text).unwrap().content.fingerprint(&KEY);
    print(one) == print(other)
}

#[test]
fn the_shortest_job_has_the_defaults_of_the_contract() {
    let job = read(r#"{"to":"+1 425 234 5667"}"#).unwrap();
    assert_eq!(job.to.e164(), "+14252345667");
    assert_eq!(job.mode.kind(), ModeKind::Confirm);
    assert_eq!(job.purpose, Purpose::SignIn);
    assert_eq!(job.expires_at, UnixMs(NOW.0 + 120_000));
    assert_eq!(job.answer_by, UnixMs(NOW.0 + 210_000));
    assert_eq!((job.attempts, job.priority), (2, 5));
    assert_eq!(job.key.tenant, "default");
    let id = Ulid::from_string(&job.key.id).unwrap();
    assert_eq!((id.timestamp_ms(), id.random()), (NOW.0, 5));
}

#[test]
fn every_field_of_the_contract_is_read() {
    let job = read(
        r#"{"v":1,"id":"a.b_c:d-9","to":"+14252345667","mode":{"type":"confirm"},
        "purpose":"password_reset","locale":"de-CH-1996","prompts":"acme","caller_id":"+14255550100",
        "expires_at":"2026-11-21T23:30:45Z","answer_by":"2026-11-21T23:30:45Z","attempts":5,
        "tenant":"acme_1","user":"ann@example.net","client_ip":"2001:db8::1","priority":9,
        "trunk":"carrier-1"}"#,
    )
    .unwrap();
    assert_eq!((job.key.tenant.as_str(), job.key.id.as_str()), ("acme_1", "a.b_c:d-9"));
    assert_eq!(job.purpose, Purpose::PasswordReset);
    assert_eq!(job.locale.as_deref(), Some("de-CH-1996"));
    assert_eq!(job.prompts.as_deref(), Some("acme"));
    assert_eq!(job.caller_id.as_deref(), Some("+14255550100"));
    assert_eq!(job.expires_at, job.answer_by);
    assert_eq!((job.attempts, job.priority), (5, 9));
    assert_eq!(job.user.as_deref(), Some("ann@example.net"));
    assert_eq!(job.client_ip.map(|ip| ip.to_string()).as_deref(), Some("2001:db8::1"));
    assert_eq!(job.trunk.as_deref(), Some("carrier-1"));
}

#[test]
fn an_extension_is_part_of_what_was_ordered_and_shows_nowhere() {
    let content = |to: &str| read(&format!(r#"{{"to":"{to}"}}"#)).unwrap().content.fingerprint(&[1; 32]);
    assert_eq!(content("+1 4252345678x12345"), content("+1 (425) 234-5678X12345"));
    assert_ne!(content("+1 4252345678x12345"), content("+1 4252345678x12346"));
    assert!(!format!("{:?}", read(r#"{"to":"+1 4252345678x12345"}"#).unwrap()).contains("12345"));
    let told = problems(r#"{"to":"+1 4252345678x12e"}"#);
    assert_eq!(told[0].field, "to");
    assert!(!told[0].problem.contains("12e"), "{told:?}");
}

/// HMAC-SHA256 of 32 octets, all zero, in Base64.
const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn of_mode(mode: &str) -> String {
    format!(r#"{{"to":"+14252345667","user":"ann","mode":{}}}"#, mode.replace("TAG", TAG))
}

#[test]
fn each_mode_of_the_contract_is_read_with_its_defaults() {
    let mode = |text: &str| read(&of_mode(text)).unwrap().mode;
    assert_eq!(mode(r#"{"type":"challenge","digits":"4207"}"#), Mode::Challenge { digits: "4207".into() });
    let verifier = r#"{"algorithm":"hmac-sha256","key_id":"pins","tag":"TAG"}"#;
    let pin = mode(&format!(r#"{{"type":"pin","verifier":{verifier}}}"#));
    let Mode::Pin { verifier, tries } = &pin else { panic!("{pin:?}") };
    assert_eq!((verifier.key_id.as_deref(), *tries), (Some("pins"), 3));
    assert_eq!(verifier.tag.octets().unwrap(), [0; 32]);
    let code = Mode::Code { code: "123456".into(), repeat: 2 };
    assert_eq!(mode(r#"{"type":"code","code":"123456"}"#), code);
}

#[test]
fn what_is_wrong_in_a_mode_is_told_by_its_field() {
    let pin = |verifier: &str| format!(r#"{{"type":"pin","verifier":{verifier}}}"#);
    let hmac = r#""algorithm":"hmac-sha256""#;
    for (mode, field) in [
        (r#"{"type":"challenge","digits":"4"}"#.to_owned(), "mode.digits"),
        (r#"{"type":"challenge","digits":"42345"}"#.to_owned(), "mode.digits"),
        (r#"{"type":"challenge","digits":"4x"}"#.to_owned(), "mode.digits"),
        (r#"{"type":"challenge","digits":42}"#.to_owned(), "mode"),
        (r#"{"type":"challenge"}"#.to_owned(), "mode"),
        (r#"{"type":"code","code":"123"}"#.to_owned(), "mode.code"),
        (r#"{"type":"code","code":"12345678901"}"#.to_owned(), "mode.code"),
        (r#"{"type":"code","code":"1234","repeat":6}"#.to_owned(), "mode.repeat"),
        (r#"{"type":"code","code":"1234","repeat":300}"#.to_owned(), "mode"),
        (r#"{"type":"password"}"#.to_owned(), "mode"),
        (pin(&format!(r#"{{{hmac},"key_id":"k","tag":"AAAA"}}"#)), "mode.verifier.tag"),
        (pin(&format!(r#"{{{hmac},"key_id":"a/b","tag":"TAG"}}"#)), "mode.verifier.key_id"),
        (pin(&format!(r#"{{{hmac},"key":"AAAA","tag":"TAG"}}"#)), "mode.verifier.key"),
        (pin(&format!(r#"{{{hmac},"tag":"TAG"}}"#)), "mode.verifier"),
        (pin(r#"{"algorithm":"sha256","key_id":"k","tag":"TAG"}"#), "mode"),
        (
            format!(r#"{{"type":"pin","tries":0,"verifier":{{{hmac},"key_id":"k","tag":"TAG"}}}}"#),
            "mode.tries",
        ),
    ] {
        assert_eq!(fields(&of_mode(&mode)), [field], "{mode}");
    }
    let verifier = format!(r#"{{{hmac},"key_id":"k","tag":"{TAG}"}}"#);
    let nobody = format!(r#"{{"to":"+14252345667","mode":{}}}"#, pin(&verifier));
    assert_eq!(fields(&nobody), ["user"], "lock-out is kept by the user");
}

/// Contract §2: a challenge never begins with the fraud key; a PIN's key stands in the configuration.
#[test]
fn an_order_that_does_not_fit_the_gateway_is_refused_with_the_field() {
    let rules = JobRules { fraud_key: '0', key_ids: vec!["pins".into()], inline_keys: false };
    let refused = |rules: &JobRules, mode: &str| {
        let refused = rules.check(&read(&of_mode(mode)).unwrap()).err();
        refused.map(|refused| refused.problems()[0].field.clone())
    };
    let key = r#"{"type":"pin","verifier":{"algorithm":"hmac-sha256","key":"AAAAAAAAAAAAAAAAAAAAAA==","tag":"TAG"}}"#;
    let named = |id: &str| {
        format!(r#"{{"type":"pin","verifier":{{"algorithm":"hmac-sha256","key_id":"{id}","tag":"TAG"}}}}"#)
    };
    assert_eq!(refused(&rules, r#"{"type":"challenge","digits":"04"}"#).as_deref(), Some("mode.digits"));
    assert_eq!(refused(&rules, r#"{"type":"challenge","digits":"40"}"#), None);
    assert_eq!(refused(&rules, &named("pins")), None);
    assert_eq!(refused(&rules, &named("other")).as_deref(), Some("mode.verifier.key_id"));
    assert_eq!(refused(&rules, key).as_deref(), Some("mode.verifier.key"));
    assert_eq!(refused(&JobRules { inline_keys: true, ..rules }, key), None);
}

#[test]
fn no_secret_of_a_mode_is_ever_printed() {
    for mode in [
        r#"{"type":"challenge","digits":"4207"}"#,
        r#"{"type":"code","code":"4207"}"#,
        r#"{"type":"pin","verifier":{"algorithm":"hmac-sha256","key":"4207AAAAAAAAAAAAAAAAAA==","tag":"TAG"}}"#,
    ] {
        let printed = format!("{:?}", read(&of_mode(mode)).unwrap());
        assert!(!printed.contains("4207") && !printed.contains("AAAA"), "{printed}");
    }
    let told = format!("{:?}", problems(&of_mode(r#"{"type":"challenge","digits":"42071"}"#)));
    assert!(!told.contains("4207"), "{told}");
}

#[test]
fn unknown_fields_are_refused_by_name_and_all_faults_are_told_at_once() {
    assert_eq!(fields(r#"{"to":"+14252345667","callerid":"x","atempts":1}"#), ["atempts", "callerid"]);
    assert_eq!(
        fields(r#"{"to":"14252345667","attempts":6,"priority":10,"id":"a b","locale":"e","user":null}"#),
        ["to", "id", "attempts", "priority", "locale"]
    );
    assert!(problems(r#"{"attempts":0}"#).iter().all(|p| !p.remedy.is_empty()));
}

#[test]
fn each_limit_is_refused_on_its_far_side() {
    for (field, value) in [
        ("id", r#""""#.to_owned()),
        ("id", format!("{:?}", "a".repeat(65))),
        ("id", r#""a/b""#.to_owned()),
        ("id", "5".to_owned()),
        ("tenant", r#""a.b""#.to_owned()),
        ("user", format!("{:?}", "a".repeat(129))),
        ("client_ip", r#""10.0.0.256""#.to_owned()),
        ("priority", "-1".to_owned()),
        ("attempts", "1.5".to_owned()),
        ("purpose", r#""signin""#.to_owned()),
        ("prompts", r#""../etc""#.to_owned()),
        ("trunk", r#"".x""#.to_owned()),
        ("caller_id", r#""a\r\nb""#.to_owned()),
        ("expires_at", r#""2026-11-22T22:30:45.008Z""#.to_owned()),
        ("expires_at", r#""tomorrow""#.to_owned()),
        ("answer_by", r#""2026-11-21T22:32:45.006Z""#.to_owned()),
        ("mode", r#"{"type":"confirm","digits":"42"}"#.to_owned()),
        ("mode", r#""confirm""#.to_owned()),
        ("v", "0".to_owned()),
    ] {
        let text = format!(r#"{{"to":"+14252345667","{field}":{value}}}"#);
        assert_eq!(fields(&text), [field], "{text}");
    }
    let longest = format!("{:?}", "é".repeat(64));
    assert!(read(&format!(r#"{{"to":"+14252345667","user":{longest}}}"#)).is_ok());
    assert!(read(r#"{"to":"+14252345667","expires_at":"2026-11-22T22:30:45.007Z"}"#).is_ok());
}

#[test]
fn a_field_sent_twice_is_refused_and_so_is_what_is_no_object() {
    assert_eq!(fields(r#"{"to":"+14252345667","to":"+14252345668"}"#), ["to"]);
    for text in ["", "[]", "\"x\"", "{", "{\"to\":\"\u{0}\"}"] {
        assert_eq!(fields(text), [""], "{text}");
    }
    assert_eq!(fields(&format!("{{\"to\":\"+14252345667\",\"user\":\"{}\"}}", "a".repeat(17_000))), [""]);
}

#[test]
fn a_newer_version_is_told_apart_from_a_malformed_job() {
    let refused = read(r#"{"v":2,"to":5,"new_field":true}"#).unwrap_err();
    assert_eq!(refused, JobRefused::Newer { v: 2 });
}

#[test]
fn a_value_is_never_repeated_in_a_problem() {
    let told = format!("{:?}", problems(r#"{"to":"4252345667","id":"4252 345667"}"#));
    assert!(!told.contains("425"), "{told}");
}

#[test]
fn the_same_order_has_the_same_fingerprint_however_it_is_spelled() {
    assert!(same(
        r#"{"to":"+1 (425) 234-5667","user":"ann","priority":5}"#,
        r#"{ "priority": 5, "user": "\u0061nn", "to": "+14252345667", "trunk": null }"#
    ));
    // Contract §2: the id and the deadlines are no content.
    assert!(same(
        r#"{"to":"+14252345667","id":"1","expires_at":"2026-11-21T22:31:45Z"}"#,
        r#"{"to":"+14252345667","id":"2","answer_by":"2026-11-21T22:59:45Z"}"#
    ));
}

#[test]
fn another_order_has_another_fingerprint_and_defaults_are_not_filled_in() {
    let first = r#"{"to":"+14252345667"}"#;
    for other in [
        r#"{"to":"+14252345668"}"#,
        r#"{"to":"+14252345667","priority":5}"#,
        r#"{"to":"+14252345667","mode":{"type":"confirm"}}"#,
        r#"{"to":"+14252345667","user":"ann"}"#,
    ] {
        assert!(!same(first, other), "{other}");
    }
    let content = read(first).unwrap().content;
    assert_ne!(content.fingerprint(&KEY), content.fingerprint(&[8; 32]));
}

#[test]
fn a_job_survives_the_store_and_its_debug_form_is_masked() {
    let job = read(r#"{"to":"+14252345667","user":"ann"}"#).unwrap();
    let kept = serde_json::to_vec(&job).unwrap();
    assert_eq!(serde_json::from_slice::<Job>(&kept).unwrap(), job);
    assert!(!format!("{job:?}").contains("2345667"));
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, text in r#"\{("to":"[+0-9x]{0,20}",?)?("[a-z_]{1,12}":(null|[0-9]{1,22}|"[ -~]{0,9}"),?){0,3}\}"#) {
        let _ = Job::read(&bytes, "default", NOW, 0);
        let _ = Job::read(text.as_bytes(), "default", NOW, 0);
    }
}
