//! Says what happened, in one log line and in metrics.

use std::time::{Duration, Instant};

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use tracing::info;

use crate::Redacted;

/// Tells CloudWatch the units of what is counted and measured here.
pub fn describe() {
    describe_counter!("Photos", Unit::Count, "photos published");
    describe_counter!(
        "PhotosByEngine",
        Unit::Count,
        "photos published, by how they were redacted"
    );
    describe_counter!("Faces", Unit::Count, "faces hidden");
    describe_counter!("Skipped", Unit::Count, "events without work, by why");
    describe_counter!("BytesIn", Unit::Bytes, "size of the photos fetched");
    describe_counter!("BytesOut", Unit::Bytes, "size of the photos published");
    describe_counter!(
        "DetectorFallbacks",
        Unit::Count,
        "photos that Rekognition did not answer for"
    );
    describe_counter!(
        "DetectorSecondPasses",
        Unit::Count,
        "photos with more faces than Rekognition lists"
    );
    describe_histogram!("DetectTime", Unit::Milliseconds, "finding the faces of a photo");
    describe_histogram!("RedactTime", Unit::Milliseconds, "hiding the faces of a photo");
}

/// How long each step took, in milliseconds.
#[derive(Debug)]
pub struct Stopwatch {
    start: Instant,
    last: Instant,
    /// Fetching from S3.
    pub fetch: f64,
    /// Reading the headers and making the pictures that the detector asked for: decoding, as far as that takes, and
    /// scaling down.
    pub decode: f64,
    /// Finding faces in them.
    pub detect: f64,
    /// Hiding faces and writing the file.
    pub redact: f64,
}

impl Stopwatch {
    /// Starts to measure.
    pub fn start() -> Self {
        let now = Instant::now();
        Self {
            start: now,
            last: now,
            fetch: 0.0,
            decode: 0.0,
            detect: 0.0,
            redact: 0.0,
        }
    }

    /// The time since the lap before, in milliseconds.
    pub fn lap(&mut self) -> f64 {
        let now = Instant::now();
        milliseconds(now.duration_since(std::mem::replace(&mut self.last, now)))
    }

    /// Ends the lap in which faces were looked for. So much of it was `decoding`.
    pub fn looked(&mut self, decoding: Duration) {
        let lap = self.lap();
        let decoding = milliseconds(decoding);
        self.decode += decoding;
        self.detect = lap - decoding;
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What is said of a published photo.
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    faces: usize,
    engine: &'static str,
    bytes_in: usize,
    bytes_out: usize,
}

impl Summary {
    /// The summary of a photo that came in with so many bytes.
    pub fn of(redacted: &Redacted, bytes_in: usize) -> Self {
        let Redacted { bytes, faces, engine } = redacted;
        Self {
            faces: *faces,
            engine,
            bytes_in,
            bytes_out: bytes.len(),
        }
    }

    /// Says it.
    pub fn say(self, mut stopwatch: Stopwatch) {
        let Self {
            faces,
            engine,
            bytes_in,
            bytes_out,
        } = self;
        let publish = stopwatch.lap();
        let Stopwatch {
            start,
            fetch,
            decode,
            detect,
            redact,
            ..
        } = stopwatch;
        let total = start.elapsed().as_secs_f64() * 1000.0;
        info!(
            faces,
            engine,
            bytesIn = bytes_in,
            bytesOut = bytes_out,
            fetchMs = rounded(fetch),
            decodeMs = rounded(decode),
            detectMs = rounded(detect),
            redactMs = rounded(redact),
            publishMs = rounded(publish),
            totalMs = rounded(total),
            "published"
        );
        counter!("Photos").increment(1);
        counter!("PhotosByEngine", "engine" => engine).increment(1);
        counter!("Faces").increment(faces as u64);
        counter!("BytesIn").increment(bytes_in as u64);
        counter!("BytesOut").increment(bytes_out as u64);
        histogram!("DetectTime").record(detect);
        histogram!("RedactTime").record(redact);
    }
}

/// Milliseconds with one decimal: more would be noise.
fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 10.0).round() / 10.0
}
