// Low light: D = e J^gamma, then I = D + sqrt(s D + r^2) n.
(function (play) {
  "use strict";

  /**
   * @param {{pixels: Float32Array, width: number, height: number}} image 3 planes of pixels
   * @param {{exposure: number, gamma: number, shot: number, read: number}} amounts
   * @param {Generator} generator
   * @returns {Float32Array} 3 planes of pixels
   */
  function lowLight(image, amounts, generator) {
    const exposure = play.draw(generator, amounts.exposure);
    generator.rand(3); // the colour cast, of strength 0 here
    const gamma = play.draw(generator, amounts.gamma);
    const shot = play.draw(generator, amounts.shot);
    const read = play.draw(generator, amounts.read);
    const normal = generator.randn(image.pixels.length);
    return image.pixels.map((value, i) => {
      const dark = exposure * Math.max(0, value) ** gamma;
      return play.clip(dark + Math.sqrt(shot * dark + read * read) * normal[i]);
    });
  }

  play.lowLight = lowLight;
})((globalThis.irlibPlayground ??= {}));
