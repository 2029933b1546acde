//! Finds faces in an image: pixels in, boxes out. Knows one model, no files, no network, no AWS.
//!
//! The one thing to know: the image has to be **upright** (EXIF orientation already applied). The model was trained
//! on upright faces. Images in which no face is certain are looked at turned, too, but that is the fallback.
//!
//! ```
//! use gatehouse_detect::{Detector, Image, Options};
//!
//! let pixels = vec![128; 320 * 240 * 3]; // RGB, rows from top to bottom
//! let image = Image::new(320, 240, &pixels)?;
//!
//! let detector = Detector::embedded()?; // once per process
//! let faces = detector.detect(&image, &Options::default())?;
//! assert!(faces.is_empty(), "a grey wall has no face");
//! # Ok::<(), gatehouse_detect::Error>(())
//! ```

mod centerface;
mod decode;
mod detector;
mod error;
mod face;
mod image;
mod plan;
mod resize;
mod turn;

pub use detector::{DEFAULT_THRESHOLD, Detector, Options, Tiles, useful_side};
pub use error::Error;
pub use face::{Face, HEAD_MARGIN, union};
pub use image::Image;
