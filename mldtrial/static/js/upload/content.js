// What a file is, judged by its first bytes and never by its name.
//
// The marks come with the page, from the same table by which the server judges. The server
// decides; this is to refuse a wrong file before its first byte is sent.

import { inflatedHead } from "./archive/inflate.js";

const HEAD_BYTES = 1024;
const COMPRESSED_BYTES = 64 * 1024;
const DATA_SET_BYTES = 132;
// The class of a media directory: a list of the images beside it, with the patient's name.
const DIRECTORY = /\D1\.2\.840\.10008\.1\.3\.10\D/;

/** Return the name of the kind of content ("DICOM", "ZIP", "UNKNOWN" ...) of first bytes. */
export function recognise(head, marks) {
  if (!head.length) return "EMPTY";
  const found = marks.find(
    ({ offset, magic }) =>
      head.length >= offset + magic.length && magic.every((byte, at) => head[offset + at] === byte),
  );
  return found ? found.kind : "UNKNOWN";
}

/** Return the kind of a File; for gzip, of what it holds where that is known.
 *
 * A data set without its file header is "DICOM" too; a DICOMDIR is "DICOMDIR".
 */
export async function kindOf(file, marks) {
  const head = await headOf(file, HEAD_BYTES);
  const kind = recognise(head, marks);
  if (kind === "UNKNOWN" && beginsLikeADataSet(head)) return "DICOM";
  if (kind === "DICOM" && DIRECTORY.test(String.fromCharCode(...head))) return "DICOMDIR";
  if (kind !== "GZIP" || typeof DecompressionStream === "undefined") return kind;
  const inside = recognise(await inflated(file), marks);
  return inside === "UNKNOWN" || inside === "EMPTY" ? "GZIP" : inside;
}

/** Return the first bytes of a File, or of a file in an archive. */
export async function headOf(file, length) {
  if (file.head) return file.head(length);
  return new Uint8Array(await file.slice(0, length).arrayBuffer());
}

// What is cut off here by intention, or damaged: what was inflated counts.
async function inflated(file) {
  const start = new Blob([await headOf(file, COMPRESSED_BYTES)]);
  return inflatedHead(start, "gzip", HEAD_BYTES, { cutOff: true });
}

// A DICOM data set without its file header begins with an element of group 0008.
function beginsLikeADataSet(head) {
  if (head.length < DATA_SET_BYTES) return false;
  const view = new DataView(head.buffer, head.byteOffset);
  if (view.getUint16(0, true) !== 0x0008 || view.getUint16(2, true) > 0x0070) return false;
  const isExplicit = [head[4], head[5]].every((byte) => byte >= 0x41 && byte <= 0x5a);
  const length = isExplicit ? view.getUint16(6, true) : view.getUint32(4, true);
  return length <= 1024;
}
