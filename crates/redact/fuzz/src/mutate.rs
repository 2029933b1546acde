//! What mutation alone seldom gets right: checksums.

use super::input::CHOICES;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Sets the checksum of each chunk, if the file of an input is a PNG: else nearly every mutation ends there.
pub fn mend_checksums(input: &mut [u8]) {
    let file = input
        .get_mut(CHOICES..)
        .and_then(|file| file.split_at_mut_checked(PNG_SIGNATURE.len()));
    let Some((PNG_SIGNATURE, mut rest)) = file.map(|(start, rest)| (&*start, rest)) else {
        return;
    };
    while let Some((length, behind)) = rest.split_first_chunk_mut() {
        let covered = u32::from_be_bytes(*length) as usize + 4;
        let Some((kind_and_data, behind)) = behind.split_at_mut_checked(covered) else {
            return;
        };
        let Some((checksum, behind)) = behind.split_first_chunk_mut() else {
            return;
        };
        *checksum = crc32fast::hash(kind_and_data).to_be_bytes();
        rest = behind;
    }
}

/// A generator of the same numbers each time (linear congruential, Knuth's MMIX constants).
pub struct Random(pub u64);

impl Random {
    /// The next number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// An input made of one or two others.
pub fn mutated(inputs: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = inputs[random.below(inputs.len())].clone();
    if random.below(8) == 0 {
        cross(&mut input, &inputs[random.below(inputs.len())], random);
    }
    for _ in 0..random.below(5) {
        change(&mut input, random);
    }
    for choice in input.iter_mut().take(CHOICES) {
        if random.below(4) == 0 {
            *choice = random.below(256) as u8;
        }
    }
    if random.below(8) > 0 {
        mend_checksums(&mut input);
    }
    input
}

/// Puts a piece of another input in place of its own.
fn cross(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len());
    let from = random.below(other.len());
    let length = random.below(600).min(other.len() - from);
    let replaced = at..(at + random.below(600)).min(input.len());
    input.splice(replaced, other[from..from + length].iter().copied());
}

fn change(input: &mut Vec<u8>, random: &mut Random) {
    if input.is_empty() {
        return;
    }
    // Headers are where the traps are: half of the damage goes there.
    let reach = if random.below(2) == 0 {
        input.len()
    } else {
        input.len().min(700)
    };
    let at = random.below(reach);
    match random.below(6) {
        0 => input[at] = random.below(256) as u8,
        1 => input[at] ^= 1 << random.below(8),
        2 => input[at] = [0, 1, 2, 0x3F, 0x7F, 0x80, 0xFE, 0xFF][random.below(8)],
        3 => drop(input.drain(at..(at + random.below(8)).min(input.len()))),
        4 => input.insert(at, random.below(256) as u8),
        _ => {
            let piece = input[at..(at + random.below(80)).min(input.len())].to_vec();
            input.splice(at..at, piece);
        }
    }
}
