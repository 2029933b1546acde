//! An auction house in miniature: a key pair, the command, and a folder for its files.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use gatehouse_auction::{AuctionId, ContentKey, Envelope, Event, Hash, Money, PublicKey, Seal};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const AUCTION: &str = "01JZ8W6T3B9Q4VXK5M7N2P0RSD";
pub const BIDDER: &str = "bidder-7";
pub const AMOUNT: &str = "124999.50";
pub const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.planted-token.c2lnbmF0dXJl";

static KEY: LazyLock<PrivateDecryptingKey> =
    LazyLock::new(|| PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap());

pub fn auction() -> AuctionId {
    AUCTION.parse().unwrap()
}

pub fn public_key() -> PublicKey {
    let der: PublicKeyX509Der<'_> = KEY.public_key().as_der().unwrap();
    PublicKey::from_spki_der("the-key", der.as_ref()).unwrap()
}

/// The answer to `GET /auctions/{auctionId}`.
pub fn shown() -> Value {
    json!({ "id": AUCTION, "title": "A bridge", "currency": "EUR", "phase": "open", "key": public_key() })
}

/// Opens an envelope for this bidder in this auction.
pub fn opened(envelope: &str) -> Money {
    let envelope = Envelope::parse(envelope).unwrap();
    envelope.check(auction(), BIDDER, &public_key()).unwrap();
    let key = OaepPrivateDecryptingKey::new(KEY.clone()).unwrap();
    let mut room = vec![0; key.min_output_size()];
    let content_key = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, envelope.encrypted_key(), &mut room, None)
        .unwrap();
    envelope.open_with(&ContentKey::new(content_key).unwrap()).unwrap()
}

/// A receipt as the API gives it for this envelope, at this position.
pub fn receipt(envelope: &str, position: u64) -> Value {
    let envelope = Hash::of(envelope);
    let body = Event::bid_placed_body(BIDDER, Seal::Jwe, envelope).unwrap();
    json!({
        "auctionId": AUCTION, "bidId": position.to_string(), "position": position, "at": "2026-03-01T11:59:58.123Z",
        "envelopeSha256": envelope, "digest": Hash::of(body), "hash": Hash::of("the log"), "bidder": BIDDER,
    })
}

/// A folder of files that ends with the test.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where a file of this name is, or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and gives its path.
    pub fn put(&self, name: &str, content: impl ToString) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path
    }
}

/// What a command did.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub said: String,
    pub complained: String,
}

impl Done {
    /// Standard output as JSON, of a command that ended well.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.said).unwrap()
    }

    /// Holds that it failed with 65 and this reason, and printed nothing.
    pub fn assert_refused(&self, reason: &str) {
        assert_eq!(self.code, 65, "{self:?}");
        assert_eq!(self.said, "");
        assert!(
            self.complained
                .lines()
                .any(|line| line.starts_with(&format!("gatehouse: {reason}: "))),
            "{self:?}"
        );
    }
}

/// Runs the command with a token in its environment; a space parts the arguments.
pub fn gatehouse(arguments: &str) -> Done {
    run(arguments, "", Some(TOKEN))
}

/// The same with something on standard input, and another token or none.
pub fn run(arguments: &str, typed: &str, token: Option<&str>) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command.args(arguments.split_whitespace()).env_remove("GATEHOUSE_TOKEN");
    if let Some(token) = token {
        command.env("GATEHOUSE_TOKEN", token);
    }
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    // A command that does not read its input may have ended.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    let done = Done {
        code: output.status.code().unwrap(),
        said: String::from_utf8(output.stdout).unwrap(),
        complained: String::from_utf8(output.stderr).unwrap(),
    };
    let printed = format!("{done:?}");
    assert!(
        !printed.contains("planted") && !printed.contains(AMOUNT),
        "a secret was printed: {printed}"
    );
    done
}
