// The series of a folder, each with what becomes of the header of its first image.

import { headerOf, textOf } from "./header.js";
import { outcomeOf } from "./outcome.js";

const SERIES = "0020000e";
const MODALITY = "00080060";
const PATIENT = ["00100020", "00100010", "00100030"];
const CLASSES = ["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"];
const AT_ONCE = 8;

/** Return {series, unreadable, patients} of the DICOM Files of an upload.
 *
 * A series is {modality, images, bytes, outcome, unsuited}, the last empty for one that can be
 * taken in; patients is how many different ones the headers name. Values that identify somebody are compared here and kept nowhere.
 */
export async function seriesOf(files, procedure, tell = () => {}) {
  const series = new Map();
  const patients = new Set();
  let unreadable = 0;
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    const headers = await Promise.all(some.map((file) => headerOf(file).catch(() => null)));
    headers.forEach((header, at) => {
      if (!header) {
        unreadable += 1;
        return;
      }
      patients.add(PATIENT.map((tag) => textOf(header, tag)).join("\n"));
      count(series, header, some[at], procedure);
    });
    tell(Math.min(start + AT_ONCE, files.length), files.length);
  }
  return { series: [...series.values()], unreadable, patients: patients.size };
}

function count(series, header, file, procedure) {
  const uid = textOf(header, SERIES, "UI");
  if (!series.has(uid)) {
    series.set(uid, {
      modality: textOf(header, MODALITY, "CS").slice(0, 16),
      images: 0,
      bytes: 0,
      outcome: outcomeOf(header, procedure),
      unsuited: unsuited(header),
    });
  }
  const found = series.get(uid);
  found.images += 1;
  found.bytes += file.size;
}

/** Return why the server will not take an image, as it judges: by class, kind and annotation. */
export function unsuited(header) {
  if (!CLASSES.includes(textOf(header, "00080016", "UI"))) {
    return "its images are not plain MR images";
  }
  if (textOf(header, "00280301", "CS").toUpperCase() === "YES") {
    return "text is burned into its images; export it without annotation";
  }
  const [first = "", second = ""] = textOf(header, "00080008", "CS").toUpperCase().split("\\");
  if (first === "DERIVED" || second === "SECONDARY") {
    return "it was computed from another one; send the original";
  }
  return first === "ORIGINAL" && second === "PRIMARY" ? "" : "it does not say that it is an original image";
}
