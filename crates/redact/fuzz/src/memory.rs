//! How much memory is taken, and how much may be.

use gatehouse_redact::{Error, Limits, Photo};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What is taken whatever the size of the picture: tables, and what small vectors have to spare.
const ALWAYS: usize = 1 << 20;

/// For the colour profile of a PNG, which is inflated; and once more while it grows.
const PROFILE: usize = 8 << 20;

/// Does something; gives what comes of it, and the most memory in bytes that was taken at a time while it was done.
/// Other threads count, too.
pub fn peak_during<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let done = work();
    (done, ALLOCATOR.peak_usage().saturating_sub(before))
}

/// The most memory in bytes that work on a file may take: the estimate that [`Limits::memory`] is compared with, copies
/// of the file, and a constant. What is beyond the limits may take only the latter.
pub fn allowance(file: &[u8], limits: &Limits) -> usize {
    let nothing = Limits { memory: 0, ..*limits };
    let picture = match Photo::open(file, &nothing) {
        Err(Error::TooMuchMemory { bytes, .. }) => usize::try_from(bytes).unwrap_or(usize::MAX),
        _ => 0,
    };
    let has_profile = file.windows(4).any(|kind| kind == b"iCCP");
    picture.saturating_add(4 * file.len() + ALWAYS + if has_profile { PROFILE } else { 0 })
}
