// The DICOM images of what was chosen: files as they are, those in an archive one after another.

import { tarFiles } from "../archive/tar.js";
import { zipFiles } from "../archive/zip.js";
import { headOf, kindOf, recognise } from "../content.js";

const MARK_BYTES = 4;

/** Yield the images of an item, each a File or {size, head(length)}.
 *
 * @param {object[]} marks - by which kinds of content are known, as the page has them
 */
export async function* imagesOf({ form, files }, marks) {
  if (form === "dicom") {
    yield* files;
    return;
  }
  const isZip = recognise(await headOf(files[0], MARK_BYTES), marks) === "ZIP";
  for await (const file of isZip ? zipFiles(files[0]) : tarFiles(files[0])) {
    if ((await kindOf(file, marks)) === "DICOM") yield file;
  }
}
