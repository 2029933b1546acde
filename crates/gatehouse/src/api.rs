//! The HTTP API of an auction house, as its clients call it.

mod answer;
mod retry;
mod token;

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use ureq::http::{Request, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub use answer::Answer;
pub use token::Token;

use crate::failure::Failure;

/// The most that is read of an answer, in bytes.
const ANSWER_LIMIT: u64 = 8 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than API Gateway lets a function work on a request (30 seconds).
const CALL_TIMEOUT: Duration = Duration::from_secs(35);
/// How often a request is sent before its last failure is final.
const TRIES: u32 = 6;

/// Where the API is, and whose token goes with each request.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// The API's address, such as `https://bids.example.org`
    #[arg(long, value_name = "URL")]
    api: String,
    #[command(flatten)]
    token: token::TokenSource,
}

impl Place {
    /// The API, with the token that was given, if any.
    pub fn connect(&self) -> Result<Api, Failure> {
        Api::at(&self.api, self.token.find()?)
    }

    /// The API, with a token: what only a known caller may ask for.
    ///
    /// No token at all is a [`Failure::Input`].
    pub fn connect_known(&self) -> Result<Api, Failure> {
        Api::at(&self.api, Some(self.token.need()?))
    }
}

/// A client of the API.
#[derive(Debug)]
pub struct Api {
    agent: ureq::Agent,
    base: String,
    token: Option<Token>,
}

impl Api {
    /// The API at this address.
    ///
    /// [`Failure::Input`] unless it is an `https` address, or `http` on this very machine: who could change the public
    /// key on its way could read the bid.
    pub fn at(url: &str, token: Option<Token>) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/');
        let encrypted = is_encrypted(base)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(CALL_TIMEOUT))
            .user_agent(concat!("gatehouse/", env!("CARGO_PKG_VERSION")));
        let config = if encrypted {
            config.https_only(true).tls_config(tls())
        } else {
            config.proxy(None)
        };
        Ok(Self {
            agent: config.build().into(),
            base: base.to_owned(),
            token,
        })
    }

    /// `GET` of this path.
    pub fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send("GET", path, None)
    }

    /// `DELETE` of this path.
    pub fn delete(&self, path: &str) -> Result<Answer, Failure> {
        self.send("DELETE", path, None)
    }

    /// `POST` of this JSON under this `Idempotency-Key`.
    pub fn post(&self, path: &str, json: &[u8], idempotency_key: &str) -> Result<Answer, Failure> {
        self.send("POST", path, Some((json, idempotency_key)))
    }

    /// Sends a request, and the very same again while an answer may still come: nobody answered, the API is at work on
    /// the first one or asks to slow down, or it failed.
    fn send(&self, method: &str, path: &str, post: Option<(&[u8], &str)>) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.base);
        let mut tried = 0;
        loop {
            let outcome = self.send_once(method, &url, post);
            tried += 1;
            let again = match &outcome {
                Ok(answer) => retry::of_answer(answer, tried),
                Err(error) => retry::of_error(error, tried),
            };
            match again {
                Some(wait) if tried < TRIES => sleep(wait),
                _ => {
                    return outcome
                        .map_err(|error| Failure::unreachable(&url, &error))?
                        .accepted(&url);
                }
            }
        }
    }

    fn send_once(&self, method: &str, url: &str, post: Option<(&[u8], &str)>) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header("authorization", token.bearer());
        }
        let response = match post {
            None => self.agent.run(request.body(())?)?,
            Some((json, key)) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.header("idempotency-key", key).body(json)?)?
            }
        };
        Answer::read(response, ANSWER_LIMIT)
    }
}

fn is_encrypted(url: &str) -> Result<bool, Failure> {
    let uri: Uri = url
        .parse()
        .map_err(|_| Failure::input("bad-url", format!("{url:?} is not an address")))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(true),
        (Some("http"), Some("127.0.0.1" | "[::1]" | "localhost")) => Ok(false),
        _ => Err(Failure::input(
            "bad-url",
            format!("{url} has to begin with https:// (http:// only for this machine, such as http://127.0.0.1:4566)"),
        )),
    }
}

/// TLS by aws-lc, as everywhere in this project, with the certificates that the system trusts (or `SSL_CERT_FILE`).
fn tls() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted = trusted
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned());
    TlsConfig::builder()
        .root_certs(RootCerts::from(trusted))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}
