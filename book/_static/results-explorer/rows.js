/**
 * Choosing and ordering the rows of the results explorer, without a page around it.
 *
 * A classic script: it attaches one name and works from a folder as from a server.
 */
globalThis.irlibRows = (() => {
  "use strict";

  /** Rows as objects, from the lists that the build writes; worded fields are places in `words`. */
  function unpack({ fields, worded, words, rows }) {
    const value = (field, found) => (worded.includes(field) ? words[found] : found);
    return rows.map((row) =>
      Object.fromEntries(fields.map((field, i) => [field, value(field, row[i])])),
    );
  }

  /**
   * Rows of which every chosen field is as chosen and every word is found somewhere.
   * @param {object[]} rows
   * @param {Record<string, string>} chosen value by field; an empty one lets all pass
   * @param {string} words what to look for, whatever the case
   */
  function filter(rows, chosen, words = "") {
    const wanted = Object.entries(chosen).filter(([, value]) => value !== "");
    const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((row) => {
      if (wanted.some(([field, value]) => row[field] !== value)) return false;
      const text = [row.source, row.row, row.system, row.task, row.number].join(" ").toLowerCase();
      return parts.every((part) => text.includes(part));
    });
  }

  /** Rows by one field, numbers as numbers; what is missing comes last either way. */
  function sort(rows, field, descending) {
    const sign = descending ? -1 : 1;
    const missing = (value) => value === null || value === "–";
    const number = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);
    return [...rows].sort(({ [field]: a }, { [field]: b }) => {
      if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
      const [x, y] = [number(a), number(b)];
      if (typeof x === "number" && typeof y === "number") return x === y ? 0 : sign * (x - y);
      return sign * String(x).localeCompare(String(y), "en", { numeric: true });
    });
  }

  /** The values of a field, each once, in order; a dash last. */
  function choices(rows, field) {
    const values = [...new Set(rows.map((row) => row[field]))];
    return sort(values.map((value) => ({ value })), "value", false).map(({ value }) => value);
  }

  return { choices, filter, sort, unpack };
})();
