// The first bytes of compressed data, inflated no further than they are asked for.

/** Yield what the browser inflates of a Blob; with `{ cutOff: true }` an early end is an end.
 *
 * @param {string} format - "gzip", or "deflate-raw" as zip archives have it
 */
export async function* inflatedChunks(blob, format, { cutOff = false } = {}) {
  const reader = blob.stream().pipeThrough(new DecompressionStream(format)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (!cutOff) throw error;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Return at most `length` inflated bytes of a Blob; fewer where it ends before. */
export async function inflatedHead(blob, format, length, options) {
  const parts = [];
  let found = 0;
  for await (const chunk of inflatedChunks(blob, format, options)) {
    parts.push(chunk.subarray(0, length - found));
    found += parts.at(-1).length;
    if (found === length) break;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
