// What somebody chose or dropped: groups of {path, file}, one for each folder and one for loose
// files. Paths order the files and are shown on this screen; they are sent nowhere.

/** Return the groups of a drop; to be called while the event is handled. */
export function ofDrop(transfer) {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? { file: item.getAsFile() });
  return grouped(entries);
}

/** Return the groups of a file picker, of single files or of a whole folder. */
export function ofPicker(input) {
  const folders = new Map();
  for (const file of input.files) {
    const path = file.webkitRelativePath || file.name;
    const folder = file.webkitRelativePath ? path.split("/")[0] : "";
    if (!folders.has(folder)) folders.set(folder, []);
    folders.get(folder).push({ path, file });
  }
  return [...folders].map(([folder, files]) => ({ folder, files }));
}

async function grouped(entries) {
  const groups = [];
  const loose = [];
  for (const entry of entries) {
    if (entry.isDirectory) groups.push({ folder: entry.name, files: await filesBelow(entry) });
    else loose.push(await ofEntry(entry));
  }
  return loose.length ? [...groups, { folder: "", files: loose }] : groups;
}

async function filesBelow(folder) {
  const files = [];
  const waiting = [folder];
  while (waiting.length) {
    for (const entry of await allOf(waiting.pop().createReader())) {
      if (entry.isDirectory) waiting.push(entry);
      else files.push(await ofEntry(entry));
    }
  }
  return files;
}

// A reader gives at most a hundred entries at a time, and none when it is done.
async function allOf(reader) {
  const entries = [];
  for (;;) {
    const more = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!more.length) return entries;
    entries.push(...more);
  }
}

async function ofEntry(entry) {
  if (entry.file instanceof File) return { path: entry.file.name, file: entry.file };
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  return { path: entry.fullPath.replace(/^\//, ""), file };
}
