// White Gaussian noise: I = J + (sigma / 255) n.
(function (play) {
  "use strict";

  /**
   * @param {{pixels: Float32Array, width: number, height: number}} image 3 planes of pixels
   * @param {{sigma: number, clipped: boolean}} amounts
   * @param {Generator} generator
   * @returns {Float32Array} 3 planes of pixels
   */
  function noise(image, amounts, generator) {
    const scale = Math.fround(play.draw(generator, amounts.sigma) / 255);
    const normal = generator.randn(image.pixels.length);
    const noisy = image.pixels.map((value, i) => value + scale * normal[i]);
    return amounts.clipped ? noisy.map(play.clip) : noisy;
  }

  /** Brings one value into [0, 1]. */
  play.clip = (value) => Math.min(1, Math.max(0, value));
  play.noise = noise;
})((globalThis.irlibPlayground ??= {}));
