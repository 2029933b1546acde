//! JPEGs that are made to be difficult.

use libjpeg_turbo_rs::{Encoder, PixelFormat};

use super::{Picture, Random};

/// Noise upon smooth colours: many different symbols.
pub fn noisy(width: usize, height: usize) -> Picture {
    let mut picture = Picture::new(width, height);
    let mut random = Random(11);
    picture
        .rgb
        .iter_mut()
        .for_each(|sample| *sample = sample.wrapping_add((random.next() % 90) as u8));
    picture
}

/// Three scans of one component each: what a camera with little memory writes.
pub fn not_interleaved(picture: &Picture) -> Vec<u8> {
    let plane = |channel: usize| -> Vec<u8> { picture.rgb.iter().skip(channel).step_by(3).copied().collect() };
    let grey = [0, 1, 2].map(|channel| {
        Encoder::new(&plane(channel), picture.width, picture.height, PixelFormat::Grayscale)
            .quality(90)
            .encode()
            .unwrap()
    });
    let position = |file: &[u8], marker: u8| file.windows(2).position(|pair| pair == [0xFF, marker]).unwrap();
    let frame = position(&grey[0], 0xC0);
    let tables = grey[0][2..frame].to_vec();
    let codes = grey[0][frame + 13..position(&grey[0], 0xDA)].to_vec();
    let size = grey[0][frame + 5..frame + 9].to_vec();
    let components = [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
    let mut file = [
        &[0xFF, 0xD8][..],
        &tables,
        &[0xFF, 0xC0, 0, 17, 8],
        &size,
        &components,
        &codes,
    ]
    .concat();
    for (id, grey) in (1..).zip(&grey) {
        let data = &grey[position(grey, 0xDA) + 10..grey.len() - 2];
        file.extend([0xFF, 0xDA, 0, 8, 1, id, 0, 0, 63, 0]);
        file.extend(data);
    }
    file.extend([0xFF, 0xD9]);
    file
}
