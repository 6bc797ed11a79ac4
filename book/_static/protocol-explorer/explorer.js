/**
 * The protocol explorer: reads the switches, measures, and draws what was measured.
 *
 * Needs metrics.js and the pair.js that the book's build writes, loaded before it.
 */
(() => {
  "use strict";
  const root = document.getElementById("protocol-explorer-tool");
  const pair = globalThis.irlibProtocolPair;
  if (!root || !pair) return; // the page then keeps its sentence that something is missing

  const { kept, measure, prepare } = globalThis.irlibMetrics;
  const form = root.querySelector("form");
  const named = form.elements.named;
  /** Field here, its name in irlib.metrics.Protocol, and the default there. */
  const FIELDS = [
    ["colour", "colour", "rgb"],
    ["border", "border", 0],
    ["quantise", "quantise", "none"],
    ["ssimWindow", "ssim_window", "uniform7"],
    ["cropMultiple", "crop_multiple", 1],
  ];
  const restored = image(pair.restored, 2);
  const target = image(pair.target, 1);
  const reference = measure(restored, target, options(pair.protocols[0]));

  /** Whole numbers in base64, interleaved by plane, as an image of floats in [0, 1]. */
  function image(text, bytes) {
    const raw = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const whole = bytes === 2 ? new Uint16Array(raw.buffer) : raw;
    const step = bytes === 2 ? 65535 : 255;
    const count = pair.side * pair.side;
    const planes = [0, 1, 2].map((c) =>
      Float32Array.from(whole.subarray(c * count, (c + 1) * count), (value) => value / step),
    );
    return { width: pair.side, height: pair.side, planes };
  }

  /** A protocol of irlib in the names of metrics.js. */
  function options(protocol) {
    return Object.fromEntries(FIELDS.map(([field, its]) => [field, protocol[its]]));
  }

  function chosen() {
    const values = new FormData(form);
    const read = ([field, , standard]) => {
      const value = values.get(field);
      return [field, typeof standard === "number" ? Number(value) : value];
    };
    return Object.fromEntries(FIELDS.map(read));
  }

  function choose(protocol) {
    for (const [name, value] of Object.entries(protocol)) form.elements[name].value = value;
  }

  function nameOf(protocol) {
    const same = (entry) =>
      Object.entries(options(entry)).every(([field, value]) => protocol[field] === value);
    return pair.protocols.find(same)?.name ?? "";
  }

  /** The Python that measures the same, with the fields that differ from their defaults. */
  function python(protocol, name) {
    if (name) return `measure(restored, target, "${name}")`;
    const parts = FIELDS.filter(([field, , standard]) => protocol[field] !== standard).map(
      ([field, its]) => `${its}=${JSON.stringify(protocol[field])}`,
    );
    return `measure(restored, target, Protocol(${['"mine"', ...parts].join(", ")}))`;
  }

  /** Draws planes in [0, 1] at a place of a canvas. */
  function draw(canvas, { width, height, planes }, left, top) {
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) {
        pixels.data[4 * i + c] = 255 * (planes[c] ?? planes[0])[i];
      }
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, left, top);
  }

  function show(protocol) {
    const box = kept(pair.side, pair.side, protocol);
    const [seen, truth] = [prepare(restored, protocol), prepare(target, protocol)];
    // Ten times the error: that of a good restoration is too dark to see.
    const error = seen.planes.map((plane, c) =>
      plane.map((value, i) => Math.min(1, 10 * Math.abs(value - truth.planes[c][i]))),
    );
    for (const [id, picture] of [["seen", seen], ["error", { ...seen, planes: error }]]) {
      const canvas = root.querySelector(`canvas[data-shows="${id}"]`);
      canvas.width = canvas.height = pair.side;
      draw(canvas, picture, box.left, box.top);
    }
    root.querySelector('[data-shows="size"]').textContent = `${box.width} × ${box.height}`;
  }

  function signed(value, digits) {
    return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
  }

  function update() {
    const protocol = chosen();
    const scores = measure(restored, target, protocol);
    const name = nameOf(protocol);
    named.value = name;
    form.elements.border.nextElementSibling.textContent = `${protocol.border} pixels`;
    for (const [metric, digits] of [["psnr", 2], ["ssim", 4]]) {
      const text = scores[metric].toFixed(digits);
      root.querySelector(`[data-shows="${metric}"]`).textContent = text;
      const change = signed(scores[metric] - reference[metric], digits);
      root.querySelector(`[data-shows="${metric}-change"]`).textContent = change;
    }
    root.querySelector('[data-shows="python"]').textContent = python(protocol, name);
    show(protocol);
  }

  for (const { name } of pair.protocols) named.add(new Option(name, name));
  // Before the form hears of it, which then measures.
  named.addEventListener("input", () => {
    const found = pair.protocols.find(({ name }) => name === named.value);
    if (found) choose(options(found));
  });
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  choose(options(pair.protocols[0]));
  update();
  root.querySelector(".missing").remove();
  for (const part of root.children) part.hidden = false;
})();
