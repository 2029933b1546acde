//! Opens an envelope with a private key from a file, as the settlement opens it with a KMS.
//!
//! ```text
//! cargo run -p gatehouse-auction --example open -- KEY.der KID AUCTION BIDDER < envelope
//! ```
//!
//! `KEY.der` is an RSA private key in PKCS#8 (RFC 5208). Prints the bid as JSON; or the code of what is wrong with it on
//! standard error, and exits with 65.

use std::error::Error;
use std::process::ExitCode;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use gatehouse_auction::{AuctionId, ContentKey, Envelope, EnvelopeError, Money, PublicKey};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name| arguments.next().ok_or(format!("{name} is missing"));
    let private = PrivateDecryptingKey::from_pkcs8(&std::fs::read(next("KEY.der")?)?)?;
    let public: PublicKeyX509Der<'_> = private.public_key().as_der()?;
    let key = PublicKey::from_spki_der(next("KID")?, public.as_ref())?;
    let (auction, bidder) = (next("AUCTION")?.parse()?, next("BIDDER")?);
    let envelope = std::io::read_to_string(std::io::stdin())?;
    match open(envelope.trim_end(), auction, &bidder, &key, private) {
        Ok(bid) => println!("{}", serde_json::to_string(&bid)?),
        Err(error) => {
            eprintln!("{}: {error}", error.code());
            return Ok(ExitCode::from(65));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(
    envelope: &str,
    auction: AuctionId,
    bidder: &str,
    key: &PublicKey,
    private: PrivateDecryptingKey,
) -> Result<Money, EnvelopeError> {
    let envelope = Envelope::parse(envelope)?;
    envelope.check(auction, bidder, key)?;
    let private = OaepPrivateDecryptingKey::new(private).map_err(|_| EnvelopeError::DoesNotOpen)?;
    let mut out = vec![0; private.min_output_size()];
    let content_key = private
        .decrypt(&OAEP_SHA256_MGF1SHA256, envelope.encrypted_key(), &mut out, None)
        .map_err(|_| EnvelopeError::DoesNotOpen)?;
    envelope.open_with(&ContentKey::new(content_key)?)
}
