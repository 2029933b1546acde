//! How photos are looked at and redacted: the settings that the photo handlers share.

use std::str::FromStr;

use gatehouse_core::config::Environment;
use gatehouse_detect::HEAD_MARGIN;
use gatehouse_redact::Limits;

/// Each frame of an animation is searched for faces: more would take longer than the function may.
const MOST_FRAMES: u32 = 100;

/// Which detector looks for faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DetectorChoice {
    /// The model inside of the function.
    #[default]
    Embedded,
    /// Amazon Rekognition.
    Rekognition,
    /// Both, and all faces that either of them finds: the highest recall.
    Both,
    /// Amazon Rekognition, and the model inside of the function while Rekognition fails.
    Fallback,
}

/// What becomes of a photo in which no face was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoFaces {
    /// Its metadata is cleaned, its picture stays untouched.
    #[default]
    Publish,
    /// It goes to the rejected queue as `no-faces-found`, for a person to look at.
    Withhold,
}

/// A setting has a value that is not one of its choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be one of {0}")]
pub struct NotAChoice(&'static str);

impl FromStr for DetectorChoice {
    type Err = NotAChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "embedded" => Ok(Self::Embedded),
            "rekognition" => Ok(Self::Rekognition),
            "both" => Ok(Self::Both),
            "fallback" => Ok(Self::Fallback),
            _ => Err(NotAChoice("embedded, rekognition, both, fallback")),
        }
    }
}

impl FromStr for NoFaces {
    type Err = NotAChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "publish" => Ok(Self::Publish),
            "withhold" => Ok(Self::Withhold),
            _ => Err(NotAChoice("publish, withhold")),
        }
    }
}

/// Everything that can be set about photos.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `DETECTOR`: default `embedded`.
    pub detector: DetectorChoice,
    /// `DETECTOR_MODEL`: the path of an ONNX file with CenterFace's inputs and outputs, to be used
    /// instead of the embedded one.
    pub detector_model: Option<String>,
    /// `NO_FACES`: default `publish`.
    pub no_faces: NoFaces,
    /// `FACE_MARGIN`: how far a region reaches beyond the face on each side, as a ratio of the
    /// face's width and height. Default [`HEAD_MARGIN`].
    pub face_margin: f32,
    /// `MAX_BYTES`, `MAX_PIXELS` and `MAX_FRAMES`: the largest photo, and the longest animation, that is taken. The
    /// memory for each is an equal part of the function's (`AWS_LAMBDA_FUNCTION_MEMORY_SIZE`), so that no photo ends
    /// the process.
    pub limits: Limits,
    /// `CONCURRENCY`: messages of one batch that are worked on at the same time. Default 4: one
    /// photo computes while others are fetched and written.
    pub concurrency: usize,
}

impl Settings {
    /// Reads the settings. What is wrong with them is noted in the environment.
    pub fn read(environment: &mut Environment) -> Self {
        let defaults = Limits::default();
        let mut settings = Self {
            detector: environment.parsed("DETECTOR", DetectorChoice::default()),
            detector_model: environment.optional("DETECTOR_MODEL"),
            no_faces: environment.parsed("NO_FACES", NoFaces::default()),
            face_margin: environment.parsed("FACE_MARGIN", HEAD_MARGIN),
            limits: Limits {
                bytes: environment.parsed("MAX_BYTES", defaults.bytes),
                pixels: environment.parsed("MAX_PIXELS", defaults.pixels),
                frames: environment.parsed("MAX_FRAMES", MOST_FRAMES),
                ..defaults
            },
            concurrency: environment.parsed("CONCURRENCY", 4),
        };
        settings.limits.memory = memory_per_photo(environment, &settings);
        settings.check(environment);
        settings
    }

    /// The bytes of the model that is to be used instead of the embedded one, if any.
    ///
    /// # Errors
    /// If the file can't be read; the function should not start then.
    pub fn model(&self) -> std::io::Result<Option<Vec<u8>>> {
        self.detector_model.as_ref().map(std::fs::read).transpose()
    }

    fn check(&self, environment: &mut Environment) {
        if !(0.0..=1.0).contains(&self.face_margin) {
            environment.problem("FACE_MARGIN", "should be a ratio from 0 to 1");
        }
        if self.concurrency == 0 {
            environment.problem("CONCURRENCY", "should be at least 1");
        }
    }
}

/// What the process needs beside its photos, in bytes: the model, clients, buffers.
const OWN_MEMORY: u64 = 150_000_000;

fn memory_per_photo(environment: &mut Environment, settings: &Settings) -> u64 {
    match environment.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0_u64) {
        0 => settings.limits.memory,
        megabytes => (megabytes * 1_000_000).saturating_sub(OWN_MEMORY) / settings.concurrency.max(1) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let mut environment = Environment::from_iter(variables.iter().copied());
        let settings = Settings::read(&mut environment);
        environment.finish(settings).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_has_to_be_set() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.detector, DetectorChoice::Embedded);
        assert_eq!(settings.no_faces, NoFaces::Publish);
    }

    #[test]
    fn the_photos_of_a_batch_share_the_functions_memory() {
        let settings = read(&[("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1750"), ("CONCURRENCY", "2")]).unwrap();
        assert_eq!(settings.limits.memory, 800_000_000);
    }

    #[test]
    fn every_bad_value_is_named_with_what_would_be_right() {
        let bad = [
            ("DETECTOR", "magic"),
            ("NO_FACES", "maybe"),
            ("MAX_BYTES", "-1"),
            ("FACE_MARGIN", "7"),
            ("CONCURRENCY", "0"),
        ];
        let error = read(&bad).unwrap_err();
        for expected in [
            "embedded, rekognition",
            "publish, withhold",
            "MAX_BYTES",
            "FACE_MARGIN",
            "CONCURRENCY",
        ] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }
}
