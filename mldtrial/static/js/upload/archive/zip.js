// The files of a zip archive: its directory is read, and of each file no more than is asked for.
//
// PKWARE, APPNOTE.TXT 6.3.10; archives with 64-bit sizes are beyond what can be sent, and are not
// read here. The server judges the archive; names in it are not looked at.

import { inflatedHead } from "./inflate.js";

const END = { mark: 0x06054b50, bytes: 22 };
const ENTRY = { mark: 0x02014b50, bytes: 46 };
const LOCAL = { mark: 0x04034b50, bytes: 30 };
const COMMENT_BYTES = 0xffff;
const DIRECTORY_BYTES = 32 * 1024 * 1024;
const ENCRYPTED = 0x1;
const STORED = 0;
const DEFLATED = 8;

/** Yield the files of an archive that hold something, each as {size, head(length)}. */
export async function* zipFiles(archive) {
  const { start, length } = await directoryOf(archive);
  const view = await viewOf(archive, start, length);
  for (let at = 0; at < length; ) {
    const [flags, method] = [8, 10].map((offset) => view.getUint16(at + offset, true));
    const [stored, size, header] = [20, 24, 42].map((offset) => view.getUint32(at + offset, true));
    if (view.getUint32(at, true) !== ENTRY.mark) throw new Error("a damaged directory");
    if (flags & ENCRYPTED || ![STORED, DEFLATED].includes(method)) throw new Error("not readable");
    at += [28, 30, 32].reduce((sum, offset) => sum + view.getUint16(at + offset, true), ENTRY.bytes);
    if (size) yield { size, head: (wanted) => headOf(archive, { method, stored, header }, wanted) };
  }
}

// The end of the directory is the last record but for a comment that somebody may have added.
async function directoryOf(archive) {
  const start = Math.max(0, archive.size - END.bytes - COMMENT_BYTES);
  const view = await viewOf(archive, start, archive.size - start);
  for (let at = view.byteLength - END.bytes; at >= 0; at -= 1) {
    const reachesTheEnd = at + END.bytes + view.getUint16(at + 20, true) === view.byteLength;
    if (view.getUint32(at, true) === END.mark && reachesTheEnd) {
      const length = view.getUint32(at + 12, true);
      if (length > DIRECTORY_BYTES) throw new Error("a directory that is too large");
      return { start: view.getUint32(at + 16, true), length };
    }
  }
  throw new Error("no directory");
}

async function headOf(archive, { method, stored, header }, wanted) {
  const view = await viewOf(archive, header, LOCAL.bytes);
  if (view.getUint32(0, true) !== LOCAL.mark) throw new Error("a directory that does not fit");
  const start = header + LOCAL.bytes + view.getUint16(26, true) + view.getUint16(28, true);
  const content = archive.slice(start, start + stored);
  if (method === DEFLATED) return inflatedHead(content, "deflate-raw", wanted);
  return new Uint8Array(await content.slice(0, wanted).arrayBuffer());
}

async function viewOf(archive, start, length) {
  return new DataView(await archive.slice(start, start + length).arrayBuffer());
}
