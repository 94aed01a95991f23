// How values read.

const UNKNOWN = "unknown";

// What a binary sensor says if it is on and off, by its device class; "On" and
// "Off" for others.
const WORDS = {
  battery: "Low/Normal",
  connectivity: "Connected/Disconnected",
  lock: "Unlocked/Locked",
  moisture: "Wet/Dry",
  plug: "Plugged in/Unplugged",
  problem: "Problem/OK",
};
for (const kind of ["door", "garage_door", "opening", "window"]) WORDS[kind] = "Open/Closed";
for (const kind of ["motion", "occupancy", "presence", "smoke", "gas"]) WORDS[kind] = "Detected/Clear";

const spaced = (word) => `${word}`.replaceAll("_", " ");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const clock = () => new Date().toLocaleTimeString();

function onOff(on, { device_class } = {}) {
  if (on == null) return UNKNOWN;
  return (WORDS[device_class] ?? "On/Off").split("/")[on ? 0 : 1];
}

// 11,520 s are 3 h 12 min.
function duration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = Math.max(0, units.findIndex(([, size]) => seconds >= size));
  return units.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return `${count} ${unit}`;
  }).join(" ");
}

// A reading as its number and its unit.
function reading(value, { unit_of_measurement: unit = "", accuracy_decimals: decimals } = {}) {
  if (typeof value != "number") return [value == null ? UNKNOWN : `${value}`, ""];
  if (unit == "s" && value >= 60) return [duration(value), ""];
  if (unit == "B" && value >= 1e3) {
    const power = value >= 1e6 ? 2 : 1;
    return [(value / 1e3 ** power).toFixed(1), ["kB", "MB"][power - 1]];
  }
  const text = decimals == null ? `${+value.toPrecision(9)}` : value.toFixed(Math.min(decimals, 20));
  return [text.replace("-", "−"), unit];
}

const hex = (rgb) => "#" + rgb.map((part) => part.toString(16).padStart(2, "0")).join("");
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
