//! Every hostile envelope has its named error; none of them opens, none makes the parser panic.

use std::future::ready;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::seal::encrypt;
use super::*;
use crate::MoneyError;
use crate::id::MAX_SUBJECT;
use crate::testing::{KID, at, eur, id, key, unwrap};

const PAYLOAD: &str = r#"{"amount":"125000.00","currency":"EUR"}"#;

fn sealed() -> String {
    seal(&key(), id(), "alice", &eur("125000")).unwrap()
}

fn header() -> Value {
    json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": KID, "aid": id(), "sub": "alice"})
}

/// An envelope that is encrypted as it should be, whatever is in its header and in itself.
fn forged(header: &str, payload: impl AsRef<[u8]>) -> String {
    encrypt(&key(), header.as_bytes(), payload.as_ref()).unwrap()
}

/// What becomes of an envelope on its whole way, from intake to settlement.
fn opened(text: &str) -> Result<Money, EnvelopeError> {
    let envelope = Envelope::parse(text)?;
    envelope.check(id(), "alice", &key())?;
    envelope.open_with(&unwrap(envelope.encrypted_key())?)
}

fn opened_with_header(header: &str) -> Result<Money, EnvelopeError> {
    opened(&forged(header, PAYLOAD))
}

fn parts(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

/// The envelope with one of its parts replaced.
fn with_part(number: usize, part: impl Into<String>) -> String {
    let mut parts = parts(&sealed());
    parts[number] = part.into();
    parts.join(".")
}

#[test]
fn what_is_sealed_opens_to_the_cent() {
    for amount in ["0", "0.01", "125000.00", "999999999999999999.99"] {
        let text = seal(&key(), id(), "alice", &eur(amount)).unwrap();
        assert_eq!(opened(&text), Ok(eur(amount)));
        assert_eq!(Envelope::parse(&text).unwrap().sha256(), Hash::of(&text));
    }
}

#[test]
fn two_envelopes_of_one_bid_have_nothing_secret_in_common() {
    let (one, other) = (parts(&sealed()), parts(&sealed()));
    assert_eq!(one[0], other[0]);
    for part in 1..5 {
        assert_ne!(one[part], other[part], "part {part}");
    }
}

#[test]
fn the_length_of_an_envelope_does_not_tell_the_digits_of_its_amount() {
    let length = |amount| seal(&key(), id(), "alice", &eur(amount)).unwrap().len();
    assert_eq!(length("1"), length("999999999999999999.99"));
}

#[test]
fn an_envelope_of_the_longest_names_is_small_enough() {
    let key = PublicKey::from_spki_der("k".repeat(256), &key().to_spki_der().unwrap()).unwrap();
    let text = seal(&key, id(), &"\"".repeat(255), &eur("1")).unwrap();
    assert!(Envelope::parse(&text).is_ok());
    assert_eq!(seal(&key, id(), "", &eur("1")), Err(SealError::Bidder));
    assert_eq!(seal(&key, id(), &"a".repeat(256), &eur("1")), Err(SealError::Bidder));
}

#[test]
fn typ_and_a_json_content_type_are_allowed() {
    for (name, value) in [
        ("typ", "JOSE"),
        ("typ", "jwe"),
        ("cty", "json"),
        ("cty", "application/JSON"),
    ] {
        let mut header = header();
        header[name] = json!(value);
        assert_eq!(
            opened_with_header(&header.to_string()),
            Ok(eur("125000")),
            "{name} {value}"
        );
    }
}

#[test]
fn a_header_that_says_anything_else_is_refused_by_name() {
    use EnvelopeError::*;
    for (name, value, error) in [
        ("alg", json!("none"), Algorithm),
        ("alg", json!("RSA1_5"), Algorithm),
        ("alg", json!("RSA-OAEP"), Algorithm),
        ("alg", json!("dir"), Algorithm),
        ("alg", json!("rsa-oaep-256"), Algorithm),
        ("alg", json!(["RSA-OAEP-256"]), NotText("alg")),
        ("alg", Value::Null, NotText("alg")),
        ("enc", json!("A128GCM"), Encryption),
        ("enc", json!("A256CBC-HS512"), Encryption),
        ("zip", json!("DEF"), Compressed),
        ("crit", json!(["exp"]), Critical),
        ("crit", json!([]), Critical),
        ("cty", json!("JWT"), ContentType),
        ("cty", json!("JWE"), ContentType),
        ("aid", json!("01J0000000000000000000000B"), OtherAuction),
        ("aid", json!(id().to_string().to_lowercase()), OtherAuction),
        ("aid", json!(1), NotText("aid")),
        ("sub", json!("bob"), OtherBidder),
        ("sub", json!("Alice"), OtherBidder),
        ("sub", json!(""), OtherBidder),
        ("kid", json!("another"), OtherKey),
        ("jwk", json!({}), UnknownMember),
        ("epk", json!({}), UnknownMember),
        ("p2c", json!(1_000_000_000), UnknownMember),
        ("jku", json!("https://example.com"), UnknownMember),
        ("exp", json!(0), UnknownMember),
        ("ALG", json!("none"), UnknownMember),
    ] {
        let mut header = header();
        header[name] = value.clone();
        assert_eq!(opened_with_header(&header.to_string()), Err(error), "{name} {value}");
    }
    for name in ["alg", "enc", "kid", "aid", "sub"] {
        let mut header = header();
        header.as_object_mut().unwrap().remove(name);
        assert_eq!(opened_with_header(&header.to_string()), Err(MissingMember(name)));
    }
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let header = header().to_string();
    for member in [
        r#""alg":"RSA-OAEP-256""#,
        r#""sub":"alice""#,
        r#""\u0073ub":"bob""#,
        r#""kid":"another""#,
    ] {
        let twice = format!("{{{member},{}", &header[1..]);
        assert_eq!(
            opened_with_header(&twice),
            Err(EnvelopeError::DuplicateMember),
            "{member}"
        );
    }
}

#[test]
fn a_header_that_is_no_json_object_is_refused() {
    let good = header().to_string();
    let deep = format!("{{\"alg\":{}", "[".repeat(2000));
    for bad in [
        "",
        "null",
        "[]",
        "\"\"",
        "{",
        &deep,
        &format!("{good} {good}"),
        &format!("{good}x"),
    ] {
        assert_eq!(opened_with_header(bad), Err(EnvelopeError::Header), "{bad:.80}");
    }
    assert_eq!(
        opened(&with_part(0, URL_SAFE_NO_PAD.encode(b"{\"alg\":\"\xff\"}"))),
        Err(EnvelopeError::Header)
    );
    assert_eq!(opened(&with_part(0, "")), Err(EnvelopeError::Header));
}

#[test]
fn an_envelope_has_five_parts() {
    let good = sealed();
    let without_tag = good.rsplit_once('.').unwrap().0;
    for bad in [
        "",
        ".",
        "a.b.c",
        without_tag,
        &format!("{good}."),
        &format!("{good}.{good}"),
        "{\"protected\":\"\"}",
    ] {
        assert_eq!(opened(bad), Err(EnvelopeError::Parts), "{bad:.80}");
    }
}

#[test]
fn a_truncated_envelope_never_opens() {
    let good = sealed();
    for end in 0..good.len() {
        assert!(opened(&good[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn each_part_has_its_length() {
    use EnvelopeError::*;
    let zeros = |length| URL_SAFE_NO_PAD.encode(vec![0; length]);
    for (part, length, error) in [
        (1, 0, EncryptedKeyLength),
        (1, 255, EncryptedKeyLength),
        (1, 257, EncryptedKeyLength),
        (1, 512, EncryptedKeyLength),
        (2, 0, IvLength),
        (2, 11, IvLength),
        (2, 16, IvLength),
        (3, 0, CiphertextLength),
        (3, 257, CiphertextLength),
        (4, 0, TagLength),
        (4, 12, TagLength),
        (4, 17, TagLength),
    ] {
        assert_eq!(
            opened(&with_part(part, zeros(length))),
            Err(error),
            "part {part} of {length} bytes"
        );
    }
}

#[test]
fn an_envelope_is_at_most_4_kb() {
    let long = |length: usize| forged(&format!("{}{}", header(), " ".repeat(length)), PAYLOAD);
    let spare = MAX_ENVELOPE - long(0).len();
    assert_eq!(opened(&long(spare * 3 / 4 - 2)), Ok(eur("125000")));
    assert_eq!(opened(&long(spare * 3 / 4 + 3)), Err(EnvelopeError::TooLarge));
    assert_eq!(opened(&".".repeat(10_000_000)), Err(EnvelopeError::TooLarge));
}

#[test]
fn the_longest_names_and_the_longest_key_and_payload_fit_into_an_envelope() {
    let private = aws_lc_rs::rsa::PrivateDecryptingKey::generate(aws_lc_rs::rsa::KeySize::Rsa4096).unwrap();
    let key = crate::testing::public(&private, &"k".repeat(256));
    let (escaped, bidder) = ("\\u002B".repeat(MAX_SUBJECT), "+".repeat(MAX_SUBJECT));
    let header = format!(
        r#"{{"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "{}", "aid": "{}", "sub": "{escaped}", "typ": "JOSE", "cty": "application/json"}}"#,
        key.kid(),
        id(),
    );
    let longest = encrypt(&key, header.as_bytes(), format!("{PAYLOAD:256}").as_bytes()).unwrap();
    assert_eq!(Envelope::parse(&longest).unwrap().check(id(), &bidder, &key), Ok(()));
}

#[test]
fn base64_has_one_spelling() {
    let good = parts(&sealed());
    let numbered = [
        (0, Part::Header),
        (1, Part::EncryptedKey),
        (2, Part::Iv),
        (3, Part::Ciphertext),
        (4, Part::Tag),
    ];
    for (number, part) in numbered {
        let text = &good[number];
        for bad in [
            format!("{text}="),
            format!("{text}=="),
            format!("{text}\n"),
            format!(" {text}"),
            format!("{text}+/"),
        ] {
            assert_eq!(
                opened(&with_part(number, bad)),
                Err(EnvelopeError::Base64(part)),
                "{part}"
            );
        }
    }
    // 16 bytes are 22 characters, the last of which has 4 bits that no decoder looks at: they must be zero.
    let tag = &good[4];
    let loose = format!("{}{}", &tag[..21], if tag.ends_with('A') { 'B' } else { 'R' });
    assert_eq!(opened(&with_part(4, loose)), Err(EnvelopeError::Base64(Part::Tag)));
}

#[test]
fn swapped_parts_do_not_open() {
    let (good, other) = (parts(&sealed()), parts(&sealed()));
    for number in 1..5 {
        let mut swapped = good.clone();
        swapped[number].clone_from(&other[number]);
        assert_eq!(
            opened(&swapped.join(".")),
            Err(EnvelopeError::DoesNotOpen),
            "part {number} of another envelope"
        );
    }
    for one in 0..5 {
        for other in one + 1..5 {
            let mut swapped = good.clone();
            swapped.swap(one, other);
            assert!(opened(&swapped.join(".")).is_err(), "{one} and {other}");
        }
    }
}

#[test]
fn a_bid_can_not_be_moved_to_another_bidder_auction_or_key() {
    let mine = parts(&sealed());
    let other_auction = AuctionId::generate(at(0));
    let move_to = |name: &str, value: Value| {
        let mut header = header();
        header[name] = value;
        let mut parts = mine.clone();
        parts[0] = URL_SAFE_NO_PAD.encode(header.to_string());
        Envelope::parse(&parts.join(".")).unwrap()
    };
    let moved = [
        (move_to("sub", json!("bob")), id(), "bob"),
        (move_to("aid", json!(other_auction)), other_auction, "alice"),
    ];
    for (envelope, auction, bidder) in moved {
        assert_eq!(envelope.check(auction, bidder, &key()), Ok(()), "the new header fits");
        let content_key = unwrap(envelope.encrypted_key()).unwrap();
        assert_eq!(envelope.open_with(&content_key), Err(EnvelopeError::DoesNotOpen));
    }
}

#[test]
fn a_content_key_has_32_bytes_and_is_the_right_one() {
    for length in [0, 16, 31, 33, 64] {
        assert_eq!(
            ContentKey::new(&vec![0; length]).unwrap_err(),
            EnvelopeError::DoesNotOpen,
            "{length} bytes"
        );
    }
    let envelope = Envelope::parse(&sealed()).unwrap();
    assert_eq!(
        envelope.open_with(&ContentKey::new(&[0; 32]).unwrap()),
        Err(EnvelopeError::DoesNotOpen)
    );
}

#[test]
fn what_is_no_bid_is_refused_though_it_opens() {
    let refused = |payload: &str| opened(&forged(&header().to_string(), payload)).unwrap_err();
    for malformed in [
        "125000",
        "{}",
        r#"{"amount":"1"}"#,
        r#"{"amount":1,"currency":"EUR"}"#,
        r#"{"amount":1.5,"currency":"EUR"}"#,
        r#"{"amount":null,"currency":"EUR"}"#,
        r#"{"amount":"1","currency":"EUR","discount":"1"}"#,
        r#"{"amount":"1","amount":"2","currency":"EUR"}"#,
        r#"{"amount":"1","currency":"EUR"}{}"#,
        r#"[["amount","1"],["currency","EUR"]]"#,
    ] {
        assert_eq!(refused(malformed), EnvelopeError::Payload, "{malformed}");
    }
    let amount = |amount: &str, currency: &str| refused(&json!({"amount": amount, "currency": currency}).to_string());
    assert_eq!(amount("1", "EURO"), EnvelopeError::Amount(MoneyError::Currency));
    assert_eq!(
        amount("1.001", "EUR"),
        EnvelopeError::Amount(MoneyError::TooManyDecimals)
    );
    assert_eq!(amount("1.0", "JPY"), EnvelopeError::Amount(MoneyError::TooManyDecimals));
    assert_eq!(
        amount(&"9".repeat(19), "EUR"),
        EnvelopeError::Amount(MoneyError::TooLarge)
    );
    for not_decimal in ["-1", "NaN", "1e9", "+1", " 1", "\u{661}", ""] {
        assert_eq!(
            amount(not_decimal, "EUR"),
            EnvelopeError::Amount(MoneyError::NotDecimal),
            "{not_decimal}"
        );
    }
}

#[test]
fn a_payload_of_array_form_or_not_utf_8_is_no_bid() {
    for bad in [&b"\xff\xfe"[..], br#"["1","EUR"]"#, b"null"] {
        assert_eq!(opened(&forged(&header().to_string(), bad)), Err(EnvelopeError::Payload));
    }
}

#[tokio::test]
async fn opening_hands_the_encrypted_key_out_and_tells_whose_fault_it_was() {
    let envelope = Envelope::parse(&sealed()).unwrap();
    let good = open(&envelope, async |encrypted_key: &[u8]| unwrap(encrypted_key)).await;
    assert_eq!(good.unwrap(), eur("125000"));
    let down = open(&envelope, async |_: &[u8]| ready(Err("throttled")).await).await;
    assert!(matches!(down, Err(OpenError::Unwrap("throttled"))));
    let wrong = open(&envelope, async |_: &[u8]| ContentKey::new(&[7; 32])).await;
    assert!(matches!(wrong, Err(OpenError::Envelope(EnvelopeError::DoesNotOpen))));
}

#[tokio::test]
async fn envelopes_can_be_opened_by_several_tasks_at_once() {
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let envelope = Envelope::parse(&sealed()).unwrap();
            tokio::spawn(async move { open(&envelope, async |encrypted_key: &[u8]| unwrap(encrypted_key)).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), eur("125000"));
    }
}

#[test]
fn debug_shows_nothing_of_what_is_inside() {
    let content_key = ContentKey::new(&[171; 32]).unwrap();
    let envelope = Envelope::parse(&sealed()).unwrap();
    assert_eq!(format!("{content_key:?}"), "ContentKey(not shown)");
    assert_eq!(format!("{envelope:?}"), format!("Envelope({})", envelope.sha256()));
}

/// One small change to a text, as a fuzzer makes them.
fn mutated(text: &str, (kind, one, other, byte): (u8, Index, Index, u8)) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = one.index(bytes.len());
    match kind {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        2 => drop(bytes.remove(at)),
        3 => bytes.swap(at, other.index(text.len())),
        4 => bytes.truncate(at),
        5 => bytes.extend_from_within(at..),
        _ => {
            let mut parts: Vec<&str> = text.split('.').collect();
            let count = parts.len();
            parts.swap(one.index(count), other.index(count));
            return parts.join(".");
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What mutation starts from: a good envelope, and some that come close.
fn corpus() -> Vec<String> {
    let mut nested = header();
    nested["cty"] = json!("json");
    vec![
        sealed(),
        forged(&nested.to_string(), "{}"),
        forged("{\"zip\":\"DEF\"}", PAYLOAD),
        "....".into(),
        "e30.AA.AA.AA.AA".into(),
    ]
}

proptest! {
    #[test]
    fn no_mutation_of_an_envelope_opens_or_panics(
        start in any::<Index>(),
        changes in proptest::collection::vec((0..7_u8, any::<Index>(), any::<Index>(), any::<u8>()), 1..4),
    ) {
        let corpus = corpus();
        let start = &corpus[start.index(corpus.len())];
        let text = changes.into_iter().fold(start.clone(), |text, change| {
            if text.is_empty() { text } else { mutated(&text, change) }
        });
        if text != *start {
            prop_assert!(opened(&text).is_err());
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(
        text in any::<String>(),
        dotted in "[A-Za-z0-9_=-]{0,40}(\\.[A-Za-z0-9_=-]{0,40}){0,6}",
    ) {
        prop_assert!(opened(&text).is_err());
        prop_assert!(opened(&dotted).is_err());
    }

    #[test]
    fn no_header_makes_the_parser_panic(header in "[{}\\[\\]\":,a-z0-9\\\\]{0,60}") {
        prop_assert!(opened(&with_part(0, URL_SAFE_NO_PAD.encode(header))).is_err());
    }
}
