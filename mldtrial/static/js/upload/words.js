// Numbers of an upload in plain words.

const UNITS = ["bytes", "KB", "MB", "GB"];

/** Return a size as the server writes sizes: 1 KB is 1024 bytes. */
export function bytes(count) {
  let unit = 0;
  let value = count;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`;
}

/** Return a duration as somebody would say it: no more exact than it is known. */
export function duration(seconds) {
  if (seconds < 10) return "a few seconds";
  if (seconds < 60) return `${Math.ceil(seconds / 10) * 10} seconds`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 2) return "a minute";
  if (minutes < 90) return `${minutes} minutes`;
  return `${Math.round(minutes / 60)} hours`;
}

/** Return a number with its noun: "1 file", "1,200 files". */
export function count(number, noun) {
  return `${number.toLocaleString("en-GB")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Return the whole per cent that has been sent; 100 only when all of it has. */
export function percent(sent, total) {
  return total ? Math.floor((100 * sent) / total) : 0;
}
