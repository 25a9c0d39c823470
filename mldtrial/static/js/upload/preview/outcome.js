// What the procedure of de-identification does to a header: the rules come from the data file that
// the server follows, and are followed here. A test holds both against each other over real images.

import { valuesOf } from "./header.js";

const PIXELS = "7fe00010";
const OLDEST_YEARS = 89;

/** Return the procedure as the server states it, with its rules by tag. */
export function indexed(stated) {
  const treatments = stated.treatments.map((one) => ({ ...one, tag: one.tag.toLowerCase() }));
  return {
    ...stated,
    rules: new Map(treatments.filter(({ creator }) => !creator).map((one) => [one.tag, one])),
    safe: treatments.filter(({ creator }) => creator),
  };
}

/** Return the tags of a header by what becomes of them, and the private attributes counted.
 *
 * @returns {{keep: string[], shift: string[], remap: string[], replace: string[],
 *   remove: string[], privateKept: number, privateRemoved: number}}
 */
export function outcomeOf(header, procedure) {
  const found = { keep: [], shift: [], remap: [], replace: [], remove: [] };
  const safe = safePrivate(header, procedure.safe);
  let privateRemoved = -safe.size;
  for (const name of Object.keys(header.elements)) {
    const tag = name.slice(1);
    const element = parseInt(tag.slice(4), 16);
    if (tag.startsWith("0002") || tag === PIXELS || element === 0) continue;
    // A private number below 1000 only says whose the attributes of a block are.
    if (parseInt(tag.slice(0, 4), 16) % 2) privateRemoved += element >= 0x1000 ? 1 : 0;
    else found[fateOf(header, tag, procedure.rules.get(tag))].push(tag);
  }
  return { ...found, privateKept: safe.size, privateRemoved };
}

function fateOf(header, tag, rule) {
  if (!rule) return "remove";
  if (rule.action === "replace") return rule.replaced_by === "nothing" ? "remove" : "replace";
  const values = valuesOf(header, tag, rule.vr);
  const passes = values !== null && values.every((value) => CHECKS[checkOf(rule)](value, rule));
  return passes ? rule.action : "remove";
}

const checkOf = ({ action, rule }) => (action === "shift" ? "day" : rule);

const CHECKS = {
  any: () => true,
  day: (value) => isDay(String(value)),
  number: (value) => typeof value === "number" && Number.isFinite(value),
  range: (value, { low, high }) => CHECKS.number(value) && value >= low && value <= high,
  age: (value) => isAge(String(value)),
  word: (value, { pattern, ignores_case: anyCase }) =>
    new RegExp(`^(?:${pattern})$`, anyCase ? "i" : "").test(String(value)),
};

function isDay(text) {
  const [, year, month, day] = text.match(/^(\d{4})(\d{2})(\d{2})$/) ?? [];
  if (!year || year === "0000") return false;
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(Number(year), month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === Number(day);
}

// Days and weeks are kept as months.
function isAge(text) {
  const [, number, unit] = text.match(/^(\d{3})([DWMY])$/) ?? [];
  const oldest = { M: 12 * OLDEST_YEARS, Y: OLDEST_YEARS }[unit] ?? Infinity;
  return Boolean(unit) && Number(number) <= oldest;
}

// A private attribute is found by its creator, which names the block that its number lies in.
function safePrivate(header, rules) {
  const found = new Set();
  for (const rule of rules) {
    const [group, offset] = rule.tag.split("xx");
    const block = blockOf(header, group, rule.creator);
    const tag = `${group}${block}${offset}`;
    const values = block && valuesOf(header, tag, rule.vr);
    const said = header.elements[`x${tag}`]?.vr ?? rule.vr;
    if (values?.length === 1 && CHECKS.number(values[0]) && said === rule.vr) found.add(tag);
  }
  return found;
}

function blockOf(header, group, creator) {
  for (let block = 0x10; block <= 0xff; block += 1) {
    const place = block.toString(16).padStart(2, "0");
    if (valuesOf(header, `${group}00${place}`, "LO")?.[0] === creator) return place;
  }
  return "";
}
