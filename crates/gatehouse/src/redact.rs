//! `gatehouse redact`

use std::path::{Path, PathBuf};
use std::time::Instant;

use gatehouse_detect::HEAD_MARGIN;
use gatehouse_redact::{Limits, Options, Photo, Redacted, Region, WriteError};
use serde_json::json;

use crate::detect::Faces;
use crate::failure::Failure;
use crate::file;

/// The arguments of `gatehouse redact`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The photo
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write it without its faces
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Hide these boxes instead of looking for faces: JSON as `gatehouse detect --json` prints it
    #[arg(long, value_name = "FILE")]
    faces: Option<PathBuf>,
    /// Print a report as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let bytes = file::read(&arguments.input)?;
    let start = Instant::now();
    let mut photo = Photo::open(&bytes, &Limits::default())?;
    let regions = match &arguments.faces {
        Some(path) => regions(&read_faces(path)?, 0.0),
        None => regions(&Faces::find(&mut photo)?, HEAD_MARGIN),
    };
    let redacted = file::write(&arguments.output, |out| {
        let redacted = photo.redact_to(&regions, &Options::default(), out);
        redacted.map_err(|error| match error {
            WriteError::Refused(error) => error.into(),
            WriteError::NotWritten(error) => Failure::file(&arguments.output)(error),
        })
    })?;
    let milliseconds = (start.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;

    let Redacted {
        bytes: written, engine, ..
    } = redacted;
    let (faces, engine) = (regions.len(), engine.as_str());
    if arguments.json {
        let report = json!({
            "faces": faces,
            "engine": engine,
            "bytes_in": bytes.len(),
            "bytes_out": written,
            "milliseconds": milliseconds,
        });
        println!("{report}");
    } else {
        let output = arguments.output.display();
        println!("{faces} faces hidden in {output} (engine {engine}, {milliseconds} ms)");
    }
    Ok(())
}

fn regions(found: &Faces, margin: f32) -> Vec<Region> {
    let region = |face: &gatehouse_detect::Face| {
        Region {
            left: face.left,
            top: face.top,
            width: face.width,
            height: face.height,
        }
        .grown(margin)
    };
    found.faces.iter().map(region).collect()
}

fn read_faces(path: &Path) -> Result<Faces, Failure> {
    let text = std::fs::read(path).map_err(Failure::file(path))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::Faces(format!(
            "{} is not what `gatehouse detect --json` prints: {error}",
            path.display()
        ))
    })
}
