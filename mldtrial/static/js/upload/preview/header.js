// The header of a DICOM file, read up to its pixels. Nothing of it leaves this page.

import { headOf } from "../content.js";

const SIZES = [64 * 1024, 1024 ** 2, 16 * 1024 ** 2];
const PIXELS = "x7fe00010";
const CLASS = "x00080016";
const EXPLICIT = "1.2.840.10008.1.2.1";
const IMPLICIT = "1.2.840.10008.1.2";

/** Return the parsed header of a File, or of a file in an archive; null where it cannot be read.
 *
 * As much of the file is read as its header needs: a scanner's own attributes may take a
 * megabyte.
 */
export async function headerOf(file) {
  for (const size of SIZES) {
    const content = await headOf(file, size);
    const header = parsed(content);
    if (header?.elements[PIXELS] || file.size <= size) return header?.elements[CLASS] ? header : null;
  }
  return null;
}

function parsed(content) {
  const options = { untilTag: PIXELS };
  const isFile = String.fromCharCode(...content.subarray(128, 132)) === "DICM";
  // A data set without its file header says nothing of how it is encoded but by how it looks.
  if (!isFile) options.TransferSyntaxUID = isExplicit(content) ? EXPLICIT : IMPLICIT;
  try {
    return dicomParser.parseDicom(content, options);
  } catch {
    return null;
  }
}

function isExplicit(content) {
  return [content[4], content[5]].every((byte) => byte >= 0x41 && byte <= 0x5a);
}

/** Return the values of an attribute as numbers or texts, as the server's reader has them;
 * null for an attribute that is absent, empty, or no plain value.
 *
 * @param {string} vr - what the dictionary says; an explicit data set says it itself
 */
export function valuesOf(header, tag, vr) {
  const element = header.elements[`x${tag}`];
  if (element?.values) return element.values; // said in other words, see enhanced.js
  if (!element || !element.length || element.items || element.hadUndefinedLength) return null;
  const said = element.vr && element.vr !== "UN" ? element.vr : vr;
  const binary = BINARY[said];
  if (binary) return numbersOf(header, element, binary);
  if (!TEXT.has(said)) return null;
  const text = [...header.byteArray.subarray(element.dataOffset, element.dataOffset + element.length)]
    .map((byte) => String.fromCharCode(byte))
    .join("");
  const parts = SINGLE.has(said) ? [text] : text.split("\\");
  return said === "DS" || said === "IS" ? decimals(parts, said) : parts.map(trimmed);
}

/** Return what an attribute says as one text, empty where it says nothing. */
export function textOf(header, tag, vr = "LO") {
  return (valuesOf(header, tag, vr) ?? []).join("\\");
}

/** Return which block of a group a creator has in a header, "" for none. */
export function blockOf(header, group, creator) {
  for (let block = 0x10; block <= 0xff; block += 1) {
    const place = block.toString(16).padStart(2, "0");
    if (valuesOf(header, `${group}00${place}`, "LO")?.[0] === creator) return place;
  }
  return "";
}

const TEXT = new Set("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split(" "));
const SINGLE = new Set(["LT", "ST", "UT", "UR"]);
const BINARY = {
  US: [2, "getUint16"],
  SS: [2, "getInt16"],
  UL: [4, "getUint32"],
  SL: [4, "getInt32"],
  FL: [4, "getFloat32"],
  FD: [8, "getFloat64"],
};
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numbersOf(header, element, [size, getter]) {
  if (element.length % size) return null;
  const view = new DataView(header.byteArray.buffer, header.byteArray.byteOffset + element.dataOffset);
  return Array.from({ length: element.length / size }, (_, at) => view[getter](at * size, true));
}

// A text that should be a number and is none stays a text: no rule for numbers lets it pass.
function decimals(parts, vr) {
  return parts.map((part) => {
    const text = trimmed(part);
    const number = DECIMAL.test(text) ? Number(text) : NaN;
    if (vr === "IS" && !Number.isInteger(number)) return text;
    return Number.isNaN(number) || text.length > 32 ? text : number;
  });
}

const trimmed = (text) => text.replace(/^\s+/, "").replace(/[\s\0]+$/, "");
