// The random numbers of PyTorch's CPU generator: same seed, same numbers, same order.
(function (play) {
  "use strict";

  const LENGTH = 624;

  /** A Mersenne Twister (MT19937) with the three ways in which torch draws from it. */
  class Generator {
    /** @param {number} seed whole number from 0 to 2^32 - 1, as in `manual_seed` */
    constructor(seed) {
      this.state = new Uint32Array(LENGTH);
      this.state[0] = seed >>> 0;
      for (let i = 1; i < LENGTH; i++) {
        const before = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
        this.state[i] = (Math.imul(before, 1812433253) + i) >>> 0;
      }
      this.place = LENGTH;
      this.spare = null; // a normal number left over from a pair
    }

    /** The next 32 random bits. */
    bits() {
      if (this.place === LENGTH) this.twist();
      let word = this.state[this.place++];
      word ^= word >>> 11;
      word ^= (word << 7) & 0x9d2c5680;
      word ^= (word << 15) & 0xefc60000;
      word ^= word >>> 18;
      return word >>> 0;
    }

    twist() {
      const state = this.state;
      for (let i = 0; i < LENGTH; i++) {
        const joined = (state[i] & 0x80000000) | (state[(i + 1) % LENGTH] & 0x7fffffff);
        const odd = joined & 1 ? 0x9908b0df : 0;
        state[i] = state[(i + 397) % LENGTH] ^ (joined >>> 1) ^ odd;
      }
      this.place = 0;
    }

    /** One float32 in [0, 1), from 24 bits: `torch.rand(())`. */
    uniform() {
      return (this.bits() & 0xffffff) / 0x1000000;
    }

    /** `torch.rand(count)`. */
    rand(count) {
      return Float32Array.from({ length: count }, () => this.uniform());
    }

    /** One float64 in [0, 1), from 53 bits of two words, the high one first. */
    double() {
      const high = this.bits() & 0x1fffff;
      return (high * 0x100000000 + this.bits()) / 0x20000000000000;
    }

    /** One normal number by Box and Muller, in float64; each second one is the spare of a pair. */
    normal() {
      if (this.spare !== null) {
        const spare = this.spare;
        this.spare = null;
        return spare;
      }
      const angle = 2 * Math.PI * this.double();
      const radius = Math.sqrt(-2 * Math.log1p(-this.double()));
      this.spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    }

    /**
     * `torch.randn(count)`. Sixteen and more are made in blocks of sixteen uniform numbers, the
     * first eight paired with the last eight; an incomplete last block is drawn anew as a whole.
     */
    randn(count) {
      if (count < 16) return Float32Array.from({ length: count }, () => this.normal());
      const numbers = this.rand(count);
      for (let start = 0; start + 16 <= count; start += 16) pairUp(numbers, start);
      if (count % 16) {
        for (let i = count - 16; i < count; i++) numbers[i] = this.uniform();
        pairUp(numbers, count - 16);
      }
      return numbers;
    }
  }

  function pairUp(numbers, start) {
    for (let i = start; i < start + 8; i++) {
      const radius = Math.sqrt(-2 * Math.log(1 - numbers[i]));
      const angle = 2 * Math.PI * numbers[i + 8];
      numbers[i] = radius * Math.cos(angle);
      numbers[i + 8] = radius * Math.sin(angle);
    }
  }

  /**
   * One value of a degradation's argument. A fixed number uses up a random number as well, so that
   * fixing one argument leaves every other draw as it was.
   * @param {Generator} generator
   * @param {number | [number, number]} amount a number, or the ends of a range
   * @returns {number} a float32
   */
  function draw(generator, amount) {
    const [low, high] = Array.isArray(amount) ? amount : [amount, amount];
    return Math.fround(low + generator.uniform() * (high - low));
  }

  play.Generator = Generator;
  play.draw = draw;
})((globalThis.irlibPlayground ??= {}));
