import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import * as mdi from "@mdi/js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The server of `make run`, which answers the API while `npm run dev` serves the pages. */
const api = "http://127.0.0.1:5000";

/** The file that keeps `go build` working where the UI was not built; the build empties the folder that it is in. */
const placeholder = ".gitkeep";

/** Puts each text file in two smaller forms in its place, so that the server has nothing to compress, and the program is not larger than it need be. */
function precompress(): Plugin {
  const toGzip = promisify(gzip);
  const toBrotli = promisify(brotliCompress);
  let dir: string;
  let kept: Buffer;
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      dir = join(config.root, config.build.outDir);
    },
    async buildStart() {
      kept = await readFile(join(dir, placeholder));
    },
    async closeBundle() {
      const names = (await readdir(dir, { recursive: true })).filter((name) =>
        /\.(html|js|css|svg|webmanifest)$/.test(name),
      );
      for (const name of names) {
        const text = await readFile(join(dir, name));
        await writeFile(join(dir, `${name}.gz`), await toGzip(text, { level: 9 }));
        const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } };
        await writeFile(join(dir, `${name}.br`), await toBrotli(text, options));
        await rm(join(dir, name));
      }
      await writeFile(join(dir, placeholder), kept);
    },
  };
}

/** Puts icons where they are used. All of @mdi/js is one module, and so the icons of every page would be loaded with the first one. */
function icons(): Plugin {
  const paths: Record<string, string> = mdi;
  return {
    name: "icons",
    enforce: "pre",
    transform(code, id) {
      if (id.includes("node_modules")) return;
      return code.replace(/import \{([^}]+)\} from "@mdi\/js";/g, (_, names: string) =>
        (names.match(/\w+/g) ?? []).map((name) => `const ${name} = ${JSON.stringify(paths[name])};`).join(" "),
      );
    },
  };
}

/** What runs the built program and a browser. */
const browserTests = {
  globalSetup: "e2e/harness/start.ts",
  environment: "node",
  testTimeout: 60_000,
  hookTimeout: 60_000,
  maxWorkers: 2,
  isolate: false,
};

export default defineConfig({
  plugins: [icons(), svelte({ configFile: false, compilerOptions: { runes: true } }), precompress()],
  build: {
    target: "es2022",
    emptyOutDir: true,
    // Pictures in style sheets as data: addresses are forbidden by the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": api } },
  test: {
    projects: [
      {
        extends: true,
        resolve: { conditions: ["browser"] },
        test: { name: "unit", include: ["src/**/*.test.ts"], environment: "happy-dom" },
      },
      { test: { ...browserTests, name: "e2e", include: ["e2e/**/*.test.ts"] } },
      { test: { ...browserTests, name: "measure", include: ["e2e/loading.ts"] } },
      { test: { ...browserTests, name: "screenshots", include: ["e2e/screenshots.ts"] } },
    ],
  },
});
