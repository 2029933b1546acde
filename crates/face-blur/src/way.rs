//! The ways to write back, and which settings are refused because they could loop.

use gatehouse_core::config::Environment;

use crate::prefixes::Prefixes;
use crate::proof::ProofKey;

/// Where the redacted photo goes, so that it never starts the function again.
#[derive(Debug, Clone)]
pub enum Way {
    /// Apart from the uploads: to another bucket, or under another prefix of the same one.
    Apart {
        /// `DESTINATION_BUCKET`
        bucket: String,
        /// `SOURCE_PREFIX` and `DESTINATION_PREFIX`
        prefixes: Prefixes,
    },
    /// Over the upload, with a proof that it is ours: `IN_PLACE_KEY`.
    InPlace(ProofKey),
}

impl Way {
    /// Reads the settings. What is wrong with them is noted in the environment.
    pub fn read(environment: &mut Environment, source_bucket: &str) -> Self {
        let bucket = environment.required("DESTINATION_BUCKET");
        let prefixes = Prefixes::read(environment);
        for (variable, name) in [("SOURCE_BUCKET", source_bucket), ("DESTINATION_BUCKET", &bucket)] {
            refuse_alias(environment, variable, name);
        }
        let is_one_bucket = bucket == source_bucket && !bucket.is_empty();
        match environment.optional("IN_PLACE_KEY") {
            Some(secret) => {
                refuse_mixture(environment, is_one_bucket, &prefixes);
                // Not through `parsed`: its problem would quote the secret.
                match secret.parse() {
                    Ok(key) => return Self::InPlace(key),
                    Err(bad) => environment.problem("IN_PLACE_KEY", bad.to_string()),
                }
            }
            None if is_one_bucket => refuse_loop(environment, &bucket, &prefixes),
            None => {}
        }
        Self::Apart { bucket, prefixes }
    }
}

/// Behind another name, one bucket could not be told from two. Events carry the bucket's own name.
fn refuse_alias(environment: &mut Environment, variable: &'static str, name: &str) {
    let ends = ["-s3alias", "--ol-s3", ".mrap"];
    if name.contains([':', '/']) || ends.iter().any(|end| name.ends_with(end)) {
        let problem = format!(
            "is \"{name}\", an ARN or the alias of an access point, behind which the other bucket could lie; set the \
             bucket's own name"
        );
        environment.problem(variable, problem);
    }
}

/// The key belongs to one bucket without prefixes; with anything else, somebody meant another way.
fn refuse_mixture(environment: &mut Environment, is_one_bucket: bool, prefixes: &Prefixes) {
    if !is_one_bucket {
        let problem = "is set, so photos are replaced where they lie, but DESTINATION_BUCKET is not SOURCE_BUCKET; set \
                       both to the same bucket, or leave IN_PLACE_KEY out";
        environment.problem("IN_PLACE_KEY", problem);
    }
    if !prefixes.are_empty() {
        let problem = "is set, so photos are replaced under their own keys, but a prefix is set too; leave \
                       SOURCE_PREFIX and DESTINATION_PREFIX out, or IN_PLACE_KEY";
        environment.problem("IN_PLACE_KEY", problem);
    }
}

/// In one bucket, nothing that is published may lie where uploads are taken from. Only the keys
/// count here: what the trigger filters by, the function can't see.
fn refuse_loop(environment: &mut Environment, bucket: &str, prefixes: &Prefixes) {
    let Prefixes { source, destination } = prefixes;
    let loops = "each published photo would start the function again";
    match (source.as_str(), destination.as_str()) {
        ("", "") => environment.problem(
            "DESTINATION_BUCKET",
            format!(
                "is \"{bucket}\", and so is SOURCE_BUCKET: {loops}; name another bucket, or set SOURCE_PREFIX and \
                 DESTINATION_PREFIX, or set IN_PLACE_KEY"
            ),
        ),
        ("", _) => environment.problem(
            "SOURCE_PREFIX",
            format!("is missing, but source and destination are one bucket, \"{bucket}\": {loops}; set it, such as to original/"),
        ),
        (_, "") => environment.problem(
            "DESTINATION_PREFIX",
            format!(
                "is missing, but source and destination are one bucket, \"{bucket}\", and without it photos are \
                 published under any key, those under SOURCE_PREFIX too; set it, such as to redacted/"
            ),
        ),
        _ if prefixes.overlap() => environment.problem(
            "DESTINATION_PREFIX",
            format!(
                "is \"{destination}\" and SOURCE_PREFIX is \"{source}\", in one bucket, and one is the beginning of the \
                 other: a published photo could start the function again; use two that differ, such as original/ and \
                 redacted/"
            ),
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (&str, &str) = (
        "IN_PLACE_KEY",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    );
    const ONE_BUCKET: (&str, &str) = ("DESTINATION_BUCKET", "in");
    const TWO_BUCKETS: (&str, &str) = ("DESTINATION_BUCKET", "out");

    fn read(variables: &[(&str, &str)]) -> Result<Way, String> {
        let mut environment = Environment::from_iter(variables.iter().copied());
        let way = Way::read(&mut environment, "in");
        environment.finish(way).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn assert_refused(variables: &[(&str, &str)], sentence: &str) {
        let error = read(variables).unwrap_err();
        assert!(error.contains(sentence), "{sentence} is not in: {error}");
    }

    fn one_bucket(source: &str, destination: &str) -> Result<Way, String> {
        read(&[
            ONE_BUCKET,
            ("SOURCE_PREFIX", source),
            ("DESTINATION_PREFIX", destination),
        ])
    }

    #[test]
    fn another_bucket_takes_any_prefixes() {
        for (source, destination) in [("", ""), ("a/", ""), ("", "a/"), ("a/", "a/"), ("a/", "a/b/")] {
            let read = read(&[
                TWO_BUCKETS,
                ("SOURCE_PREFIX", source),
                ("DESTINATION_PREFIX", destination),
            ]);
            assert!(matches!(read, Ok(Way::Apart { .. })), "{read:?}");
        }
    }

    #[test]
    fn one_bucket_takes_two_prefixes_or_the_key() {
        assert!(matches!(one_bucket("original/", "redacted/"), Ok(Way::Apart { .. })));
        assert!(matches!(read(&[ONE_BUCKET, KEY]), Ok(Way::InPlace(_))));
    }

    #[test]
    fn one_bucket_without_prefixes_and_key_is_refused() {
        let sentence = "DESTINATION_BUCKET is \"in\", and so is SOURCE_BUCKET: each published photo would start";
        assert_refused(&[ONE_BUCKET], sentence);
    }

    #[test]
    fn one_bucket_with_one_prefix_is_refused() {
        assert!(
            one_bucket("", "redacted/")
                .unwrap_err()
                .contains("SOURCE_PREFIX is missing")
        );
        assert!(
            one_bucket("original/", "")
                .unwrap_err()
                .contains("DESTINATION_PREFIX is missing")
        );
    }

    #[test]
    fn prefixes_of_which_one_is_the_beginning_of_the_other_are_refused_in_one_bucket() {
        for (one, other) in [("a/", "a/"), ("a/", "a/b/"), ("a", "a-redacted/")] {
            for refused in [one_bucket(one, other), one_bucket(other, one)] {
                assert!(refused.unwrap_err().contains("one is the beginning of the other"));
            }
        }
    }

    #[test]
    fn the_key_with_another_bucket_or_with_prefixes_is_refused() {
        assert_refused(&[TWO_BUCKETS, KEY], "DESTINATION_BUCKET is not SOURCE_BUCKET");
        for prefix in ["SOURCE_PREFIX", "DESTINATION_PREFIX"] {
            assert_refused(&[ONE_BUCKET, KEY, (prefix, "a/")], "a prefix is set too");
        }
    }

    #[test]
    fn a_bad_key_is_refused_without_being_quoted() {
        let secret = "an all too short secret";
        assert_refused(&[ONE_BUCKET, ("IN_PLACE_KEY", secret)], "IN_PLACE_KEY has 23 bytes");
        assert!(
            !read(&[ONE_BUCKET, ("IN_PLACE_KEY", secret)])
                .unwrap_err()
                .contains(secret)
        );
    }

    #[test]
    fn a_bucket_behind_another_name_is_refused_because_it_could_be_the_source() {
        for name in [
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/photos",
            "photos-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias",
            "photos-1a4n8yjrb3kda96f67zwrwiiuse1a--ol-s3",
        ] {
            assert_refused(&[("DESTINATION_BUCKET", name)], "set the bucket's own name");
        }
    }
}
