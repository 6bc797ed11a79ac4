// Rain: soft bright streaks in layers and a veil of far drops, I = J (1 - v) + g v + S.
(function (play) {
  "use strict";

  const LAYER_SHRINK = 0.75; // each layer further away: shorter, thinner and dimmer
  const VEIL_GREY = 0.85;
  const STEEPEST = 65; // degrees from the vertical
  const EDGE = Math.exp(-4.5); // the profile three sigma out, brought down to nothing
  const radians = (degrees) => (degrees * Math.PI) / 180;

  /**
   * @param {{pixels: Float32Array, width: number, height: number}} image 3 planes of pixels
   * @param {{density: number, length: number, angle: number, layers: number, veil: number,
   *   brightness: number}} amounts
   * @param {Generator} generator
   * @returns {Float32Array} 3 planes of pixels
   */
  function rain(image, amounts, generator) {
    const drawn = {};
    for (const name of ["density", "length", "angle", "layers", "veil", "brightness"]) {
      drawn[name] = play.draw(generator, amounts[name]);
    }
    drawn.width = play.draw(generator, [1.4, 2.8]);
    const light = new Float32Array(image.width * image.height);
    for (let layer = 0; layer < Math.round(drawn.layers); layer++) {
      for (const streak of drawLayer(image, drawn, layer, generator)) paint(light, image, streak);
    }
    return image.pixels.map((value, i) =>
      play.clip(value + drawn.veil * (VEIL_GREY - value) + light[i % light.length]),
    );
  }

  function drawLayer(image, drawn, layer, generator) {
    const shrink = LAYER_SHRINK ** layer;
    const length = drawn.length * shrink;
    const sigma = Math.max(drawn.width * shrink, 0.8) / 2.355;
    // Streaks that begin outside the frame reach into it.
    const marginY = length / 2;
    const marginX = marginY * Math.abs(Math.sin(radians(drawn.angle))) + 3 * sigma;
    const tall = image.height + 2 * marginY;
    const wide = image.width + 2 * marginX;
    const footprint = 0.55 * length * 2.355 * sigma;
    const expected = ((drawn.density / Math.round(drawn.layers)) * tall * wide) / footprint;
    const count = Math.floor(expected + generator.uniform());
    const share = generator.rand(4 * count);
    const leans = generator.randn(count);
    return Array.from(leans, (lean, i) => {
      const degrees = Math.min(STEEPEST, Math.max(-STEEPEST, drawn.angle + 2 * lean));
      const [down, aside, extent, bright] = share.subarray(4 * i, 4 * i + 4);
      return {
        y: down * tall - marginY,
        x: aside * wide - marginX,
        half: (0.25 + 0.25 * extent) * length * Math.cos(radians(degrees)),
        sigma: sigma / Math.cos(radians(degrees)),
        slope: Math.tan(radians(degrees)),
        peak: drawn.brightness * shrink * (0.1 + 0.9 * bright * bright),
      };
    });
  }

  function paint(light, image, streak) {
    const top = Math.max(0, Math.ceil(streak.y - streak.half));
    const bottom = Math.min(image.height - 1, Math.floor(streak.y + streak.half));
    for (let y = top; y <= bottom; y++) {
      const along = (y - streak.y) / streak.half;
      const taper = streak.peak * (1 - along * along) ** 2; // fades towards both ends
      const axis = streak.x + (y - streak.y) * streak.slope;
      const left = Math.max(0, Math.ceil(axis - 3 * streak.sigma));
      const right = Math.min(image.width - 1, Math.floor(axis + 3 * streak.sigma));
      for (let x = left; x <= right; x++) {
        const across = (x - axis) / streak.sigma;
        light[y * image.width + x] += taper * (Math.exp(-0.5 * across * across) - EDGE);
      }
    }
  }

  play.rain = rain;
})((globalThis.irlibPlayground ??= {}));
