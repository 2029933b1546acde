//! Three box blurs in a row, which come close to a Gaussian and cost the same whatever their radius.
//!
//! Only columns are ever summed, whole rows at a time, so that the compiler makes SIMD of it. Rows are blurred as the
//! columns of the transposed region.

use crate::Rectangle;

const PASSES: usize = 3;

/// Blurs one region of interleaved 8-bit samples: `stride` samples to a row, `CHANNELS` to a pixel.
pub fn blur<const CHANNELS: usize>(samples: &mut [u8], stride: usize, region: Rectangle, sigma: f64) {
    let Rectangle { x, y, width, height } = region;
    let row = |line: usize| (y + line) * stride + x * CHANNELS..(y + line) * stride + (x + width) * CHANNELS;
    let mut patch: Vec<u8> = (0..height).flat_map(|line| &samples[row(line)]).copied().collect();

    let radius = radius(sigma);
    patch = columns(patch, width * CHANNELS, height, radius);
    patch = transposed::<CHANNELS>(&patch, width, height);
    patch = columns(patch, height * CHANNELS, width, radius);
    patch = transposed::<CHANNELS>(&patch, height, width);

    for (line, blurred) in patch.chunks_exact(width * CHANNELS).enumerate() {
        samples[row(line)].copy_from_slice(blurred);
    }
}

/// Three boxes of `2 * radius + 1` pixels have about the variance of the Gaussian.
fn radius(sigma: f64) -> usize {
    let diameter = (12.0 * sigma * sigma / PASSES as f64 + 1.0).sqrt();
    (diameter / 2.0) as usize
}

/// Every column averaged over `radius` rows to both sides, three times; the first and the last row go on forever.
fn columns(mut patch: Vec<u8>, width: usize, height: usize, radius: usize) -> Vec<u8> {
    let mut blurred = vec![0; patch.len()];
    for _ in 0..PASSES {
        column_pass(&patch, &mut blurred, width, height, radius);
        std::mem::swap(&mut patch, &mut blurred);
    }
    patch
}

fn column_pass(patch: &[u8], blurred: &mut [u8], width: usize, height: usize, radius: usize) {
    let line = |number: isize| {
        let start = number.clamp(0, height as isize - 1) as usize * width;
        &patch[start..start + width]
    };
    let radius = radius as isize;
    // 16 bits of fraction: 255 rows of 255 and the reciprocal stay below 2³².
    let reciprocal = 65_536 / (2 * radius as u32 + 1);
    let mut sums = vec![0_u32; width];
    for number in -radius..=radius {
        for (sum, &sample) in sums.iter_mut().zip(line(number)) {
            *sum += u32::from(sample);
        }
    }
    for (number, out) in blurred.chunks_exact_mut(width).enumerate() {
        let number = number as isize;
        let (enters, leaves) = (line(number + radius + 1), line(number - radius));
        for (((sum, out), &enters), &leaves) in sums.iter_mut().zip(out).zip(enters).zip(leaves) {
            *out = ((*sum * reciprocal + 32_768) >> 16) as u8;
            *sum = *sum + u32::from(enters) - u32::from(leaves);
        }
    }
}

fn transposed<const CHANNELS: usize>(patch: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut turned = vec![0; patch.len()];
    for (y, line) in patch.chunks_exact(width * CHANNELS).enumerate() {
        for (x, pixel) in line.chunks_exact(CHANNELS).enumerate() {
            let place = (x * height + y) * CHANNELS;
            turned[place..place + CHANNELS].copy_from_slice(pixel);
        }
    }
    turned
}
