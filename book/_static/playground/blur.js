// Motion blur: I = k * J with k the trace of a camera path, borders mirrored.
(function (play) {
  "use strict";

  const TURNS = 64; // steps of the path

  /**
   * @param {{pixels: Float32Array, width: number, height: number}} image 3 planes of pixels
   * @param {{length: number, wander: number}} amounts
   * @param {Generator} generator
   * @returns {Float32Array} 3 planes of pixels
   */
  function blur(image, amounts, generator) {
    const length = play.draw(generator, amounts.length);
    const wander = play.draw(generator, amounts.wander);
    return convolve(image, kernelOf(drawPath(length, wander, generator))).map(play.clip);
  }

  /** Where the image lies at 65 even moments, as [y, x]; the middle one is [0, 0]. */
  function drawPath(length, wander, generator) {
    const [start, phase, sway] = generator.rand(3);
    const turns = generator.randn(TURNS);
    const speeds = Array.from({ length: TURNS }, (_, i) => {
      const moment = (2 * Math.PI * i) / (TURNS - 1);
      return 1 + 0.6 * sway * Math.sin(moment + 2 * Math.PI * phase);
    });
    const total = speeds.reduce((sum, speed) => sum + speed, 0);
    const path = [[0, 0]];
    let heading = 2 * Math.PI * start;
    for (let i = 0; i < TURNS; i++) {
      heading += wander * turns[i];
      const step = speeds[i] / total;
      const [y, x] = path[i];
      path.push([y + step * Math.sin(heading), x + step * Math.cos(heading)]);
    }
    const [middleY, middleX] = path[TURNS / 2];
    return path.map(([y, x]) => [length * (y - middleY), length * (x - middleX)]);
  }

  /** The light that each pixel around the middle receives: Map of "dy dx" offsets to shares. */
  function kernelOf(path) {
    const steps = path.slice(1).map(([y, x], i) => Math.hypot(y - path[i][0], x - path[i][1]));
    const parts = Math.max(1, Math.ceil(Math.max(...steps) / 0.75)); // no gaps between pixels
    const points = (path.length - 1) * parts + 1;
    const kernel = new Map();
    let sum = 0;
    for (let i = 0; i < points; i++) {
      const before = Math.min(path.length - 2, Math.floor(i / parts));
      const part = i / parts - before;
      const [y, x] = [0, 1].map((k) => path[before][k] * (1 - part) + path[before + 1][k] * part);
      // The path's ends belong to one step, every other point to two.
      const light = i === 0 || i === points - 1 ? 0.5 : 1;
      for (const [dy, nearY] of split(y)) {
        for (const [dx, nearX] of split(x)) {
          const key = `${dy} ${dx}`;
          kernel.set(key, (kernel.get(key) ?? 0) + light * nearY * nearX);
        }
      }
      sum += light;
    }
    return Array.from(kernel, ([key, light]) => [...key.split(" ").map(Number), light / sum]);
  }

  /** The two whole numbers around a place, each with its share by nearness. */
  function split(place) {
    const low = Math.floor(place);
    return [
      [low, 1 - (place - low)],
      [low + 1, place - low],
    ];
  }

  function convolve({ pixels, width, height }, kernel) {
    const blurred = new Float32Array(pixels.length);
    const plane = width * height;
    for (const [dy, dx, share] of kernel) {
      if (share === 0) continue;
      const columns = Array.from({ length: width }, (_, x) => mirror(x - dx, width));
      for (let y = 0; y < height; y++) {
        const from = mirror(y - dy, height) * width;
        for (let start = 0; start < pixels.length; start += plane) {
          const to = start + y * width;
          for (let x = 0; x < width; x++) {
            blurred[to + x] += share * pixels[start + from + columns[x]];
          }
        }
      }
    }
    return blurred;
  }

  function mirror(place, size) {
    const turn = ((place % (2 * size)) + 2 * size) % (2 * size);
    return Math.min(turn, 2 * size - 1 - turn);
  }

  play.blur = blur;
})((globalThis.irlibPlayground ??= {}));
