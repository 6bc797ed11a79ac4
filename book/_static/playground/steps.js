// What can be stacked, the sliders of each, and the code that does the same elsewhere.
(function (play) {
  "use strict";

  const slider = (name, label, low, high, step, value) => ({ name, label, low, high, step, value });

  /** Each degradation by irlib's name: its function, its title and its sliders. */
  const KINDS = {
    noise: {
      title: "Noise",
      apply: play.noise,
      fixed: { clipped: true },
      sliders: [slider("sigma", "strength σ (of 255)", 0, 75, 1, 25)],
    },
    haze: {
      title: "Haze",
      apply: play.haze,
      fixed: {},
      sliders: [
        slider("beta", "thickness β", 0, 4, 0.1, 1.2),
        slider("airlight", "airlight A", 0, 1, 0.01, 0.9),
      ],
    },
    rain: {
      title: "Rain",
      apply: play.rain,
      fixed: {},
      sliders: [
        slider("density", "density (share of the area)", 0, 0.5, 0.01, 0.15),
        slider("length", "length of streaks (pixels)", 5, 100, 1, 40),
        slider("angle", "angle (degrees)", -45, 45, 1, 15),
        slider("layers", "layers", 1, 4, 1, 2),
        slider("veil", "veil of far drops", 0, 0.5, 0.01, 0),
        slider("brightness", "brightness", 0, 1, 0.01, 0.6),
      ],
    },
    blur: {
      title: "Motion blur",
      apply: play.blur,
      fixed: {},
      sliders: [
        slider("length", "length of the path (pixels)", 0, 40, 0.5, 12),
        slider("wander", "unsteadiness (radians)", 0, 0.5, 0.01, 0.1),
      ],
    },
    lowlight: {
      title: "Low light",
      apply: play.lowLight,
      fixed: {},
      sliders: [
        slider("exposure", "exposure e", 0.01, 1, 0.01, 0.25),
        slider("gamma", "tone curve γ", 1, 3, 0.1, 1.6),
        slider("shot", "shot noise s", 0, 0.01, 0.0005, 0.001),
        slider("read", "read noise r", 0, 0.05, 0.001, 0.004),
      ],
    },
  };

  /** A new step of one kind with its sliders where they start. */
  function newStep(name) {
    const amounts = Object.fromEntries(KINDS[name].sliders.map((s) => [s.name, s.value]));
    return { name, amounts };
  }

  /**
   * Degrades an image step by step with one generator, as `compose` does.
   * @param {{pixels: Float32Array, width: number, height: number}} image the clean picture
   * @param {{name: string, amounts: Object<string, number>}[]} steps first step first
   * @param {number} seed
   * @param {Float32Array | null} depth
   * @returns {Float32Array} 3 planes of pixels
   */
  function compose(image, steps, seed, depth) {
    const generator = new play.Generator(seed);
    let pixels = image.pixels;
    for (const { name, amounts } of steps) {
      const kind = KINDS[name];
      pixels = kind.apply({ ...image, pixels }, { ...kind.fixed, ...amounts }, generator, depth);
    }
    return pixels;
  }

  /** One step in irlib's notation, such as "haze:beta=1.2,airlight=0.9". */
  function stepText({ name, amounts }) {
    const all = Object.entries({ ...amounts, ...KINDS[name].fixed });
    return `${name}:${all.map(([key, value]) => `${key}=${value}`).join(",")}`;
  }

  /** The Python that makes the same picture. */
  function pythonCode({ scene, steps, seed, trueDepth }) {
    const lines = steps.map((step) => `    "${stepText(step)}",\n`).join("");
    return (
      "import torch\n\n" +
      "from irlib.degradations import compose\n" +
      "from irlib.viz.playground import scene\n\n" +
      `clean, depth = scene("${scene}")\n` +
      `steps = [\n${lines}]\n` +
      `generator = torch.Generator().manual_seed(${seed})\n` +
      `image = compose(clean, steps, generator=generator${trueDepth ? ", depth=depth" : ""}).image\n`
    );
  }

  /** The command that does the same to the reader's own pictures. */
  function commandLine({ steps, seed }) {
    const options = steps.map((step) => `--with ${stepText(step)} \\\n  `).join("");
    return `irlib degrade photo.png --output degraded \\\n  ${options}--seed ${seed}`;
  }

  Object.assign(play, { KINDS, newStep, compose, stepText, pythonCode, commandLine });
})((globalThis.irlibPlayground ??= {}));
