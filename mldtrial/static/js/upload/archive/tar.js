// The files of a tar archive, from front to back. Of a plain one only headers are read, and of each
// file what is asked for; a compressed one has to be inflated as a whole, a part at a time.
//
// IEEE Std 1003.1-2017, pax, "ustar Interchange Format". The server judges the archive; names in it
// are not looked at.

import { inflatedChunks } from "./inflate.js";

const BLOCK = 512;
const FILES = ["0", "\0", "7"];
const GZIP = [0x1f, 0x8b];
// As much of a header as is ever read.
const HEAD_BYTES = 16 * 1024 * 1024;

/** Yield the files of an archive that hold something, each a Blob or {size, head(length)}.
 *
 * The files of a compressed archive are to be read before many more are asked for: each holds the
 * bytes of its head.
 */
export async function* tarFiles(archive) {
  const mark = new Uint8Array(await archive.slice(0, GZIP.length).arrayBuffer());
  const isCompressed = GZIP.every((byte, at) => mark[at] === byte);
  const source = isCompressed ? new Inflated(archive) : new Plain(archive);
  for (;;) {
    const header = await source.read(BLOCK);
    if (header.length < BLOCK) throw new Error("it is cut off");
    if (header.every((byte) => byte === 0)) return;
    const size = sizeIn(header);
    const isFile = FILES.includes(String.fromCharCode(header[156])) && size > 0;
    if (isFile) yield await source.file(size);
    else await source.skip(size);
    await source.skip(-size & (BLOCK - 1));
  }
}

function sizeIn(header) {
  const text = String.fromCharCode(...header.subarray(124, 136)).replace(/[\0 ]+$/, "");
  if (!/^ *[0-7]*$/.test(text)) throw new Error("a damaged header");
  return parseInt(text || "0", 8);
}

class Plain {
  constructor(archive) {
    this.archive = archive;
    this.at = 0;
  }

  async read(length) {
    return new Uint8Array(await (await this.file(length)).arrayBuffer());
  }

  async file(size) {
    this.skip(size);
    return this.archive.slice(this.at - size, this.at);
  }

  async skip(length) {
    this.at += length;
  }
}

class Inflated {
  constructor(archive) {
    this.chunks = inflatedChunks(archive, "gzip");
    this.held = new Uint8Array();
  }

  async read(length) {
    const parts = [];
    await this.take(length, (part) => parts.push(part));
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  async file(size) {
    const content = await this.read(Math.min(size, HEAD_BYTES));
    await this.skip(size - content.length);
    return { size, head: async (length) => content.subarray(0, length) };
  }

  async skip(length) {
    await this.take(length, () => {});
  }

  async take(length, give) {
    for (let left = length; left > 0; ) {
      if (!this.held.length) {
        const { done, value } = await this.chunks.next();
        if (done) return;
        this.held = value;
      }
      const part = this.held.subarray(0, left);
      this.held = this.held.subarray(part.length);
      left -= part.length;
      give(part);
    }
  }
}
