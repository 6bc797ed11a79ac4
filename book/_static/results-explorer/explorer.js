/**
 * The results explorer: a table that is filtered, sorted and asked for its records.
 *
 * Needs rows.js and the data.js that the book's build writes, loaded before it.
 */
(() => {
  "use strict";
  const root = document.getElementById("results-explorer-tool");
  const data = globalThis.irlibResults;
  if (!root || !data) return; // the page then keeps its sentence that something is missing

  const { choices, filter, sort, unpack } = globalThis.irlibRows;
  const PAGE = 25;
  const CHOSEN = ["source", "task", "scale", "system", "status"];
  const rows = unpack(data);
  const form = root.querySelector("form");
  const body = root.querySelector("tbody");
  const dialog = root.querySelector("dialog");
  const more = root.querySelector("button.more");
  const heads = [...root.querySelectorAll("th[data-field]")];
  let order = { field: null, descending: false };
  let shown = PAGE;

  function element(name, content, attributes = {}) {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...[content].flat().filter((part) => part !== null && part !== undefined));
    return made;
  }

  /** Each list offers what the view holds, and keeps its choice where that is still there. */
  function fillLists() {
    const inView = filter(rows, { view: form.elements.view.value });
    for (const field of CHOSEN) {
      const list = form.elements[field];
      const before = list.value;
      list.replaceChildren(new Option("all", ""));
      for (const value of choices(inView, field)) list.add(new Option(value, value));
      list.value = before;
      if (list.selectedIndex < 0) list.value = "";
    }
  }

  function found() {
    const names = ["view", ...CHOSEN];
    const chosen = Object.fromEntries(names.map((field) => [field, form.elements[field].value]));
    const kept = filter(rows, chosen, form.elements.words.value);
    if (order.field) return sort(kept, order.field, order.descending);
    // What was measured stands before what is still to be run.
    const [measured, missing] = [true, false].map((is) => kept.filter((row) => (row.ours !== null) === is));
    return [...measured, ...missing];
  }

  function figure(value) {
    if (typeof value !== "number") return value ?? "–";
    if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
    return value.toPrecision(Math.abs(value) < 1 ? 3 : 4);
  }

  /** Our number, as a button that opens what it was read from. */
  function ours(row) {
    if (row.ours === null) return "not run";
    const spread = row.deviation === null ? "" : ` ± ${row.deviation.toPrecision(2)}`;
    const button = element("button", figure(row.ours) + spread, { type: "button" });
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-label", `${button.textContent}, ${row.system}: show its record`);
    button.addEventListener("click", () => open(row));
    return button;
  }

  function line(row) {
    const source = row.page
      ? element("a", row.source, { href: `tables/${row.page}.html` })
      : row.source;
    const cells = [
      element("td", [element("b", row.row), element("br"), source]),
      element("td", row.system),
      element("td", row.task),
      element("td", row.number),
      element("td", figure(row.paper), { className: "number" }),
      element("td", ours(row), { className: "number" }),
      element("td", row.scale),
      element("td", row.status),
    ];
    // On a phone a row is a card, and each of its values stands under its column's name.
    cells.forEach((cell, place) => {
      cell.role = "cell";
      cell.dataset.label = heads[place].dataset.field;
    });
    return element("tr", cells, { role: "row" });
  }

  function update() {
    const kept = found();
    body.replaceChildren(...kept.slice(0, shown).map(line));
    const visible = Math.min(shown, kept.length);
    root.querySelector(".count").textContent = kept.length
      ? `${visible} of ${kept.length} numbers shown.`
      : "Nothing fits. Choose less, or press Start again.";
    more.hidden = visible === kept.length;
    for (const head of heads) {
      const sorted = head.dataset.field === order.field;
      head.setAttribute("aria-sort", !sorted ? "none" : order.descending ? "descending" : "ascending");
    }
  }

  /** What a record says of itself, with its file and its place in the ledger. */
  function described(place) {
    const { name, ...facts } = data.records[place];
    const list = Object.entries(facts).flatMap(([fact, value]) => [
      element("dt", fact),
      element("dd", fact === "command" ? element("code", value) : String(value)),
    ]);
    const links = element("p", [
      element("a", "all of it, as JSON", { href: `results/${name}.json` }),
      ", ",
      element("a", "its line in the ledger", { href: `ledger.html#${name}` }),
    ]);
    return [element("h3", name), element("dl", list), links];
  }

  function open(row) {
    const heading = dialog.querySelector("h2");
    heading.textContent = `${row.row}: ${row.number}`;
    dialog.querySelector(".records").replaceChildren(...row.records.flatMap(described));
    dialog.showModal();
  }

  // A dialog closes on Escape by itself, unless the theme takes the key for its search.
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    dialog.close();
  });

  function restart() {
    shown = PAGE;
    update();
  }

  form.elements.view.addEventListener("change", fillLists);
  form.addEventListener("input", restart);
  form.addEventListener("change", restart);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => {
    order = { field: null, descending: false };
    fillLists();
    restart();
  }));
  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => {
      const field = head.dataset.field;
      order = { field, descending: order.field === field && !order.descending };
      restart();
    });
  }
  more.addEventListener("click", () => {
    shown += PAGE;
    update();
  });
  fillLists();
  update();
  root.querySelector(".missing").remove();
  root.querySelector(".explorer").hidden = false;
})();
