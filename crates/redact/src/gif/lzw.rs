//! The variable-length-code LZW compression of GIF (GIF89a specification, Appendix F), by the `weezl` crate.

use weezl::{BitOrder, LzwStatus, decode::Decoder, encode::Encoder};

use crate::Error;

/// Exactly `size` indices. What the data holds beyond them is never seen, and left out.
///
/// # Errors
/// [`Error::CorruptImage`] when there are fewer.
pub(super) fn decode<'a>(parts: impl Iterator<Item = &'a [u8]>, code_size: u8, size: usize) -> Result<Vec<u8>, Error> {
    let mut decoder = Decoder::new(BitOrder::Lsb, code_size);
    let mut indices = vec![0; size];
    let mut filled = 0;
    for mut part in parts {
        while !part.is_empty() && filled < size {
            let room = indices.get_mut(filled..).unwrap_or_default();
            let step = decoder.decode_bytes(part, room);
            part = part.get(step.consumed_in..).unwrap_or_default();
            filled += step.consumed_out;
            match step.status {
                Ok(LzwStatus::Ok) => {}
                Ok(LzwStatus::Done | LzwStatus::NoProgress) => break,
                Err(error) => return Err(Error::corrupt(error.to_string())),
            }
        }
    }
    // The last code may stand for more than one index: some of them are still within.
    while filled < size {
        let step = decoder.decode_bytes(&[], indices.get_mut(filled..).unwrap_or_default());
        filled += step.consumed_out;
        if step.consumed_out == 0 {
            return Err(Error::corrupt("a frame ends before its last pixel"));
        }
    }
    Ok(indices)
}

/// The data of an image: the code size, and sub-blocks with their terminator.
pub(super) fn encode(indices: &[u8], code_size: u8, out: &mut Vec<u8>) {
    let mut codes = Vec::new();
    // Writing to memory does not fail, and each index is below 2 to the power of the code size.
    let _ = Encoder::new(BitOrder::Lsb, code_size)
        .into_vec(&mut codes)
        .encode_all(indices);
    out.push(code_size);
    for block in codes.chunks(255) {
        out.push(block.len() as u8);
        out.extend_from_slice(block);
    }
    out.push(0);
}
