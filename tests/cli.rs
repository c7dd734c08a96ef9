//! The command line as a shell sees it (contract §5): exit codes, streams, what is refused by name,
//! and the job commands against a real front door.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

#[allow(dead_code, reason = "each test file uses its part")]
mod front;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use octothorpe::reason::Reason;
use serde_json::{Value, json};

use front::Door;

fn octothorpe(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octothorpe"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// What a command printed and how it ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Every line of standard output as JSON.
    fn objects(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?} is no JSON"));
        self.out.lines().map(parse).collect()
    }

    #[track_caller]
    fn assert(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "out {:?}, err {:?}", self.out, self.err);
        assert!(self.err.contains(words), "{:?} does not say {words:?}", self.err);
    }
}

fn run(arguments: &[&str]) -> Ran {
    Ran::of(octothorpe(arguments).output().unwrap())
}

fn run_with_input(arguments: &[&str], input: &str) -> Ran {
    let mut command = octothorpe(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

/// A directory with a configuration whose prompts are the shipped ones; it goes with its owner.
struct Site(PathBuf);

impl Site {
    fn new(gateway: &str) -> Site {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("octothorpe-cli-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("trunks")).unwrap();
        let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
        fs::write(path.join("octothorpe.toml"), format!("{gateway}\n[prompts]\npath = {prompts:?}\n"))
            .unwrap();
        Site(path)
    }

    fn config(&self) -> String {
        self.0.join("octothorpe.toml").to_str().unwrap().to_owned()
    }

    fn trunk(self, text: &str) -> Site {
        fs::write(self.0.join("trunks/lab.toml"), text).unwrap();
        self
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const LAB: &str = "target = \"sip:127.0.0.1:5070\"\ncaller_ids = [\"+14255550100\"]\n";

#[test]
fn help_names_every_command_of_the_contract_and_goes_to_standard_output() {
    let help = run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    let listed: Vec<&str> =
        help.out.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    for command in [
        "demo", "serve", "call", "check", "submit", "show", "cancel", "list", "results", "reload", "token",
        "records", "record", "erase", "stats", "audit", "replay", "phone", "load", "prompts",
    ] {
        assert!(listed.contains(&command), "{command} is not in {listed:?}");
        let own = run(&[command, "--help"]);
        assert_eq!(own.code, Some(0), "{command}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.out, format!("octothorpe {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [
        &[][..],
        &["dial"],
        &["check", "--fast"],
        &["show"],
        &["demo", "--calls", "0"],
        &["demo", "--press", "12x"],
        &["demo", "--path", "sms"],
        &["phone", "--loss", "101"],
        &["phone", "--level-dbm0", "3"],
        &["call", "+14255550100", "--mode", "shout"],
        &["list", "--limit", "0"],
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains("Usage: ") || ran.err.starts_with("error: "), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_mode_that_cannot_be_is_wrong_usage_with_the_remedy() {
    for (mode, words) in [
        ("pin", "give the whole mode as JSON"),
        ("password", "expected confirm, challenge, code"),
        ("{\"type\":\"challenge\",\"digits\":\"04\"}", "begins with the digit that reports fraud"),
        ("{\"type\":\"code\",\"code\":\"12\"}", "mode.code"),
    ] {
        run(&["call", "+14255550100", "--mode", mode]).assert(2, words);
    }
}

#[test]
fn an_attendant_without_its_recordings_or_with_a_phone_that_has_no_address_is_refused() {
    run(&["phone", "--attendant", "/nowhere"]).assert(2, "/nowhere");
    let empty = Site::new("");
    let directory = empty.0.to_string_lossy().into_owned();
    run(&["phone", "--attendant", &directory]).assert(2, "greeting.wav");
    for extension in ["12", "12=", "x=sip:127.0.0.1", "12=sip:phone.example", "=sip:127.0.0.1", "12=tel:+1"] {
        let ran = run(&["phone", "--attendant", &directory, "--extension", extension]);
        ran.assert(2, "expected KEYS=sip:USER@ADDRESS:PORT");
    }
    run(&["phone", "--extension", "12=sip:127.0.0.1"]).assert(2, "--attendant");
}

#[test]
fn check_tells_what_is_there_and_ends_with_0() {
    let shipped = run(&["check"]);
    shipped.assert(0, "");
    for word in ["1 trunk (lab)", "en-US", "calls at one time"] {
        assert!(shipped.out.contains(word), "{:?} does not say {word:?}", shipped.out);
    }
    let told = run(&["check", "--json"]).objects();
    assert!(told.iter().all(|told| told["ok"] == true), "{told:?}");
}

#[test]
fn a_wrong_configuration_ends_with_2_and_tells_file_and_line() {
    let site = Site::new("[script]\nwait_s = 99").trunk("target = \"sip:127.0.0.1\"");
    let config = site.config();
    let ran = run(&["check", "--config", &config]);
    ran.assert(2, &format!("octothorpe: {config}:2: `wait_s` is 99, expected 1 to 20 s"));
    ran.assert(2, "trunks/lab.toml:1: the trunk has neither");
    assert_eq!(ran.out, "");
    let told = run(&["--json", "check", "--config", &config]);
    assert_eq!(told.code, Some(2));
    assert_eq!((&told.objects()[0]["line"], &told.objects()[0]["file"]), (&json!(2), &json!(config)));
    run(&["check", "--config", "/nowhere.toml"]).assert(2, "/nowhere.toml: cannot be read");
}

#[test]
fn findings_end_with_1() {
    let no_trunk = Site::new("");
    let ran = run(&["check", "--config", &no_trunk.config()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("finding  config") && ran.out.contains("no_route"), "{}", ran.out);
    // Contract §9: a call in which nobody presses ends within 60 s; the instruction names the key.
    let long = Site::new("[script]\nwait_s = 20\nfraud_key = \"9\"").trunk(LAB);
    let ran = run(&["check", "--config", &long.config()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("expected at most 60") && ran.out.contains("names 0 for fraud"), "{}", ran.out);
}

#[test]
fn an_address_of_another_machine_is_a_finding() {
    // TEST-NET-3 (RFC 5737) is nobody's.
    let site = Site::new("[media]\naddress = \"203.0.113.7\"").trunk(LAB);
    let ran = run(&["check", "--config", &site.config()]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out.contains("finding  address   `[media] address` 203.0.113.7 cannot be used"),
        "{}",
        ran.out
    );
}

#[test]
fn too_few_ports_are_told_as_capacity() {
    let site = Site::new("[media]\nports = \"20000-20009\"").trunk(LAB);
    let ran = run(&["check", "--config", &site.config()]);
    ran.assert(0, "");
    assert!(ran.out.contains("5 calls at one time: ports 20000-20009 carry 5,"), "{}", ran.out);
}

#[test]
fn without_a_gateway_the_job_commands_end_with_3() {
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    for command in [&["show", "a"][..], &["cancel", "a"], &["list"], &["results", "--wait", "0"]] {
        run(&[command, &["--url", &url]].concat()).assert(3, "nobody listens");
    }
    run_with_input(&["submit", "-", "--url", &url], "{}").assert(3, "nobody listens");
    run(&["submit", "/nowhere.json", "--url", &url]).assert(2, "/nowhere.json");
    run(&["submit", "-", "--url", &url]).assert(2, "no job");
    // The configuration says where the front door is.
    let site = Site::new(&format!("[http]\nlisten = \"127.0.0.1:{port}\""));
    run(&["show", "a", "--config", &site.config()]).assert(3, &format!("http://127.0.0.1:{port}/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_submitted_shown_listed_and_cancelled() {
    let door = Door::open().await;
    let url = format!("http://{}", door.address);
    let new = run_with_input(
        &["submit", "-", "--url", &url, "--json"],
        "{\n  \"id\": \"a\",\n  \"to\": \"+1 425 234 5667\"\n}\n",
    );
    new.assert(0, "");
    assert_eq!(new.objects(), [json!({ "id": "a", "state": "queued", "result": null })]);
    // Of several, each is told by its line; a refused one does not stop the next.
    let lines =
        "{\"id\":\"b\",\"to\":\"+14252345667\"}\n{\"id\":\"c\"}\n\n{\"id\":\"d\",\"to\":\"+14252345667\"}\n";
    let several = run_with_input(&["submit", "-", "--url", &url], lines);
    several.assert(2, "octothorpe: line 2: to: the field is missing");
    assert_eq!(several.out, "b  queued\nd  queued\n");
    let conflict = run_with_input(&["submit", "-", "--url", &url], "{\"id\":\"a\",\"to\":\"+14252345668\"}");
    conflict.assert(1, "another job");
    run_with_input(&["submit", "-", "--url", &url], "{\"to\":\"+14252345667\",\"mode\":{\"type\":\"pin\"}}")
        .assert(2, "mode");
    let cancelled = run(&["cancel", "a", "--url", &url]);
    cancelled.assert(0, "");
    assert!(cancelled.out.contains("rejected (cancelled)"), "{}", cancelled.out);
    assert!(
        cancelled.out.contains("+1********67") && !cancelled.out.contains("4252345667"),
        "{}",
        cancelled.out
    );
    let shown = run(&["show", "a", "--url", &url, "--json"]);
    assert_eq!(shown.objects()[0]["result"]["reason"], "cancelled");
    run(&["show", "nobody", "--url", &url]).assert(1, "no job of this id");
    run(&["show", "a", "--tenant", "other", "--url", &url]).assert(1, "no job of this id");
    run(&["show", "../trunks", "--url", &url]).assert(1, "no job of this id");
    let listed = run(&["list", "--url", &url]);
    let ids: Vec<&str> = listed.out.lines().skip(1).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(ids, ["a", "b", "d"]);
    assert_eq!(run(&["list", "--url", &url, "--state", "finished", "--json"]).objects().len(), 1);
    run(&["list", "--url", &url, "--state", "done"]).assert(2, "state");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_acknowledged_after_they_are_printed_and_not_before() {
    let door = Door::open().await;
    let url = format!("http://{}", door.address);
    for id in ["a", "b"] {
        let job = json!({ "id": id, "to": "+14252345667" }).to_string();
        run_with_input(&["submit", "-", "--url", &url], &job).assert(0, "");
        door.finish_one(Reason::KeyPressed).await;
    }
    let arguments = ["results", "--wait", "0", "--consumer", "core", "--url", &url];
    // A reader that is gone has seen nothing, so nothing is acknowledged; it is no failure either.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let unread = octothorpe(&arguments).stdout(writer).output().unwrap();
    assert_eq!((unread.status.code(), unread.stderr.len()), (Some(0), 0));
    let read = run(&[&arguments[..], &["--json"]].concat());
    read.assert(0, "");
    let jobs: Vec<Value> = read.objects().iter().map(|result| result["job"].clone()).collect();
    assert_eq!(jobs, ["a", "b"]);
    let again = run(&arguments);
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""), "acknowledged results came again");
    let other = run(&["results", "--wait", "0", "--url", &url]);
    assert_eq!(other.out.lines().count(), 2, "another consumer has its own place");
    assert!(other.out.contains("verified (key_pressed)  +1********67"), "{}", other.out);
    run(&["results", "--wait", "0", "--consumer", "a b", "--url", &url]).assert(2, "consumer");
}

/// Contract §6: a door for others than this machine asks for tokens; the first one is made before it runs.
#[test]
fn a_door_for_others_needs_a_token_first() {
    let site = Site::new("[http]\nlisten = \"0.0.0.0:0\"\n[queue]\npath = \"var\"").trunk(LAB);
    let config = site.config();
    run(&["serve", "--config", &config]).assert(2, "octothorpe token create");
    let finding = run(&["check", "--config", &config]);
    assert!(finding.code == Some(1) && finding.out.contains("finding  http"), "{}", finding.out);
    let create = ["token", "create", "ops", "--tenant", "*", "--role", "operate,read", "--config", &config];
    let made = run(&create);
    made.assert(0, "told this once");
    assert!(made.out.starts_with("oct_") && made.out.lines().count() == 1, "{}", made.out);
    let checked = run(&["check", "--config", &config]);
    assert!(checked.code == Some(0) && checked.out.contains("asks for tokens"), "{}", checked.out);
    let listed = run(&["token", "list", "--json", "--config", &config]).objects();
    assert_eq!((&listed[0]["name"], &listed[0]["roles"]), (&json!("ops"), &json!(["read", "operate"])));
    assert!(
        !fs::read(site.0.join("var/store.sqlite"))
            .unwrap()
            .windows(12)
            .any(|at| at == &made.out.as_bytes()[17..29])
    );
    let id = listed[0]["id"].as_str().unwrap();
    run(&["token", "revoke", id, "--config", &config]).assert(0, "");
    run(&["token", "revoke", "0", "--config", &config]).assert(1, "no token");
    assert!(run(&["token", "list", "--json", "--config", &config]).objects()[0]["revoked_at"].is_string());
    run(&["token", "create", "x", "--tenant", "a b", "--role", "read", "--config", &config])
        .assert(2, "tenant");
    run(&["token", "create", "x", "--tenant", "a", "--role", "root", "--config", &config])
        .assert(2, "submit");
}

/// The token of a command: by argument, by file, by the environment.
#[tokio::test(flavor = "multi_thread")]
async fn the_job_commands_present_a_token() {
    let door = Door::open().await;
    let url = format!("http://{}", door.address);
    let create = ["token", "create", "core", "--tenant", "acme", "--role", "submit,read", "--url", &url];
    let token = run(&create).out.trim().to_owned();
    let job = "{\"id\":\"a\",\"to\":\"+14252345667\"}";
    run_with_input(&["submit", "-", "--url", &url], job).assert(3, "a token is needed");
    run_with_input(&["submit", "-", "--url", &url, "--token", &token], job).assert(0, "");
    run(&["show", "a", "--url", &url, "--token", &token]).assert(0, "");
    run(&["show", "a", "--url", &url, "--token", &token, "--tenant", "other"]).assert(1, "tenant");
    let site = Site::new("");
    let file = site.0.join("token");
    fs::write(&file, format!("{token}\n")).unwrap();
    run(&["list", "--url", &url, "--token-file", file.to_str().unwrap()]).assert(0, "");
    run(&["list", "--url", &url, "--token-file", "/nowhere"]).assert(2, "/nowhere");
    let by_variable = octothorpe(&["list", "--url", &url]).env("OCTOTHORPE_TOKEN", &token).output().unwrap();
    Ran::of(by_variable).assert(0, "");
    run(&["token", "list", "--url", &url, "--token", &token]).assert(3, "operate");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_listed_exported_counted_and_erased() {
    let door = Door::open().await;
    let url = format!("http://{}", door.address);
    for (id, user) in [("a", "ann"), ("b", "bob")] {
        let job = json!({ "id": id, "to": "+14252345667", "user": user }).to_string();
        run_with_input(&["submit", "-", "--url", &url], &job).assert(0, "");
        door.finish_one(Reason::NoAnswer).await;
    }
    let listed = run(&["records", "--url", &url]);
    assert!(listed.out.contains("no_answer") && listed.out.contains("CONFIG_ISSUE"), "{}", listed.out);
    let csv = run(&["records", "--export", "csv", "--user", "bob", "--url", &url]);
    assert!(csv.out.starts_with("finished_at,tenant,job,") && csv.out.lines().count() == 2, "{}", csv.out);
    assert_eq!(run(&["records", "--export", "jsonl", "--url", &url]).objects().len(), 2);
    let shown = run(&["record", "a", "--number", "--url", &url]);
    assert!(shown.out.contains("+14252345667"), "{}", shown.out);
    let counted = run(&["stats", "--by", "country", "--url", &url]);
    assert!(counted.out.contains("US") && counted.out.contains("no_answer 2"), "{}", counted.out);
    run(&["stats", "--by", "weekday", "--url", &url]).assert(2, "country");
    assert_eq!(run(&["erase", "--user", "ann", "--url", &url]).out, "1 records erased\n");
    run(&["record", "a", "--url", &url]).assert(1, "no job");
    let acts = run(&["audit", "--url", &url]);
    assert!(acts.out.contains("number_disclosed") && acts.out.contains("user_erased"), "{}", acts.out);
}

/// A gateway that serves a site; it ends with its owner.
struct Serving {
    child: std::process::Child,
    told: std::sync::mpsc::Receiver<String>,
}

impl Serving {
    fn start(site: &Site) -> Serving {
        let mut command = octothorpe(&["serve", "--config", &site.config()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let serving = Serving { child, told };
        serving.wait_for("serving HTTP");
        serving
    }

    /// The next line of standard error that says so.
    #[track_caller]
    fn wait_for(&self, words: &str) -> String {
        loop {
            let line =
                self.told.recv_timeout(std::time::Duration::from_secs(60)).expect("it tells something");
            if line.contains(words) {
                return line;
            }
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The reason that a job to London ends with.
fn reason_of_a_call_to_london(id: &str, url: &str) -> String {
    let job = json!({ "id": id, "to": "+44 20 7946 0123" }).to_string();
    run_with_input(&["submit", "-", "--url", url], &job).assert(0, "");
    let result = run(&["results", "--wait", "30", "--consumer", id, "--url", url, "--json"]).objects();
    let own = result.iter().find(|result| result["job"] == id);
    own.unwrap_or_else(|| panic!("no result of {id} in {result:?}"))["reason"].as_str().unwrap().to_owned()
}

/// Policy and prompts change while it runs, or the old ones stay and file, line and remedy are told.
#[test]
fn a_reload_is_whole_or_not_at_all() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let with = |countries: &str| {
        let site = Site::new(&format!(
            "[http]\nlisten = \"127.0.0.1:{port}\"\n[queue]\npath = \"var\"\n[sip]\n\
             listen = [\"udp:127.0.0.1:0\"]\n[policy]\ncountries = {countries}"
        ));
        fs::read_to_string(site.config()).unwrap()
    };
    let site = Site::new("");
    let write = |countries: &str| fs::write(site.config(), with(countries)).unwrap();
    write("[\"US\"]");
    let gateway = Serving::start(&site);
    assert_eq!(reason_of_a_call_to_london("closed", &url), "country_blocked");
    write("[\"US\", \"GB\"]");
    gateway.signal(rustix::process::Signal::HUP);
    gateway.wait_for("reloaded: policy");
    assert_ne!(reason_of_a_call_to_london("open", &url), "country_blocked");
    write("[\"US\", \"Atlantis\"]");
    let refused = run(&["reload", "--url", &url]);
    refused.assert(2, "octothorpe.toml:8");
    gateway.signal(rustix::process::Signal::HUP);
    assert!(gateway.wait_for("not reloaded").contains("octothorpe.toml:8"));
    assert_ne!(reason_of_a_call_to_london("still-open", &url), "country_blocked");
    write("[\"US\"]");
    fs::write(site.0.join("trunks/lab.toml"), LAB).unwrap();
    let done = run(&["reload", "--url", &url, "--json"]).objects();
    assert_eq!((&done[0]["reloaded"][0], &done[0]["needs_restart"]), (&json!("policy"), &json!(["trunks"])));
    assert_eq!(reason_of_a_call_to_london("closed-again", &url), "country_blocked");
    drop(gateway);
}

/// Makes a certificate for localhost with its key beside it, as `openssl` does.
fn certificate(site: &Site, days: &str) {
    let path = |name: &str| site.0.join(name).to_str().unwrap().to_owned();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-days", days, "-keyout", &path("key.pem"), "-out", &path("cert.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    set_mode(&site.0.join("key.pem"), 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// TLS by configuration: checked before it starts, renewed by a reload, and what is wrong told with its file.
#[test]
fn the_front_door_speaks_tls_and_takes_a_new_certificate_on_reload() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let site = Site::new(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n[queue]\n\
         path = \"var\"\n[sip]\nlisten = [\"udp:127.0.0.1:0\"]"
    ))
    .trunk(LAB);
    let config = site.config();
    let findings = |words: &str| {
        let ran = run(&["check", "--config", &config]);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(
            ran.out.contains("finding  tls") && ran.out.contains(words),
            "{} does not say {words}",
            ran.out
        );
    };
    findings("cert.pem: cannot be read");
    run(&["serve", "--config", &config]).assert(2, "cert.pem: cannot be read");
    certificate(&site, "5");
    findings("for localhost 127.0.0.1 ends in 4 days");
    let other = Site::new("");
    certificate(&other, "90");
    fs::copy(other.0.join("cert.pem"), site.0.join("cert.pem")).unwrap();
    findings("key.pem: is not the key of the certificate");
    certificate(&site, "90");
    set_mode(&site.0.join("key.pem"), 0o644);
    findings("key.pem: can be read by everybody (mode 644)");
    set_mode(&site.0.join("key.pem"), 0o600);
    let checked = run(&["check", "--config", &config]);
    assert!(
        checked.out.contains("ok       tls") && checked.out.contains("holds for 89 days"),
        "{}",
        checked.out
    );

    let gateway = Serving::start(&site);
    let url = format!("https://localhost:{port}");
    let first = site.0.join("first.pem");
    fs::copy(site.0.join("cert.pem"), &first).unwrap();
    let first = first.to_str().unwrap();
    run(&["list", "--url", &url]).assert(3, "--ca");
    run(&["list", "--url", &url, "--ca", first]).assert(0, "");
    // The configuration says that the door speaks TLS.
    run(&["list", "--config", &config, "--ca", first]).assert(0, "");
    run(&["list", "--url", &format!("http://localhost:{port}")]).assert(3, "");
    // Whoever greets and then says nothing holds up nobody.
    let _silent = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    run(&["list", "--url", &url, "--ca", first]).assert(0, "");
    fs::write(site.0.join("cert.pem"), "nothing").unwrap();
    run(&["reload", "--url", &url, "--ca", first]).assert(2, "cert.pem: holds no certificate");
    run(&["list", "--url", &url, "--ca", first]).assert(0, "");
    certificate(&site, "60");
    gateway.signal(rustix::process::Signal::HUP);
    gateway.wait_for("certificate");
    run(&["list", "--url", &url, "--ca", first]).assert(3, "--ca");
    run(&["list", "--url", &url, "--ca", site.0.join("cert.pem").to_str().unwrap()]).assert(0, "");
}
