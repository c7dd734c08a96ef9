//! A running gateway's front door, as the job commands see it.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{ClientBuilder, Method, RequestBuilder, Url};
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::{Common, output};
use crate::config::{DEFAULT_PATH, HttpConfig};

/// Connecting on loopback takes microseconds; a gateway that needs longer is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// For an answer that nobody waits for; a long poll adds its own time.
const ANSWER: Duration = Duration::from_secs(30);
/// Where a token may stand that no argument names.
const TOKEN_VARIABLE: &str = "OCTOTHORPE_TOKEN";
const LONGEST_TOKEN_BYTES: u64 = 1024;
/// The largest page of results stays far below.
const LARGEST_ANSWER_BYTES: usize = 64 << 20;

/// Which gateway, and whose jobs.
#[derive(Debug, Clone, Args)]
pub(super) struct ClientArgs {
    /// The gateway's front door [default: `[http] listen` of the configuration]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Whose jobs [default: the token's tenant, else `default`]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    #[command(flatten)]
    token: TokenArgs,
}

/// The token that a command presents.
#[derive(Debug, Clone, Args)]
pub(super) struct TokenArgs {
    /// The token [default: the variable OCTOTHORPE_TOKEN]; others on this machine may see an argument
    #[arg(long, global = true, value_name = "TOKEN", conflicts_with = "token_file")]
    token: Option<String>,
    /// A file with the token in it
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Trust the certificates of this file too, for an https gateway with one of its own making
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Beside the system's own, the certificates of `--ca`.
fn trusting(http: ClientBuilder, file: Option<&Path>) -> Result<ClientBuilder, Failure> {
    let Some(file) = file else { return Ok(http) };
    let refuse = |why: String| Failure::usage(format!("--ca {}: {why}", file.display()));
    let pem = std::fs::read(file).map_err(|error| refuse(error.to_string()))?;
    let read = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| refuse(error.to_string()))?;
    Ok(http.tls_certs_merge(read))
}

impl TokenArgs {
    /// The token, if there is one: from the arguments, else from the environment.
    fn read(&self) -> Result<Option<HeaderValue>, Failure> {
        let text = match (&self.token, &self.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(file)) => Some(read_token(file)?),
            (None, None) => std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()),
        };
        let Some(text) = text else { return Ok(None) };
        let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim()))
            .map_err(|_| Failure::usage("the token has characters that no token has"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// A file that is longer than any token is another one by mistake.
fn read_token(file: &Path) -> Result<String, Failure> {
    let refuse = |why: String| Failure::usage(format!("--token-file {}: {why}", file.display()));
    let mut text = String::new();
    let handle = File::open(file).map_err(|error| refuse(error.to_string()))?;
    handle
        .take(LONGEST_TOKEN_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| refuse(error.to_string()))?;
    match text.len() as u64 > LONGEST_TOKEN_BYTES || text.trim().is_empty() {
        true => Err(refuse("expected one token and nothing else".to_owned())),
        false => Ok(text),
    }
}

/// A connection to the front door.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    tenant: Option<String>,
    token: Option<HeaderValue>,
}

/// What the front door answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// When to come again, if it says so.
    pub(super) retry_after: Option<Duration>,
    body: Value,
    text: String,
}

impl Client {
    pub(super) fn new(args: &ClientArgs, common: &Common) -> Result<Client, Failure> {
        Client::of(args.url.as_deref(), &args.token, args.tenant.clone(), common)
    }

    /// A client of the gateway as a whole.
    pub(super) fn of_gateway(
        url: Option<&str>,
        token: &TokenArgs,
        common: &Common,
    ) -> Result<Client, Failure> {
        Client::of(url, token, None, common)
    }

    fn of(
        url: Option<&str>,
        token: &TokenArgs,
        tenant: Option<String>,
        common: &Common,
    ) -> Result<Client, Failure> {
        let base = match url {
            Some(url) => read_url(url)?,
            None => read_url(&door_of(common)?)?,
        };
        // A proxy of the environment does not lead to loopback; a redirect leads away from it.
        // Who installed one before us installed the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = trusting(reqwest::Client::builder(), token.ca.as_deref())?;
        let http = http.no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.connect_timeout(CONNECT).build();
        let http = http.map_err(|error| Failure::cannot_run(format!("no HTTP client: {error}")))?;
        Ok(Client { http, base, tenant, token: token.read()? })
    }

    /// `GET`, with a time that the front door may wait by itself.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        wait: Duration,
    ) -> Result<Answer, Failure> {
        self.send(self.request(Method::GET, path).query(query).timeout(ANSWER + wait)).await
    }

    /// `POST` of JSON as it is.
    pub(super) async fn post(&self, path: &[&str], json: Vec<u8>) -> Result<Answer, Failure> {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        self.send(request.body(json).timeout(ANSWER)).await
    }

    /// `DELETE`.
    pub(super) async fn delete(&self, path: &[&str]) -> Result<Answer, Failure> {
        self.send(self.request(Method::DELETE, path).timeout(ANSWER)).await
    }

    /// `DELETE` with a query.
    pub(super) async fn delete_with(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.send(self.request(Method::DELETE, path).query(query).timeout(ANSWER)).await
    }

    /// The same connection for another tenant; `*` is everybody.
    pub(super) fn for_tenant(self, tenant: &str) -> Client {
        Client { tenant: Some(tenant.to_owned()), ..self }
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Each segment is escaped: an id with a slash names no other resource.
            segments.pop_if_empty().extend(path);
        }
        let request = match &self.token {
            Some(token) => self.http.request(method, url).header(AUTHORIZATION, token),
            None => self.http.request(method, url),
        };
        match &self.tenant {
            Some(tenant) => request.query(&[("tenant", tenant)]),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let unreachable = |error: reqwest::Error| {
            let why = match (error.is_connect(), error.is_timeout()) {
                (true, _) if is_about_tls(&error) => {
                    "its certificate is not trusted here; name its issuer by --ca"
                }
                (true, _) => "nobody listens there; is `octothorpe serve` running?",
                (false, true) => "no answer in time",
                (false, false) => "the connection broke",
            };
            Failure::cannot_run(format!("{}: {why}", self.base))
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let seconds =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > LARGEST_ANSWER_BYTES {
                return Err(Failure::cannot_run(format!("{}: the answer is too large", self.base)));
            }
            bytes.extend_from_slice(&chunk);
        }
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status, retry_after: seconds.map(Duration::from_secs), body, text })
    }
}

impl Answer {
    /// The text of a success; a problem becomes the failure that it tells.
    pub(super) fn text(mut self) -> Result<String, Failure> {
        let text = std::mem::take(&mut self.text);
        self.object().map(|_| text)
    }

    /// The object of a success; a problem becomes the failure that it tells.
    pub(super) fn object(self) -> Result<Value, Failure> {
        let exit = match self.status {
            200..=299 => return Ok(self.body),
            404 | 409 => Exit::Findings,
            401 | 403 => Exit::CannotRun,
            400..=499 if self.status != 429 && self.status != 408 => Exit::WrongUsage,
            _ => Exit::CannotRun,
        };
        let message = match self.body["detail"].as_str() {
            Some(detail) => output::clean(detail).into_owned(),
            None => format!("the gateway answered {} and no problem document", self.status),
        };
        Err(Failure { exit, message })
    }
}

/// Whether an error comes from TLS, and not from the network.
fn is_about_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.to_string().contains("certificate") {
            return true;
        }
        cause = error.source();
    }
    false
}

fn read_url(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).map_err(|error| Failure::usage(format!("--url {text:?}: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(Failure::usage(format!("--url {text:?}: expected http://HOST:PORT or https://HOST:PORT"))),
    }
}

/// Where the configuration says that the front door is; the default where there is no configuration.
fn door_of(common: &Common) -> Result<String, Failure> {
    let named = common.config.as_deref();
    let default = Path::new(DEFAULT_PATH);
    let file = named.or_else(|| default.exists().then_some(default));
    let http = file.map_or(Ok(HttpConfig::default()), HttpConfig::load)?;
    if http.listen.port() == 0 {
        return Err(Failure::usage(
            "`[http] listen` takes a free port, so that nobody can know it: give --url",
        ));
    }
    // Who listens on every address listens on loopback too.
    let ip = match http.listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let scheme = if http.tls.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", SocketAddr::new(ip, http.listen.port())))
}
