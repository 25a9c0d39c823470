// The series of an upload, each with what becomes of the header of its first image.

import { isEnhanced, unfolded } from "./enhanced.js";
import { headerOf, textOf } from "./header.js";
import { outcomeOf } from "./outcome.js";

const SERIES = "0020000e";
const MODALITY = "00080060";
const PATIENT = ["00100020", "00100010", "00100030"];
const DAYS = ["00080022", "00080021", "00080020"];
const CLASS = "00080016";
const FRAMES = "00280008";
const AT_ONCE = 8;

/** Return {series, unreadable, patients, days} of the images of an upload.
 *
 * A series is {modality, images, frames, bytes, outcome, unsuited}: frames are those of enhanced
 * objects, unsuited is empty for a series that can be taken in; patients is how many different ones
 * the headers name, days on how many the images were made. Values that identify somebody are
 * compared here and kept nowhere.
 *
 * @param {AsyncIterable} images - as `imagesOf` yields them
 */
export async function seriesOf(images, procedure, tell = () => {}) {
  const series = new Map();
  const patients = new Set();
  const days = new Set();
  let unreadable = 0;
  let done = 0;
  for await (const some of together(images)) {
    const headers = await Promise.all(some.map((image) => headerOf(image).catch(() => null)));
    headers.forEach((header, at) => {
      if (!header) {
        unreadable += 1;
        return;
      }
      patients.add(PATIENT.map((tag) => textOf(header, tag)).join("\n"));
      days.add(DAYS.map((tag) => textOf(header, tag, "DA")).find(Boolean));
      count(series, header, some[at], procedure);
    });
    done += some.length;
    tell(done);
  }
  days.delete(undefined);
  return { series: [...series.values()], unreadable, patients: patients.size, days: days.size };
}

async function* together(images) {
  let some = [];
  for await (const image of images) {
    some.push(image);
    if (some.length < AT_ONCE) continue;
    yield some;
    some = [];
  }
  if (some.length) yield some;
}

function count(series, header, file, procedure) {
  const uid = textOf(header, SERIES, "UI");
  if (!series.has(uid)) {
    series.set(uid, {
      modality: textOf(header, MODALITY, "CS").slice(0, 16),
      images: 0,
      frames: 0,
      bytes: 0,
      outcome: outcomeOf(header, procedure),
      unsuited: unsuited(header, procedure),
    });
  }
  const found = series.get(uid);
  found.images += 1;
  if (isEnhanced(header, procedure)) found.frames += Number(textOf(header, FRAMES, "IS")) || 0;
  found.bytes += file.size;
}

/** Return why the server will not take an image, as it judges: by class, kind and annotation. */
export function unsuited(header, procedure) {
  if (!isEnhanced(header, procedure)) return unsuitedPlain(header, procedure);
  const classic = unfolded(header, procedure);
  const { problem } = classic;
  return problem ? `${problem}; export it as classic images, one file for each slice` : unsuitedPlain(classic, procedure);
}

function unsuitedPlain(header, { enhanced }) {
  if (textOf(header, CLASS, "UI") !== enhanced.becomes_class) {
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
