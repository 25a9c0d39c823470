// By what an unfinished upload is known again after a reload: a hash, from which nothing can be
// read, and the address at which the server keeps what it has. No name of a file is in either.

const SLICE_BYTES = 8 * 1024 * 1024;
const PREFIX = "mldtrial-upload:";
const DAYS_KEPT = 8;
const DAY_MS = 24 * 3600 * 1000;

/** Return a hash of the sizes and all bytes of all files; null where there are no hashes. */
export async function markOf(files) {
  if (!globalThis.crypto?.subtle) return null;
  const parts = [];
  for (const file of files) {
    parts.push(`${file.size}\n`);
    // What differs in one byte is another upload: continued, the two would become one image.
    for (let start = 0; start < file.size; start += SLICE_BYTES) {
      parts.push(await digest([file.slice(start, start + SLICE_BYTES)]));
    }
  }
  return hexadecimal(await digest(parts));
}

/** Return by what files with a mark are known again on their way to a certain place. */
export async function keyOf(mark, place) {
  return mark && hexadecimal(await digest([mark, JSON.stringify(place)]));
}

async function digest(parts) {
  const content = await new Blob(parts).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", content));
}

const hexadecimal = (content) =>
  Array.from(content, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Where addresses of unfinished uploads are kept, in the form that the tus client asks for. */
export const addresses = {
  async findAllUploads() {
    return entries();
  },
  async findUploadsByFingerprint(fingerprint) {
    return entries().filter(({ urlStorageKey }) => urlStorageKey === PREFIX + fingerprint);
  },
  async removeUpload(key) {
    localStorage.removeItem(key);
  },
  // What else the client would keep, like the metadata of the upload, is left away.
  async addUpload(fingerprint, { uploadUrl }) {
    localStorage.setItem(PREFIX + fingerprint, JSON.stringify({ uploadUrl, since: Date.now() }));
    return PREFIX + fingerprint;
  },
};

/** Tell whether this browser knows the files of an unfinished upload again. */
export function isKnownHere(url) {
  return entries().some(({ uploadUrl }) => pathOf(uploadUrl) === pathOf(url));
}

/** Return the path of an address, which may be written with its host or without. */
export const pathOf = (url) => url && new URL(url, window.location.href).pathname;

/** Forget the addresses of an upload that the server has discarded, and of old ones. */
export function forget(url) {
  for (const { uploadUrl, since, urlStorageKey } of entries()) {
    if (pathOf(uploadUrl) === pathOf(url) || Date.now() - since > DAYS_KEPT * DAY_MS) {
      localStorage.removeItem(urlStorageKey);
    }
  }
}

function entries() {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => ({ ...JSON.parse(localStorage.getItem(key)), urlStorageKey: key }));
  } catch {
    // A browser that keeps nothing: uploads go on, but not after a reload.
    return [];
  }
}
