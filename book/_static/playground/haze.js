// Haze: I = J t + A (1 - t) with t = exp(-beta d), over a true depth or a drawn one.
(function (play) {
  "use strict";

  /**
   * @param {{pixels: Float32Array, width: number, height: number}} image 3 planes of pixels
   * @param {{beta: number, airlight: number}} amounts
   * @param {Generator} generator
   * @param {Float32Array | null} depth one plane, 0 near to 1 far; drawn where null
   * @returns {Float32Array} 3 planes of pixels
   */
  function haze(image, amounts, generator, depth) {
    const beta = play.draw(generator, amounts.beta);
    const airlight = play.draw(generator, amounts.airlight);
    generator.rand(3); // the airlight's tint, of strength 0 here
    const distance = depth ?? drawDepth(image.width, image.height, generator);
    const plane = image.width * image.height;
    const transmission = distance.map((d) => Math.exp(-beta * d));
    return image.pixels.map((value, i) => airlight + transmission[i % plane] * (value - airlight));
  }

  /** A smooth, plausible depth: a ground plane up to a horizon, tilted, with gentle hills. */
  function drawDepth(width, height, generator) {
    const [tilt, horizon, start, span, relief] = generator.rand(5);
    const grid = generator.rand(16);
    const strength = 0.1 + 0.5 * relief;
    const near = 0.6 * start;
    const far = near + (1 - near) * (0.2 + 0.8 * span);
    const across = spline(width);
    const along = spline(height);
    const depth = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      const down = height > 1 ? y / (height - 1) : 0.5;
      for (let x = 0; x < width; x++) {
        const aside = width > 1 ? x / (width - 1) - 0.5 : 0;
        const ramp = play.clip((1 - down + (tilt - 0.5) * aside) / (1 - 0.4 * horizon));
        let hill = 0;
        for (let j = 0; j < 4; j++) {
          for (let i = 0; i < 4; i++) hill += along[y][j] * across[x][i] * grid[4 * j + i];
        }
        const raw = (1 - strength) * ramp + strength * hill;
        depth[y * width + x] = play.clip(near + (far - near) * raw);
      }
    }
    return depth;
  }

  /** Weights of 4 knots at `size` places from the first knot to the last: cubic convolution. */
  function spline(size) {
    return Array.from({ length: size }, (_, index) => {
      const place = size > 1 ? (index * 3) / (size - 1) : 0;
      const left = Math.floor(place);
      const weights = [0, 0, 0, 0];
      for (let knot = left - 1; knot <= left + 2; knot++) {
        weights[Math.min(3, Math.max(0, knot))] += cubic(Math.abs(place - knot));
      }
      return weights;
    });
  }

  function cubic(x) {
    const a = -0.75;
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
  }

  play.haze = haze;
})((globalThis.irlibPlayground ??= {}));
