// Writes FILE.br and FILE.gz beside each FILE named on the command line. Node brings brotli along, so that the
// build task needs no compressor of its own. Files that do not get smaller keep no compressed form.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

for (const path of process.argv.slice(2)) {
  const plain = readFileSync(path);
  const brotli = brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  });
  const gzip = gzipSync(plain, { level: 9 });
  for (const [suffix, bytes] of [[".br", brotli], [".gz", gzip]]) {
    if (bytes.length < plain.length * 0.97) writeFileSync(path + suffix, bytes);
    else rmSync(path + suffix, { force: true });
  }
}
