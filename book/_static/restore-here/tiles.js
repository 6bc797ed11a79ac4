/**
 * Tiles of a photograph and how they are blended: the arithmetic of irlib.evaluation.tiling.
 * No page is needed: the book's tests run this file under node and compare it with Python.
 */
"use strict";
globalThis.irlibRestore = globalThis.irlibRestore || {};

(function (here) {
  /** Weights that rise from 0 to 1 in the middle half of the first `shared` pixels. */
  function fade(tile, shared) {
    const dropped = Math.floor(shared / 4);
    const ramp = shared - 2 * dropped;
    const weights = new Float32Array(tile).fill(1);
    weights.fill(0, 0, dropped);
    for (let i = 0; i < ramp; i += 1) {
      weights[dropped + i] = 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / ramp);
    }
    return weights;
  }

  /**
   * The tiles that cover one side of an image.
   * @param {number} length pixels along the side, a multiple of `multiple`
   * @param {number} tile pixels of a tile, a multiple of `multiple`
   * @param {number} overlap least number of pixels that neighbours share
   * @param {number} multiple starts are multiples of this
   * @returns {{start: number, stop: number, weights: Float32Array}[]} weights add up to 1
   */
  here.spans = function (length, tile, overlap, multiple) {
    tile = Math.min(tile, length);
    if (length === tile) {
      return [{ start: 0, stop: length, weights: new Float32Array(length).fill(1) }];
    }
    const stride = Math.max(Math.floor((tile - overlap) / multiple), 1) * multiple;
    const count = Math.ceil((length - tile) / stride) + 1;
    const starts = Array.from({ length: count }, (_, i) =>
      Math.floor(Math.floor((i * (length - tile)) / (count - 1)) / multiple) * multiple);
    const sum = new Float32Array(length);
    const found = starts.map((start, i) => {
      const rising = fade(tile, i > 0 ? starts[i - 1] + tile - start : 0);
      const falling = fade(tile, i + 1 < count ? start + tile - starts[i + 1] : 0);
      const weights = rising.map((weight, x) => weight * falling[tile - 1 - x]);
      weights.forEach((weight, x) => { sum[start + x] += weight; });
      return { start, stop: start + tile, weights };
    });
    for (const span of found) {
      span.weights = span.weights.map((weight, x) => weight / sum[span.start + x]);
    }
    return found;
  };

  /** The pixel inside a side of `length` that reflection shows at `position`. */
  function reflected(position, length) {
    if (length === 1) return 0;
    const within = position % (2 * length - 2);
    return within < length ? within : 2 * length - 2 - within;
  }

  /**
   * RGBA bytes as planes in [0, 1], extended by reflection to a multiple.
   * @param {Uint8ClampedArray} bytes 4 for each pixel
   * @returns {{planes: Float32Array, width: number, height: number}} planes is 3 x height x width
   */
  here.toPlanes = function (bytes, width, height, multiple) {
    const wide = Math.ceil(width / multiple) * multiple;
    const high = Math.ceil(height / multiple) * multiple;
    const planes = new Float32Array(3 * wide * high);
    for (let y = 0; y < high; y += 1) {
      const row = reflected(y, height) * width;
      for (let x = 0; x < wide; x += 1) {
        const from = 4 * (row + reflected(x, width));
        for (let c = 0; c < 3; c += 1) planes[(c * high + y) * wide + x] = bytes[from + c] / 255;
      }
    }
    return { planes, width: wide, height: high };
  };

  /** Planes in [0, 1] as RGBA bytes of their upper left `width` x `height` pixels. */
  here.toBytes = function (image, width, height) {
    const bytes = new Uint8ClampedArray(4 * width * height).fill(255);
    for (let c = 0; c < 3; c += 1) {
      for (let y = 0; y < height; y += 1) {
        const row = (c * image.height + y) * image.width;
        for (let x = 0; x < width; x += 1) {
          bytes[4 * (y * width + x) + c] = Math.round(255 * image.planes[row + x]);
        }
      }
    }
    return bytes;
  };

  /**
   * Restores planes tile by tile and blends the tiles.
   * @param {{planes: Float32Array, width: number, height: number}} image
   * @param {(planes: Float32Array, width: number, height: number) => Promise<Float32Array>} restore
   * @param {{tile: number, overlap: number, multiple: number}} how
   * @param {(done: number, all: number) => void} progress
   */
  here.inTiles = async function (image, restore, how, progress) {
    const rows = here.spans(image.height, how.tile, how.overlap, how.multiple);
    const columns = here.spans(image.width, how.tile, how.overlap, how.multiple);
    const blended = new Float32Array(image.planes.length);
    let done = 0;
    for (const row of rows) {
      for (const column of columns) {
        const high = row.stop - row.start;
        const wide = column.stop - column.start;
        const part = new Float32Array(3 * high * wide);
        const place = (c, y) => (c * image.height + row.start + y) * image.width + column.start;
        for (let c = 0; c < 3; c += 1) {
          for (let y = 0; y < high; y += 1) {
            const from = place(c, y);
            part.set(image.planes.subarray(from, from + wide), (c * high + y) * wide);
          }
        }
        const restored = await restore(part, wide, high);
        for (let c = 0; c < 3; c += 1) {
          for (let y = 0; y < high; y += 1) {
            const to = place(c, y);
            const from = (c * high + y) * wide;
            for (let x = 0; x < wide; x += 1) {
              const value = Math.min(Math.max(restored[from + x], 0), 1);
              blended[to + x] += value * row.weights[y] * column.weights[x];
            }
          }
        }
        done += 1;
        progress(done, rows.length * columns.length);
      }
    }
    return { planes: blended, width: image.width, height: image.height };
  };
})(globalThis.irlibRestore);
