//! The markers of a JPEG, found in the plainest way.

/// The marker of each segment, in order, EOI included; and what follows EOI. `None` unless all of it can be read.
pub fn markers(file: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = file.strip_prefix(&[0xFF, 0xD8])?;
    let mut found = Vec::new();
    loop {
        // Fill bytes may stand before a marker.
        let at = rest.iter().position(|byte| *byte != 0xFF).filter(|at| *at > 0)?;
        let (marker, behind) = rest.get(at..)?.split_first()?;
        found.push(*marker);
        if *marker == 0xD9 {
            return Some((found, behind));
        }
        let length = usize::from(u16::from_be_bytes(*behind.first_chunk()?));
        rest = behind.get(length..)?;
        if *marker == 0xDA {
            rest = behind_scan(rest)?;
        }
    }
}

/// What follows entropy-coded data: stuffed zeros, restart markers and fill bytes before them belong to it.
fn behind_scan(data: &[u8]) -> Option<&[u8]> {
    let is_end = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF);
    let at = data.windows(2).position(is_end)?;
    data.get(at..)
}
