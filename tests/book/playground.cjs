// Runs the playground's own scripts outside a browser: a request on stdin, an answer on stdout.
// The request names the scripts' folder, raw float32 pixels and depth in base64, and the setting.
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const request = JSON.parse(fs.readFileSync(0, "utf8"));
for (const script of request.scripts) {
  vm.runInThisContext(fs.readFileSync(path.join(request.folder, script), "utf8"));
}
const play = globalThis.irlibPlayground;
const floats = (text) => text && new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
const base64 = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

const answers = request.settings.map((setting) => {
  if (setting.draws) {
    const generator = new play.Generator(setting.seed);
    const drawn = setting.draws.map(([kind, count]) => base64(generator[kind](count)));
    return { drawn };
  }
  const image = { ...setting.size, pixels: floats(setting.pixels) };
  return {
    pixels: base64(play.compose(image, setting.steps, setting.seed, floats(setting.depth))),
    python: play.pythonCode(setting),
    command: play.commandLine(setting),
  };
});
answers.push(Object.keys(play.KINDS).map((name) => play.newStep(name)));
process.stdout.write(JSON.stringify(answers));
