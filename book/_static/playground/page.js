// The page: sliders, the order of the steps, the canvas, and the code for copying.
(function (play) {
  "use strict";

  const root = document.getElementById("playground");
  const find = (part) => root.querySelector(`[data-part="${part}"]`);
  const state = { steps: [play.newStep("haze"), play.newStep("rain")], scene: "", clean: null };
  let waiting = false;

  /** Makes an element with properties and children. */
  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  /** Reads the planes of a lossless picture: 3 of colour, or 1 of depth. */
  async function planes(source, count) {
    const picture = new Image();
    picture.src = source;
    await picture.decode();
    const { naturalWidth: width, naturalHeight: height } = picture;
    const context = make("canvas", { width, height }).getContext("2d");
    context.drawImage(picture, 0, 0);
    const bytes = context.getImageData(0, 0, width, height).data;
    const pixels = new Float32Array(count * width * height);
    for (let i = 0; i < pixels.length; i++) {
      const [plane, place] = [Math.floor(i / (width * height)), i % (width * height)];
      pixels[i] = bytes[4 * place + plane] / 255;
    }
    return { pixels, width, height };
  }

  async function chooseScene(name) {
    const { image, depth } = play.SCENES[name];
    const clean = await planes(image, 3);
    const distance = depth && (await planes(depth, 1)).pixels;
    Object.assign(state, { scene: name, clean, depth: distance });
    const box = find("true-depth");
    box.disabled = !distance;
    find("depth-note").textContent = distance ? "" : " (unknown for this picture)";
    render();
  }

  /** Degrades and draws at the next frame, once for all changes until then. */
  function render() {
    if (waiting || !state.clean) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const seed = Math.min(2 ** 32 - 1, Math.max(0, Math.floor(Number(find("seed").value) || 0)));
      const trueDepth = find("true-depth").checked && Boolean(state.depth);
      const degraded = play.compose(state.clean, state.steps, seed, trueDepth ? state.depth : null);
      const clean = find("clean").getAttribute("aria-pressed") === "true";
      paint(clean ? state.clean.pixels : degraded);
      const steps = state.steps.map((step) => play.KINDS[step.name].title.toLowerCase());
      const what = clean || !steps.length ? "clean" : `after ${steps.join(", then ")}`;
      find("canvas").setAttribute("aria-label", `${play.SCENES[state.scene].title}; ${what}`);
      find("status").textContent = `Shown: ${what}. ${psnrText(state.clean.pixels, degraded)}`;
      const setting = { scene: state.scene, steps: state.steps, seed, trueDepth };
      const none = "Add a step to see its code.";
      find("python").textContent = steps.length ? play.pythonCode(setting) : none;
      find("command").textContent = steps.length ? play.commandLine(setting) : none;
    });
  }

  function paint(pixels) {
    const { width, height } = state.clean;
    const canvas = Object.assign(find("canvas"), { width, height });
    const context = canvas.getContext("2d");
    const shown = context.createImageData(width, height);
    const plane = width * height;
    for (let i = 0; i < plane; i++) {
      for (let colour = 0; colour < 3; colour++) {
        shown.data[4 * i + colour] = Math.round(255 * play.clip(pixels[colour * plane + i]));
      }
      shown.data[4 * i + 3] = 255;
    }
    context.putImageData(shown, 0, 0);
  }

  function psnrText(clean, degraded) {
    let sum = 0;
    for (let i = 0; i < clean.length; i++) sum += (clean[i] - degraded[i]) ** 2;
    if (sum === 0) return "The degraded picture equals the clean one.";
    const psnr = 10 * Math.log10(clean.length / sum);
    return `PSNR of the degraded picture: ${psnr.toFixed(2)} dB.`;
  }

  /** Writes the list of steps anew, and puts the focus where the reader was. */
  function listSteps(focus) {
    find("steps").replaceChildren(...state.steps.map(stepItem));
    find("empty").hidden = state.steps.length > 0;
    const wanted = focus && find("steps").querySelector(focus);
    (focus && (wanted && !wanted.disabled ? wanted : find("kind")))?.focus();
    render();
  }

  function stepItem(step, place) {
    const { title, sliders } = play.KINDS[step.name];
    const called = `${title}, step ${place + 1}`;
    const move = (to, way) => {
      state.steps.splice(to, 0, ...state.steps.splice(place, 1));
      const other = way === "earlier" ? "later" : "earlier";
      const end = way === "earlier" ? to === 0 : to === state.steps.length - 1;
      listSteps(`[data-way="${to} ${end ? other : way}"]`);
    };
    const button = (text, label, way, disabled, action) => {
      const made = make("button", { type: "button", textContent: text, disabled, onclick: action });
      made.setAttribute("aria-label", `${label}: ${called}`);
      made.dataset.way = `${place} ${way}`;
      return made;
    };
    const last = place === state.steps.length - 1;
    return make(
      "li",
      {},
      make(
        "fieldset",
        {},
        make("legend", { textContent: `${place + 1}. ${title}` }),
        make(
          "div",
          { className: "buttons" },
          button("↑", "Move earlier", "earlier", place === 0, () => move(place - 1, "earlier")),
          button("↓", "Move later", "later", last, () => move(place + 1, "later")),
          button("Remove", "Remove", "remove", false, () => {
            state.steps.splice(place, 1);
            listSteps(`[data-way="${Math.max(0, place - 1)} remove"]`);
          }),
        ),
        ...sliders.map((one) => sliderRow(step, one)),
      ),
    );
  }

  function sliderRow(step, { name, label, low, high, step: by }) {
    const value = step.amounts[name];
    const id = `playground-${state.steps.indexOf(step)}-${name}`;
    const reading = make("output", { textContent: value, htmlFor: id });
    const input = make("input", { type: "range", id, min: low, max: high, step: by, value });
    input.addEventListener("input", () => {
      step.amounts[name] = Number(input.value);
      reading.textContent = input.value;
      render();
    });
    const called = make("label", { htmlFor: id, textContent: label });
    return make("div", { className: "slider" }, called, reading, input);
  }

  /** Copies the text of one box; without the clipboard the text is selected instead. */
  async function copy(part) {
    const box = find(part);
    try {
      await navigator.clipboard.writeText(box.textContent);
      find("copied").textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(box);
      find("copied").textContent = "Selected: copy it with Ctrl+C or Cmd+C.";
    }
  }

  const option = ([value, { title }]) => make("option", { value, textContent: title });
  find("scene").append(...Object.entries(play.SCENES).map(option));
  find("kind").append(...Object.entries(play.KINDS).map(option));
  find("scene").addEventListener("change", (event) => chooseScene(event.target.value));
  find("seed").addEventListener("input", render);
  find("true-depth").addEventListener("change", render);
  find("new-seed").addEventListener("click", () => {
    find("seed").value = Math.floor(Math.random() * 10000);
    render();
  });
  find("add").addEventListener("click", () => {
    state.steps.push(play.newStep(find("kind").value));
    listSteps();
  });
  find("clean").addEventListener("click", ({ currentTarget: button }) => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    render();
  });
  for (const part of ["python", "command"]) {
    find(`copy-${part}`).addEventListener("click", () => copy(part));
  }
  root.hidden = false;
  listSteps();
  chooseScene(find("scene").value);
})(globalThis.irlibPlayground);
