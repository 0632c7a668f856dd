// What a viewer wants to see on the map: kept on this machine, never said to the server. Pure but for that.

const KEY = "map";
export const KINDS = ["reservoir", "air", "weather", "discharge", "stack", "plant", "gas", "camera"];
const ALL = { kinds: [], layers: [], plume: true, water: false, wind: true, names: true, base: "outside" };

/** {kinds, layers: what is hidden; plume, water, wind, names: what is shown; base: own or outside}. */
export const choice = { ...ALL, ...read() };

function read() {
  try {
    return checked(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return {}; // a store that is closed or broken: all is shown
  }
}
/** Only what has the right form; of an older or a foreign entry the rest is left out. */
export function checked(kept) {
  const found = {};
  for (const [key, usual] of Object.entries(ALL)) {
    const value = kept?.[key];
    if (Array.isArray(usual)) {
      if (Array.isArray(value)) found[key] = value.filter((each) => typeof each === "string");
    } else if (typeof value === typeof usual) found[key] = value;
  }
  if ("base" in found && !["own", "outside"].includes(found.base)) delete found.base;
  return found;
}
export function keep(changes) {
  Object.assign(choice, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(choice));
  } catch {
    // it holds until the page is left
  }
}
/** The list with or without an item. */
export const toggled = (list, item, away) => (away ? [...new Set([...list, item])] : list.filter((each) => each !== item));
/** Whether a station of a kind stands on the map; an alert and the selected station always do. */
export const isShown = (kind, alert, picked, hidden = choice.kinds) => alert || picked || !hidden.includes(kind);
