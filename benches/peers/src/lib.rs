//! What the Rust peers share: their arguments, and the blur for codecs that come without one.

mod blur;
mod rectangle;

pub use blur::blur;
pub use rectangle::Rectangle;

use std::{env, error::Error, path::PathBuf, process};

/// What goes wrong is only ever printed.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The sigma that the reference app blurs faces with, in pixels.
pub const SIGMA: f64 = 70.0;

/// The quality that the photos were encoded with.
pub const QUALITY: u8 = 90;

/// `PEER IN OUT [X,Y,WIDTH,HEIGHT]…`, or `PEER --version`, which only starts and ends.
pub struct Job {
    /// The photo, a JPEG file.
    pub input: PathBuf,
    /// Where the blurred photo goes.
    pub output: PathBuf,
    /// What to blur, in pixels.
    pub faces: Vec<Rectangle>,
}

impl Job {
    /// The job on the command line; an error names what is wrong with it.
    pub fn from_arguments() -> Result<Self> {
        let mut arguments = env::args().skip(1);
        let input = arguments.next();
        if input.as_deref() == Some("--version") {
            println!("the versions are in Cargo.lock");
            process::exit(0);
        }
        let (Some(input), Some(output)) = (input, arguments.next()) else {
            return Err("usage: PEER IN OUT [X,Y,WIDTH,HEIGHT]...".into());
        };
        Ok(Self {
            input: input.into(),
            output: output.into(),
            faces: arguments.map(|face| face.parse()).collect::<Result<_>>()?,
        })
    }
}
