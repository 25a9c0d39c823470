// An enhanced multi-frame object as the server unfolds it: what classic images say in plain
// attributes stands in groups here, some for all frames and some for each.
//
// Which attributes are carried over from where comes from the server, with the procedure.

import { blockOf, textOf, valuesOf } from "./header.js";

const SHARED = "52009229";
const PER_FRAME = "52009230";
const CLASS = "00080016";
const NUMBER = "00200013";
const IMAGE_TYPE = "00080008";
const FRAMES = "00280008";
const PARTS = "00209163";
const END_OF_ITEM = "xfffee00d";
const PLACE = "00200032";
const SCANNING_SEQUENCE = "00180020";
const SEQUENCE_VARIANT = "00180021";
const BORROWED = [
  ["00180082", "DS"],
  [SCANNING_SEQUENCE, "CS"],
  [SEQUENCE_VARIANT, "CS"],
];
const WORD = {
  echo: "00189008",
  planar: "00189018",
  inverted: "00189009",
  steady: "00189017",
  spoiling: "00189016",
  kind: "00089007",
  component: "00089208",
};

/** Tell whether a header is that of an enhanced object. */
export function isEnhanced(header, { enhanced }) {
  return textOf(header, CLASS, "UI") === enhanced.sop_class;
}

/** Return the header of the classic image that the first frame becomes.
 *
 * With it come `source`: of a tag, under which other one its value stands; `frames`: how many there
 * are; `everywhere`: the tags of the whole object, the groups of all frames included; and `problem`:
 * why the server cannot unfold it, empty where it can.
 */
export function unfolded(header, { enhanced }) {
  const own = itemsOf(header, PER_FRAME);
  const groups = [own[0], itemsOf(header, SHARED)[0]].filter(Boolean);
  const classic = { byteArray: header.byteArray, elements: plainElements(header), source: {} };
  const philips = philipsFrame(own[0], enhanced.philips);
  borrow(classic, philips);
  lift(classic, groups, enhanced.lifted);
  describe(classic, header, groups, enhanced);
  borrowScale(classic, philips, enhanced.philips);
  const problem = problemOf(header, classic, own);
  return { ...classic, frames: own.length, everywhere: tagsOf(header), problem };
}

function plainElements(header) {
  const isPlain = ([name, element]) => !isPrivate(name) && !element.items && name !== `x${FRAMES}`;
  return Object.fromEntries(Object.entries(header.elements).filter(isPlain));
}

function lift(classic, groups, lifted) {
  for (const { group, tag, vr, becomes, is_positive: isPositive } of lifted) {
    const found = elementIn(groups, group, tag);
    if (!found || (isPositive && !(numberIn(classic, found, vr) > 0))) continue;
    classic.elements[`x${becomes}`] = { ...found, vr: found.vr ?? vr };
    if (becomes !== tag) classic.source[becomes] = tag;
  }
}

const numberIn = ({ byteArray }, element, vr) =>
  Number(valuesOf({ byteArray, elements: { xone: element } }, "one", vr)?.[0]);

function elementIn(groups, group, tag) {
  return groups
    .map((item) => itemsOf(item, group)[0]?.elements[`x${tag}`])
    .find((element) => element?.length);
}

// What the server says of an image in other words than the object does.
function describe(classic, header, groups, enhanced) {
  const word = (tag, group) =>
    (group ? groups.flatMap((item) => itemsOf(item, group).slice(0, 1)) : [header])
      .map((place) => words(place, tag))
      .find((found) => found.length) ?? [];
  const says = (tag, values) => {
    if (values.length) classic.elements[`x${tag}`] = { values };
  };
  const { kinds, variants } = sequence(word, enhanced);
  says(CLASS, [enhanced.becomes_class]);
  says(NUMBER, [1]);
  says(IMAGE_TYPE, imageType(word, enhanced));
  says(SCANNING_SEQUENCE, kinds);
  says(SEQUENCE_VARIANT, variants);
}

function imageType(word, { groups, components }) {
  const whole = word(IMAGE_TYPE);
  const own = word(WORD.kind, groups.frame_type);
  let kind = own.length ? own : whole;
  if (whole[0] === "DERIVED" || whole[1] === "SECONDARY") kind = [...whole.slice(0, 2), ...kind.slice(2)];
  const component = word(WORD.component, groups.frame_type);
  const codes = (component.length ? component : word(WORD.component)).map((part) => components[part]).filter(Boolean);
  return [...kind.slice(0, 2), ...codes, ...kind.slice(2).filter((part) => !codes.includes(part))];
}

function sequence(word, { groups, echo_pulses: pulses, steady_states: steady, spoiled }) {
  const kinds = word(WORD.echo).flatMap((part) => pulses[part] ?? []);
  if (word(WORD.planar)[0] === "YES") kinds.push("EP");
  if (!kinds.length) return { kinds, variants: [] };
  const isInverted = word(WORD.inverted, groups.modifier)[0] === "YES";
  const variants = word(WORD.steady).map((part) => steady[part]).filter(Boolean);
  if (word(WORD.spoiling, groups.modifier).some((part) => spoiled.includes(part))) variants.push("SP");
  if (isInverted) (kinds.includes("GR") ? variants : kinds).push(kinds.includes("GR") ? "MP" : "IR");
  return { kinds, variants };
}

// Philips stores the classic attributes beside each frame, in a sequence of its own.
function philipsFrame(own, { frame }) {
  const block = own && blockOf(own, frame.group, frame.creator);
  return block ? itemsOf(own, `${frame.group}${block}${frame.offset}`)[0] : undefined;
}

function borrow(classic, philips) {
  for (const [tag, vr] of BORROWED) {
    const found = philips?.elements[`x${tag}`];
    if (found?.length) classic.elements[`x${tag}`] = { ...found, vr: found.vr ?? vr };
  }
}

function borrowScale(classic, philips, { scale }) {
  const block = philips && blockOf(philips, scale.group, scale.creator);
  if (!block) return;
  for (const offset of scale.offsets) {
    const found = philips.elements[`x${scale.group}${block}${offset}`];
    if (!found) continue;
    classic.elements[`x${scale.group}0010`] = { values: [scale.creator] };
    classic.elements[`x${scale.group}10${offset}`] = found;
  }
}

function problemOf(header, classic, own) {
  const announced = Number(textOf(header, FRAMES, "IS"));
  if (Number(valuesOf(header, PARTS, "US")?.[0] ?? 1) !== 1) return "it is one part of a larger object";
  if (!own.length || own.length !== announced) return "its frames are not described, or not all of them";
  return classic.elements[`x${PLACE}`] ? "" : "the place of its frames is unknown";
}

// A private attribute goes with all that it holds, and so does a sequence outside of the groups.
function tagsOf(header) {
  const found = new Set();
  const below = (place) => {
    for (const [name, element] of Object.entries(place.elements)) {
      if (name !== END_OF_ITEM) found.add(name.slice(1));
      if (element.items && !isPrivate(name)) element.items.forEach(({ dataSet }) => below(dataSet));
    }
  };
  Object.keys(header.elements).forEach((name) => found.add(name.slice(1)));
  [SHARED, PER_FRAME].flatMap((tag) => itemsOf(header, tag)).forEach(below);
  return found;
}

const itemsOf = (place, tag) =>
  (place.elements[`x${tag}`]?.items ?? []).map(({ dataSet }) => dataSet).filter(Boolean);
const words = (place, tag) =>
  (valuesOf(place, tag, "CS") ?? []).map((part) => String(part).trim().toUpperCase()).filter(Boolean);
const isPrivate = (name) => parseInt(name.slice(1, 5), 16) % 2 === 1;
