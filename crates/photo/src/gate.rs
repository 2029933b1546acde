//! The gate before every photo: whether it may go on, and who looks for its faces, as the runtime flags say.

use aws_config::SdkConfig;
use gatehouse_core::config::Environment;
use gatehouse_core::flags::{self, Detector, Flags};
use gatehouse_core::hold::Hold;
use tracing::info;

use crate::PhotoError;

/// The flags, and where photos wait that they hold back.
#[derive(Debug, Clone)]
pub struct Gate(Option<Guarded>);

#[derive(Debug, Clone)]
struct Guarded {
    flags: Flags,
    hold: Hold,
}

/// The settings of a gate. Without any, it is always open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the flags are.
    pub flags: flags::Settings,
    /// `HOLD_QUEUE_URL`: where photos wait.
    pub hold_queue_url: String,
    /// `RELEASE_QUEUE_URL`: where they go on from.
    pub release_queue_url: String,
}

impl Settings {
    /// Reads the settings; none if there are no flags. What is wrong with them is noted in the environment.
    pub fn read(environment: &mut Environment) -> Option<Self> {
        let flags = flags::Settings::read(environment)?;
        Some(Self {
            flags,
            hold_queue_url: environment.required("HOLD_QUEUE_URL"),
            release_queue_url: environment.required("RELEASE_QUEUE_URL"),
        })
    }
}

impl Gate {
    /// A gate as the settings say.
    pub fn new(settings: Option<Settings>, aws: &SdkConfig) -> Self {
        let Some(settings) = settings else {
            return Self(None);
        };
        let sqs = gatehouse_core::client!(aws_sdk_sqs, aws);
        let hold = Hold::new(sqs, settings.hold_queue_url, settings.release_queue_url);
        Self::with(Flags::new(Some(settings.flags), aws), hold)
    }

    /// A gate with these flags and queues.
    pub fn with(flags: Flags, hold: Hold) -> Self {
        Self(Some(Guarded { flags, hold }))
    }

    /// Reads the flags for the first time. Not to be waited for.
    pub async fn warm_up(&self) {
        if let Some(Guarded { flags, .. }) = &self.0 {
            flags.warm_up().await;
        }
    }

    /// Where photos wait, if there are flags.
    pub fn hold(&self) -> Option<&Hold> {
        self.0.as_ref().map(|guarded| &guarded.hold)
    }

    /// Whether the photo of this key is held back now.
    pub async fn holds(&self, bucket: &str, key: &str) -> bool {
        match &self.0 {
            Some(Guarded { flags, .. }) => flags.once_known().await.hold(&place(bucket, key)).is_some(),
            None => false,
        }
    }

    /// Lets a photo through, and says who is to look for its faces. None if it is held back: then `body` is in the hold
    /// queue, and the photo counts as done here.
    ///
    /// # Errors
    /// [`PhotoError::NotHeld`], [`PhotoError::Injected`]: Retry.
    pub async fn pass(
        &self,
        bucket: &str,
        key: &str,
        body: impl FnOnce() -> String,
    ) -> Result<Option<Detector>, PhotoError> {
        let Some(Guarded { flags, hold }) = &self.0 else {
            return Ok(Some(Detector::AsDeployed));
        };
        let (flags, key) = (flags.once_known().await, place(bucket, key));
        if let Some(why) = flags.hold(&key) {
            hold.put(body(), why).await.map_err(PhotoError::NotHeld)?;
            info!(why, "held back");
            return Ok(None);
        }
        if flags.fails(&key) {
            return Err(PhotoError::Injected);
        }
        Ok(Some(flags.detector(&key)))
    }
}

/// What rollouts tell photos apart by.
fn place(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_flags_there_must_be_queues_for_what_they_hold() {
        let read = |variables: &[(&str, &str)]| {
            let mut environment = Environment::from_iter(variables.iter().copied());
            let settings = Settings::read(&mut environment);
            environment.finish(settings).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[("HOLD_QUEUE_URL", "https://sqs.example/hold")]), Ok(None));
        let error = read(&[("FLAGS_PARAMETER", "/gatehouse/flags")]).unwrap_err();
        assert!(
            error.contains("HOLD_QUEUE_URL is missing; RELEASE_QUEUE_URL is missing"),
            "{error}"
        );
    }
}
