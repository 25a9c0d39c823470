// What the procedure of de-identification does to a header: the rules come from the data file that
// the server follows, and are followed here. A test holds both against each other over real images.

import { isEnhanced, unfolded } from "./enhanced.js";
import { blockOf, valuesOf } from "./header.js";

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
 * Of an enhanced object, those of its groups and of the image that its first frame becomes. Then
 * `source` says of a tag under which other one the object has its value.
 *
 * @returns {{keep: string[], shift: string[], remap: string[], replace: string[],
 *   remove: string[], privateKept: number, privateRemoved: number, source: object}}
 */
export function outcomeOf(header, procedure) {
  if (!isEnhanced(header, procedure)) return { ...outcomeOfPlain(header, procedure), source: {} };
  const classic = unfolded(header, procedure);
  const found = outcomeOfPlain(classic, procedure);
  const stays = STAYING.flatMap((fate) => found[fate]);
  const gone = new Set(classic.everywhere);
  [...stays, ...stays.map((tag) => classic.source[tag])].forEach((tag) => gone.delete(tag));
  const own = [...gone].filter((tag) => isPrivate(tag) && numberOf(tag) >= 0x1000);
  return {
    ...found,
    remove: [...gone].filter((tag) => !isPrivate(tag) && !isPassedOver(tag)).sort(),
    privateRemoved: own.length,
    source: classic.source,
  };
}

const STAYING = ["keep", "shift", "remap", "replace"];
const isPrivate = (tag) => parseInt(tag.slice(0, 4), 16) % 2 === 1;
const numberOf = (tag) => parseInt(tag.slice(4), 16);
const isPassedOver = (tag) => tag.startsWith("0002") || tag === PIXELS || numberOf(tag) === 0;

function outcomeOfPlain(header, procedure) {
  const found = { keep: [], shift: [], remap: [], replace: [], remove: [] };
  const safe = safePrivate(header, procedure.safe);
  let privateRemoved = -safe.size;
  for (const name of Object.keys(header.elements)) {
    const tag = name.slice(1);
    if (isPassedOver(tag)) continue;
    // A private number below 1000 only says whose the attributes of a block are.
    if (isPrivate(tag)) privateRemoved += numberOf(tag) >= 0x1000 ? 1 : 0;
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
