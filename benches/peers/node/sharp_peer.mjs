// sharp. The precision of its blur is the method: `approximate`, `integer` (the default) or `float`.
//
//     node sharp_peer.mjs METHOD IN OUT [X,Y,WIDTH,HEIGHT]...

import sharp from 'sharp';

const SIGMA = 70;
const QUALITY = 90;

sharp.concurrency(1);
sharp.cache(false);

async function blurred(photo, raw, face, precision) {
  const [left, top, width, height] = face.split(',').map(Number);
  const input = await sharp(photo, { raw })
    .extract({ left, top, width, height })
    .blur({ sigma: SIGMA, precision })
    .raw()
    .toBuffer();
  return { input, raw: { ...raw, width, height }, left, top };
}

async function main([precision, input, output, ...faces]) {
  if (precision === '--version') {
    console.log(`sharp ${sharp.versions.sharp} (libvips ${sharp.versions.vips})`);
    return;
  }
  // Decoded once: extracting from the file would decode it for each face.
  const { data, info } = await sharp(input).raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const patches = [];
  for (const face of faces) patches.push(await blurred(data, raw, face, precision));
  await sharp(data, { raw })
    .composite(patches)
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:2:0', optimiseCoding: false })
    .toFile(output);
}

await main(process.argv.slice(2));
