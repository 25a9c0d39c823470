// What is made of chosen files: one archive of all images of a folder, one upload for each
// archive and each NIfTI image, and a reason for each file that cannot be sent.

import { kindOf } from "./content.js";
import { inOrder, tarOf } from "./tar.js";
import { bytes, count } from "./words.js";

const SINGLE = ["NIFTI", "ZIP", "TAR"];
const EXPECTED =
  "Expected the DICOM folder of a scan, a zip or tar archive of it, or a NIfTI image (.nii, .nii.gz).";
const AT_ONCE = 16;

/** Return the items of a group of chosen files.
 *
 * An item is {form, title, files, blob, problem, leftOut}: form is "dicom", "archive" or
 * "nifti"; problem says why it cannot be sent and what to do, and is empty for one that can;
 * leftOut is how many files of a folder stay behind because they are no images.
 */
export async function itemsOf(group, facts, tell = () => {}) {
  const files = await withKinds(inOrder(group.files), facts.marks, tell);
  const images = files.filter(({ kind }) => kind === "DICOM");
  const rest = files.filter(({ kind }) => kind !== "DICOM" && !SINGLE.includes(kind));
  const items = files
    .filter(({ kind }) => SINGLE.includes(kind))
    .map((one) => singleItem(one, facts));
  if (images.length) items.unshift(imagesItem(group, images, facts));
  if (!group.folder) items.push(...rest.map((one) => refused(one.path, wrong(one.kind, facts))));
  else if (items.length) items[0].leftOut = rest.length;
  else items.push(refused(group.folder, nothingIn(files)));
  return items;
}

async function withKinds(files, marks, tell) {
  const found = [];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    const kinds = await Promise.all(some.map(({ file }) => kindOf(file, marks).catch(() => "UNREADABLE")));
    found.push(...some.map((one, at) => ({ ...one, kind: kinds[at] })));
    tell(found.length, files.length);
  }
  return found;
}

function imagesItem(group, images, facts) {
  const files = images.map(({ file }) => file);
  const title = group.folder || (files.length === 1 ? images[0].path : count(files.length, "DICOM file"));
  const item = { form: "dicom", title, files, blob: tarOf(files), problem: "", leftOut: 0 };
  if (files.length > facts.maxFiles) {
    item.problem =
      `It holds ${count(files.length, "file")}; at most ${count(facts.maxFiles, "file")} can be sent ` +
      "at once. Choose the folder of one visit, or of one series.";
  }
  return withinLimit(item, facts);
}

function singleItem({ path, file, kind }, facts) {
  const form = kind === "NIFTI" ? "nifti" : "archive";
  return withinLimit({ form, title: path, files: [file], blob: file, problem: "", leftOut: 0 }, facts);
}

function withinLimit(item, facts) {
  if (!item.problem && item.blob.size > facts.maxBytes) {
    const split = item.form === "nifti" ? "Choose the image of one scan." : "Send fewer series at a time.";
    item.problem =
      `It has ${bytes(item.blob.size)}; at most ${bytes(facts.maxBytes)} can be sent at once. ${split}`;
  }
  return item;
}

function refused(title, problem) {
  return { form: "", title, files: [], blob: null, problem, leftOut: 0 };
}

function wrong(kind, facts) {
  if (kind === "DICOMDIR") {
    return "This is only the list of contents (DICOMDIR). Choose the folder of images beside it.";
  }
  if (kind === "UNREADABLE") {
    return "The browser may not read this file. Copy it to your own folder and choose it again.";
  }
  return `${EXPECTED} This file is ${facts.kinds[kind]}. Choose the images.`;
}

function nothingIn(files) {
  if (!files.length) return "The folder is empty. Choose the folder that holds the images.";
  return `The folder holds ${count(files.length, "file")}, none of them an image. ${EXPECTED}`;
}
