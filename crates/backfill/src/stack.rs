//! What a deployed stack says of itself: its buckets, its prefixes, its state machine.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;

use crate::error::{BackfillError, failed};

/// A deployed stack, as far as a backfill needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// The bucket that photos are uploaded to.
    pub source: String,
    /// The bucket that they are published in.
    pub destination: String,
    /// How the keys of photos begin in the source bucket.
    pub source_prefix: String,
    /// What stands there in the destination bucket.
    pub destination_prefix: String,
    /// The ARN of the state machine.
    pub machine: String,
    /// The function's memory in MB.
    pub memory: u32,
}

impl Stack {
    /// The deployed stack of this name.
    ///
    /// # Errors
    /// [`BackfillError::NoSuchStack`], [`BackfillError::StackTooOld`], [`BackfillError::Aws`].
    pub async fn describe(aws: &SdkConfig, name: &str) -> Result<Self, BackfillError> {
        let client = aws_sdk_cloudformation::Client::new(aws);
        let described = match client.describe_stacks().stack_name(name).send().await {
            // CloudFormation has no code of its own for a stack that is not there.
            Err(error) if error.code() == Some("ValidationError") => {
                return Err(BackfillError::NoSuchStack(name.to_owned()));
            }
            answer => answer.map_err(failed("DescribeStacks"))?,
        };
        let stack = described.stacks.unwrap_or_default().into_iter().next();
        let stack = stack.ok_or_else(|| BackfillError::NoSuchStack(name.to_owned()))?;
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        let outputs = outputs.filter_map(|output| Some((output.output_key?, output.output_value?)));
        let parameters = stack.parameters.unwrap_or_default().into_iter();
        let parameters = parameters.filter_map(|one| Some((one.parameter_key?, one.parameter_value?)));
        Self::of(name, &outputs.collect(), &parameters.collect())
    }

    /// The stack with these outputs and parameters.
    ///
    /// # Errors
    /// [`BackfillError::StackTooOld`] if one is missing.
    pub fn of(
        name: &str,
        outputs: &BTreeMap<String, String>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, BackfillError> {
        let find = |values: &BTreeMap<String, String>, missing: &'static str| {
            let stack = || name.to_owned();
            let value = values.get(missing).cloned();
            value.ok_or_else(|| BackfillError::StackTooOld {
                stack: stack(),
                missing,
            })
        };
        let memory = find(parameters, "MemorySize")?;
        Ok(Self {
            name: name.to_owned(),
            source: find(outputs, "SourceBucket")?,
            destination: find(outputs, "DestinationBucket")?,
            source_prefix: find(parameters, "SourcePrefix")?,
            destination_prefix: find(parameters, "DestinationPrefix")?,
            machine: find(outputs, "BackfillStateMachineArn")?,
            memory: memory.parse().unwrap_or_default(),
        })
    }

    /// The prefix of a run over this bucket: the one that was asked for, or the stack's.
    ///
    /// # Errors
    /// [`BackfillError::NotTheSourceBucket`], [`BackfillError::OutsideSourcePrefix`].
    pub fn prefix(&self, bucket: &str, asked: Option<&str>) -> Result<String, BackfillError> {
        if bucket != self.source {
            return Err(BackfillError::NotTheSourceBucket {
                stack: self.name.clone(),
                source_bucket: self.source.clone(),
                bucket: bucket.to_owned(),
            });
        }
        let prefix = asked.unwrap_or(&self.source_prefix);
        if !prefix.starts_with(&self.source_prefix) {
            return Err(BackfillError::OutsideSourcePrefix {
                prefix: prefix.to_owned(),
                source_prefix: self.source_prefix.clone(),
            });
        }
        Ok(prefix.to_owned())
    }

    /// The key under which an object is published. None if the function passes it over.
    pub(crate) fn published(&self, key: &str) -> Option<String> {
        let rest = key.strip_prefix(&self.source_prefix)?;
        Some(format!("{}{rest}", self.destination_prefix))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn stack(source_prefix: &str, destination_prefix: &str) -> Stack {
        let outputs = [
            ("SourceBucket", "in"),
            ("DestinationBucket", "out"),
            (
                "BackfillStateMachineArn",
                "arn:aws:states:eu-west-1:111122223333:stateMachine:house-backfill",
            ),
        ];
        let parameters = [
            ("SourcePrefix", source_prefix),
            ("DestinationPrefix", destination_prefix),
            ("MemorySize", "1769"),
        ];
        Stack::of("house", &texts(&outputs), &texts(&parameters)).unwrap()
    }

    fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_the_stack_lacks_is_named() {
        let error = Stack::of("house", &BTreeMap::new(), &texts(&[("MemorySize", "1769")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "stack-too-old: house has no SourceBucket; deploy it again first"
        );
    }

    #[test]
    fn only_the_source_bucket_can_be_backfilled() {
        let error = stack("", "").prefix("out", None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not-the-source-bucket: house publishes what is in in, not what is in out"
        );
    }

    #[test]
    fn a_run_is_over_what_the_function_takes_and_over_no_more() {
        let stack = stack("original/", "redacted/");
        assert_eq!(stack.prefix("in", None).unwrap(), "original/");
        assert_eq!(stack.prefix("in", Some("original/2019/")).unwrap(), "original/2019/");
        let error = stack.prefix("in", Some("")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("outside-source-prefix: \"\" does not begin with \"original/\"")
        );
    }
}
