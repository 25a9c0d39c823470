// A folder as one tar archive in which no name of a file or folder stands: files are numbered.
//
// The format is ustar (IEEE Std 1003.1-2017, pax, "ustar Interchange Format"). The archive is a
// Blob of parts: the browser reads a file when its bytes are sent, never the whole into memory.
// Files come in order of their paths and all dates are zero, so that the same folder gives the
// same bytes and an upload of it can be taken up again.

const BLOCK = 512;
const END = new Uint8Array(2 * BLOCK);

/** Return files of the form {path, file} in order of path, by code unit on every machine. */
export function inOrder(files) {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** Return the archive of Files, named 000001, 000002 and so on in the order given. */
export function tarOf(files) {
  const parts = files.flatMap((file, index) => [
    header(index + 1, file.size),
    file,
    new Uint8Array(-file.size & (BLOCK - 1)),
  ]);
  return new Blob([...parts, END], { type: "application/x-tar" });
}

function header(number, size) {
  const block = new Uint8Array(BLOCK);
  const put = (offset, text) => block.set(new TextEncoder().encode(text), offset);
  put(0, String(number).padStart(6, "0"));
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, `${"0".repeat(11)}\0`);
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\0");
  put(263, "00");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}
