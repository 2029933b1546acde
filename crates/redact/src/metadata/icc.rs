//! ICC colour profiles (ICC.1, ISO 15076-1): kept only if they are what they say, since a profile is copied as it is.

/// Profiles of printers reach 3 MiB; anything larger is something else.
pub(crate) const MOST_BYTES: usize = 4 << 20;

/// Whether these bytes are one whole profile and nothing else: its size field (section 7.2.2) and the signature of
/// its header (section 7.2.9) are looked at, its tags are not.
pub(crate) fn is_profile(bytes: &[u8]) -> bool {
    let size = bytes.first_chunk().map(|size| u32::from_be_bytes(*size) as usize);
    size == Some(bytes.len()) && bytes.len() <= MOST_BYTES && bytes.get(36..40) == Some(b"acsp")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn profile(size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        bytes[..4].copy_from_slice(&(size as u32).to_be_bytes());
        bytes[36..40].copy_from_slice(b"acsp");
        bytes
    }

    #[test]
    fn a_profile_is_as_long_as_it_says_signed_and_not_too_large() {
        assert!(is_profile(&profile(128)) && is_profile(&profile(MOST_BYTES)));
        assert!(!is_profile(&profile(MOST_BYTES + 1)) && !is_profile(&[]));
        let whole = profile(128);
        assert!(!is_profile(&whole[..127]) && !is_profile(&[&whole[..], &[0]].concat()));
        let mut unsigned = whole;
        unsigned[36] = b'A';
        assert!(!is_profile(&unsigned));
    }
}
