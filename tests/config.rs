//! Every refusal of a configuration names file, line, what is expected and what to do (issue 2,
//! "Bad input"), and the files as shipped are valid.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use octothorpe::config::{
    Config, Host, Identity, Listen, NumberFormat, Opening, RingingSign, Transport, Trunk,
};

/// A directory of configuration files, removed at the end.
struct Files(PathBuf);

impl Files {
    fn new() -> Files {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("octothorpe-config-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("trunks")).unwrap();
        fs::create_dir(path.join("tenants")).unwrap();
        Files(path)
    }

    fn write(&self, name: &str, text: &str) -> &Files {
        fs::write(self.0.join(name), text).unwrap();
        self
    }

    fn load(&self) -> Result<Config, String> {
        let wrong = |errors: octothorpe::config::ConfigErrors| {
            errors.to_string().replace(&format!("{}/", self.0.display()), "")
        };
        Config::load(&self.0.join("octothorpe.toml")).map_err(wrong)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// 32 octets in Base64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

/// The error of a gateway's file of these lines.
fn gateway_error(text: &str) -> String {
    Files::new().write("octothorpe.toml", text).load().expect_err("the file is wrong")
}

/// The error of a trunk's file of these lines, beside a gateway's file that listens on UDP.
fn trunk_error(text: &str) -> String {
    let files = Files::new();
    files
        .write("octothorpe.toml", "")
        .write("trunks/carrier.toml", text)
        .load()
        .expect_err("the trunk is wrong")
}

fn trunk(text: &str) -> Trunk {
    let files = Files::new();
    let mut config = files.write("octothorpe.toml", "").write("trunks/carrier.toml", text).load().unwrap();
    config.trunks.remove(0)
}

/// A valid target and caller id in front of the lines in question, which begin at line 3.
fn with_base(lines: &str) -> String {
    format!("target = \"sip:127.0.0.1:5070\"\ncaller_ids = [\"+14255550100\"]\n{lines}")
}

#[track_caller]
fn assert_told(error: &str, place: &str, words: &[&str]) {
    assert!(error.starts_with(place), "{error:?} does not begin with {place:?}");
    for word in words {
        assert!(error.contains(word), "{error:?} does not say {word:?}");
    }
}

#[test]
fn the_files_as_shipped_are_valid_and_say_the_defaults() {
    let shipped = Config::load(Path::new("sip-config/octothorpe.toml")).unwrap();
    let files = Files::new();
    let bare = files.write("octothorpe.toml", "[policy]\ncountries = [\"US\"]").load().unwrap();
    assert_eq!(shipped.trunks.len(), 1);
    assert_eq!(shipped.trunks[0].name, "lab");
    assert_eq!(shipped.trunks[0].target.to_string(), "sip:127.0.0.1:5070;transport=udp");
    assert_eq!(shipped.queue.path, Path::new("sip-config/../var"));
    assert_eq!((shipped.http, shipped.sip, shipped.media), (bare.http, bare.sip, bare.media));
    assert_eq!((shipped.script, shipped.policy), (bare.script, bare.policy));
    assert_eq!(shipped.queue.reserve_bytes, 64 << 20);
    assert_eq!(shipped.queue.results_kept, Duration::from_secs(7 * 86_400));
}

/// Contract §9: the commented lines of the files are examples; each has to be one.
#[test]
fn every_commented_example_is_accepted_when_it_is_uncommented() {
    let uncomment = |text: &str| {
        let key = |line: &str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let lines = text.lines().map(|line| line.strip_prefix("# ").filter(|rest| key(rest)).unwrap_or(line));
        // One password is enough, and the variable is not set here.
        lines.filter(|line| !line.starts_with("password_env")).collect::<Vec<_>>().join("\n")
    };
    let files = Files::new();
    files
        .write("octothorpe.toml", &uncomment(include_str!("../sip-config/octothorpe.toml")))
        .write("trunks/lab.toml", &uncomment(include_str!("../sip-config/trunks/lab.toml")))
        .write("policy.toml", &uncomment(include_str!("../sip-config/policy.toml")))
        .write("rates.csv", include_str!("../sip-config/rates.csv"))
        .write("tenants/example.toml", &uncomment(include_str!("../sip-config/tenants/example.toml")))
        .write("trunks/secret", "wonderland\n")
        .write("pins-2026.key", KEY);
    fs::set_permissions(files.0.join("pins-2026.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(files.0.join("trunks/secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let config = files.load().unwrap();
    assert_eq!(config.policy.test_prefixes, ["+1999"]);
    assert_eq!(config.policy.limits.gateway.map(|rate| rate.to_string()).as_deref(), Some("3000/1m"));
    let example = config.tenants.of("example");
    assert_eq!((example.modes.len(), example.rules.len(), example.locale.as_deref()), (3, 2, Some("en-US")));
    assert_eq!(config.rates.of("14252345667").map(|(prefix, _)| prefix), Some("1"));
    assert_eq!(config.trunks[0].max_cps, 100);
    let caller_ids = &config.trunks[0].caller_ids;
    assert_eq!((caller_ids.pool("GB").len(), caller_ids.pool("US").len()), (2, 1));
    assert_eq!(caller_ids.max_per_hour, Some(60));
    assert_eq!(config.trunks[0].account.as_ref().unwrap().password.as_ref().unwrap().expose(), "wonderland");
}

#[test]
fn a_missing_file_says_which_and_what_to_do() {
    let error = Config::load(Path::new("/nowhere/octothorpe.toml")).unwrap_err().to_string();
    assert_told(&error, "/nowhere/octothorpe.toml: cannot be read", &["--config"]);
}

#[test]
fn unknown_keys_and_wrong_types_are_told_with_their_line() {
    for (text, place, words) in [
        (
            "[http]\nlisten = \"127.0.0.1:8080\"\nlissten = 1",
            "octothorpe.toml:3: unknown field `lissten`",
            &["`listen`"][..],
        ),
        ("\n[telephony]", "octothorpe.toml:2: unknown field `telephony`", &["`media`"]),
        ("[script]\nwait_s = \"6\"", "octothorpe.toml:2: invalid type: string", &["expected"]),
        ("[sip]\nlisten = \"udp:127.0.0.1:5060\"", "octothorpe.toml:2: invalid type: string", &["sequence"]),
        ("[media]\naddress = 5", "octothorpe.toml:2: invalid type", &["a string or a list of strings"]),
        ("[http]\nlisten = ", "octothorpe.toml:2: ", &[]),
        ("[http]\n\n[http]", "octothorpe.toml:3: duplicate key", &[]),
    ] {
        assert_told(&gateway_error(text), place, words);
    }
}

#[test]
fn each_wrong_value_of_the_gateway_is_told_with_line_expectation_and_remedy() {
    for (text, place, words) in [
        (
            "[http]\nlisten = \"8080\"",
            "octothorpe.toml:2: `listen`",
            &["expected an IP address and a port", "127.0.0.1:8080"][..],
        ),
        ("[http]\nkey = \"key.pem\"", "octothorpe.toml:2: `key` is without", &["Write both"]),
        ("[queue]\nengine = \"redis\"", "octothorpe.toml:2: `engine`", &["expected \"embedded\""]),
        ("[queue]\nreserve_mib = 0", "octothorpe.toml:2: `reserve_mib` is 0", &["expected 1 to", "64"]),
        ("[queue]\nresults_days = 366", "octothorpe.toml:2: `results_days`", &["expected 1 to 365 days"]),
        ("[sip]\nlisten = []", "octothorpe.toml:1: `[sip] listen` is empty", &["at least one"]),
        (
            "[sip]\nlisten = [\n  \"udp:127.0.0.1:5060\",\n  \"5060\",\n]",
            "octothorpe.toml:4: `listen`",
            &["udp:[::1]:5060"],
        ),
        (
            "[sip]\nlisten = [\"udp:[::1]:5060\",\n\"udp:[::1]:5060\"]",
            "octothorpe.toml:3: `listen`",
            &["twice"],
        ),
        ("[sip]\nadvertise = \"0.0.0.0\"", "octothorpe.toml:2: `advertise`", &["203.0.113.7"]),
        ("[media]\naddress = \"localhost\"", "octothorpe.toml:2: `address`", &["expected an IP address"]),
        (
            "[media]\naddress = [\"127.0.0.1\", \"127.0.0.2\"]",
            "octothorpe.toml:2: `address`",
            &["at most one a family"],
        ),
        ("[media]\naddress = []", "octothorpe.toml:2: `address` is empty", &[]),
        ("[media]\nports = \"10000\"", "octothorpe.toml:2: `ports`", &["FIRST-LAST", "10000-32767"]),
        ("[media]\nports = \"5000-6000\"", "octothorpe.toml:2: `ports`", &["SIP port 5060"]),
        ("[media]\nadvertise = \"gw.example.net\"", "octothorpe.toml:2: `advertise`", &[]),
        ("[script]\nlead_ms = 1001", "octothorpe.toml:2: `lead_ms`", &["expected 0 to 1000 ms", "200"]),
        ("[script]\nwait_s = -6", "octothorpe.toml:2: `wait_s` is -6", &["expected 1 to 20 s"]),
        ("[script]\nsayings = 6", "octothorpe.toml:2: `sayings`", &["expected 1 to 5"]),
        ("[script]\nfraud_key = \"#\"", "octothorpe.toml:2: `fraud_key`", &["0 to 9 or *"]),
        ("[policy]\ncountries = [\n\"US\",\n\"usa\"]", "octothorpe.toml:4: `countries`", &["ISO 3166"]),
        ("[policy]\ncountries = [\"999\"]", "octothorpe.toml:2: `countries`", &["assigned"]),
        ("[policy]\ntest_prefixes = [\"1999\"]", "octothorpe.toml:2: `test_prefixes`", &["+1999"]),
    ] {
        assert_told(&gateway_error(text), place, words);
    }
}

/// "A policy that contradicts itself": told with file, line and remedy.
#[test]
fn what_is_wrong_with_a_policy_or_a_tenant_is_told() {
    for (file, text, place, words) in [
        ("policy.toml", "[limits]\nuser = [\"5 in 5m\"]", "policy.toml:2: `user`", &["\"5/5m\""][..]),
        ("policy.toml", "[limits]\nnumbers = []", "policy.toml:2: unknown field `numbers`", &["`number`"]),
        (
            "policy.toml",
            "[limits]\naddress_exempt = [\"here\"]",
            "policy.toml:2: `address_exempt`",
            &["network"],
        ),
        (
            "policy.toml",
            "[back_off]\nfirst_s = 60\nlongest_s = 30",
            "policy.toml:3: `longest_s`",
            &["shorter"],
        ),
        ("policy.toml", "[quiet_hours]\nfrom = \"22:00\"", "policy.toml:2: quiet hours need", &["other"]),
        (
            "policy.toml",
            "[quiet_hours]\nfrom = \"7:00\"\nto = \"24:00\"",
            "policy.toml:2: `from`",
            &["22:00"],
        ),
        (
            "policy.toml",
            "[quiet_hours]\nfrom = \"07:00\"\nto = \"07:00\"",
            "policy.toml:3: `from` and `to`",
            &[],
        ),
        ("policy.toml", "[numbers]\nallow = [\"cheap\"]", "policy.toml:2: `allow`", &["premium"]),
        ("policy.toml", "[budget]\nper_day = -5", "policy.toml:2: `per_day`", &["money"]),
        ("policy.toml", "[tenants]\nunknown = \"yes\"", "policy.toml:2: `unknown`", &["refuse"]),
        ("rates.csv", "1,0.01,6\n1,0.02,6", "rates.csv:2: the prefix", &["twice"]),
        ("tenants/a.b.toml", "", "tenants/a.b.toml:1: the file's name", &["Rename"]),
        ("tenants/acme.toml", "modes = [\"press\"]", "tenants/acme.toml:1: `modes`", &["confirm"]),
        ("tenants/acme.toml", "colour = 1", "tenants/acme.toml:1: unknown field `colour`", &["modes"]),
        (
            "tenants/acme.toml",
            "modes = [\"confirm\"]\nextension_modes = [\"pin\"]",
            "tenants/acme.toml:2: `extension_modes` has none",
            &["[]"],
        ),
        ("tenants/acme.toml", "confirm_key = \"star\"", "tenants/acme.toml:1: `confirm_key`", &["spoken"]),
        (
            "tenants/acme.toml",
            "modes = [\"confirm\"]\n[[rules]]\nmodes = [\"pin\"]",
            "tenants/acme.toml:2: the rule allows none",
            &["Add"],
        ),
        (
            "tenants/acme.toml",
            "modes = [\"confirm\"]\n[quiet_hours]\nfrom = \"22:00\"\nto = \"07:00\"",
            "tenants/acme.toml:1: quiet hours ask for",
            &["challenge"],
        ),
    ] {
        let files = Files::new();
        let error = files.write("octothorpe.toml", "").write(file, text).load().expect_err("it is wrong");
        assert_told(&error, place, words);
    }
}

#[test]
fn each_wrong_value_of_a_trunk_is_told_with_line_expectation_and_remedy() {
    for (lines, place, words) in [
        ("usernam = \"x\"", "unknown field `usernam`", &["`username`"][..]),
        ("password_file = \"secret\"", "a password without `username`", &[]),
        ("username = \"gw\"\npassword_file = \"secret\"\npassword_env = \"X\"", "both", &["Remove one"]),
        ("username = \"a\\\"b\"", "`username`", &["1 to 64"]),
        ("number_format = \"national\"", "`number_format`", &["\"+e164\" or \"e164\""]),
        ("dial_prefix = \"9w\"", "`dial_prefix`", &["0-9"]),
        ("from_domain = \"a b\"", "`from_domain`", &["example.net"]),
        ("identity = \"pai\"", "`identity`", &["\"from\" or \"from+pai\""]),
        ("ringing = \"183\"", "`ringing`", &["\"180\" or \"180+183\""]),
        ("max_calls = 0", "`max_calls` is 0", &["expected 1 to"]),
        ("max_cps = 0", "`max_cps` is 0", &["expected 1 to", "10"]),
        ("ring_timeout_s = 181", "`ring_timeout_s`", &["expected 5 to 180 s"]),
        ("max_call_s = 601", "`max_call_s`", &["expected 10 to 600 s"]),
        ("dtmf_repeat_ms = 1001", "`dtmf_repeat_ms`", &["expected 0 to 1000 ms"]),
        ("srtp = \"on\"", "`srtp` is \"on\"", &["expected \"off\""]),
    ] {
        let line = 2 + lines.lines().count();
        let error = trunk_error(&with_base(lines));
        let told = error.lines().next().unwrap();
        assert!(told.contains(place), "{told:?} does not say {place:?}");
        // A password needs its user, told where the password stands; all others at their own line.
        assert_told(&error, &format!("trunks/carrier.toml:{}: ", line.min(5)), words);
    }
}

#[test]
fn a_trunk_needs_a_target_and_a_from_user() {
    assert_told(
        &trunk_error("caller_ids = [\"1000\"]"),
        "trunks/carrier.toml:1: `target` is missing",
        &["sip:"],
    );
    let bare = trunk_error("target = \"sip:127.0.0.1\"");
    assert_told(
        &bare,
        "trunks/carrier.toml:1: the trunk has neither `caller_ids` nor `username`",
        &["+14255550100"],
    );
    let named = trunk("target = \"sip:127.0.0.1\"\nusername = \"gateway\"");
    assert_eq!(named.account.map(|account| account.username), Some("gateway".to_owned()));
    assert_told(
        &trunk_error("target = \"sip:127.0.0.1\"\n\ncaller_ids = [\"a b\"]"),
        "trunks/carrier.toml:3: `caller_ids`",
        &["A-Z"],
    );
    for (target, word) in
        [("127.0.0.1:5060", "sip:HOST"), ("sip:me@127.0.0.1", "user part"), ("sip:a;lr", "sip:HOST")]
    {
        let error = trunk_error(&format!("\ntarget = \"{target}\"\ncaller_ids = [\"1000\"]"));
        assert_told(&error, "trunks/carrier.toml:2: `target`", &[word]);
    }
}

/// The contract's head: what is not built is refused by its name, never accepted and ignored.
#[test]
fn what_is_not_built_is_refused_by_name() {
    for (text, line, name) in [
        ("[queue]\nengine = \"nats\"", 2, "nats"),
        ("[queue]\nservers = [\"nats://127.0.0.1:4222\"]", 2, "servers"),
        ("[sip]\nlisten = [\"tls:127.0.0.1:5061\"]", 2, "TLS"),
        ("[[webhooks]]\nurl = \"http://127.0.0.1\"", 1, "webhooks"),
    ] {
        assert_told(
            &gateway_error(text),
            &format!("octothorpe.toml:{line}: "),
            &[name, "not in this version"],
        );
    }
    for (line, name) in [
        ("srtp = \"required\"", "srtp"),
        ("srtp = \"preferred\"", "srtp"),
        ("profile = \"telnyx\"", "profile"),
    ] {
        assert_told(
            &trunk_error(&with_base(line)),
            "trunks/carrier.toml:3: ",
            &[name, "not in this version"],
        );
    }
    for target in ["sips:127.0.0.1", "sip:127.0.0.1;transport=tls"] {
        let error = trunk_error(&format!("target = \"{target}\"\ncaller_ids = [\"1\"]"));
        assert_told(&error, "trunks/carrier.toml:1: ", &["TLS", "not in this version"]);
    }
}

/// Issue 2, item 11.
#[test]
fn a_tcp_trunk_without_a_tcp_listener_is_refused() {
    let error = trunk_error("caller_ids = [\"1\"]\ntarget = \"sip:carrier.example.net;transport=tcp\"");
    assert_told(&error, "trunks/carrier.toml:2: ", &["\"tcp:\"", "tcp:127.0.0.1:5060", "octothorpe.toml"]);
    let files = Files::new();
    files.write("octothorpe.toml", "[sip]\nlisten = [\"tcp:127.0.0.1:5060\"]").write(
        "trunks/carrier.toml",
        "target = \"sip:carrier.example.net;transport=tcp\"\nusername = \"gw\"",
    );
    assert_eq!(files.load().unwrap().trunks[0].target.transport, Some(Transport::Tcp));
    files.write("trunks/carrier.toml", "target = \"sip:127.0.0.1\"\nusername = \"gw\"");
    assert_told(&files.load().unwrap_err(), "trunks/carrier.toml:1: ", &["\"udp:\""]);
}

#[test]
fn a_trunk_of_a_family_that_the_gateway_does_not_speak_is_refused() {
    let ipv6 = "target = \"sip:[2001:db8::1]\"\nusername = \"gw\"";
    assert_told(&trunk_error(ipv6), "trunks/carrier.toml:1: ", &["IPv6 \"udp:\" address", "udp:[::1]:5060"]);
    let files = Files::new();
    files.write("octothorpe.toml", "[sip]\nlisten = [\"udp:[::1]:5060\"]").write("trunks/carrier.toml", ipv6);
    assert_told(&files.load().unwrap_err(), "trunks/carrier.toml:1: ", &["[media] address"]);
    files.write(
        "octothorpe.toml",
        "[sip]\nlisten = [\"udp:[::1]:5060\"]\n[media]\naddress = [\"127.0.0.1\", \"::1\"]",
    );
    let config = files.load().unwrap();
    assert_eq!(config.trunks[0].target.host, Host::Ip("2001:db8::1".parse().unwrap()));
}

/// Issue 2, item 11: password files are read only if others cannot.
#[test]
fn a_password_file_that_others_can_read_is_refused() {
    let files = Files::new();
    let text = with_base("username = \"gw\"\npassword_file = \"secret\"");
    files
        .write("octothorpe.toml", "")
        .write("trunks/carrier.toml", &text)
        .write("trunks/secret", "wonderland\n");
    let secret = files.0.join("trunks/secret");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o610] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let error = files.load().unwrap_err();
        assert_told(
            &error,
            "trunks/carrier.toml:4: `password_file`",
            &[&format!("mode {mode:03o}"), "chmod 600"],
        );
        assert!(!error.contains("wonderland"), "the password is told: {error}");
    }
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o400)).unwrap();
    let config = files.load().unwrap();
    let password = config.trunks[0].account.as_ref().unwrap().password.as_ref().unwrap();
    assert_eq!(password.expose(), "wonderland");
    assert!(!format!("{config:?}").contains("wonderland"), "Debug shows the password");
    fs::remove_file(&secret).unwrap();
    assert_told(&files.load().unwrap_err(), "trunks/carrier.toml:4: `password_file`", &["cannot be read"]);
}

#[test]
fn the_key_of_a_pin_verifier_is_read_with_care_and_never_printed() {
    let files = Files::new();
    let config = || files.write("octothorpe.toml", "[keys]\npins = { file = \"pins.key\" }\n").load();
    files.write("pins.key", KEY);
    fs::set_permissions(files.0.join("pins.key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_told(&config().unwrap_err(), "octothorpe.toml:2:", &["can be read by others", "chmod 600"]);
    fs::set_permissions(files.0.join("pins.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let read = config().unwrap();
    assert_eq!(read.keys.get("pins").unwrap().expose(), (0..32).collect::<Vec<u8>>());
    assert!(!format!("{read:?}").contains("AAEC") && !format!("{:?}", read.keys).contains('1'));
    files.write("pins.key", "c2hvcnQ=\n");
    assert_told(&config().unwrap_err(), "octothorpe.toml:2:", &["16 to 64 octets in Base64", "/dev/urandom"]);
    let wrong = gateway_error("[keys]\npins = { file = \"a\", env = \"B\" }\n\"a/b\" = { env = \"HOME\" }\n");
    assert!(
        wrong.contains(":2: a key wants `file` or `env`") && wrong.contains(":3: `[keys]` has"),
        "{wrong}"
    );
    let wrong = gateway_error("[script]\nconfirm_key = \"star\"\n");
    assert_told(&wrong, "octothorpe.toml:2:", &["\"hash\" or \"spoken\""]);
}

#[test]
fn a_password_can_come_from_the_environment() {
    // Cargo sets this variable for every test; setting one of our own would race with other tests.
    let named = trunk(&with_base("username = \"gw\"\npassword_env = \"CARGO_PKG_NAME\""));
    assert_eq!(named.account.unwrap().password.unwrap().expose(), "octothorpe");
    let error = trunk_error(&with_base("username = \"gw\"\npassword_env = \"NO_SUCH_VARIABLE_HERE\""));
    assert_told(&error, "trunks/carrier.toml:4: `password_env`", &["NO_SUCH_VARIABLE_HERE", "Set it"]);
}

#[test]
fn trunks_are_named_by_their_files_and_ordered_by_name() {
    let files = Files::new();
    files
        .write("octothorpe.toml", "")
        .write("trunks/b.toml", &with_base(""))
        .write("trunks/a-1.toml", &with_base(""))
        .write("trunks/notes.txt", "no trunk")
        .write("trunks/.hidden.toml", "no trunk");
    let names: Vec<String> = files.load().unwrap().trunks.into_iter().map(|trunk| trunk.name).collect();
    assert_eq!(names, ["a-1", "b"]);
    files.write("trunks/my trunk.toml", &with_base(""));
    assert_told(&files.load().unwrap_err(), "trunks/my trunk.toml:1: ", &["A-Z", "Rename"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_order() {
    let files = Files::new();
    files
        .write("octothorpe.toml", "[script]\nwait_s = 99\nsayings = 99")
        .write("trunks/carrier.toml", &with_base("max_cps = 0"));
    let error = files.load().unwrap_err();
    let places: Vec<&str> = error.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["octothorpe.toml:2", "octothorpe.toml:3", "trunks/carrier.toml:3"]);
}

#[test]
fn values_arrive_as_written() {
    let files = Files::new();
    files.write(
        "octothorpe.toml",
        "[sip]\nlisten = [\"udp:127.0.0.1:5062\", \"tcp:[::1]:0\"]\n[media]\nports = \"20001-20010\"\n\
         [script]\nfraud_key = \"*\"\n[policy]\ncountries = [\"1\", \"DE\"]",
    );
    let config = files.load().unwrap();
    let listens: Vec<String> = config.sip.listen.iter().map(Listen::to_string).collect();
    assert_eq!(listens, ["udp:127.0.0.1:5062", "tcp:[::1]:0"]);
    assert_eq!(config.media.ports.pairs(), 4, "20002, 20004, 20006 and 20008 have a successor");
    assert_eq!(config.script.fraud_key, '*');
    assert_eq!(config.policy.countries, [Opening::CallingCode(1), Opening::Region("DE".to_owned())]);
    let trunk = trunk(&with_base(
        "number_format = \"e164\"\nidentity = \"from+pai\"\nringing = \"180+183\"\ndial_prefix = \"9\"\nmax_call_s = 60",
    ));
    assert_eq!(trunk.number_format, NumberFormat::E164);
    assert_eq!(trunk.identity, Identity::FromAndPai);
    assert_eq!(trunk.ringing, RingingSign::Ringing180And183);
    assert_eq!((trunk.dial_prefix.as_str(), trunk.max_call), ("9", Duration::from_secs(60)));
    assert_eq!((trunk.max_calls, trunk.max_cps, trunk.ring_timeout), (None, 10, Duration::from_secs(30)));
}
