//! The document: which flags there are, and what each may be.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::rollout::{Percent, Rollout};
use super::settings::Injection;

/// The longest document that is looked at, in bytes: as much as a parameter of the advanced tier holds.
const MOST_BYTES: usize = 8 * 1024;
/// As much is said of what is wrong with one.
const MOST_CHARACTERS: usize = 200;

/// All flags. One that the document does not name is as by default.
///
/// ```json
/// {"detector": "as-deployed", "publish": {"to": "off", "percent": 10}, "intake": "on", "failure-injection": 0}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Document {
    /// `detector`: who looks for faces. May be rolled out by key.
    pub detector: Rollout<Detector>,
    /// `publish`: off holds photos back, until it is on. May be rolled out by key.
    pub publish: Rollout<Switch>,
    /// `intake`: off answers 503 to whoever opens an auction, places or withdraws a bid. Always for all: an
    /// auction in which some may bid and others may not would not be fair.
    pub intake: Switch,
    /// `failure-injection`: percentage of tries that fail as if a service were down (Retry). Not of keys: a photo whose
    /// every try fails would end in the dead-letter queue.
    pub failure_injection: Percent,
}

/// Who looks for faces, instead of the detector that the function was deployed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detector {
    /// `as-deployed`: nobody else.
    #[default]
    AsDeployed,
    /// `both`
    Both,
    /// `rekognition`
    Rekognition,
    /// `fallback`: Rekognition, the model inside of the function while that fails.
    Fallback,
    /// `embedded`: the model inside of the function.
    Embedded,
}

/// `on` or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// `on`
    #[default]
    On,
    /// `off`
    Off,
}

/// A document that can't be used. It is refused as a whole: half of what somebody meant is not what they meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the flags can't be used: {0}")]
pub struct Refused(String);

impl Refused {
    fn because(problem: impl fmt::Display) -> Self {
        Self(problem.to_string().chars().take(MOST_CHARACTERS).collect())
    }
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Refused`] for what is no JSON object, a flag that there is not or that stands there twice, a value that is none
    /// of the flag's, and failures where none may be injected.
    pub fn parse(text: &str, injection: Injection) -> Result<Self, Refused> {
        if text.len() > MOST_BYTES {
            let bytes = text.len();
            return Err(Refused::because(format_args!(
                "{bytes} bytes, of {MOST_BYTES} at the most"
            )));
        }
        let document: Self = serde_json::from_str(text).map_err(Refused::because)?;
        if injection == Injection::Refused && document.failure_injection != Percent::NONE {
            return Err(Refused::because("failure-injection: not allowed in this stage"));
        }
        Ok(document)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

/// Reads flag by flag, so that what is wrong is said with the flag's name.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with flags")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let (mut detector, mut publish, mut intake, mut failure_injection) = (None, None, None, None);
        while let Some(flag) = map.next_key::<String>()? {
            match flag.as_str() {
                "detector" => read(&mut detector, &flag, &mut map)?,
                "publish" => read(&mut publish, &flag, &mut map)?,
                "intake" => read(&mut intake, &flag, &mut map)?,
                "failure-injection" => read(&mut failure_injection, &flag, &mut map)?,
                _ => {
                    let known = "detector, publish, intake, failure-injection";
                    return Err(A::Error::custom(format_args!("{flag}: no flag; those are {known}")));
                }
            }
        }
        Ok(Document {
            detector: detector.unwrap_or_default(),
            publish: publish.unwrap_or_default(),
            intake: intake.unwrap_or_default(),
            failure_injection: failure_injection.unwrap_or_default(),
        })
    }
}

fn read<'de, A, T>(slot: &mut Option<T>, flag: &str, map: &mut A) -> Result<(), A::Error>
where
    A: MapAccess<'de>,
    T: Deserialize<'de>,
{
    if slot.is_some() {
        return Err(A::Error::custom(format_args!("{flag}: stands there twice")));
    }
    let value = map.next_value();
    *slot = Some(value.map_err(|problem| A::Error::custom(format_args!("{flag}: {problem}")))?);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Document, String> {
        Document::parse(text, Injection::Allowed).map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_flag_that_is_not_named_is_as_by_default() {
        assert_eq!(parse("{}"), Ok(Document::default()));
        let document = parse(r#"{"intake": "off"}"#).unwrap();
        assert_eq!(
            document,
            Document {
                intake: Switch::Off,
                ..Document::default()
            }
        );
        assert_eq!(document.publish.of("publish", "a"), Switch::On);
    }

    #[test]
    fn the_document_that_the_template_deploys_is_that_of_the_defaults() {
        let deployed = r#"{"detector": "as-deployed", "publish": "on", "intake": "on", "failure-injection": 0}"#;
        let template = include_str!("../../../../template.yaml");
        assert!(template.contains(&format!("Value: '{deployed}'")), "{deployed}");
        let document = Document::parse(deployed, Injection::Refused).unwrap();
        for key in ["a", "b"] {
            assert_eq!(document.detector.of("detector", key), Detector::AsDeployed);
            assert_eq!(document.publish.of("publish", key), Switch::On);
        }
        assert_eq!(document.intake, Switch::On);
    }

    #[test]
    fn a_value_is_for_all_keys_or_for_a_share_of_them() {
        let all = parse(r#"{"detector": "embedded"}"#).unwrap();
        assert_eq!(all.detector, Rollout::new(Detector::Embedded, Percent::ALL));
        let share = parse(r#"{"detector": {"to": "embedded", "percent": 25}}"#).unwrap();
        assert_eq!(share.detector, Rollout::new(Detector::Embedded, 25.try_into().unwrap()));
    }

    #[test]
    fn whatever_is_wrong_with_one_flag_refuses_the_whole_document_and_names_the_flag() {
        for (text, expected) in [
            (
                r#"{"publish": "off", "detectr": "embedded"}"#,
                "detectr: no flag; those are detector, publish",
            ),
            (r#"{"publish": "off", "publish": "on"}"#, "publish: stands there twice"),
            (
                r#"{"publish": "no"}"#,
                "publish: unknown variant `no`, expected `on` or `off`",
            ),
            (r#"{"publish": false}"#, "publish: invalid type: boolean"),
            (r#"{"publish": null}"#, "publish: invalid type: null"),
            (r#"{"publish": {"to": "off"}}"#, "publish: missing field `percent`"),
            (
                r#"{"publish": {"to": "off", "percent": 101}}"#,
                "publish: should be a whole number from 0 to 100",
            ),
            (
                r#"{"publish": {"to": "off", "percent": 1, "percent": 2}}"#,
                "publish: duplicate field `percent`",
            ),
            (
                r#"{"publish": {"to": "on", "percent": 10}}"#,
                "publish: a share of the keys can't be given the default",
            ),
            (r#"{"detector": "guess"}"#, "detector: unknown variant `guess`"),
            (
                r#"{"detector": {"to": "embedded", "percent": 5, "for": "x"}}"#,
                "detector: unknown field `for`",
            ),
            (r#"{"intake": {"to": "off", "percent": 50}}"#, "intake: "),
            (r#"{"failure-injection": -1}"#, "failure-injection: "),
            (r#"{"failure-injection": 0.5}"#, "failure-injection: "),
            (r#"{"failure-injection": "10"}"#, "failure-injection: "),
            ("[]", "expected an object with flags"),
            ("on", "expected"),
            ("", "EOF"),
            (r#"{"intake": "on"} x"#, "trailing"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }

    #[test]
    fn failures_are_injected_only_where_that_is_allowed() {
        let text = r#"{"failure-injection": 1}"#;
        let refused = Document::parse(text, Injection::Refused).unwrap_err().to_string();
        assert!(
            refused.contains("failure-injection: not allowed in this stage"),
            "{refused}"
        );
        assert_eq!(parse(text).unwrap().failure_injection, 1.try_into().unwrap());
    }

    #[test]
    fn a_document_that_is_too_long_is_refused_and_little_is_quoted_of_a_bad_one() {
        assert!(
            parse(&format!("{}{{}}", " ".repeat(MOST_BYTES)))
                .unwrap_err()
                .contains("8194 bytes")
        );
        let flag = "x".repeat(5_000);
        assert!(parse(&format!("{{\"{flag}\": 1}}")).unwrap_err().len() < 300);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn no_flag_of_another_name_is_taken(flag in "[a-z-]{1,20}") {
            let known = ["detector", "publish", "intake", "failure-injection"];
            prop_assume!(!known.contains(&flag.as_str()));
            let text = format!("{{\"{flag}\": \"on\"}}");
            prop_assert!(parse(&text).is_err());
        }
    }
}
