/**
 * PSNR and SSIM under a protocol, as irlib.metrics computes them (chapter 1).
 *
 * A classic script: it attaches one name and works from a folder as from a server. An image is
 * {width, height, planes}: planes is a list of Float32Array, one a colour, row by row, in [0, 1].
 */
globalThis.irlibMetrics = (() => {
  "use strict";

  /** Halves go to the even neighbour, as torch rounds. */
  function round(value) {
    const floor = Math.floor(value);
    const rest = value - floor;
    if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
    return floor % 2 === 0 ? floor : floor + 1;
  }

  /** The rectangle that a protocol measures; throws where nothing is left. */
  function kept(width, height, { border, cropMultiple }) {
    const side = (length) => length - (length % cropMultiple) - 2 * border;
    const start = (length) => Math.floor((length % cropMultiple) / 2) + border;
    const box = { left: start(width), top: start(height), width: side(width), height: side(height) };
    if (box.width < 1 || box.height < 1) throw new RangeError("the crop leaves nothing");
    return box;
  }

  /** The image as the metric sees it, Float64Array planes: cropped, clipped, quantised, coloured. */
  function prepare(image, protocol) {
    const box = kept(image.width, image.height, protocol);
    const step = { none: null, round, truncate: Math.floor }[protocol.quantise];
    let planes = image.planes.map((plane) => {
      const part = new Float64Array(box.width * box.height);
      for (let y = 0; y < box.height; y++) {
        for (let x = 0; x < box.width; x++) {
          const value = plane[(box.top + y) * image.width + box.left + x];
          const clipped = Math.min(1, Math.max(0, value));
          part[y * box.width + x] = step ? step(clipped * 255) / 255 : clipped;
        }
      }
      return part;
    });
    if (protocol.colour === "y") planes = [luma(planes, step !== null)];
    return { width: box.width, height: box.height, planes };
  }

  /** Limited-range luma of ITU-R BT.601, rounded to 8 bits where the image was. */
  function luma([red, green, blue], rounded) {
    return red.map((value, i) => {
      const y = (value * 65.481 + green[i] * 128.553 + blue[i] * 24.966 + 16) / 255;
      return rounded ? round(y * 255) / 255 : y;
    });
  }

  /** Decibels with peak 1; equal images give infinity. */
  function psnrOfPrepared(restored, target) {
    let sum = 0;
    restored.planes.forEach((plane, c) => {
      plane.forEach((value, i) => (sum += (value - target.planes[c][i]) ** 2));
    });
    return -10 * Math.log10(sum / (restored.planes.length * restored.planes[0].length));
  }

  function windowOf(name) {
    if (name === "uniform7") return { weights: Array(7).fill(1 / 7), factor: 49 / 48 };
    const raw = Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { weights: raw.map((weight) => weight / total), factor: 1 };
  }

  /** Weighted means over every window that lies wholly inside: columns first, then rows. */
  function filtered(plane, width, height, weights) {
    const size = weights.length;
    const rows = height - size + 1;
    const columns = width - size + 1;
    const down = new Float64Array(rows * width);
    for (let k = 0; k < size; k++) {
      for (let i = 0; i < down.length; i++) down[i] += weights[k] * plane[k * width + i];
    }
    const across = new Float64Array(rows * columns);
    for (let k = 0; k < size; k++) {
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++) {
          across[y * columns + x] += weights[k] * down[y * width + x + k];
        }
      }
    }
    return across;
  }

  /** Mean structural similarity over windows and colours. */
  function ssimOfPrepared(restored, target, windowName) {
    const { weights, factor } = windowOf(windowName);
    const { width, height } = restored;
    if (Math.min(width, height) < weights.length) throw new RangeError("smaller than the window");
    const blur = (plane) => filtered(plane, width, height, weights);
    const [c1, c2] = [0.01 ** 2, 0.03 ** 2];
    let sum = 0;
    let count = 0;
    restored.planes.forEach((x, c) => {
      const y = target.planes[c];
      const [meanX, meanY] = [blur(x), blur(y)];
      const squareX = blur(x.map((v) => v * v));
      const squareY = blur(y.map((v) => v * v));
      const product = blur(x.map((v, i) => v * y[i]));
      for (let i = 0; i < meanX.length; i++) {
        const [mx, my] = [meanX[i], meanY[i]];
        const variances = factor * (squareX[i] - mx * mx + squareY[i] - my * my);
        const covariance = factor * (product[i] - mx * my);
        sum += ((2 * mx * my + c1) * (2 * covariance + c2))
          / ((mx * mx + my * my + c1) * (variances + c2));
      }
      count += meanX.length;
    });
    return sum / count;
  }

  /**
   * Both scores.
   * @param {{width: number, height: number, planes: Float32Array[]}} restored
   * @param {{width: number, height: number, planes: Float32Array[]}} target same size
   * @param {{colour: string, border: number, quantise: string, ssimWindow: string,
   *   cropMultiple: number}} protocol fields as those of irlib.metrics.Protocol
   * @returns {{psnr: number, ssim: number}}
   */
  function measure(restored, target, protocol) {
    const pair = [prepare(restored, protocol), prepare(target, protocol)];
    return {
      psnr: psnrOfPrepared(...pair),
      ssim: ssimOfPrepared(...pair, protocol.ssimWindow),
    };
  }

  return { kept, measure, prepare };
})();
