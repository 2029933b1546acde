//! Whose requests these are: the access token that the API's authorizer verifies.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::file;

/// Where a token is looked for when no option names one.
const VARIABLE: &str = "GATEHOUSE_TOKEN";
/// Far more than any token has; a header of this size would be refused.
const LIMIT: u64 = 16 << 10;

/// The options that name a token.
#[derive(Debug, Clone, clap::Args)]
pub struct TokenSource {
    /// The access token; other users of this machine can see it here, unlike in a file or in GATEHOUSE_TOKEN
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    token: Option<Token>,
    /// A file with the access token [default: the variable GATEHOUSE_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl TokenSource {
    /// The token, from the option, the file, or the environment, in this order.
    pub fn find(&self) -> Result<Option<Token>, Failure> {
        let token = match (&self.token, &self.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(path)) => Some(Token::from(file::read_text(path, LIMIT)?.as_str())),
            (None, None) => std::env::var(VARIABLE).ok().map(|text| Token::from(text.as_str())),
        };
        token.map(Token::checked).transpose()
    }

    /// The same; it is a [`Failure::Input`] if there is none.
    pub fn need(&self) -> Result<Token, Failure> {
        let none = || {
            Failure::input(
                "no-token",
                format!("--token-file or the variable {VARIABLE} has to give a token"),
            )
        };
        self.find()?.ok_or_else(none)
    }
}

/// A bearer token (RFC 6750). It is shown to the API, and to nobody else.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The value of the `Authorization` header.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0.as_str())
    }

    fn checked(self) -> Result<Self, Failure> {
        if !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(self);
        }
        Err(Failure::input(
            "bad-token",
            "the token is empty, or has a space or another character that no token has",
        ))
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.trim().to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}
